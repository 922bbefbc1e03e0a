// SPDX-License-Identifier: Apache-2.0
// Gradients of functions of one operand, each in one pass over (dy, saved).
#include "lsk_unary.h"
#include "base/simd.h"
#include "base/vector_math.h"

/// g is dy, s is what was saved.
#define GRADIENT(NAME, T, F)                                                                                          \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        const lsk_unary_scalars *p = context;                                                                         \
        (void)p;                                                                                                      \
        T *o = (T *)data[0];                                                                                          \
        const T *a = (const T *)data[1], *b = (const T *)data[2];                                                     \
        ptrdiff_t so = strides[0], sa = strides[1], sb = strides[2];                                                  \
        if (so == 1 && sa == 1 && sb == 1)                                                                            \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = (T)F(T, a[i], b[i]);                                             \
        else if (so == 1 && sa == 0 && sb == 1) {                                                                     \
            T g = *a;                                                                                                 \
            for (ptrdiff_t i = 0; i < n; i++) o[i] = (T)F(T, g, b[i]);                                                \
        } else                                                                                                        \
            for (ptrdiff_t i = 0; i < n; i++) o[i * so] = (T)F(T, a[i * sa], b[i * sb]);                              \
    }

/// In blocks, the last one padded, as in unary.c.
#define GRADIENT_BLOCKS(NAME, T, F)                                                                                   \
    LSK_SIMD static void NAME(ptrdiff_t n, char *const *data, const ptrdiff_t *strides, const void *context) {        \
        (void)context;                                                                                                \
        T *o = (T *)data[0];                                                                                          \
        const T *a = (const T *)data[1], *b = (const T *)data[2];                                                     \
        ptrdiff_t so = strides[0], sa = strides[1], sb = strides[2], i = 0;                                           \
        if (so == 1 && sa == 1 && sb == 1)                                                                            \
            for (; i + LANES <= n; i += LANES) {                                                                      \
                LSK_VECTOR_LOOP for (ptrdiff_t j = 0; j < LANES; j++) o[i + j] = (T)F(T, a[i + j], b[i + j]);         \
            }                                                                                                         \
        for (; i < n; i += LANES) {                                                                                   \
            T x[LANES] = {0}, y[LANES] = {0};                                                                         \
            ptrdiff_t m = lsk_min(n - i, LANES);                                                                      \
            for (ptrdiff_t j = 0; j < m; j++) x[j] = a[(i + j) * sa];                                                 \
            for (ptrdiff_t j = 0; j < m; j++) y[j] = b[(i + j) * sb];                                                 \
            LSK_VECTOR_LOOP for (ptrdiff_t j = 0; j < LANES; j++) x[j] = (T)F(T, x[j], y[j]);                         \
            for (ptrdiff_t j = 0; j < m; j++) o[(i + j) * so] = x[j];                                                 \
        }                                                                                                             \
    }

LSK_INLINE float gelu_derivative_f(float x) {
    float density, cdf = vm_normal_cdff(x, &density);
    return cdf + x * density;
}
LSK_INLINE double gelu_derivative_d(double x) {
    return 0.5 * (1.0 + erf(x * 0.70710678118654752440)) + x * 0.39894228040143267794 * exp(-0.5 * x * x);
}
LSK_INLINE double sigmoid_d(double x) {
    double e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}
LSK_INLINE float silu_derivative_f(float x) {
    float s = vm_sigmoidf(x);
    return s * (1.0f + x * (1.0f - s));
}
LSK_INLINE double silu_derivative_d(double x) {
    double s = sigmoid_d(x);
    return s * (1.0 + x * (1.0 - s));
}

// d/dx x·σ(v(x)), v = 2√(2/π)(x + 0.044715x³)
// The square is limited where the sigmoid is 0 or 1 anyway: 0·∞ would be NaN.
LSK_INLINE float gelu_tanh_derivative_f(float x) {
    float q = x * x > 1e8f ? 1e8f : x * x, s = vm_sigmoidf(x * (1.59576912f + 0.0713548163f * q));
    return s + x * s * (1.0f - s) * (1.59576912f + 0.214064449f * q);
}
LSK_INLINE double gelu_tanh_derivative_d(double x) {
    double q = x * x > 1e8 ? 1e8 : x * x, s = sigmoid_d(x * (1.5957691216057307117 + 0.071354816272600246 * q));
    return s + x * s * (1.0 - s) * (1.5957691216057307117 + 0.214064448817800738 * q);
}

#define OF_EXP(T, g, s) ((g) * (s))
#define OF_LOG(T, g, s) ((g) / (s))
#define OF_LOG1P(T, g, s) ((g) / ((T)1 + (s)))
#define OF_SQRT(T, g, s) ((T)0.5 * (g) / (s))
#define OF_RSQRT(T, g, s) ((T)-0.5 * (g) * (s) * (s) * (s))
#define OF_ABS(T, g, s) ((s) > 0 ? (g) : (s) < 0 ? -(g) : (T)0)
#define OF_SINF(T, g, s) ((g) * (fabsf(s) < 1048576.0f ? vm_sincosf(s, 1) : cosf(s)))
#define OF_SIND(T, g, s) ((g) * cos(s))
#define OF_COSF(T, g, s) (-(g) * (fabsf(s) < 1048576.0f ? vm_sincosf(s, 0) : sinf(s)))
#define OF_COSD(T, g, s) (-(g) * sin(s))
#define OF_TANH(T, g, s) ((g) * ((T)1 - (s) * (s)))
#define OF_SIGMOID(T, g, s) ((g) * (s) * ((T)1 - (s)))
#define OF_RELU(T, g, s) ((s) > 0 ? (g) : (T)0)
#define OF_LEAKY(T, g, s) ((s) > 0 ? (g) : (g) * (T)p->p0)
#define OF_GELUF(T, g, s) ((g) * gelu_derivative_f(s))
#define OF_GELUD(T, g, s) ((g) * gelu_derivative_d(s))
#define OF_SILUF(T, g, s) ((g) * silu_derivative_f(s))
#define OF_SILUD(T, g, s) ((g) * silu_derivative_d(s))
#define OF_SOFTPLUSF(T, g, s) ((g) * vm_sigmoidf(s))
#define OF_SOFTPLUSD(T, g, s) ((g) * sigmoid_d(s))
#define OF_ERFF(T, g, s) ((g) * 1.12837917f * vm_expf(-(s) * (s)))
#define OF_ERFD(T, g, s) ((g) * 1.12837916709551257390 * exp(-(s) * (s)))
#define OF_SQUARE(T, g, s) ((T)2 * (g) * (s))
#define OF_RECIPROCAL(T, g, s) (-(g) * (s) * (s))
#define OF_CLAMP(T, g, s) ((s) < (T)p->p0 || (s) > (T)p->p1 ? (T)0 : (g))
#define OF_POWERF(T, g, s) (p->p0 == 0 ? 0.0f : (g) * (float)p->p0 * powf(s, (float)(p->p0 - 1)))
#define OF_POWERD(T, g, s) (p->p0 == 0 ? 0.0 : (g) * p->p0 * pow(s, p->p0 - 1))

// At the corners as PyTorch's.
#define OF_RELU6(T, g, s) ((s) > 0 && (s) < 6 ? (g) : (T)0)
#define OF_HARD_SIGMOID(T, g, s) ((s) > -3 && (s) < 3 ? (g) / (T)6 : (T)0)
#define OF_HARD_SWISH(T, g, s) ((s) <= -3 ? (T)0 : (s) < 3 ? (g) * ((s) / (T)3 + (T)0.5) : (g))
#define OF_GELU_TANHF(T, g, s) ((g) * gelu_tanh_derivative_f(s))
#define OF_GELU_TANHD(T, g, s) ((g) * gelu_tanh_derivative_d(s))
#define OF_LOG2(T, g, s) ((g) / ((s) * (T)0.69314718055994530942))
#define OF_EXPM1(T, g, s) ((g) * ((s) + (T)1))

#define COSTLYF(NAME, T, F) GRADIENT_BLOCKS(NAME, T, F)
#define COSTLYD(NAME, T, F) GRADIENT(NAME, T, F)
#define FAMILY(S, T, L)                                                                                               \
    GRADIENT(exp_##S, T, OF_EXP)                                                                                      \
    GRADIENT(log_##S, T, OF_LOG)                                                                                      \
    GRADIENT(log1p_##S, T, OF_LOG1P)                                                                                  \
    GRADIENT(sqrt_##S, T, OF_SQRT)                                                                                    \
    GRADIENT(rsqrt_##S, T, OF_RSQRT)                                                                                  \
    GRADIENT(abs_##S, T, OF_ABS)                                                                                      \
    GRADIENT(sin_##S, T, OF_SIN##L)                                                                                   \
    GRADIENT(cos_##S, T, OF_COS##L)                                                                                   \
    GRADIENT(tanh_##S, T, OF_TANH)                                                                                    \
    GRADIENT(sigmoid_##S, T, OF_SIGMOID)                                                                              \
    GRADIENT(relu_##S, T, OF_RELU)                                                                                    \
    GRADIENT(leaky_##S, T, OF_LEAKY)                                                                                  \
    COSTLY##L(gelu_##S, T, OF_GELU##L)                                                                                \
    COSTLY##L(silu_##S, T, OF_SILU##L)                                                                                \
    COSTLY##L(softplus_##S, T, OF_SOFTPLUS##L)                                                                        \
    COSTLY##L(erf_##S, T, OF_ERF##L)                                                                                  \
    GRADIENT(square_##S, T, OF_SQUARE)                                                                                \
    GRADIENT(reciprocal_##S, T, OF_RECIPROCAL)                                                                        \
    GRADIENT(clamp_##S, T, OF_CLAMP)                                                                                  \
    GRADIENT(power_##S, T, OF_POWER##L)                                                                               \
    GRADIENT(relu6_##S, T, OF_RELU6)                                                                                  \
    GRADIENT(hard_sigmoid_##S, T, OF_HARD_SIGMOID)                                                                    \
    GRADIENT(hard_swish_##S, T, OF_HARD_SWISH)                                                                        \
    COSTLY##L(gelu_tanh_##S, T, OF_GELU_TANH##L)                                                                      \
    GRADIENT(log2_##S, T, OF_LOG2)                                                                                    \
    GRADIENT(expm1_##S, T, OF_EXPM1)                                                                                  \
    static const lsk_inner table_##S[] = {                                                                            \
        exp_##S,   log_##S,    log1p_##S,      sqrt_##S,  rsqrt_##S, abs_##S,  NULL,      sin_##S,                    \
        cos_##S,   tanh_##S,   sigmoid_##S,    relu_##S,  leaky_##S, gelu_##S, silu_##S,  softplus_##S,               \
        erf_##S,   square_##S, reciprocal_##S, NULL,      NULL,      NULL,     clamp_##S, power_##S,                    \
        relu6_##S, hard_sigmoid_##S, hard_swish_##S, gelu_tanh_##S, log2_##S, expm1_##S};

FAMILY(f32, float, F)
FAMILY(f64, double, D)

static lsk_inner gradient_inner(lsk_unary_op op, lsk_dtype dtype) {
    switch (dtype) {
    case LSK_FLOAT32: return table_f32[op];
    case LSK_FLOAT64: return table_f64[op];
    default: lsk_unsupported("this gradient", dtype);
    }
}

void lsk_unary_gradient(lsk_unary_op op, lsk_dtype dtype, lsk_iterator *it, lsk_unary_scalars scalars) {
    lsk_iterator_coalesce(it);
    lsk_iterator_run(it, gradient_inner(op, dtype), &scalars);
}

void lsk_unary_gradient_contiguous(lsk_unary_op op, lsk_dtype dtype, ptrdiff_t n, void *dx, const void *dy,
                                   const void *saved, lsk_unary_scalars scalars) {
    char *data[3] = {dx, (char *)dy, (char *)saved};
    ptrdiff_t strides[3] = {1, 1, 1};
    lsk_run_line(n, dtype, 3, data, strides, gradient_inner(op, dtype), &scalars);
}
