// SPDX-License-Identifier: Apache-2.0
// Sorting and selecting along one axis of memory [outer, n, inner].
#pragma once
#include "lsk_types.h"

/// Bytes of scratch that lsk_sort needs for lines of `n` elements.
ptrdiff_t lsk_sort_scratch(ptrdiff_t n);
/// Sorts every line; equal elements keep their order; NaN counts as greatest. The first `k` of each line go to
/// `indices` (int64) and, where not NULL, `values`, both [outer, k, inner]. `scratch` has lsk_sort_scratch(n) bytes.
void lsk_sort(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, ptrdiff_t k, int descending,
              const void *_Nonnull in, void *_Nullable values, int64_t *_Nonnull indices, void *_Nonnull scratch);
