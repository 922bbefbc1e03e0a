// SPDX-License-Identifier: Apache-2.0
// Copying, filling and converting between element types.
#include "lsk_copy.h"
#include "base/bfloat16.h"
#include "base/simd.h"
#include "elementwise/copy_transposed.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef lsk_bfloat16 bfloat16;
#define SAME(x) (x)
#define TO_BOOL(x) ((x) != 0)
#define BF_IN(x) lsk_from_bfloat16(x)
#define BF_BOOL(x) (lsk_from_bfloat16(x) != 0)
#define TO_BF(x) lsk_to_bfloat16((float)(x))
#define BF_BF(x) (x)

#define COPY(NAME, O, I, F)                                                                                           \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        (void)context;                                                                                                \
        O *o = (O *)data[0];                                                                                          \
        const I *a = (const I *)data[1];                                                                              \
        ptrdiff_t so = strides[0], sa = strides[1];                                                                   \
        if (so == 1 && sa == 1)                                                                                       \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = (O)F(a[i]);                                                      \
        else if (so == 1 && sa == 0) {                                                                                \
            O v = (O)F(*a);                                                                                           \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = v;                                                               \
        } else                                                                                                        \
            for (ptrdiff_t i = 0; i < n; i++) o[i * so] = (O)F(a[i * sa]);                                            \
    }
#define COPY_BF(NAME, I, F)                                                                                           \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        (void)context;                                                                                                \
        bfloat16 *o = (bfloat16 *)data[0];                                                                            \
        const I *a = (const I *)data[1];                                                                              \
        for (ptrdiff_t i = 0; i < n; i++) o[i * strides[0]] = F(a[i * strides[1]]);                                   \
    }
// Through 32 bits: what a byte cannot hold is taken modulo 256 in vectors and behind them alike.
#define FROM(S, I, IN, BOOL)                                                                                          \
    COPY(S##_to_f32, float, I, IN)                                                                                    \
    COPY(S##_to_f64, double, I, IN)                                                                                   \
    COPY(S##_to_i32, int32_t, I, IN)                                                                                  \
    COPY(S##_to_i64, int64_t, I, IN)                                                                                  \
    COPY(S##_to_u8, uint8_t, I, (int32_t)IN)                                                                          \
    COPY(S##_to_bool, uint8_t, I, BOOL)
FROM(f32, float, SAME, TO_BOOL)
FROM(f64, double, SAME, TO_BOOL)
FROM(i32, int32_t, SAME, TO_BOOL)
FROM(i64, int64_t, SAME, TO_BOOL)
FROM(u8, uint8_t, SAME, TO_BOOL)
FROM(bf, bfloat16, BF_IN, BF_BOOL)
COPY_BF(f32_to_bf, float, TO_BF)
COPY_BF(f64_to_bf, double, TO_BF)
COPY_BF(i32_to_bf, int32_t, TO_BF)
COPY_BF(i64_to_bf, int64_t, TO_BF)
COPY_BF(u8_to_bf, uint8_t, TO_BF)
COPY_BF(bf_to_bf, bfloat16, BF_BF)
#define ROW(S) {S##_to_f32, S##_to_f64, S##_to_i32, S##_to_i64, S##_to_u8, S##_to_bool, S##_to_bf}
// [from][to], in the order of lsk_dtype; a bool is a byte that is 0 or 1.
static const lsk_inner copies[7][7] = {ROW(f32), ROW(f64), ROW(i32), ROW(i64), ROW(u8), ROW(u8), ROW(bf)};

void lsk_copy(lsk_dtype out_type, lsk_dtype in_type, lsk_iterator *it) {
    lsk_iterator_coalesce(it);
    if (out_type == in_type && lsk_copy_transposed(it, lsk_element_size(in_type))) return;
    lsk_iterator_run(it, copies[in_type][out_type], NULL);
}

void lsk_convert(ptrdiff_t n, void *out, lsk_dtype out_type, const void *in, lsk_dtype in_type) {
    if (out_type == in_type) {
        memcpy(out, in, (size_t)(n * lsk_element_size(in_type)));
        return;
    }
    char *data[2] = {out, (char *)in};
    ptrdiff_t strides[2] = {1, 1};
    copies[in_type][out_type](n, data, strides, NULL);
}

void lsk_fill(ptrdiff_t n, void *out, lsk_dtype type, double value) {
    if (value == 0 && !signbit(value)) {
        memset(out, 0, (size_t)(n * lsk_element_size(type)));
        return;
    }
    char *data[2] = {out, (char *)&value};
    ptrdiff_t strides[2] = {1, 0};
    copies[LSK_FLOAT64][type](n, data, strides, NULL);
}

static void store(char *out, lsk_dtype type, double value) {
    char *data[2] = {out, (char *)&value};
    ptrdiff_t strides[2] = {1, 1};
    copies[LSK_FLOAT64][type](1, data, strides, NULL);
}

void lsk_arange(ptrdiff_t n, void *out, lsk_dtype type, double start, double step) {
    if (type == LSK_INT64) {  // whole numbers, of which a double has too few digits beyond 2^53
        int64_t *o = out;
        uint64_t first = (uint64_t)(int64_t)start, each = (uint64_t)(int64_t)step;
        for (ptrdiff_t i = 0; i < n; i++) o[i] = (int64_t)(first + (uint64_t)i * each);
        return;
    }
    for (ptrdiff_t i = 0; i < n; i++) store((char *)out + i * lsk_element_size(type), type, start + (double)i * step);
}

void lsk_linspace(ptrdiff_t n, void *out, lsk_dtype type, double start, double end) {
#pragma clang fp contract(off)
    double step = n > 1 ? (end - start) / (double)(n - 1) : 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double value = i < n / 2 || n == 1 ? start + step * (double)i : end - step * (double)(n - 1 - i);
        store((char *)out + i * lsk_element_size(type), type, value);
    }
}
