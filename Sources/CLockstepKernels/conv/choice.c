// SPDX-License-Identifier: Apache-2.0
// Choices between the convolution engines that are remembered: made by timing, or brought from a run that made them.
#define _GNU_SOURCE
#include "conv/choice.h"
#include "lsk_memory.h"
#include "lsk_context.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/// What was brought from another run holds for the rule, too.
typedef struct entry {
    lsk_convolution_choice choice;
    int is_kept;
} entry;
static entry *entries;
static ptrdiff_t count, room;
static _Atomic int has_kept;  // changed under the lock; while it is 0 the rule need not take it

/// Processor time, so that other ranks on the same core do not count.
static double seconds(void) {
    struct timespec t;
    clock_gettime(lsk_get_threads() > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// The shortest of three runs, or of as many as fit into a fifth of a millisecond.
static double duration(const lsk_convolution_call *k, lsk_convolution_engine engine) {
    double best = 1e9, total = 0;
    for (int i = 0; i < 3 || (total < 2e-4 && i < 100); i++) {
        double start = seconds();
        lsk_run_convolution(k, engine);
        double taken = seconds() - start;
        total += taken;
        if (taken < best) best = taken;
    }
    return best;
}

double lsk_convolution_seconds(const lsk_convolution *c, lsk_convolution_way way, lsk_convolution_engine engine,
                               const void *first, const void *second, const void *bias, void *out) {
    lsk_convolution_call k = {c, way, first, second, bias, out, 0};
    return lsk_run_convolution(&k, engine) ? duration(&k, engine) : -1;  // this run makes primitives and warms caches
}

static lsk_convolution_engine measure(const lsk_convolution_call *k) {
    const lsk_convolution *c = k->c;
    void *out = k->out, *spare = NULL;
    if (k->way == LSK_BACKWARD_WEIGHT) {  // the real gradient must be added once only
        ptrdiff_t weights = c->out_channels * (c->in_channels / c->groups) * c->kernel_height * c->kernel_width;
        out = spare = lsk_allocate((size_t)weights * sizeof(float));
    }
    // Whoever comes later must be clearly faster, so that a near tie is mostly decided the same way.
    static const lsk_convolution_engine order[] = {LSK_ENGINE_ONEDNN, LSK_ENGINE_DIRECT, LSK_ENGINE_BLAS};
    lsk_convolution_engine best = LSK_ENGINE_BLAS;
    double least = 1e9;
    for (int i = 0; i < 3; i++) {
        double taken = lsk_convolution_seconds(c, k->way, order[i], k->first, k->second, k->bias, out);
        if (taken >= 0 && taken < least / 1.1) best = order[i], least = taken;
    }
    if (spare) lsk_release(spare);
    return best;
}

/// The entry for a shape and way; NULL when there is none. Under the lock.
static entry *find(const lsk_convolution *c, lsk_convolution_way way) {
    for (ptrdiff_t i = 0; i < count; i++)
        if (entries[i].choice.way == way && memcmp(&entries[i].choice.shape, c, sizeof *c) == 0) return &entries[i];
    return NULL;
}

static void add(lsk_convolution_choice choice, int is_kept) {
    if (count == room) {
        room = room ? 2 * room : 64;
        entries = realloc(entries, (size_t)room * sizeof *entries);
        if (!entries) abort();
    }
    entries[count++] = (entry){choice, is_kept};
}

lsk_convolution_engine lsk_chosen_engine(const lsk_convolution_call *k, int measures) {
    if (!measures && !has_kept) return LSK_ENGINE_RULE;
    lsk_convolution key = *k->c;
    key.batch = 0;  // a last smaller batch, and another rank's part, use what the others use
    pthread_mutex_lock(&lock);
    const entry *known = find(&key, k->way);
    lsk_convolution_engine engine = known && (measures || known->is_kept) ? known->choice.engine : LSK_ENGINE_RULE;
    if (!known && measures) {
        engine = measure(k);  // under the lock: ranks in one process do not disturb each other's measurement
        add((lsk_convolution_choice){key, k->way, engine}, 0);
    }
    pthread_mutex_unlock(&lock);
    return engine;
}

ptrdiff_t lsk_get_convolution_choices(lsk_convolution_choice *to, ptrdiff_t limit) {
    pthread_mutex_lock(&lock);
    ptrdiff_t all = count;
    for (ptrdiff_t i = 0; to && i < all && i < limit; i++) to[i] = entries[i].choice;
    pthread_mutex_unlock(&lock);
    return all;
}

void lsk_set_convolution_choices(const lsk_convolution_choice *choices, ptrdiff_t length) {
    pthread_mutex_lock(&lock);
    count = 0;
    for (ptrdiff_t i = 0; i < length; i++) add(choices[i], 1);
    has_kept = length > 0;
    pthread_mutex_unlock(&lock);
}
