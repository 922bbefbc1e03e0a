// SPDX-License-Identifier: Apache-2.0
// Losses fused with their gradients: one pass reads logits and leaves losses and d loss / d logits behind.
#pragma once
#include "lsk_types.h"

typedef struct lsk_cross_entropy {
    lsk_dtype dtype;  ///< float32 or float64: of logits, weights, losses and gradient
    ptrdiff_t rows, classes;
    int64_t ignored;                 ///< a target that contributes nothing
    double smoothing;                ///< share of the target spread evenly over the classes
    const void *_Nullable weight;    ///< one factor per class
} lsk_cross_entropy;

/// The row of the first target that is neither a class nor `ignored`, or -1; `total` gets the sum of the targets' weights.
ptrdiff_t lsk_cross_entropy_check(const lsk_cross_entropy *_Nonnull c, const int64_t *_Nonnull target,
                                  double *_Nonnull total);
/// losses[r] = the loss of row r (when not NULL); gradient[r, :] = scale · d loss r / d logits (when not NULL).
/// Returns the sum of the losses. Logits and gradient are contiguous.
double lsk_cross_entropy_run(const lsk_cross_entropy *_Nonnull c, const void *_Nonnull logits,
                             const int64_t *_Nonnull target, void *_Nullable losses, void *_Nullable gradient,
                             double scale);

/// Losses of two numbers at a time.
typedef enum lsk_pair_loss {
    LSK_SQUARED = 0,   ///< (x - y)²
    LSK_ABSOLUTE,      ///< |x - y|
    LSK_BCE_LOGITS,    ///< -(p y log σ(x) + (1 - y) log(1 - σ(x))) with p from `positive`, times `weight`
} lsk_pair_loss;

/// `n` contiguous pairs. `losses` and `gradient` (with respect to x, times `scale`) are written when not NULL;
/// `positive` and `weight` hold `n` factors or are NULL. Returns the sum of the losses.
double lsk_pair_loss_run(lsk_pair_loss kind, lsk_dtype dtype, ptrdiff_t n, const void *_Nonnull x,
                         const void *_Nonnull y, const void *_Nullable positive, const void *_Nullable weight,
                         void *_Nullable losses, void *_Nullable gradient, double scale);
