// SPDX-License-Identifier: Apache-2.0
// Sums in twice the precision of a double: Σ x² − (Σ x)²/n loses as many digits as the mean is above the deviation.
//
// After Dekker (1971) and Knuth; the products need a fused multiply-add. Nothing here may be contracted.
#pragma once
#include "base/simd.h"
#include <math.h>
#include <string.h>

/// high + low, low being what the sum lost.
typedef struct {
    double high, low;
} lsk_exact;

LSK_INLINE lsk_exact lsk_exact_sum(double a, double b) {
#pragma STDC FP_CONTRACT OFF
    double s = a + b, t = s - a;
    return (lsk_exact){s, (a - (s - t)) + (b - t)};
}

LSK_INLINE lsk_exact lsk_exact_product(double a, double b) {
#pragma STDC FP_CONTRACT OFF
    double p = a * b;
    return (lsk_exact){p, fma(a, b, -p)};
}

LSK_INLINE lsk_exact lsk_exact_add(lsk_exact a, lsk_exact b) {
#pragma STDC FP_CONTRACT OFF
    lsk_exact s = lsk_exact_sum(a.high, b.high);
    return lsk_exact_sum(s.high, s.low + (a.low + b.low));
}

/// Σ x and Σ x² of n values from their sums about `origin`.
LSK_INLINE void lsk_exact_moments(double origin, double n, double sum, double squares, lsk_exact *s, lsk_exact *q) {
#pragma STDC FP_CONTRACT OFF
    *s = lsk_exact_add(lsk_exact_product(origin, n), (lsk_exact){sum, 0});
    lsk_exact square = lsk_exact_product(origin, origin), scaled = lsk_exact_product(square.high, n);
    scaled.low += square.low * n;
    *q = lsk_exact_add(lsk_exact_add(scaled, lsk_exact_product(2 * origin, sum)), (lsk_exact){squares, 0});
}

/// Keeps 26 bits in `high`: such parts of several ranks add up without rounding as long as that matters, whoever adds them.
LSK_INLINE void lsk_exact_store(lsk_exact value, double *high, double *low) {
#pragma STDC FP_CONTRACT OFF
    uint64_t bits;
    memcpy(&bits, &value.high, sizeof bits);
    bits &= ~(uint64_t)0x7FFFFFF;
    double kept;
    memcpy(&kept, &bits, sizeof kept);
    *high = kept;
    *low = (value.high - kept) + value.low;
}

/// The mean and the biased variance of n values with the sums s of x and q of x².
LSK_INLINE double lsk_exact_variance(lsk_exact s, lsk_exact q, double n, lsk_exact *mean) {
#pragma STDC FP_CONTRACT OFF
    double high = s.high / n, low = (fma(-high, n, s.high) + s.low) / n;
    *mean = lsk_exact_sum(high, low);
    lsk_exact p = lsk_exact_product(s.high, mean->high);
    lsk_exact d = lsk_exact_sum(q.high, -p.high);
    double lost = (q.low - p.low) - (s.high * mean->low + s.low * mean->high);
    double v = (d.high + (d.low + lost)) / n;
    return v < 0 ? 0 : v;
}
