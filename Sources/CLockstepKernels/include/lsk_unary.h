// SPDX-License-Identifier: Apache-2.0
// Functions of one operand and their gradients.
#pragma once
#include "lsk_iterator.h"

typedef enum lsk_unary_op {
    LSK_EXP = 0,
    LSK_LOG,
    LSK_LOG1P,
    LSK_SQRT,
    LSK_RSQRT,
    LSK_ABS,
    LSK_SIGN,
    LSK_SIN,
    LSK_COS,
    LSK_TANH,
    LSK_SIGMOID,
    LSK_RELU,
    LSK_LEAKY_RELU,  ///< p0: slope below zero
    LSK_GELU,
    LSK_SILU,
    LSK_SOFTPLUS,
    LSK_ERF,
    LSK_SQUARE,
    LSK_RECIPROCAL,
    LSK_FLOOR,
    LSK_CEIL,
    LSK_ROUND,
    LSK_CLAMP,   ///< p0, p1: bounds
    LSK_POWER_OF,  ///< p0: exponent
    LSK_RELU6,
    LSK_HARD_SIGMOID,
    LSK_HARD_SWISH,
    LSK_GELU_TANH,
    LSK_LOG2,
    LSK_EXPM1,
} lsk_unary_op;

/// Scalars that some operations take.
typedef struct lsk_unary_scalars {
    double p0, p1;
} lsk_unary_scalars;

/// out = op(a). float32 and float64; ABS, SIGN, SQUARE and CLAMP also int32, int64 and uint8.
void lsk_unary(lsk_unary_op op, lsk_dtype dtype, lsk_iterator *_Nonnull it, lsk_unary_scalars scalars);
/// The same for `n` contiguous elements.
void lsk_unary_contiguous(lsk_unary_op op, lsk_dtype dtype, ptrdiff_t n, void *_Nonnull out, const void *_Nonnull a,
                          lsk_unary_scalars scalars);

/// dx = dy * op'(saved), operands (dx, dy, saved). float32 and float64. `saved` is the result for EXP, SQRT, RSQRT,
/// TANH, SIGMOID, RELU, RECIPROCAL and EXPM1, the input for all others. SIGN, FLOOR, CEIL and ROUND have none.
void lsk_unary_gradient(lsk_unary_op op, lsk_dtype dtype, lsk_iterator *_Nonnull it, lsk_unary_scalars scalars);
/// The same for `n` contiguous elements.
void lsk_unary_gradient_contiguous(lsk_unary_op op, lsk_dtype dtype, ptrdiff_t n, void *_Nonnull dx,
                                   const void *_Nonnull dy, const void *_Nonnull saved, lsk_unary_scalars scalars);
/// gradient = gradient + added where values > 0, else 0: a rectifier's, in place. `added` may be NULL. float32 and float64.
void lsk_relu_backward(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull gradient, const void *_Nullable added,
                       const void *_Nonnull values);
/// y = gelu(x) and, unless NULL, derivative = gelu'(x) of `n` contiguous numbers. `y` may be `x`. float32 and float64.
void lsk_gelu(lsk_dtype dtype, ptrdiff_t n, const void *_Nonnull x, void *_Nonnull y, void *_Nullable derivative);
