// SPDX-License-Identifier: Apache-2.0
// Branch-free float32 functions that vectorise inside LSK_SIMD loops. float64 uses libm: it is the oracle.
#pragma once
#include "base/float_bits.h"
#include <math.h>

// Largest errors found against libm's double results, with and without FMA, on every 97th of the 2^32 floats (tanh and
// sigmoid: on all with 2^-15 <= |x| < 128), in ulps:
//   exp 1.01   expm1 1.54   log 0.79   log1p 1.44   tanh 2.50   sigmoid 2.41   erf 1.06   sin cos 0.52 (|x| < 2^20)
// ElementwiseAccuracyTests holds the functions to slightly wider limits on a sample. Beyond 2^20 sin and cos are libm's.

LSK_INLINE float vm_copysign(float magnitude, float sign) {
    return vm_float((vm_bits(magnitude) & 0x7fffffffu) | (vm_bits(sign) & 0x80000000u));
}

/// x = k ln 2 + r with |r| <= ln 2 / 2: returns r and leaves k as an integer.
LSK_INLINE float vm_reduce(float x, uint32_t *k) {
    const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer in the low mantissa bits
    float t = x * 1.44269504f + magic;
    *k = vm_bits(t) - vm_bits(magic);
    t -= magic;
    return (x - t * 0.693359375f) + t * 2.12194440e-4f;  // ln 2 in two parts; the first product is exact
}
/// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2.
LSK_INLINE float vm_exp_tail(float r) {
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    return p * r + 5.0000001201e-1f;
}

LSK_INLINE float vm_expf(float x) {
    float c = x > 104.0f ? 104.0f : x;
    c = c < -110.0f ? -110.0f : c;  // NaN passes both
    uint32_t k;
    float r = vm_reduce(c, &k);
    float y = vm_exp_tail(r) * (r * r) + r + 1.0f;
    uint32_t half = (uint32_t)((int32_t)k >> 1);  // 2^k in two factors reaches the denormals and infinity
    return y * vm_float((half + 127) << 23) * vm_float((k - half + 127) << 23);
}

/// e^x - 1 without cancellation, for x <= 80.
LSK_INLINE float vm_expm1f(float x) {
    float c = x < -40.0f ? -40.0f : x;
    uint32_t k;
    float r = vm_reduce(c, &k);
    float s = vm_float((k + 127) << 23), p = vm_exp_tail(r) * (r * r) + r;
    return s * p + (s - 1.0f);
}

LSK_INLINE float vm_logf(float x) {
    int tiny = x < 1.17549435e-38f;
    float scaled = tiny ? x * 8388608.0f : x;
    uint32_t u = vm_bits(scaled) - 0x3f3504f3u;  // bits of sqrt(1/2)
    float e = (float)((int32_t)u >> 23) - (tiny ? 23.0f : 0.0f);
    float f = vm_float((u & 0x007fffffu) + 0x3f3504f3u) - 1.0f, z = f * f;
    float p = 7.0376836292e-2f;
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    p = p * f * z + e * -2.12194440e-4f - 0.5f * z;
    float y = (f + p) + e * 0.693359375f;
    y = x == INFINITY ? INFINITY : y;
    y = x == 0.0f ? -INFINITY : y;
    return x >= 0.0f ? y : NAN;
}

LSK_INLINE float vm_log1pf(float x) {
    float u = 1.0f + x;
    float lost = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);  // what the rounding of 1 + x dropped
    float y = vm_logf(u);
    float corrected = y + lost / u;
    corrected = u < 3e38f && u > 0.0f ? corrected : y;
    return fabsf(x) < 1e-8f ? x : corrected;
}

LSK_INLINE float vm_tanhf(float x) {
    float q = vm_expm1f(-2.0f * fabsf(x));
    return vm_copysign(q / (2.0f + q), x);
}

LSK_INLINE float vm_sigmoidf(float x) {
    float e = vm_expf(-fabsf(x));
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

LSK_INLINE float vm_erff(float x) {
    float a = fabsf(x), s = x * x;
    float t = a > 4.0f ? 4.0f : a, v = t * t;
    float r = -1.72853470e-5f * t + 3.83197126e-4f;
    float u = -3.88396438e-3f * t + 2.42546219e-2f;
    r = r * v + u;
    r = r * t - 1.06777877e-1f;
    r = r * t - 6.34846687e-1f;
    r = r * t - 1.28717512e-1f;
    r = r * t - t;
    float large = vm_copysign(-vm_expm1f(r), x);
    float p = -5.96761703e-4f;
    p = p * s + 4.99119423e-3f;
    p = p * s - 2.67681349e-2f;
    p = p * s + 1.12819925e-1f;
    p = p * s - 3.76125336e-1f;
    p = p * s + 1.28379166e-1f;
    float small = p * x + x;
    return a > 0.927734375f ? large : small;
}

/// The normal distribution: Φ(x) within 1.2e-7, and its density. Φ(-|x|) is the exponential times a polynomial in
/// 1 / (1 + |x| / 4), after Hastings, "Approximations for Digital Computers" (1955), fitted anew.
LSK_INLINE float vm_normal_cdff(float x, float *density) {
    float t = 1.0f / (1.0f + 0.25f * fabsf(x)), e = vm_expf(-0.5f * x * x);
    float p = 3.592890239e-2f;
    p = p * t - 2.048768323e-1f;
    p = p * t + 4.095895539e-1f;
    p = p * t - 3.434103428e-1f;
    p = p * t + 3.031010624e-1f;
    p = p * t - 1.331648284e-2f;
    p = p * t + 1.164702402e-1f;
    p = p * t + 9.659485250e-2f;
    p = p * t + 9.991904654e-2f;
    float tail = e * (p * t);
    *density = 0.39894228f * e;
    return x < 0.0f ? tail : 1.0f - tail;
}

/// sin(x + quadrants * pi/2) for |x| < 2^20, reduced in double.
LSK_INLINE float vm_sincosf(float x, uint64_t quadrants) {
    const double magic = 6755399441055744.0;  // 1.5 * 2^52
    double t = (double)x * 0.63661977236758134308 + magic;
    uint64_t n;
    memcpy(&n, &t, 8);
    t -= magic;
    double r = ((double)x - t * 0x1.921fb544p+0) - t * 0x1.0b4611a626331p-34;  // pi/2 in two parts
    n += quadrants;
    double z = r * r;
    double s = r + r * z *
                       (-1.6666666641626524e-1 +
                        z * (8.333329385889463e-3 + z * (-1.983874682e-4 + z * 2.718311493989822e-6)));
    double c = 1.0 + z * (-0.499999997251031003 +
                          z * (4.166662332373906e-2 + z * (-1.388676377460993e-3 + z * 2.4390448796277409e-5)));
    double y = n & 1 ? c : s;
    return (float)(n & 2 ? -y : y);
}
