// SPDX-License-Identifier: Apache-2.0
// Blocks of the allocator, and the store of the large ones.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { LSK_HEADER = 64 };

/// Stands before the memory that is handed out.
typedef struct block {
    struct block *next, *previous;  // in a free list
    uint64_t released;              // when a large block was, counted in releases
    uint32_t size_class;
    uint32_t asked_class;  // that a large block was taken for
} block;

typedef struct large_statistics {
    uint64_t requests, held;
} large_statistics;

/// A block of at least this class; never NULL.
block *lsk_take_large(uint32_t size_class);
void lsk_give_large(block *b);
/// Gives every free large block back to the system.
void lsk_trim_large(void);
large_statistics lsk_get_large_statistics(void);
/// Says so, and aborts.
void lsk_out_of_memory(size_t bytes);
