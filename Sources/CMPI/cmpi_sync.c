// SPDX-License-Identifier: Apache-2.0
// Waiting on flags in shared memory: spin, then yield, then sleep on a futex. Ranks may exceed cores.
#define _GNU_SOURCE
#include "cmpi_sync.h"
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
// Not FUTEX_PRIVATE: the word may be shared by processes.
static void sleep_on(const uint32_t *word, uint32_t expected, int64_t ns) {
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    syscall(SYS_futex, word, FUTEX_WAIT, expected, &t, NULL, 0);
}
static void wake(const uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); }
#else
static void sleep_on(const uint32_t *word, uint32_t expected, int64_t ns) {
    (void)word; (void)expected;
    struct timespec t = {0, ns < 200000 ? ns : 200000};
    nanosleep(&t, NULL);
}
static void wake(const uint32_t *word) { (void)word; }
#endif

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

int64_t cmpi_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// Flags wrap around: compare by distance.
static inline int reached(const cmpi_record *record, uint32_t phase) {
    return (int32_t)(cmpi_load(&record->phase) - phase) >= 0;
}

int cmpi_synchronise(cmpi_record *const *records, int count, int rank, uint32_t phase, int64_t spin_ns, int64_t yield_ns) {
    cmpi_record *own = records[rank];
    // Sequentially consistent: either we see the sleeper's count, or the sleeper sees our flag.
    __atomic_store_n(&own->phase, phase, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&own->waiters, __ATOMIC_SEQ_CST)) wake(&own->phase);
    int64_t start = 0, elapsed = 0;
    for (int i = 0; i < count; ++i) {
        if (i == rank) continue;
        while (!reached(records[i], phase)) {
            if (start == 0) start = cmpi_now();
            if (elapsed < spin_ns) {
                for (int k = 0; k < 16 && !reached(records[i], phase); ++k) relax();
            } else if (elapsed < yield_ns) {
                sched_yield();
            } else {
                return i;
            }
            elapsed = cmpi_now() - start;
        }
    }
    return -1;
}

int cmpi_wait(cmpi_record *record, uint32_t phase, const uint32_t *alarm, int64_t timeout_ns) {
    int64_t deadline = cmpi_now() + timeout_ns;
    for (;;) {
        __atomic_fetch_add(&record->waiters, 1, __ATOMIC_SEQ_CST);
        uint32_t seen = __atomic_load_n(&record->phase, __ATOMIC_SEQ_CST);
        int done = (int32_t)(seen - phase) >= 0;
        int64_t left = deadline - cmpi_now();
        if (!done && left > 0 && cmpi_load(alarm) == 0) sleep_on(&record->phase, seen, left);
        __atomic_fetch_sub(&record->waiters, 1, __ATOMIC_SEQ_CST);
        if (done || reached(record, phase)) return CMPI_REACHED;
        if (cmpi_load(alarm)) return CMPI_ALARM;
        if (left <= 0) return CMPI_TIMEOUT;
    }
}

uint32_t cmpi_raise_alarm(uint32_t *alarm, uint32_t value, cmpi_record *const *records, int count) {
    uint32_t before = cmpi_claim(alarm, value);
    for (int i = 0; i < count; ++i) wake(&records[i]->phase);
    return before ? before : value;
}

void cmpi_copy_text(char *destination, size_t capacity, const char *source, size_t count) {
    size_t n = count < capacity ? count : capacity - 1;
    memcpy(destination, source, n);
    // Never end inside a UTF-8 character.
    if (n < count) while (n > 0 && ((unsigned char)source[n] & 0xC0) == 0x80) --n;
    destination[n] = 0;
}

uint64_t cmpi_hash(const void *bytes, size_t count) {
    const unsigned char *p = bytes;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; ++i) h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}
