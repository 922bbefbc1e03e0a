// SPDX-License-Identifier: Apache-2.0
// Convolution of one padded channels-last image for AVX-512, as products of overlapping rows.
//
// In channels-last memory the values under one row of the kernel are one run, and the next pixel's run starts `x_step`
// further: the patch matrix is there without being gathered. A tile of 12 pixels x 32 channels stays in registers while
// all taps pass by; for weight gradients it is 12 taps x 32 channels, while the pixels pass by.
#if defined(__x86_64__)
#include "conv/correlate.h"
#include "base/avx512.h"
#include "gemm/blocking.h"

// A strip of an image and of its gradient this large stays in the nearest cache while all taps pass over it.
enum { STRIP_BYTES = 24 << 10 };

LSK_AVX512_INLINE void pixels(int rows, int vectors, const lsk_correlation *k, const float *from, const float *panel,
                              const float *bias, ptrdiff_t width, float *y) {
    __m512 acc[MR][2];
    for (int v = 0; v < vectors; v++) {
        __m512 start =
            bias ? _mm512_maskz_loadu_ps(first_lanes(width - v * LANES), bias + v * LANES) : _mm512_setzero_ps();
        for (int t = 0; t < rows; t++) acc[t][v] = start;
    }
    ptrdiff_t step = k->x_step, run = k->run;
    for (ptrdiff_t kh = 0; kh < k->kernel_height; kh++, from += k->line) {
        // Every third pixel a pointer of its own: an address reaches its base plus 0, 1 or 2 steps.
        const float *x[4] = {from, from + 3 * step, from + 6 * step, from + 9 * step};
        __attribute__((code_align(64))) for (ptrdiff_t p = 0; p < run; p++) {
            __m512 b[2];
            for (int v = 0; v < vectors; v++) b[v] = _mm512_load_ps(panel + v * LANES);
            for (int t = 0; t < rows; t++) {
                __m512 a = _mm512_set1_ps(x[t / 3][(t % 3) * step]);
                for (int v = 0; v < vectors; v++) acc[t][v] = _mm512_fmadd_ps(a, b[v], acc[t][v]);
            }
            for (int g = 0; g < 4; g++) x[g]++;
            panel += vectors * LANES;
        }
    }
    for (int v = 0; v < vectors; v++)
        for (int t = 0; t < rows; t++)
            _mm512_mask_storeu_ps(y + t * k->y_step + v * LANES, first_lanes(width - v * LANES), acc[t][v]);
}

/// sums[t][0 ..< width] += x[pixel][t] * dy[pixel][0 ..< width] over `height` rows of pixels.
LSK_AVX512_INLINE void taps(int rows, int vectors, const lsk_correlation *k, const float *from, const float *dy,
                            ptrdiff_t height, ptrdiff_t width, float *sums, ptrdiff_t breadth) {
    __m512 acc[MR][2];
    __mmask16 mask[2] = {first_lanes(width), first_lanes(width - LANES)};
    for (int v = 0; v < vectors; v++)
        for (int t = 0; t < rows; t++) acc[t][v] = _mm512_load_ps(sums + t * breadth + v * LANES);
    for (ptrdiff_t oh = 0; oh < height; oh++, from += k->x_row, dy += k->y_row) {
        const float *x = from, *g = dy;
        __attribute__((code_align(64))) for (ptrdiff_t p = 0; p < k->width; p++) {
            __m512 b[2];
            for (int v = 0; v < vectors; v++) b[v] = _mm512_maskz_loadu_ps(mask[v], g + v * LANES);
            for (int t = 0; t < rows; t++) {
                __m512 a = _mm512_set1_ps(x[t]);
                for (int v = 0; v < vectors; v++) acc[t][v] = _mm512_fmadd_ps(a, b[v], acc[t][v]);
            }
            x += k->x_step;
            g += k->y_step;
        }
    }
    for (int v = 0; v < vectors; v++)
        for (int t = 0; t < rows; t++) _mm512_store_ps(sums + t * breadth + v * LANES, acc[t][v]);
}

typedef void (*pixel_kernel)(const lsk_correlation *k, const float *x, const float *panel, const float *bias,
                             ptrdiff_t width, float *y);
typedef void (*tap_kernel)(const lsk_correlation *k, const float *x, const float *dy, ptrdiff_t height, ptrdiff_t width,
                           float *sums, ptrdiff_t breadth);
#define KERNELS(R, V)                                                                                                 \
    LSK_AVX512 static void pixels_##R##_##V(const lsk_correlation *k, const float *x, const float *panel,             \
                                            const float *bias, ptrdiff_t width, float *y) {                           \
        pixels(R, V, k, x, panel, bias, width, y);                                                                    \
    }                                                                                                                 \
    LSK_AVX512 static void taps_##R##_##V(const lsk_correlation *k, const float *x, const float *dy, ptrdiff_t height, \
                                          ptrdiff_t width, float *sums, ptrdiff_t breadth) {                          \
        taps(R, V, k, x, dy, height, width, sums, breadth);                                                           \
    }
#define PIXELS(R, V) pixels_##R##_##V,
#define TAPS(R, V) taps_##R##_##V,
LSK_EACH_HEIGHT(KERNELS, 1)
LSK_EACH_HEIGHT(KERNELS, 2)
static const pixel_kernel pixel_kernels[2][MR] = {{LSK_EACH_HEIGHT(PIXELS, 1)}, {LSK_EACH_HEIGHT(PIXELS, 2)}};
static const tap_kernel tap_kernels[2][MR] = {{LSK_EACH_HEIGHT(TAPS, 1)}, {LSK_EACH_HEIGHT(TAPS, 2)}};

/// The height of the tiles that divide `count` most evenly.
static ptrdiff_t even(ptrdiff_t count) {
    ptrdiff_t tiles = lsk_units(count, MR);
    return lsk_units(count, tiles);
}

void lsk_correlate_avx512(const lsk_correlation *k, const float *panels, const float *bias, float *y) {
    if (k->width <= 0) return;
    ptrdiff_t depth = k->kernel_height * k->run, high = even(k->width);
    for (ptrdiff_t o = 0; o < k->outputs; o += NR) {
        ptrdiff_t width = lsk_min(k->outputs - o, NR), vectors = width > LANES ? 2 : 1;
        for (ptrdiff_t oh = 0; oh < k->height; oh++)
            for (ptrdiff_t ow = 0; ow < k->width; ow += high)
                pixel_kernels[vectors - 1][lsk_min(k->width - ow, high) - 1](k, k->x + oh * k->x_row + ow * k->x_step,
                                                                             panels, bias ? bias + o : NULL, width,
                                                                             y + oh * k->y_row + ow * k->y_step + o);
        panels += depth * vectors * LANES;
    }
}

static ptrdiff_t panels_of(const lsk_correlation *k) { return lsk_units(k->outputs, NR); }

ptrdiff_t lsk_correlate_weights_tiles(const lsk_correlation *k) {
    return k->run <= 0 ? 0 : k->kernel_height * (lsk_units(k->run, MR)) * panels_of(k);
}

void lsk_correlate_weights_avx512(const lsk_correlation *k, const float *dy, ptrdiff_t begin, ptrdiff_t end,
                                  float *sums) {
    if (begin >= end) return;
    ptrdiff_t breadth = lsk_round_up(k->outputs, LANES), tile = even(k->run);
    ptrdiff_t across = lsk_units(k->run, MR), panels = panels_of(k);
    ptrdiff_t strip = STRIP_BYTES / (ptrdiff_t)sizeof(float) / (k->x_row + k->y_row);
    if (strip < 1) strip = 1;
    for (ptrdiff_t first = 0; first < k->height; first += strip) {
        ptrdiff_t height = lsk_min(k->height - first, strip);
        ptrdiff_t panel = begin % panels, column = begin / panels % across, kh = begin / panels / across;
        for (ptrdiff_t left = end - begin; left > 0; left--) {
            ptrdiff_t o = panel * NR, t = column * tile, width = lsk_min(k->outputs - o, NR);
            tap_kernels[width > LANES][lsk_min(k->run - t, tile) - 1](k, k->x + first * k->x_row + kh * k->line + t,
                                                                      dy + first * k->y_row + o, height, width,
                                                                      sums + (kh * k->run + t) * breadth + o, breadth);
            if (++panel == panels) panel = 0, column++;
            if (column == across) column = 0, kh++;
        }
    }
}
#endif
