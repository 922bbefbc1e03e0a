// SPDX-License-Identifier: Apache-2.0
// The tables of group normalisation, one entry per sample and channel.
#include "lsk_group_norm.h"
#include <math.h>
#include <string.h>

#define GROUPS(S, T)                                                                                                  \
    static void statistics_##S(const lsk_groups *g, double epsilon, const double *sum, const double *squares,         \
                               const T *weight, const T *bias, T *mean, T *inverse, T *scale, T *shift) {             \
        ptrdiff_t size = g->channels / g->groups;                                                                     \
        double count = (double)(size * g->rows);                                                                      \
        for (ptrdiff_t first = 0; first < g->samples * g->channels; first += size) {                                  \
            double s1 = 0, s2 = 0;                                                                                    \
            for (ptrdiff_t i = first; i < first + size; i++) s1 += sum[i], s2 += squares[i];                          \
            double m = s1 / count, v = s2 / count - m * m, r = 1 / sqrt((v < 0 ? 0 : v) + epsilon);                   \
            for (ptrdiff_t i = first; i < first + size; i++) {                                                        \
                ptrdiff_t k = i % g->channels;                                                                        \
                mean[i] = (T)m;                                                                                       \
                inverse[i] = (T)r;                                                                                    \
                scale[i] = (T)(weight ? r * (double)weight[k] : r);                                                   \
                shift[i] = bias ? bias[k] : 0;                                                                        \
            }                                                                                                         \
        }                                                                                                             \
    }                                                                                                                 \
    static void slopes_##S(const lsk_groups *g, const double *sum, const double *product, const T *weight,            \
                           const T *inverse, T *b, T *c, double *dw, double *db) {                                    \
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
            for (ptrdiff_t i = first; i < first + size; i++) {                                                        \
                b[i] = (T)(-r * r * r * s2 / count);                                                                  \
                c[i] = (T)(-r * s1 / count);                                                                          \
            }                                                                                                         \
        }                                                                                                             \
    }

GROUPS(f32, float)
GROUPS(f64, double)

void lsk_group_statistics(const lsk_groups *g, double epsilon, const double *sum, const double *squares,
                          const void *weight, const void *bias, void *mean, void *inverse, void *scale, void *shift) {
    if (g->dtype == LSK_FLOAT32)
        statistics_f32(g, epsilon, sum, squares, weight, bias, mean, inverse, scale, shift);
    else statistics_f64(g, epsilon, sum, squares, weight, bias, mean, inverse, scale, shift);
}

void lsk_group_slopes(const lsk_groups *g, const double *sum, const double *product, const void *weight,
                      const void *inverse, void *b, void *c, double *dw, double *db) {
    if (g->dtype == LSK_FLOAT32) slopes_f32(g, sum, product, weight, inverse, b, c, dw, db);
    else slopes_f64(g, sum, product, weight, inverse, b, c, dw, db);
}
