// SPDX-License-Identifier: Apache-2.0
// The way back through convolution, bias, ReLU and max-pooling: each image's gradient is spread and used while in cache.
#include "conv/direct_block.h"
#include "conv/direct.h"
#include "lsk_memory.h"
#include "lsk_parallel.h"
#include "conv/weight_groups.h"
#include <string.h>

#if defined(__x86_64__)
/// What a batch's gradients are made of, and those wanted: of the input, of the bias by image, of the weights.
typedef struct backward {
    const lsk_convolution *c;
    lsk_frame input, gradient;
    lsk_pooled pooled;
    const float *x, *y, *dy, *packed;
    const uint8_t *places;
    float *dx, *bias_sums, *sums;
} backward;

/// What a thread works in: framed input, framed gradient, and one image's sum for the bias, so that rounding grows slowly.
typedef struct room {
    float *input, *gradient, *bias;
} room;

static room make_room(const backward *b) {
    return (room){lsk_make_frame(&b->input), lsk_make_frame(&b->gradient),
                  lsk_allocate((size_t)b->c->out_channels * sizeof(float))};
}

static void release_room(room m) {
    lsk_release(m.bias);
    lsk_release(m.gradient);
    lsk_release(m.input);
}

/// All that is wanted of some images, and of the weights' gradient some tiles.
static void pass(const backward *b, room m, lsk_tile_range r) {
    const lsk_convolution *c = b->c;
    const lsk_pooled *p = &b->pooled;
    ptrdiff_t channels = c->out_channels, in = c->in_height * c->in_width * c->in_channels;
    ptrdiff_t out = p->height * p->width * channels;
    float *inside = m.gradient + b->gradient.top * p->row + b->gradient.left * channels;
    for (ptrdiff_t n = r.image; n < r.last_image; n++) {
        memset(m.bias, 0, (size_t)channels * sizeof(float));
        lsk_unpool_image(p, b->y + n * out, b->places ? b->places + n * out : NULL, b->dy + n * out, inside, m.bias);
        if (b->bias_sums) memcpy(b->bias_sums + n * channels, m.bias, (size_t)channels * sizeof(float));
        if (b->dx) lsk_backward_image(c, &b->gradient, m.gradient, b->packed, b->dx + n * in);
        if (r.sums)
            lsk_weight_image(c, &b->input, lsk_framed(&b->input, b->x + n * in, c->in_height, c->in_width, m.input),
                             inside, p->row, r.tile, r.last_tile, r.sums);
    }
}

static void images(void *context, ptrdiff_t begin, ptrdiff_t end) {
    room m = make_room(context);
    pass(context, m, (lsk_tile_range){.image = begin, .last_image = end});
    release_room(m);
}

static void tiles(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const backward *all = context;
    room m = make_room(all);
    while (begin < end) {
        lsk_tile_range r = lsk_first_range(all->c, begin, end, all->sums);
        backward b = *all;
        if (r.tile > 0) b.bias_sums = NULL, b.dx = NULL;  // whoever has a group's first tile makes the rest, too
        pass(&b, m, r);
        begin = r.next;
    }
    release_room(m);
}

/// Each image's gradient is spread once and all is made of it. But where threads share the tiles of one group of images,
/// they spread its gradients each, and the input's gradient is shared out over images before.
static void run(backward *b) {
    const lsk_convolution *c = b->c;
    if (!b->sums) return lsk_share_convolution(c, c->batch, images, b);
    ptrdiff_t groups = lsk_weight_groups(c), count = groups * lsk_weight_tiles(c);
    if (!lsk_convolution_is_shared(c)) return tiles(b, 0, count);
    backward rest = *b;
    if (b->dx && groups % lsk_get_threads() != 0) {
        lsk_parallel(c->batch, 1, images, b);
        rest.bias_sums = NULL, rest.dx = NULL;
    }
    lsk_parallel(count, 1, tiles, &rest);
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
    lsk_frame gradient = dx ? lsk_gradient_frame(c) : (lsk_frame){c->out_height, c->out_width, channels, 0, 0, 0};
    gradient.copies = 1;
    backward b = {.c = c,
                  .input = lsk_input_frame(c),
                  .gradient = gradient,
                  .x = x,
                  .y = y,
                  .dy = dy,
                  .packed = packed,
                  .pooled = lsk_make_pooled(block, gradient.width * channels),
                  .places = places,
                  .dx = dx,
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
