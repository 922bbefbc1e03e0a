// SPDX-License-Identifier: Apache-2.0
// Facts about processes and this machine, read from the kernel.
#define _GNU_SOURCE
#include "cmpi_process.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

// Reads /proc/<pid>/stat; the command name may hold blanks and brackets, so fields count from the last ')'.
static int read_stat(int32_t pid, char *state, int32_t *parent, uint64_t *start) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t n = read(file, text, sizeof text - 1);
    close(file);
    if (n <= 0) return 0;
    text[n] = 0;
    char *p = strrchr(text, ')');
    if (!p || p[1] == 0) return 0;
    *state = p[2];
    *parent = (int32_t)strtol(p + 3, NULL, 10);
    *start = 0;
    p += 2;
    for (int field = 3; field < 22 && p; ++field) p = strchr(p + 1, ' ');
    if (p) *start = strtoull(p, NULL, 10);
    return 1;
}

int32_t cmpi_own_pid(void) { return (int32_t)getpid(); }

uint64_t cmpi_process_start(int32_t pid) {
    char state;
    int32_t parent;
    uint64_t start;
    return read_stat(pid, &state, &parent, &start) ? start : 0;
}

int32_t cmpi_parent(int32_t pid) {
    char state;
    int32_t parent;
    uint64_t start;
    return read_stat(pid, &state, &parent, &start) ? parent : 0;
}

uint64_t cmpi_pid_namespace(void) {
    struct stat s;
    return stat("/proc/self/ns/pid", &s) == 0 ? (uint64_t)s.st_ino : 0;
}

char cmpi_process_state(int32_t pid, uint64_t start_time) {
    char state;
    int32_t parent;
    uint64_t start;
    if (!read_stat(pid, &state, &parent, &start)) return kill(pid, 0) == 0 ? 'S' : 0;
    if (start_time != 0 && start != start_time) return 0;
    return state;
}

int cmpi_usable_cores(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

void cmpi_affinity(int32_t pid, uint8_t *mask, size_t bytes) {
    memset(mask, 0, bytes);
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity((pid_t)pid, sizeof set, &set) == 0) {
        for (size_t core = 0; core < bytes * 8 && core < CPU_SETSIZE; ++core)
            if (CPU_ISSET(core, &set)) mask[core / 8] |= (uint8_t)(1u << (core % 8));
        return;
    }
#endif
    for (int core = 0; core < cmpi_usable_cores() && (size_t)core < bytes * 8; ++core) mask[core / 8] |= (uint8_t)(1u << (core % 8));
}

int cmpi_set_affinity(const uint8_t *mask, size_t bytes) {
#if defined(__linux__)
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t core = 0; core < bytes * 8 && core < CPU_SETSIZE; ++core)
        if (mask[core / 8] >> (core % 8) & 1) CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set);
#else
    return -1;
#endif
}

int64_t cmpi_free_bytes(const char *path) {
    struct statvfs s;
    if (statvfs(path, &s) != 0) return -1;
    return (int64_t)s.f_bavail * (int64_t)s.f_frsize;
}

void *cmpi_map(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void cmpi_unmap(void *base, size_t bytes) { munmap(base, bytes); }

#if defined(__GLIBC__)
static void call_handler(int status, void *argument) {
    void (*handler)(int) = (void (*)(int))argument;
    handler(status);
}
int cmpi_on_exit(void (*handler)(int status)) { return on_exit(call_handler, (void *)handler); }
#else
static void (*exit_handler)(int);
static void call_handler(void) { exit_handler(0); }
int cmpi_on_exit(void (*handler)(int status)) { exit_handler = handler; return atexit(call_handler); }
#endif

void cmpi_name_thread(const char *name) {
    char text[16];
    strncpy(text, name, sizeof text - 1);
    text[sizeof text - 1] = 0;
#if defined(__linux__)
    pthread_setname_np(pthread_self(), text);
#elif defined(__APPLE__)
    pthread_setname_np(text);
#endif
}

static int late_status;
static void exit_late(int signal) {
    (void)signal;
    _exit(late_status);
}
void cmpi_exit_within(uint32_t seconds, int status) {
    late_status = status;
    signal(SIGALRM, exit_late);
    alarm(seconds);
}

// mpirun gives its ranks a terminal of their own even when what they write goes to a file: progress bars would end up
// there. The launcher's own output tells. A constructor because setenv is safe only while no other thread runs; only where TERM is
// set, which moves nothing: a statically linked Swift finds its command line from the place of the environment.
__attribute__((constructor)) static void look_behind_the_terminal(void) {
    char path[64], target[256];
    if (!getenv("OMPI_COMM_WORLD_RANK") || !getenv("TERM") || isatty(STDOUT_FILENO) != 1) return;
    snprintf(path, sizeof path, "/proc/%d/fd/1", (int)getppid());
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n <= 0) return;
    target[n] = 0;
    if (strncmp(target, "/dev/pts/", 9) != 0 && strncmp(target, "/dev/tty", 8) != 0 && strcmp(target, "/dev/console") != 0)
        setenv("TERM", "dumb", 1);
}
