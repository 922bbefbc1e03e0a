// SPDX-License-Identifier: Apache-2.0
// Asking for rows in random order before they are read.
#pragma once
#include "base/simd.h"

enum { LSK_CACHE_LINE = 64, LSK_ASKED_BYTES = 4096 };

/// How many rows to ask for before the first is read. None where they are short: a core sees the next ones by itself.
LSK_INLINE ptrdiff_t rows_ahead(ptrdiff_t width) { return width <= LSK_CACHE_LINE ? 0 : LSK_ASKED_BYTES / width + 1; }

/// Asks for the rows first ..< end, as far as there are so many. Into the second level of the cache: of the first, a core
/// can wait for a few dozen lines at a time, and is then held up by the next.
LSK_INLINE void ask_for_rows(ptrdiff_t first, ptrdiff_t end, ptrdiff_t rows, ptrdiff_t width, const ptrdiff_t *indices,
                             const uint8_t *from) {
    for (ptrdiff_t row = first; row < end && row < rows; row++) {
        const uint8_t *asked = from + indices[row] * width;
        for (ptrdiff_t at = 0; at < width; at += LSK_CACHE_LINE) __builtin_prefetch(asked + at, 0, 2);
        __builtin_prefetch(asked + width - 1, 0, 2);  // where a row begins in the middle of a line
    }
}
