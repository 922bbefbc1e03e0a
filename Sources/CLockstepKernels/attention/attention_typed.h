// SPDX-License-Identifier: Apache-2.0
// Attention for one element type; included once per type with REAL, GEMM, EXP, LOG and NAME defined.

#define MATRIX(rows, p) ((REAL *)(rows).data + (rows).offsets[p])

#include "base/lanes_typed.h"

/// Adds the mask to `n` scores of one row.
LSK_SIMD static void NAME(mask_row)(const lsk_attention *a, ptrdiff_t p, ptrdiff_t t, ptrdiff_t n, REAL *s) {
    ptrdiff_t start = a->mask_offsets[p] + t * a->mask_row, step = a->mask_column;
    if (a->mask_is_bool) {
        const uint8_t *m = (const uint8_t *)a->mask + start;
        for (ptrdiff_t j = 0; j < n; j++) s[j] = m[j * step] ? s[j] : -(REAL)INFINITY;
    } else {
        const REAL *m = (const REAL *)a->mask + start;
        for (ptrdiff_t j = 0; j < n; j++) s[j] += m[j * step];
    }
}

/// s = exp(s - largest); returns the sum.
LSK_SIMD static REAL NAME(exponentials)(ptrdiff_t n, REAL *s, REAL largest) {
    NAME(lanes) sum = {0};
    ptrdiff_t j = 0;
    for (; j + 16 <= n; j += 16) {
        for (ptrdiff_t k = 0; k < 16; k++) s[j + k] = EXP(s[j + k] - largest);
        sum += *(const NAME(lanes) *)(s + j);
    }
    if (j < n) {  // padded, because a causal row ends anywhere
        REAL tail[16];
        for (ptrdiff_t k = 0; k < 16; k++) tail[k] = j + k < n ? s[j + k] : -(REAL)INFINITY;
        for (ptrdiff_t k = 0; k < 16; k++) tail[k] = EXP(tail[k] - largest);
        sum += *(const NAME(lanes) *)tail;
        for (ptrdiff_t k = 0; k < n - j; k++) s[j + k] = tail[k];
    }
    return NAME(total)(&sum);
}

/// Row `t` of problem `p`, fetched ahead of time: heads of one projection lie far apart.
LSK_INLINE void NAME(fetch)(lsk_rows m, ptrdiff_t p, ptrdiff_t t, ptrdiff_t width) {
    const REAL *row = MATRIX(m, p) + t * m.row;
    for (ptrdiff_t i = 0; i < width; i += (ptrdiff_t)(64 / sizeof(REAL))) __builtin_prefetch(row + i, 0, 2);
}

LSK_SIMD static REAL NAME(largest)(ptrdiff_t n, const REAL *s) {
    REAL m[16], best = -(REAL)INFINITY;
    for (int k = 0; k < 16; k++) m[k] = best;
    ptrdiff_t j = 0;
    for (; j + 16 <= n; j += 16)
        for (int k = 0; k < 16; k++) m[k] = s[j + k] > m[k] ? s[j + k] : m[k];
    for (; j < n; j++) best = s[j] > best ? s[j] : best;
    for (int k = 0; k < 8; k++) m[k] = m[k + 8] > m[k] ? m[k + 8] : m[k];
    for (int k = 0; k < 4; k++) m[k] = m[k + 4] > m[k] ? m[k + 4] : m[k];
    for (int k = 0; k < 4; k++) best = m[k] > best ? m[k] : best;
    return best;
}

/// The factor of each weight of one row: 0 or 1 / (1 - dropped).
LSK_SIMD static void NAME(keep_row)(const lsk_attention *a, ptrdiff_t p, ptrdiff_t t, ptrdiff_t n, uint32_t *words,
                                    REAL *factor) {
    lsk_philox at = a->at;
    at.block += (uint64_t)(p * a->queries + t) * (uint64_t)((a->keys + 3) / 4);
    lsk_random_words(at, n, words);
    double threshold = a->dropped * 0x1p32;
    REAL scale = a->dropped < 1 ? (REAL)(1 / (1 - a->dropped)) : 0;
    for (ptrdiff_t j = 0; j < n; j++) factor[j] = (double)words[j] < threshold ? 0 : scale;
}

LSK_SIMD static void NAME(multiply)(ptrdiff_t n, REAL *s, const REAL *factor) {
    for (ptrdiff_t j = 0; j < n; j++) s[j] *= factor[j];
}

LSK_SIMD static void NAME(scale)(ptrdiff_t n, REAL *s, REAL factor) {
    for (ptrdiff_t j = 0; j < n; j++) s[j] *= factor;
}

static void NAME(attend)(const lsk_attention *a, ptrdiff_t begin, ptrdiff_t end) {
    ptrdiff_t tile = tile_of(a), keys = a->keys;
    REAL *scores = lsk_allocate((size_t)(tile * keys + keys) * sizeof(REAL) + (size_t)keys * sizeof(uint32_t));
    REAL *factor = scores + tile * keys;
    uint32_t *words = (uint32_t *)(factor + keys);
    for (ptrdiff_t p = begin; p < end; p++) {
        const REAL *q = MATRIX(a->q, p), *k = MATRIX(a->k, p), *v = MATRIX(a->v, p);
        REAL *y = MATRIX(a->y, p), *log_sums = (REAL *)a->log_sums + p * a->queries;
        for (ptrdiff_t first = 0; first < a->queries; first += tile) {
            ptrdiff_t rows = lsk_min(a->queries - first, tile);
            ptrdiff_t limit = visible(a, first + rows - 1);
            GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)limit, (int)a->width, (REAL)a->scale,
                 q + first * a->q.row, (int)a->q.row, k, (int)a->k.row, 0, scores, (int)keys);
            for (ptrdiff_t r = 0; r < rows; r++) {
                REAL *s = scores + r * keys;
                ptrdiff_t n = visible(a, first + r);
                if (p + 1 < a->problems) {
                    NAME(fetch)(a->q, p + 1, first + r, a->width);
                    if (first + r < keys) NAME(fetch)(a->k, p + 1, first + r, a->width);
                    if (first + r < keys) NAME(fetch)(a->v, p + 1, first + r, a->value_width);
                }
                if (a->mask) NAME(mask_row)(a, p, first + r, n, s);
                REAL most = NAME(largest)(n, s);
                if (most == -(REAL)INFINITY) {  // every key hidden: later exp(s - infinity) is 0 again
                    log_sums[first + r] = (REAL)INFINITY;
                    memset(s, 0, (size_t)limit * sizeof(REAL));
                    continue;
                }
                REAL sum = NAME(exponentials)(n, s, most);
                log_sums[first + r] = most + (REAL)LOG(sum);
                NAME(scale)(n, s, 1 / sum);
                memset(s + n, 0, (size_t)(limit - n) * sizeof(REAL));
                if (a->dropped > 0) {
                    NAME(keep_row)(a, p, first + r, n, words, factor);
                    NAME(multiply)(n, s, factor);
                }
            }
            GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)a->value_width, (int)limit, 1, scores,
                 (int)keys, v, (int)a->v.row, 0, y + first * a->y.row, (int)a->y.row);
        }
    }
    lsk_release(scores);
}

/// One row: weights and their gradients in, dropped weights and gradients of the scores out.
LSK_SIMD static void NAME(backward_row)(ptrdiff_t n, REAL *s, REAL *d, const REAL *factor, REAL inner) {
    for (ptrdiff_t j = 0; j < n; j++) {
        REAL f = factor ? factor[j] : 1;
        d[j] = s[j] * (d[j] * f - inner);
        s[j] *= f;
    }
}

/// out[r] = x[r] . y[r] for `rows` rows of `n` numbers; sixteen sums a row, because one would be a chain of additions.
LSK_SIMD static void NAME(dots)(ptrdiff_t rows, ptrdiff_t n, const REAL *x, ptrdiff_t x_row, const REAL *y,
                                ptrdiff_t y_row, REAL *out) {
    for (ptrdiff_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        NAME(lanes) sum = {0};
        REAL rest = 0;
        ptrdiff_t i = 0;
        for (; i + 16 <= n; i += 16) sum += *(const NAME(lanes) *)(x + i) * *(const NAME(lanes) *)(y + i);
        for (; i < n; i++) rest += x[i] * y[i];
        out[r] = NAME(total)(&sum) + rest;
    }
}

static void NAME(clear_rows)(lsk_rows m, ptrdiff_t p, ptrdiff_t rows, ptrdiff_t width) {
    for (ptrdiff_t r = 0; r < rows; r++) memset(MATRIX(m, p) + r * m.row, 0, (size_t)width * sizeof(REAL));
}

static void NAME(attend_backward)(const lsk_attention *a, ptrdiff_t begin, ptrdiff_t end, lsk_rows dys, lsk_rows dqs,
                                  lsk_rows dks, lsk_rows dvs, REAL *dmask) {
    ptrdiff_t tile = tile_of(a), keys = a->keys;
    REAL *scores =
        lsk_allocate((size_t)(2 * tile * keys + keys + tile) * sizeof(REAL) + (size_t)keys * sizeof(uint32_t));
    REAL *dscores = scores + tile * keys, *factor = dscores + tile * keys, *inner = factor + keys;
    uint32_t *words = (uint32_t *)(inner + tile);
    for (ptrdiff_t p = begin; p < end; p++) {
        const REAL *q = MATRIX(a->q, p), *k = MATRIX(a->k, p), *v = MATRIX(a->v, p), *y = MATRIX(a->y, p);
        const REAL *dy = MATRIX(dys, p), *log_sums = (const REAL *)a->log_sums + p * a->queries;
        REAL *dq = MATRIX(dqs, p), *dk = MATRIX(dks, p), *dv = MATRIX(dvs, p);
        if (tile < a->queries) {  // otherwise the only tile writes every row
            NAME(clear_rows)(dks, p, keys, a->width);
            NAME(clear_rows)(dvs, p, keys, a->value_width);
        }
        for (ptrdiff_t first = 0; first < a->queries; first += tile) {
            ptrdiff_t rows = lsk_min(a->queries - first, tile);
            ptrdiff_t limit = tile < a->queries ? visible(a, first + rows - 1) : keys;
            REAL sum = tile < a->queries ? 1 : 0;
            NAME(dots)(rows, a->value_width, dy + first * dys.row, dys.row, y + first * a->y.row, a->y.row, inner);
            GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)limit, (int)a->width, (REAL)a->scale,
                 q + first * a->q.row, (int)a->q.row, k, (int)a->k.row, 0, scores, (int)keys);
            GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)limit, (int)a->value_width, 1,
                 dy + first * dys.row, (int)dys.row, v, (int)a->v.row, 0, dscores, (int)keys);
            for (ptrdiff_t r = 0; r < rows; r++) {
                REAL *s = scores + r * keys, *d = dscores + r * keys;
                ptrdiff_t t = first + r, n = visible(a, t);
                if (p + 1 < a->problems) {
                    NAME(fetch)(a->q, p + 1, t, a->width);
                    NAME(fetch)(a->y, p + 1, t, a->value_width);
                    NAME(fetch)(dys, p + 1, t, a->value_width);
                    if (t < keys) NAME(fetch)(a->k, p + 1, t, a->width);
                    if (t < keys) NAME(fetch)(a->v, p + 1, t, a->value_width);
                }
                if (a->mask) NAME(mask_row)(a, p, t, n, s);
                NAME(exponentials)(n, s, log_sums[t]);
                if (a->dropped > 0) NAME(keep_row)(a, p, t, n, words, factor);
                NAME(backward_row)(n, s, d, a->dropped > 0 ? factor : NULL, inner[r]);
                memset(s + n, 0, (size_t)(limit - n) * sizeof(REAL));
                memset(d + n, 0, (size_t)(limit - n) * sizeof(REAL));
                if (dmask) {
                    REAL *out = dmask + (p * a->queries + t) * keys;
                    memcpy(out, d, (size_t)n * sizeof(REAL));
                    memset(out + n, 0, (size_t)(keys - n) * sizeof(REAL));
                }
            }
            GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, (int)limit, (int)a->value_width, (int)rows, 1, scores,
                 (int)keys, dy + first * dys.row, (int)dys.row, sum, dv, (int)dvs.row);
            GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)a->width, (int)limit, (REAL)a->scale,
                 dscores, (int)keys, k, (int)a->k.row, 0, dq + first * dqs.row, (int)dqs.row);
            GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, (int)limit, (int)a->width, (int)rows, (REAL)a->scale, dscores,
                 (int)keys, q + first * a->q.row, (int)a->q.row, sum, dk, (int)dks.row);
        }
    }
    lsk_release(scores);
}
#undef MATRIX
