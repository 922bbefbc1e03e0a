// SPDX-License-Identifier: Apache-2.0
// A caching allocator: size classes, a free list per thread and class, one shared pool for what overflows. Large blocks are
// one store for all threads. After the first iterations a training step asks the system for nothing.
#include "lsk_memory.h"
#include "base/large_blocks.h"
#include "base/size_class.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/// A thread keeps so many free blocks of a class, if they are not more bytes than that.
enum { LSK_KEEP = 32, LSK_KEEP_BYTES = 1 << 20 };

typedef struct cache {
    block *lists[LSK_LARGE_CLASS];
    uint16_t counts[LSK_LARGE_CLASS];
    int64_t live;
    int registered;
} cache;

static _Thread_local cache local;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static block *pool[LSK_LARGE_CLASS];
static _Atomic uint64_t system_requests, system_bytes;
static pthread_key_t exit_key;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;

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
    // What other destructors of the thread release comes after it.
    local.registered = 0;
    for (uint32_t c = 0; c < LSK_LARGE_CLASS; c++)
        if (local.lists[c]) to_pool(c);
}
static void make_exit_key(void) { pthread_key_create(&exit_key, at_thread_exit); }

// Before the thread keeps its first block: what it keeps goes to the pool when it ends.
static void keep(void) {
    local.registered = 1;
    pthread_once(&exit_once, make_exit_key);
    pthread_setspecific(exit_key, &local);
}

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
    if (posix_memalign(&memory, 64, bytes) != 0) lsk_out_of_memory(bytes);
    atomic_fetch_add_explicit(&system_requests, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&system_bytes, bytes, memory_order_relaxed);
    block *b = memory;
    b->size_class = size_class;
    return b;
}

void *lsk_allocate(size_t bytes) {
    uint32_t size_class = class_of(bytes);
    if (size_class >= LSK_LARGE_CLASS) {
        local.live++;
        return (char *)lsk_take_large(size_class) + LSK_HEADER;
    }
    block *b = local.lists[size_class];
    if (b) {
        local.lists[size_class] = b->next;
        local.counts[size_class]--;
    } else {
        b = from_pool(size_class);
        if (!b) b = from_system(size_class);
    }
    local.live++;
    return (char *)b + LSK_HEADER;
}

void lsk_release(void *pointer) {
    block *b = (block *)((char *)pointer - LSK_HEADER);
    uint32_t size_class = b->size_class;
    local.live--;
    if (size_class >= LSK_LARGE_CLASS) {
        lsk_give_large(b);
        return;
    }
    // A loader's worker finds them in the pool.
    uint32_t count = local.counts[size_class];
    if (count >= LSK_KEEP || (count >= 4 && count * class_bytes(size_class) > LSK_KEEP_BYTES)) to_pool(size_class);
    if (!local.registered) keep();
    b->next = local.lists[size_class];
    local.lists[size_class] = b;
    local.counts[size_class]++;
}

void lsk_trim(void) {
    for (uint32_t c = 0; c < LSK_LARGE_CLASS; c++) {
        to_pool(c);
        for (block *b; (b = from_pool(c));) {
            atomic_fetch_sub_explicit(&system_bytes, class_bytes(c) + LSK_HEADER, memory_order_relaxed);
            free(b);
        }
    }
    lsk_trim_large();
}

lsk_memory_statistics lsk_get_memory_statistics(void) {
    large_statistics large = lsk_get_large_statistics();
    lsk_memory_statistics s = {atomic_load_explicit(&system_requests, memory_order_relaxed) + large.requests,
                               atomic_load_explicit(&system_bytes, memory_order_relaxed) + large.held, local.live};
    return s;
}
