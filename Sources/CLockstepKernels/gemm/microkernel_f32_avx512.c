// SPDX-License-Identifier: Apache-2.0
// The float32 microkernels for AVX-512.
//
// A microtile of 12 x 32 results stays in registers while the inner axis passes by: rows of a packed panel of B times 12
// single values of A. Where the driver has swapped the operands, microtiles are transposed on their way out.
#if defined(__x86_64__)
#include "gemm/microkernel.h"
#include "base/avx512.h"

/// acc[i][v] = the sum over p of a(i, p) * panel[p][v].
LSK_AVX512_INLINE void products(int rows, int vectors, ptrdiff_t k, lsk_operand a, const float *panel,
                                const lsk_microtile *t, __m512 acc[MR][2]) {
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) acc[i][v] = _mm512_setzero_ps();
    // Every third row a pointer of its own: an address reaches its base plus 0, 1 or 2 steps.
    const float *x[4] = {a.x, a.x + 3 * a.step, a.x + 6 * a.step, a.x + 9 * a.step};
    const float *n0 = t->next[0], *n1 = t->next[1], *n2 = t->next[2];
    ptrdiff_t next_step = t->next_step;
    // Misplaced by the linker this loop is a sixth slower (measured).
    __attribute__((code_align(64))) for (ptrdiff_t p = 0; p < k; p++) {
        __m512 b[2];
        for (int v = 0; v < vectors; v++) b[v] = _mm512_load_ps(panel + v * LANES);
        if (a.step == 1) {
            if (a.k_step != LANES) _mm_prefetch((const char *)(a.x + MR), _MM_HINT_T0);  // for the next microtile
            else {
                _mm_prefetch((const char *)n0, _MM_HINT_T1);
                n0 += next_step;
            }
            for (int i = 0; i < rows; i++) {
                __m512 single = _mm512_set1_ps(a.x[i]);
                for (int v = 0; v < vectors; v++) acc[i][v] = _mm512_fmadd_ps(single, b[v], acc[i][v]);
            }
            a.x += a.k_step;
        } else {
            for (int i = 0; i < rows; i++) {
                __m512 single = _mm512_set1_ps(x[i / 3][(i % 3) * a.step]);
                for (int v = 0; v < vectors; v++) acc[i][v] = _mm512_fmadd_ps(single, b[v], acc[i][v]);
            }
            for (int g = 0; g < 4; g++) x[g]++;
            _mm_prefetch((const char *)(n0 + p), _MM_HINT_T0);
            _mm_prefetch((const char *)(n1 + p), _MM_HINT_T0);
            _mm_prefetch((const char *)(n2 + p), _MM_HINT_T0);
        }
        panel += vectors * LANES;
    }
}

/// One vector of results to row `row`, from column `column` of the microtile's place.
LSK_AVX512_INLINE void store_lanes(lsk_microtile t, ptrdiff_t row, ptrdiff_t column, __mmask16 mask, __m512 y) {
    float *at = t.c + row * t.ldc + column;
    if (t.beta != 0) y = _mm512_fmadd_ps(_mm512_set1_ps(t.beta), _mm512_maskz_loadu_ps(mask, at), y);
    if (t.bias) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, t.bias + column));
    if (t.added) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, t.added + row * t.added_row + column));
    if (t.relu) y = _mm512_max_ps(_mm512_setzero_ps(), y);  // of NaN and of -0 the second is kept
    if (t.factor) {
        __m512 f = _mm512_maskz_loadu_ps(mask, t.factor + row * t.factor_row + column);
        y = t.factor_is_mask ? _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(f, _mm512_setzero_ps(), _CMP_GT_OQ), y)
                             : _mm512_mul_ps(y, f);
    }
    _mm512_mask_storeu_ps(at, mask, y);
}

LSK_AVX512_INLINE void store_all(int rows, int vectors, __m512 acc[MR][2], lsk_microtile t) {
    __m512 alpha = _mm512_set1_ps(t.alpha);
#pragma clang loop unroll(full)  // or the microtile is kept in memory, at a third of the speed (measured)
    for (int v = 0; v < vectors; v++)
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++)
            store_lanes(t, i, v * LANES, first_lanes(t.width - v * LANES), _mm512_mul_ps(acc[i][v], alpha));
}

/// The common cases apart: what is known to be absent costs nothing.
LSK_AVX512_INLINE void store_rows(int rows, int vectors, __m512 acc[MR][2], const lsk_microtile *t) {
    lsk_microtile plain = {.c = t->c, .ldc = t->ldc, .width = t->width, .alpha = t->alpha};
    if (t->has_epilogue) store_all(rows, vectors, acc, *t);
    else if (t->beta == 0) store_all(rows, vectors, acc, plain);
    else {
        plain.beta = t->beta;
        store_all(rows, vectors, acc, plain);
    }
}

LSK_AVX512_INLINE void store_transposed(int rows, int vectors, __m512 acc[MR][2], const lsk_microtile *t) {
    __m512 alpha = _mm512_set1_ps(t->alpha);
    for (int v = 0; v < vectors; v++) {
        __m512 r[16];
        for (int i = 0; i < 16; i++) r[i] = i < rows ? _mm512_mul_ps(acc[i % MR][v], alpha) : _mm512_setzero_ps();
        transpose16(r);
        for (int l = 0; l < LANES; l++) {
            if (v * LANES + l >= t->width) continue;
            float *at = t->c + (v * LANES + l) * t->ldc;
            if (t->beta != 0)
                r[l] = _mm512_fmadd_ps(_mm512_set1_ps(t->beta), _mm512_maskz_loadu_ps(first_lanes(rows), at), r[l]);
            _mm512_mask_storeu_ps(at, first_lanes(rows), r[l]);
        }
    }
}

LSK_AVX512_INLINE void fetch_rows(ptrdiff_t rows, int wide, const float *at, ptrdiff_t row) {
    for (ptrdiff_t i = 0; i < rows; i++) {
        _mm_prefetch((const char *)(at + i * row), _MM_HINT_T0);
        if (wide) _mm_prefetch((const char *)(at + i * row + LANES), _MM_HINT_T0);
    }
}

/// Brings the microtile's place in c, and what is combined with it, nearer while its products are computed.
LSK_AVX512_INLINE void fetch_place(int rows, int vectors, const lsk_microtile *t) {
    ptrdiff_t count = t->transposed ? lsk_min(t->width, vectors * LANES) : rows;
    int wide = !t->transposed && vectors > 1;
    fetch_rows(count, wide, t->c, t->ldc);
    if (t->added) fetch_rows(count, wide, t->added, t->added_row);
    if (t->factor) fetch_rows(count, wide, t->factor, t->factor_row);
}

#define KERNEL(R, V)                                                                                                  \
    LSK_AVX512 static void kernel_##R##_##V(ptrdiff_t k, lsk_operand a, const float *panel, const lsk_microtile *t) { \
        __m512 acc[MR][2];                                                                                            \
        fetch_place(R, V, t);                                                                                         \
        products(R, V, k, a, panel, t, acc);                                                                          \
        if (t->transposed) store_transposed(R, V, acc, t);                                                            \
        else store_rows(R, V, acc, t);                                                                                \
    }
#define ENTRY(R, V) kernel_##R##_##V,
LSK_EACH_HEIGHT(KERNEL, 1)
LSK_EACH_HEIGHT(KERNEL, 2)
const lsk_microkernel lsk_microkernels_f32[2][MR] = {{LSK_EACH_HEIGHT(ENTRY, 1)}, {LSK_EACH_HEIGHT(ENTRY, 2)}};
#endif
