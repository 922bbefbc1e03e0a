// SPDX-License-Identifier: Apache-2.0
// Division of rows by their root mean square.
#include "lsk_norm.h"
#include "base/simd.h"
#include "lsk_memory.h"
#include "lsk_parallel.h"
#include <math.h>
#include <string.h>

#define REAL float
#define NAME(x) x##_f32
#define root_f32 sqrtf
#include "norm/rms_norm_typed.h"
#undef REAL
#undef NAME
#define REAL double
#define NAME(x) x##_f64
#define root_f64 sqrt
#include "norm/rms_norm_typed.h"

/// Offsets any pointer of the element type by n elements; NULL stays NULL.
#define AT(pointer, n) ((pointer) ? (void *)((char *)(pointer) + (n) * lsk_element_size(t->dtype)) : NULL)

typedef struct {
    ptrdiff_t width;
    lsk_dtype dtype;
    double epsilon;
    const void *x, *weight, *dy, *saved;
    void *y, *inverse;
} rms_task;

static void forward_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const rms_task *t = context;
    ptrdiff_t at = begin * t->width, rows = end - begin;
    if (t->dtype == LSK_FLOAT32)
        rms_norm_f32(rows, t->width, (float)t->epsilon, AT(t->x, at), t->weight, AT(t->y, at), AT(t->inverse, begin));
    else rms_norm_f64(rows, t->width, t->epsilon, AT(t->x, at), t->weight, AT(t->y, at), AT(t->inverse, begin));
}

static void backward_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const rms_task *t = context;
    ptrdiff_t at = begin * t->width, rows = end - begin;
    if (t->dtype == LSK_FLOAT32)
        rms_norm_dx_f32(rows, t->width, AT(t->dy, at), AT(t->x, at), t->weight, AT(t->saved, begin), AT(t->y, at));
    else rms_norm_dx_f64(rows, t->width, AT(t->dy, at), AT(t->x, at), t->weight, AT(t->saved, begin), AT(t->y, at));
}

void lsk_rms_norm(ptrdiff_t rows, ptrdiff_t width, lsk_dtype dtype, double epsilon, const void *x, const void *weight,
                  void *y, void *inverse) {
    rms_task t = {width, dtype, epsilon, x, weight, NULL, NULL, y, inverse};
    lsk_parallel(rows, lsk_row_grain(width), forward_part, &t);
}

void lsk_rms_norm_backward(ptrdiff_t rows, ptrdiff_t width, lsk_dtype dtype, const void *dy, const void *x,
                           const void *weight, const void *inverse, void *dx, void *dw, float dw_beta) {
    if (dx) {
        rms_task t = {width, dtype, 0, x, weight, dy, inverse, dx, NULL};
        lsk_parallel(rows, lsk_row_grain(width), backward_part, &t);
    }
    if (!dw) return;
    if (dtype == LSK_FLOAT32) rms_norm_dw_f32(rows, width, dy, x, inverse, dw, dw_beta);
    else rms_norm_dw_f64(rows, width, dy, x, inverse, dw, (double)dw_beta);
}
