// SPDX-License-Identifier: Apache-2.0
// Normalisation: sums and affine maps per channel of channels-last memory, and layer norm over rows.
#pragma once
#include "lsk_types.h"

// The channel family sees memory as [segments, rows, channels]: one segment for batch norm, one per sample for group
// norm. Per-channel operands are [segments, channels]. Element types: float32 and float64.
//
// A mean is the sum of two tables: `mean` and, where it was computed here, `rest`, what the element type could not hold.
// Next to a deviation far below the mean the rest is no small part of x - mean; shifts and sums take it in per channel, so
// that passes over x need not know of it.

/// `sums` is [4, segments, channels]: the sum over the rows of x and what a double cannot hold of it, then the same of x².
/// Adding such tables adds up the moments; x is shifted while summing, so a large mean costs no precision.
void lsk_channel_moments(ptrdiff_t segments, ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype,
                         const void *_Nonnull x, double *_Nonnull sums);
/// y = (x - mean) * scale + shift, plus `added` (of x's shape) unless NULL, through max(0, ·) if `rectifies`.
void lsk_channel_apply(ptrdiff_t segments, ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype, const void *_Nonnull x,
                       const void *_Nonnull mean, const void *_Nonnull scale, const void *_Nonnull shift,
                       const void *_Nullable added, int rectifies, void *_Nonnull y);
/// Sums of dy and of dy * (x - mean - rest) over the rows, in double; of dy where (x - mean) * scale + shift is above 0, and
/// 0 elsewhere, unless `scale` and `shift` are NULL. A `rest` of NULL is 0.
void lsk_channel_products(ptrdiff_t segments, ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype,
                          const void *_Nonnull dy, const void *_Nonnull x, const void *_Nonnull mean,
                          const void *_Nullable rest, const void *_Nullable scale, const void *_Nullable shift,
                          double *_Nonnull sum, double *_Nonnull product);
/// dx = a * dy + b * (x - mean) + c; with dy only where (x - mean) * a + shift is above 0, unless `shift` is NULL.
void lsk_channel_backward(ptrdiff_t segments, ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype,
                          const void *_Nonnull dy, const void *_Nonnull x, const void *_Nonnull mean,
                          const void *_Nonnull a, const void *_Nonnull b, const void *_Nonnull c,
                          const void *_Nullable shift, void *_Nonnull dx);
/// From the sums of lsk_channel_moments over `count` values, [4, n]: the mean, its rest and the biased variance.
void lsk_channel_statistics(ptrdiff_t n, double count, const double *_Nonnull sums, lsk_dtype dtype,
                            void *_Nonnull mean, void *_Nonnull rest, void *_Nonnull variance);
/// 1 / sqrt(variance + epsilon).
void lsk_channel_inverse(ptrdiff_t n, double epsilon, lsk_dtype dtype, const void *_Nonnull variance,
                         void *_Nonnull inverse);
/// What lsk_channel_backward needs besides a = scale when mean and variance came from `count` values:
/// b = -scale * inverse² * product / count and c = -scale * sum / count - b * rest.
void lsk_channel_coefficients(ptrdiff_t n, double count, const double *_Nonnull sum, const double *_Nonnull product,
                              lsk_dtype dtype, const void *_Nonnull rest, const void *_Nonnull scale,
                              const void *_Nonnull inverse, void *_Nonnull b, void *_Nonnull c);
/// out = beta * out + the sum over rows of x [rows, channels]: the gradient of a bias. Beta is 0 or 1.
void lsk_channel_sum(ptrdiff_t rows, ptrdiff_t channels, lsk_dtype dtype, const void *_Nonnull x, void *_Nonnull out,
                     float beta);

/// Layer norm of every row of x [rows, width]; saves mean, rest and 1 / sqrt(variance + epsilon) of each row.
void lsk_layer_norm(ptrdiff_t rows, ptrdiff_t width, lsk_dtype dtype, double epsilon, const void *_Nonnull x,
                    const void *_Nullable weight, const void *_Nullable bias, void *_Nonnull y, void *_Nonnull mean,
                    void *_Nonnull rest, void *_Nonnull inverse);
/// Its gradients; `added`, of x's shape or NULL, is added to dx on the way. `dw` and `db` (beta * old + new) may be NULL, and so may `dx`.
void lsk_layer_norm_backward(ptrdiff_t rows, ptrdiff_t width, lsk_dtype dtype, const void *_Nonnull dy,
                             const void *_Nonnull x, const void *_Nullable weight, const void *_Nonnull mean,
                             const void *_Nonnull rest, const void *_Nonnull inverse, const void *_Nullable added,
                             void *_Nullable dx, void *_Nullable dw, float dw_beta, void *_Nullable db, float db_beta);

/// Every row of x [rows, width] divided by sqrt(mean of its squares + epsilon), times weight; saves 1 / that root of each row.
void lsk_rms_norm(ptrdiff_t rows, ptrdiff_t width, lsk_dtype dtype, double epsilon, const void *_Nonnull x,
                  const void *_Nullable weight, void *_Nonnull y, void *_Nonnull inverse);
/// Its gradients; `dw` (beta * old + new) may be NULL, and so may `dx`.
void lsk_rms_norm_backward(ptrdiff_t rows, ptrdiff_t width, lsk_dtype dtype, const void *_Nonnull dy,
                           const void *_Nonnull x, const void *_Nullable weight, const void *_Nonnull inverse,
                           void *_Nullable dx, void *_Nullable dw, float dw_beta);
