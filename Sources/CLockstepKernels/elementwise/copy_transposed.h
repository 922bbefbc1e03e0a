// SPDX-License-Identifier: Apache-2.0
// Copies whose operands run along different axes.
#pragma once
#include "lsk_iterator.h"

/// Copies elements of `size` bytes when the output's and the input's unit strides lie on two different axes of eight or
/// more; returns 0, having done nothing, otherwise. The iterator must have been coalesced.
int lsk_copy_transposed(const lsk_iterator *_Nonnull it, ptrdiff_t size);
