// SPDX-License-Identifier: Apache-2.0
// Losses of two numbers at a time, with their gradients, in blocks that stay in the cache.
#include "lsk_loss.h"
#include "base/simd.h"
#include "base/vector_math.h"

enum { BLOCK = 256 };
LSK_INLINE float exp_f32(float x) { return vm_expf(x); }
LSK_INLINE float log_f32(float x) { return vm_logf(x); }
LSK_INLINE float log1p_f32(float x) { return vm_log1pf(x); }
LSK_INLINE double exp_f64(double x) { return exp(x); }
LSK_INLINE double log_f64(double x) { return log(x); }
LSK_INLINE double log1p_f64(double x) { return log1p(x); }

#define EACH(...)                                                                                                     \
    for (ptrdiff_t i = 0; i < n; i++) {                                                                               \
        __VA_ARGS__                                                                                                   \
    }                                                                                                                 \
    break

#define PAIR(S, T)                                                                                                    \
    /* Losses and derivatives of up to BLOCK pairs. */                                                                \
    LSK_INLINE void block_##S(const lsk_pair_loss *l, ptrdiff_t n, const T *a, const T *b, const T *p, T *restrict o, \
                              T *restrict s) {                                                                        \
        T beta = (T)l->beta, half = (T)0.5, unit = l->kind == LSK_HUBER ? beta : 1;                                   \
        switch (l->kind) {                                                                                            \
        case LSK_SQUARED: EACH(T d = a[i] - b[i]; o[i] = d * d; s[i] = 2 * d;);                                       \
        case LSK_ABSOLUTE: EACH(T d = a[i] - b[i]; o[i] = d < 0 ? -d : d; s[i] = d > 0 ? 1 : d < 0 ? -1 : d;);        \
        case LSK_SMOOTH_L1:                                                                                           \
        case LSK_HUBER:                                                                                               \
            EACH(T d = a[i] - b[i]; T m = d < 0 ? -d : d; T sign = d < 0 ? -unit : unit;                              \
                 o[i] = unit * (m < beta ? half * d * d / beta : m - half * beta);                                    \
                 s[i] = m < beta ? unit * d / beta : m == m ? sign : m;);                                             \
        case LSK_BCE:                                                                                                 \
            EACH(T yes = log_##S(a[i]); T no = log1p_##S(-a[i]); yes = yes < -100 ? -100 : yes;                       \
                 no = no < -100 ? -100 : no; T area = a[i] * (1 - a[i]); area = area < (T)1e-12 ? (T)1e-12 : area;    \
                 o[i] = (b[i] - 1) * no - b[i] * yes; s[i] = (a[i] - b[i]) / area;);                                  \
        case LSK_BCE_LOGITS: /* -log σ(x) = max(-x, 0) + log1p(e^-|x|), which never overflows */                      \
            EACH(T e = exp_##S(a[i] < 0 ? a[i] : -a[i]); T k = 1 + ((p ? p[i] : 1) - 1) * b[i];                       \
                 o[i] = (1 - b[i]) * a[i] + k * (log1p_##S(e) + (a[i] < 0 ? -a[i] : 0));                              \
                 s[i] = (1 - b[i]) - k * ((a[i] < 0 ? 1 : e) / (1 + e)););                                            \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_SIMD static double run_##S(const lsk_pair_loss *l, ptrdiff_t n, const T *x, const T *y, T *losses,            \
                                   T *gradient, T scale) {                                                            \
        const T *positive = l->positive, *weight = l->weight;                                                         \
        double total = 0;                                                                                             \
        for (ptrdiff_t at = 0; at < n; at += BLOCK) {                                                                 \
            ptrdiff_t count = lsk_min(n - at, BLOCK);                                                                 \
            T loss[BLOCK], derivative[BLOCK], sums[LANES] = {0};                                                      \
            block_##S(l, count, x + at, y + at, positive ? positive + at : NULL, loss, derivative);                   \
            if (weight)                                                                                               \
                for (ptrdiff_t i = 0; i < count; i++) {                                                               \
                    loss[i] *= weight[at + i];                                                                        \
                    derivative[i] *= weight[at + i];                                                                  \
                }                                                                                                     \
            ptrdiff_t i = 0;                                                                                          \
            for (; i + LANES <= count; i += LANES)                                                                    \
                for (ptrdiff_t j = 0; j < LANES; j++) sums[j] += loss[i + j];                                         \
            for (; i < count; i++) sums[0] += loss[i];                                                                \
            for (ptrdiff_t j = 0; j < LANES; j++) total += (double)sums[j];                                           \
            if (losses) memcpy(losses + at, loss, (size_t)count * sizeof(T));                                         \
            if (gradient)                                                                                             \
                for (ptrdiff_t k = 0; k < count; k++) gradient[at + k] = derivative[k] * scale;                       \
        }                                                                                                             \
        return total;                                                                                                 \
    }
PAIR(f32, float)
PAIR(f64, double)

double lsk_pair_loss_run(const lsk_pair_loss *l, ptrdiff_t n, const void *x, const void *y, void *losses,
                         void *gradient, double scale) {
    if (l->dtype == LSK_FLOAT64) return run_f64(l, n, x, y, losses, gradient, scale);
    return run_f32(l, n, x, y, losses, gradient, (float)scale);
}
