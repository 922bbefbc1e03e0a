// SPDX-License-Identifier: Apache-2.0
// Pooling kernels; every inner loop runs along the channels.
#include "lsk_pooling.h"
#include "base/simd.h"
#include "lsk_parallel.h"
#include <string.h>

/// Calls BODY for every output pixel, with its windows `h` and `w` and the element offset `to` of its channels.
#define EACH_OUTPUT(BODY)                                                                                             \
    for (ptrdiff_t n = 0; n < p->batch; n++)                                                                          \
        for (ptrdiff_t oh = 0; oh < p->out_height; oh++)                                                              \
            for (ptrdiff_t ow = 0; ow < p->out_width; ow++) {                                                         \
                lsk_window h = p->rows[oh], w = p->columns[ow];                                                       \
                ptrdiff_t to = ((n * p->out_height + oh) * p->out_width + ow) * channels;                             \
                ptrdiff_t image = n * p->in_height * p->in_width * channels;                                          \
                BODY                                                                                                  \
            }
/// Calls BODY for every place of the window.
#define EACH_PLACE(BODY)                                                                                              \
    for (int32_t ih = h.start; ih < h.end; ih++)                                                                      \
        for (int32_t iw = w.start; iw < w.end; iw++) {                                                                \
            int32_t place = ih * (int32_t)p->in_width + iw;                                                           \
            ptrdiff_t from = image + (ptrdiff_t)place * channels;                                                     \
            BODY                                                                                                      \
        }

#define POOL(S, T, LOWEST)                                                                                            \
    LSK_SIMD static void max_##S(const lsk_pooling *p, const T *x, T *y) {                                            \
        ptrdiff_t channels = p->channels;                                                                             \
        EACH_OUTPUT(T *restrict o = y + to; for (ptrdiff_t i = 0; i < channels; i++) o[i] = LOWEST; EACH_PLACE({      \
            const T *a = x + from;                                                                                    \
            for (ptrdiff_t i = 0; i < channels; i++) o[i] = LSK_GREATER(o[i], a[i]);                                  \
        }))                                                                                                           \
    }                                                                                                                 \
    LSK_SIMD static void max_places_##S(const lsk_pooling *p, const T *x, T *y, int32_t *places) {                    \
        ptrdiff_t channels = p->channels;                                                                             \
        EACH_OUTPUT(T *restrict o = y + to; int32_t *restrict q = places + to;                                        \
                    int32_t first = h.start * (int32_t)p->in_width + w.start;                                         \
                    for (ptrdiff_t i = 0; i < channels; i++) {                                                        \
                        o[i] = LOWEST;                                                                                \
                        q[i] = first;                                                                                 \
                    } EACH_PLACE({                                                                                    \
                        const T *a = x + from;                                                                        \
                        for (ptrdiff_t i = 0; i < channels; i++) {                                                    \
                            int better = a[i] > o[i] || a[i] != a[i];                                                 \
                            o[i] = better ? a[i] : o[i];                                                              \
                            q[i] = better ? place : q[i];                                                             \
                        }                                                                                             \
                    }))                                                                                               \
    }                                                                                                                 \
    LSK_SIMD static void max_backward_##S(const lsk_pooling *p, const T *dy, const int32_t *places, T *dx) {          \
        ptrdiff_t channels = p->channels;                                                                             \
        memset(dx, 0, (size_t)(p->batch * p->in_height * p->in_width * channels) * sizeof(T));                        \
        EACH_OUTPUT(const T *g = dy + to; const int32_t *q = places + to;                                             \
                    if (channels >= 4 && (h.end - h.start) * (w.end - w.start) <= 16) EACH_PLACE({                    \
                        T *restrict d = dx + from;                                                                    \
                        for (ptrdiff_t i = 0; i < channels; i++) d[i] += q[i] == place ? g[i] : 0;                    \
                    }) else for (ptrdiff_t i = 0; i < channels; i++) dx[image + q[i] * channels + i] += g[i];)        \
    }                                                                                                                 \
    LSK_SIMD static void average_##S(const lsk_pooling *p, const T *x, T *y) {                                        \
        ptrdiff_t channels = p->channels;                                                                             \
        EACH_OUTPUT(T *restrict o = y + to; for (ptrdiff_t i = 0; i < channels; i++) o[i] = 0; EACH_PLACE({           \
            const T *a = x + from;                                                                                    \
            for (ptrdiff_t i = 0; i < channels; i++) o[i] += a[i];                                                    \
        }) T scale = 1 / ((T)h.size * (T)w.size);                                                                     \
                    for (ptrdiff_t i = 0; i < channels; i++) o[i] *= scale;)                                          \
    }                                                                                                                 \
    LSK_SIMD static void average_backward_##S(const lsk_pooling *p, const T *dy, T *dx) {                             \
        ptrdiff_t channels = p->channels;                                                                             \
        memset(dx, 0, (size_t)(p->batch * p->in_height * p->in_width * channels) * sizeof(T));                        \
        EACH_OUTPUT(const T *g = dy + to; T scale = 1 / ((T)h.size * (T)w.size); EACH_PLACE({                         \
            T *restrict d = dx + from;                                                                                \
            for (ptrdiff_t i = 0; i < channels; i++) d[i] += g[i] * scale;                                            \
        }))                                                                                                           \
    }

POOL(f32, float, -__builtin_inff())
POOL(f64, double, -__builtin_inf())

// MARK: Shared out over images

typedef enum { MAX, MAX_BACKWARD, AVERAGE, AVERAGE_BACKWARD } operation;

typedef struct task {
    const lsk_pooling *p;
    operation which;
    lsk_dtype dtype;
    const char *from;
    char *to;
    int32_t *places;
} task;

#define RUN(S)                                                                                                        \
    switch (t->which) {                                                                                               \
    case MAX: places ? max_places_##S(&p, from, to, places) : max_##S(&p, from, to); break;                           \
    case MAX_BACKWARD: max_backward_##S(&p, from, places, to); break;                                                 \
    case AVERAGE: average_##S(&p, from, to); break;                                                                   \
    case AVERAGE_BACKWARD: average_backward_##S(&p, from, to);                                                        \
    }

static void some_images(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const task *t = context;
    lsk_pooling p = *t->p;
    p.batch = end - begin;
    ptrdiff_t large = p.in_height * p.in_width * p.channels * begin, size = t->dtype == LSK_FLOAT32 ? 4 : 8;
    ptrdiff_t small = p.out_height * p.out_width * p.channels * begin;
    int backward = t->which == MAX_BACKWARD || t->which == AVERAGE_BACKWARD;
    const void *from = t->from + (backward ? small : large) * size;
    void *to = t->to + (backward ? large : small) * size;
    int32_t *places = t->places ? t->places + small : NULL;
    if (t->dtype == LSK_FLOAT32) RUN(f32)
    else RUN(f64)
}

static void run(const lsk_pooling *p, operation which, lsk_dtype dtype, const void *from, void *to,
                const int32_t *places) {
    task t = {p, which, dtype, from, to, (int32_t *)places};
    ptrdiff_t image = p->in_height * p->in_width * p->channels;
    lsk_parallel(p->batch, lsk_row_grain(image), some_images, &t);
}

void lsk_max_pool(const lsk_pooling *p, lsk_dtype dtype, const void *x, void *y, int32_t *places) {
    run(p, MAX, dtype, x, y, places);
}

void lsk_max_pool_backward(const lsk_pooling *p, lsk_dtype dtype, const void *dy, const int32_t *places, void *dx) {
    run(p, MAX_BACKWARD, dtype, dy, dx, places);
}

void lsk_average_pool(const lsk_pooling *p, lsk_dtype dtype, const void *x, void *y) {
    run(p, AVERAGE, dtype, x, y, NULL);
}

void lsk_average_pool_backward(const lsk_pooling *p, lsk_dtype dtype, const void *dy, void *dx) {
    run(p, AVERAGE_BACKWARD, dtype, dy, dx, NULL);
}
