// SPDX-License-Identifier: Apache-2.0
// OpenBLAS's products cut over the threads of a rank. The library's own threads would be those of the process: of all ranks
// in it, and of what others set.
#include "gemm/openblas.h"
#include "lsk_parallel.h"

// Lines of a part are multiples of this: all of its kernels' tiles are whole but the last, as without a cut.
enum { LINES = 96 };

#define SHARED(NAME, T, GEMM)                                                                                          \
    typedef struct {                                                                                                   \
        enum CBLAS_TRANSPOSE ta, tb;                                                                                   \
        int m, n, k, lda, ldb, ldc;                                                                                    \
        T alpha, beta;                                                                                                 \
        const T *a, *b;                                                                                                \
        T *c;                                                                                                          \
    } NAME##_task;                                                                                                     \
    static void NAME##_rows(void *context, ptrdiff_t begin, ptrdiff_t end) {                                           \
        const NAME##_task *t = context;                                                                                \
        GEMM(CblasRowMajor, t->ta, t->tb, (int)(end - begin), t->n, t->k, t->alpha,                                    \
             t->a + (t->ta == CblasTrans ? begin : begin * t->lda), t->lda, t->b, t->ldb, t->beta,                     \
             t->c + begin * t->ldc, t->ldc);                                                                           \
    }                                                                                                                  \
    static void NAME##_columns(void *context, ptrdiff_t begin, ptrdiff_t end) {                                        \
        const NAME##_task *t = context;                                                                                \
        GEMM(CblasRowMajor, t->ta, t->tb, t->m, (int)(end - begin), t->k, t->alpha, t->a, t->lda,                      \
             t->b + (t->tb == CblasTrans ? begin * t->ldb : begin), t->ldb, t->beta, t->c + begin, t->ldc);            \
    }                                                                                                                  \
    void NAME(enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k, T alpha, const T *a, int lda,     \
              const T *b, int ldb, T beta, T *c, int ldc) {                                                            \
        NAME##_task t = {ta, tb, m, n, k, lda, ldb, ldc, alpha, beta, a, b, c};                                        \
        ptrdiff_t line = (ptrdiff_t)k * (m > n ? n : m);                                                               \
        ptrdiff_t least = line > 0 ? LSK_LEAST_SHARED / line / LINES * LINES + LINES : m + n;                          \
        if (m > n) lsk_parallel(m, least, NAME##_rows, &t);                                                            \
        else lsk_parallel(n, least, NAME##_columns, &t);                                                               \
    }
SHARED(lsk_blas_sgemm, float, cblas_sgemm)
SHARED(lsk_blas_dgemm, double, cblas_dgemm)
