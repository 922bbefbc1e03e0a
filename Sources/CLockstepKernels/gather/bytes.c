// SPDX-License-Identifier: Apache-2.0
// Bytes as numbers.
#include "lsk_bytes.h"
#include "base/simd.h"
#include "gather/rows.h"

// The rows are walked in here, not by a caller: a row can be as short as one call is long.
LSK_SIMD void lsk_gather_bytes(ptrdiff_t rows, ptrdiff_t width, const ptrdiff_t *indices, const uint8_t *bytes,
                               float scale, float offset, float *out) {
#pragma clang fp contract(off)  // the same floats on every processor
    ptrdiff_t ahead = rows_ahead(width);
    ask_for_rows(0, ahead, rows, width, indices, bytes);
    for (ptrdiff_t row = 0; row < rows; row++) {
        if (ahead) ask_for_rows(row + ahead, row + ahead + 1, rows, width, indices, bytes);
        const uint8_t *restrict from = bytes + indices[row] * width;
        float *restrict to = out + row * width;
        for (ptrdiff_t i = 0; i < width; i++) to[i] = (float)from[i] * scale + offset;
    }
}
