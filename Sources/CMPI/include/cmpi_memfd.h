// SPDX-License-Identifier: Apache-2.0
// Memory without a file system: anonymous files that processes of one user open from each other.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// What another process must know to open an anonymous file of this one, and to be sure that it is the one.
typedef struct {
    uint64_t device, inode;
    uint64_t pid_namespace;
    int64_t bytes;
    int32_t pid;
    int32_t descriptor;  // -1: there is none
} cmpi_memfd;

/// Makes an anonymous file of `bytes` zeroed bytes, whose pages are really there, on this thread's memory. Its descriptor is
/// -1 where the system has no such files, or no memory.
cmpi_memfd cmpi_memfd_create(size_t bytes);
/// Maps a file of this process or of another one; NULL where that is not possible: another user's process, one of another
/// container, or one that has closed it.
void *_Nullable cmpi_memfd_map(const cmpi_memfd *file);
/// Closes the descriptor of an own file; mappings stay.
void cmpi_memfd_close(cmpi_memfd *file);

#pragma clang assume_nonnull end
