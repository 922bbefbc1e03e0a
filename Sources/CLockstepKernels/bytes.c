// SPDX-License-Identifier: Apache-2.0
// Bytes as numbers.
#include "lsk_bytes.h"

enum { LINE = 64, AHEAD = 8 };

/// Asks for the cache lines of one row; the last one, too, where a row begins in the middle of a line.
LSK_INLINE void ask_for(const uint8_t *row, ptrdiff_t width) {
    for (ptrdiff_t at = 0; at < width; at += LINE) __builtin_prefetch(row + at);
    __builtin_prefetch(row + width - 1);
}

// The rows are walked in here, not by a caller: a row can be as short as one call is long.
LSK_SIMD void lsk_gather_bytes(ptrdiff_t rows, ptrdiff_t width, const ptrdiff_t *indices, const uint8_t *bytes,
                               float scale, float offset, float *out) {
#pragma clang fp contract(off)  // the same floats on every processor
    for (ptrdiff_t row = 0; row < rows; row++) {
        // Rows in random order are nowhere near: asked for early, several are on their way at a time.
        if (row + AHEAD < rows) ask_for(bytes + indices[row + AHEAD] * width, width);
        const uint8_t *restrict from = bytes + indices[row] * width;
        float *restrict to = out + row * width;
        for (ptrdiff_t i = 0; i < width; i++) to[i] = (float)from[i] * scale + offset;
    }
}
