// SPDX-License-Identifier: Apache-2.0
// Normalisation kernels: chooses the element type and owns the scratch memory.
#include "lsk_norm.h"
#include "base/exact.h"
#include "base/simd.h"
#include "lsk_memory.h"
#include "lsk_parallel.h"
#include <math.h>
#include <string.h>

static ptrdiff_t gcd(ptrdiff_t a, ptrdiff_t b) {
    while (b) {
        ptrdiff_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/// Elements per pass: a multiple of the channels, of 16 and at least 64; wide rows are their own period.
static ptrdiff_t period_of(ptrdiff_t channels) {
    if (channels >= 256) return channels;
    ptrdiff_t period = channels * (16 / gcd(channels, 16));
    while (period < 64) period *= 2;
    return period;
}

#define REAL float
#define NAME(x) x##_f32
#define root_f32 sqrtf
#include "norm/channel_norm_typed.h"
#include "norm/layer_norm_typed.h"
#undef REAL
#undef NAME
#define REAL double
#define NAME(x) x##_f64
#define root_f64 sqrt
#include "norm/channel_norm_typed.h"
#include "norm/layer_norm_typed.h"

/// Offsets any pointer of the element type by n elements; NULL stays NULL.
#define AT(pointer, n) ((void *)((char *)(pointer) + (n) * lsk_element_size(dtype)))

void lsk_channel_moments(ptrdiff_t segments, ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype, const void *x,
                         double *sums) {
    ptrdiff_t period = period_of(channels), all = segments * channels;
    void *scratch = lsk_allocate((size_t)((3 * period + channels) * lsk_element_size(dtype)));
    for (ptrdiff_t s = 0; s < segments; s++, sums += channels) {
        const void *at = AT(x, s * rows * channels);
        if (dtype == LSK_FLOAT32)
            moments_f32(rows, channels, period, at, scratch, sums, sums + all, sums + 2 * all, sums + 3 * all);
        else moments_f64(rows, channels, period, at, scratch, sums, sums + all, sums + 2 * all, sums + 3 * all);
    }
    lsk_release(scratch);
}

// Passes over single rows are shared out over the threads.
typedef struct {
    ptrdiff_t channels;
    lsk_dtype dtype;
    const void *x, *dy, *mean, *a, *b, *c, *added, *shift;
    int rectifies;
    void *out;
} row_task;

static void apply_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const row_task *t = context;
    ptrdiff_t period = period_of(t->channels), at = begin * t->channels, rows = end - begin;
    lsk_dtype dtype = t->dtype;
    const void *added = t->added ? AT(t->added, at) : NULL;
    void *scratch = lsk_allocate((size_t)(3 * period * lsk_element_size(dtype)));
    if (dtype == LSK_FLOAT32)
        apply_f32(rows, t->channels, period, AT(t->x, at), t->mean, t->a, t->b, added, t->rectifies, scratch,
                  AT(t->out, at));
    else
        apply_f64(rows, t->channels, period, AT(t->x, at), t->mean, t->a, t->b, added, t->rectifies, scratch,
                  AT(t->out, at));
    lsk_release(scratch);
}

void lsk_channel_apply(ptrdiff_t segments, ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype, const void *x,
                       const void *mean, const void *scale, const void *shift, const void *added, int rectifies,
                       void *y) {
    for (ptrdiff_t s = 0; s < segments; s++) {
        ptrdiff_t at = s * rows * channels, k = s * channels;
        row_task t = {.channels = channels,
                      .dtype = dtype,
                      .x = AT(x, at),
                      .mean = AT(mean, k),
                      .a = AT(scale, k),
                      .b = AT(shift, k),
                      .added = added ? AT(added, at) : NULL,
                      .rectifies = rectifies,
                      .out = AT(y, at)};
        lsk_parallel(rows, lsk_row_grain(channels), apply_part, &t);
    }
}

void lsk_channel_products(ptrdiff_t segments, ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype, const void *dy,
                          const void *x, const void *mean, const void *rest, const void *scale, const void *shift,
                          double *sum, double *product) {
    ptrdiff_t period = period_of(channels);
    void *scratch = lsk_allocate((size_t)(5 * period * lsk_element_size(dtype)));
    for (ptrdiff_t s = 0; s < segments; s++, sum += channels, product += channels) {
        const void *g = AT(dy, s * rows * channels), *in = AT(x, s * rows * channels), *m = AT(mean, s * channels);
        const void *a = scale ? AT(scale, s * channels) : NULL, *b = scale ? AT(shift, s * channels) : NULL;
        const void *r = rest ? AT(rest, s * channels) : NULL;
        if (dtype == LSK_FLOAT32) products_f32(rows, channels, period, g, in, m, r, a, b, scratch, sum, product);
        else products_f64(rows, channels, period, g, in, m, r, a, b, scratch, sum, product);
    }
    lsk_release(scratch);
}

static void backward_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const row_task *t = context;
    ptrdiff_t period = period_of(t->channels), at = begin * t->channels, rows = end - begin;
    lsk_dtype dtype = t->dtype;
    void *scratch = lsk_allocate((size_t)(5 * period * lsk_element_size(dtype)));
    if (dtype == LSK_FLOAT32)
        backward_f32(rows, t->channels, period, AT(t->dy, at), AT(t->x, at), t->mean, t->a, t->b, t->c, t->shift,
                     scratch, AT(t->out, at));
    else
        backward_f64(rows, t->channels, period, AT(t->dy, at), AT(t->x, at), t->mean, t->a, t->b, t->c, t->shift,
                     scratch, AT(t->out, at));
    lsk_release(scratch);
}

void lsk_channel_backward(ptrdiff_t segments, ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype, const void *dy,
                          const void *x, const void *mean, const void *a, const void *b, const void *c,
                          const void *shift, void *dx) {
    for (ptrdiff_t s = 0; s < segments; s++) {
        ptrdiff_t at = s * rows * channels, k = s * channels;
        row_task t = {.channels = channels,
                      .dtype = dtype,
                      .x = AT(x, at),
                      .dy = AT(dy, at),
                      .mean = AT(mean, k),
                      .a = AT(a, k),
                      .b = AT(b, k),
                      .c = AT(c, k),
                      .shift = shift ? AT(shift, k) : NULL,
                      .out = AT(dx, at)};
        lsk_parallel(rows, lsk_row_grain(channels), backward_part, &t);
    }
}

void lsk_channel_sum(ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype, const void *x, void *out, float beta) {
    ptrdiff_t period = period_of(channels);
    double *sum = lsk_allocate((size_t)channels * sizeof(double) + (size_t)(period * lsk_element_size(dtype)));
    if (dtype == LSK_FLOAT32) {
        float *o = out;
        sum_rows_f32(rows, channels, period, x, (float *)(sum + channels), sum);
        for (ptrdiff_t i = 0; i < channels; i++) o[i] = (float)sum[i] + (beta == 0 ? 0 : beta * o[i]);
    } else {
        double *o = out;
        sum_rows_f64(rows, channels, period, x, sum + channels, sum);
        for (ptrdiff_t i = 0; i < channels; i++) o[i] = sum[i] + (beta == 0 ? 0 : beta * o[i]);
    }
    lsk_release(sum);
}

void lsk_channel_statistics(ptrdiff_t n, double count, const double *sums, lsk_dtype dtype, void *mean, void *rest,
                            void *variance) {
    if (dtype == LSK_FLOAT32) statistics_f32(n, count, sums, mean, rest, variance);
    else statistics_f64(n, count, sums, mean, rest, variance);
}

void lsk_channel_inverse(ptrdiff_t n, double epsilon, lsk_dtype dtype, const void *variance, void *inverse) {
    if (dtype == LSK_FLOAT32) inverse_f32(n, epsilon, variance, inverse);
    else inverse_f64(n, epsilon, variance, inverse);
}

void lsk_channel_coefficients(ptrdiff_t n, double count, const double *sum, const double *product, lsk_dtype dtype,
                              const void *rest, const void *scale, const void *inverse, void *b, void *c) {
    if (dtype == LSK_FLOAT32) coefficients_f32(n, count, sum, product, rest, scale, inverse, b, c);
    else coefficients_f64(n, count, sum, product, rest, scale, inverse, b, c);
}

typedef struct {
    ptrdiff_t width;
    lsk_dtype dtype;
    double epsilon;
    const void *x, *weight, *bias;
    void *y, *mean, *rest, *inverse;
} layer_task;

static void layer_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const layer_task *t = context;
    ptrdiff_t at = begin * t->width, rows = end - begin;
    lsk_dtype dtype = t->dtype;
    if (dtype == LSK_FLOAT32)
        layer_norm_f32(rows, t->width, (float)t->epsilon, AT(t->x, at), t->weight, t->bias, AT(t->y, at),
                       AT(t->mean, begin), AT(t->rest, begin), AT(t->inverse, begin));
    else
        layer_norm_f64(rows, t->width, t->epsilon, AT(t->x, at), t->weight, t->bias, AT(t->y, at), AT(t->mean, begin),
                       AT(t->rest, begin), AT(t->inverse, begin));
}

void lsk_layer_norm(ptrdiff_t rows, ptrdiff_t width, lsk_dtype dtype, double epsilon, const void *x, const void *weight,
                    const void *bias, void *y, void *mean, void *rest, void *inverse) {
    layer_task t = {width, dtype, epsilon, x, weight, bias, y, mean, rest, inverse};
    lsk_parallel(rows, lsk_row_grain(width), layer_part, &t);
}

void lsk_layer_norm_backward(ptrdiff_t rows, ptrdiff_t width, lsk_dtype dtype, const void *dy, const void *x,
                             const void *weight, const void *mean, const void *rest, const void *inverse,
                             const void *added, void *dx, void *dw, float dw_beta, void *db, float db_beta) {
    if (dtype == LSK_FLOAT32)
        layer_norm_backward_f32(rows, width, dy, x, weight, mean, rest, inverse, added, dx, dw, dw_beta, db, db_beta);
    else layer_norm_backward_f64(rows, width, dy, x, weight, mean, rest, inverse, added, dx, dw, dw_beta, db, db_beta);
}
