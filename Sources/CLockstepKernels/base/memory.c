// SPDX-License-Identifier: Apache-2.0
// A caching allocator: size classes, a free list per thread and class, one shared pool for what overflows.
// After the first iterations a training step finds every block it needs in its thread's cache.
#define _GNU_SOURCE
#include "lsk_memory.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LSK_CLASSES = 160, LSK_HEADER = 64, LSK_KEEP = 32 };

typedef struct block {
    struct block *next;
    uint32_t size_class;
} block;

typedef struct cache {
    block *lists[LSK_CLASSES];
    uint16_t counts[LSK_CLASSES];
    int64_t live;
    int registered;
} cache;

static _Thread_local cache local;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static block *pool[LSK_CLASSES];
static _Atomic uint64_t system_requests, system_bytes;
static pthread_key_t exit_key;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;

/// Four classes per power of two, from 64 bytes: at most a fifth of a block is wasted.
static uint32_t class_of(size_t bytes) {
    if (bytes <= 64) return 0;
    size_t top = 63 - (size_t)__builtin_clzll(bytes - 1);  // 2^top < bytes <= 2^(top+1)
    size_t quarter = ((bytes - 1) >> (top - 2)) & 3;
    return (uint32_t)((top - 6) * 4 + quarter + 1);
}

static size_t class_bytes(uint32_t size_class) {
    if (size_class == 0) return 64;
    size_t top = (size_class - 1) / 4 + 6, quarter = (size_class - 1) % 4;
    return ((size_t)1 << top) + (quarter + 1) * ((size_t)1 << (top - 2));
}

static void to_pool(uint32_t size_class) {
    pthread_mutex_lock(&pool_lock);
    while (local.lists[size_class]) {
        block *b = local.lists[size_class];
        local.lists[size_class] = b->next;
        b->next = pool[size_class];
        pool[size_class] = b;
    }
    local.counts[size_class] = 0;
    pthread_mutex_unlock(&pool_lock);
}

static void at_thread_exit(void *ignored) {
    (void)ignored;
    for (uint32_t c = 0; c < LSK_CLASSES; c++)
        if (local.lists[c]) to_pool(c);
}
static void make_exit_key(void) { pthread_key_create(&exit_key, at_thread_exit); }

static block *from_pool(uint32_t size_class) {
    pthread_mutex_lock(&pool_lock);
    block *b = pool[size_class];
    if (b) pool[size_class] = b->next;
    pthread_mutex_unlock(&pool_lock);
    return b;
}

static block *from_system(uint32_t size_class) {
    size_t bytes = class_bytes(size_class) + LSK_HEADER;
    void *memory = NULL;
    size_t alignment = bytes >= ((size_t)4 << 20) ? (size_t)2 << 20 : 64;
    if (posix_memalign(&memory, alignment, bytes) != 0) {
        fprintf(stderr, "lockstep: out of memory: a tensor needs %zu bytes\n", bytes);
        abort();
    }
    if (alignment > 64) madvise(memory, bytes, MADV_HUGEPAGE);  // fewer page faults on large buffers; advice only
    atomic_fetch_add_explicit(&system_requests, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&system_bytes, bytes, memory_order_relaxed);
    block *b = memory;
    b->size_class = size_class;
    return b;
}

void *lsk_allocate(size_t bytes) {
    uint32_t size_class = class_of(bytes);
    block *b = local.lists[size_class];
    if (b) {
        local.lists[size_class] = b->next;
        local.counts[size_class]--;
    } else {
        if (!local.registered) {
            local.registered = 1;
            pthread_once(&exit_once, make_exit_key);
            pthread_setspecific(exit_key, &local);
        }
        b = from_pool(size_class);
        if (!b) b = from_system(size_class);
    }
    local.live++;
    return (char *)b + LSK_HEADER;
}

void lsk_release(void *pointer) {
    block *b = (block *)((char *)pointer - LSK_HEADER);
    uint32_t size_class = b->size_class;
    if (local.counts[size_class] >= LSK_KEEP) to_pool(size_class);  // a loader's worker finds them there
    b->next = local.lists[size_class];
    local.lists[size_class] = b;
    local.counts[size_class]++;
    local.live--;
}

void lsk_trim(void) {
    for (uint32_t c = 0; c < LSK_CLASSES; c++) {
        to_pool(c);
        for (block *b; (b = from_pool(c));) {
            atomic_fetch_sub_explicit(&system_bytes, class_bytes(c) + LSK_HEADER, memory_order_relaxed);
            free(b);
        }
    }
}

lsk_memory_statistics lsk_get_memory_statistics(void) {
    lsk_memory_statistics s = {atomic_load_explicit(&system_requests, memory_order_relaxed),
                               atomic_load_explicit(&system_bytes, memory_order_relaxed), local.live};
    return s;
}
