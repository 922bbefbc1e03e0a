// SPDX-License-Identifier: Apache-2.0
// Products in C that any processor runs, for what is left where there is no OpenBLAS: one thread, row-major only.
#pragma once
#ifdef LSK_OPENBLAS
#include <cblas.h>
#else
// As in cblas.h, so that all above speaks its language with or without it.
typedef enum CBLAS_ORDER { CblasRowMajor = 101 } CBLAS_ORDER;
typedef enum CBLAS_TRANSPOSE { CblasNoTrans = 111, CblasTrans = 112 } CBLAS_TRANSPOSE;
#endif

/// c = alpha * op(a) * op(b) + beta * c, with the parameters of cblas_sgemm. A row has the same bits whatever rows are beside it.
/// Packed and blocked as in Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (ACM TOMS 34, 2008).
void lsk_portable_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
                        float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void lsk_portable_dgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
                        double alpha, const double *a, int lda, const double *b, int ldb, double beta, double *c,
                        int ldc);
/// y = alpha * op(a) * x + beta * y of a [m, n], with the parameters of cblas_sgemv; steps are positive.
void lsk_portable_sgemv(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, int m, int n, float alpha, const float *a,
                        int lda, const float *x, int step_x, float beta, float *y, int step_y);
void lsk_portable_dgemv(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, int m, int n, double alpha, const double *a,
                        int lda, const double *x, int step_x, double beta, double *y, int step_y);
