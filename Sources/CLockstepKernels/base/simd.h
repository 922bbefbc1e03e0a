// SPDX-License-Identifier: Apache-2.0
// What all vectorised loops share: for which processors they are compiled, how wide they are, and the arithmetic of sizes.
#pragma once
#include "lsk_types.h"

/// Compiled for three processors, chosen when the program is loaded (ifunc): before the thread sanitizer is ready.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LSK_NO_CLONES
#endif
#endif
#if defined(__x86_64__) && !defined(LSK_NO_CLONES)
#define LSK_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LSK_SIMD
#endif
#define LSK_INLINE static inline __attribute__((always_inline))
/// Before a loop over a block of LANES numbers: one vector, or a few, instead of the compiler's guess.
#define LSK_VECTOR_LOOP _Pragma("clang loop vectorize(enable) unroll(disable)")

/// How many numbers a loop takes at a time: the float32s of the widest register, two or four of narrower ones.
enum { LANES = 16 };

LSK_INLINE ptrdiff_t lsk_min(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
LSK_INLINE ptrdiff_t lsk_max(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
/// How many units it takes to hold `n`, and what these hold.
LSK_INLINE ptrdiff_t lsk_units(ptrdiff_t n, ptrdiff_t unit) { return (n + unit - 1) / unit; }
LSK_INLINE ptrdiff_t lsk_round_up(ptrdiff_t n, ptrdiff_t unit) { return (n + unit - 1) / unit * unit; }

/// The greater or the lesser of two elements, as in NumPy and PyTorch: a NaN in either reaches the result.
#define LSK_GREATER(a, x) ((x) > (a) || (x) != (x) ? (x) : (a))
#define LSK_LESSER(a, x) ((x) < (a) || (x) != (x) ? (x) : (a))

/// Bytes of one element.
LSK_INLINE ptrdiff_t lsk_element_size(lsk_dtype dtype) {
    static const uint8_t sizes[] = {4, 8, 4, 8, 1, 1, 2};
    return sizes[dtype];
}
