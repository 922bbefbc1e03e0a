// SPDX-License-Identifier: Apache-2.0
// What a product's result passes through on its way to memory: offset, addition, activation, a factor.
#pragma once
#include "lsk_types.h"

typedef enum lsk_activation {
    LSK_ACTIVATION_NONE = 0,
    LSK_ACTIVATION_RELU,
    LSK_ACTIVATION_GELU,
} lsk_activation;

/// c[r, j] = act(product[r, j] + bias[j] + added[r, j]) * factor[r, j], all of the product's type; what is NULL is left
/// out. Rows of `added`, `derivative` and `factor` are `…_row` elements apart.
typedef struct lsk_epilogue {
    const void *_Nullable bias;
    const void *_Nullable added;
    ptrdiff_t added_row;
    lsk_activation activation;
    void *_Nullable derivative;  ///< GELU only: gets its derivative
    ptrdiff_t derivative_row;
    const void *_Nullable factor;  ///< not together with GELU
    ptrdiff_t factor_row;
    int32_t factor_is_mask;  ///< nonzero: keeps a result where `factor` is above 0 instead of multiplying
} lsk_epilogue;
