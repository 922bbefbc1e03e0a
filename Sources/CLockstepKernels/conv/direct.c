// SPDX-License-Identifier: Apache-2.0
// Our own convolution of one image: what is padded, how weights are packed, and which correlations make up a gradient.
#include "conv/direct.h"
#include "conv/correlate.h"
#include "conv/weight_groups.h"
#include "gemm/blocking.h"
#include "lsk_memory.h"
#include "lsk_processor.h"
#include <string.h>

/// Channels of a result with those that fill its last vector.
static ptrdiff_t filled(ptrdiff_t channels) { return lsk_round_up(channels, LANES); }

int lsk_direct_knows(const lsk_convolution *c) {
    return c->groups == 1 && (c->dilation_height == 1 || c->kernel_height == 1) &&
           (c->dilation_width == 1 || c->kernel_width == 1);
}

int lsk_direct_fits(const lsk_convolution *c) {
#if defined(__x86_64__)
    return lsk_direct_knows(c) && lsk_uses_own_products();
#else
    (void)c;
    return 0;
#endif
}

static void correlate(const lsk_correlation *k, const float *panels, const float *bias, float *y) {
#if defined(__x86_64__)
    lsk_correlate_avx512(k, panels, bias, y);
#else
    (void)k, (void)panels, (void)bias, (void)y;
#endif
}

// MARK: Frames

lsk_frame lsk_input_frame(const lsk_convolution *c) {
    ptrdiff_t height = (c->out_height - 1) * c->stride_height + c->kernel_height;
    ptrdiff_t width = (c->out_width - 1) * c->stride_width + c->kernel_width;
    lsk_frame f = {lsk_max(height, c->pad_top + c->in_height),
                   lsk_max(width, c->pad_left + c->in_width),
                   c->in_channels,
                   c->pad_top,
                   c->pad_left,
                   0};
    f.copies = f.height != c->in_height || f.width != c->in_width;
    return f;
}

/// One axis of the input's gradient at stride s. Pixels i with (i + padding) % s == phase get contributions from every
/// s-th tap: a correlation at stride 1 with a shorter kernel, turned around.
typedef struct phase {
    ptrdiff_t taps, tap;      ///< how many taps, and the one that meets the first gradient
    ptrdiff_t first, count;   ///< the first pixel of the input and how many, `s` apart
    ptrdiff_t start, end;     ///< gradients from `start`, which may be negative, up to `end`
} phase;

static phase make_phase(ptrdiff_t which, ptrdiff_t size, ptrdiff_t kernel, ptrdiff_t s, ptrdiff_t padding) {
    phase p = {which < kernel ? (kernel - which + s - 1) / s : 0, 0, 0, 0, 0, 0};
    ptrdiff_t low = padding > which ? (padding - which + s - 1) / s : 0, high = size - 1 + padding - which;
    p.tap = which + s * (p.taps - 1);
    p.first = s * low + which - padding;
    p.count = high < 0 || high / s < low ? 0 : high / s - low + 1;
    p.start = low - p.taps + 1;
    p.end = low + p.count;
    return p;
}

static phase rows_of(const lsk_convolution *c, ptrdiff_t which) {
    return make_phase(which, c->in_height, c->kernel_height, c->stride_height, c->pad_top);
}
static phase columns_of(const lsk_convolution *c, ptrdiff_t which) {
    return make_phase(which, c->in_width, c->kernel_width, c->stride_width, c->pad_left);
}

lsk_frame lsk_gradient_frame(const lsk_convolution *c) {
    lsk_frame f = {c->out_height, c->out_width, c->out_channels, 0, 0, 0};
    for (ptrdiff_t i = 0; i < c->stride_height; i++) {
        phase p = rows_of(c, i);
        if (p.taps && p.count) f.top = lsk_max(f.top, -p.start), f.height = lsk_max(f.height, p.end);
    }
    for (ptrdiff_t i = 0; i < c->stride_width; i++) {
        phase p = columns_of(c, i);
        if (p.taps && p.count) f.left = lsk_max(f.left, -p.start), f.width = lsk_max(f.width, p.end);
    }
    f.height += f.top;
    f.width += f.left;
    f.copies = f.height != c->out_height || f.width != c->out_width;
    return f;
}

float *lsk_make_frame(const lsk_frame *f) {
    size_t bytes = (size_t)(f->copies ? f->height * f->width * f->channels : 1) * sizeof(float);
    return memset(lsk_allocate(bytes), 0, bytes);
}

const float *lsk_framed(const lsk_frame *f, const float *image, ptrdiff_t height, ptrdiff_t width, float *room) {
    if (!f->copies) return image;
    float *to = room + (f->top * f->width + f->left) * f->channels;
    for (ptrdiff_t h = 0; h < height; h++, to += f->width * f->channels, image += width * f->channels)
        memcpy(to, image, (size_t)(width * f->channels) * sizeof(float));
    return room;
}

// MARK: Weights

/// Some taps of [O, C, kH, kW] as panels: for every 32 outputs [taps, inner, 16 or 32], zero beyond the last output.
/// `output` and `inner` are the distances of their elements; taps begin at `first` and go on by a row and a column.
static float *pack(float *to, const float *w, ptrdiff_t outputs, ptrdiff_t output, ptrdiff_t inners, ptrdiff_t inner,
                   ptrdiff_t rows, ptrdiff_t row, ptrdiff_t columns, ptrdiff_t column) {
    for (ptrdiff_t o = 0; o < outputs; o += NR, w += NR * output) {
        ptrdiff_t count = lsk_min(outputs - o, NR), width = count > LANES ? NR : LANES;
        for (ptrdiff_t r = 0; r < rows; r++)
            for (ptrdiff_t q = 0; q < columns; q++)
                for (ptrdiff_t i = 0; i < inners; i++, to += width) {
                    const float *from = w + r * row + q * column + i * inner;
                    for (ptrdiff_t l = 0; l < count; l++) to[l] = from[l * output];
                    for (ptrdiff_t l = count; l < width; l++) to[l] = 0;
                }
    }
    return to;
}

float *lsk_pack_forward(const lsk_convolution *c, const float *w) {
    ptrdiff_t taps = c->kernel_height * c->kernel_width;
    float *packed = lsk_allocate((size_t)(taps * c->in_channels * filled(c->out_channels)) * sizeof(float));
    pack(packed, w, c->out_channels, c->in_channels * taps, c->in_channels, taps, c->kernel_height, c->kernel_width,
         c->kernel_width, 1);
    return packed;
}

float *lsk_pack_backward(const lsk_convolution *c, const float *w) {
    ptrdiff_t taps = c->kernel_height * c->kernel_width, wide = c->kernel_width;
    float *packed = lsk_allocate((size_t)(taps * c->out_channels * filled(c->in_channels)) * sizeof(float));
    float *to = packed;
    for (ptrdiff_t i = 0; i < c->stride_height; i++)
        for (ptrdiff_t j = 0; j < c->stride_width; j++) {
            phase r = rows_of(c, i), q = columns_of(c, j);
            if (r.taps && q.taps)
                to = pack(to, w + r.tap * wide + q.tap, c->in_channels, taps, c->out_channels, c->in_channels * taps,
                          r.taps, -c->stride_height * wide, q.taps, -c->stride_width);
        }
    return packed;
}

// MARK: One image

void lsk_forward_image(const lsk_convolution *c, const lsk_frame *f, const float *x, const float *packed,
                       const float *bias, float *y) {
    ptrdiff_t line = f->width * c->in_channels;
    lsk_correlation k = {x,
                         line * c->stride_height,
                         c->in_channels * c->stride_width,
                         line,
                         c->kernel_height,
                         c->kernel_width * c->in_channels,
                         c->out_height,
                         c->out_width,
                         c->out_width * c->out_channels,
                         c->out_channels,
                         c->out_channels};
    correlate(&k, packed, bias, y);
}

void lsk_backward_image(const lsk_convolution *c, const lsk_frame *f, const float *dy, const float *packed, float *dx) {
    ptrdiff_t line = f->width * c->out_channels, row = c->in_width * c->in_channels;
    for (ptrdiff_t i = 0; i < c->stride_height; i++)
        for (ptrdiff_t j = 0; j < c->stride_width; j++) {
            phase r = rows_of(c, i), q = columns_of(c, j);
            ptrdiff_t taps = r.taps * q.taps;  // without any, zeros are written
            if (r.count && q.count) {
                const float *from = taps ? dy + (r.start + f->top) * line + (q.start + f->left) * c->out_channels : dy;
                lsk_correlation k = {from,
                                     line,
                                     c->out_channels,
                                     line,
                                     taps ? r.taps : 0,
                                     q.taps * c->out_channels,
                                     r.count,
                                     q.count,
                                     row * c->stride_height,
                                     c->in_channels * c->stride_width,
                                     c->in_channels};
                correlate(&k, packed, NULL, dx + r.first * row + q.first * c->in_channels);
            }
            packed += taps * c->out_channels * filled(c->in_channels);
        }
}

#if defined(__x86_64__)
/// How pixels meet gradients: `x` and `dy_row` as in lsk_weight_image.
static lsk_correlation weight_correlation(const lsk_convolution *c, const lsk_frame *f, const float *x,
                                          ptrdiff_t dy_row) {
    ptrdiff_t line = f->width * c->in_channels;
    return (lsk_correlation){x,
                             line * c->stride_height,
                             c->in_channels * c->stride_width,
                             line,
                             c->kernel_height,
                             c->kernel_width * c->in_channels,
                             c->out_height,
                             c->out_width,
                             dy_row,
                             c->out_channels,
                             c->out_channels};
}
#endif

ptrdiff_t lsk_weight_tiles(const lsk_convolution *c) {
#if defined(__x86_64__)
    lsk_frame f = lsk_input_frame(c);
    lsk_correlation k = weight_correlation(c, &f, NULL, 0);
    return lsk_correlate_weights_tiles(&k);
#else
    (void)c;
    return 0;
#endif
}

void lsk_weight_image(const lsk_convolution *c, const lsk_frame *f, const float *x, const float *dy, ptrdiff_t dy_row,
                      ptrdiff_t begin, ptrdiff_t end, float *sums) {
#if defined(__x86_64__)
    lsk_correlation k = weight_correlation(c, f, x, dy_row);
    lsk_correlate_weights_avx512(&k, dy, begin, end, sums);
#else
    (void)c, (void)f, (void)x, (void)dy, (void)dy_row, (void)begin, (void)end, (void)sums;
#endif
}

/// Numbers of one group's sums.
static ptrdiff_t sums_of(const lsk_convolution *c) {
    return c->kernel_height * c->kernel_width * c->in_channels * filled(c->out_channels);
}

float *lsk_start_weight(const lsk_convolution *c) {
    size_t bytes = (size_t)(lsk_weight_groups(c) * sums_of(c)) * sizeof(float);
    return memset(lsk_allocate(bytes), 0, bytes);
}

lsk_tile_range lsk_first_range(const lsk_convolution *c, ptrdiff_t begin, ptrdiff_t end, float *sums) {
    ptrdiff_t tiles = lsk_weight_tiles(c), group = begin / tiles, start = group * tiles;
    ptrdiff_t next = lsk_min(start + tiles, end);
    return (lsk_tile_range){lsk_group_start(c, group),
                            lsk_group_start(c, group + 1),
                            begin - start,
                            next - start,
                            sums + group * sums_of(c),
                            next};
}

void lsk_finish_weight(const lsk_convolution *c, float *sums, float *dw, float beta) {
    ptrdiff_t taps = c->kernel_height * c->kernel_width, in = c->in_channels, breadth = filled(c->out_channels);
    lsk_add_groups(sums_of(c), lsk_weight_groups(c) - 1, sums, sums + sums_of(c));
    for (ptrdiff_t i = 0; i < in; i++)
        for (ptrdiff_t o = 0; o < c->out_channels; o++)
            for (ptrdiff_t t = 0; t < taps; t++) {
                float *to = dw + (o * in + i) * taps + t;
                *to = sums[(t * in + i) * breadth + o] + (beta == 0 ? 0 : beta * *to);
            }
    lsk_release(sums);
}
