// SPDX-License-Identifier: Apache-2.0
// Comparisons, logic on booleans, and choosing between two operands.
#include "lsk_compare.h"
#include "base/simd.h"
#include <math.h>

#define EQUAL(x, y) ((x) == (y))
#define NOT_EQUAL(x, y) ((x) != (y))
#define LESS(x, y) ((x) < (y))
#define LESS_EQUAL(x, y) ((x) <= (y))
#define GREATER(x, y) ((x) > (y))
#define GREATER_EQUAL(x, y) ((x) >= (y))
#define AND(x, y) ((x) & (y))
#define OR(x, y) ((x) | (y))

#define COMPARE(NAME, T, F)                                                                                           \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        (void)context;                                                                                                \
        uint8_t *o = (uint8_t *)data[0];                                                                              \
        const T *a = (const T *)data[1], *b = (const T *)data[2];                                                     \
        ptrdiff_t so = strides[0], sa = strides[1], sb = strides[2];                                                  \
        if (so == 1 && sa == 1 && sb == 1) {                                                                          \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = F(a[i], b[i]);                                                   \
        } else if (so == 1 && sa == 1 && sb == 0) {                                                                   \
            T y = *b;                                                                                                 \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = F(a[i], y);                                                      \
        } else {                                                                                                      \
            for (ptrdiff_t i = 0; i < n; i++) o[i * so] = F(a[i * sa], b[i * sb]);                                    \
        }                                                                                                             \
    }
#define FAMILY(S, T)                                                                                                  \
    COMPARE(equal_##S, T, EQUAL)                                                                                      \
    COMPARE(not_equal_##S, T, NOT_EQUAL)                                                                              \
    COMPARE(less_##S, T, LESS)                                                                                        \
    COMPARE(less_equal_##S, T, LESS_EQUAL)                                                                            \
    COMPARE(greater_##S, T, GREATER)                                                                                  \
    COMPARE(greater_equal_##S, T, GREATER_EQUAL)                                                                      \
    static const lsk_inner table_##S[] = {equal_##S,      not_equal_##S, less_##S,                                    \
                                          less_equal_##S, greater_##S,   greater_equal_##S};
FAMILY(f32, float)
FAMILY(f64, double)
FAMILY(i32, int32_t)
FAMILY(i64, int64_t)
FAMILY(u8, uint8_t)
COMPARE(and_u8, uint8_t, AND)
COMPARE(or_u8, uint8_t, OR)

static lsk_inner compare_inner(lsk_compare_op op, lsk_dtype dtype) {
    switch (dtype) {
    case LSK_FLOAT32: return table_f32[op];
    case LSK_FLOAT64: return table_f64[op];
    case LSK_INT32: return table_i32[op];
    case LSK_INT64: return table_i64[op];
    case LSK_UINT8:
    case LSK_BOOL: return table_u8[op];
    default: lsk_unsupported("comparison", dtype);
    }
}

void lsk_compare(lsk_compare_op op, lsk_dtype dtype, lsk_iterator *it) {
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, compare_inner(op, dtype), NULL);
}

void lsk_compare_contiguous(lsk_compare_op op, lsk_dtype dtype, ptrdiff_t n, void *out, const void *a, const void *b,
                            ptrdiff_t b_stride) {
    char *data[3] = {out, (char *)a, (char *)b};
    ptrdiff_t strides[3] = {1, 1, b_stride};
    compare_inner(op, dtype)(n, data, strides, NULL);
}

#define TEST(NAME, T, F)                                                                                              \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        (void)context;                                                                                                \
        uint8_t *o = (uint8_t *)data[0];                                                                              \
        const T *a = (const T *)data[1];                                                                              \
        ptrdiff_t so = strides[0], sa = strides[1];                                                                   \
        for (ptrdiff_t i = 0; i < n; i++) o[i * so] = F(a[i * sa]);                                                   \
    }
#define IS_NAN(x) ((x) != (x))
#define IS_FINITE(x) ((x) - (x) == 0)
#define NOT(x) ((x) == 0)
TEST(nan_f32, float, IS_NAN)
TEST(nan_f64, double, IS_NAN)
TEST(finite_f32, float, IS_FINITE)
TEST(finite_f64, double, IS_FINITE)
TEST(not_u8, uint8_t, NOT)

void lsk_test(lsk_test_op op, lsk_dtype dtype, lsk_iterator *it) {
    static const lsk_inner tests[2][2] = {{nan_f32, nan_f64}, {finite_f32, finite_f64}};
    if (dtype != LSK_FLOAT32 && dtype != LSK_FLOAT64) lsk_unsupported("test", dtype);
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, tests[op][dtype == LSK_FLOAT64], NULL);
}

void lsk_not(lsk_iterator *it) {
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, not_u8, NULL);
}
void lsk_and(lsk_iterator *it) {
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, and_u8, NULL);
}
void lsk_or(lsk_iterator *it) {
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, or_u8, NULL);
}

#define WHERE(NAME, T)                                                                                                \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        (void)context;                                                                                                \
        T *o = (T *)data[0];                                                                                          \
        const uint8_t *c = (const uint8_t *)data[1];                                                                  \
        const T *a = (const T *)data[2], *b = (const T *)data[3];                                                     \
        ptrdiff_t so = strides[0], sc = strides[1], sa = strides[2], sb = strides[3];                                 \
        if (so == 1 && sc == 1 && sa == 1 && sb == 1) {                                                               \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                       \
                T x = a[i], y = b[i];                                                                                 \
                o[i] = c[i] ? x : y;                                                                                  \
            }                                                                                                         \
        } else if (so == 1 && sc == 1 && sa == 1 && sb == 0) {                                                        \
            T y = *b;                                                                                                 \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                       \
                T x = a[i];                                                                                           \
                o[i] = c[i] ? x : y;                                                                                  \
            }                                                                                                         \
        } else if (so == 1 && sc == 1 && sa == 0 && sb == 1) {                                                        \
            T x = *a;                                                                                                 \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                       \
                T y = b[i];                                                                                           \
                o[i] = c[i] ? x : y;                                                                                  \
            }                                                                                                         \
        } else {                                                                                                      \
            for (ptrdiff_t i = 0; i < n; i++) o[i * so] = c[i * sc] ? a[i * sa] : b[i * sb];                          \
        }                                                                                                             \
    }
WHERE(where_1, uint8_t)
WHERE(where_2, uint16_t)
WHERE(where_4, uint32_t)
WHERE(where_8, uint64_t)

void lsk_where(ptrdiff_t element_size, lsk_iterator *it) {
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it,
                     element_size == 1   ? where_1
                     : element_size == 2 ? where_2
                     : element_size == 4 ? where_4
                                         : where_8,
                     NULL);
}

#define MAXIMUM_GRADIENT(NAME, T)                                                                                     \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        (void)context;                                                                                                \
        T *o = (T *)data[0];                                                                                          \
        const T *g = (const T *)data[1], *a = (const T *)data[2], *b = (const T *)data[3];                            \
        ptrdiff_t so = strides[0], sg = strides[1], sa = strides[2], sb = strides[3];                                 \
        if (so == 1 && sg == 1 && sa == 1 && sb == 1) {                                                               \
            for (ptrdiff_t i = 0; i < n; i++)                                                                         \
                o[i] = a[i] > b[i] ? g[i] : a[i] == b[i] ? g[i] * (T)0.5 : (T)0;                                      \
        } else {                                                                                                      \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                       \
                T x = a[i * sa], y = b[i * sb], d = g[i * sg];                                                        \
                o[i * so] = x > y ? d : x == y ? d * (T)0.5 : (T)0;                                                   \
            }                                                                                                         \
        }                                                                                                             \
    }
MAXIMUM_GRADIENT(maximum_gradient_f32, float)
MAXIMUM_GRADIENT(maximum_gradient_f64, double)

void lsk_maximum_gradient(lsk_dtype dtype, lsk_iterator *it) {
    if (dtype != LSK_FLOAT32 && dtype != LSK_FLOAT64) lsk_unsupported("gradient of maximum", dtype);
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, dtype == LSK_FLOAT32 ? maximum_gradient_f32 : maximum_gradient_f64, NULL);
}
