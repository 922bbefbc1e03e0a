// SPDX-License-Identifier: Apache-2.0
// The OpenBLAS convolution for one element type; included once per type with REAL, GEMM and NAME defined.
// Patches of a few hundred output pixels at a time are gathered into a tile that stays in cache ("im2col"); in
// channels-last memory one row of a patch is one run of kernel_width * channels elements.

/// Copies a short run; a call to memcpy costs more than moving a few elements.
LSK_INLINE void NAME(copy_run)(REAL *to, const REAL *from, ptrdiff_t n) {
    if (n > 16) {
        memcpy(to, from, (size_t)n * sizeof(REAL));
        return;
    }
    for (; n >= 4; n -= 4, to += 4, from += 4) __builtin_memcpy(to, from, 4 * sizeof(REAL));
    switch (n) {
    case 3: to[2] = from[2]; __attribute__((fallthrough));
    case 2: to[1] = from[1]; __attribute__((fallthrough));
    case 1: to[0] = from[0];
    }
}

/// Rows `first ..< first + rows` of the patch matrix of one group: [rows, kernel_height, kernel_width, channels].
LSK_SIMD static void NAME(gather)(const lsk_convolution *c, const REAL *x, ptrdiff_t group, ptrdiff_t first,
                                  ptrdiff_t rows, REAL *out) {
    ptrdiff_t channels = c->in_channels / c->groups, pixel = c->in_channels, row = c->in_width * pixel;
    ptrdiff_t run = c->kernel_width * channels;
    int whole_rows = c->groups == 1 && c->dilation_width == 1;
    ptrdiff_t ow = first % c->out_width, oh = first / c->out_width % c->out_height;
    ptrdiff_t n = first / (c->out_width * c->out_height);
    const REAL *image = x + n * c->in_height * row + group * channels;
    for (ptrdiff_t r = 0; r < rows; r++) {
        ptrdiff_t top = oh * c->stride_height - c->pad_top, left = ow * c->stride_width - c->pad_left;
        for (ptrdiff_t kh = 0; kh < c->kernel_height; kh++, out += run) {
            ptrdiff_t ih = top + kh * c->dilation_height;
            if (ih < 0 || ih >= c->in_height) {
                memset(out, 0, (size_t)run * sizeof(REAL));
                continue;
            }
            const REAL *line = image + ih * row;
            if (whole_rows) {
                ptrdiff_t low = left < 0 ? -left : 0, high = c->in_width - left;
                if (low > c->kernel_width) low = c->kernel_width;
                if (high > c->kernel_width) high = c->kernel_width;
                if (high < low) high = low;
                for (ptrdiff_t i = 0; i < low * channels; i++) out[i] = 0;
                NAME(copy_run)(out + low * channels, line + (left + low) * pixel, (high - low) * channels);
                for (ptrdiff_t i = high * channels; i < run; i++) out[i] = 0;
            } else {
                for (ptrdiff_t kw = 0; kw < c->kernel_width; kw++) {
                    ptrdiff_t iw = left + kw * c->dilation_width;
                    REAL *to = out + kw * channels;
                    if (iw < 0 || iw >= c->in_width)
                        for (ptrdiff_t i = 0; i < channels; i++) to[i] = 0;
                    else NAME(copy_run)(to, line + iw * pixel, channels);
                }
            }
        }
        if (++ow == c->out_width) {
            ow = 0;
            if (++oh == c->out_height) {
                oh = 0;
                image += c->in_height * row;
            }
        }
    }
}

/// The patch matrix of an image with one channel, transposed: [taps, rows]. Whole lines are copied instead of runs as
/// short as the kernel is wide. `first` and `rows` are multiples of the output's width.
LSK_SIMD static void NAME(gather_planes)(const lsk_convolution *c, const REAL *x, ptrdiff_t first, ptrdiff_t rows,
                                         REAL *out) {
    for (ptrdiff_t kh = 0; kh < c->kernel_height; kh++)
        for (ptrdiff_t kw = 0; kw < c->kernel_width; kw++) {
            ptrdiff_t left = kw * c->dilation_width - c->pad_left, step = c->stride_width;
            ptrdiff_t low = left < 0 ? (-left + step - 1) / step : 0;
            ptrdiff_t high = c->in_width - 1 - left < 0 ? 0 : (c->in_width - 1 - left) / step + 1;
            if (high > c->out_width) high = c->out_width;
            if (low > high) low = high;
            for (ptrdiff_t at = first; at < first + rows; at += c->out_width, out += c->out_width) {
                ptrdiff_t line = at / c->out_width, n = line / c->out_height;
                ptrdiff_t ih = line % c->out_height * c->stride_height - c->pad_top + kh * c->dilation_height;
                if (ih < 0 || ih >= c->in_height) {
                    memset(out, 0, (size_t)c->out_width * sizeof(REAL));
                    continue;
                }
                const REAL *from = x + (n * c->in_height + ih) * c->in_width + left;
                for (ptrdiff_t i = 0; i < low; i++) out[i] = 0;
                if (step == 1) memcpy(out + low, from + low, (size_t)(high - low) * sizeof(REAL));
                else
                    for (ptrdiff_t i = low; i < high; i++) out[i] = from[i * step];
                for (ptrdiff_t i = high; i < c->out_width; i++) out[i] = 0;
            }
        }
}

/// The transpose of `gather`: adds rows of the patch matrix's gradient to the pixels they were copied from.
LSK_SIMD static void NAME(scatter)(const lsk_convolution *c, const REAL *in, ptrdiff_t group, ptrdiff_t first,
                                   ptrdiff_t rows, REAL *dx) {
    ptrdiff_t channels = c->in_channels / c->groups, pixel = c->in_channels, row = c->in_width * pixel;
    ptrdiff_t ow = first % c->out_width, oh = first / c->out_width % c->out_height;
    ptrdiff_t n = first / (c->out_width * c->out_height);
    REAL *image = dx + n * c->in_height * row + group * channels;
    for (ptrdiff_t r = 0; r < rows; r++) {
        ptrdiff_t top = oh * c->stride_height - c->pad_top, left = ow * c->stride_width - c->pad_left;
        for (ptrdiff_t kh = 0; kh < c->kernel_height; kh++)
            for (ptrdiff_t kw = 0; kw < c->kernel_width; kw++, in += channels) {
                ptrdiff_t ih = top + kh * c->dilation_height, iw = left + kw * c->dilation_width;
                if (ih < 0 || ih >= c->in_height || iw < 0 || iw >= c->in_width) continue;
                REAL *to = image + ih * row + iw * pixel;
                for (ptrdiff_t i = 0; i < channels; i++) to[i] += in[i];
            }
        if (++ow == c->out_width) {
            ow = 0;
            if (++oh == c->out_height) {
                oh = 0;
                image += c->in_height * row;
            }
        }
    }
}

/// [outer, inner, taps] to [outer, taps, inner]: PyTorch's weights to rows that match a patch.
LSK_SIMD static void NAME(pack)(ptrdiff_t outer, ptrdiff_t inner, ptrdiff_t taps, const REAL *w, REAL *packed) {
    for (ptrdiff_t o = 0; o < outer; o++, w += inner * taps, packed += inner * taps)
        for (ptrdiff_t t = 0; t < taps; t++)
            for (ptrdiff_t i = 0; i < inner; i++) packed[t * inner + i] = w[i * taps + t];
}

/// The way back, for gradients: w = beta * w + packed.
LSK_SIMD static void NAME(unpack)(ptrdiff_t outer, ptrdiff_t inner, ptrdiff_t taps, const REAL *packed, REAL *w,
                                  REAL beta) {
    for (ptrdiff_t o = 0; o < outer; o++, w += inner * taps, packed += inner * taps)
        for (ptrdiff_t i = 0; i < inner; i++)
            for (ptrdiff_t t = 0; t < taps; t++)
                w[i * taps + t] = packed[t * inner + i] + (beta == 0 ? 0 : beta * w[i * taps + t]);
}

/// Weights of the convolution that computes dx at stride 1: in and out channels exchanged, the kernel turned around.
/// Per group [out, in, taps] to [in, taps reversed, out].
static void NAME(pack_reversed)(const lsk_convolution *c, const REAL *w, REAL *packed) {
    ptrdiff_t in = c->in_channels / c->groups, out = c->out_channels / c->groups;
    ptrdiff_t taps = c->kernel_height * c->kernel_width;
    for (ptrdiff_t g = 0; g < c->groups; g++, w += in * out * taps, packed += in * out * taps)
        for (ptrdiff_t i = 0; i < in; i++)
            for (ptrdiff_t t = 0; t < taps; t++)
                for (ptrdiff_t o = 0; o < out; o++)
                    packed[(i * taps + t) * out + o] = w[(o * in + i) * taps + taps - 1 - t];
}

LSK_SIMD static void NAME(spread_bias)(ptrdiff_t rows, ptrdiff_t columns, const REAL *bias, REAL *y) {
    for (ptrdiff_t r = 0; r < rows; r++, y += columns)
        for (ptrdiff_t i = 0; i < columns; i++) y[i] = bias[i];
}

/// Output pixels per tile: whole lines of the output.
static ptrdiff_t NAME(tile_rows)(const lsk_convolution *c, ptrdiff_t rows, ptrdiff_t width) {
    ptrdiff_t tile = LSK_TILE_BYTES / (ptrdiff_t)sizeof(REAL) / (width > 0 ? width : 1);
    tile = tile / c->out_width * c->out_width;
    if (tile < c->out_width) tile = c->out_width;
    return lsk_min(tile, rows);
}

/// Forward with weights already packed as [out_channels, kernel_height, kernel_width, in_channels / groups].
static void NAME(convolve)(const lsk_convolution *c, const REAL *x, const REAL *packed, const REAL *bias, REAL *y) {
    ptrdiff_t in = c->in_channels / c->groups, out = c->out_channels / c->groups;
    ptrdiff_t width = in * c->kernel_height * c->kernel_width;
    ptrdiff_t rows = c->batch * c->out_height * c->out_width;
    REAL beta = bias != NULL;
    if (is_pointwise(c)) {
        if (bias) NAME(spread_bias)(rows, c->out_channels, bias, y);
        for (ptrdiff_t g = 0; g < c->groups; g++)
            GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)out, (int)in, 1, x + g * in,
                 (int)c->in_channels, packed + g * out * width, (int)width, beta, y + g * out, (int)c->out_channels);
        return;
    }
    int planes = c->in_channels == 1;
    ptrdiff_t tile = NAME(tile_rows)(c, rows, width);
    REAL *columns = lsk_allocate((size_t)(tile * width) * sizeof(REAL));
    for (ptrdiff_t first = 0; first < rows; first += tile) {
        ptrdiff_t count = lsk_min(rows - first, tile);
        if (bias) NAME(spread_bias)(count, c->out_channels, bias, y + first * c->out_channels);
        if (planes) {
            NAME(gather_planes)(c, x, first, count, columns);
            GEMM(CblasRowMajor, CblasTrans, CblasTrans, (int)count, (int)out, (int)width, 1, columns, (int)count,
                 packed, (int)width, beta, y + first * out, (int)out);
            continue;
        }
        for (ptrdiff_t g = 0; g < c->groups; g++) {
            NAME(gather)(c, x, g, first, count, columns);
            GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)count, (int)out, (int)width, 1, columns, (int)width,
                 packed + g * out * width, (int)width, beta, y + first * c->out_channels + g * out,
                 (int)c->out_channels);
        }
    }
    lsk_release(columns);
}

static void NAME(forward)(const lsk_convolution *c, const REAL *x, const REAL *w, const REAL *bias, REAL *y) {
    ptrdiff_t in = c->in_channels / c->groups, taps = c->kernel_height * c->kernel_width;
    if (is_depthwise(c)) {
        NAME(depthwise_forward)(c, x, w, bias, y);
    } else if (in == 1 || taps == 1) {  // one order for both layouts
        NAME(convolve)(c, x, w, bias, y);
    } else {
        REAL *packed = lsk_allocate((size_t)(c->out_channels * in * taps) * sizeof(REAL));
        NAME(pack)(c->out_channels, in, taps, w, packed);
        NAME(convolve)(c, x, packed, bias, y);
        lsk_release(packed);
    }
}

static void NAME(backward_data)(const lsk_convolution *c, const REAL *dy, const REAL *w, REAL *dx) {
    ptrdiff_t in = c->in_channels / c->groups, out = c->out_channels / c->groups;
    ptrdiff_t taps = c->kernel_height * c->kernel_width, width = in * taps;
    if (is_depthwise(c)) {
        NAME(depthwise_backward_data)(c, dy, w, dx);
        return;
    }
    REAL *packed = lsk_allocate((size_t)(c->out_channels * width) * sizeof(REAL));
    lsk_convolution reversed;
    if (reverse(c, &reversed)) {  // gathering beats adding into overlapping patches
        NAME(pack_reversed)(c, w, packed);
        NAME(convolve)(&reversed, dy, packed, NULL, dx);
        lsk_release(packed);
        return;
    }
    NAME(pack)(c->out_channels, in, taps, w, packed);
    ptrdiff_t rows = c->batch * c->out_height * c->out_width, tile = NAME(tile_rows)(c, rows, width);
    REAL *columns = lsk_allocate((size_t)(tile * width) * sizeof(REAL));
    memset(dx, 0, (size_t)(c->batch * c->in_height * c->in_width * c->in_channels) * sizeof(REAL));
    for (ptrdiff_t first = 0; first < rows; first += tile) {
        ptrdiff_t count = lsk_min(rows - first, tile);
        for (ptrdiff_t g = 0; g < c->groups; g++) {
            GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)count, (int)width, (int)out, 1,
                 dy + first * c->out_channels + g * out, (int)c->out_channels, packed + g * out * width, (int)width, 0,
                 columns, (int)width);
            NAME(scatter)(c, columns, g, first, count, dx);
        }
    }
    lsk_release(columns);
    lsk_release(packed);
}

static void NAME(backward_weight)(const lsk_convolution *c, const REAL *x, const REAL *dy, REAL *dw, REAL beta) {
    ptrdiff_t in = c->in_channels / c->groups, out = c->out_channels / c->groups;
    ptrdiff_t taps = c->kernel_height * c->kernel_width, width = in * taps;
    ptrdiff_t rows = c->batch * c->out_height * c->out_width;
    if (is_depthwise(c)) {
        NAME(depthwise_backward_weight)(c, x, dy, dw, beta);
        return;
    }
    int direct = in == 1 || taps == 1;  // then the product adds straight into the gradient
    REAL *packed = direct ? dw : lsk_allocate((size_t)(c->out_channels * width) * sizeof(REAL));
    REAL scale = direct ? beta : 0;
    if (is_pointwise(c)) {
        for (ptrdiff_t g = 0; g < c->groups; g++)
            GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, (int)out, (int)in, (int)rows, 1, dy + g * out,
                 (int)c->out_channels, x + g * in, (int)c->in_channels, scale, packed + g * out * in, (int)in);
    } else {
        int planes = c->in_channels == 1;
        ptrdiff_t tile = NAME(tile_rows)(c, rows, width);
        REAL *columns = lsk_allocate((size_t)(tile * width) * sizeof(REAL));
        for (ptrdiff_t first = 0; first < rows; first += tile, scale = 1) {
            ptrdiff_t count = lsk_min(rows - first, tile);
            if (planes) {
                NAME(gather_planes)(c, x, first, count, columns);
                GEMM(CblasRowMajor, CblasTrans, CblasTrans, (int)out, (int)width, (int)count, 1, dy + first * out,
                     (int)out, columns, (int)count, scale, packed, (int)width);
                continue;
            }
            for (ptrdiff_t g = 0; g < c->groups; g++) {
                NAME(gather)(c, x, g, first, count, columns);
                GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, (int)out, (int)width, (int)count, 1,
                     dy + first * c->out_channels + g * out, (int)c->out_channels, columns, (int)width, scale,
                     packed + g * out * width, (int)width);
            }
        }
        lsk_release(columns);
    }
    if (!direct) {
        NAME(unpack)(c->out_channels, in, taps, packed, dw, beta);
        lsk_release(packed);
    }
}
