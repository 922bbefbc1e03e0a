// SPDX-License-Identifier: Apache-2.0
// Convolution with one input channel per output channel, for one element type: every loop runs along the channels.

/// Calls BODY for every pair of output pixel and tap inside the image, with `from` the input and `to` the output offset.
#define EACH_TAP(BODY)                                                                                                \
    for (ptrdiff_t oh = 0; oh < c->out_height; oh++)                                                                  \
        for (ptrdiff_t ow = 0; ow < c->out_width; ow++) {                                                             \
            ptrdiff_t to = ((n * c->out_height + oh) * c->out_width + ow) * channels;                                 \
            for (ptrdiff_t kh = 0; kh < c->kernel_height; kh++) {                                                     \
                ptrdiff_t ih = oh * c->stride_height - c->pad_top + kh * c->dilation_height;                          \
                if (ih < 0 || ih >= c->in_height) continue;                                                           \
                for (ptrdiff_t kw = 0; kw < c->kernel_width; kw++) {                                                  \
                    ptrdiff_t iw = ow * c->stride_width - c->pad_left + kw * c->dilation_width;                       \
                    if (iw < 0 || iw >= c->in_width) continue;                                                        \
                    ptrdiff_t from = ((n * c->in_height + ih) * c->in_width + iw) * channels;                         \
                    ptrdiff_t tap = (kh * c->kernel_width + kw) * channels;                                           \
                    BODY                                                                                              \
                }                                                                                                     \
            }                                                                                                         \
        }

/// [channels, taps] to [taps, channels].
static REAL *NAME(depthwise_pack)(const lsk_convolution *c, const REAL *w) {
    ptrdiff_t channels = c->in_channels, taps = c->kernel_height * c->kernel_width;
    REAL *packed = lsk_allocate((size_t)(channels * taps) * sizeof(REAL));
    for (ptrdiff_t t = 0; t < taps; t++)
        for (ptrdiff_t i = 0; i < channels; i++) packed[t * channels + i] = w[i * taps + t];
    return packed;
}

LSK_SIMD static void NAME(depthwise_forward)(const lsk_convolution *c, const REAL *x, const REAL *w, const REAL *bias,
                                             REAL *y) {
    ptrdiff_t channels = c->in_channels, pixels = c->batch * c->out_height * c->out_width;
    REAL *packed = NAME(depthwise_pack)(c, w);
    for (ptrdiff_t p = 0; p < pixels; p++)
        for (ptrdiff_t i = 0; i < channels; i++) y[p * channels + i] = bias ? bias[i] : 0;
    for (ptrdiff_t n = 0; n < c->batch; n++)
        EACH_TAP(for (ptrdiff_t i = 0; i < channels; i++) y[to + i] += x[from + i] * packed[tap + i];)
    lsk_release(packed);
}

LSK_SIMD static void NAME(depthwise_backward_data)(const lsk_convolution *c, const REAL *dy, const REAL *w, REAL *dx) {
    ptrdiff_t channels = c->in_channels;
    REAL *packed = NAME(depthwise_pack)(c, w);
    memset(dx, 0, (size_t)(c->batch * c->in_height * c->in_width * channels) * sizeof(REAL));
    for (ptrdiff_t n = 0; n < c->batch; n++)
        EACH_TAP(for (ptrdiff_t i = 0; i < channels; i++) dx[from + i] += dy[to + i] * packed[tap + i];)
    lsk_release(packed);
}

/// Sums one image at a time and then over images, so that rounding grows with neither alone.
LSK_SIMD static void NAME(depthwise_backward_weight)(const lsk_convolution *c, const REAL *x, const REAL *dy, REAL *dw,
                                                     REAL beta) {
    ptrdiff_t channels = c->in_channels, taps = c->kernel_height * c->kernel_width, count = channels * taps;
    REAL *total = lsk_allocate((size_t)(2 * count) * sizeof(REAL)), *image = total + count;
    memset(total, 0, (size_t)count * sizeof(REAL));
    for (ptrdiff_t n = 0; n < c->batch; n++) {
        memset(image, 0, (size_t)count * sizeof(REAL));
        EACH_TAP(for (ptrdiff_t i = 0; i < channels; i++) image[tap + i] += dy[to + i] * x[from + i];)
        for (ptrdiff_t i = 0; i < count; i++) total[i] += image[i];
    }
    for (ptrdiff_t i = 0; i < channels; i++)
        for (ptrdiff_t t = 0; t < taps; t++)
            dw[i * taps + t] = total[t * channels + i] + (beta == 0 ? 0 : beta * dw[i * taps + t]);
    lsk_release(total);
}
#undef EACH_TAP
