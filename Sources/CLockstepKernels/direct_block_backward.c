// SPDX-License-Identifier: Apache-2.0
// The way back through convolution, bias, ReLU and max-pooling: each image's gradient is spread and used while in cache.
#include "direct_block.h"
#include "direct.h"
#include "lsk_memory.h"
#include "lsk_parallel.h"
#include <string.h>

#if defined(__x86_64__)
/// What a batch's gradients are made of, and those wanted: of the input, of the bias by image, of the weights.
typedef struct backward {
    const lsk_convolution *c;
    lsk_frame input, slope;
    lsk_pooled pooled;
    const float *x, *y, *dy, *packed;
    const uint8_t *places;
    float *dx, *bias_sums, *sums;
} backward;

/// All that is wanted of some images, and of the weights' gradient some tiles.
static void pass(const backward *b, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t first_tile, ptrdiff_t last_tile) {
    const lsk_convolution *c = b->c;
    const lsk_pooled *p = &b->pooled;
    ptrdiff_t channels = c->out_channels, in = c->in_height * c->in_width * c->in_channels;
    ptrdiff_t out = p->height * p->width * channels;
    float *room = lsk_make_frame(&b->input), *slope = lsk_make_frame(&b->slope);
    float *inside = slope + b->slope.top * p->row + b->slope.left * channels;
    float *bias = lsk_allocate((size_t)channels * sizeof(float));  // one image's sum, so that rounding grows slowly
    for (ptrdiff_t n = begin; n < end; n++) {
        memset(bias, 0, (size_t)channels * sizeof(float));
        lsk_unpool_image(p, b->y + n * out, b->places ? b->places + n * out : NULL, b->dy + n * out, inside, bias);
        if (b->bias_sums) memcpy(b->bias_sums + n * channels, bias, (size_t)channels * sizeof(float));
        if (b->dx) lsk_backward_image(c, &b->slope, slope, b->packed, b->dx + n * in);
        if (b->sums)
            lsk_weight_image(c, &b->input, lsk_framed(&b->input, b->x + n * in, c->in_height, c->in_width, room),
                             inside, p->row, first_tile, last_tile, b->sums);
    }
    lsk_release(bias);
    lsk_release(slope);
    lsk_release(room);
}

static void images(void *context, ptrdiff_t begin, ptrdiff_t end) {
    backward b = *(const backward *)context;
    b.sums = NULL;
    pass(&b, begin, end, 0, 0);
}

static void tiles(void *context, ptrdiff_t begin, ptrdiff_t end) {
    backward b = *(const backward *)context;
    if (b.dx || begin > 0) b.bias_sums = NULL;  // without dx nobody else passes over the images
    b.dx = NULL;
    pass(&b, 0, b.c->batch, begin, end);
}

/// One thread does everything with an image at a time. Several share the images first and the weights' tiles then: each
/// spreads all gradients once more, which costs less than waiting for each other at every image.
static void run(backward *b) {
    const lsk_convolution *c = b->c;
    ptrdiff_t count = b->sums ? lsk_weight_tiles(c) : 0;
    if (!lsk_convolution_is_shared(c)) return pass(b, 0, c->batch, 0, count);
    if (b->dx || !b->sums) lsk_parallel(c->batch, 1, images, b);
    if (b->sums) lsk_parallel(count, 1, tiles, b);
}
#endif

void lsk_convolution_block_backward(const lsk_convolution_block *block, const void *x, const void *w, const void *y,
                                    const uint8_t *places, const void *dy, void *dx, void *dw, float beta,
                                    void *bias_gradient) {
#if defined(__x86_64__)
    const lsk_convolution *c = &block->convolution;
    ptrdiff_t channels = c->out_channels;
    float *dbias = bias_gradient, *packed = dx ? lsk_pack_backward(c, w) : NULL;
    // The gradient is spread where the input's gradient wants it: with zeros around it.
    lsk_frame slope = dx ? lsk_gradient_frame(c) : (lsk_frame){c->out_height, c->out_width, channels, 0, 0, 0};
    slope.copies = 1;
    backward b = {.c = c, .input = lsk_input_frame(c), .slope = slope, .x = x, .y = y, .dy = dy, .packed = packed,
                  .pooled = lsk_make_pooled(block, slope.width * channels), .places = places, .dx = dx,
                  .bias_sums = lsk_allocate((size_t)(c->batch * channels) * sizeof(float)),
                  .sums = dw ? lsk_start_weight(c) : NULL};
    run(&b);
    memset(dbias, 0, (size_t)channels * sizeof(float));
    for (ptrdiff_t n = 0; n < c->batch; n++)
        for (ptrdiff_t o = 0; o < channels; o++) dbias[o] += b.bias_sums[n * channels + o];
    if (dw) lsk_finish_weight(c, b.sums, dw, beta);
    if (dx) lsk_release(packed);
    lsk_release(b.bias_sums);
#else
    (void)block, (void)x, (void)w, (void)y, (void)places, (void)dy, (void)dx, (void)dw, (void)beta;
    (void)bias_gradient;
#endif
}
