// SPDX-License-Identifier: Apache-2.0
// Convolution by gathering patches and multiplying them; needs no library but that of products.
#include "conv/im2col.h"
#include "base/simd.h"
#include "gemm/blas_parallel.h"
#include "gemm/sgemm.h"
#include "lsk_memory.h"
#include <string.h>

enum { LSK_TILE_BYTES = 256 << 10 };  // a quarter of a core's second-level cache: the BLAS packs its own copies

/// One tap, no padding, every pixel: the image is its own patch matrix.
static int is_pointwise(const lsk_convolution *c) {
    return c->kernel_height == 1 && c->kernel_width == 1 && c->stride_height == 1 && c->stride_width == 1 &&
           c->pad_top == 0 && c->pad_left == 0 && c->pad_bottom == 0 && c->pad_right == 0;
}

static int is_depthwise(const lsk_convolution *c) {
    return c->groups > 1 && c->groups == c->in_channels && c->groups == c->out_channels;
}

/// The convolution over dy that gives dx; only where no pixel was skipped and the padding comes out non-negative.
static int reverse(const lsk_convolution *c, lsk_convolution *r) {
    ptrdiff_t reach_height = c->dilation_height * (c->kernel_height - 1);
    ptrdiff_t reach_width = c->dilation_width * (c->kernel_width - 1);
    if (c->stride_height != 1 || c->stride_width != 1 || reach_height < c->pad_top || reach_width < c->pad_left ||
        reach_height < c->pad_bottom || reach_width < c->pad_right)
        return 0;
    *r = *c;
    r->in_channels = c->out_channels, r->in_height = c->out_height, r->in_width = c->out_width;
    r->out_channels = c->in_channels, r->out_height = c->in_height, r->out_width = c->in_width;
    r->pad_top = reach_height - c->pad_top, r->pad_bottom = reach_height - c->pad_bottom;
    r->pad_left = reach_width - c->pad_left, r->pad_right = reach_width - c->pad_right;
    return 1;
}

#define REAL float
#define GEMM lsk_sgemm
#define NAME(x) x##_f32
#include "conv/depthwise_typed.h"
#include "conv/im2col_typed.h"
#undef REAL
#undef GEMM
#undef NAME
#define REAL double
#define GEMM(order, ...) lsk_blas_dgemm(__VA_ARGS__)
#define NAME(x) x##_f64
#include "conv/depthwise_typed.h"
#include "conv/im2col_typed.h"

void lsk_im2col_forward(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *w, const void *bias,
                        void *y) {
    if (dtype == LSK_FLOAT32) forward_f32(c, x, w, bias, y);
    else forward_f64(c, x, w, bias, y);
}

void lsk_im2col_backward_data(const lsk_convolution *c, lsk_dtype dtype, const void *dy, const void *w, void *dx) {
    if (dtype == LSK_FLOAT32) backward_data_f32(c, dy, w, dx);
    else backward_data_f64(c, dy, w, dx);
}

void lsk_im2col_backward_weight(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *dy, void *dw,
                                float beta) {
    if (dtype == LSK_FLOAT32) backward_weight_f32(c, x, dy, dw, beta);
    else backward_weight_f64(c, x, dy, dw, beta);
}
