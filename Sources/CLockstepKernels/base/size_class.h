// SPDX-License-Identifier: Apache-2.0
// The sizes in which the allocator hands out memory.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Four classes per power of two, from 64 bytes: at most a fifth of a block is wasted. From `LSK_LARGE_CLASS` on (more than
/// 224 KiB) blocks are large: eight classes per power of two, at most a ninth is wasted.
enum { LSK_CLASSES = 280, LSK_LARGE_CLASS = 48, LSK_LARGE_TOP = 18 };

/// Classes per power of two, as the logarithm of their number.
static inline size_t class_bits(size_t top) { return top < LSK_LARGE_TOP ? 2 : 3; }

static inline uint32_t class_of(size_t bytes) {
    if (bytes <= 64) return 0;
    size_t top = 63 - (size_t)__builtin_clzll(bytes - 1);  // 2^top < bytes <= 2^(top+1)
    size_t bits = class_bits(top), part = ((bytes - 1) >> (top - bits)) & ((1u << bits) - 1);
    size_t first = top < LSK_LARGE_TOP ? (top - 6) * 4 : LSK_LARGE_CLASS + (top - LSK_LARGE_TOP) * 8;
    return (uint32_t)(first + part + 1);
}

static inline size_t class_bytes(uint32_t size_class) {
    if (size_class == 0) return 64;
    int large = size_class > LSK_LARGE_CLASS;
    size_t number = size_class - 1 - (large ? LSK_LARGE_CLASS : 0), bits = large ? 3 : 2;
    size_t top = (number >> bits) + (large ? LSK_LARGE_TOP : 6), part = number & ((1u << bits) - 1);
    return ((size_t)1 << top) + (part + 1) * ((size_t)1 << (top - bits));
}
