// SPDX-License-Identifier: Apache-2.0
// Cross-entropy of logits and class indices, with its gradient made while the row is in the cache.
#include "lsk_crossentropy.h"
#include <math.h>
#include <string.h>

/// e^x to 1.1 ulp: 2^n times a polynomial on |r| <= ln(2)/2 (Cephes' coefficients); 0 below -87.3.
LSK_INLINE float exp_f32(float x) {
    float in = x;
    x = x < -87.3f ? -87.3f : x > 88.3f ? 88.3f : x;
    float n = __builtin_rintf(x * 1.44269504088896341f);
    float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    int32_t bits = ((int32_t)n + 127) * (1 << 23);
    float scale;
    memcpy(&scale, &bits, 4);
    return in < -87.3f ? 0 : p * scale;
}
LSK_INLINE double exp_f64(double x) { return exp(x); }

#define ROW(S, T)                                                                                                     \
    /* Largest logit of the row. */                                                                                   \
    LSK_SIMD static T row_max_##S(ptrdiff_t n, const T *x) {                                                          \
        T best = x[0];                                                                                                \
        for (ptrdiff_t i = 1; i < n; i++) best = x[i] > best || x[i] != x[i] ? x[i] : best;                           \
        return best;                                                                                                  \
    }                                                                                                                 \
    /* e = exp(x - shift); returns the sum. Sixteen partial sums let the loop use the vector unit. */                 \
    LSK_SIMD static T row_exp_##S(ptrdiff_t n, const T *x, T shift, T *e) {                                           \
        T part[16] = {0}, sum = 0;                                                                                    \
        ptrdiff_t i = 0;                                                                                              \
        for (; i + 16 <= n; i += 16)                                                                                  \
            for (ptrdiff_t j = 0; j < 16; j++) part[j] += e[i + j] = exp_##S(x[i + j] - shift);                       \
        for (; i < n; i++) sum += e[i] = exp_##S(x[i] - shift);                                                       \
        for (ptrdiff_t j = 0; j < 16; j++) sum += part[j];                                                            \
        return sum;                                                                                                   \
    }                                                                                                                 \
    LSK_SIMD static void row_scale_##S(ptrdiff_t n, T *e, T factor) {                                                 \
        for (ptrdiff_t i = 0; i < n; i++) e[i] *= factor;                                                             \
    }

/// Loss of a row: sum_c a_c (lse - x_c) with a = (1 - s) w_t [c = t] + s / C · w_c; its gradient: softmax · sum(a) - a.
#define RUN(S, T)                                                                                                     \
    static double run_##S(const lsk_cross_entropy *c, const T *x, const int64_t *target, T *losses, T *gradient,      \
                          double scale) {                                                                             \
        const T *weight = c->weight;                                                                                  \
        ptrdiff_t n = c->classes;                                                                                     \
        double total = 0, spread = c->smoothing / (double)n, all = 0;                                                 \
        T chunk[LSK_CHUNK];                                                                                           \
        for (ptrdiff_t j = 0; j < n; j++) all += weight ? weight[j] : 1;                                              \
        for (ptrdiff_t r = 0; r < c->rows; r++, x += n) {                                                             \
            T *g = gradient ? gradient + r * n : NULL;                                                                \
            int64_t t = target[r];                                                                                    \
            if (t == c->ignored) {                                                                                    \
                if (losses) losses[r] = 0;                                                                            \
                if (g) memset(g, 0, (size_t)n * sizeof(T));                                                           \
                continue;                                                                                             \
            }                                                                                                         \
            T top = row_max_##S(n, x), sum = 0;                                                                       \
            if (g) sum = row_exp_##S(n, x, top, g);                                                                   \
            else                                                                                                      \
                for (ptrdiff_t j = 0; j < n; j += LSK_CHUNK)                                                          \
                    sum += row_exp_##S(n - j < LSK_CHUNK ? n - j : LSK_CHUNK, x + j, top, chunk);                     \
            double lse = (double)top + log((double)sum), own = (1 - c->smoothing) * (weight ? weight[t] : 1);         \
            double loss = own * (lse - (double)x[t]), mass = own;                                                     \
            if (spread > 0) {                                                                                         \
                double rest = 0;                                                                                      \
                for (ptrdiff_t j = 0; j < n; j++) rest += (weight ? weight[j] : 1) * (lse - (double)x[j]);            \
                loss += spread * rest;                                                                                \
                mass += spread * all;                                                                                 \
            }                                                                                                         \
            total += loss;                                                                                            \
            if (losses) losses[r] = (T)loss;                                                                          \
            if (g) {                                                                                                  \
                row_scale_##S(n, g, (T)(scale * mass / (double)sum));                                                 \
                g[t] -= (T)(scale * own);                                                                             \
                if (spread > 0)                                                                                       \
                    for (ptrdiff_t j = 0; j < n; j++) g[j] -= (T)(scale * spread * (weight ? weight[j] : 1));         \
            }                                                                                                         \
        }                                                                                                             \
        return total;                                                                                                 \
    }
enum { LSK_CHUNK = 512 };
ROW(f32, float)
ROW(f64, double)
RUN(f32, float)
RUN(f64, double)

ptrdiff_t lsk_cross_entropy_check(const lsk_cross_entropy *c, const int64_t *target, double *total) {
    double sum = 0;
    for (ptrdiff_t r = 0; r < c->rows; r++) {
        int64_t t = target[r];
        if (t == c->ignored) continue;
        if (t < 0 || t >= c->classes) return r;
        sum += !c->weight                 ? 1
               : c->dtype == LSK_FLOAT64 ? ((const double *)c->weight)[t]
                                          : (double)((const float *)c->weight)[t];
    }
    *total = sum;
    return -1;
}

double lsk_cross_entropy_run(const lsk_cross_entropy *c, const void *logits, const int64_t *target, void *losses,
                             void *gradient, double scale) {
    if (c->dtype == LSK_FLOAT64) return run_f64(c, logits, target, losses, gradient, scale);
    return run_f32(c, logits, target, losses, gradient, scale);
}
