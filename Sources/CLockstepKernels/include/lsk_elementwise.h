// SPDX-License-Identifier: Apache-2.0
// Binary arithmetic over broadcast operands.
#pragma once
#include "lsk_iterator.h"

typedef enum lsk_binary_op {
    LSK_ADD = 0,
    LSK_SUBTRACT,
    LSK_MULTIPLY,
    LSK_DIVIDE,
    LSK_MAXIMUM,
    LSK_MINIMUM,
    LSK_POWER,
    LSK_FLOOR_DIVIDE,  ///< rounds down; integers divided by 0 are 0
    LSK_REMAINDER,     ///< what that leaves: of the divisor's sign
} lsk_binary_op;

/// out = a op b. All three operands have one element type: float32, float64, int32, int64 or uint8.
void lsk_binary(lsk_binary_op op, lsk_dtype dtype, lsk_iterator *_Nonnull it);
/// The same for contiguous memory of `n` elements; `b` is one element where `b_stride` is 0 (likewise `a`).
void lsk_binary_contiguous(lsk_binary_op op, lsk_dtype dtype, ptrdiff_t n, void *_Nonnull out, const void *_Nonnull a,
                           ptrdiff_t a_stride, const void *_Nonnull b, ptrdiff_t b_stride);
