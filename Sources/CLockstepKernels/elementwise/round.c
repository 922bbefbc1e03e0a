// SPDX-License-Identifier: Apache-2.0
// Rounding float32 to the values that a format of 16 bits has.
#include "lsk_round.h"
#include "base/simd.h"
#include <math.h>
#include <string.h>

LSK_INLINE float to_half(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint32_t sign = bits & 0x80000000u, size = bits ^ sign;
    // 11 significant bits, ties to even.
    uint32_t normal = (size + 0xfff + ((size >> 13) & 1)) & ~0x1fffu;
    // Below 2^-14 the step is 2^-24: what float32 has next to one half.
    float magnitude;
    memcpy(&magnitude, &size, 4);
    float small = (magnitude + 0.5f) - 0.5f;
    uint32_t tiny;
    memcpy(&tiny, &small, 4);
    uint32_t result = size < 0x38800000u ? tiny : normal;
    result = size >= 0x477ff000u ? 0x7f800000u : result;  // from 65520 on
    result = size > 0x7f800000u ? 0x7fc00000u : result;   // NaN stays NaN
    result |= sign;
    memcpy(&x, &result, 4);
    return x;
}

LSK_INLINE float to_bfloat16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint32_t result = (bits + 0x7fff + ((bits >> 16) & 1)) & ~0xffffu;
    result = (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : result;
    memcpy(&x, &result, 4);
    return x;
}

LSK_SIMD void lsk_round_half(ptrdiff_t n, float *out, const float *in) {
    for (ptrdiff_t i = 0; i < n; i++) out[i] = to_half(in[i]);
}

LSK_SIMD void lsk_round_bfloat16(ptrdiff_t n, float *out, const float *in) {
    for (ptrdiff_t i = 0; i < n; i++) out[i] = to_bfloat16(in[i]);
}
