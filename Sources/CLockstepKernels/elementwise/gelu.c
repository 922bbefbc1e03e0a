// SPDX-License-Identifier: Apache-2.0
// GELU together with its derivative, which share their costly part.
#include "lsk_unary.h"
#include "base/simd.h"
#include "base/vector_math.h"

LSK_INLINE double normal_cdf_d(double x, double *density) {
    *density = 0.39894228040143267794 * exp(-0.5 * x * x);
    return 0.5 * (1.0 + erf(x * 0.70710678118654752440));
}

/// In blocks, the last one padded, as in unary.c.
#define GELU(S, T, CDF, LOOP)                                                                                         \
    LSK_INLINE void gelu_block_##S(const T *x, T *y, T *derivative) {                                                 \
        LOOP for (ptrdiff_t j = 0; j < LANES; j++) {                                                                  \
            T v = x[j], density, cdf = CDF(v, &density);                                                              \
            y[j] = v * cdf;                                                                                           \
            derivative[j] = cdf + v * density;                                                                        \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_SIMD static void gelu_##S(ptrdiff_t n, const T *x, T *y, T *derivative) {                                     \
        for (ptrdiff_t i = 0; i < n; i += LANES) {                                                                    \
            T a[LANES] = {0}, b[LANES], c[LANES];                                                                     \
            ptrdiff_t m = lsk_min(n - i, LANES);                                                                      \
            if (m == LANES) memcpy(a, x + i, sizeof a);                                                               \
            else memcpy(a, x + i, (size_t)m * sizeof(T));                                                             \
            gelu_block_##S(a, b, c);                                                                                  \
            if (m == LANES) {                                                                                         \
                memcpy(y + i, b, sizeof b);                                                                           \
                if (derivative) memcpy(derivative + i, c, sizeof c);                                                  \
            } else {                                                                                                  \
                memcpy(y + i, b, (size_t)m * sizeof(T));                                                              \
                if (derivative) memcpy(derivative + i, c, (size_t)m * sizeof(T));                                     \
            }                                                                                                         \
        }                                                                                                             \
    }
GELU(f32, float, vm_normal_cdff, LSK_VECTOR_LOOP)
GELU(f64, double, normal_cdf_d, )

void lsk_gelu(lsk_dtype dtype, ptrdiff_t n, const void *x, void *y, void *derivative) {
    if (dtype == LSK_FLOAT64) gelu_f64(n, x, y, derivative);
    else gelu_f32(n, x, y, derivative);
}
