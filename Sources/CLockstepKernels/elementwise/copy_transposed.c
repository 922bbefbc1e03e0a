// SPDX-License-Identifier: Apache-2.0
// Transposing in tiles of 16×16: whole cache lines are read and written, whatever the strides.
#include "elementwise/copy_transposed.h"
#include "base/simd.h"
#include <string.h>

enum { TILE = 16 };

typedef uint32_t u8x32 __attribute__((vector_size(32)));

/// out[j * so + i] = in[i * sa + j] for an 8×8 block.
LSK_INLINE void block8(uint32_t *out, ptrdiff_t so, const uint32_t *in, ptrdiff_t sa) {
    u8x32 r[8], t[8], u[8];
    for (int i = 0; i < 8; i++) memcpy(&r[i], in + i * sa, 32);
    for (int i = 0; i < 8; i += 2) {
        t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
        for (int h = 0; h < 2; h++) {
            u[i + 2 * h] = __builtin_shufflevector(t[i + h], t[i + 2 + h], 0, 1, 8, 9, 4, 5, 12, 13);
            u[i + 2 * h + 1] = __builtin_shufflevector(t[i + h], t[i + 2 + h], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int j = 0; j < 4; j++) {
        u8x32 low = __builtin_shufflevector(u[j], u[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        u8x32 high = __builtin_shufflevector(u[j], u[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
        memcpy(out + j * so, &low, 32);
        memcpy(out + (j + 4) * so, &high, 32);
    }
}

#define EDGE(T)                                                                                                       \
    LSK_INLINE void edge_##T(T *out, ptrdiff_t so, const T *in, ptrdiff_t sa, ptrdiff_t rows, ptrdiff_t columns) {    \
        for (ptrdiff_t j = 0; j < columns; j++)                                                                       \
            for (ptrdiff_t i = 0; i < rows; i++) out[j * so + i] = in[i * sa + j];                                    \
    }
EDGE(uint8_t)
EDGE(uint16_t)
EDGE(uint32_t)
EDGE(uint64_t)

LSK_INLINE void tile_uint32_t(uint32_t *out, ptrdiff_t so, const uint32_t *in, ptrdiff_t sa) {
    for (int i = 0; i < TILE; i += 8)
        for (int j = 0; j < TILE; j += 8) block8(out + j * so + i, so, in + i * sa + j, sa);
}
#define PLAIN_TILE(T)                                                                                                 \
    LSK_INLINE void tile_##T(T *out, ptrdiff_t so, const T *in, ptrdiff_t sa) { edge_##T(out, so, in, sa, TILE, TILE); }
PLAIN_TILE(uint8_t)
PLAIN_TILE(uint16_t)
PLAIN_TILE(uint64_t)

#define PLANE(T)                                                                                                      \
    LSK_SIMD static void plane_##T(T *out, ptrdiff_t so, const T *in, ptrdiff_t sa, ptrdiff_t rows,                   \
                                   ptrdiff_t columns) {                                                               \
        for (ptrdiff_t i = 0; i < rows; i += TILE)                                                                    \
            for (ptrdiff_t j = 0; j < columns; j += TILE) {                                                           \
                ptrdiff_t m = rows - i < TILE ? rows - i : TILE, n = columns - j < TILE ? columns - j : TILE;         \
                if (m == TILE && n == TILE) tile_##T(out + j * so + i, so, in + i * sa + j, sa);                      \
                else edge_##T(out + j * so + i, so, in + i * sa + j, sa, m, n);                                       \
            }                                                                                                         \
    }
PLANE(uint8_t)
PLANE(uint16_t)
PLANE(uint32_t)
PLANE(uint64_t)

int lsk_copy_transposed(const lsk_iterator *it, ptrdiff_t size) {
    ptrdiff_t row = it->rank - 1, column = -1;  // `row` runs along the output, `column` along the input
    for (ptrdiff_t i = 0; i < it->rank; i++) {
        if (it->shape[i] == 0) return 1;
        if (i != row && it->strides[1][i] == 1) column = i;
    }
    if (column < 0 || it->strides[0][row] != 1 || it->shape[row] < 8 || it->shape[column] < 8) return 0;
    ptrdiff_t so = it->strides[0][column], sa = it->strides[1][row], index[LSK_MAX_RANK] = {0}, axis;
    char *out = it->data[0];
    const char *in = it->data[1];
    do {
        ptrdiff_t m = it->shape[row], n = it->shape[column];
        switch (size) {
        case 1: plane_uint8_t((uint8_t *)out, so, (const uint8_t *)in, sa, m, n); break;
        case 2: plane_uint16_t((uint16_t *)out, so, (const uint16_t *)in, sa, m, n); break;
        case 4: plane_uint32_t((uint32_t *)out, so, (const uint32_t *)in, sa, m, n); break;
        default: plane_uint64_t((uint64_t *)out, so, (const uint64_t *)in, sa, m, n);
        }
        for (axis = row - 1; axis >= 0; axis--) {
            if (axis == column) continue;
            out += it->strides[0][axis] * size;
            in += it->strides[1][axis] * size;
            if (++index[axis] < it->shape[axis]) break;
            out -= it->strides[0][axis] * size * it->shape[axis];
            in -= it->strides[1][axis] * size * it->shape[axis];
            index[axis] = 0;
        }
    } while (axis >= 0);
    return 1;
}
