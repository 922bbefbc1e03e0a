// SPDX-License-Identifier: Apache-2.0
// Copying, filling and converting between element types.
#pragma once
#include "lsk_iterator.h"

/// out = a, converting from the element type of operand 1 to that of operand 0. Floating to integer truncates toward
/// zero; to bool is "not zero"; to bfloat16 rounds to nearest even.
void lsk_copy(lsk_dtype out_type, lsk_dtype in_type, lsk_iterator *_Nonnull it);
/// The same for `n` contiguous elements.
void lsk_convert(ptrdiff_t n, void *_Nonnull out, lsk_dtype out_type, const void *_Nonnull in, lsk_dtype in_type);
/// Sets `n` contiguous elements to `value`, converted to the element type.
void lsk_fill(ptrdiff_t n, void *_Nonnull out, lsk_dtype type, double value);
/// out[i] = start + i * step; in int64 arithmetic for int64, where both are whole numbers.
void lsk_arange(ptrdiff_t n, void *_Nonnull out, lsk_dtype type, double start, double step);
/// `n` numbers from `start` to `end`, both included, at equal distances; each half is counted from its own end.
void lsk_linspace(ptrdiff_t n, void *_Nonnull out, lsk_dtype type, double start, double end);
