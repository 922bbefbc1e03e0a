// SPDX-License-Identifier: Apache-2.0
// The tables of group normalisation, one entry per sample and channel.
#include "lsk_group_norm.h"
#include "base/exact.h"
#include "base/simd.h"
#include <math.h>
#include <string.h>

#define GROUPS(S, T)                                                                                                  \
    static void statistics_##S(const lsk_groups *g, double epsilon, const double *sums, const T *weight,              \
                               const T *bias, T *mean, T *rest, T *inverse, T *scale, T *shift) {                     \
        ptrdiff_t size = g->channels / g->groups, all = g->samples * g->channels;                                     \
        double count = (double)(size * g->rows);                                                                      \
        for (ptrdiff_t first = 0; first < all; first += size) {                                                       \
            lsk_exact s = {0, 0}, q = {0, 0}, m;                                                                      \
            for (ptrdiff_t i = first; i < first + size; i++) {                                                        \
                s = lsk_exact_add(s, lsk_exact_sum(sums[i], sums[all + i]));                                          \
                q = lsk_exact_add(q, lsk_exact_sum(sums[2 * all + i], sums[3 * all + i]));                            \
            }                                                                                                         \
            double r = 1 / sqrt(lsk_exact_variance(s, q, count, &m) + epsilon);                                       \
            for (ptrdiff_t i = first; i < first + size; i++) {                                                        \
                ptrdiff_t k = i % g->channels;                                                                        \
                double a = weight ? r * (double)weight[k] : r;                                                        \
                mean[i] = (T)m.high;                                                                                  \
                rest[i] = (T)((m.high - (double)mean[i]) + m.low);                                                    \
                inverse[i] = (T)r;                                                                                    \
                scale[i] = (T)a;                                                                                      \
                shift[i] = (T)((bias ? (double)bias[k] : 0) - a * (double)rest[i]);                                   \
            }                                                                                                         \
        }                                                                                                             \
    }                                                                                                                 \
    static void coefficients_##S(const lsk_groups *g, const double *sum, const double *product, const T *weight,      \
                           const T *rest, const T *inverse, T *b, T *c, double *dw, double *db) {                     \
        ptrdiff_t size = g->channels / g->groups;                                                                     \
        double count = (double)(size * g->rows);                                                                      \
        memset(dw, 0, (size_t)g->channels * sizeof(double));                                                          \
        memset(db, 0, (size_t)g->channels * sizeof(double));                                                          \
        for (ptrdiff_t first = 0; first < g->samples * g->channels; first += size) {                                  \
            double s1 = 0, s2 = 0, r = (double)inverse[first];                                                        \
            for (ptrdiff_t i = first; i < first + size; i++) {                                                        \
                ptrdiff_t k = i % g->channels;                                                                        \
                double w = weight ? (double)weight[k] : 1;                                                            \
                s1 += w * sum[i];                                                                                     \
                s2 += w * product[i];                                                                                 \
                dw[k] += product[i] * r;                                                                              \
                db[k] += sum[i];                                                                                      \
            }                                                                                                         \
            double by_x = -r * r * r * s2 / count;                                                                    \
            for (ptrdiff_t i = first; i < first + size; i++) {                                                        \
                b[i] = (T)by_x;                                                                                       \
                c[i] = (T)(-r * s1 / count - by_x * (double)rest[i]);                                                 \
            }                                                                                                         \
        }                                                                                                             \
    }

GROUPS(f32, float)
GROUPS(f64, double)

void lsk_group_statistics(const lsk_groups *g, double epsilon, const double *sums, const void *weight, const void *bias,
                          void *mean, void *rest, void *inverse, void *scale, void *shift) {
    if (g->dtype == LSK_FLOAT32) statistics_f32(g, epsilon, sums, weight, bias, mean, rest, inverse, scale, shift);
    else statistics_f64(g, epsilon, sums, weight, bias, mean, rest, inverse, scale, shift);
}

void lsk_group_coefficients(const lsk_groups *g, const double *sum, const double *product, const void *weight,
                            const void *rest, const void *inverse, void *b, void *c, double *dw, double *db) {
    if (g->dtype == LSK_FLOAT32) coefficients_f32(g, sum, product, weight, rest, inverse, b, c, dw, db);
    else coefficients_f64(g, sum, product, weight, rest, inverse, b, c, dw, db);
}
