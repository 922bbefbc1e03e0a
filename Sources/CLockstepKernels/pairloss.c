// SPDX-License-Identifier: Apache-2.0
// Losses of two numbers at a time: squared, absolute, binary cross-entropy of a logit.
#include "lsk_crossentropy.h"
#include <math.h>

#define PAIR(NAME, T, EXP, LOG1P)                                                                                     \
    LSK_SIMD static double NAME(lsk_pair_loss kind, ptrdiff_t n, const T *x, const T *y, const T *positive,           \
                                const T *weight, T *losses, T *gradient, T scale) {                                   \
        double total = 0;                                                                                             \
        for (ptrdiff_t start = 0; start < n; start += 256) {                                                          \
            ptrdiff_t count = n - start < 256 ? n - start : 256;                                                      \
            T loss[256], slope[256];                                                                                  \
            const T *a = x + start, *b = y + start;                                                                   \
            if (kind == LSK_SQUARED) {                                                                                \
                for (ptrdiff_t i = 0; i < count; i++) {                                                               \
                    T d = a[i] - b[i];                                                                                \
                    loss[i] = d * d;                                                                                  \
                    slope[i] = 2 * d;                                                                                 \
                }                                                                                                     \
            } else if (kind == LSK_ABSOLUTE) {                                                                        \
                for (ptrdiff_t i = 0; i < count; i++) {                                                               \
                    T d = a[i] - b[i];                                                                                \
                    loss[i] = d < 0 ? -d : d;                                                                         \
                    slope[i] = d > 0 ? 1 : d < 0 ? -1 : d; /* 0 at 0, NaN at NaN */                                   \
                }                                                                                                     \
            } else {                                                                                                  \
                for (ptrdiff_t i = 0; i < count; i++) {                                                               \
                    /* softplus(-|x|) never overflows: log(1 + e^-x) = max(-x, 0) + log1p(e^-|x|) */                  \
                    T e = EXP(a[i] < 0 ? a[i] : -a[i]), p = positive ? positive[start + i] : 1;                       \
                    T tail = LOG1P(e) + (a[i] < 0 ? -a[i] : 0), factor = 1 + (p - 1) * b[i];                          \
                    T sigmoid = a[i] < 0 ? e / (1 + e) : 1 / (1 + e);                                                 \
                    loss[i] = (1 - b[i]) * a[i] + factor * tail;                                                      \
                    slope[i] = (1 - b[i]) - factor * (1 - sigmoid);                                                   \
                }                                                                                                     \
            }                                                                                                         \
            if (weight)                                                                                               \
                for (ptrdiff_t i = 0; i < count; i++) {                                                               \
                    loss[i] *= weight[start + i];                                                                     \
                    slope[i] *= weight[start + i];                                                                    \
                }                                                                                                     \
            T sums[16] = {0};                                                                                         \
            ptrdiff_t i = 0;                                                                                          \
            for (; i + 16 <= count; i += 16)                                                                          \
                for (ptrdiff_t j = 0; j < 16; j++) sums[j] += loss[i + j];                                            \
            for (; i < count; i++) sums[i & 15] += loss[i];                                                           \
            for (ptrdiff_t j = 0; j < 16; j++) total += (double)sums[j];                                              \
            if (losses)                                                                                               \
                for (ptrdiff_t k = 0; k < count; k++) losses[start + k] = loss[k];                                    \
            if (gradient)                                                                                             \
                for (ptrdiff_t k = 0; k < count; k++) gradient[start + k] = slope[k] * scale;                         \
        }                                                                                                             \
        return total;                                                                                                 \
    }
PAIR(pair_f32, float, expf, log1pf)
PAIR(pair_f64, double, exp, log1p)

double lsk_pair_loss_run(lsk_pair_loss kind, lsk_dtype dtype, ptrdiff_t n, const void *x, const void *y,
                         const void *positive, const void *weight, void *losses, void *gradient, double scale) {
    if (dtype == LSK_FLOAT64)
        return pair_f64(kind, n, x, y, positive, weight, losses, gradient, scale);
    return pair_f32(kind, n, x, y, positive, weight, losses, gradient, (float)scale);
}
