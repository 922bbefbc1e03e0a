// SPDX-License-Identifier: Apache-2.0
// Optimizer updates: one pass over a stretch of an arena.
#pragma once
#include "lsk_types.h"

/// What every update has in common. Scalars are computed in double and rounded once to the element type.
typedef struct lsk_update {
    double gradient_scale;  ///< every gradient is multiplied by this first (clipping, averaging); 1 for none
    double decay;           ///< decoupled weight decay: p is multiplied by this first; 1 for none
    double l2;              ///< added to the gradient, times p; 0 for none
    /// The gradient is share[0]·pair[0] + share[1]·pair[1], of two ranks, and is left in `g`; NULL: it stands in `g`.
    /// float32 only. `g` may be one of the two.
    const float *_Nullable pair[2];
    double share[2];
    /// Whether p goes past the caches to where other ranks read it. Stored in place, every line would first be fetched
    /// back from the cores that have read it.
    int streams;
} lsk_update;

/// p -= lr·g, or with momentum: m = momentum·m + g, p -= lr·m. `m` may be NULL when momentum is 0.
void lsk_sgd(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull p, void *_Nonnull g, void *_Nullable m, lsk_update u,
             double lr, double momentum);
/// v = β₂v + (1−β₂)g²; d = g or the momentum sum; p -= lr·d/(√v + ε).
void lsk_rmsprop(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull p, void *_Nonnull g, void *_Nullable m, void *_Nonnull v,
                 lsk_update u, double lr, double momentum, double beta2, double epsilon);
/// m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; p -= rate · m / (√v·inverse_root_debias + ε).
void lsk_adam(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull p, void *_Nonnull g, void *_Nonnull m, void *_Nonnull v,
              lsk_update u, double rate, double beta1, double beta2, double epsilon, double inverse_root_debias);
/// As Adam while `adaptive`; otherwise p -= rate·m. `beta` ≠ 0 passes the denominator through a softplus of that sharpness.
void lsk_radam(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull p, void *_Nonnull g, void *_Nonnull m, void *_Nonnull v,
               lsk_update u, double rate, double beta1, double beta2, double epsilon, double inverse_root_debias,
               double beta, int adaptive);
/// Quasi-hyperbolic Adam: both moments are mixed with the gradient itself by ν₁ and ν₂.
void lsk_qhadam(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull p, void *_Nonnull g, void *_Nonnull m, void *_Nonnull v,
                lsk_update u, double lr, double beta1, double beta2, double epsilon, double debias1, double debias2,
                double nu1, double nu2);
/// LAMB's direction u = (m·d₁)/(√v·d₂ + ε), written to `direction`; the caller scales and applies it.
void lsk_lamb_direction(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull direction, const void *_Nonnull p,
                        const void *_Nonnull g, void *_Nonnull m, void *_Nonnull v, lsk_update u, double beta1,
                        double beta2, double epsilon, double inverse_debias1, double inverse_root_debias2);
/// y = scale·y + a·x.
void lsk_axpby(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull y, double scale, const void *_Nonnull x, double a);
/// x = scale·x.
void lsk_scale(lsk_dtype dtype, ptrdiff_t n, void *_Nonnull x, double scale);
/// Sum of squares, accumulated in double; 0 for n = 0.
double lsk_sum_of_squares(lsk_dtype dtype, ptrdiff_t n, const void *_Nonnull x);
/// Σ|x|^order in double, or max|x| when order is infinite.
double lsk_sum_of_powers(lsk_dtype dtype, ptrdiff_t n, const void *_Nonnull x, double order);
