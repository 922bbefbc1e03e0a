// SPDX-License-Identifier: Apache-2.0
// The rule by which a convolution's engine is chosen: a cost model over the shape, fitted from measurements.
//
// An engine's time is a sum of a few kinds of work, each with a weight (cost_model.inc). The work follows from how the
// engine cuts the shape into tiles; the weights are fitted by `lockstep bench convolutions` (docs/decisions/0008).
#include "conv/direct.h"
#include "gemm/blocking.h"
#include "lsk_processor.h"
#include <math.h>
#include <string.h>

/// Kinds of work, in elements and loop passes.
enum {
    PRODUCTS,  ///< multiply-adds, those of idle lanes included
    STEPS,     ///< passes of an inner loop
    TILES,     ///< starts of an inner loop
    MOVED,     ///< elements of images read, written, copied
    WEIGHTS,   ///< elements of weights put in order
    SLOW,      ///< multiply-adds where lanes or tiles do not suit
    CALL,
};
enum { BATCH = 32, TILE_FLOATS = 64 << 10, STRIP_FLOATS = 6 << 10 };

static double up(double n, double unit) { return ceil(n / unit) * unit; }
static double pieces(double n, double unit) { return ceil(n / unit); }

static double weights_of(const lsk_convolution *c) {
    return (double)(c->out_channels * (c->in_channels / c->groups) * c->kernel_height * c->kernel_width);
}
static double input_of(const lsk_convolution *c) {
    return (double)c->batch * (double)(c->in_height * c->in_width * c->in_channels);
}
static double output_of(const lsk_convolution *c) {
    return (double)c->batch * (double)(c->out_height * c->out_width * c->out_channels);
}

// MARK: Our own kernels (correlate_avx512.c)

/// `count` correlations of `height` rows of `width` pixels.
static void correlations(double *w, double count, double height, double width, double depth, double outputs) {
    double panels = pieces(outputs, NR), tiles = count * height * pieces(width, MR) * panels;
    w[PRODUCTS] += count * height * width * depth * up(outputs, LANES);
    w[STEPS] += tiles * depth;
    w[TILES] += tiles;
}

static void direct_data(const lsk_convolution *c, double *w) {
    double sh = (double)c->stride_height, sw = (double)c->stride_width;
    // Every phase of the strides is a correlation of its own, with its share of the taps; without any it writes zeros.
    for (ptrdiff_t i = 0; i < c->stride_height; i++)
        for (ptrdiff_t j = 0; j < c->stride_width; j++)
            if (i < c->kernel_height && j < c->kernel_width)
                correlations(w, (double)c->batch, (double)c->in_height / sh, (double)c->in_width / sw,
                             pieces((double)(c->kernel_height - i), sh) * pieces((double)(c->kernel_width - j), sw) *
                                 (double)c->out_channels,
                             (double)c->in_channels);
            else w[SLOW] += input_of(c) / (sh * sw);
}

static void direct_weight(const lsk_convolution *c, double *w) {
    double run = (double)(c->kernel_width * c->in_channels), pixels = (double)(c->batch * c->out_height * c->out_width);
    double panels = pieces((double)c->out_channels, NR);
    double tiles = (double)c->kernel_height * pieces(run, MR) * panels;
    double rows = (double)(c->in_width * c->in_channels * c->stride_height + c->out_width * c->out_channels);
    double strips = pieces((double)c->out_height, fmax(1, floor(STRIP_FLOATS / rows)));
    w[PRODUCTS] += pixels * (double)c->kernel_height * run * up((double)c->out_channels, LANES);
    w[STEPS] += pixels * tiles;
    w[TILES] += tiles * (double)c->batch * (strips + (double)c->out_height / 4);
}

static void direct(const lsk_convolution *c, lsk_convolution_way way, double *w) {
    switch (way) {
    case LSK_FORWARD:
        correlations(w, (double)c->batch, (double)c->out_height, (double)c->out_width,
                     (double)(c->kernel_height * c->kernel_width * c->in_channels), (double)c->out_channels);
        w[MOVED] += input_of(c) + output_of(c);
        break;
    case LSK_BACKWARD_DATA:
        direct_data(c, w);
        w[MOVED] += input_of(c) + output_of(c);
        break;
    case LSK_BACKWARD_WEIGHT:
        direct_weight(c, w);
        w[MOVED] += input_of(c);
        break;
    }
    w[WEIGHTS] += weights_of(c);
}

// MARK: Patches and products (im2col_typed.h)

/// `count` products of m rows, n columns and depth k.
static void products(double *w, double count, double m, double n, double k) {
    if (m >= LANES && n >= LANES && k >= LANES) {  // as lsk_sgemm_is_own, but for the processor
        int swapped = m * k + 2 * m * n < n * k;  // lsk_gemm_swaps of sizes that are no integers
        double panel = swapped ? m : n, single = swapped ? n : m;
        w[PRODUCTS] += count * single * up(panel, LANES) * k;
        w[STEPS] += count * pieces(panel, NR) * pieces(single, MR) * k;
        w[WEIGHTS] += count * panel * k;
    } else {
        w[SLOW] += count * up(m, 4) * up(n, 4) * k;  // the library's kernels for small matrices
        w[WEIGHTS] += count * n * k;
    }
}

static void patches(const lsk_convolution *c, lsk_convolution_way way, double *w) {
    double in = (double)(c->in_channels / c->groups), out = (double)(c->out_channels / c->groups);
    double groups = (double)c->groups, taps = (double)(c->kernel_height * c->kernel_width), width = in * taps;
    double line = (double)c->out_width, rows = (double)(c->batch * c->out_height) * line;
    int reversed = way == LSK_BACKWARD_DATA && c->stride_height == 1 && c->stride_width == 1;
    if (reversed) {
        double swap = in;
        in = out, out = swap, width = in * taps, line = (double)c->in_width;
        rows = (double)(c->batch * c->in_height) * line;
    }
    w[MOVED] += input_of(c) + output_of(c);
    w[WEIGHTS] += weights_of(c);
    double tile = fmin(rows, fmax(line, floor(TILE_FLOATS / width / line) * line)), count = groups * rows / tile;
    if (taps == 1 && c->stride_height == 1 && c->stride_width == 1) tile = rows, count = groups;
    else {
        // Runs copied, or added back one by one.
        w[TILES] += groups * rows * (way == LSK_BACKWARD_DATA && !reversed ? taps : (double)c->kernel_height);
        w[MOVED] += 2 * groups * rows * width;
    }
    if (way == LSK_BACKWARD_WEIGHT) products(w, count, out, width, tile);
    else if (way == LSK_FORWARD || reversed) products(w, count, tile, out, width);
    else products(w, count, tile, width, out);
}

// MARK: oneDNN

/// Which part of the taps along an axis meets the image, over all places: it leaves out the products with padding.
static double met(ptrdiff_t in, ptrdiff_t out, ptrdiff_t kernel, ptrdiff_t stride, ptrdiff_t dilation,
                  ptrdiff_t front) {
    ptrdiff_t inside = 0;
    for (ptrdiff_t t = 0; t < kernel; t++) {
        ptrdiff_t left = t * dilation - front;  // places o with 0 <= o * stride + left < in
        ptrdiff_t first = left < 0 ? (-left + stride - 1) / stride : 0,
                  last = in - left <= 0 ? 0 : (in - left - 1) / stride + 1;
        if (last > out) last = out;
        if (last > first) inside += last - first;
    }
    return (double)inside / (double)(kernel * out);
}

/// Its kernels are its own affair: vectors along one kind of channels, sums along the other.
static void library(const lsk_convolution *c, lsk_convolution_way way, double *w) {
    double in = (double)(c->in_channels / c->groups), out = (double)(c->out_channels / c->groups);
    int data = way == LSK_BACKWARD_DATA;
    double along = data ? in : out, across = data ? out : in, taps = (double)(c->kernel_height * c->kernel_width);
    double lines = (double)(c->batch * (data ? c->in_height : c->out_height));
    double results = lines * (double)(data ? c->in_width : c->out_width), vectors = pieces(along, LANES);
    double pixels = (double)(c->batch * c->out_height * c->out_width);
    pixels *= met(c->in_height, c->out_height, c->kernel_height, c->stride_height, c->dilation_height, c->pad_top) *
              met(c->in_width, c->out_width, c->kernel_width, c->stride_width, c->dilation_width, c->pad_left);
    w[PRODUCTS] += pixels * taps * vectors * LANES * across;
    w[SLOW] += pixels * taps * vectors * pieces(across, LANES);
    // The weights' gradient adds to registers all along, but at a stride it reads pixels one by one.
    if (way != LSK_BACKWARD_WEIGHT) w[STEPS] += results * vectors;
    else if (c->stride_width > 1) w[STEPS] += pixels * taps * across;
    w[TILES] += lines * (double)c->kernel_height * pieces(along, 4 * LANES);
    w[MOVED] += input_of(c) + output_of(c);
    w[WEIGHTS] += up(in, LANES) * up(out, LANES) * taps;
}

// MARK: The model

int lsk_convolution_terms(const lsk_convolution *c, lsk_convolution_way way, lsk_convolution_engine engine,
                          double terms[LSK_CONVOLUTION_TERMS]) {
    memset(terms, 0, LSK_CONVOLUTION_TERMS * sizeof *terms);
    terms[CALL] = 1;
    switch (engine) {
    case LSK_ENGINE_ONEDNN: library(c, way, terms); return 1;
    case LSK_ENGINE_DIRECT:
        if (!lsk_direct_knows(c)) return 0;
        direct(c, way, terms);
        return 1;
    default: patches(c, way, terms); return 1;
    }
}

/// Nanoseconds of each term, by engine (patches, oneDNN, ours) and way.
typedef double lsk_term_costs[3][3][LSK_CONVOLUTION_TERMS];
#define WITH_OWN_PRODUCTS static const lsk_term_costs with_own_products
#define WITHOUT_OWN_PRODUCTS static const lsk_term_costs without_own_products
#include "conv/cost_model.inc"

double lsk_convolution_cost(const lsk_convolution *c, lsk_convolution_way way, lsk_convolution_engine engine) {
    double terms[LSK_CONVOLUTION_TERMS], sum = 0;
    int runs = engine == LSK_ENGINE_ONEDNN ? lsk_has_onednn() : engine != LSK_ENGINE_DIRECT || lsk_direct_fits(c);
    if (!runs || !lsk_convolution_terms(c, way, engine, terms)) return INFINITY;
    const lsk_term_costs *costs = lsk_uses_own_products() ? &with_own_products : &without_own_products;
    for (int i = 0; i < LSK_CONVOLUTION_TERMS; i++) sum += (*costs)[engine - LSK_ENGINE_BLAS][way][i] * terms[i];
    return sum;
}

lsk_convolution_engine lsk_convolution_rule(const lsk_convolution *c, lsk_convolution_way way) {
    lsk_convolution shape = *c;
    shape.batch = BATCH;
    // Patches of a group are short. But of many taps of one channel oneDNN makes the weights' gradient slowly.
    int depthwise = c->groups == c->in_channels && c->groups == c->out_channels;
    if (c->groups > 1 && lsk_has_onednn())
        return depthwise && way == LSK_BACKWARD_WEIGHT && c->kernel_height * c->kernel_width > 9 ? LSK_ENGINE_BLAS
                                                                                                 : LSK_ENGINE_ONEDNN;
    static const lsk_convolution_engine order[] = {LSK_ENGINE_ONEDNN, LSK_ENGINE_DIRECT, LSK_ENGINE_BLAS};
    lsk_convolution_engine best = LSK_ENGINE_BLAS;
    double least = INFINITY;
    for (int i = 0; i < 3; i++) {
        double cost = lsk_convolution_cost(&shape, way, order[i]);
        if (cost < least) best = order[i], least = cost;
    }
    return best;
}
