// SPDX-License-Identifier: Apache-2.0
// Float32 matrix products: our own kernels where they are faster, OpenBLAS elsewhere.
#pragma once
#include <stddef.h>
#include "gemm/portable.h"
#include "lsk_epilogue.h"

/// c = alpha * op(a) * op(b) + beta * c, with the parameters of cblas_sgemm; row-major only.
void lsk_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
               float alpha, const float *_Nonnull a, int lda, const float *_Nonnull b, int ldb, float beta,
               float *_Nonnull c, int ldc);
/// The same, followed by an epilogue unless that is NULL.
void lsk_sgemm_epilogue(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
                        float alpha, const float *_Nonnull a, int lda, const float *_Nonnull b, int ldb, float beta,
                        float *_Nonnull c, int ldc, const lsk_epilogue *_Nullable e);
/// Whether lsk_sgemm computes a product of this size itself.
int lsk_sgemm_is_own(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);

/// The right operand of many products: op(b) [k, n], packed once where lsk_sgemm computes them itself.
typedef struct lsk_packed_b {
    ptrdiff_t n, k, ldb;
    enum CBLAS_TRANSPOSE tb;
    const float *_Nonnull b;
    float *_Nullable panels;
} lsk_packed_b;
/// `m`: rows of the products to come, about.
lsk_packed_b lsk_sgemm_pack_b(ptrdiff_t m, enum CBLAS_TRANSPOSE tb, ptrdiff_t n, ptrdiff_t k, const float *_Nonnull b,
                              ptrdiff_t ldb);
/// c = a [m, k] * op(b) + beta * c, with the bits of lsk_sgemm.
void lsk_sgemm_packed_b(const lsk_packed_b *_Nonnull b, ptrdiff_t m, const float *_Nonnull a, ptrdiff_t lda, float beta,
                        float *_Nonnull c, ptrdiff_t ldc);
void lsk_sgemm_release_b(lsk_packed_b b);
