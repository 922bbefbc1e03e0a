// SPDX-License-Identifier: Apache-2.0
// A product shared out over the threads of a rank: by rows or by columns of the result, never over what is summed.
#if defined(__x86_64__)
#include "sgemm.h"
#include "lsk_parallel.h"

typedef struct {
    ptrdiff_t m, n, k;
    float alpha, beta;
    lsk_side rows, columns;
    float *c;
    ptrdiff_t ldc;
} product;

static void some_rows(void *context, ptrdiff_t begin, ptrdiff_t end) {
    product p = *(const product *)context;
    p.rows.x += begin * p.rows.tile;
    lsk_sgemm_avx512(end - begin, p.n, p.k, p.alpha, p.rows, p.columns, p.beta, p.c + begin * p.ldc, p.ldc);
}

static void some_columns(void *context, ptrdiff_t begin, ptrdiff_t end) {
    product p = *(const product *)context;
    p.columns.x += begin * p.columns.tile;
    lsk_sgemm_avx512(p.m, end - begin, p.k, p.alpha, p.rows, p.columns, p.beta, p.c + begin, p.ldc);
}

/// The longest part of `count` lines in units of `unit`, over `threads`.
static double longest(ptrdiff_t count, ptrdiff_t unit, ptrdiff_t threads) {
    ptrdiff_t units = (count + unit - 1) / unit;
    return (double)((units + threads - 1) / threads * unit);
}

// A panel of packed values is 32 wide, a tile 12 high. Every thread packs what it multiplies with: whole when the other
// operand is cut, which costs about as much as eight rows of the product (measured: 64 x 512 x 512).
enum { PANEL = 32, TILE = 12, PACKING = 8, LEAST_PRODUCT = 1 << 20 };

void lsk_sgemm_shared(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_side rows, lsk_side columns, float beta,
                      float *c, ptrdiff_t ldc) {
    product p = {m, n, k, alpha, beta, rows, columns, c, ldc};
    ptrdiff_t threads = lsk_get_threads();
    if (threads == 1 || m * n * k < LEAST_PRODUCT) return some_rows(&p, 0, m);
    int packs_rows = m * k + 2 * m * n < n * k;  // as lsk_sgemm_avx512 decides
    ptrdiff_t packed = packs_rows ? m : n, read = packs_rows ? n : m;
    int cuts_packed = longest(packed, PANEL, threads) * (double)read <=
                      (double)packed * (longest(read, TILE, threads) + PACKING);
    if (cuts_packed == packs_rows) lsk_parallel(m, packs_rows ? PANEL : TILE, some_rows, &p);
    else lsk_parallel(n, packs_rows ? TILE : PANEL, some_columns, &p);
}
#endif
