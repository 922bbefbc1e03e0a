// SPDX-License-Identifier: Apache-2.0
// A float32 as its bits, and back.
#pragma once
#include "base/simd.h"
#include <string.h>

LSK_INLINE uint32_t vm_bits(float x) {
    uint32_t u;
    memcpy(&u, &x, 4);
    return u;
}
LSK_INLINE float vm_float(uint32_t u) {
    float x;
    memcpy(&x, &u, 4);
    return x;
}
