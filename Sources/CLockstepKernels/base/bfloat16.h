// SPDX-License-Identifier: Apache-2.0
// One element of bfloat16 to float32 and back: the upper half of its bits, rounded to the nearest, ties to even.
#pragma once
#include "base/float_bits.h"

typedef struct lsk_bfloat16 {
    uint16_t bits;
} lsk_bfloat16;

LSK_INLINE float lsk_from_bfloat16(lsk_bfloat16 x) { return vm_float((uint32_t)x.bits << 16); }
LSK_INLINE lsk_bfloat16 lsk_to_bfloat16(float f) {
    uint32_t u = vm_bits(f);
    lsk_bfloat16 r;
    if ((u & 0x7fffffff) > 0x7f800000) r.bits = (uint16_t)((u >> 16) | 0x40);  // keep NaN a NaN
    else r.bits = (uint16_t)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
    return r;
}
