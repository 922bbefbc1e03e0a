// SPDX-License-Identifier: Apache-2.0
// Reductions over any set of axes of any layout, and running sums.
#pragma once
#include "lsk_iterator.h"

typedef enum lsk_reduce_op {
    LSK_SUM = 0,
    LSK_SUM_SQUARES,
    LSK_SUM_ABS,
    LSK_PRODUCT,
    LSK_MAX,
    LSK_MIN,
    LSK_MAX_ABS,
} lsk_reduce_op;

/// Reduces operand 1 (element type `dtype`) into operand 0, whose strides are 0 along reduced axes and not 0 along kept
/// axes longer than 1. Element types of the result: float32 and float64 stay; MAX, MIN and MAX_ABS keep every type;
/// sums and products of int32, int64, uint8 and bool give int64.
///
/// float32 is added up in float64, so a result is off by half a float32 ulp plus n * 2^-53 of the sum of magnitudes.
/// Floating sums and products are multiplied by `scale` before they are rounded. A NaN reaches the result of MAX and
/// MIN. The reduction of nothing is 0, 1, or the type's lowest or highest value.
void lsk_reduce(lsk_reduce_op op, lsk_dtype dtype, lsk_iterator *_Nonnull it, double scale);

/// For each line of memory [outer, n, inner] along the middle axis: the index of the first greatest (or, when `smallest`,
/// first least) element; a NaN beats everything. out: int64 [outer, inner]; n > 0.
void lsk_argmax(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, int64_t *_Nonnull out,
                const void *_Nonnull in, int smallest);

/// out[i] = in[0] + … + in[i] along the middle axis, or from the end when `reverse`. float32 (added in float64),
/// float64 and int64.
void lsk_cumsum(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, void *_Nonnull out,
                const void *_Nonnull in, int reverse);

/// out = beta · out + the column sums of a float32 or float64 matrix whose rows are `ld` elements apart.
void lsk_column_sums(lsk_dtype dtype, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t ld, void *_Nonnull out,
                     const void *_Nonnull x, double beta);
