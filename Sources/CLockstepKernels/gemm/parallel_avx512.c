// SPDX-License-Identifier: Apache-2.0
// A product shared out over the threads of a rank: by rows or by columns of the result, never over what is summed.
#if defined(__x86_64__)
#include "gemm/microkernel.h"
#include "lsk_parallel.h"

typedef struct {
    ptrdiff_t m, n, k;
    float alpha, beta;
    lsk_side rows, columns;
    float *c;
    ptrdiff_t ldc;
    const lsk_epilogue *e;
} product;

/// What the epilogue of a product is for the part of it that starts at `row`, `column`; NULL for none.
static const lsk_epilogue *part_of(const lsk_epilogue *whole, ptrdiff_t row, ptrdiff_t column, lsk_epilogue *part) {
    if (!whole) return NULL;
    *part = *whole;
    if (part->bias) part->bias = (const float *)part->bias + column;
    if (part->added) part->added = (const float *)part->added + row * part->added_row + column;
    if (part->slope) part->slope = (float *)part->slope + row * part->slope_row + column;
    if (part->factor) part->factor = (const float *)part->factor + row * part->factor_row + column;
    return part;
}

static void some_rows(void *context, ptrdiff_t begin, ptrdiff_t end) {
    product p = *(const product *)context;
    p.rows.x += begin * p.rows.tile;
    lsk_epilogue e;
    lsk_sgemm_avx512(end - begin, p.n, p.k, p.alpha, p.rows, p.columns, p.beta, p.c + begin * p.ldc, p.ldc,
                     part_of(p.e, begin, 0, &e));
}

static void some_columns(void *context, ptrdiff_t begin, ptrdiff_t end) {
    product p = *(const product *)context;
    p.columns.x += begin * p.columns.tile;
    lsk_epilogue e;
    lsk_sgemm_avx512(p.m, end - begin, p.k, p.alpha, p.rows, p.columns, p.beta, p.c + begin, p.ldc,
                     part_of(p.e, 0, begin, &e));
}

/// The longest part of `count` lines in units of `unit`, over `threads`.
static double longest(ptrdiff_t count, ptrdiff_t unit, ptrdiff_t threads) {
    ptrdiff_t units = (count + unit - 1) / unit;
    return (double)((units + threads - 1) / threads * unit);
}

// Every thread packs what it multiplies with: whole when the other operand is cut, which costs about as much as eight rows
// of the product (measured: 64 x 512 x 512).
enum { PACKING = 8 };

void lsk_sgemm_shared(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_side rows, lsk_side columns, float beta,
                      float *c, ptrdiff_t ldc, const lsk_epilogue *e) {
    product p = {m, n, k, alpha, beta, rows, columns, c, ldc, e};
    ptrdiff_t threads = lsk_get_threads();
    if (threads == 1 || m * n * k < LSK_LEAST_SHARED) return some_rows(&p, 0, m);
    int packs_rows = m * k + 2 * m * n < n * k;  // as lsk_sgemm_avx512 decides
    ptrdiff_t packed = packs_rows ? m : n, read = packs_rows ? n : m;
    int cuts_packed = longest(packed, PANEL, threads) * (double)read <=
                      (double)packed * (longest(read, ROWS, threads) + PACKING);
    if (cuts_packed == packs_rows) lsk_parallel(m, packs_rows ? PANEL : ROWS, some_rows, &p);
    else lsk_parallel(n, packs_rows ? ROWS : PANEL, some_columns, &p);
}
#endif
