// SPDX-License-Identifier: Apache-2.0
// Our own convolution of whole batches, shared out over the threads of a rank: by images and, where the weights' gradient
// sums over images, by groups of them and tiles of the sums.
#include "conv/direct.h"
#include "lsk_memory.h"
#include "lsk_parallel.h"
#include "conv/weight_groups.h"

int lsk_convolution_is_shared(const lsk_convolution *c) {
    ptrdiff_t pixels = c->batch * c->out_height * c->out_width, taps = c->kernel_height * c->kernel_width;
    return lsk_get_threads() > 1 && pixels * c->out_channels * taps * c->in_channels >= LSK_LEAST_SHARED;
}

void lsk_share_convolution(const lsk_convolution *c, ptrdiff_t count, lsk_part part, void *context) {
    if (lsk_convolution_is_shared(c)) lsk_parallel(count, 1, part, context);
    else part(context, 0, count);
}

/// What the parts of a batch read and write: `from` x or dy, `to` y or dx, `weights` packed or the gradient dy.
typedef struct batch {
    const lsk_convolution *c;
    lsk_frame frame;
    ptrdiff_t in, out;  ///< elements of an image
    const float *from, *weights, *bias;
    float *to;
} batch;

static batch make_batch(const lsk_convolution *c, lsk_frame frame, const float *from, const float *weights,
                        const float *bias, float *to) {
    ptrdiff_t in = c->in_height * c->in_width * c->in_channels, out = c->out_height * c->out_width * c->out_channels;
    return (batch){c, frame, in, out, from, weights, bias, to};
}

static void forward_images(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const batch *b = context;
    const lsk_convolution *c = b->c;
    float *room = lsk_make_frame(&b->frame);
    for (ptrdiff_t n = begin; n < end; n++)
        lsk_forward_image(c, &b->frame, lsk_framed(&b->frame, b->from + n * b->in, c->in_height, c->in_width, room),
                          b->weights, b->bias, b->to + n * b->out);
    lsk_release(room);
}

void lsk_direct_forward(const lsk_convolution *c, const float *x, const float *w, const float *bias, float *y) {
    float *packed = lsk_pack_forward(c, w);
    batch b = make_batch(c, lsk_input_frame(c), x, packed, bias, y);
    lsk_share_convolution(c, c->batch, forward_images, &b);
    lsk_release(packed);
}

static void backward_images(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const batch *b = context;
    const lsk_convolution *c = b->c;
    float *room = lsk_make_frame(&b->frame);
    for (ptrdiff_t n = begin; n < end; n++)
        lsk_backward_image(c, &b->frame, lsk_framed(&b->frame, b->from + n * b->out, c->out_height, c->out_width, room),
                           b->weights, b->to + n * b->in);
    lsk_release(room);
}

void lsk_direct_backward_data(const lsk_convolution *c, const float *dy, const float *w, float *dx) {
    float *packed = lsk_pack_backward(c, w);
    batch b = make_batch(c, lsk_gradient_frame(c), dy, packed, NULL, dx);
    lsk_share_convolution(c, c->batch, backward_images, &b);
    lsk_release(packed);
}

static void weight_tiles(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const batch *b = context;
    const lsk_convolution *c = b->c;
    float *room = lsk_make_frame(&b->frame);
    while (begin < end) {
        lsk_tile_range r = lsk_first_range(c, begin, end, b->to);
        for (ptrdiff_t n = r.image; n < r.last_image; n++)
            lsk_weight_image(c, &b->frame, lsk_framed(&b->frame, b->from + n * b->in, c->in_height, c->in_width, room),
                             b->weights + n * b->out, c->out_width * c->out_channels, r.tile, r.last_tile, r.sums);
        begin = r.next;
    }
    lsk_release(room);
}

void lsk_direct_backward_weight(const lsk_convolution *c, const float *x, const float *dy, float *dw, float beta) {
    float *sums = lsk_start_weight(c);
    batch b = make_batch(c, lsk_input_frame(c), x, dy, NULL, sums);
    lsk_share_convolution(c, lsk_weight_groups(c) * lsk_weight_tiles(c), weight_tiles, &b);
    lsk_finish_weight(c, sums, dw, beta);
}
