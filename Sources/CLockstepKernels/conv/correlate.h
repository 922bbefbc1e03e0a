// SPDX-License-Identifier: Apache-2.0
// The inner loops of our own convolution: images are read where they lie, without gathering patches.
#pragma once
#include <stddef.h>

/// Pixels of one padded image correlated with packed weights. At stride s, `x_row` is s lines and `x_step` s pixels.
/// The `run` values of one kernel row, kernel_width * channels of them, lie side by side.
typedef struct lsk_correlation {
    const float *_Nonnull x;  ///< what the first tap of the first pixel reads
    ptrdiff_t x_row, x_step, line;  ///< elements to the next pixel's below, to the right, and to the next kernel row's
    ptrdiff_t kernel_height, run, height, width;
    ptrdiff_t y_row, y_step;  ///< elements between result pixels
    ptrdiff_t outputs;  ///< channels of the result
} lsk_correlation;

#if defined(__x86_64__)
/// y = x * panels + bias. Panels of up to 32 output channels follow each other, each [kernel_height * run][16 or 32].
void lsk_correlate_avx512(const lsk_correlation *_Nonnull k, const float *_Nonnull panels, const float *_Nullable bias,
                          float *_Nonnull y);
/// The tiles that a gradient of the weights is made of.
ptrdiff_t lsk_correlate_weights_tiles(const lsk_correlation *_Nonnull k);
/// sums[kernel_height * run][outputs, rounded up to 16] += the gradient of the weights, of which the tiles `begin` ..<
/// `end`; `dy` lies as a result does. A sum goes over the pixels in their order, whatever tiles are asked for.
void lsk_correlate_weights_avx512(const lsk_correlation *_Nonnull k, const float *_Nonnull dy, ptrdiff_t begin,
                                  ptrdiff_t end, float *_Nonnull sums);
#endif
