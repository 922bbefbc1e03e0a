// SPDX-License-Identifier: Apache-2.0
// Rows of a table by number.
#include "lsk_rows.h"
#include "gather/rows.h"
#include <string.h>

/// Rows of WIDTH bytes: where that is a constant, a copy is one or two moves and no call.
#define COPY_ROWS(WIDTH)                                                                                              \
    for (ptrdiff_t row = 0; row < rows; row++) memcpy(to + row * (WIDTH), from + indices[row] * (WIDTH), (WIDTH));

void lsk_copy_rows(ptrdiff_t rows, ptrdiff_t width, const ptrdiff_t *indices, const void *source, void *out) {
    if (width <= 0) return;
    const uint8_t *from = source;
    uint8_t *restrict to = out;
    switch (width) {
    case 4: COPY_ROWS(4) return;
    case 8: COPY_ROWS(8) return;
    case 12: COPY_ROWS(12) return;
    case 16: COPY_ROWS(16) return;
    case 24: COPY_ROWS(24) return;
    case 32: COPY_ROWS(32) return;
    case 64: COPY_ROWS(64) return;
    default: break;
    }
    ptrdiff_t ahead = rows_ahead(width);
    ask_for_rows(0, ahead, rows, width, indices, from);
    for (ptrdiff_t row = 0; row < rows; row++) {
        if (ahead) ask_for_rows(row + ahead, row + ahead + 1, rows, width, indices, from);
        memcpy(to + row * width, from + indices[row] * width, (size_t)width);
    }
}
