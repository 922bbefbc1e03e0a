// SPDX-License-Identifier: Apache-2.0
// The sizes in which the allocator hands out memory.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Four classes per power of two, from 64 bytes: at most a fifth of a block is wasted. From `LSK_LARGE_CLASS` on (more than
/// 224 KiB) blocks are large.
enum { LSK_CLASSES = 160, LSK_LARGE_CLASS = 48 };

static inline uint32_t class_of(size_t bytes) {
    if (bytes <= 64) return 0;
    size_t top = 63 - (size_t)__builtin_clzll(bytes - 1);  // 2^top < bytes <= 2^(top+1)
    size_t quarter = ((bytes - 1) >> (top - 2)) & 3;
    return (uint32_t)((top - 6) * 4 + quarter + 1);
}

static inline size_t class_bytes(uint32_t size_class) {
    if (size_class == 0) return 64;
    size_t top = (size_class - 1) / 4 + 6, quarter = (size_class - 1) % 4;
    return ((size_t)1 << top) + (quarter + 1) * ((size_t)1 << (top - 2));
}
