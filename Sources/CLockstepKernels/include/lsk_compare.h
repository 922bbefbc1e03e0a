// SPDX-License-Identifier: Apache-2.0
// Comparisons, logic on booleans, and choosing between two operands.
#pragma once
#include "lsk_iterator.h"

typedef enum lsk_compare_op {
    LSK_EQUAL = 0,
    LSK_NOT_EQUAL,
    LSK_LESS,
    LSK_LESS_EQUAL,
    LSK_GREATER,
    LSK_GREATER_EQUAL,
} lsk_compare_op;

/// out (bool) = a op b, a and b of one type: float32, float64, int32, int64 or uint8 (which serves bool).
void lsk_compare(lsk_compare_op op, lsk_dtype dtype, lsk_iterator *_Nonnull it);
/// The same for `n` contiguous elements of `a`; `b` is one element where `b_stride` is 0.
void lsk_compare_contiguous(lsk_compare_op op, lsk_dtype dtype, ptrdiff_t n, void *_Nonnull out, const void *_Nonnull a,
                            const void *_Nonnull b, ptrdiff_t b_stride);

typedef enum lsk_test_op {
    LSK_IS_NAN = 0,
    LSK_IS_FINITE,
} lsk_test_op;
/// out (bool) = test(a). float32 and float64.
void lsk_test(lsk_test_op op, lsk_dtype dtype, lsk_iterator *_Nonnull it);

/// out = !a for booleans.
void lsk_not(lsk_iterator *_Nonnull it);
/// out = a and b for booleans.
void lsk_and(lsk_iterator *_Nonnull it);
/// out = a or b for booleans.
void lsk_or(lsk_iterator *_Nonnull it);

/// out = condition ? a : b, operands (out, condition, a, b); the elements have `element_size` bytes: 1, 2, 4 or 8.
void lsk_where(ptrdiff_t element_size, lsk_iterator *_Nonnull it);

/// out = dy * (a > b ? 1 : a == b ? 1/2 : 0), operands (out, dy, a, b): the share of a maximum that `a` receives.
/// float32 and float64.
void lsk_maximum_gradient(lsk_dtype dtype, lsk_iterator *_Nonnull it);
