// SPDX-License-Identifier: Apache-2.0
// Reading and adding at places given by index tensors. Indices are int64 and must have been checked.
#pragma once
#include "lsk_iterator.h"

/// The position of the first index outside 0..<limit, or -1.
ptrdiff_t lsk_find_bad_index(ptrdiff_t n, const int64_t *_Nonnull index, int64_t limit);

/// out[o, i, :] = source[o, index[i], :] for contiguous out [outer, n, row] and source [outer, limit, row]; `row` in bytes.
void lsk_gather_rows(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t limit, ptrdiff_t row, void *_Nonnull out,
                     const void *_Nonnull source, const int64_t *_Nonnull index);
/// out[o, index[i], :] += source[o, i, :]; `row` in elements. Repeated indices add up, in order. An index equal to
/// `skipped` adds nothing (-1: none).
void lsk_scatter_add_rows(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t limit, ptrdiff_t row,
                          void *_Nonnull out, const void *_Nonnull source, const int64_t *_Nonnull index,
                          int64_t skipped);

/// Operands: out, index, source with stride 0 along the indexed axis. out = source + index · axis_stride.
void lsk_gather_elements(lsk_dtype dtype, lsk_iterator *_Nonnull it, ptrdiff_t axis_stride);
/// Operands: out with stride 0 along the indexed axis, index, source. out + index · axis_stride += source.
void lsk_scatter_add_elements(lsk_dtype dtype, lsk_iterator *_Nonnull it, ptrdiff_t axis_stride);

/// As lsk_scatter_add_elements, but writes: of two elements for one place the later one stays.
void lsk_scatter_elements(lsk_dtype dtype, lsk_iterator *_Nonnull it, ptrdiff_t axis_stride);

/// Writes the positions of the non-zero bytes and returns how many there are.
ptrdiff_t lsk_nonzero(ptrdiff_t n, const uint8_t *_Nonnull mask, int64_t *_Nonnull out);
/// Sets to zero what lies outside the band of a row-major matrix: keeps columns j with low <= j - i <= high.
void lsk_keep_band(ptrdiff_t matrices, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t element_size, void *_Nonnull x,
                   ptrdiff_t low, ptrdiff_t high);
