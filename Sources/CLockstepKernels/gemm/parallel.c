// SPDX-License-Identifier: Apache-2.0
// A product shared out over the threads of a rank: by rows or by columns of the result, never over what is summed.
#if defined(__x86_64__)
#include "gemm/parallel.h"
#include "gemm/blocking.h"
#include "gemm/driver.h"
#include "gemm/epilogue.h"
#include "lsk_parallel.h"

typedef struct {
    ptrdiff_t m, n, k;
    float alpha, beta;
    lsk_operand a, b;
    float *c;
    ptrdiff_t ldc;
    const lsk_epilogue *e;
} product;

static void some_rows(void *context, ptrdiff_t begin, ptrdiff_t end) {
    product p = *(const product *)context;
    p.a.x += begin * p.a.step;
    lsk_epilogue e;
    if (p.e) e = lsk_epilogue_at(p.e, begin, 0);
    lsk_sgemm_avx512(end - begin, p.n, p.k, p.alpha, p.a, p.b, p.beta, p.c + begin * p.ldc, p.ldc, p.e ? &e : NULL);
}

static void some_columns(void *context, ptrdiff_t begin, ptrdiff_t end) {
    product p = *(const product *)context;
    p.b.x += begin * p.b.step;
    lsk_epilogue e;
    if (p.e) e = lsk_epilogue_at(p.e, 0, begin);
    lsk_sgemm_avx512(p.m, end - begin, p.k, p.alpha, p.a, p.b, p.beta, p.c + begin, p.ldc, p.e ? &e : NULL);
}

/// The longest part of `count` lines in units of `unit`, over `threads`.
static double longest(ptrdiff_t count, ptrdiff_t unit, ptrdiff_t threads) {
    return (double)(lsk_units(lsk_units(count, unit), threads) * unit);
}

// Every thread packs what it multiplies with: whole when the other operand is cut, which costs about as much as eight rows
// of the product (measured: 64 x 512 x 512).
enum { PACKING = 8 };

void lsk_sgemm_parallel(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_operand a, lsk_operand b, float beta,
                        float *c, ptrdiff_t ldc, const lsk_epilogue *e) {
    product p = {m, n, k, alpha, beta, a, b, c, ldc, e};
    ptrdiff_t threads = lsk_get_threads();
    if (threads == 1 || m * n * k < LSK_LEAST_SHARED) return some_rows(&p, 0, m);
    int swapped = lsk_gemm_swaps(m, n, k);
    ptrdiff_t packed = swapped ? m : n, read = swapped ? n : m;
    int cuts_packed =
        longest(packed, NR, threads) * (double)read <= (double)packed * (longest(read, MR, threads) + PACKING);
    if (cuts_packed == swapped) lsk_parallel(m, swapped ? NR : MR, some_rows, &p);
    else lsk_parallel(n, swapped ? MR : NR, some_columns, &p);
}

typedef struct {
    ptrdiff_t m, n, k;
    const float *a;
    ptrdiff_t lda;
    const float *panels;
    float beta, *c;
    ptrdiff_t ldc;
} packed_product;

static void some_panels(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const packed_product *p = context;
    lsk_sgemm_packed_b_avx512(p->m, p->n, p->k, p->a, p->lda, p->panels, p->beta, p->c, p->ldc, begin, end);
}

void lsk_sgemm_packed_b_parallel(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda,
                                 const float *panels, float beta, float *c, ptrdiff_t ldc) {
    packed_product p = {m, n, k, a, lda, panels, beta, c, ldc};
    if (m * n * k < LSK_LEAST_SHARED) some_panels(&p, 0, n);
    else lsk_parallel(n, NR, some_panels, &p);
}
#endif
