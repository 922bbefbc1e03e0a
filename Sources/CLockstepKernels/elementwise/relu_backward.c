// SPDX-License-Identifier: Apache-2.0
// What a rectifier does to the gradients that meet there, in place.
#include "lsk_unary.h"
#include "base/simd.h"
#include "lsk_parallel.h"

typedef struct {
    lsk_dtype dtype;
    char *gradient;
    const char *added, *values;
} task;

#define RELU_BACKWARD(NAME, T)                                                                                        \
    LSK_SIMD static void NAME(ptrdiff_t n, T *g, const T *added, const T *values) {                                   \
        if (added) {                                                                                                  \
            _Pragma("clang loop vectorize(assume_safety)")                                                            \
            for (ptrdiff_t i = 0; i < n; i++) g[i] = values[i] > 0 ? g[i] + added[i] : 0;                             \
        } else {                                                                                                      \
            _Pragma("clang loop vectorize(assume_safety)")                                                            \
            for (ptrdiff_t i = 0; i < n; i++) g[i] = values[i] > 0 ? g[i] : 0;                                        \
        }                                                                                                             \
    }
RELU_BACKWARD(relu_backward_f32, float)
RELU_BACKWARD(relu_backward_f64, double)

static void part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const task *t = context;
    ptrdiff_t at = begin * (t->dtype == LSK_FLOAT32 ? 4 : 8);
    void *g = t->gradient + at;
    const void *added = t->added ? t->added + at : NULL, *values = t->values + at;
    if (t->dtype == LSK_FLOAT32) relu_backward_f32(end - begin, g, added, values);
    else relu_backward_f64(end - begin, g, added, values);
}

void lsk_relu_backward(lsk_dtype dtype, ptrdiff_t n, void *gradient, const void *added, const void *values) {
    task t = {dtype, gradient, added, values};
    lsk_parallel(n, LSK_ELEMENT_GRAIN, part, &t);
}
