// SPDX-License-Identifier: Apache-2.0
// Matrix products: our own kernels or OpenBLAS, and plain loops where a call would cost more than the work.
#pragma once
#include "lsk_epilogue.h"

/// c = a · b + beta · c for row-major c of `m` rows and `n` columns; `k` is the inner size.
/// A transposed operand is stored as its transpose: `a` as k×m with rows `lda` apart, `b` as n×k with rows `ldb` apart.
typedef struct lsk_gemm {
    lsk_dtype dtype;  ///< float32, float64, int32, int64 or uint8
    ptrdiff_t m, n, k;
    int32_t transpose_a, transpose_b;
    ptrdiff_t lda, ldb, ldc;
    double beta;
} lsk_gemm;
void lsk_matmul(const lsk_gemm *_Nonnull g, const void *_Nonnull a, const void *_Nonnull b, void *_Nonnull c);
/// The product followed by an epilogue, tile by tile where the product is our own. float32 and float64.
void lsk_matmul_epilogue(const lsk_gemm *_Nonnull g, const void *_Nonnull a, const void *_Nonnull b, void *_Nonnull c,
                         const lsk_epilogue *_Nonnull e);

/// lsk_matmul for every index of up to eight leading axes; strides count elements, 0 repeats a matrix.
typedef struct lsk_batch {
    ptrdiff_t rank;
    ptrdiff_t shape[LSK_MAX_RANK];
    ptrdiff_t a[LSK_MAX_RANK], b[LSK_MAX_RANK], c[LSK_MAX_RANK];
} lsk_batch;
void lsk_matmul_batch(const lsk_gemm *_Nonnull g, const lsk_batch *_Nonnull batch, const void *_Nonnull a,
                      const void *_Nonnull b, void *_Nonnull c);
