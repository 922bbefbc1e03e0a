// SPDX-License-Identifier: Apache-2.0
// The engine that convolves with our own kernels, image by image, for the code that chooses and the code that fuses.
#pragma once
#include "lsk_convolution.h"
#include "lsk_parallel.h"

/// A copy of one image with zeros around it. `top` and `left` say where the image begins.
typedef struct lsk_frame {
    ptrdiff_t height, width, channels, top, left;
    int copies;  ///< 0: nothing has to be added, the image itself serves
} lsk_frame;

/// Whether the kernels are made for this convolution: one group, no dilation.
int lsk_direct_knows(const lsk_convolution *_Nonnull c);
/// Whether they can compute it here, which takes AVX-512.
int lsk_direct_fits(const lsk_convolution *_Nonnull c);

/// What the kernels read instead of an input, and instead of a gradient of the result when the input's is computed.
lsk_frame lsk_input_frame(const lsk_convolution *_Nonnull c);
lsk_frame lsk_gradient_frame(const lsk_convolution *_Nonnull c);
/// Zeros of the frame's size, to be released; one element when nothing is copied.
float *_Nonnull lsk_make_frame(const lsk_frame *_Nonnull f);
/// Copies an image into `room`, or returns the image.
const float *_Nonnull lsk_framed(const lsk_frame *_Nonnull f, const float *_Nonnull image, ptrdiff_t height,
                                 ptrdiff_t width, float *_Nonnull room);

/// The weights as the kernels read them, to be released.
float *_Nonnull lsk_pack_forward(const lsk_convolution *_Nonnull c, const float *_Nonnull w);
float *_Nonnull lsk_pack_backward(const lsk_convolution *_Nonnull c, const float *_Nonnull w);

/// One image: y = x * w + bias, and dx; `x` and `dy` framed.
void lsk_forward_image(const lsk_convolution *_Nonnull c, const lsk_frame *_Nonnull f, const float *_Nonnull x,
                       const float *_Nonnull packed, const float *_Nullable bias, float *_Nonnull y);
void lsk_backward_image(const lsk_convolution *_Nonnull c, const lsk_frame *_Nonnull f, const float *_Nonnull dy,
                        const float *_Nonnull packed, float *_Nonnull dx);
/// The weights' gradient is made of tiles, as many for each group of images (weight_groups.h): threads share tiles and
/// groups. A stretch of them is passed over group by group.
ptrdiff_t lsk_weight_tiles(const lsk_convolution *_Nonnull c);
typedef struct lsk_tile_range {
    ptrdiff_t image, last_image;  ///< of the group, the last one excluded
    ptrdiff_t tile, last_tile;
    float *_Nullable sums;        ///< the group's
    ptrdiff_t next;               ///< where the next range begins
} lsk_tile_range;
lsk_tile_range lsk_first_range(const lsk_convolution *_Nonnull c, ptrdiff_t begin, ptrdiff_t end, float *_Nonnull sums);
/// One image's part of the tiles `begin` ..< `end` of the weights' gradient, added to its group's `sums`; rows of `dy`
/// are `dy_row` elements apart.
void lsk_weight_image(const lsk_convolution *_Nonnull c, const lsk_frame *_Nonnull f, const float *_Nonnull x,
                      const float *_Nonnull dy, ptrdiff_t dy_row, ptrdiff_t begin, ptrdiff_t end, float *_Nonnull sums);
/// Zeros for `lsk_weight_image`, for all groups, to be given to `lsk_finish_weight`: dw = beta * dw + sums.
float *_Nonnull lsk_start_weight(const lsk_convolution *_Nonnull c);
void lsk_finish_weight(const lsk_convolution *_Nonnull c, float *_Nonnull sums, float *_Nonnull dw, float beta);

/// Whether there are threads to share a convolution with, and enough of it.
int lsk_convolution_is_shared(const lsk_convolution *_Nonnull c);
/// lsk_parallel for `count` images or tiles of a convolution that is shared, else one plain call.
void lsk_share_convolution(const lsk_convolution *_Nonnull c, ptrdiff_t count, lsk_part _Nonnull part,
                           void *_Nullable context);
/// The three products of training over whole batches.
void lsk_direct_forward(const lsk_convolution *_Nonnull c, const float *_Nonnull x, const float *_Nonnull w,
                        const float *_Nullable bias, float *_Nonnull y);
void lsk_direct_backward_data(const lsk_convolution *_Nonnull c, const float *_Nonnull dy, const float *_Nonnull w,
                              float *_Nonnull dx);
void lsk_direct_backward_weight(const lsk_convolution *_Nonnull c, const float *_Nonnull x, const float *_Nonnull dy,
                                float *_Nonnull dw, float beta);
