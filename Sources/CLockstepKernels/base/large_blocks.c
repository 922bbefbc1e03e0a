// SPDX-License-Identifier: Apache-2.0
// Large blocks, free ones for all threads: a loader's worker fills what the trainer has let go of. What is held grows with what was
// in use at once, not with the number of sizes that were ever asked for.
#define _GNU_SOURCE
#include "base/large_blocks.h"
#include "lsk_memory.h"
#include "base/size_class.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define LSK_FROM_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LSK_FROM_HEAP 1  // the sanitizer knows the ends of blocks of the heap only
#endif
#endif

enum { PAGE = 4096, HUGE = 2 << 20, HUGE_FROM = 4 << 20 };
/// Held beyond what the bound allows: little models are never short.
static const double slack = 4 << 20;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static block *newest[LSK_CLASSES], *oldest[LSK_CLASSES];  // free ones
static uint32_t given_back[LSK_CLASSES];
static uint64_t requests, held, live, peak, releases;
#define LEAST_BOUND 1.125
/// What is held for each byte of the peak, at most. It grows, no further once it is beyond `MOST_BOUND`, each time a block is missed
/// that was given back, by a thread whose last two whole steps asked for the same: steps that repeat come to ask the system for
/// nothing, those that vary do not come to hold all that they ever asked for.
static double bound = LEAST_BOUND;
#define MOST_BOUND 4

/// A hash of what this thread has asked for in its step, that of the step before, and whether the last two whole ones agreed.
static _Thread_local uint64_t asked, asked_before;
static _Thread_local int repeats;

static size_t block_bytes(uint32_t size_class) {
    return (class_bytes(size_class) + LSK_HEADER + PAGE - 1) / PAGE * PAGE;
}

void lsk_out_of_memory(size_t bytes) {
    fprintf(stderr, "lockstep: out of memory: a tensor needs %zu bytes\n", bytes);
    abort();
}

static block *from_system(uint32_t size_class) {
    size_t bytes = block_bytes(size_class);
#ifdef LSK_FROM_HEAP
    void *memory = NULL;
    if (posix_memalign(&memory, 64, bytes) != 0) lsk_out_of_memory(bytes);
#else
    // Fewer page faults where huge pages fit; what stands over at both ends is given back at once.
    size_t over = bytes >= HUGE_FROM ? HUGE : 0;
    char *memory = mmap(NULL, bytes + over, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) lsk_out_of_memory(bytes);
    if (over) {
        size_t before = -(uintptr_t)memory & (HUGE - 1);
        if (before) munmap(memory, before);
        memory += before;
        if (over - before) munmap(memory + bytes, over - before);
        madvise(memory, bytes, MADV_HUGEPAGE);  // advice only
    }
#endif
    block *b = (block *)memory;
    b->size_class = size_class;
    return b;
}

static void to_system(block *b) {
#ifdef LSK_FROM_HEAP
    free(b);
#else
    munmap(b, block_bytes(b->size_class));
#endif
}

static void unlink_free(block *b) {
    uint32_t c = b->size_class;
    if (b->next) b->next->previous = b->previous;
    else oldest[c] = b->previous;
    if (b->previous) b->previous->next = b->next;
    else newest[c] = b->next;
}

/// The free block that has lain longest; NULL without any. Seldom asked for.
static block *longest_free(void) {
    block *found = NULL;
    for (uint32_t c = LSK_LARGE_CLASS; c < LSK_CLASSES; c++)
        if (oldest[c] && (!found || oldest[c]->released < found->released)) found = oldest[c];
    return found;
}

/// Takes a free block out, and puts it before those that are to be given back.
static block *drop(block *b, block *others) {
    unlink_free(b);
    held -= block_bytes(b->size_class);
    b->next = others;
    return b;
}

/// Without the lock: the system clears and maps pages in its own time, and no other thread waits for that.
static void all_to_system(block *b) {
    while (b) {
        block *next = b->next;
        to_system(b);
        b = next;
    }
}

/// Whether `bytes` more would be more than the work has shown to need.
static int is_beyond(size_t bytes) {
    uint64_t need = live + bytes > peak ? live + bytes : peak;
    return (double)(held + bytes) > bound * (double)need + slack;
}

/// A free block of the class, or a larger one where another would be too many; NULL if the system has to be asked.
static block *free_block(uint32_t size_class, size_t bytes) {
    uint32_t last = is_beyond(bytes) ? LSK_CLASSES - 1 : size_class;
    for (uint32_t c = size_class; c <= last; c++)
        if (newest[c]) return newest[c];
    return NULL;
}

block *lsk_take_large(uint32_t size_class) {
    size_t bytes = block_bytes(size_class);
    block *dropped = NULL;
    asked = (asked ^ size_class) * 0x9E3779B97F4A7C15u;
    pthread_mutex_lock(&lock);
    block *b = free_block(size_class, bytes);
    if (b) {
        unlink_free(b);
    } else {
        if (repeats && given_back[size_class] && bound < MOST_BOUND) {
            given_back[size_class]--;
            bound *= 1.125;
        }
        for (block *old; is_beyond(bytes) && (old = longest_free());) {
            given_back[old->size_class]++;
            dropped = drop(old, dropped);
        }
        held += bytes;
        requests++;
    }
    live += bytes;
    if (live > peak) peak = live;
    pthread_mutex_unlock(&lock);
    all_to_system(dropped);
    if (!b) b = from_system(size_class);
    b->asked_class = size_class;
    return b;
}

void lsk_give_large(block *b) {
    uint32_t c = b->size_class;
    pthread_mutex_lock(&lock);
    live -= block_bytes(b->asked_class);
    b->released = releases++;
    b->previous = NULL;
    b->next = newest[c];
    if (b->next) b->next->previous = b;
    else oldest[c] = b;
    newest[c] = b;
    pthread_mutex_unlock(&lock);
}

void lsk_end_step(void) {
    repeats = asked == asked_before;
    asked_before = asked;
    asked = 0;
}

void lsk_trim_large(void) {
    block *dropped = NULL;
    pthread_mutex_lock(&lock);
    for (block *old; (old = longest_free());) dropped = drop(old, dropped);
    // What was needed until now says nothing of what comes.
    peak = live;
    bound = LEAST_BOUND;
    memset(given_back, 0, sizeof given_back);
    pthread_mutex_unlock(&lock);
    all_to_system(dropped);
}

large_statistics lsk_get_large_statistics(void) {
    pthread_mutex_lock(&lock);
    large_statistics s = {requests, held};
    pthread_mutex_unlock(&lock);
    return s;
}
