// SPDX-License-Identifier: Apache-2.0
// Products of the library cut over the threads of a rank. OpenBLAS's own threads would be those of the process: of all ranks in
// it, and of what others set.
#include "gemm/blas_parallel.h"
#include "gemm/blas.h"
#include "lsk_parallel.h"

// OpenBLAS's kernels add up otherwise at the edges of a product, so that cuts show in the last bits. They are where the shape alone
// says, so that two threads and seven have the same; one thread makes no cuts, which cost up to 6 % in packing.
enum { LINES = 96, BLOCK_WORK = 1 << 22 };

#define SHARED(NAME, T, TYPE)                                                                                         \
    typedef struct {                                                                                                   \
        enum CBLAS_TRANSPOSE ta, tb;                                                                                   \
        int m, n, k, lda, ldb, ldc;                                                                                    \
        ptrdiff_t block;                                                                                               \
        T alpha, beta;                                                                                                 \
        const T *a, *b;                                                                                                \
        T *c;                                                                                                          \
    } NAME##_task;                                                                                                     \
    static void NAME##_rows(void *context, ptrdiff_t begin, ptrdiff_t end) {                                           \
        const NAME##_task *t = context;                                                                                \
        for (ptrdiff_t i = begin; i < end; i += t->block) {                                                            \
            int rows = (int)(end - i < t->block ? end - i : t->block);                                                 \
            LSK_BLAS(TYPE, CblasRowMajor, t->ta, t->tb, rows, t->n, t->k, t->alpha, t->a + (t->ta == CblasTrans ? i : i * t->lda), \
                 t->lda, t->b, t->ldb, t->beta, t->c + i * t->ldc, t->ldc);                                            \
        }                                                                                                              \
    }                                                                                                                  \
    static void NAME##_columns(void *context, ptrdiff_t begin, ptrdiff_t end) {                                        \
        const NAME##_task *t = context;                                                                                \
        for (ptrdiff_t j = begin; j < end; j += t->block) {                                                            \
            int columns = (int)(end - j < t->block ? end - j : t->block);                                              \
            LSK_BLAS(TYPE, CblasRowMajor, t->ta, t->tb, t->m, columns, t->k, t->alpha, t->a, t->lda,                             \
                 t->b + (t->tb == CblasTrans ? j * t->ldb : j), t->ldb, t->beta, t->c + j, t->ldc);                    \
        }                                                                                                              \
    }                                                                                                                  \
    void NAME(enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k, T alpha, const T *a, int lda,     \
              const T *b, int ldb, T beta, T *c, int ldc) {                                                            \
        NAME##_task t = {ta, tb, m, n, k, lda, ldb, ldc, 0, alpha, beta, a, b, c};                                     \
        ptrdiff_t line = (ptrdiff_t)k * (m > n ? n : m); /* multiply-adds of a row or column */                        \
        int is_whole = line == 0 || lsk_get_threads() == 1;\
        t.block = is_whole ? (ptrdiff_t)m + n + 1 : (BLOCK_WORK / line / LINES + 1) * LINES;\
        if (m > n) lsk_parallel(m, t.block, NAME##_rows, &t);                                                          \
        else lsk_parallel(n, t.block, NAME##_columns, &t);                                                             \
    }
SHARED(lsk_blas_sgemm, float, sgemm)
SHARED(lsk_blas_dgemm, double, dgemm)
