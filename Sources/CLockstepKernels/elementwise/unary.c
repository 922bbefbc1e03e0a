// SPDX-License-Identifier: Apache-2.0
// Functions of one operand: one loop per function and type.
#include "lsk_unary.h"
#include "base/simd.h"
#include "base/vector_math.h"

/// The compiler vectorises the loop; what is left over runs element by element. For cheap functions.
#define UNARY(NAME, T, F)                                                                                             \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        const lsk_unary_scalars *p = context;                                                                         \
        (void)p;                                                                                                      \
        T *o = (T *)data[0];                                                                                          \
        const T *a = (const T *)data[1];                                                                              \
        ptrdiff_t so = strides[0], sa = strides[1];                                                                   \
        if (so == 1 && sa == 1)                                                                                       \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = (T)F(T, a[i]);                                                   \
        else                                                                                                          \
            for (ptrdiff_t i = 0; i < n; i++) o[i * so] = (T)F(T, a[i * sa]);                                         \
    }

/// Works in blocks of fixed length, the last one padded: no element of an expensive function runs alone.
#define UNARY_BLOCKS(NAME, T, F)                                                                                      \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        const lsk_unary_scalars *p = context;                                                                         \
        (void)p;                                                                                                      \
        T *o = (T *)data[0];                                                                                          \
        const T *a = (const T *)data[1];                                                                              \
        ptrdiff_t so = strides[0], sa = strides[1], i = 0;                                                            \
        if (so == 1 && sa == 1)                                                                                       \
            for (; i + LANES <= n; i += LANES) {                                                                      \
                LSK_VECTOR_LOOP for (ptrdiff_t j = 0; j < LANES; j++) o[i + j] = (T)F(T, a[i + j]);                   \
            }                                                                                                         \
        for (; i < n; i += LANES) {                                                                                   \
            T x[LANES] = {0};                                                                                         \
            ptrdiff_t m = lsk_min(n - i, LANES);                                                                      \
            for (ptrdiff_t j = 0; j < m; j++) x[j] = a[(i + j) * sa];                                                 \
            LSK_VECTOR_LOOP for (ptrdiff_t j = 0; j < LANES; j++) x[j] = (T)F(T, x[j]);                               \
            for (ptrdiff_t j = 0; j < m; j++) o[(i + j) * so] = x[j];                                                 \
        }                                                                                                             \
    }

#define EXPF(T, x) vm_expf(x)
#define EXPD(T, x) exp(x)
#define LOGF(T, x) vm_logf(x)
#define LOGD(T, x) log(x)
#define LOG1PF(T, x) vm_log1pf(x)
#define LOG1PD(T, x) log1p(x)
#define TANHF(T, x) vm_tanhf(x)
#define TANHD(T, x) tanh(x)
#define ERFF(T, x) vm_erff(x)
#define ERFD(T, x) erf(x)
#define SINF(T, x) ((x) == 0 ? (x) : vm_sincosf(x, 0))  // keeps the sign of zero
#define SIND(T, x) sin(x)
#define COSF(T, x) vm_sincosf(x, 1)
#define COSD(T, x) cos(x)
LSK_INLINE double logistic(double x) {
    double e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}
#define SIGMOIDF(T, x) vm_sigmoidf(x)
#define SIGMOIDD(T, x) logistic(x)
LSK_INLINE float gelu_of(float x) {
    float density;
    return x * vm_normal_cdff(x, &density);
}
#define GELUF(T, x) gelu_of(x)
#define GELUD(T, x) (0.5 * (x) * (1.0 + erf((x) * 0.70710678118654752440)))
#define SILUF(T, x) ((x) * vm_sigmoidf(x))
#define SILUD(T, x) ((x) * logistic(x))
#define SOFTPLUSF(T, x) (((x) < 0 ? 0 : (x)) + vm_log1pf(vm_expf(-fabsf(x))))
#define SOFTPLUSD(T, x) (((x) < 0 ? 0 : (x)) + log1p(exp(-fabs(x))))
#define POWERF(T, x) powf(x, (float)p->p0)
#define POWERD(T, x) pow(x, p->p0)
#define SQRTF(T, x) sqrtf(x)
#define SQRTD(T, x) sqrt(x)
#define RSQRTF(T, x) (1.0f / sqrtf(x))
#define RSQRTD(T, x) (1.0 / sqrt(x))
#define FLOORF(T, x) floorf(x)
#define FLOORD(T, x) floor(x)
#define CEILF(T, x) ceilf(x)
#define CEILD(T, x) ceil(x)
#define ROUNDF(T, x) rintf(x)
#define ROUNDD(T, x) rint(x)
#define ABSF(T, x) fabsf(x)
#define ABSD(T, x) fabs(x)
#define ABSI(T, x) ((x) < 0 ? -(x) : (x))
#define SIGN(T, x) ((x) > 0 ? (T)1 : (x) < 0 ? (T)-1 : (x))
#define RELU(T, x) ((x) < 0 ? (T)0 : (x))
#define LEAKY(T, x) ((x) < 0 ? (x) * (T)p->p0 : (x))
#define SQUARE(T, x) ((x) * (x))
#define RECIPROCAL(T, x) ((T)1 / (x))
#define CLAMP(T, x) ((x) < (T)p->p0 ? (T)p->p0 : (x) > (T)p->p1 ? (T)p->p1 : (x))

// NaN passes through every comparison.
#define RELU6(T, x) ((x) < 0 ? (T)0 : (x) > 6 ? (T)6 : (x))
#define HARD_SIGMOID(T, x) ((x) <= -3 ? (T)0 : (x) >= 3 ? (T)1 : ((x) + (T)3) / (T)6)
#define HARD_SWISH(T, x) ((x) <= -3 ? (T)0 : (x) >= 3 ? (x) : (x) * ((x) + (T)3) / (T)6)
// x·(1 + tanh u)/2 is x·σ(2u), which keeps its digits far below zero.
#define GELU_TANHF(T, x) ((x) * vm_sigmoidf((x) * (1.59576912f + 0.0713548163f * (x) * (x))))
#define GELU_TANHD(T, x) ((x) * logistic((x) * (1.5957691216057307117 + 0.071354816272600246 * (x) * (x))))
#define LOG2F(T, x) log2f(x)
#define LOG2D(T, x) log2(x)
#define EXPM1F(T, x) expm1f(x)
#define EXPM1D(T, x) expm1(x)

#define COSTLYF(NAME, T, F) UNARY_BLOCKS(NAME, T, F)
#define COSTLYD(NAME, T, F) UNARY(NAME, T, F)
#define FAMILY(S, T, L)                                                                                               \
    COSTLY##L(exp_##S, T, EXP##L)                                                                                     \
    COSTLY##L(log_##S, T, LOG##L)                                                                                     \
    COSTLY##L(log1p_##S, T, LOG1P##L)                                                                                 \
    UNARY(sqrt_##S, T, SQRT##L)                                                                                       \
    UNARY(rsqrt_##S, T, RSQRT##L)                                                                                     \
    UNARY(abs_##S, T, ABS##L)                                                                                         \
    UNARY(sign_##S, T, SIGN)                                                                                          \
    COSTLY##L(sin_##S, T, SIN##L)                                                                                     \
    COSTLY##L(cos_##S, T, COS##L)                                                                                     \
    COSTLY##L(tanh_##S, T, TANH##L)                                                                                   \
    COSTLY##L(sigmoid_##S, T, SIGMOID##L)                                                                             \
    UNARY(relu_##S, T, RELU)                                                                                          \
    UNARY(leaky_##S, T, LEAKY)                                                                                        \
    COSTLY##L(gelu_##S, T, GELU##L)                                                                                   \
    COSTLY##L(silu_##S, T, SILU##L)                                                                                   \
    COSTLY##L(softplus_##S, T, SOFTPLUS##L)                                                                           \
    COSTLY##L(erf_##S, T, ERF##L)                                                                                     \
    UNARY(square_##S, T, SQUARE)                                                                                      \
    UNARY(reciprocal_##S, T, RECIPROCAL)                                                                              \
    UNARY(floor_##S, T, FLOOR##L)                                                                                     \
    UNARY(ceil_##S, T, CEIL##L)                                                                                       \
    UNARY(round_##S, T, ROUND##L)                                                                                     \
    UNARY(clamp_##S, T, CLAMP)                                                                                        \
    UNARY(power_##S, T, POWER##L)                                                                                     \
    UNARY(relu6_##S, T, RELU6)                                                                                        \
    UNARY(hard_sigmoid_##S, T, HARD_SIGMOID)                                                                          \
    UNARY(hard_swish_##S, T, HARD_SWISH)                                                                              \
    COSTLY##L(gelu_tanh_##S, T, GELU_TANH##L)                                                                         \
    UNARY(log2_##S, T, LOG2##L)                                                                                       \
    UNARY(expm1_##S, T, EXPM1##L)                                                                                     \
    static const lsk_inner table_##S[] = {                                                                            \
        exp_##S,   log_##S,        log1p_##S, sqrt_##S,  rsqrt_##S,    abs_##S,  sign_##S,   sin_##S,                 \
        cos_##S,   tanh_##S,       sigmoid_##S, relu_##S, leaky_##S,   gelu_##S, silu_##S,   softplus_##S,            \
        erf_##S,   square_##S,     reciprocal_##S, floor_##S, ceil_##S, round_##S, clamp_##S, power_##S,                \
        relu6_##S, hard_sigmoid_##S, hard_swish_##S, gelu_tanh_##S, log2_##S, expm1_##S};

// sin and cos of large numbers need libm's long reduction; a scan costs less than a branch per element.
static int has_large(ptrdiff_t n, const float *a, ptrdiff_t s) {
    int large = 0;
    for (ptrdiff_t i = 0; i < n; i++) large |= !(fabsf(a[i * s]) < 1048576.0f);
    return large;
}

FAMILY(f32, float, F)
FAMILY(f64, double, D)

#define INTEGERS(S, T, D)                                                                                             \
    UNARY(abs_##S, T, ABSI)                                                                                           \
    UNARY(sign_##S, T, SIGN)                                                                                          \
    UNARY(square_##S, T, SQUARE)                                                                                      \
    static lsk_inner inner_##S(lsk_unary_op op) {                                                                     \
        switch (op) {                                                                                                 \
        case LSK_ABS: return abs_##S;                                                                                 \
        case LSK_SIGN: return sign_##S;                                                                               \
        case LSK_SQUARE: return square_##S;                                                                           \
        default: lsk_unsupported("this function", D);                                                                 \
        }                                                                                                             \
    }
INTEGERS(i32, int32_t, LSK_INT32)
INTEGERS(i64, int64_t, LSK_INT64)
INTEGERS(u8, uint8_t, LSK_UINT8)

static void sin_f32_wide(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {
    const float *a = (const float *)data[1];
    float *o = (float *)data[0];
    if (!has_large(n, a, strides[1])) return sin_f32(n, data, strides, context);
    for (ptrdiff_t i = 0; i < n; i++) o[i * strides[0]] = sinf(a[i * strides[1]]);
}
static void cos_f32_wide(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {
    const float *a = (const float *)data[1];
    float *o = (float *)data[0];
    if (!has_large(n, a, strides[1])) return cos_f32(n, data, strides, context);
    for (ptrdiff_t i = 0; i < n; i++) o[i * strides[0]] = cosf(a[i * strides[1]]);
}

static lsk_inner unary_inner(lsk_unary_op op, lsk_dtype dtype) {
    switch (dtype) {
    case LSK_FLOAT32: return op == LSK_SIN ? sin_f32_wide : op == LSK_COS ? cos_f32_wide : table_f32[op];
    case LSK_FLOAT64: return table_f64[op];
    case LSK_INT32: return inner_i32(op);
    case LSK_INT64: return inner_i64(op);
    case LSK_UINT8: return inner_u8(op);
    default: lsk_unsupported("this function", dtype);
    }
}

void lsk_unary(lsk_unary_op op, lsk_dtype dtype, lsk_iterator *it, lsk_unary_scalars scalars) {
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, unary_inner(op, dtype), &scalars);
}

void lsk_unary_contiguous(lsk_unary_op op, lsk_dtype dtype, ptrdiff_t n, void *out, const void *a,
                          lsk_unary_scalars scalars) {
    char *data[2] = {out, (char *)a};
    ptrdiff_t strides[2] = {1, 1};
    lsk_inner inner = unary_inner(op, dtype);
    if (op == LSK_SIN || op == LSK_COS) inner(n, data, strides, &scalars);  // one large number decides for all
    else lsk_run_line(n, dtype, 2, data, strides, inner, &scalars);
}
