// SPDX-License-Identifier: Apache-2.0
// What follows a product, a row at a time while the row is in the cache; GELU with its derivative.
#include "lsk_epilogue.h"
#include "gemm/sgemm.h"
#include "base/vector_math.h"

enum { BLOCK = 16 };

LSK_INLINE double normal_cdf_d(double x, double *density) {
    *density = 0.39894228040143267794 * exp(-0.5 * x * x);
    return 0.5 * (1.0 + erf(x * 0.70710678118654752440));
}

/// In blocks, the last one padded, as in unary.c.
#define GELU(S, T, CDF, LOOP)                                                                                         \
    LSK_INLINE void gelu_block_##S(const T *x, T *y, T *slope) {                                                      \
        LOOP for (ptrdiff_t j = 0; j < BLOCK; j++) {                                                                  \
            T v = x[j], density, cdf = CDF(v, &density);                                                              \
            y[j] = v * cdf;                                                                                           \
            slope[j] = cdf + v * density;                                                                             \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_SIMD static void gelu_##S(ptrdiff_t n, const T *x, T *y, T *slope) {                                          \
        for (ptrdiff_t i = 0; i < n; i += BLOCK) {                                                                    \
            T a[BLOCK] = {0}, b[BLOCK], c[BLOCK];                                                                     \
            ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;                                                              \
            if (m == BLOCK) memcpy(a, x + i, sizeof a);                                                               \
            else memcpy(a, x + i, (size_t)m * sizeof(T));                                                             \
            gelu_block_##S(a, b, c);                                                                                  \
            if (m == BLOCK) {                                                                                         \
                memcpy(y + i, b, sizeof b);                                                                           \
                if (slope) memcpy(slope + i, c, sizeof c);                                                            \
            } else {                                                                                                  \
                memcpy(y + i, b, (size_t)m * sizeof(T));                                                              \
                if (slope) memcpy(slope + i, c, (size_t)m * sizeof(T));                                               \
            }                                                                                                         \
        }                                                                                                             \
    }
GELU(f32, float, vm_normal_cdff, _Pragma("clang loop vectorize(enable) unroll(disable)"))
GELU(f64, double, normal_cdf_d, )

#define FINISH(S, T)                                                                                                  \
    LSK_SIMD static void finish_##S(ptrdiff_t rows, ptrdiff_t columns, T *y, ptrdiff_t y_row, const lsk_epilogue *e) { \
        const T *bias = e->bias, *added = e->added, *factor = e->factor;                                              \
        T *slope = e->slope;                                                                                          \
        for (ptrdiff_t r = 0; r < rows; r++, y += y_row) {                                                            \
            if (bias)                                                                                                 \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] += bias[j];                                              \
            if (added) {                                                                                              \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] += added[j];                                             \
                added += e->added_row;                                                                                \
            }                                                                                                         \
            if (e->activation == LSK_THEN_RELU)                                                                       \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] = y[j] < 0 ? 0 : y[j];                                   \
            if (e->activation == LSK_THEN_GELU) {                                                                     \
                gelu_##S(columns, y, y, slope);                                                                       \
                if (slope) slope += e->slope_row;                                                                     \
            }                                                                                                         \
            if (!factor) continue;                                                                                    \
            if (e->gates)                                                                                             \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] = factor[j] > 0 ? y[j] : 0;                              \
            else                                                                                                      \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] *= factor[j];                                            \
            factor += e->factor_row;                                                                                  \
        }                                                                                                             \
    }
FINISH(f32, float)
FINISH(f64, double)

void lsk_gelu(lsk_dtype dtype, ptrdiff_t n, const void *x, void *y, void *slope) {
    if (dtype == LSK_FLOAT64) gelu_f64(n, x, y, slope);
    else gelu_f32(n, x, y, slope);
}

void lsk_finish(lsk_dtype dtype, ptrdiff_t rows, ptrdiff_t columns, void *c, ptrdiff_t c_row, const lsk_epilogue *e) {
    if (dtype == LSK_FLOAT64) finish_f64(rows, columns, c, c_row, e);
    else finish_f32(rows, columns, c, c_row, e);
}

void lsk_matmul_then(const lsk_gemm *g, const void *a, const void *b, void *c, const lsk_epilogue *e) {
    if (g->dtype == LSK_FLOAT32 && lsk_sgemm_is_own(g->m, g->n, g->k)) {
        lsk_sgemm_then(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
                       g->transpose_b ? CblasTrans : CblasNoTrans, (int)g->m, (int)g->n, (int)g->k, 1, a, (int)g->lda, b,
                       (int)g->ldb, (float)g->beta, c, (int)g->ldc, e);
        return;
    }
    lsk_matmul(g, a, b, c);
    lsk_finish(g->dtype, g->m, g->n, c, g->ldc, e);
}
