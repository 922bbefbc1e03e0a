// SPDX-License-Identifier: Apache-2.0
// What a product's result passes through on its way to memory: offset, addition, activation, a factor.
#pragma once
#include "lsk_gemm.h"

typedef enum lsk_activation { LSK_NO_ACTIVATION = 0, LSK_THEN_RELU, LSK_THEN_GELU } lsk_activation;

/// c[r, j] = act(product[r, j] + bias[j] + added[r, j]) * factor[r, j], all of the product's type; what is NULL is left
/// out. Rows of `added`, `factor` and `slope` are `…_row` elements apart.
typedef struct lsk_epilogue {
    const void *_Nullable bias;
    const void *_Nullable added;
    ptrdiff_t added_row;
    lsk_activation activation;
    void *_Nullable slope;  ///< GELU only: gets its derivative
    ptrdiff_t slope_row;
    const void *_Nullable factor;  ///< not together with GELU
    ptrdiff_t factor_row;
    int32_t gates;  ///< nonzero: keeps a result where `factor` is above 0 instead of multiplying
} lsk_epilogue;

/// lsk_matmul followed by the epilogue, tile by tile where the product is our own. float32 and float64.
void lsk_matmul_then(const lsk_gemm *_Nonnull g, const void *_Nonnull a, const void *_Nonnull b, void *_Nonnull c,
                     const lsk_epilogue *_Nonnull e);
/// The epilogue alone, over a result of `rows` rows, `c_row` elements apart.
void lsk_finish(lsk_dtype dtype, ptrdiff_t rows, ptrdiff_t columns, void *_Nonnull c, ptrdiff_t c_row,
                const lsk_epilogue *_Nonnull e);
/// y = gelu(x) and, unless NULL, slope = gelu'(x) of `n` contiguous numbers. `y` may be `x`. float32 and float64.
void lsk_gelu(lsk_dtype dtype, ptrdiff_t n, const void *_Nonnull x, void *_Nonnull y, void *_Nullable slope);
