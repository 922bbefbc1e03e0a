// SPDX-License-Identifier: Apache-2.0
// Group normalisation: turns sums per sample and channel into tables for the channel kernels (lsk_norm.h).
#pragma once
#include "lsk_types.h"

/// Tables are [samples, channels]; a group is a run of channels / groups neighbours, `rows` values per channel.
typedef struct lsk_groups {
    lsk_dtype dtype;
    ptrdiff_t samples, channels, groups, rows;
} lsk_groups;

/// From the sums of lsk_channel_moments: mean (+ rest) and 1 / sqrt(variance + epsilon) of each channel's group, and
/// scale = inverse * weight, shift = bias - rest * scale. Weight and bias are [channels] or NULL.
void lsk_group_statistics(const lsk_groups *_Nonnull g, double epsilon, const double *_Nonnull sums,
                          const void *_Nullable weight, const void *_Nullable bias, void *_Nonnull mean,
                          void *_Nonnull rest, void *_Nonnull inverse, void *_Nonnull scale, void *_Nonnull shift);
/// From the sums of dy and dy * (x - mean - rest): the tables b and c of lsk_channel_backward (its a is `scale`), and the
/// gradients of weight and bias in double, [channels] each.
void lsk_group_coefficients(const lsk_groups *_Nonnull g, const double *_Nonnull sum, const double *_Nonnull product,
                            const void *_Nullable weight, const void *_Nonnull rest, const void *_Nonnull inverse,
                            void *_Nonnull b, void *_Nonnull c, double *_Nonnull dw, double *_Nonnull db);
