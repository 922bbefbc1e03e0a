// SPDX-License-Identifier: Apache-2.0
// Scaled dot-product attention in tiles of query rows: only one tile of scores exists at a time.
#pragma once
#include "lsk_random.h"
#include "lsk_types.h"

/// One matrix per problem (per batch element and head). Rows are `row` elements apart, the elements of a row adjacent;
/// the matrix of problem p starts `offsets[p]` elements after `data`.
typedef struct lsk_rows {
    void *_Nullable data;
    ptrdiff_t row;
    const ptrdiff_t *_Nullable offsets;
} lsk_rows;

typedef struct lsk_attention {
    lsk_dtype dtype;  ///< float32 or float64
    int32_t causal;   ///< query t sees keys 0 ... t only
    ptrdiff_t problems, queries, keys, width, value_width;
    double scale;
    double dropped;  ///< probability with which a weight is zeroed; the others grow by 1 / (1 - dropped)
    lsk_philox at;   ///< where the mask's words start; every row of scores uses whole blocks
    lsk_rows q, k, v, y;
    /// Bool (0 hides a key) or of `dtype` (added to the scores); NULL for none. Strides may be 0.
    const void *_Nullable mask;
    int32_t mask_is_bool;
    ptrdiff_t mask_row, mask_column;
    const ptrdiff_t *_Nullable mask_offsets;
    void *_Nonnull log_sums;  ///< [problems, queries]: log of the sum of the exponentials, for the backward pass
} lsk_attention;

/// y = softmax(scale * q kT + mask) v; a row whose keys are all hidden gives zeros.
void lsk_attention_forward(const lsk_attention *_Nonnull a);
/// Computes the probabilities again and writes dq, dk and dv; `dmask`, [problems, queries, keys] or NULL, gets the
/// gradient of the scores.
void lsk_attention_backward(const lsk_attention *_Nonnull a, lsk_rows dy, lsk_rows dq, lsk_rows dk, lsk_rows dv,
                            void *_Nullable dmask);
