// SPDX-License-Identifier: Apache-2.0
// Binary arithmetic over broadcast operands, one loop per operation, type and stride pattern.
#include "lsk_elementwise.h"
#include "base/bfloat16.h"
#include "base/simd.h"
#include <math.h>

#define ADD(x, y) ((x) + (y))
#define SUBTRACT(x, y) ((x) - (y))
#define MULTIPLY(x, y) ((x) * (y))
#define DIVIDE(x, y) ((x) / (y))
#define INT_DIVIDE(x, y) ((y) == 0 ? 0 : (x) / (y))
#define MAXIMUM(x, y) LSK_GREATER(y, x)
#define MINIMUM(x, y) LSK_LESSER(y, x)

#define BINARY(NAME, T, F)                                                                                            \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        (void)context;                                                                                                \
        T *o = (T *)data[0];                                                                                          \
        const T *a = (const T *)data[1], *b = (const T *)data[2];                                                     \
        ptrdiff_t so = strides[0], sa = strides[1], sb = strides[2];                                                  \
        if (so == 1 && sa == 1 && sb == 1) {                                                                          \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = F(a[i], b[i]);                                                   \
        } else if (so == 1 && sa == 1 && sb == 0) {                                                                   \
            T y = *b;                                                                                                 \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = F(a[i], y);                                                      \
        } else if (so == 1 && sa == 0 && sb == 1) {                                                                   \
            T x = *a;                                                                                                 \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = F(x, b[i]);                                                      \
        } else {                                                                                                      \
            for (ptrdiff_t i = 0; i < n; i++) o[i * so] = F(a[i * sa], b[i * sb]);                                    \
        }                                                                                                             \
    }

#define POWF(x, y) powf(x, y)
#define POWD(x, y) pow(x, y)
// Exact, and modulo 2^64 beyond: what a narrower type keeps of it are its own last bits.
static int64_t integer_power(int64_t base, int64_t y) {
    if (y < 0) return base == 1 ? 1 : base == -1 ? (y % 2 ? -1 : 1) : 0;
    uint64_t x = (uint64_t)base, r = 1;
    for (; y; y >>= 1, x *= x)
        if (y & 1) r *= x;
    return (int64_t)r;
}
#define POWI(x, y) integer_power(x, y)

// As Python's and PyTorch's: the remainder first, which is exact, so that the quotient is a whole number but for rounding.
#define FLOAT_REMAINDER(NAME, T, FMOD)                                                                                \
    LSK_INLINE T NAME(T x, T y) {                                                                                     \
        T m = FMOD(x, y);                                                                                             \
        return m != 0 && (y < 0) != (m < 0) ? m + y : m;                                                              \
    }
FLOAT_REMAINDER(remainder_of_f32, float, fmodf)
FLOAT_REMAINDER(remainder_of_f64, double, fmod)
#define FLOOR_DIVIDE(NAME, T, FMOD, FLOOR)                                                                            \
    LSK_INLINE T NAME(T x, T y) {                                                                                     \
        if (y == 0) return x / y;                                                                                     \
        T m = FMOD(x, y), q = (x - m) / y;                                                                            \
        if (m != 0 && (y < 0) != (m < 0)) q -= 1;                                                                     \
        T whole = FLOOR(q);                                                                                           \
        return q - whole > (T)0.5 ? whole + 1 : whole;                                                                \
    }
FLOOR_DIVIDE(floor_divided_f32, float, fmodf, floorf)
FLOOR_DIVIDE(floor_divided_f64, double, fmod, floor)
#define FLOORF(x, y) floor_divided_f32(x, y)
#define FLOORD(x, y) floor_divided_f64(x, y)
#define REMAINDERF(x, y) remainder_of_f32(x, y)
#define REMAINDERD(x, y) remainder_of_f64(x, y)
// In 64 bits, where no quotient of narrower integers overflows; the one that does is taken modulo 2^64.
static int64_t integer_floor(int64_t x, int64_t y) {
    if (y == 0) return 0;
    if (y == -1) return (int64_t)(0 - (uint64_t)x);
    int64_t q = x / y;
    return x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q;
}
static int64_t integer_remainder(int64_t x, int64_t y) {
    if (y == 0 || y == -1) return 0;
    int64_t m = x % y;
    return m != 0 && (m < 0) != (y < 0) ? m + y : m;
}
#define FLOORI(x, y) integer_floor(x, y)
#define REMAINDERI(x, y) integer_remainder(x, y)

#define FAMILY(S, T, DIV, POW, FLOOR, REMAINDER)                                                                                        \
    BINARY(add_##S, T, ADD)                                                                                           \
    BINARY(subtract_##S, T, SUBTRACT)                                                                                 \
    BINARY(multiply_##S, T, MULTIPLY)                                                                                 \
    BINARY(divide_##S, T, DIV)                                                                                        \
    BINARY(maximum_##S, T, MAXIMUM)                                                                                   \
    BINARY(minimum_##S, T, MINIMUM)                                                                                   \
    BINARY(power_##S, T, POW)                                                                                         \
    BINARY(floor_divide_##S, T, FLOOR)                                                                                \
    BINARY(remainder_##S, T, REMAINDER)                                                                               \
    static const lsk_inner table_##S[] = {add_##S,     subtract_##S, multiply_##S, divide_##S,                        \
                                          maximum_##S, minimum_##S,  power_##S,    floor_divide_##S, remainder_##S};

FAMILY(f32, float, DIVIDE, POWF, FLOORF, REMAINDERF)
FAMILY(f64, double, DIVIDE, POWD, FLOORD, REMAINDERD)
FAMILY(i32, int32_t, INT_DIVIDE, POWI, FLOORI, REMAINDERI)
FAMILY(i64, int64_t, INT_DIVIDE, POWI, FLOORI, REMAINDERI)
FAMILY(u8, uint8_t, INT_DIVIDE, POWI, FLOORI, REMAINDERI)

// A storage type: only gradients that meet are added where they lie, in float32 and rounded.
LSK_SIMD static void add_bf16(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {
    (void)context;
    lsk_bfloat16 *o = (lsk_bfloat16 *)data[0];
    const lsk_bfloat16 *a = (const lsk_bfloat16 *)data[1], *b = (const lsk_bfloat16 *)data[2];
    ptrdiff_t so = strides[0], sa = strides[1], sb = strides[2];
    for (ptrdiff_t i = 0; i < n; i++)
        o[i * so] = lsk_to_bfloat16(lsk_from_bfloat16(a[i * sa]) + lsk_from_bfloat16(b[i * sb]));
}

static lsk_inner binary_inner(lsk_binary_op op, lsk_dtype dtype) {
    switch (dtype) {
    case LSK_FLOAT32: return table_f32[op];
    case LSK_FLOAT64: return table_f64[op];
    case LSK_INT32: return table_i32[op];
    case LSK_INT64: return table_i64[op];
    case LSK_UINT8: return table_u8[op];
    case LSK_BFLOAT16:
        if (op == LSK_ADD) return add_bf16;
        lsk_unsupported("arithmetic", dtype);
    default: lsk_unsupported("arithmetic", dtype);
    }
}

void lsk_binary(lsk_binary_op op, lsk_dtype dtype, lsk_iterator *it) {
    lsk_iterator_coalesce(it);
    lsk_iterator_run_alike(it, dtype, binary_inner(op, dtype), NULL);
}

void lsk_binary_contiguous(lsk_binary_op op, lsk_dtype dtype, ptrdiff_t n, void *out, const void *a, ptrdiff_t a_stride,
                           const void *b, ptrdiff_t b_stride) {
    char *data[3] = {out, (char *)a, (char *)b};
    ptrdiff_t strides[3] = {1, a_stride, b_stride};
    lsk_run_line(n, dtype, 3, data, strides, binary_inner(op, dtype), NULL);
}
