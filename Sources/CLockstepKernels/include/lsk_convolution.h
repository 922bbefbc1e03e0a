// SPDX-License-Identifier: Apache-2.0
// Convolution over channels-last images: what is convolved with what, and the three products of training.
#pragma once
#include "lsk_types.h"

/// The sizes of one convolution. Images are [batch, height, width, channels] in memory, without gaps; weights are
/// [out_channels, in_channels / groups, kernel_height, kernel_width].
typedef struct lsk_convolution {
    ptrdiff_t batch, groups;
    ptrdiff_t in_channels, in_height, in_width;
    ptrdiff_t out_channels, out_height, out_width;
    ptrdiff_t kernel_height, kernel_width;
    ptrdiff_t stride_height, stride_width;
    ptrdiff_t dilation_height, dilation_width;
    ptrdiff_t pad_top, pad_left, pad_bottom, pad_right;
} lsk_convolution;

/// y = x * weight + bias. float32 or float64, as all functions here.
void lsk_convolution_forward(const lsk_convolution *_Nonnull c, lsk_dtype dtype, const void *_Nonnull x,
                             const void *_Nonnull weight, const void *_Nullable bias, void *_Nonnull y);
/// The gradient of the input: every element of `dx` is written.
void lsk_convolution_backward_data(const lsk_convolution *_Nonnull c, lsk_dtype dtype, const void *_Nonnull dy,
                                   const void *_Nonnull weight, void *_Nonnull dx);
/// dw = beta * dw + the gradient of the weights; beta is 0 or 1.
void lsk_convolution_backward_weight(const lsk_convolution *_Nonnull c, lsk_dtype dtype, const void *_Nonnull x,
                                     const void *_Nonnull dy, void *_Nonnull dw, float beta);

/// Who computes a convolution.
typedef enum lsk_convolution_engine {
    LSK_ENGINE_MEASURED = 0,  ///< whichever was faster at the first use of a shape
    LSK_ENGINE_BLAS = 1,      ///< patches gathered in cache-sized tiles, multiplied as matrices
    LSK_ENGINE_ONEDNN = 2,
    LSK_ENGINE_DIRECT = 3,    ///< our own AVX-512 kernels on padded images; other shapes go to LSK_ENGINE_BLAS
} lsk_convolution_engine;

/// Whether this build can use oneDNN.
int lsk_has_onednn(void);
/// Forces an engine for the calling thread; LSK_ENGINE_MEASURED returns to the environment variable LOCKSTEP_CONV (blas,
/// onednn or direct), read at the first use, or without it to the choice by measurement. float64 is always computed by OpenBLAS.
void lsk_set_convolution_engine(lsk_convolution_engine engine);
lsk_convolution_engine lsk_get_convolution_engine(void);

// MARK: Fused with what follows

/// A convolution, ReLU and max-pooling over windows side by side, without padding; 1 by 1 is no pooling.
typedef struct lsk_convolution_block {
    lsk_convolution convolution;
    ptrdiff_t window_height, window_width;
} lsk_convolution_block;

/// Whether the fused kernels serve this float32 shape here: AVX-512, one group, no dilation, an image's
/// result that stays in cache, and nobody chose another engine.
int lsk_convolution_block_fits(const lsk_convolution_block *_Nonnull b);
/// y = pool(max(0, x * w + bias)), [batch, out_height / window_height, out_width / window_width, out_channels], and which
/// pixel of its window each value was; `places` may be NULL without pooling or when no gradient is wanted.
void lsk_convolution_block_forward(const lsk_convolution_block *_Nonnull b, const void *_Nonnull x,
                                   const void *_Nonnull w, const void *_Nullable bias, void *_Nonnull y,
                                   uint8_t *_Nullable places);
/// The gradients of the input, unless `dx` is NULL, of the weights (dw = beta * dw + gradient), unless `dw` is, and of the
/// bias, which is overwritten.
void lsk_convolution_block_backward(const lsk_convolution_block *_Nonnull b, const void *_Nonnull x,
                                    const void *_Nonnull w, const void *_Nonnull y, const uint8_t *_Nullable places,
                                    const void *_Nonnull dy, void *_Nullable dx, void *_Nullable dw, float beta,
                                    void *_Nonnull dbias);
