// SPDX-License-Identifier: Apache-2.0
// The interface above the convolution engines: who computes a call.
#define _GNU_SOURCE
#include "conv/choice.h"
#include "conv/engines.h"
#include "lsk_context.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static lsk_convolution_engine from_environment = LSK_ENGINE_RULE;

static void read_environment(void) {
    static const struct {
        const char *name;
        lsk_convolution_engine engine;
    } names[] = {
        {"blas", LSK_ENGINE_BLAS},
        {"onednn", LSK_ENGINE_ONEDNN},
        {"direct", LSK_ENGINE_DIRECT},
        {"measured", LSK_ENGINE_MEASURED},
    };
    const char *value = getenv("LOCKSTEP_CONV");
    for (size_t i = 0; value && i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i].name) == 0) from_environment = names[i].engine;
}

lsk_convolution_engine lsk_set_convolution_engine(lsk_convolution_engine engine) {
    lsk_convolution_engine before = (lsk_convolution_engine)lsk_thread_context.convolution_engine;
    lsk_thread_context.convolution_engine = (int32_t)engine;
    return before;
}

lsk_convolution_engine lsk_get_convolution_engine(void) {
    pthread_once(&once, read_environment);
    lsk_convolution_engine own = (lsk_convolution_engine)lsk_thread_context.convolution_engine;
    return own != LSK_ENGINE_RULE ? own : from_environment;
}

static void run(const lsk_convolution_call *k, lsk_dtype dtype) {
    lsk_convolution_engine engine = dtype == LSK_FLOAT32 ? lsk_get_convolution_engine() : LSK_ENGINE_BLAS;
    if (engine == LSK_ENGINE_RULE || engine == LSK_ENGINE_MEASURED)
        engine = lsk_chosen_engine(k, engine == LSK_ENGINE_MEASURED);
    if (engine == LSK_ENGINE_RULE) engine = lsk_convolution_rule(k->c, k->way);
    if (engine == LSK_ENGINE_BLAS || !lsk_run_convolution(k, engine)) lsk_run_im2col(k, dtype);
}

void lsk_convolution_forward(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *weight,
                             const void *bias, void *y) {
    lsk_convolution_call k = {c, LSK_FORWARD, x, weight, bias, y, 0};
    run(&k, dtype);
}

void lsk_convolution_backward_data(const lsk_convolution *c, lsk_dtype dtype, const void *dy, const void *weight,
                                   void *dx) {
    lsk_convolution_call k = {c, LSK_BACKWARD_DATA, dy, weight, NULL, dx, 0};
    run(&k, dtype);
}

void lsk_convolution_backward_weight(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *dy, void *dw,
                                     float beta) {
    lsk_convolution_call k = {c, LSK_BACKWARD_WEIGHT, x, dy, NULL, dw, beta};
    run(&k, dtype);
}
