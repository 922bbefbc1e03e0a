// SPDX-License-Identifier: Apache-2.0
// Element types, and what every family of kernels knows.
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

/// Axes that an operand can have.
#define LSK_MAX_RANK 8

/// Ends the process with a sentence: `kernel` was called with an element type that its callers convert first.
_Noreturn void lsk_unsupported(const char *_Nonnull kernel, lsk_dtype dtype);
