// SPDX-License-Identifier: Apache-2.0
// The products of gemm/blas.h on the threads of a rank.
#pragma once
#include "gemm/portable.h"

/// As cblas_sgemm and cblas_dgemm, row-major only. Each thread makes some rows or some columns of the result; any number of
/// threads above one gives the same bits, one may give others. The library itself always has one.
void lsk_blas_sgemm(enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float *a,
                    int lda, const float *b, int ldb, float beta, float *c, int ldc);
void lsk_blas_dgemm(enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha,
                    const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
