// SPDX-License-Identifier: Apache-2.0
// Optimizer updates for float32 and float64: the loops are in optimizer.inc, once per element type.
#include "lsk_optimizer.h"
#include <math.h>
#include <stdlib.h>

#define T float
#define NAME(x) x##_f32
#define SQRT(x) __builtin_sqrtf(x)
#define EXP(x) expf(x)
#define LOG1P(x) log1pf(x)
#include "optimizer.inc"
#undef T
#undef NAME
#undef SQRT
#undef EXP
#undef LOG1P
#define T double
#define NAME(x) x##_f64
#define SQRT(x) __builtin_sqrt(x)
#define EXP(x) exp(x)
#define LOG1P(x) log1p(x)
#include "optimizer.inc"

#define DISPATCH(F, ...)                                                                                              \
    switch (dtype) {                                                                                                  \
    case LSK_FLOAT32: F##_f32(__VA_ARGS__); return;                                                                   \
    case LSK_FLOAT64: F##_f64(__VA_ARGS__); return;                                                                   \
    default: abort();                                                                                                 \
    }

void lsk_sgd(lsk_dtype dtype, ptrdiff_t n, void *p, const void *g, void *m, lsk_update u, double lr, double momentum) {
    DISPATCH(sgd, n, p, g, m, u, lr, momentum)
}
void lsk_rmsprop(lsk_dtype dtype, ptrdiff_t n, void *p, const void *g, void *m, void *v, lsk_update u, double lr,
                 double momentum, double beta2, double epsilon) {
    DISPATCH(rmsprop, n, p, g, m, v, u, lr, momentum, beta2, epsilon)
}
void lsk_adam(lsk_dtype dtype, ptrdiff_t n, void *p, const void *g, void *m, void *v, lsk_update u, double rate,
              double beta1, double beta2, double epsilon, double inverse_root_debias) {
    DISPATCH(adam, n, p, g, m, v, u, rate, beta1, beta2, epsilon, inverse_root_debias)
}
void lsk_radam(lsk_dtype dtype, ptrdiff_t n, void *p, const void *g, void *m, void *v, lsk_update u, double rate,
               double beta1, double beta2, double epsilon, double inverse_root_debias, double beta, int adaptive) {
    DISPATCH(radam, n, p, g, m, v, u, rate, beta1, beta2, epsilon, inverse_root_debias, beta, adaptive)
}
void lsk_qhadam(lsk_dtype dtype, ptrdiff_t n, void *p, const void *g, void *m, void *v, lsk_update u, double lr,
                double beta1, double beta2, double epsilon, double debias1, double debias2, double nu1, double nu2) {
    DISPATCH(qhadam, n, p, g, m, v, u, lr, beta1, beta2, epsilon, debias1, debias2, nu1, nu2)
}
void lsk_lamb_direction(lsk_dtype dtype, ptrdiff_t n, void *direction, const void *p, const void *g, void *m, void *v,
                        lsk_update u, double beta1, double beta2, double epsilon, double inverse_debias1,
                        double inverse_root_debias2) {
    DISPATCH(lamb_direction, n, direction, p, g, m, v, u, beta1, beta2, epsilon, inverse_debias1, inverse_root_debias2)
}
void lsk_axpby(lsk_dtype dtype, ptrdiff_t n, void *y, double scale, const void *x, double a) {
    DISPATCH(axpby, n, y, scale, x, a)
}
void lsk_scale(lsk_dtype dtype, ptrdiff_t n, void *x, double factor) { DISPATCH(scale, n, x, factor) }
double lsk_sum_of_squares(lsk_dtype dtype, ptrdiff_t n, const void *x) {
    return dtype == LSK_FLOAT32 ? sum_of_squares_f32(n, x) : sum_of_squares_f64(n, x);
}
double lsk_sum_of_powers(lsk_dtype dtype, ptrdiff_t n, const void *x, double order) {
    double total = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = fabs(dtype == LSK_FLOAT32 ? ((const float *)x)[i] : ((const double *)x)[i]);
        if (isinf(order)) total = a > total || a != a ? a : total;
        else total += pow(a, order);
    }
    return total;
}
