// SPDX-License-Identifier: Apache-2.0
// What follows a product, a row at a time while the row is in the cache.
#include "gemm/epilogue.h"
#include "base/simd.h"
#include "lsk_unary.h"

#define APPLY(S, T, DTYPE)                                                                                            \
    LSK_SIMD static void apply_##S(ptrdiff_t rows, ptrdiff_t columns, T *y, ptrdiff_t y_row, const lsk_epilogue *e) { \
        const T *bias = e->bias, *added = e->added, *factor = e->factor;                                              \
        T *derivative = e->derivative;                                                                                \
        for (ptrdiff_t r = 0; r < rows; r++, y += y_row) {                                                            \
            if (bias)                                                                                                 \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] += bias[j];                                              \
            if (added) {                                                                                              \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] += added[j];                                             \
                added += e->added_row;                                                                                \
            }                                                                                                         \
            if (e->activation == LSK_ACTIVATION_RELU)                                                                 \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] = y[j] < 0 ? 0 : y[j];                                   \
            if (e->activation == LSK_ACTIVATION_GELU) {                                                               \
                lsk_gelu(DTYPE, columns, y, y, derivative);                                                           \
                if (derivative) derivative += e->derivative_row;                                                      \
            }                                                                                                         \
            if (!factor) continue;                                                                                    \
            if (e->factor_is_mask)                                                                                    \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] = factor[j] > 0 ? y[j] : 0;                              \
            else                                                                                                      \
                for (ptrdiff_t j = 0; j < columns; j++) y[j] *= factor[j];                                            \
            factor += e->factor_row;                                                                                  \
        }                                                                                                             \
    }
APPLY(f32, float, LSK_FLOAT32)
APPLY(f64, double, LSK_FLOAT64)

void lsk_apply_epilogue(lsk_dtype dtype, ptrdiff_t rows, ptrdiff_t columns, void *c, ptrdiff_t c_row,
                        const lsk_epilogue *e) {
    if (dtype == LSK_FLOAT64) apply_f64(rows, columns, c, c_row, e);
    else apply_f32(rows, columns, c, c_row, e);
}

lsk_epilogue lsk_epilogue_at(const lsk_epilogue *e, ptrdiff_t row, ptrdiff_t column) {
    lsk_epilogue part = *e;
    if (part.bias) part.bias = (const float *)part.bias + column;
    if (part.added) part.added = (const float *)part.added + row * part.added_row + column;
    if (part.derivative) part.derivative = (float *)part.derivative + row * part.derivative_row + column;
    if (part.factor) part.factor = (const float *)part.factor + row * part.factor_row + column;
    return part;
}
