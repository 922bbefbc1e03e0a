// SPDX-License-Identifier: Apache-2.0
// Facts about processes and this machine: who is alive, how many cores, how much shared memory.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

int32_t cmpi_own_pid(void);
/// Start of a process in clock ticks since boot, 0 if it cannot be read.
uint64_t cmpi_process_start(int32_t pid);
/// Who has started a process, 0 if it cannot be read.
int32_t cmpi_parent(int32_t pid);
/// Inode of this process's pid namespace, 0 if it cannot be read.
uint64_t cmpi_pid_namespace(void);
/// The kernel's letter for the state of a process (R, S, D, T, Z …); 0 when there is no such process any more,
/// or when the pid now belongs to one that started at another time.
char cmpi_process_state(int32_t pid, uint64_t start_time);
/// Cores this process may run on (affinity mask).
int cmpi_usable_cores(void);
/// The cores a process (0: this one) may run on, one bit each; the rest of `mask` becomes zero. All cores if it cannot be read.
void cmpi_affinity(int32_t pid, uint8_t *mask, size_t bytes);
/// Confines the calling thread, and those it starts, to these cores. Returns 0 when that is done.
int cmpi_set_affinity(const uint8_t *mask, size_t bytes);
/// Free bytes of the file system at `path`, -1 if it cannot be read.
int64_t cmpi_free_bytes(const char *path);
/// An anonymous zeroed mapping, page aligned, NULL when memory is exhausted.
void *_Nullable cmpi_map(size_t bytes);
void cmpi_unmap(void *base, size_t bytes);
/// Calls `handler` with the exit status when the process ends through exit() or return from main.
int cmpi_on_exit(void (*handler)(int status));
/// Gives the calling thread the name that debuggers and `top -H` show; 15 characters count.
void cmpi_name_thread(const char *name);
/// Ends the process with `status` once `seconds` have passed, whatever it is doing then.
void cmpi_exit_within(uint32_t seconds, int status);

#pragma clang assume_nonnull end
