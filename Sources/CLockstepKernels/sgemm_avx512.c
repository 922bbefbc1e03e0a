// SPDX-License-Identifier: Apache-2.0
// Float32 products for AVX-512: only the smaller operand is packed, the other is read where it lies.
//
// A tile of 12 x 32 results stays in registers while the inner axis passes by: 32 packed values of one operand times 12
// single values of the other. When the packed operand is the one with the rows of c, tiles are turned on their way out.
// After Goto & van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), without the second packing.
#if defined(__x86_64__)
#include "sgemm.h"
#include "lsk_memory.h"
#include "transpose_avx512.h"

// A packed block is at most 512 kB and stays in the L2 cache; tiles are gathered eight at a time, 128 kB.
enum { LANES = 16, ROWS = 12, DEPTH = 256, BREADTH = 512, GATHERED = 8 };
#define INLINE static inline __attribute__((always_inline)) LSK_AVX512

/// What a tile becomes: c = alpha * tile + beta * c, along rows of c or, `turned`, along its columns. Along rows the
/// epilogue's parts follow, each NULL or at the tile's place.
typedef struct {
    float *c;
    ptrdiff_t ld, width;  // `width`: how many of the packed values exist
    float alpha, beta;
    int turned, follows, relu, gates;
    const float *bias, *added, *factor;
    ptrdiff_t added_ld, factor_ld;
    const float *ahead[3];  // what the next tiles read, fetched a piece per inner step
    ptrdiff_t ahead_step;
} output;

/// acc[t][v] = sum over p of q(t, p) * panel[p][v].
INLINE void products(int rows, int vectors, ptrdiff_t depth, lsk_side q, const float *panel, const output *o,
                     __m512 acc[ROWS][2]) {
    for (int t = 0; t < rows; t++)
        for (int v = 0; v < vectors; v++) acc[t][v] = _mm512_setzero_ps();
    // Every third row a pointer of its own: an address reaches its base plus 0, 1 or 2 steps.
    const float *x[4] = {q.x, q.x + 3 * q.tile, q.x + 6 * q.tile, q.x + 9 * q.tile};
    const float *n0 = o->ahead[0], *n1 = o->ahead[1], *n2 = o->ahead[2];
    ptrdiff_t step = o->ahead_step;
    // Misplaced by the linker this loop is a sixth slower (measured).
    __attribute__((code_align(64))) for (ptrdiff_t p = 0; p < depth; p++) {
        __m512 b[2];
        for (int v = 0; v < vectors; v++) b[v] = _mm512_load_ps(panel + v * LANES);
        if (q.tile == 1) {
            if (q.inner != LANES) _mm_prefetch((const char *)(q.x + ROWS), _MM_HINT_T0);  // for the next tile
            else {
                _mm_prefetch((const char *)n0, _MM_HINT_T1);
                n0 += step;
            }
            for (int t = 0; t < rows; t++) {
                __m512 a = _mm512_set1_ps(q.x[t]);
                for (int v = 0; v < vectors; v++) acc[t][v] = _mm512_fmadd_ps(a, b[v], acc[t][v]);
            }
            q.x += q.inner;
        } else {
            for (int t = 0; t < rows; t++) {
                __m512 a = _mm512_set1_ps(x[t / 3][(t % 3) * q.tile]);
                for (int v = 0; v < vectors; v++) acc[t][v] = _mm512_fmadd_ps(a, b[v], acc[t][v]);
            }
            for (int g = 0; g < 4; g++) x[g]++;
            _mm_prefetch((const char *)(n0 + p), _MM_HINT_T0);
            _mm_prefetch((const char *)(n1 + p), _MM_HINT_T0);
            _mm_prefetch((const char *)(n2 + p), _MM_HINT_T0);
        }
        panel += vectors * LANES;
    }
}

/// One vector of results to row `row`, from column `column` of the tile's place.
INLINE void store_lanes(output o, ptrdiff_t row, ptrdiff_t column, __mmask16 mask, __m512 y) {
    float *at = o.c + row * o.ld + column;
    if (o.beta != 0) y = _mm512_fmadd_ps(_mm512_set1_ps(o.beta), _mm512_maskz_loadu_ps(mask, at), y);
    if (o.bias) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, o.bias + column));
    if (o.added) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, o.added + row * o.added_ld + column));
    if (o.relu) y = _mm512_max_ps(_mm512_setzero_ps(), y);  // of NaN and of -0 the second is kept
    if (o.factor) {
        __m512 f = _mm512_maskz_loadu_ps(mask, o.factor + row * o.factor_ld + column);
        y = o.gates ? _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(f, _mm512_setzero_ps(), _CMP_GT_OQ), y) : _mm512_mul_ps(y, f);
    }
    _mm512_mask_storeu_ps(at, mask, y);
}

INLINE void store(int rows, int vectors, __m512 acc[ROWS][2], output o) {
    __m512 alpha = _mm512_set1_ps(o.alpha);
#pragma clang loop unroll(full)  // or the tile is kept in memory, at a third of the speed (measured)
    for (int v = 0; v < vectors; v++)
#pragma clang loop unroll(full)
        for (int t = 0; t < rows; t++)
            store_lanes(o, t, v * LANES, first_lanes(o.width - v * LANES), _mm512_mul_ps(acc[t][v], alpha));
}

/// The common cases apart: what is known to be absent costs nothing.
INLINE void store_rows(int rows, int vectors, __m512 acc[ROWS][2], const output *o) {
    output plain = {.c = o->c, .ld = o->ld, .width = o->width, .alpha = o->alpha};
    if (o->follows) store(rows, vectors, acc, *o);
    else if (o->beta == 0) store(rows, vectors, acc, plain);
    else {
        plain.beta = o->beta;
        store(rows, vectors, acc, plain);
    }
}

INLINE void store_turned(int rows, int vectors, __m512 acc[ROWS][2], const output *o) {
    __m512 alpha = _mm512_set1_ps(o->alpha);
    for (int v = 0; v < vectors; v++) {
        __m512 r[16];
        for (int t = 0; t < 16; t++) r[t] = t < rows ? _mm512_mul_ps(acc[t % ROWS][v], alpha) : _mm512_setzero_ps();
        transpose16(r);
        for (int l = 0; l < LANES; l++) {
            if (v * LANES + l >= o->width) continue;
            float *at = o->c + (v * LANES + l) * o->ld;
            if (o->beta != 0)
                r[l] = _mm512_fmadd_ps(_mm512_set1_ps(o->beta), _mm512_maskz_loadu_ps(first_lanes(rows), at), r[l]);
            _mm512_mask_storeu_ps(at, first_lanes(rows), r[l]);
        }
    }
}

INLINE void expect_rows(ptrdiff_t lines, int wide, const float *at, ptrdiff_t ld) {
    for (ptrdiff_t i = 0; i < lines; i++) {
        _mm_prefetch((const char *)(at + i * ld), _MM_HINT_T0);
        if (wide) _mm_prefetch((const char *)(at + i * ld + LANES), _MM_HINT_T0);
    }
}

/// Brings the tile's place in c, and what is combined with it, nearer while its products are computed.
INLINE void expect(int rows, int vectors, const output *o) {
    ptrdiff_t lines = o->turned ? (o->width < vectors * LANES ? o->width : vectors * LANES) : rows;
    int wide = !o->turned && vectors > 1;
    expect_rows(lines, wide, o->c, o->ld);
    if (o->added) expect_rows(lines, wide, o->added, o->added_ld);
    if (o->factor) expect_rows(lines, wide, o->factor, o->factor_ld);
}

typedef void (*kernel)(ptrdiff_t depth, lsk_side q, const float *panel, const output *o);
#define KERNEL(R, V)                                                                                                  \
    LSK_AVX512 static void kernel_##R##_##V(ptrdiff_t depth, lsk_side q, const float *panel, const output *o) {              \
        __m512 acc[ROWS][2];                                                                                          \
        expect(R, V, o);                                                                                              \
        products(R, V, depth, q, panel, o, acc);                                                                        \
        if (o->turned) store_turned(R, V, acc, o);                                                                     \
        else store_rows(R, V, acc, o);                                                                                    \
    }
#define EACH(X, V) X(1, V) X(2, V) X(3, V) X(4, V) X(5, V) X(6, V) X(7, V) X(8, V) X(9, V) X(10, V) X(11, V) X(12, V)
#define ENTRY(R, V) kernel_##R##_##V,
EACH(KERNEL, 1)
EACH(KERNEL, 2)
static const kernel kernels[2][ROWS] = {{EACH(ENTRY, 1)}, {EACH(ENTRY, 2)}};

/// panel[p][l] = s(l, p) for `count` values l whose inner axis is dense, zero beyond: blocks turned in registers.
LSK_AVX512 static void pack_turned(lsk_side s, ptrdiff_t depth, ptrdiff_t count, int vectors, float *panel) {
    ptrdiff_t width = vectors * LANES;
    for (int v = 0; v < vectors; v++, s.x += LANES * s.tile, panel += LANES, count -= LANES)
        for (ptrdiff_t p = 0; p < depth; p += LANES) {
            __m512 r[16];
            for (int l = 0; l < LANES; l++)
                r[l] = l < count ? _mm512_maskz_loadu_ps(first_lanes(depth - p), s.x + l * s.tile + p)
                                 : _mm512_setzero_ps();
            transpose16(r);
            for (int l = 0; l < LANES; l++)
                if (p + l < depth) _mm512_store_ps(panel + (p + l) * width, r[l]);
        }
}

/// All panels of `count` values whose own axis is dense: row after row, so that memory is read as it lies.
LSK_AVX512 static void pack_dense(lsk_side s, ptrdiff_t depth, ptrdiff_t count, float *panels) {
    for (ptrdiff_t p = 0; p < depth; p++, s.x += s.inner)
        for (ptrdiff_t j = 0; j < count; j += 2 * LANES) {
            ptrdiff_t left = count - j, width = left > LANES ? 2 * LANES : LANES;
            float *out = panels + j * depth + p * width;
            _mm512_store_ps(out, _mm512_maskz_loadu_ps(first_lanes(left), s.x + j));
            if (width > LANES) _mm512_store_ps(out + LANES, _mm512_maskz_loadu_ps(first_lanes(left - LANES), s.x + j + LANES));
        }
}

/// The single values of several tiles, each tile's side by side; in place they may all share a few cache sets.
LSK_AVX512 static void gather(lsk_side q, ptrdiff_t depth, ptrdiff_t count, float *place) {
    for (ptrdiff_t p = 0; p < depth; p++, q.x += q.inner)
        for (ptrdiff_t i = 0, at = p * LANES; i < count; i += ROWS, at += DEPTH * LANES)
            _mm512_store_ps(place + at, _mm512_maskz_loadu_ps(first_lanes(count - i < ROWS ? count - i : ROWS), q.x + i));
}

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

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
    ptrdiff_t block = (least(breadth, BREADTH) + LANES - 1) / LANES * LANES * least(k, DEPTH);
    float *panels = lsk_allocate((size_t)(block + GATHERED * DEPTH * LANES) * sizeof(float)), *place = panels + block;
    output o = {.ld = ldc, .alpha = alpha, .turned = turned};
    if (e) o.added_ld = e->added_row, o.factor_ld = e->factor_row, o.gates = e->gates;
    for (ptrdiff_t d = 0; d < k; d += DEPTH) {
        ptrdiff_t depth = least(k - d, DEPTH);
        int last = d + DEPTH >= k;
        o.beta = d ? 1 : beta;
        for (ptrdiff_t f = 0; f < breadth; f += BREADTH) {
            ptrdiff_t wide = least(breadth - f, BREADTH), count = (wide + 2 * LANES - 1) / (2 * LANES);
            lsk_side part = {s.x + f * s.tile + d * s.inner, s.tile, s.inner};
            if (s.tile == 1) pack_dense(part, depth, wide, panels);
            else
                for (ptrdiff_t j = 0; j < wide; j += 2 * LANES, part.x += 2 * LANES * s.tile)
                    pack_turned(part, depth, wide - j, wide - j > LANES ? 2 : 1, panels + j * depth);
            int gathers = q.tile == 1 && wide > 2 * LANES;
            for (ptrdiff_t i = 0; i < tiles; i += ROWS) {
                ptrdiff_t high = least(tiles - i, ROWS), which = i / ROWS % GATHERED;
                lsk_side tile = {q.x + i * q.tile + d * q.inner, q.tile, q.inner};
                // What comes after: the next tile's rows, or the next eight tiles' lines.
                const float *next = NULL;
                if (!gathers) next = i + ROWS < tiles ? tile.x + ROWS * q.tile : NULL;
                else if (i - which * ROWS + GATHERED * ROWS < tiles) next = tile.x + (GATHERED - which) * ROWS;
                else if (!last) next = q.x + (d + DEPTH) * q.inner;
                if (gathers && which == 0) gather(tile, depth, least(tiles - i, GATHERED * ROWS), place);
                if (gathers) tile = (lsk_side){place + which * DEPTH * LANES, 1, LANES};
                for (ptrdiff_t j = 0; j < wide; j += 2 * LANES) {
                    ptrdiff_t row = turned ? f + j : i, column = turned ? i : f + j, piece = j / (2 * LANES);
                    o.c = c + row * ldc + column;
                    o.width = wide - j;
                    o.ahead_step = 0;
                    o.ahead[0] = o.ahead[1] = o.ahead[2] = tile.x;
                    if (next && gathers && which * count + piece <= GATHERED * ROWS / LANES) {
                        o.ahead[0] = next + (which * count + piece) * LANES;
                        o.ahead_step = q.inner;
                    } else if (next && !gathers && piece < ROWS / 3)
                        for (int g = 0; g < 3; g++) o.ahead[g] = next + least(3 * piece + g, tiles - i - ROWS - 1) * q.tile;
                    if (e && !turned) follow(&o, e, d == 0, last, row, column);
                    kernels[wide - j > LANES][high - 1](depth, tile, panels + j * depth, &o);
                }
                if (e && last && !turned && e->activation == LSK_THEN_GELU) activate(e, i, f, high, wide, c, ldc);
            }
        }
    }
    if (e && turned) lsk_finish(LSK_FLOAT32, m, n, c, ldc, e);  // turned results are small
    lsk_release(panels);
}
#endif
