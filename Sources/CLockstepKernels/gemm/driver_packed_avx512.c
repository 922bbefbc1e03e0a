// SPDX-License-Identifier: Apache-2.0
// Float32 products with an operand that is packed once and used many times, as the weights of a recurrent layer.
#if defined(__x86_64__)
#include "gemm/microkernel.h"
#include "lsk_memory.h"
#include "lsk_parallel.h"

/// Columns with the ones that fill the last panel.
static ptrdiff_t filled(ptrdiff_t n) { return (n + LANES - 1) / LANES * LANES; }

float *lsk_sgemm_pack(ptrdiff_t n, ptrdiff_t k, lsk_side columns) {
    float *panels = lsk_allocate((size_t)(filled(n) * k) * sizeof(float));
    for (ptrdiff_t d = 0; d < k; d += DEPTH, columns.x += DEPTH * columns.inner)
        lsk_pack_panels(columns, lsk_least(k - d, DEPTH), n, panels + d * filled(n));
    return panels;
}

typedef struct {
    ptrdiff_t m, n, k;
    const float *a;
    ptrdiff_t lda;
    const float *panels;
    float beta, *c;
    ptrdiff_t ldc;
} product;

/// The columns `begin` ..< `end`. Rows are turned tile by tile, eight at a time: read in place, rows a multiple of 4 kB
/// apart would drive each other from the first-level cache.
static void some_columns(void *context, ptrdiff_t begin, ptrdiff_t end) {
    product p = *(const product *)context;
    ptrdiff_t most = lsk_least((p.m + ROWS - 1) / ROWS, GATHERED);
    float *place = lsk_allocate((size_t)(most * DEPTH * LANES) * sizeof(float));
    lsk_tile_output o = {.ld = p.ldc, .alpha = 1};
    for (ptrdiff_t d = 0; d < p.k; d += DEPTH) {
        ptrdiff_t depth = lsk_least(p.k - d, DEPTH);
        o.beta = d ? 1 : p.beta;
        for (ptrdiff_t group = 0; group < p.m; group += GATHERED * ROWS) {
            ptrdiff_t rows = lsk_least(p.m - group, GATHERED * ROWS);
            for (ptrdiff_t i = 0; i < rows; i += ROWS)
                lsk_pack_turned((lsk_side){p.a + (group + i) * p.lda + d, p.lda, 1}, depth, lsk_least(rows - i, ROWS), 1,
                                place + i / ROWS * DEPTH * LANES);
            for (ptrdiff_t j = begin; j < end; j += PANEL) {
                const float *panel = p.panels + d * filled(p.n) + j * depth;
                o.width = p.n - j;
                for (ptrdiff_t i = 0; i < rows; i += ROWS) {
                    lsk_side tile = {place + i / ROWS * DEPTH * LANES, 1, LANES};
                    o.c = p.c + (group + i) * p.ldc + j;
                    o.ahead[0] = o.ahead[1] = o.ahead[2] = tile.x;
                    lsk_tile_kernels[o.width > LANES][lsk_least(rows - i, ROWS) - 1](depth, tile, panel, &o);
                }
            }
        }
    }
    lsk_release(place);
}

void lsk_sgemm_packed(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, const float *panels,
                      float beta, float *c, ptrdiff_t ldc) {
    product p = {m, n, k, a, lda, panels, beta, c, ldc};
    if (m * n * k < LSK_LEAST_SHARED) some_columns(&p, 0, n);
    else lsk_parallel(n, PANEL, some_columns, &p);
}
#endif
