// SPDX-License-Identifier: Apache-2.0
// The interface above the convolution engines, and the choice between them: measured once per shape and direction.
#define _GNU_SOURCE
#include "direct.h"
#include "im2col.h"
#include "lsk_memory.h"
#include "lsk_processor.h"
#include "onednn.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum { FORWARD, DATA, WEIGHT } direction;

/// One call, so that the chooser can repeat it. Forward: x, w, bias to y; data: dy, w to dx; weight: x, dy to dw.
typedef struct call {
    const lsk_convolution *c;
    direction way;
    const void *first, *second, *bias;
    void *out;
    float beta;
} call;

static int run_onednn(const call *k) {
    switch (k->way) {
    case FORWARD: return lsk_onednn_forward(k->c, k->first, k->second, k->bias, k->out);
    case DATA: return lsk_onednn_backward_data(k->c, k->first, k->second, k->out);
    default: return lsk_onednn_backward_weight(k->c, k->first, k->second, k->out, k->beta);
    }
}

static void run_im2col(const call *k, lsk_dtype dtype) {
    switch (k->way) {
    case FORWARD: lsk_im2col_forward(k->c, dtype, k->first, k->second, k->bias, k->out); break;
    case DATA: lsk_im2col_backward_data(k->c, dtype, k->first, k->second, k->out); break;
    default: lsk_im2col_backward_weight(k->c, dtype, k->first, k->second, k->out, k->beta);
    }
}

static int run_direct(const call *k) {
    if (!lsk_direct_fits(k->c)) return 0;
    switch (k->way) {
    case FORWARD: lsk_direct_forward(k->c, k->first, k->second, k->bias, k->out); break;
    case DATA: lsk_direct_backward_data(k->c, k->first, k->second, k->out); break;
    default: lsk_direct_backward_weight(k->c, k->first, k->second, k->out, k->beta);
    }
    return 1;
}

/// Returns 0 when the engine does not know the shape.
static int run_engine(const call *k, lsk_convolution_engine engine) {
    switch (engine) {
    case LSK_ENGINE_ONEDNN: return run_onednn(k);
    case LSK_ENGINE_DIRECT: return run_direct(k);
    default: run_im2col(k, LSK_FLOAT32); return 1;
    }
}

// MARK: The choice

typedef struct choice {
    lsk_convolution shape;
    direction way;
    lsk_convolution_engine engine;
} choice;

static _Thread_local lsk_convolution_engine forced = LSK_ENGINE_MEASURED;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static choice *choices;
static size_t choice_count, choice_room;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static lsk_convolution_engine from_environment = LSK_ENGINE_MEASURED;

static void read_environment(void) {
    const char *value = getenv("LOCKSTEP_CONV");
    if (value && strcmp(value, "blas") == 0) from_environment = LSK_ENGINE_BLAS;
    if (value && strcmp(value, "onednn") == 0) from_environment = LSK_ENGINE_ONEDNN;
    if (value && strcmp(value, "direct") == 0) from_environment = LSK_ENGINE_DIRECT;
}

void lsk_set_convolution_engine(lsk_convolution_engine engine) { forced = engine; }

lsk_convolution_engine lsk_get_convolution_engine(void) {
    pthread_once(&once, read_environment);
    return forced != LSK_ENGINE_MEASURED ? forced : from_environment;
}

/// Processor time, so that other ranks on the same core do not count.
static double seconds(void) {
    struct timespec t;
    clock_gettime(lsk_get_processor_report().threads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// The shortest of three runs, or of as many as fit into a fifth of a millisecond.
static double duration(const call *k, lsk_convolution_engine engine) {
    double best = 1e9, total = 0;
    for (int i = 0; i < 3 || (total < 2e-4 && i < 100); i++) {
        double start = seconds();
        run_engine(k, engine);
        double taken = seconds() - start;
        total += taken;
        if (taken < best) best = taken;
    }
    return best;
}

static lsk_convolution_engine measure(const call *k) {
    call trial = *k;
    void *spare = NULL;
    if (k->way == WEIGHT) {  // the real gradient must be added once only
        const lsk_convolution *c = k->c;
        ptrdiff_t count = c->out_channels * (c->in_channels / c->groups) * c->kernel_height * c->kernel_width;
        trial.out = spare = lsk_allocate((size_t)count * sizeof(float));
        trial.beta = 0;
    }
    // Whoever comes later must be clearly faster, so that a near tie is always decided the same way.
    static const lsk_convolution_engine order[] = {LSK_ENGINE_ONEDNN, LSK_ENGINE_DIRECT, LSK_ENGINE_BLAS};
    lsk_convolution_engine best = LSK_ENGINE_BLAS;
    double least = 1e9;
    for (int i = 0; i < 3; i++) {
        if (!run_engine(&trial, order[i])) continue;  // this run makes primitives and warms caches
        double taken = duration(&trial, order[i]);
        if (taken < least / 1.1) best = order[i], least = taken;
    }
    if (spare) lsk_release(spare);
    return best;
}

/// Looks the shape up, or measures it. Batches of similar size share a choice, so a last smaller one costs nothing.
static lsk_convolution_engine chosen(const call *k) {
    lsk_convolution key = *k->c;
    key.batch = key.batch >= 32 ? 32 : key.batch >= 8 ? 8 : 1;
    pthread_mutex_lock(&lock);
    lsk_convolution_engine engine = LSK_ENGINE_MEASURED;
    for (size_t i = 0; i < choice_count && engine == LSK_ENGINE_MEASURED; i++)
        if (choices[i].way == k->way && memcmp(&choices[i].shape, &key, sizeof key) == 0) engine = choices[i].engine;
    if (engine == LSK_ENGINE_MEASURED) {
        engine = measure(k);  // under the lock: ranks in one process do not disturb each other's measurement
        if (choice_count == choice_room) {
            choice_room = choice_room ? 2 * choice_room : 64;
            choices = realloc(choices, choice_room * sizeof *choices);
            if (!choices) abort();
        }
        choices[choice_count++] = (choice){key, k->way, engine};
    }
    pthread_mutex_unlock(&lock);
    return engine;
}

static void run(const call *k, lsk_dtype dtype) {
    lsk_convolution_engine engine = dtype == LSK_FLOAT32 ? lsk_get_convolution_engine() : LSK_ENGINE_BLAS;
    if (engine == LSK_ENGINE_MEASURED) engine = chosen(k);
    if (engine == LSK_ENGINE_BLAS || !run_engine(k, engine)) run_im2col(k, dtype);
}

void lsk_convolution_forward(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *weight,
                             const void *bias, void *y) {
    call k = {c, FORWARD, x, weight, bias, y, 0};
    run(&k, dtype);
}

void lsk_convolution_backward_data(const lsk_convolution *c, lsk_dtype dtype, const void *dy, const void *weight,
                                   void *dx) {
    call k = {c, DATA, dy, weight, NULL, dx, 0};
    run(&k, dtype);
}

void lsk_convolution_backward_weight(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *dy, void *dw,
                                     float beta) {
    call k = {c, WEIGHT, x, dy, NULL, dw, beta};
    run(&k, dtype);
}
