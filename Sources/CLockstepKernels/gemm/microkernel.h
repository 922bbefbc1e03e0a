// SPDX-License-Identifier: Apache-2.0
// The innermost loop of the products: one microtile of c, its sums over the inner axis kept in registers.
#pragma once
#include "gemm/blocking.h"
#include "gemm/operand.h"

/// What a microtile becomes: c = alpha * tile + beta * c, by rows of c or, `transposed`, by columns. By rows the parts of
/// an epilogue follow, each NULL or at the microtile's place.
typedef struct lsk_microtile {
    float *_Nonnull c;
    ptrdiff_t ldc, width;  // `width`: how many of the packed lines exist
    float alpha, beta;
    int transposed, has_epilogue, relu, factor_is_mask;
    const float *_Nullable bias, *_Nullable added, *_Nullable factor;
    ptrdiff_t added_row, factor_row;
    const float *_Nullable next[3];  // what the next microtiles read, fetched a piece per inner step
    ptrdiff_t next_step;
} lsk_microtile;

/// Multiplies lines of a, read where they lie or from a packed block of A, with a packed panel of B.
typedef void (*_Nonnull lsk_microkernel)(ptrdiff_t k, lsk_operand a, const float *_Nonnull panel,
                                         const lsk_microtile *_Nonnull t);
/// By vectors of a panel (1, 2) and rows of a microtile (1 ... MR), each less one.
extern const lsk_microkernel lsk_microkernels_f32[2][MR];
