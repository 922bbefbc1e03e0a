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

/// Losses of two numbers, d = x - y.
typedef enum lsk_pair_kind {
    LSK_SQUARED = 0,   ///< d²
    LSK_ABSOLUTE,      ///< |d|
    LSK_SMOOTH_L1,     ///< d² / 2β where |d| < β, else |d| - β / 2
    LSK_HUBER,         ///< d² / 2 where |d| < β, else β (|d| - β / 2)
    LSK_BCE,           ///< -(y log x + (1 - y) log(1 - x)), logarithms at least -100
    LSK_BCE_LOGITS,    ///< -(p y log σ(x) + (1 - y) log(1 - σ(x))) with p from `positive`
} lsk_pair_kind;

typedef struct lsk_pair_loss {
    lsk_pair_kind kind;
    lsk_dtype dtype;  ///< float32 or float64, of everything
    double beta;
    const void *_Nullable positive;  ///< one factor per pair
    const void *_Nullable weight;    ///< one factor per pair
} lsk_pair_loss;

/// `n` contiguous pairs. `losses` and `gradient` (with respect to x, times `scale`) are written when not NULL.
/// Returns the sum of the losses.
double lsk_pair_loss_run(const lsk_pair_loss *_Nonnull loss, ptrdiff_t n, const void *_Nonnull x,
                         const void *_Nonnull y, void *_Nullable losses, void *_Nullable gradient, double scale);
