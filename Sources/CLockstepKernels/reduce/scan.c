// SPDX-License-Identifier: Apache-2.0
// Running sums along one axis.
#include "lsk_reduce.h"
#include "base/simd.h"

#define CUMSUM(NAME, T, A)                                                                                            \
    static void NAME(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, T *out, const T *in, int reverse) {               \
        enum { WIDTH = 256 };                                                                                         \
        A acc[WIDTH];                                                                                                 \
        for (ptrdiff_t o = 0; o < outer; o++)                                                                         \
            for (ptrdiff_t start = 0; start < inner; start += WIDTH) {                                                \
                ptrdiff_t w = lsk_min(inner - start, WIDTH);                                                          \
                for (ptrdiff_t j = 0; j < w; j++) acc[j] = 0;                                                         \
                for (ptrdiff_t i = 0; i < n; i++) {                                                                   \
                    ptrdiff_t at = (o * n + (reverse ? n - 1 - i : i)) * inner + start;                               \
                    for (ptrdiff_t j = 0; j < w; j++) {                                                               \
                        acc[j] += (A)in[at + j];                                                                      \
                        out[at + j] = (T)acc[j];                                                                      \
                    }                                                                                                 \
                }                                                                                                     \
            }                                                                                                         \
    }
CUMSUM(cumsum_f32, float, double)
CUMSUM(cumsum_f64, double, double)
CUMSUM(cumsum_i64, int64_t, int64_t)

void lsk_cumsum(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, void *out, const void *in,
                int reverse) {
    switch (dtype) {
    case LSK_FLOAT32: return cumsum_f32(outer, n, inner, out, in, reverse);
    case LSK_FLOAT64: return cumsum_f64(outer, n, inner, out, in, reverse);
    case LSK_INT64: return cumsum_i64(outer, n, inner, out, in, reverse);
    default: lsk_unsupported("cumsum", dtype);
    }
}
