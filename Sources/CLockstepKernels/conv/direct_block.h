// SPDX-License-Identifier: Apache-2.0
// The kernels behind a convolution fused with ReLU and max-pooling.
#pragma once
#include "lsk_convolution.h"

/// One image pooled: `height` by `width` windows of `window_height` by `window_width` pixels side by side. Rows of the
/// large image are `row` elements apart.
typedef struct lsk_pooled {
    ptrdiff_t height, width, channels, window_height, window_width, row;
} lsk_pooled;

/// The pooling of a block whose large images have rows `row` elements apart.
lsk_pooled lsk_make_pooled(const lsk_convolution_block *_Nonnull b, ptrdiff_t row);

#if defined(__x86_64__)
/// y = max(0, largest of each window) and which of the window's pixels it was, row by row; the first of equal ones.
void lsk_pool_image(const lsk_pooled *_Nonnull p, const float *_Nonnull x, float *_Nonnull y,
                    uint8_t *_Nullable places);
/// The way back: dx gets dy at the places where y is positive and 0 at the others; sums += what dx got, per channel.
/// Without places every window is one pixel. Pixels outside all windows are left alone.
void lsk_unpool_image(const lsk_pooled *_Nonnull p, const float *_Nonnull y, const uint8_t *_Nullable places,
                      const float *_Nonnull dy, float *_Nonnull dx, float *_Nonnull sums);
#endif
