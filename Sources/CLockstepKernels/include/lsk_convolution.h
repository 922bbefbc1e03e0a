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

/// Which of the three products of training.
typedef enum lsk_convolution_way {
    LSK_FORWARD = 0,
    LSK_BACKWARD_DATA = 1,
    LSK_BACKWARD_WEIGHT = 2,
} lsk_convolution_way;

/// Who computes a convolution.
typedef enum lsk_convolution_engine {
    LSK_ENGINE_RULE = 0,  ///< whoever a cost model takes for the fastest: the shape, the processor and the build say
    LSK_ENGINE_BLAS = 1,  ///< patches gathered in cache-sized tiles, multiplied as matrices
    LSK_ENGINE_ONEDNN = 2,
    LSK_ENGINE_DIRECT = 3,  ///< our own AVX-512 kernels on padded images; other shapes go to LSK_ENGINE_BLAS
    LSK_ENGINE_MEASURED = 4,  ///< whoever was faster at the first use of a shape: two runs may choose differently
} lsk_convolution_engine;

/// Whether this build can use oneDNN.
int lsk_has_onednn(void);
/// The version that runs; zeros without it.
typedef struct lsk_library_version {
    int major, minor, patch;
} lsk_library_version;
lsk_library_version lsk_onednn_version(void);
/// Sets the engine of the calling thread; LSK_ENGINE_RULE returns to the environment variable LOCKSTEP_CONV (blas, onednn,
/// direct or measured), read at the first use, or without it to the rule. float64 is always computed by OpenBLAS. Returns
/// what was set before.
lsk_convolution_engine lsk_set_convolution_engine(lsk_convolution_engine engine);
lsk_convolution_engine lsk_get_convolution_engine(void);

// MARK: The choice

/// What an engine's time for a call is taken to be made of; the last is 1.
enum { LSK_CONVOLUTION_TERMS = 7 };
/// The terms of `engine` for `c`, on any machine; 0 where it does not serve the shape (oneDNN is taken to serve all).
int lsk_convolution_terms(const lsk_convolution *_Nonnull c, lsk_convolution_way way, lsk_convolution_engine engine,
                          double terms[_Nonnull LSK_CONVOLUTION_TERMS]);
/// Nanoseconds by the cost model; infinite where the engine does not serve the shape.
double lsk_convolution_cost(const lsk_convolution *_Nonnull c, lsk_convolution_way way, lsk_convolution_engine engine);
/// The engine that LSK_ENGINE_RULE takes. The batch does not count: parts of one, and a last smaller one, are alike.
lsk_convolution_engine lsk_convolution_rule(const lsk_convolution *_Nonnull c, lsk_convolution_way way);
/// Seconds of `engine` for a call on this thread, the shortest of several; negative where it does not serve the shape.
/// Operands as in the three functions above, with the gradient of the weights overwritten.
double lsk_convolution_seconds(const lsk_convolution *_Nonnull c, lsk_convolution_way way,
                               lsk_convolution_engine engine, const void *_Nonnull first, const void *_Nonnull second,
                               const void *_Nullable bias, void *_Nonnull out);

/// A choice that was made by timing, or brought from a run that made it. `shape.batch` is 0: all batches share it.
typedef struct lsk_convolution_choice {
    lsk_convolution shape;
    lsk_convolution_way way;
    lsk_convolution_engine engine;
} lsk_convolution_choice;
/// Copies up to `room` choices of this process and returns how many there are.
ptrdiff_t lsk_get_convolution_choices(lsk_convolution_choice *_Nullable choices, ptrdiff_t room);
/// Replaces all choices. These hold for LSK_ENGINE_RULE as well as for LSK_ENGINE_MEASURED.
void lsk_set_convolution_choices(const lsk_convolution_choice *_Nullable choices, ptrdiff_t count);

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
