// SPDX-License-Identifier: Apache-2.0
// The threads of a rank: a few that wait for the next kernel, spinning for a moment, then asleep.
//
// One word says everything of the job at hand: its number, how many parts it has and which is next. Adding 1 to the word
// takes a part, so nobody can take one of a job that is over. A caller runs parts too and waits only for those that others
// have begun: threads that are slow to wake up cost nothing but their help.
#define _GNU_SOURCE
#include "lsk_parallel.h"
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum { SPINS = 4000 };  // about 50 µs of looking before a thread sleeps

static struct {
    _Alignas(64) _Atomic uint64_t word;  // number of the job << 32 | its parts << 16 | the next part
    _Alignas(64) _Atomic int32_t finished;
    _Alignas(64) _Atomic uint32_t bell;  // rises with every job: what sleeping threads watch
    _Atomic int32_t asleep;
    _Atomic int busy;
    // The job; written by its caller before the word.
    _Atomic(lsk_part) part;
    _Atomic(void *) context;
    _Atomic ptrdiff_t count, grain;
    _Atomic int spins;
    _Atomic int32_t threads;  // of whoever began the job: what its parts begin cuts alike on every thread
    int32_t started;  // threads besides callers; changed by who is busy
} pool;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void wait_for_bell(uint32_t seen) {
#ifdef __linux__
    syscall(SYS_futex, &pool.bell, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
#else
    (void)seen;
    sched_yield();
#endif
}

static void ring(void) {
    atomic_fetch_add(&pool.bell, 1);
#ifdef __linux__
    if (atomic_load(&pool.asleep) > 0) syscall(SYS_futex, &pool.bell, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
#endif
}

static uint64_t parts_of(uint64_t word) { return word >> 16 & 0xffff; }
static uint64_t next_of(uint64_t word) { return word & 0xffff; }

/// Takes parts of the job at hand until there are none left.
static void help(void) {
    while (next_of(atomic_load_explicit(&pool.word, memory_order_acquire)) <
           parts_of(atomic_load_explicit(&pool.word, memory_order_relaxed))) {
        uint64_t word = atomic_fetch_add_explicit(&pool.word, 1, memory_order_acq_rel);
        ptrdiff_t parts = (ptrdiff_t)parts_of(word), mine = (ptrdiff_t)next_of(word);
        if (mine >= parts) return;
        ptrdiff_t count = atomic_load_explicit(&pool.count, memory_order_relaxed);
        ptrdiff_t grain = atomic_load_explicit(&pool.grain, memory_order_relaxed), pieces = (count + grain - 1) / grain;
        ptrdiff_t begin = pieces * mine / parts * grain, end = pieces * (mine + 1) / parts * grain;
        lsk_part part = atomic_load_explicit(&pool.part, memory_order_relaxed);
        int32_t own = lsk_thread_context.threads;
        lsk_thread_context.threads = atomic_load_explicit(&pool.threads, memory_order_relaxed);
        part(atomic_load_explicit(&pool.context, memory_order_relaxed), begin, end < count ? end : count);
        lsk_thread_context.threads = own;
        atomic_fetch_add_explicit(&pool.finished, 1, memory_order_release);
    }
}

static void *work(void *ignored) {
    for (;;) {
        uint32_t bell = atomic_load(&pool.bell);
        help();
        int spins = 0;
        while (spins++ < atomic_load_explicit(&pool.spins, memory_order_relaxed) &&
               atomic_load_explicit(&pool.bell, memory_order_relaxed) == bell)
            pause_briefly();
        if (atomic_load(&pool.bell) != bell) continue;
        atomic_fetch_add(&pool.asleep, 1);
        wait_for_bell(bell);  // returns at once if it has rung since
        atomic_fetch_sub(&pool.asleep, 1);
    }
    return ignored;
}

// A forked child has the calling thread only: it starts others when it needs them.
static void forget_threads(void) {
    atomic_store(&pool.busy, 0);
    atomic_store(&pool.asleep, 0);
    pool.started = 0;
}
static void prepare_forks(void) { pthread_atfork(NULL, NULL, forget_threads); }

/// Starts what is missing. Threads are detached and take no signals: a process ends without asking them.
static void start(int32_t count) {
    pthread_once(&once, prepare_forks);
    cpu_set_t cores;
    int usable = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    atomic_store(&pool.spins, usable > count ? SPINS : 0);  // on a shared core a spinning thread is in its caller's way
    sigset_t all, before;
    sigfillset(&all);
    int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (pthread_t thread; pool.started < count; pool.started++)
        if (pthread_create(&thread, &detached, work, NULL) != 0) break;  // fewer do as well
    pthread_attr_destroy(&detached);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void lsk_parallel(ptrdiff_t count, ptrdiff_t grain, lsk_part part, void *context) {
    if (count <= 0) return;
    int32_t own = lsk_get_threads();
    ptrdiff_t threads = own, pieces = (count + grain - 1) / grain;
    if (threads > pieces) threads = pieces;
    int idle = 0;
    if (threads < 2 || !atomic_compare_exchange_strong(&pool.busy, &idle, 1)) {
        part(context, 0, count);
        return;
    }
    if (pool.started < threads - 1) start((int32_t)threads - 1);
    atomic_store_explicit(&pool.part, part, memory_order_relaxed);
    atomic_store_explicit(&pool.context, context, memory_order_relaxed);
    atomic_store_explicit(&pool.count, count, memory_order_relaxed);
    atomic_store_explicit(&pool.grain, grain, memory_order_relaxed);
    atomic_store_explicit(&pool.threads, own, memory_order_relaxed);
    atomic_store_explicit(&pool.finished, 0, memory_order_relaxed);
    uint64_t number = (atomic_load_explicit(&pool.word, memory_order_relaxed) >> 32) + 1;
    atomic_store_explicit(&pool.word, number << 32 | (uint64_t)threads << 16, memory_order_release);
    ring();
    help();
    for (int spins = 0; atomic_load_explicit(&pool.finished, memory_order_acquire) < threads; spins++) {
        if (spins < SPINS) pause_briefly();
        else sched_yield();  // whoever has the part has lost its core
    }
    atomic_store_explicit(&pool.busy, 0, memory_order_release);
}
