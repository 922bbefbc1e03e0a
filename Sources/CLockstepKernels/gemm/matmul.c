// SPDX-License-Identifier: Apache-2.0
// Matrix products of any element type; plain loops for integers and for products too small to be worth a call.
#include "lsk_gemm.h"
#include "base/simd.h"
#include "gemm/blas.h"
#include "gemm/epilogue.h"
#include "gemm/blas_parallel.h"
#include "gemm/sgemm.h"
#include <string.h>

/// The definition of the product: the oracle for tests, the path of integers and of tiny matrices.
#define PLAIN(NAME, T)                                                                                                \
    static void NAME(const lsk_gemm *g, const T *a, const T *b, T *c) {                                               \
        ptrdiff_t ai = g->transpose_a ? 1 : g->lda, ap = g->transpose_a ? g->lda : 1;                                 \
        ptrdiff_t bp = g->transpose_b ? 1 : g->ldb, bj = g->transpose_b ? g->ldb : 1;                                 \
        for (ptrdiff_t i = 0; i < g->m; i++) {                                                                        \
            T *row = c + i * g->ldc;                                                                                  \
            if (g->beta == 0) memset(row, 0, (size_t)g->n * sizeof(T));                                               \
            else if (g->beta != 1)                                                                                    \
                for (ptrdiff_t j = 0; j < g->n; j++) row[j] *= (T)g->beta;                                            \
            for (ptrdiff_t p = 0; p < g->k; p++) {                                                                    \
                T x = a[i * ai + p * ap];                                                                             \
                const T *y = b + p * bp;                                                                              \
                if (bj == 1)                                                                                          \
                    for (ptrdiff_t j = 0; j < g->n; j++) row[j] += x * y[j];                                          \
                else                                                                                                  \
                    for (ptrdiff_t j = 0; j < g->n; j++) row[j] += x * y[j * bj];                                     \
            }                                                                                                         \
        }                                                                                                             \
    }
PLAIN(plain_f32, float)
PLAIN(plain_f64, double)
PLAIN(plain_i32, int32_t)
PLAIN(plain_i64, int64_t)
PLAIN(plain_u8, uint8_t)

enum { LSK_TINY_PRODUCT = 16 };  // multiply-adds up to which the loops above beat the library's call (measured)

/// A product whose result is one row or one column reads its matrix once: a matrix-vector product, never packed.
#define VECTOR(NAME, T, GEMV)                                                                                         \
    static int NAME(const lsk_gemm *g, const T *a, const T *b, T *c) {                                                \
        if (g->n != 1 && g->m != 1) return 0;                                                                         \
        T beta = (T)g->beta;                                                                                          \
        if (beta == 0) { /* 0 · NaN would be NaN in some versions of the library */                                   \
            for (ptrdiff_t i = 0; i < g->m; i++) memset(c + i * g->ldc, 0, (size_t)g->n * sizeof(T));                 \
            beta = 1;                                                                                                 \
        }                                                                                                             \
        if (g->n == 1) {                                                                                              \
            ptrdiff_t step = g->transpose_b ? 1 : g->ldb;                                                             \
            LSK_BLAS(GEMV, CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans, (int)(g->transpose_a ? g->k : g->m),      \
                 (int)(g->transpose_a ? g->m : g->k), 1, a, (int)g->lda, b, (int)step, beta, c, (int)g->ldc);         \
        } else {                                                                                                      \
            ptrdiff_t step = g->transpose_a ? g->lda : 1;                                                             \
            LSK_BLAS(GEMV, CblasRowMajor, g->transpose_b ? CblasNoTrans : CblasTrans, (int)(g->transpose_b ? g->n : g->k),      \
                 (int)(g->transpose_b ? g->k : g->n), 1, b, (int)g->ldb, a, (int)step, beta, c, 1);                   \
        }                                                                                                             \
        return 1;                                                                                                     \
    }
VECTOR(vector_f32, float, sgemv)
VECTOR(vector_f64, double, dgemv)

void lsk_matmul(const lsk_gemm *g, const void *a, const void *b, void *c) {
    if (g->m == 0 || g->n == 0) return;
    int tiny = g->k == 0 || g->m * g->n * g->k <= LSK_TINY_PRODUCT;
    CBLAS_TRANSPOSE ta = g->transpose_a ? CblasTrans : CblasNoTrans, tb = g->transpose_b ? CblasTrans : CblasNoTrans;
    switch (g->dtype) {
    case LSK_FLOAT32:
        if (tiny) plain_f32(g, a, b, c);
        else if (!vector_f32(g, a, b, c))
            lsk_sgemm(CblasRowMajor, ta, tb, (int)g->m, (int)g->n, (int)g->k, 1, a, (int)g->lda, b, (int)g->ldb,
                      (float)g->beta, c, (int)g->ldc);
        return;
    case LSK_FLOAT64:
        if (tiny) plain_f64(g, a, b, c);
        else if (!vector_f64(g, a, b, c))
            lsk_blas_dgemm(ta, tb, (int)g->m, (int)g->n, (int)g->k, 1, a, (int)g->lda, b, (int)g->ldb, g->beta, c,
                           (int)g->ldc);
        return;
    case LSK_INT32: plain_i32(g, a, b, c); return;
    case LSK_INT64: plain_i64(g, a, b, c); return;
    case LSK_UINT8: plain_u8(g, a, b, c); return;
    default: lsk_unsupported("matrix product", g->dtype);
    }
}

void lsk_matmul_epilogue(const lsk_gemm *g, const void *a, const void *b, void *c, const lsk_epilogue *e) {
    if (g->dtype == LSK_FLOAT32 && lsk_sgemm_is_own(g->m, g->n, g->k)) {
        lsk_sgemm_epilogue(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
                           g->transpose_b ? CblasTrans : CblasNoTrans, (int)g->m, (int)g->n, (int)g->k, 1, a,
                           (int)g->lda, b, (int)g->ldb, (float)g->beta, c, (int)g->ldc, e);
        return;
    }
    lsk_matmul(g, a, b, c);
    lsk_apply_epilogue(g->dtype, g->m, g->n, c, g->ldc, e);
}

void lsk_matmul_batch(const lsk_gemm *g, const lsk_batch *batch, const void *a, const void *b, void *c) {
    ptrdiff_t size = lsk_element_size(g->dtype), index[LSK_MAX_RANK] = {0};
    const char *x = a, *y = b;
    char *z = c;
    for (ptrdiff_t i = 0; i < batch->rank; i++)
        if (batch->shape[i] == 0) return;
    for (;;) {
        lsk_matmul(g, x, y, z);
        ptrdiff_t axis = batch->rank - 1;
        for (; axis >= 0; axis--) {
            ptrdiff_t steps = ++index[axis] < batch->shape[axis] ? 1 : 1 - batch->shape[axis];
            x += steps * batch->a[axis] * size;
            y += steps * batch->b[axis] * size;
            z += steps * batch->c[axis] * size;
            if (steps == 1) break;
            index[axis] = 0;
        }
        if (axis < 0) return;
    }
}
