// SPDX-License-Identifier: Apache-2.0
// Convolution, bias, ReLU and max-pooling in one go: each image passes through all of them while it is in cache.
#include "conv/direct_block.h"
#include "conv/direct.h"
#include "lsk_memory.h"

// A larger result of one image would not stay in the second-level cache between the steps.
enum { LSK_BLOCK_BYTES = 512 << 10 };

int lsk_convolution_block_fits(const lsk_convolution_block *b) {
    const lsk_convolution *c = &b->convolution;
    ptrdiff_t places = b->window_height * b->window_width;
    lsk_convolution_engine engine = lsk_get_convolution_engine();
    int chosen = engine == LSK_ENGINE_BLAS || engine == LSK_ENGINE_ONEDNN;
    return !chosen && lsk_direct_fits(c) && c->out_channels >= 16 && c->out_width >= 4 && places >= 1 &&
           places <= 256 &&
           c->out_height * c->out_width * c->out_channels * (ptrdiff_t)sizeof(float) <= LSK_BLOCK_BYTES;
}

lsk_pooled lsk_make_pooled(const lsk_convolution_block *b, ptrdiff_t row) {
    const lsk_convolution *c = &b->convolution;
    return (lsk_pooled){c->out_height / b->window_height,
                        c->out_width / b->window_width,
                        c->out_channels,
                        b->window_height,
                        b->window_width,
                        row};
}

#if defined(__x86_64__)
typedef struct forward {
    const lsk_convolution *c;
    lsk_frame frame;
    lsk_pooled pooled;
    const float *x, *packed, *bias;
    float *y;
    uint8_t *places;
} forward;

static void forward_images(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const forward *t = context;
    const lsk_convolution *c = t->c;
    const lsk_pooled *p = &t->pooled;
    ptrdiff_t in = c->in_height * c->in_width * c->in_channels, out = p->height * p->width * p->channels;
    float *room = lsk_make_frame(&t->frame), *image = lsk_allocate((size_t)(c->out_height * p->row) * sizeof(float));
    for (ptrdiff_t n = begin; n < end; n++) {
        lsk_forward_image(c, &t->frame, lsk_framed(&t->frame, t->x + n * in, c->in_height, c->in_width, room),
                          t->packed, t->bias, image);
        lsk_pool_image(p, image, t->y + n * out, t->places ? t->places + n * out : NULL);
    }
    lsk_release(image);
    lsk_release(room);
}
#endif

void lsk_convolution_block_forward(const lsk_convolution_block *b, const void *x, const void *w, const void *bias,
                                   void *y, uint8_t *places) {
#if defined(__x86_64__)
    const lsk_convolution *c = &b->convolution;
    float *packed = lsk_pack_forward(c, w);
    forward t = {c, lsk_input_frame(c), lsk_make_pooled(b, c->out_width * c->out_channels), x, packed, bias, y, places};
    lsk_share_convolution(c, c->batch, forward_images, &t);
    lsk_release(packed);
#else
    (void)b, (void)x, (void)w, (void)bias, (void)y, (void)places;
#endif
}
