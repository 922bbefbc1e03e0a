// SPDX-License-Identifier: Apache-2.0
// Sums over the rows of a matrix: the gradient of a bias.
#include "lsk_reduce.h"
#include "base/simd.h"
#include "lsk_parallel.h"

/// Sixty-four columns at a time, so that their sums stay in registers while the rows pass by.
#define COLUMN_SUMS(NAME, T)                                                                                          \
    LSK_SIMD static void NAME(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t ld, T *out, const T *x, T beta) {          \
        ptrdiff_t j = 0;                                                                                              \
        for (; j + 64 <= columns; j += 64) {                                                                          \
            T sums[64] = {0};                                                                                         \
            for (ptrdiff_t r = 0; r < rows; r++)                                                                      \
                for (ptrdiff_t i = 0; i < 64; i++) sums[i] += x[r * ld + j + i];                                      \
            for (ptrdiff_t i = 0; i < 64; i++) out[j + i] = (beta == 0 ? 0 : beta * out[j + i]) + sums[i];            \
        }                                                                                                             \
        for (; j < columns;) {                                                                                        \
            T sums[64] = {0};                                                                                         \
            ptrdiff_t width = lsk_min(columns - j, 64);                                                               \
            for (ptrdiff_t r = 0; r < rows; r++)                                                                      \
                for (ptrdiff_t i = 0; i < width; i++) sums[i] += x[r * ld + j + i];                                   \
            for (ptrdiff_t i = 0; i < width; i++) out[j + i] = (beta == 0 ? 0 : beta * out[j + i]) + sums[i];         \
            j += width;                                                                                               \
        }                                                                                                             \
    }
COLUMN_SUMS(column_sums_f32, float)
COLUMN_SUMS(column_sums_f64, double)

typedef struct {
    lsk_dtype dtype;
    ptrdiff_t rows, ld;
    void *out;
    const void *x;
    double beta;
} sums_task;

static void some_sums(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const sums_task *t = context;
    if (t->dtype == LSK_FLOAT64)
        column_sums_f64(t->rows, end - begin, t->ld, (double *)t->out + begin, (const double *)t->x + begin, t->beta);
    else
        column_sums_f32(t->rows, end - begin, t->ld, (float *)t->out + begin, (const float *)t->x + begin,
                        (float)t->beta);
}

void lsk_column_sums(lsk_dtype dtype, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t ld, void *out, const void *x,
                     double beta) {
    sums_task t = {dtype, rows, ld, out, x, beta};
    if (rows * columns <= LSK_ELEMENT_GRAIN) some_sums(&t, 0, columns);
    else lsk_parallel(columns, 64, some_sums, &t);
}
