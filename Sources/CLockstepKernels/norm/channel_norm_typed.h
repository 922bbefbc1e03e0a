// SPDX-License-Identifier: Apache-2.0
// Normalisation per channel for one element type; included once per type with REAL and NAME defined.
// Few channels leave vectors half empty, so rows are read `period` elements at a time, a whole number of rows.

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

/// Moves the sums of a block of `rows` rows, which are about `shift`, to the sums about `origin` in double and clears them.
/// The next block's shift is the mean so far: one element far from all others spoils no more than its own block.
LSK_INLINE void NAME(rebase)(ptrdiff_t channels, ptrdiff_t period, double rows, double seen, const REAL *origin,
                             REAL *shift, REAL *s1, REAL *s2, double *sum, double *squares) {
    enum { CHUNK = 64 };
    for (ptrdiff_t start = 0; start < channels; start += CHUNK) {
        ptrdiff_t n = lsk_min(channels - start, CHUNK);
        double t1[CHUNK] = {0}, t2[CHUNK] = {0};
        for (ptrdiff_t i = start; i < period; i += channels)
            for (ptrdiff_t j = 0; j < n; j++) t1[j] += (double)s1[i + j], t2[j] += (double)s2[i + j];
        for (ptrdiff_t j = 0; j < n; j++) {
            ptrdiff_t k = start + j;
            double d = (double)shift[k] - (double)origin[k];
            sum[k] += t1[j] + rows * d;
            squares[k] += t2[j] + d * (2 * t1[j] + rows * d);
            shift[k] = (REAL)((double)origin[k] + sum[k] / seen);
        }
    }
    for (ptrdiff_t i = channels; i < period; i += channels) memcpy(shift + i, shift, (size_t)channels * sizeof(REAL));
    memset(s1, 0, (size_t)period * sizeof(REAL));
    memset(s2, 0, (size_t)period * sizeof(REAL));
}

/// A number near the channels' means: the mean of four rows, which are far from each other and seldom all at a border.
static void NAME(guess)(ptrdiff_t rows, ptrdiff_t channels, const REAL *x, REAL *origin) {
    if (rows < 16) {
        memcpy(origin, x, (size_t)channels * sizeof(REAL));
        return;
    }
    const REAL *a = x + rows / 14 * channels, *b = x + 5 * rows / 14 * channels, *c = x + 9 * rows / 14 * channels,
               *d = x + 13 * rows / 14 * channels;
    for (ptrdiff_t k = 0; k < channels; k++)
        origin[k] = (a[k] * (REAL)0.25 + b[k] * (REAL)0.25) + (c[k] * (REAL)0.25 + d[k] * (REAL)0.25);
}

/// One pass of the moments over four periods at most: adding them up first keeps the sums short.
LSK_SIMD static void NAME(moments)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *x, REAL *scratch,
                                   double *sum, double *sum_rest, double *squares, double *squares_rest) {
    REAL *shift = scratch, *s1 = shift + period, *s2 = s1 + period, *origin = s2 + period;
    ptrdiff_t count = rows * channels, at = 0, pass = 0, block = 0;
    for (ptrdiff_t k = 0; k < channels; k++) sum[k] = sum_rest[k] = squares[k] = squares_rest[k] = 0;
    if (rows == 0) return;
    NAME(guess)(rows, channels, x, origin);
    NAME(repeat)(channels, period, origin, shift);
    memset(s1, 0, (size_t)(2 * period) * sizeof(REAL));
    for (; at + 4 * period <= count; at += 4 * period) {
        const REAL *p = x + at, *q = p + period, *r = q + period, *t = r + period;
        for (ptrdiff_t i = 0; i < period; i++) {
            REAL a = p[i] - shift[i], b = q[i] - shift[i], c = r[i] - shift[i], d = t[i] - shift[i];
            s1[i] += (a + b) + (c + d);
            s2[i] += (a * a + b * b) + (c * c + d * d);
        }
        if (++pass % 16 == 0) {
            ptrdiff_t end = at + 4 * period;
            NAME(rebase)(channels, period, (double)((end - block) / channels), (double)(end / channels), origin, shift,
                         s1, s2, sum, squares);
            block = end;
        }
    }
    for (; at < count; at += period) {
        ptrdiff_t n = lsk_min(count - at, period);
        for (ptrdiff_t i = 0; i < n; i++) {
            REAL a = x[at + i] - shift[i];
            s1[i] += a;
            s2[i] += a * a;
        }
    }
    NAME(rebase)(channels, period, (double)((count - block) / channels), (double)rows, origin, shift, s1, s2, sum,
                 squares);
    for (ptrdiff_t k = 0; k < channels; k++) {
        lsk_exact s, q;
        lsk_exact_moments((double)origin[k], (double)rows, sum[k], squares[k], &s, &q);
        lsk_exact_store(s, sum + k, sum_rest + k);
        lsk_exact_store(q, squares + k, squares_rest + k);
    }
}

/// The gradient before a rectifier of (x - mean) * scale + shift, whose sign is cheaper to compute again than to read.
#define PASSED(dy, x, m, a, b) (((x) - (m)) * (a) + (b) > 0 ? (dy) : 0)

LSK_INLINE void NAME(products_of)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *dy, const REAL *x,
                                  const REAL *mean, const REAL *rest, const REAL *scale, const REAL *shift,
                                  REAL *scratch, double *sum, double *product, int rectified) {
    REAL *m = scratch, *s1 = m + period, *s2 = s1 + period, *a = s2 + period, *b = a + period;
    ptrdiff_t count = rows * channels, at = 0, pass = 0;
    NAME(repeat)(channels, period, mean, m);
    if (rectified) {
        NAME(repeat)(channels, period, scale, a);
        NAME(repeat)(channels, period, shift, b);
    }
    memset(s1, 0, (size_t)(2 * period) * sizeof(REAL));
    for (ptrdiff_t k = 0; k < channels; k++) sum[k] = product[k] = 0;
    for (; at + 2 * period <= count; at += 2 * period) {
        const REAL *p = x + at, *q = p + period, *dp = dy + at, *dq = dp + period;
        for (ptrdiff_t i = 0; i < period; i++) {
            REAL g = rectified ? PASSED(dp[i], p[i], m[i], a[i], b[i]) : dp[i];
            REAL h = rectified ? PASSED(dq[i], q[i], m[i], a[i], b[i]) : dq[i];
            s1[i] += g + h;
            s2[i] += g * (p[i] - m[i]) + h * (q[i] - m[i]);
        }
        if (++pass % 32 == 0) {
            NAME(fold)(channels, period, s1, sum);
            NAME(fold)(channels, period, s2, product);
        }
    }
    for (; at < count; at += period) {
        ptrdiff_t n = lsk_min(count - at, period);
        for (ptrdiff_t i = 0; i < n; i++) {
            REAL g = rectified ? PASSED(dy[at + i], x[at + i], m[i], a[i], b[i]) : dy[at + i];
            s1[i] += g;
            s2[i] += g * (x[at + i] - m[i]);
        }
    }
    NAME(fold)(channels, period, s1, sum);
    NAME(fold)(channels, period, s2, product);
    if (rest)
        for (ptrdiff_t k = 0; k < channels; k++) product[k] -= (double)rest[k] * sum[k];
}

LSK_SIMD static void NAME(products)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *dy, const REAL *x,
                                    const REAL *mean, const REAL *rest, const REAL *scale, const REAL *shift,
                                    REAL *scratch, double *sum, double *product) {
    if (scale) NAME(products_of)(rows, channels, period, dy, x, mean, rest, scale, shift, scratch, sum, product, 1);
    else NAME(products_of)(rows, channels, period, dy, x, mean, rest, scale, shift, scratch, sum, product, 0);
}

LSK_INLINE void NAME(apply_of)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *x, const REAL *mean,
                               const REAL *scale, const REAL *shift, const REAL *added, REAL *scratch, REAL *restrict y,
                               int adds, int rectifies) {
    REAL *m = scratch, *a = m + period, *b = a + period;
    ptrdiff_t count = rows * channels;
    NAME(repeat)(channels, period, mean, m);
    NAME(repeat)(channels, period, scale, a);
    NAME(repeat)(channels, period, shift, b);
    for (ptrdiff_t at = 0; at < count; at += period) {
        ptrdiff_t n = lsk_min(count - at, period);
        for (ptrdiff_t i = 0; i < n; i++) {
            REAL v = (x[at + i] - m[i]) * a[i] + b[i];
            if (adds) v += added[at + i];
            y[at + i] = rectifies && v < 0 ? 0 : v;  // this way round, NaN stays NaN
        }
    }
}

LSK_SIMD static void NAME(apply)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *x, const REAL *mean,
                                 const REAL *scale, const REAL *shift, const REAL *added, int rectifies, REAL *scratch,
                                 REAL *restrict y) {
#define APPLY(adds, rectifies)                                                                                        \
    NAME(apply_of)(rows, channels, period, x, mean, scale, shift, added, scratch, y, adds, rectifies)
    if (added && rectifies) APPLY(1, 1);
    else if (added) APPLY(1, 0);
    else if (rectifies) APPLY(0, 1);
    else APPLY(0, 0);
#undef APPLY
}

LSK_INLINE void NAME(backward_of)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *dy, const REAL *x,
                                  const REAL *mean, const REAL *pa, const REAL *pb, const REAL *pc, const REAL *shift,
                                  REAL *scratch, REAL *restrict dx, int rectified) {
    REAL *m = scratch, *a = m + period, *b = a + period, *c = b + period, *s = c + period;
    ptrdiff_t count = rows * channels;
    NAME(repeat)(channels, period, mean, m);
    NAME(repeat)(channels, period, pa, a);
    NAME(repeat)(channels, period, pb, b);
    NAME(repeat)(channels, period, pc, c);
    if (rectified) NAME(repeat)(channels, period, shift, s);
    for (ptrdiff_t at = 0; at < count; at += period) {
        ptrdiff_t n = lsk_min(count - at, period);
        for (ptrdiff_t i = 0; i < n; i++) {
            REAL g = rectified ? PASSED(dy[at + i], x[at + i], m[i], a[i], s[i]) : dy[at + i];
            dx[at + i] = a[i] * g + b[i] * (x[at + i] - m[i]) + c[i];
        }
    }
}

LSK_SIMD static void NAME(backward)(ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t period, const REAL *dy, const REAL *x,
                                    const REAL *mean, const REAL *a, const REAL *b, const REAL *c, const REAL *shift,
                                    REAL *scratch, REAL *restrict dx) {
    if (shift) NAME(backward_of)(rows, channels, period, dy, x, mean, a, b, c, shift, scratch, dx, 1);
    else NAME(backward_of)(rows, channels, period, dy, x, mean, a, b, c, shift, scratch, dx, 0);
}
#undef PASSED

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
        ptrdiff_t n = lsk_min(count - at, period);
        for (ptrdiff_t i = 0; i < n; i++) s[i] += x[at + i];
    }
    NAME(fold)(channels, period, s, sum);
}

LSK_SIMD static void NAME(statistics)(ptrdiff_t n, double count, const double *sums, REAL *mean, REAL *rest,
                                      REAL *variance) {
    for (ptrdiff_t i = 0; i < n; i++) {
        lsk_exact m;
        double v = lsk_exact_variance(lsk_exact_sum(sums[i], sums[n + i]),
                                      lsk_exact_sum(sums[2 * n + i], sums[3 * n + i]), count, &m);
        mean[i] = (REAL)m.high;
        rest[i] = (REAL)((m.high - (double)mean[i]) + m.low);
        variance[i] = (REAL)v;
    }
}

static void NAME(inverse)(ptrdiff_t n, double epsilon, const REAL *variance, REAL *inverse) {
    for (ptrdiff_t i = 0; i < n; i++) inverse[i] = (REAL)(1 / sqrt((double)variance[i] + epsilon));
}

static void NAME(coefficients)(ptrdiff_t n, double count, const double *sum, const double *product, const REAL *rest,
                               const REAL *scale, const REAL *inverse, REAL *b, REAL *c) {
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = (double)scale[i], r = (double)inverse[i];
        double by_x = -a * r * r * product[i] / count;
        b[i] = (REAL)by_x;
        c[i] = (REAL)(-a * sum[i] / count - by_x * (double)rest[i]);
    }
}
