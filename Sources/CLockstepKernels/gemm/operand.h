// SPDX-License-Identifier: Apache-2.0
// One operand of a product, wherever it lies.
#pragma once
#include <stddef.h>

/// op(a) by its rows, or op(b) by its columns: element p of line i lies at x[i * step + p * k_step]; one of the steps is 1.
typedef struct lsk_operand {
    const float *_Nonnull x;
    ptrdiff_t step, k_step;
} lsk_operand;
