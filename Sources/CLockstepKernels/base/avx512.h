// SPDX-License-Identifier: Apache-2.0
// What the kernels written for AVX-512 share: their attribute, masks, and a transposition in registers.
#pragma once
#include <immintrin.h>
#include "base/simd.h"

#define LSK_AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma")))
#define LSK_AVX512_INLINE LSK_INLINE LSK_AVX512

/// Element l of r[t] becomes element t of r[l].
LSK_AVX512_INLINE void transpose16(__m512 r[16]) {
    __m512 t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int h = 0; h < 2; h++) {
            __m512d a = _mm512_castps_pd(t[i + h]), c = _mm512_castps_pd(t[i + 2 + h]);
            r[i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
            r[i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        }
    for (int j = 0; j < 4; j++) {  // 128-bit lane l of r[4 g + j] holds column 4 l + j of rows 4 g to 4 g + 3
        __m512 low = _mm512_shuffle_f32x4(r[j], r[4 + j], 0x44), high = _mm512_shuffle_f32x4(r[j], r[4 + j], 0xEE);
        __m512 low2 = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0x44);
        __m512 high2 = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0xEE);
        t[j] = _mm512_shuffle_f32x4(low, low2, 0x88);
        t[4 + j] = _mm512_shuffle_f32x4(low, low2, 0xDD);
        t[8 + j] = _mm512_shuffle_f32x4(high, high2, 0x88);
        t[12 + j] = _mm512_shuffle_f32x4(high, high2, 0xDD);
    }
    for (int i = 0; i < 16; i++) r[i] = t[i];
}

/// The mask of the first `count` of 16 lanes.
LSK_AVX512_INLINE __mmask16 first_lanes(ptrdiff_t count) {
    return count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1);
}
