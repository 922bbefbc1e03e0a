// SPDX-License-Identifier: Apache-2.0
// Pooling over channels-last images: windows are described by the caller, so one kernel serves every kind of pooling.
#pragma once
#include "lsk_types.h"

/// The part of one axis that one output position looks at.
typedef struct lsk_window {
    int32_t start, end;  ///< inside the image, end excluded
    int32_t size;        ///< what an average divides by along this axis
} lsk_window;

/// Images are [batch, height, width, channels] in memory. `rows` has out_height windows, `columns` out_width.
typedef struct lsk_pooling {
    ptrdiff_t batch, channels, in_height, in_width, out_height, out_width;
    const lsk_window *_Nonnull rows;
    const lsk_window *_Nonnull columns;
} lsk_pooling;

/// The largest value of each window, and its place (row * in_width + column) unless `places` is NULL. The first of equal
/// values counts; a NaN wins. float32 or float64.
void lsk_max_pool(const lsk_pooling *_Nonnull p, lsk_dtype dtype, const void *_Nonnull x, void *_Nonnull y,
                  int32_t *_Nullable places);
/// Every element of `dx` is written.
void lsk_max_pool_backward(const lsk_pooling *_Nonnull p, lsk_dtype dtype, const void *_Nonnull dy,
                           const int32_t *_Nonnull places, void *_Nonnull dx);
/// The sum of each window divided by rows.size * columns.size.
void lsk_average_pool(const lsk_pooling *_Nonnull p, lsk_dtype dtype, const void *_Nonnull x, void *_Nonnull y);
/// Every element of `dx` is written.
void lsk_average_pool_backward(const lsk_pooling *_Nonnull p, lsk_dtype dtype, const void *_Nonnull dy,
                               void *_Nonnull dx);
