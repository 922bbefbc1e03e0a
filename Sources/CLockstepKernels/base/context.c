// SPDX-License-Identifier: Apache-2.0
// Storage of the threads' contexts, and what holds where one says nothing.
#include "lsk_context.h"
#include <stdatomic.h>

_Thread_local lsk_context lsk_thread_context;

enum { MOST_THREADS = 256 };
static _Atomic int32_t default_threads = 1;

int32_t lsk_get_default_threads(void) { return atomic_load_explicit(&default_threads, memory_order_relaxed); }

void lsk_set_default_threads(int32_t count) {
    atomic_store(&default_threads, count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : count);
}

int32_t lsk_get_threads(void) {
    int32_t own = lsk_thread_context.threads;
    if (own <= 0) return lsk_get_default_threads();
    return own > MOST_THREADS ? MOST_THREADS : own;
}
