// SPDX-License-Identifier: Apache-2.0
// The handler of stop signals: async-signal-safe, so a flag and a clock are all it touches.
#include "cmpi_signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmpi_process.h"

#define NAMED(signal) {signal, #signal}
static const cmpi_stop_signal stop_signals[] = {
    NAMED(SIGTERM), NAMED(SIGINT), NAMED(SIGUSR1), NAMED(SIGUSR2), NAMED(SIGXCPU),
};
enum { STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

static int seen;
static int64_t seen_ns;
// When the first came from whoever started this process, and when from somebody else; 0 while none has.
static int64_t first_ns[2];
static pid_t starters[2];
static struct sigaction former[STOP_SIGNALS];
static int watchers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// A batch system may ask every process of a job, and our launcher asks its ranks once more, late on a busy machine. So a
// second request has to come the same way as the first, or much later.
enum { SAME_WAY_NS = 1000000000 };
static const int64_t other_way_ns = 10 * (int64_t)SAME_WAY_NS;

static void on_signal(int number, siginfo_t *information, void *context) {
    (void)context;
    int none = 0;
    int64_t at = now();
    pid_t sender = information ? information->si_pid : 0;
    int64_t *way = &first_ns[sender != 0 && (sender == starters[0] || sender == starters[1])];
    int64_t unset = 0;
    int is_new_way = __atomic_compare_exchange_n(way, &unset, at, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    if (__atomic_compare_exchange_n(&seen, &none, number, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&seen_ns, at, __ATOMIC_RELEASE);
        return;
    }
    // Told again with every second of computing until the hard limit is reached, which kills: never a person who insists.
    if (number == SIGXCPU) return;
    int64_t first = __atomic_load_n(&seen_ns, __ATOMIC_ACQUIRE);
    if (first == 0 || at - first < (is_new_way ? other_way_ns : SAME_WAY_NS)) return;
    // Blocked while this handler runs, so it is delivered, with its default action, on return.
    signal(number, SIG_DFL);
    raise(number);
}

const cmpi_stop_signal *cmpi_stop_signals(int *count) {
    *count = STOP_SIGNALS;
    return stop_signals;
}

void cmpi_unblock_signals(void) {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (int i = 0; i < STOP_SIGNALS; ++i) sigaddset(&wanted, stop_signals[i].number);
    pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
}

void cmpi_watch_signals(void) {
    cmpi_unblock_signals();
    pthread_mutex_lock(&lock);
    if (watchers++ == 0) {
        // mpirun, and what has started it: our launcher, if it has.
        if (getenv("LOCKSTEP_JOB")) {
            starters[0] = getppid();
            starters[1] = cmpi_parent(starters[0]);
        }
        struct sigaction action = {0};
        action.sa_sigaction = on_signal;
        action.sa_flags = SA_RESTART | SA_SIGINFO;
        sigemptyset(&action.sa_mask);
        for (int i = 0; i < STOP_SIGNALS; ++i) sigaction(stop_signals[i].number, &action, &former[i]);
    }
    pthread_mutex_unlock(&lock);
}

void cmpi_unwatch_signals(void) {
    pthread_mutex_lock(&lock);
    if (watchers > 0 && --watchers == 0)
        for (int i = 0; i < STOP_SIGNALS; ++i) sigaction(stop_signals[i].number, &former[i], NULL);
    pthread_mutex_unlock(&lock);
}

int cmpi_signal_seen(void) { return __atomic_load_n(&seen, __ATOMIC_ACQUIRE); }

int cmpi_signals_are_watched(void) {
    pthread_mutex_lock(&lock);
    int watched_now = watchers > 0;
    pthread_mutex_unlock(&lock);
    return watched_now;
}

void cmpi_clear_signal(void) {
    for (int i = 0; i < 2; ++i) __atomic_store_n(&first_ns[i], 0, __ATOMIC_RELEASE);
    __atomic_store_n(&seen_ns, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&seen, 0, __ATOMIC_RELEASE);
}
