// SPDX-License-Identifier: Apache-2.0
// Layer norm for one element type; included once per type with REAL and NAME defined, after channel_norm_typed.h.

#include "base/lanes_typed.h"

LSK_SIMD static void NAME(layer_norm)(ptrdiff_t rows, ptrdiff_t width, REAL epsilon, const REAL *x, const REAL *weight,
                                      const REAL *bias, REAL *restrict y, REAL *means, REAL *rests, REAL *inverses) {
    for (ptrdiff_t r = 0; r < rows; r++, x += width, y += width) {
        NAME(lanes) s = {0};
        ptrdiff_t i = 0;
        for (; i + 16 <= width; i += 16) s += *(const NAME(lanes) *)(x + i);
        REAL sum = NAME(total)(&s);
        for (; i < width; i++) sum += x[i];
        REAL mean = sum / (REAL)width;
        // What rounding took from the mean is the mean of the deviations: next to a large mean it is no small part of them.
        NAME(lanes) q = {0};
        s = (NAME(lanes)){0};
        for (i = 0; i + 16 <= width; i += 16) {
            NAME(lanes) d = *(const NAME(lanes) *)(x + i) - mean;
            s += d;
            q += d * d;
        }
        REAL squares = NAME(total)(&q), deviations = NAME(total)(&s);
        for (; i < width; i++) {
            deviations += x[i] - mean;
            squares += (x[i] - mean) * (x[i] - mean);
        }
        REAL rest = deviations / (REAL)width, variance = squares / (REAL)width - rest * rest;
        REAL inverse = 1 / NAME(root)((variance < 0 ? 0 : variance) + epsilon), lost = rest * inverse;
        means[r] = mean;
        rests[r] = rest;
        inverses[r] = inverse;
        if (weight && bias)
            for (i = 0; i < width; i++) y[i] = ((x[i] - mean) * inverse - lost) * weight[i] + bias[i];
        else
            for (i = 0; i < width; i++)
                y[i] = ((x[i] - mean) * inverse - lost) * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
    }
}

LSK_SIMD static void NAME(layer_norm_dx)(ptrdiff_t rows, ptrdiff_t width, const REAL *dy, const REAL *x,
                                         const REAL *weight, const REAL *means, const REAL *rests, const REAL *inverses,
                                         const REAL *added, REAL *restrict dx) {
    for (ptrdiff_t r = 0; r < rows; r++, dy += width, x += width, dx += width) {
        REAL mean = means[r], inverse = inverses[r];
        NAME(lanes) s1 = {0}, s2 = {0};
        ptrdiff_t i = 0;
        for (; i + 16 <= width; i += 16) {
            NAME(lanes) g = *(const NAME(lanes) *)(dy + i) * *(const NAME(lanes) *)(weight + i);
            s1 += g;
            s2 += g * (*(const NAME(lanes) *)(x + i) - mean);
        }
        REAL a = NAME(total)(&s1), b = NAME(total)(&s2);
        for (; i < width; i++) {
            a += dy[i] * weight[i];
            b += dy[i] * weight[i] * (x[i] - mean);
        }
        b -= rests[r] * a;
        b *= inverse * inverse / (REAL)width;
        a = a / (REAL)width - b * rests[r];
        if (added) {
            for (i = 0; i < width; i++) dx[i] = inverse * (dy[i] * weight[i] - a - b * (x[i] - mean)) + added[i];
            added += width;
        } else
            for (i = 0; i < width; i++) dx[i] = inverse * (dy[i] * weight[i] - a - b * (x[i] - mean));
    }
}

/// Sums over a block of rows, added to the doubles.
LSK_SIMD static void NAME(layer_norm_dw)(ptrdiff_t rows, ptrdiff_t width, const REAL *dy, const REAL *x,
                                         const REAL *means, const REAL *rests, const REAL *inverses, REAL *scratch,
                                         double *dw, double *db) {
    REAL *s1 = scratch, *s2 = scratch + width;
    memset(scratch, 0, (size_t)(2 * width) * sizeof(REAL));
    for (ptrdiff_t r = 0; r < rows; r++, dy += width, x += width) {
        REAL mean = means[r], inverse = inverses[r], lost = rests[r] * inverse;
        for (ptrdiff_t i = 0; i < width; i++) {
            s1[i] += dy[i] * ((x[i] - mean) * inverse - lost);
            s2[i] += dy[i];
        }
        if (r % 64 == 63 || r == rows - 1) {
            NAME(fold)(width, width, s1, dw);
            NAME(fold)(width, width, s2, db);
        }
    }
}

static void NAME(layer_norm_backward)(ptrdiff_t rows, ptrdiff_t width, const REAL *dy, const REAL *x,
                                      const REAL *weight, const REAL *means, const REAL *rests, const REAL *inverses,
                                      const REAL *added, REAL *dx, REAL *dw, REAL dw_beta, REAL *db, REAL db_beta) {
    if (dx) {
        REAL *ones = NULL;
        if (!weight) {
            ones = lsk_allocate((size_t)width * sizeof(REAL));
            for (ptrdiff_t i = 0; i < width; i++) ones[i] = 1;
        }
        NAME(layer_norm_dx)(rows, width, dy, x, weight ? weight : ones, means, rests, inverses, added, dx);
        if (ones) lsk_release(ones);
    }
    if (!dw && !db) return;
    double *sums = lsk_allocate((size_t)(2 * width) * sizeof(double) + (size_t)(2 * width) * sizeof(REAL));
    memset(sums, 0, (size_t)(2 * width) * sizeof(double));
    NAME(layer_norm_dw)(rows, width, dy, x, means, rests, inverses, (REAL *)(sums + 2 * width), sums, sums + width);
    for (ptrdiff_t i = 0; dw && i < width; i++) dw[i] = (REAL)sums[i] + (dw_beta == 0 ? 0 : dw_beta * dw[i]);
    for (ptrdiff_t i = 0; db && i < width; i++) db[i] = (REAL)sums[width + i] + (db_beta == 0 ? 0 : db_beta * db[i]);
    lsk_release(sums);
}
