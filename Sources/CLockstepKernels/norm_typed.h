// SPDX-License-Identifier: Apache-2.0
// Normalisation for one element type; included once per type with REAL and NAME defined.
// Few channels leave vectors half empty, so rows are read `period` elements at a time, a whole number of rows.

typedef REAL NAME(vector) __attribute__((vector_size(16 * sizeof(REAL)), aligned(sizeof(REAL))));

LSK_INLINE REAL NAME(total)(const NAME(vector) *v) {  // by address: the calling convention for vectors differs by processor
    REAL s = 0;
    for (int i = 0; i < 16; i++) s += (*v)[i];
    return s;
}

/// `values`, one per channel, repeated to fill a period.
static void NAME(repeat)(ptrdiff_t channels, ptrdiff_t period, const REAL *values, REAL *out) {
    for (ptrdiff_t i = 0; i < period; i += channels) memcpy(out + i, values, (size_t)channels * sizeof(REAL));
}

/// Adds a period of partial sums to one double per channel and clears them.
static void NAME(fold)(ptrdiff_t channels, ptrdiff_t period, REAL *partial, double *out) {
    for (ptrdiff_t i = 0; i < period; i += channels)
        for (ptrdiff_t k = 0; k < channels; k++) out[k] += (double)partial[i + k];
    memset(partial, 0, (size_t)period * sizeof(REAL));
}

/// One pass of the moments over four periods at most: adding them up first keeps the sums short.
LSK_SIMD static void NAME(moments)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *x, REAL *scratch,
                                   double *sum, double *squares) {
    REAL *shift = scratch, *s1 = shift + period, *s2 = s1 + period;
    ptrdiff_t count = rows * channels, at = 0, pass = 0;
    NAME(repeat)(channels, period, x, shift);
    memset(s1, 0, (size_t)(2 * period) * sizeof(REAL));
    for (ptrdiff_t k = 0; k < channels; k++) sum[k] = squares[k] = 0;
    for (; at + 4 * period <= count; at += 4 * period) {
        const REAL *p = x + at, *q = p + period, *r = q + period, *t = r + period;
        for (ptrdiff_t i = 0; i < period; i++) {
            REAL a = p[i] - shift[i], b = q[i] - shift[i], c = r[i] - shift[i], d = t[i] - shift[i];
            s1[i] += (a + b) + (c + d);
            s2[i] += (a * a + b * b) + (c * c + d * d);
        }
        if (++pass % 16 == 0) {
            NAME(fold)(channels, period, s1, sum);
            NAME(fold)(channels, period, s2, squares);
        }
    }
    for (; at < count; at += period) {
        ptrdiff_t n = count - at < period ? count - at : period;
        for (ptrdiff_t i = 0; i < n; i++) {
            REAL a = x[at + i] - shift[i];
            s1[i] += a;
            s2[i] += a * a;
        }
    }
    NAME(fold)(channels, period, s1, sum);
    NAME(fold)(channels, period, s2, squares);
    for (ptrdiff_t k = 0; k < channels; k++) {
        double m = (double)shift[k];
        squares[k] += m * (2 * sum[k] + m * (double)rows);
        sum[k] += m * (double)rows;
    }
}

LSK_SIMD static void NAME(products)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *dy, const REAL *x,
                                    const REAL *mean, REAL *scratch, double *sum, double *product) {
    REAL *m = scratch, *s1 = m + period, *s2 = s1 + period;
    ptrdiff_t count = rows * channels, at = 0, pass = 0;
    NAME(repeat)(channels, period, mean, m);
    memset(s1, 0, (size_t)(2 * period) * sizeof(REAL));
    for (ptrdiff_t k = 0; k < channels; k++) sum[k] = product[k] = 0;
    for (; at + 2 * period <= count; at += 2 * period) {
        const REAL *p = x + at, *q = p + period, *dp = dy + at, *dq = dp + period;
        for (ptrdiff_t i = 0; i < period; i++) {
            s1[i] += dp[i] + dq[i];
            s2[i] += dp[i] * (p[i] - m[i]) + dq[i] * (q[i] - m[i]);
        }
        if (++pass % 32 == 0) {
            NAME(fold)(channels, period, s1, sum);
            NAME(fold)(channels, period, s2, product);
        }
    }
    for (; at < count; at += period) {
        ptrdiff_t n = count - at < period ? count - at : period;
        for (ptrdiff_t i = 0; i < n; i++) {
            s1[i] += dy[at + i];
            s2[i] += dy[at + i] * (x[at + i] - m[i]);
        }
    }
    NAME(fold)(channels, period, s1, sum);
    NAME(fold)(channels, period, s2, product);
}

LSK_SIMD static void NAME(apply)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *x, const REAL *mean,
                                 const REAL *scale, const REAL *shift, REAL *scratch, REAL *restrict y) {
    REAL *m = scratch, *a = m + period, *b = a + period;
    ptrdiff_t count = rows * channels;
    NAME(repeat)(channels, period, mean, m);
    NAME(repeat)(channels, period, scale, a);
    NAME(repeat)(channels, period, shift, b);
    for (ptrdiff_t at = 0; at < count; at += period) {
        ptrdiff_t n = count - at < period ? count - at : period;
        for (ptrdiff_t i = 0; i < n; i++) y[at + i] = (x[at + i] - m[i]) * a[i] + b[i];
    }
}

LSK_SIMD static void NAME(backward)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *dy, const REAL *x,
                                    const REAL *mean, const REAL *pa, const REAL *pb, const REAL *pc, REAL *scratch,
                                    REAL *restrict dx) {
    REAL *m = scratch, *a = m + period, *b = a + period, *c = b + period;
    ptrdiff_t count = rows * channels;
    NAME(repeat)(channels, period, mean, m);
    NAME(repeat)(channels, period, pa, a);
    NAME(repeat)(channels, period, pb, b);
    NAME(repeat)(channels, period, pc, c);
    for (ptrdiff_t at = 0; at < count; at += period) {
        ptrdiff_t n = count - at < period ? count - at : period;
        for (ptrdiff_t i = 0; i < n; i++) dx[at + i] = a[i] * dy[at + i] + b[i] * (x[at + i] - m[i]) + c[i];
    }
}

LSK_SIMD static void NAME(sum_rows)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *x, REAL *s,
                                    double *sum) {
    ptrdiff_t count = rows * channels, at = 0, pass = 0;
    memset(s, 0, (size_t)period * sizeof(REAL));
    for (ptrdiff_t k = 0; k < channels; k++) sum[k] = 0;
    for (; at + 4 * period <= count; at += 4 * period) {
        const REAL *p = x + at, *q = p + period, *r = q + period, *t = r + period;
        for (ptrdiff_t i = 0; i < period; i++) s[i] += (p[i] + q[i]) + (r[i] + t[i]);
        if (++pass % 16 == 0) NAME(fold)(channels, period, s, sum);
    }
    for (; at < count; at += period) {
        ptrdiff_t n = count - at < period ? count - at : period;
        for (ptrdiff_t i = 0; i < n; i++) s[i] += x[at + i];
    }
    NAME(fold)(channels, period, s, sum);
}

LSK_SIMD static void NAME(layer_norm)(ptrdiff_t rows, ptrdiff_t width, REAL epsilon, const REAL *x, const REAL *weight,
                                      const REAL *bias, REAL *restrict y, REAL *means, REAL *inverses) {
    for (ptrdiff_t r = 0; r < rows; r++, x += width, y += width) {
        NAME(vector) s = {0};
        ptrdiff_t i = 0;
        for (; i + 16 <= width; i += 16) s += *(const NAME(vector) *)(x + i);
        REAL sum = NAME(total)(&s);
        for (; i < width; i++) sum += x[i];
        REAL mean = sum / (REAL)width;
        NAME(vector) q = {0};
        for (i = 0; i + 16 <= width; i += 16) {
            NAME(vector) d = *(const NAME(vector) *)(x + i) - mean;
            q += d * d;
        }
        REAL squares = NAME(total)(&q);
        for (; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
        REAL inverse = 1 / NAME(root)(squares / (REAL)width + epsilon);
        means[r] = mean;
        inverses[r] = inverse;
        if (weight && bias)
            for (i = 0; i < width; i++) y[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
        else
            for (i = 0; i < width; i++)
                y[i] = (x[i] - mean) * inverse * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
    }
}

LSK_SIMD static void NAME(layer_norm_dx)(ptrdiff_t rows, ptrdiff_t width, const REAL *dy, const REAL *x,
                                         const REAL *weight, const REAL *means, const REAL *inverses,
                                         const REAL *added, REAL *restrict dx) {
    for (ptrdiff_t r = 0; r < rows; r++, dy += width, x += width, dx += width) {
        REAL mean = means[r], inverse = inverses[r];
        NAME(vector) s1 = {0}, s2 = {0};
        ptrdiff_t i = 0;
        for (; i + 16 <= width; i += 16) {
            NAME(vector) g = *(const NAME(vector) *)(dy + i) * *(const NAME(vector) *)(weight + i);
            s1 += g;
            s2 += g * (*(const NAME(vector) *)(x + i) - mean);
        }
        REAL a = NAME(total)(&s1), b = NAME(total)(&s2);
        for (; i < width; i++) {
            a += dy[i] * weight[i];
            b += dy[i] * weight[i] * (x[i] - mean);
        }
        a /= (REAL)width;
        b *= inverse * inverse / (REAL)width;
        if (added) {
            for (i = 0; i < width; i++) dx[i] = inverse * (dy[i] * weight[i] - a - b * (x[i] - mean)) + added[i];
            added += width;
        } else
            for (i = 0; i < width; i++) dx[i] = inverse * (dy[i] * weight[i] - a - b * (x[i] - mean));
    }
}

/// Sums over a block of rows, added to the doubles.
LSK_SIMD static void NAME(layer_norm_dw)(ptrdiff_t rows, ptrdiff_t width, const REAL *dy, const REAL *x,
                                         const REAL *means, const REAL *inverses, REAL *scratch, double *dw,
                                         double *db) {
    REAL *s1 = scratch, *s2 = scratch + width;
    memset(scratch, 0, (size_t)(2 * width) * sizeof(REAL));
    for (ptrdiff_t r = 0; r < rows; r++, dy += width, x += width) {
        REAL mean = means[r], inverse = inverses[r];
        for (ptrdiff_t i = 0; i < width; i++) {
            s1[i] += dy[i] * ((x[i] - mean) * inverse);
            s2[i] += dy[i];
        }
        if (r % 64 == 63 || r == rows - 1) {
            NAME(fold)(width, width, s1, dw);
            NAME(fold)(width, width, s2, db);
        }
    }
}

static void NAME(layer_norm_backward)(ptrdiff_t rows, ptrdiff_t width, const REAL *dy, const REAL *x,
                                      const REAL *weight, const REAL *means, const REAL *inverses,
                                      const REAL *added, REAL *dx, REAL *dw, REAL dw_beta, REAL *db, REAL db_beta) {
    if (dx) {
        REAL *ones = NULL;
        if (!weight) {
            ones = lsk_allocate((size_t)width * sizeof(REAL));
            for (ptrdiff_t i = 0; i < width; i++) ones[i] = 1;
        }
        NAME(layer_norm_dx)(rows, width, dy, x, weight ? weight : ones, means, inverses, added, dx);
        if (ones) lsk_release(ones);
    }
    if (!dw && !db) return;
    double *sums = lsk_allocate((size_t)(2 * width) * sizeof(double) + (size_t)(2 * width) * sizeof(REAL));
    memset(sums, 0, (size_t)(2 * width) * sizeof(double));
    NAME(layer_norm_dw)(rows, width, dy, x, means, inverses, (REAL *)(sums + 2 * width), sums, sums + width);
    for (ptrdiff_t i = 0; dw && i < width; i++) dw[i] = (REAL)sums[i] + (dw_beta == 0 ? 0 : dw_beta * dw[i]);
    for (ptrdiff_t i = 0; db && i < width; i++) db[i] = (REAL)sums[width + i] + (db_beta == 0 ? 0 : db_beta * db[i]);
    lsk_release(sums);
}

static void NAME(statistics)(ptrdiff_t n, double count, const double *sum, const double *squares, REAL *mean,
                             REAL *variance) {
    for (ptrdiff_t i = 0; i < n; i++) {
        double m = sum[i] / count, v = squares[i] / count - m * m;
        mean[i] = (REAL)m;
        variance[i] = (REAL)(v < 0 ? 0 : v);
    }
}

static void NAME(inverse)(ptrdiff_t n, double epsilon, const REAL *variance, REAL *inverse) {
    for (ptrdiff_t i = 0; i < n; i++) inverse[i] = (REAL)(1 / sqrt((double)variance[i] + epsilon));
}

static void NAME(slopes)(ptrdiff_t n, double count, const double *sum, const double *product, const REAL *scale,
                         const REAL *inverse, REAL *b, REAL *c) {
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = (double)scale[i], r = (double)inverse[i];
        b[i] = (REAL)(-a * r * r * product[i] / count);
        c[i] = (REAL)(-a * sum[i] / count);
    }
}
