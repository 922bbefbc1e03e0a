// SPDX-License-Identifier: Apache-2.0
// Convolution, bias, ReLU and max-pooling in one go: each image passes through all of them while it is in cache.
#include "direct_block.h"
#include "direct.h"
#include "lsk_memory.h"
#include <string.h>

// A larger result of one image would not stay in the second-level cache between the steps.
enum { LSK_BLOCK_BYTES = 512 << 10 };

int lsk_convolution_block_fits(const lsk_convolution_block *b) {
    const lsk_convolution *c = &b->convolution;
    ptrdiff_t places = b->window_height * b->window_width;
    lsk_convolution_engine engine = lsk_get_convolution_engine();
    return (engine == LSK_ENGINE_MEASURED || engine == LSK_ENGINE_DIRECT) && lsk_direct_fits(c) &&
           c->out_channels >= 16 && c->out_width >= 4 && places >= 1 && places <= 256 &&
           c->out_height * c->out_width * c->out_channels * (ptrdiff_t)sizeof(float) <= LSK_BLOCK_BYTES;
}

static lsk_pooled pooled(const lsk_convolution_block *b, ptrdiff_t row) {
    const lsk_convolution *c = &b->convolution;
    return (lsk_pooled){c->out_height / b->window_height, c->out_width / b->window_width, c->out_channels,
                        b->window_height, b->window_width, row};
}

void lsk_convolution_block_forward(const lsk_convolution_block *b, const void *images, const void *w, const void *bias,
                                   void *result, uint8_t *places) {
#if defined(__x86_64__)
    const float *x = images;
    float *y = result;
    const lsk_convolution *c = &b->convolution;
    lsk_frame f = lsk_input_frame(c);
    lsk_pooled p = pooled(b, c->out_width * c->out_channels);
    ptrdiff_t in = c->in_height * c->in_width * c->in_channels, out = p.height * p.width * p.channels;
    float *room = lsk_make_frame(&f), *packed = lsk_pack_forward(c, w);
    float *image = lsk_allocate((size_t)(c->out_height * p.row) * sizeof(float));
    for (ptrdiff_t n = 0; n < c->batch; n++) {
        lsk_forward_image(c, &f, lsk_framed(&f, x + n * in, c->in_height, c->in_width, room), packed, bias, image);
        lsk_pool_image(&p, image, y + n * out, places ? places + n * out : NULL);
    }
    lsk_release(image);
    lsk_release(packed);
    lsk_release(room);
#else
    (void)b, (void)images, (void)w, (void)bias, (void)result, (void)places;
#endif
}

void lsk_convolution_block_backward(const lsk_convolution_block *b, const void *images, const void *w,
                                    const void *result, const uint8_t *places, const void *gradient,
                                    void *image_gradient, void *dw, float beta, void *bias_gradient) {
#if defined(__x86_64__)
    const float *x = images, *y = result, *dy = gradient;
    float *dx = image_gradient, *dbias = bias_gradient;
    const lsk_convolution *c = &b->convolution;
    // The gradient is spread where the input's gradient wants it: with zeros around it.
    lsk_frame f = lsk_input_frame(c), g = lsk_gradient_frame(c);
    if (!dx) g = (lsk_frame){c->out_height, c->out_width, c->out_channels, 0, 0, 0};
    g.copies = 1;
    ptrdiff_t channels = c->out_channels, row = g.width * channels;
    lsk_pooled p = pooled(b, row);
    ptrdiff_t in = c->in_height * c->in_width * c->in_channels, out = p.height * p.width * channels;
    float *room = lsk_make_frame(&f), *slope = lsk_make_frame(&g), *inside = slope + g.top * row + g.left * channels;
    float *packed = dx ? lsk_pack_backward(c, w) : NULL, *sums = dw ? lsk_start_weight(c) : NULL;
    float *image = lsk_allocate((size_t)channels * sizeof(float));
    memset(dbias, 0, (size_t)channels * sizeof(float));
    for (ptrdiff_t n = 0; n < c->batch; n++) {
        memset(image, 0, (size_t)channels * sizeof(float));  // one image's sum, so that rounding grows slowly
        lsk_unpool_image(&p, y + n * out, places ? places + n * out : NULL, dy + n * out, inside, image);
        for (ptrdiff_t o = 0; o < channels; o++) dbias[o] += image[o];
        if (dx) lsk_backward_image(c, &g, slope, packed, dx + n * in);
        if (dw)
            lsk_weight_image(c, &f, lsk_framed(&f, x + n * in, c->in_height, c->in_width, room), inside, row, sums);
    }
    if (dw) lsk_finish_weight(c, sums, dw, beta);
    if (dx) lsk_release(packed);
    lsk_release(image);
    lsk_release(slope);
    lsk_release(room);
#else
    (void)b, (void)images, (void)w, (void)result, (void)places, (void)gradient, (void)image_gradient, (void)dw;
    (void)beta, (void)bias_gradient;
#endif
}
