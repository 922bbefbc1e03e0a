// SPDX-License-Identifier: Apache-2.0
// Reading and adding at places given by index tensors.
#include "lsk_gather.h"
#include "base/simd.h"
#include <string.h>

ptrdiff_t lsk_find_bad_index(ptrdiff_t n, const int64_t *index, int64_t limit) {
    uint64_t bound = (uint64_t)limit, bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) bad |= (uint64_t)((uint64_t)index[i] >= bound);
    if (!bad) return -1;
    for (ptrdiff_t i = 0; i < n; i++)
        if ((uint64_t)index[i] >= bound) return i;
    return -1;
}

#define GATHER_SINGLE(T)                                                                                              \
    do {                                                                                                              \
        T *o = out;                                                                                                   \
        const T *s = source;                                                                                          \
        for (ptrdiff_t k = 0; k < outer; k++, o += n, s += limit)                                                     \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = s[index[i]];                                                     \
    } while (0)

void lsk_gather_rows(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t limit, ptrdiff_t row, void *out, const void *source,
                     const int64_t *index) {
    switch (row) {  // a memcpy call costs more than an element
    case 1: GATHER_SINGLE(uint8_t); return;
    case 2: GATHER_SINGLE(uint16_t); return;
    case 4: GATHER_SINGLE(uint32_t); return;
    case 8: GATHER_SINGLE(uint64_t); return;
    default: break;
    }
    char *o = out;
    const char *s = source;
    for (ptrdiff_t k = 0; k < outer; k++, s += limit * row)
        for (ptrdiff_t i = 0; i < n; i++, o += row) memcpy(o, s + index[i] * row, (size_t)row);
}

#define SCATTER_ROWS(NAME, T)                                                                                         \
    LSK_SIMD static void NAME(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t limit, ptrdiff_t row, T *out, const T *source,  \
                              const int64_t *index, int64_t skipped) {                                                \
        for (ptrdiff_t k = 0; k < outer; k++, out += limit * row)                                                     \
            for (ptrdiff_t i = 0; i < n; i++, source += row) {                                                        \
                if (index[i] == skipped) continue;                                                                    \
                T *o = out + index[i] * row;                                                                          \
                for (ptrdiff_t j = 0; j < row; j++) o[j] += source[j];                                                \
            }                                                                                                         \
    }
SCATTER_ROWS(scatter_rows_f32, float)
SCATTER_ROWS(scatter_rows_f64, double)
SCATTER_ROWS(scatter_rows_i32, int32_t)
SCATTER_ROWS(scatter_rows_i64, int64_t)
SCATTER_ROWS(scatter_rows_u8, uint8_t)

void lsk_scatter_add_rows(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t limit, ptrdiff_t row, void *out,
                          const void *source, const int64_t *index, int64_t skipped) {
    switch (dtype) {
    case LSK_FLOAT32: scatter_rows_f32(outer, n, limit, row, out, source, index, skipped); return;
    case LSK_FLOAT64: scatter_rows_f64(outer, n, limit, row, out, source, index, skipped); return;
    case LSK_INT32: scatter_rows_i32(outer, n, limit, row, out, source, index, skipped); return;
    case LSK_INT64: scatter_rows_i64(outer, n, limit, row, out, source, index, skipped); return;
    case LSK_UINT8: scatter_rows_u8(outer, n, limit, row, out, source, index, skipped); return;
    default: lsk_unsupported("adding rows", dtype);
    }
}

#define ELEMENTS(NAME, T, STATEMENT)                                                                                  \
    static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {                 \
        T *o = (T *)data[0];                                                                                          \
        const int64_t *index = (const int64_t *)data[1];                                                              \
        const T *s = (const T *)data[2];                                                                              \
        ptrdiff_t so = strides[0], si = strides[1], ss = strides[2], step = *(const ptrdiff_t *)context;              \
        for (ptrdiff_t i = 0; i < n; i++) STATEMENT;                                                                  \
    }
#define GATHER(NAME, T) ELEMENTS(NAME, T, o[i * so] = s[i * ss + index[i * si] * step])
#define SCATTER(NAME, T) ELEMENTS(NAME, T, o[i * so + index[i * si] * step] += s[i * ss])
#define WRITE(NAME, T) ELEMENTS(NAME, T, o[i * so + index[i * si] * step] = s[i * ss])
GATHER(gather_8, uint8_t)
GATHER(gather_16, uint16_t)
GATHER(gather_32, uint32_t)
GATHER(gather_64, uint64_t)
WRITE(write_8, uint8_t)
WRITE(write_16, uint16_t)
WRITE(write_32, uint32_t)
WRITE(write_64, uint64_t)
SCATTER(scatter_f32, float)
SCATTER(scatter_f64, double)
SCATTER(scatter_i32, int32_t)
SCATTER(scatter_i64, int64_t)
SCATTER(scatter_u8, uint8_t)

void lsk_gather_elements(lsk_dtype dtype, lsk_iterator *it, ptrdiff_t axis_stride) {
    static const lsk_inner inner[] = {gather_32, gather_64, gather_32, gather_64, gather_8, gather_8, gather_16};
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, inner[dtype], &axis_stride);
}

void lsk_scatter_elements(lsk_dtype dtype, lsk_iterator *it, ptrdiff_t axis_stride) {
    static const lsk_inner inner[] = {write_32, write_64, write_32, write_64, write_8, write_8, write_16};
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, inner[dtype], &axis_stride);
}

void lsk_scatter_add_elements(lsk_dtype dtype, lsk_iterator *it, ptrdiff_t axis_stride) {
    static const lsk_inner inner[] = {scatter_f32, scatter_f64, scatter_i32, scatter_i64, scatter_u8};
    if (dtype > LSK_UINT8) lsk_unsupported("adding elements", dtype);
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, inner[dtype], &axis_stride);
}

ptrdiff_t lsk_nonzero(ptrdiff_t n, const uint8_t *mask, int64_t *out) {
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < n; i++) {  // written always, kept when set: no branch to mispredict
        out[count] = i;
        count += mask[i] != 0;
    }
    return count;
}

void lsk_keep_band(ptrdiff_t matrices, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t element_size, void *x,
                   ptrdiff_t low, ptrdiff_t high) {
    char *row = x;
    for (ptrdiff_t m = 0; m < matrices; m++)
        for (ptrdiff_t i = 0; i < rows; i++, row += columns * element_size) {
            ptrdiff_t first = i + low < 0 ? 0 : i + low > columns ? columns : i + low;
            ptrdiff_t end = i + high + 1 < first ? first : i + high + 1 > columns ? columns : i + high + 1;
            memset(row, 0, (size_t)(first * element_size));
            memset(row + end * element_size, 0, (size_t)((columns - end) * element_size));
        }
}
