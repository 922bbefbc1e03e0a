// SPDX-License-Identifier: Apache-2.0
// Bytes as numbers.
#include "lsk_bytes.h"

enum { LINE = 64, AHEAD = 4 };

LSK_SIMD static void scale_bytes(ptrdiff_t n, const uint8_t *bytes, float scale, float offset, float *out) {
#pragma clang fp contract(off)  // the same floats on every processor
    for (ptrdiff_t i = 0; i < n; i++) out[i] = (float)bytes[i] * scale + offset;
}

void lsk_gather_bytes(ptrdiff_t rows, ptrdiff_t width, const ptrdiff_t *indices, const uint8_t *bytes, float scale,
                      float offset, float *out) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        // Rows in random order are nowhere near: asked for early, several are on their way at a time.
        if (row + AHEAD < rows)
            for (ptrdiff_t at = 0; at < width; at += LINE) __builtin_prefetch(bytes + indices[row + AHEAD] * width + at);
        scale_bytes(width, bytes + indices[row] * width, scale, offset, out + row * width);
    }
}
