// SPDX-License-Identifier: Apache-2.0
// Packing for the float32 microkernels of AVX-512.
#if defined(__x86_64__)
#include "gemm/packing.h"
#include "base/avx512.h"

LSK_AVX512 void lsk_pack_transposed(lsk_operand x, ptrdiff_t k, ptrdiff_t count, int vectors, float *panel) {
    ptrdiff_t width = vectors * LANES;
    for (int v = 0; v < vectors; v++, x.x += LANES * x.step, panel += LANES, count -= LANES)
        for (ptrdiff_t p = 0; p < k; p += LANES) {
            __m512 r[16];
            for (int l = 0; l < LANES; l++)
                r[l] =
                    l < count ? _mm512_maskz_loadu_ps(first_lanes(k - p), x.x + l * x.step + p) : _mm512_setzero_ps();
            transpose16(r);
            for (int l = 0; l < LANES; l++)
                if (p + l < k) _mm512_store_ps(panel + (p + l) * width, r[l]);
        }
}

/// All panels of lines that lie side by side: memory is read as it lies.
LSK_AVX512 static void pack_dense(lsk_operand b, ptrdiff_t k, ptrdiff_t count, float *panels) {
    for (ptrdiff_t p = 0; p < k; p++, b.x += b.k_step)
        for (ptrdiff_t j = 0; j < count; j += NR) {
            ptrdiff_t left = count - j, width = left > LANES ? NR : LANES;
            float *out = panels + j * k + p * width;
            _mm512_store_ps(out, _mm512_maskz_loadu_ps(first_lanes(left), b.x + j));
            if (width > LANES)
                _mm512_store_ps(out + LANES, _mm512_maskz_loadu_ps(first_lanes(left - LANES), b.x + j + LANES));
        }
}

void lsk_pack_b(lsk_operand b, ptrdiff_t k, ptrdiff_t count, float *panels) {
    if (b.step == 1) {
        pack_dense(b, k, count, panels);
        return;
    }
    for (ptrdiff_t j = 0; j < count; j += NR, b.x += NR * b.step)
        lsk_pack_transposed(b, k, count - j, count - j > LANES ? 2 : 1, panels + j * k);
}

LSK_AVX512 void lsk_pack_a(lsk_operand a, ptrdiff_t k, ptrdiff_t count, float *tiles) {
    for (ptrdiff_t p = 0; p < k; p++, a.x += a.k_step)
        for (ptrdiff_t i = 0, at = p * LANES; i < count; i += MR, at += KC * LANES)
            _mm512_store_ps(tiles + at, _mm512_maskz_loadu_ps(first_lanes(lsk_min(count - i, MR)), a.x + i));
}
#endif
