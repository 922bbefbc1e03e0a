// SPDX-License-Identifier: Apache-2.0
// The caching allocator behind every tensor's storage.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Returns 64-byte aligned memory of at least `bytes` bytes; its contents are undefined. Never NULL: stops when memory is out.
void *_Nonnull lsk_allocate(size_t bytes);
/// Gives memory back: to the calling thread's cache, or, of more than 224 KiB, to the store of all threads.
void lsk_release(void *_Nonnull pointer);
/// Gives every cached block of the calling thread, of the shared pool and of the store of large blocks back to the system.
void lsk_trim(void);

/// Says that what the calling thread repeats begins anew: a step of training.
void lsk_end_step(void);

typedef struct lsk_memory_statistics {
    uint64_t system_requests;  ///< blocks ever taken from the system, by all threads
    uint64_t system_bytes;     ///< bytes now held from the system, in use or cached, by all threads
    int64_t live_blocks;       ///< blocks allocated minus blocks released by the calling thread
} lsk_memory_statistics;
lsk_memory_statistics lsk_get_memory_statistics(void);
