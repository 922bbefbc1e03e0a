// SPDX-License-Identifier: Apache-2.0
// Axes of another length, each output a weighted sum of a few positions.
#pragma once
#include "lsk_types.h"

/// What the outputs along an axis of `source` positions read: `width` places each, with their weights.
typedef struct lsk_taps {
    ptrdiff_t source, outputs, width;
    const int64_t *_Nonnull places;   ///< [outputs, width], in 0..<source
    const double *_Nonnull weights;  ///< [outputs, width]
} lsk_taps;

/// y[o, i, :] = Σ weight · x[o, place, :] for contiguous x [outer, source, inner] and y [outer, outputs, inner].
/// float32 and float64.
void lsk_resample(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t inner, lsk_taps taps, const void *_Nonnull x,
                  void *_Nonnull y);
/// dx[o, place, :] = Σ weight · dy[o, i, :].
void lsk_resample_backward(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t inner, lsk_taps taps, const void *_Nonnull dy,
                           void *_Nonnull dx);
