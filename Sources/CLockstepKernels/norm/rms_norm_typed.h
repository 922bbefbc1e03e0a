// SPDX-License-Identifier: Apache-2.0
// Division by the root mean square for one element type; included once per type with REAL and NAME defined.

#include "base/lanes_typed.h"

LSK_SIMD static void NAME(rms_norm)(ptrdiff_t rows, ptrdiff_t width, REAL epsilon, const REAL *x, const REAL *weight,
                                    REAL *restrict y, REAL *inverses) {
    for (ptrdiff_t r = 0; r < rows; r++, x += width, y += width) {
        NAME(lanes) q = {0};
        ptrdiff_t i = 0;
        for (; i + 16 <= width; i += 16) {
            NAME(lanes) v = *(const NAME(lanes) *)(x + i);
            q += v * v;
        }
        REAL squares = NAME(total)(&q);
        for (; i < width; i++) squares += x[i] * x[i];
        REAL inverse = 1 / NAME(root)(squares / (REAL)width + epsilon);
        inverses[r] = inverse;
        if (weight)
            for (i = 0; i < width; i++) y[i] = x[i] * inverse * weight[i];
        else
            for (i = 0; i < width; i++) y[i] = x[i] * inverse;
    }
}

/// dx = r·(dy·w − x·r²·mean(dy·w·x)), r the inverse root.
LSK_SIMD static void NAME(rms_norm_dx)(ptrdiff_t rows, ptrdiff_t width, const REAL *dy, const REAL *x,
                                       const REAL *weight, const REAL *inverses, REAL *restrict dx) {
    for (ptrdiff_t r = 0; r < rows; r++, dy += width, x += width, dx += width) {
        NAME(lanes) s = {0};
        ptrdiff_t i = 0;
        for (; i + 16 <= width; i += 16) {
            NAME(lanes) g = *(const NAME(lanes) *)(dy + i);
            if (weight) g *= *(const NAME(lanes) *)(weight + i);
            s += g * *(const NAME(lanes) *)(x + i);
        }
        REAL sum = NAME(total)(&s), inverse = inverses[r];
        for (; i < width; i++) sum += dy[i] * (weight ? weight[i] : 1) * x[i];
        REAL share = sum / (REAL)width * inverse * inverse;
        for (i = 0; i < width; i++) dx[i] = inverse * (dy[i] * (weight ? weight[i] : 1) - x[i] * share);
    }
}

/// dw = beta·dw + Σ dy·x·r over the rows, in blocks that are added up in double.
LSK_SIMD static void NAME(rms_norm_dw)(ptrdiff_t rows, ptrdiff_t width, const REAL *dy, const REAL *x,
                                       const REAL *inverses, REAL *dw, REAL beta) {
    double *sums = lsk_allocate((size_t)width * (sizeof(double) + sizeof(REAL)));
    REAL *block = (REAL *)(sums + width);
    memset(sums, 0, (size_t)width * (sizeof(double) + sizeof(REAL)));
    for (ptrdiff_t r = 0; r < rows; r++, dy += width, x += width) {
        REAL inverse = inverses[r];
        for (ptrdiff_t i = 0; i < width; i++) block[i] += dy[i] * (x[i] * inverse);
        if (r % 64 == 63 || r == rows - 1) {
            for (ptrdiff_t i = 0; i < width; i++) sums[i] += (double)block[i];
            memset(block, 0, (size_t)width * sizeof(REAL));
        }
    }
    for (ptrdiff_t i = 0; i < width; i++) dw[i] = (REAL)sums[i] + (beta == 0 ? 0 : beta * dw[i]);
    lsk_release(sums);
}
