// SPDX-License-Identifier: Apache-2.0
// What the AVX-512 products are made of: tiles of 12 x 32 results, and the packing of what they read.
#pragma once
#include "gemm/sgemm.h"

// A packed block is at most 512 kB and stays in the L2 cache; tiles are gathered eight at a time, 128 kB.
enum { LANES = 16, PANEL = 2 * LANES, ROWS = 12, DEPTH = 256, BREADTH = 512, GATHERED = 8 };

/// What a tile becomes: c = alpha * tile + beta * c, along rows of c or, `turned`, along its columns. Along rows the
/// epilogue's parts follow, each NULL or at the tile's place.
typedef struct lsk_tile_output {
    float *_Nonnull c;
    ptrdiff_t ld, width;  // `width`: how many of the packed values exist
    float alpha, beta;
    int turned, follows, relu, gates;
    const float *_Nullable bias, *_Nullable added, *_Nullable factor;
    ptrdiff_t added_ld, factor_ld;
    const float *_Nullable ahead[3];  // what the next tiles read, fetched a piece per inner step
    ptrdiff_t ahead_step;
} lsk_tile_output;

/// Multiplies single values of one operand, q(t, p), with a packed panel of the other, p by p.
typedef void (*_Nonnull lsk_tile_kernel)(ptrdiff_t depth, lsk_side q, const float *_Nonnull panel,
                                         const lsk_tile_output *_Nonnull o);
/// By vectors of packed values (1, 2) and single values (1 ... ROWS), each less one.
extern const lsk_tile_kernel lsk_tile_kernels[2][ROWS];

/// panel[p][l] = s(l, p) for `count` values l whose inner axis is dense, zero beyond: blocks turned in registers.
void lsk_pack_turned(lsk_side s, ptrdiff_t depth, ptrdiff_t count, int vectors, float *_Nonnull panel);
/// All panels of `count` values, 32 wide and the last 16 where that is enough; panel j starts at j * depth.
void lsk_pack_panels(lsk_side s, ptrdiff_t depth, ptrdiff_t count, float *_Nonnull panels);

static inline ptrdiff_t lsk_least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
