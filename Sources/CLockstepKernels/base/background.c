// SPDX-License-Identifier: Apache-2.0
// Work beside training: it takes what processors are free, and next to nothing of one that computes.
#define _GNU_SOURCE
#include "lsk_background.h"

#if defined(__linux__)
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void lsk_enter_background(void) {
    // A rank is bound to its core: any other will do. The kernel leaves out those that are not this job's.
    enum { PROCESSORS = 8192 };
    cpu_set_t *all = CPU_ALLOC(PROCESSORS);
    if (all != NULL) {
        size_t size = CPU_ALLOC_SIZE(PROCESSORS);
        CPU_ZERO_S(size, all);
        for (int i = 0; i < PROCESSORS; ++i) CPU_SET_S(i, size, all);
        sched_setaffinity(0, size, all);
        CPU_FREE(all);
    }
    // Priorities are a thread's own in Linux.
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
}
#else
void lsk_enter_background(void) {}
#endif
