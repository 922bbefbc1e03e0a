// SPDX-License-Identifier: Apache-2.0
// Float32 matrix products: our own kernels where they are faster, OpenBLAS elsewhere.
#pragma once
#include <cblas.h>
#include <stddef.h>
#include "lsk_epilogue.h"

/// c = alpha * op(a) * op(b) + beta * c, with the parameters of cblas_sgemm; row-major only.
void lsk_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha,
               const float *_Nonnull a, int lda, const float *_Nonnull b, int ldb, float beta, float *_Nonnull c,
               int ldc);

/// The same, followed by an epilogue unless that is NULL.
void lsk_sgemm_then(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
                    float alpha, const float *_Nonnull a, int lda, const float *_Nonnull b, int ldb, float beta,
                    float *_Nonnull c, int ldc, const lsk_epilogue *_Nullable e);
/// Whether lsk_sgemm computes a product of this size itself.
int lsk_sgemm_is_own(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);

/// The right operand of many products: op(b) [k, n], packed once where lsk_sgemm computes them itself.
typedef struct lsk_operand {
    ptrdiff_t n, k, ldb;
    enum CBLAS_TRANSPOSE tb;
    const float *_Nonnull b;
    float *_Nullable panels;
} lsk_operand;
/// `m`: rows of the products to come, about.
lsk_operand lsk_sgemm_prepare(ptrdiff_t m, enum CBLAS_TRANSPOSE tb, ptrdiff_t n, ptrdiff_t k, const float *_Nonnull b,
                              ptrdiff_t ldb);
/// c = a [m, k] * op(b) + beta * c, with the bits of lsk_sgemm.
void lsk_sgemm_prepared(const lsk_operand *_Nonnull b, ptrdiff_t m, const float *_Nonnull a, ptrdiff_t lda, float beta,
                        float *_Nonnull c, ptrdiff_t ldc);
void lsk_sgemm_discard(lsk_operand b);

/// One operand: element (t, p) of its tiled axis and of the inner axis lies at x[t * tile + p * inner]; one step is 1.
typedef struct lsk_side {
    const float *_Nonnull x;
    ptrdiff_t tile, inner;
} lsk_side;

#if defined(__x86_64__)
/// The product for processors with AVX-512, on the calling thread; `rows` is op(a) by its rows, `columns` op(b) by its
/// columns. Every element is one chain of fused multiply-adds per 256 inner steps, whatever m and n are.
void lsk_sgemm_avx512(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_side rows, lsk_side columns, float beta,
                      float *_Nonnull c, ptrdiff_t ldc, const lsk_epilogue *_Nullable e);
/// The same on all threads of the rank, with the same bits.
void lsk_sgemm_shared(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_side rows, lsk_side columns, float beta,
                      float *_Nonnull c, ptrdiff_t ldc, const lsk_epilogue *_Nullable e);
/// op(b) [k, n], given by its columns, packed for lsk_sgemm_packed; to be given back by lsk_release.
float *_Nonnull lsk_sgemm_pack(ptrdiff_t n, ptrdiff_t k, lsk_side columns);
/// c = a [m, k] * what was packed + beta * c, on all threads of the rank, with the bits of lsk_sgemm_avx512.
void lsk_sgemm_packed(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *_Nonnull a, ptrdiff_t lda,
                      const float *_Nonnull panels, float beta, float *_Nonnull c, ptrdiff_t ldc);
#endif
