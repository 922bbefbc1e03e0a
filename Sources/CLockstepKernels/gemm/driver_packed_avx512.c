// SPDX-License-Identifier: Apache-2.0
// Float32 products with a B that is packed once and used many times, as the weights of a recurrent layer.
#if defined(__x86_64__)
#include "gemm/driver.h"
#include "gemm/microkernel.h"
#include "gemm/packing.h"
#include "lsk_memory.h"

float *lsk_sgemm_pack_b_avx512(ptrdiff_t n, ptrdiff_t k, lsk_operand b) {
    ptrdiff_t width = lsk_round_up(n, LANES);
    float *panels = lsk_allocate((size_t)(width * k) * sizeof(float));
    for (ptrdiff_t pc = 0; pc < k; pc += KC, b.x += KC * b.k_step)
        lsk_pack_b(b, lsk_min(k - pc, KC), n, panels + pc * width);
    return panels;
}

// Rows of a are transposed tile by tile, a block at a time: read in place, rows a multiple of 4 kB apart would drive each
// other from the first-level cache.
void lsk_sgemm_packed_b_avx512(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda,
                               const float *panels, float beta, float *c, ptrdiff_t ldc, ptrdiff_t begin,
                               ptrdiff_t end) {
    ptrdiff_t most = lsk_min(lsk_units(m, MR), MC / MR);
    float *packed_a = lsk_allocate((size_t)(most * KC * LANES) * sizeof(float));
    lsk_microtile t = {.ldc = ldc, .alpha = 1};
    for (ptrdiff_t pc = 0; pc < k; pc += KC) {
        ptrdiff_t depth = lsk_min(k - pc, KC);
        t.beta = pc ? 1 : beta;
        for (ptrdiff_t ic = 0; ic < m; ic += MC) {
            ptrdiff_t rows = lsk_min(m - ic, MC);
            for (ptrdiff_t ir = 0; ir < rows; ir += MR)
                lsk_pack_transposed((lsk_operand){a + (ic + ir) * lda + pc, lda, 1}, depth, lsk_min(rows - ir, MR), 1,
                                    packed_a + ir / MR * KC * LANES);
            for (ptrdiff_t jr = begin; jr < end; jr += NR) {
                const float *panel = panels + pc * lsk_round_up(n, LANES) + jr * depth;
                t.width = n - jr;
                for (ptrdiff_t ir = 0; ir < rows; ir += MR) {
                    lsk_operand tile = {packed_a + ir / MR * KC * LANES, 1, LANES};
                    t.c = c + (ic + ir) * ldc + jr;
                    t.next[0] = t.next[1] = t.next[2] = tile.x;
                    lsk_microkernels_f32[t.width > LANES][lsk_min(rows - ir, MR) - 1](depth, tile, panel, &t);
                }
            }
        }
    }
    lsk_release(packed_a);
}
#endif
