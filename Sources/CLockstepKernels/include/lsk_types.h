// SPDX-License-Identifier: Apache-2.0
// Element types and the attributes every kernel family shares.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The numbers are those of Swift's `DType`.
typedef enum lsk_dtype {
    LSK_FLOAT32 = 0,
    LSK_FLOAT64 = 1,
    LSK_INT32 = 2,
    LSK_INT64 = 3,
    LSK_UINT8 = 4,
    LSK_BOOL = 5,
    LSK_BFLOAT16 = 6,
} lsk_dtype;

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
#define LSK_MAX_RANK 8

/// Ends the process with a sentence: `kernel` was called with an element type that its callers convert first.
_Noreturn void lsk_unsupported(const char *_Nonnull kernel, lsk_dtype dtype);
