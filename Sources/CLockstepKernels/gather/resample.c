// SPDX-License-Identifier: Apache-2.0
// Axes of another length: sums of a few positions, and gradients on their way back.
#include "lsk_resample.h"
#include "base/simd.h"
#include "lsk_parallel.h"
#include <string.h>

typedef struct {
    lsk_dtype dtype;
    ptrdiff_t inner;
    const lsk_taps *taps;
    const void *in;
    void *out;
} resample_task;

#define RESAMPLE(S, T)                                                                                                \
    LSK_SIMD static void forward_##S(const resample_task *t, ptrdiff_t begin, ptrdiff_t end) {                        \
        const lsk_taps *k = t->taps;                                                                                  \
        ptrdiff_t inner = t->inner;                                                                                   \
        for (ptrdiff_t o = begin; o < end; o++) {                                                                     \
            const T *x = (const T *)t->in + o * k->source * inner;                                                    \
            T *y = (T *)t->out + o * k->outputs * inner;                                                              \
            for (ptrdiff_t i = 0; i < k->outputs; i++, y += inner) {                                                  \
                const int64_t *place = k->places + i * k->width;                                                      \
                const double *weight = k->weights + i * k->width;                                                     \
                if (k->width == 1) { /* as it is: infinity times 0 would be NaN */                                    \
                    memcpy(y, x + place[0] * inner, (size_t)inner * sizeof(T));                                       \
                    continue;                                                                                         \
                }                                                                                                     \
                T w = (T)weight[0];                                                                                   \
                const T *s = x + place[0] * inner;                                                                    \
                for (ptrdiff_t j = 0; j < inner; j++) y[j] = w * s[j];                                                \
                for (ptrdiff_t p = 1; p < k->width; p++) {                                                            \
                    w = (T)weight[p], s = x + place[p] * inner;                                                       \
                    for (ptrdiff_t j = 0; j < inner; j++) y[j] += w * s[j];                                           \
                }                                                                                                     \
            }                                                                                                         \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_SIMD static void backward_##S(const resample_task *t, ptrdiff_t begin, ptrdiff_t end) {                       \
        const lsk_taps *k = t->taps;                                                                                  \
        ptrdiff_t inner = t->inner;                                                                                   \
        for (ptrdiff_t o = begin; o < end; o++) {                                                                     \
            const T *dy = (const T *)t->in + o * k->outputs * inner;                                                  \
            T *dx = (T *)t->out + o * k->source * inner;                                                              \
            memset(dx, 0, (size_t)(k->source * inner) * sizeof(T));                                                   \
            for (ptrdiff_t i = 0; i < k->outputs; i++, dy += inner)                                                   \
                for (ptrdiff_t p = 0; p < k->width; p++) {                                                            \
                    T w = (T)k->weights[i * k->width + p];                                                            \
                    T *d = dx + k->places[i * k->width + p] * inner;                                                  \
                    for (ptrdiff_t j = 0; j < inner; j++) d[j] += w * dy[j];                                          \
                }                                                                                                     \
        }                                                                                                             \
    }
RESAMPLE(f32, float)
RESAMPLE(f64, double)

static void forward_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const resample_task *t = context;
    (t->dtype == LSK_FLOAT32 ? forward_f32 : forward_f64)(t, begin, end);
}

static void backward_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const resample_task *t = context;
    (t->dtype == LSK_FLOAT32 ? backward_f32 : backward_f64)(t, begin, end);
}

void lsk_resample(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t inner, lsk_taps taps, const void *x, void *y) {
    resample_task t = {dtype, inner, &taps, x, y};
    lsk_parallel(outer, lsk_row_grain(taps.outputs * inner), forward_part, &t);
}

void lsk_resample_backward(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t inner, lsk_taps taps, const void *dy, void *dx) {
    resample_task t = {dtype, inner, &taps, dy, dx};
    lsk_parallel(outer, lsk_row_grain(taps.outputs * inner), backward_part, &t);
}
