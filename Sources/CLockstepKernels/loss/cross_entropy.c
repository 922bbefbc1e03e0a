// SPDX-License-Identifier: Apache-2.0
// Cross-entropy of logits and class indices, with its gradient made while the row is in the cache.
#include "lsk_loss.h"
#include "base/simd.h"
#include "base/vector_math.h"

enum { CHUNK = 512 };
LSK_INLINE float exp_f32(float x) { return vm_expf(x); }
LSK_INLINE double exp_f64(double x) { return exp(x); }

/// Sixteen lanes at a time; a row's tail is padded, because most rows have ten classes and not sixteen.
#define ROW(S, T)                                                                                                     \
    LSK_INLINE T row_max_##S(ptrdiff_t n, const T *x) {                                                               \
        T best[LANES];                                                                                                \
        ptrdiff_t i = 0;                                                                                              \
        for (ptrdiff_t j = 0; j < LANES; j++) best[j] = (T)-INFINITY;                                                 \
        for (; i + LANES <= n; i += LANES)                                                                            \
            for (ptrdiff_t j = 0; j < LANES; j++) best[j] = x[i + j] > best[j] ? x[i + j] : best[j];                  \
        for (; i < n; i++) best[0] = x[i] > best[0] ? x[i] : best[0];                                                 \
        for (ptrdiff_t j = 1; j < LANES; j++) best[0] = best[j] > best[0] ? best[j] : best[0];                        \
        return best[0];                                                                                               \
    }                                                                                                                 \
    /* e = exp(x - shift); returns the sum. */                                                                        \
    LSK_INLINE T row_exp_##S(ptrdiff_t n, const T *x, T shift, T *e) {                                                \
        T sums[LANES] = {0}, tail[LANES];                                                                             \
        ptrdiff_t i = 0;                                                                                              \
        for (; i + LANES <= n; i += LANES)                                                                            \
            for (ptrdiff_t j = 0; j < LANES; j++) sums[j] += e[i + j] = exp_##S(x[i + j] - shift);                    \
        if (i < n) {                                                                                                  \
            for (ptrdiff_t j = 0; j < LANES; j++) tail[j] = (T)-1000;                                                 \
            for (ptrdiff_t j = 0; j < n - i; j++) tail[j] = x[i + j] - shift;                                         \
            for (ptrdiff_t j = 0; j < LANES; j++) sums[j] += tail[j] = exp_##S(tail[j]);                              \
            for (ptrdiff_t j = 0; j < n - i; j++) e[i + j] = tail[j];                                                 \
        }                                                                                                             \
        for (ptrdiff_t j = 1; j < LANES; j++) sums[0] += sums[j];                                                     \
        return sums[0];                                                                                               \
    }

/// Loss of a row: sum_c a_c (lse - x_c) with a = (1 - s) w_t [c = t] + s / C · w_c; its gradient: softmax · sum(a) - a.
#define RUN(S, T)                                                                                                     \
    LSK_SIMD static double run_##S(const lsk_cross_entropy *c, const T *x, const int64_t *target, T *losses,          \
                                   T *gradient, double scale) {                                                       \
        const T *weight = c->weight;                                                                                  \
        ptrdiff_t n = c->classes;                                                                                     \
        double total = 0, spread = c->smoothing / (double)n, all = 0;                                                 \
        T chunk[CHUNK];                                                                                               \
        for (ptrdiff_t j = 0; j < n; j++) all += weight ? (double)weight[j] : 1;                                      \
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
                for (ptrdiff_t j = 0; j < n; j += CHUNK)                                                              \
                    sum += row_exp_##S(lsk_min(n - j, CHUNK), x + j, top, chunk);                                     \
            double lse = (double)top + log((double)sum), own = (1 - c->smoothing) * (weight ? (double)weight[t] : 1); \
            double loss = own * (lse - (double)x[t]), mass = own;                                                     \
            if (spread > 0) {                                                                                         \
                double rest = 0;                                                                                      \
                for (ptrdiff_t j = 0; j < n; j++) rest += (weight ? (double)weight[j] : 1) * (lse - (double)x[j]);    \
                loss += spread * rest;                                                                                \
                mass += spread * all;                                                                                 \
            }                                                                                                         \
            total += loss;                                                                                            \
            if (losses) losses[r] = (T)loss;                                                                          \
            if (!g) continue;                                                                                         \
            T factor = (T)(scale * mass / (double)sum);                                                               \
            for (ptrdiff_t j = 0; j < n; j++) g[j] *= factor;                                                         \
            g[t] -= (T)(scale * own);                                                                                 \
            if (spread > 0)                                                                                           \
                for (ptrdiff_t j = 0; j < n; j++) g[j] -= (T)(scale * spread * (weight ? (double)weight[j] : 1));     \
        }                                                                                                             \
        return total;                                                                                                 \
    }
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
        sum += !c->weight                ? 1
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
