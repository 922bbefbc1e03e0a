// SPDX-License-Identifier: Apache-2.0
// The tiles of float32 products for AVX-512, and the packing of what they read.
//
// A tile of 12 x 32 results stays in registers while the inner axis passes by: 32 packed values of one operand times 12
// single values of the other. When the packed operand is the one with the rows of c, tiles are turned on their way out.
#if defined(__x86_64__)
#include "gemm/microkernel.h"
#include "base/avx512.h"

typedef lsk_tile_output output;
#define INLINE static inline __attribute__((always_inline)) LSK_AVX512

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
const lsk_tile_kernel lsk_tile_kernels[2][ROWS] = {{EACH(ENTRY, 1)}, {EACH(ENTRY, 2)}};

LSK_AVX512 void lsk_pack_turned(lsk_side s, ptrdiff_t depth, ptrdiff_t count, int vectors, float *panel) {
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

void lsk_pack_panels(lsk_side s, ptrdiff_t depth, ptrdiff_t count, float *panels) {
    if (s.tile == 1) {
        pack_dense(s, depth, count, panels);
        return;
    }
    for (ptrdiff_t j = 0; j < count; j += 2 * LANES, s.x += 2 * LANES * s.tile)
        lsk_pack_turned(s, depth, count - j, count - j > LANES ? 2 : 1, panels + j * depth);
}
#endif
