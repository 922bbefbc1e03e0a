// SPDX-License-Identifier: Apache-2.0
// Float32 products for AVX-512: only the smaller operand is packed, the other is read where it lies.
//
// After Goto & van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), without the second packing.
#if defined(__x86_64__)
#include "gemm/microkernel.h"
#include "lsk_memory.h"
#include "base/avx512.h"

typedef lsk_tile_output output;
enum { PAGE = 1024 };  // floats

/// The single values of several tiles, each tile's side by side; in place they may all share a few cache sets.
LSK_AVX512 static void gather(lsk_side q, ptrdiff_t depth, ptrdiff_t count, float *place) {
    for (ptrdiff_t p = 0; p < depth; p++, q.x += q.inner)
        for (ptrdiff_t i = 0, at = p * LANES; i < count; i += ROWS, at += DEPTH * LANES)
            _mm512_store_ps(place + at, _mm512_maskz_loadu_ps(first_lanes(count - i < ROWS ? count - i : ROWS), q.x + i));
}

/// What lies `row` rows and `column` columns further on; nothing stays nothing.
static const float *onward(const void *x, ptrdiff_t ld, ptrdiff_t row, ptrdiff_t column) {
    return x ? (const float *)x + row * ld + column : NULL;
}

/// The parts of the epilogue for the tile at (row, column): before the first inner block, after the last.
static void follow(output *o, const lsk_epilogue *e, int first, int last, ptrdiff_t row, ptrdiff_t column) {
    o->follows = 1;
    o->bias = first ? onward(e->bias, 0, 0, column) : NULL;
    o->added = first ? onward(e->added, e->added_row, row, column) : NULL;
    o->factor = last ? onward(e->factor, e->factor_row, row, column) : NULL;
    o->relu = last && e->activation == LSK_THEN_RELU;
}

/// GELU over rows that have just been computed.
static void activate(const lsk_epilogue *e, ptrdiff_t row, ptrdiff_t column, ptrdiff_t rows, ptrdiff_t columns, float *c,
                     ptrdiff_t ldc) {
    lsk_epilogue gelu = {.activation = LSK_THEN_GELU, .slope_row = e->slope_row};
    gelu.slope = e->slope ? (float *)e->slope + row * e->slope_row + column : NULL;
    lsk_finish(LSK_FLOAT32, rows, columns, c + row * ldc + column, ldc, &gelu);
}

void lsk_sgemm_avx512(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_side rows, lsk_side columns, float beta,
                      float *c, ptrdiff_t ldc, const lsk_epilogue *e) {
    int turned = m * k + 2 * m * n < n * k;  // packing costs its size; turning tiles about twice theirs (measured)
    lsk_side q = turned ? columns : rows, s = turned ? rows : columns;
    ptrdiff_t tiles = turned ? n : m, breadth = turned ? m : n;
    ptrdiff_t block = (lsk_least(breadth, BREADTH) + LANES - 1) / LANES * LANES * lsk_least(k, DEPTH);
    float *panels = lsk_allocate((size_t)(block + GATHERED * DEPTH * LANES) * sizeof(float)), *place = panels + block;
    output o = {.ld = ldc, .alpha = alpha, .turned = turned};
    if (e) o.added_ld = e->added_row, o.factor_ld = e->factor_row, o.gates = e->gates;
    for (ptrdiff_t d = 0; d < k; d += DEPTH) {
        ptrdiff_t depth = lsk_least(k - d, DEPTH);
        int last = d + DEPTH >= k;
        o.beta = d ? 1 : beta;
        for (ptrdiff_t f = 0; f < breadth; f += BREADTH) {
            ptrdiff_t wide = lsk_least(breadth - f, BREADTH), count = (wide + 2 * LANES - 1) / (2 * LANES);
            lsk_side part = {s.x + f * s.tile + d * s.inner, s.tile, s.inner};
            lsk_pack_panels(part, depth, wide, panels);
            // Rows whole pages apart would drive each other from the first-level cache: they are turned, tile by tile.
            int turns = q.tile != 1 && q.tile % PAGE == 0 && wide > 2 * LANES;
            int gathers = q.tile == 1 && wide > 2 * LANES;
            for (ptrdiff_t i = 0; i < tiles; i += ROWS) {
                ptrdiff_t high = lsk_least(tiles - i, ROWS), which = i / ROWS % GATHERED;
                lsk_side tile = {q.x + i * q.tile + d * q.inner, q.tile, q.inner};
                // What comes after: the next tile's rows, or the next eight tiles' lines.
                const float *next = NULL;
                if (!gathers) next = i + ROWS < tiles ? tile.x + ROWS * q.tile : NULL;
                else if (i - which * ROWS + GATHERED * ROWS < tiles) next = tile.x + (GATHERED - which) * ROWS;
                else if (!last) next = q.x + (d + DEPTH) * q.inner;
                if (gathers && which == 0) gather(tile, depth, lsk_least(tiles - i, GATHERED * ROWS), place);
                if (turns) lsk_pack_turned(tile, depth, high, 1, place + which * DEPTH * LANES);
                if (gathers || turns) tile = (lsk_side){place + which * DEPTH * LANES, 1, LANES};
                for (ptrdiff_t j = 0; j < wide; j += 2 * LANES) {
                    ptrdiff_t row = turned ? f + j : i, column = turned ? i : f + j, piece = j / (2 * LANES);
                    o.c = c + row * ldc + column;
                    o.width = wide - j;
                    o.ahead_step = 0;
                    o.ahead[0] = o.ahead[1] = o.ahead[2] = tile.x;
                    if (next && gathers && which * count + piece <= GATHERED * ROWS / LANES) {
                        o.ahead[0] = next + (which * count + piece) * LANES;
                        o.ahead_step = q.inner;
                    } else if (next && !gathers && !turns && piece < ROWS / 3)
                        for (int g = 0; g < 3; g++) o.ahead[g] = next + lsk_least(3 * piece + g, tiles - i - ROWS - 1) * q.tile;
                    if (e && !turned) follow(&o, e, d == 0, last, row, column);
                    lsk_tile_kernels[wide - j > LANES][high - 1](depth, tile, panels + j * depth, &o);
                }
                if (e && last && !turned && e->activation == LSK_THEN_GELU) activate(e, i, f, high, wide, c, ldc);
            }
        }
    }
    if (e && turned) lsk_finish(LSK_FLOAT32, m, n, c, ldc, e);  // turned results are small
    lsk_release(panels);
}
#endif
