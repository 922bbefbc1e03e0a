// SPDX-License-Identifier: Apache-2.0
// Optimizer updates for float32 and float64: the loops are in optimizer_rules_typed.h, the rest in optimizer_typed.h.
#include "lsk_optimizer.h"
#include "base/simd.h"
#include "lsk_parallel.h"
#include <math.h>
#include <stdint.h>

// A product and the sum it stands in are rounded as the expression says, not as the compiler finds it convenient in one loop
// or another: an element is updated with the same bits wherever it stands, alone or in a vector, in place or past the caches.
#pragma clang fp contract(on)

/// Products are rounded before they are added, as where ranks reduce without stepping: the same bits whoever steps.
LSK_INLINE float average(float share, float first, float rest, float second) {
#pragma clang fp contract(off)
    return share * first + rest * second;
}

// The gradient as it stands, or as the average of two ranks', which is then left where the first would stand.
#define GRADIENT_ALONE(i) g[i]
#define GRADIENT_OF_TWO(i) (g[i] = average(share, first[i], rest, second[i]))
// Loops with a logarithm are not vectorised, and that is known.
#pragma clang diagnostic ignored "-Wpass-failed"
// A gradient written back is one of the two read, at the same place: the loops may still be vectorised.
#define SAFELY _Pragma("clang loop vectorize(assume_safety)")
#define EACH_HERE(...)                                                                                                \
    SAFELY for (ptrdiff_t i = 0; i < n; i++) __VA_ARGS__
#define STORE_HERE(i, x) p[i] = (x)
// Past the caches, a cache line at a time; `p` is aligned there, and n a multiple of 16. (A loop of stores of single
// elements past the caches is not vectorised.)
typedef float line __attribute__((vector_size(64), aligned(64)));
#define EACH_PAST(...)                                                                                                \
    for (ptrdiff_t start = 0; start < n; start += 16) {                                                               \
        union { line whole; float at[16]; } stored;                                                                   \
        SAFELY for (ptrdiff_t i = start; i < start + 16; i++) __VA_ARGS__                                             \
        __builtin_nontemporal_store(stored.whole, (line *)(p + start));                                               \
    }
#define STORE_PAST(i, x) stored.at[i - start] = (x)

#define T float
#define SQRT(x) __builtin_sqrtf(x)
#define EXP(x) expf(x)
#define LOG1P(x) log1pf(x)
#define NAME(x) x##_f32
#include "optim/optimizer_typed.h"
#define GRADIENT GRADIENT_ALONE
#define STORE STORE_HERE
#define EACH EACH_HERE
#include "optim/optimizer_rules_typed.h"
#undef NAME
#undef STORE
#undef EACH
#define NAME(x) x##_past
#define STORE STORE_PAST
#define EACH EACH_PAST
#include "optim/optimizer_rules_typed.h"
#undef NAME
#undef GRADIENT
#define NAME(x) x##_two_past
#define GRADIENT GRADIENT_OF_TWO
#include "optim/optimizer_rules_typed.h"
#undef NAME
#undef STORE
#undef EACH
#define NAME(x) x##_two
#define STORE STORE_HERE
#define EACH EACH_HERE
#include "optim/optimizer_rules_typed.h"
#undef NAME
#undef GRADIENT
#undef T
#undef SQRT
#undef EXP
#undef LOG1P

#define T double
#define NAME(x) x##_f64
#define SQRT(x) __builtin_sqrt(x)
#define EXP(x) exp(x)
#define LOG1P(x) log1p(x)
#define GRADIENT GRADIENT_ALONE
#include "optim/optimizer_typed.h"
#include "optim/optimizer_rules_typed.h"

typedef void rule(ptrdiff_t n, void *p, void *g, void *m, void *v, lsk_update u, const double *k);

/// A rule's loops.
typedef struct rule_loops {
    rule *f64, *f32, *two, *past, *two_past;
} rule_loops;
#define LOOPS(x) (rule_loops){x##_f64, x##_f32, x##_two, x##_past, x##_two_past}

static void part(rule *loop, ptrdiff_t from, ptrdiff_t to, float *p, float *g, float *m, float *v, lsk_update u,
                 const double *k) {
    if (from == to) return;
    if (u.pair[0]) {
        u.pair[0] += from;
        u.pair[1] += from;
    }
    loop(to - from, p + from, g + from, m ? m + from : NULL, v ? v + from : NULL, u, k);
}

/// A float32 step, shared out over the threads.
typedef struct step {
    rule *loop;
    float *p, *g, *m, *v;
    lsk_update u;
    const double *k;
    ptrdiff_t start;
} step;

static void some(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const step *s = context;
    part(s->loop, s->start + begin, s->start + end, s->p, s->g, s->m, s->v, s->u, s->k);
    // Stores past the caches are not ordered with the flag that tells other ranks, or our own threads, of them.
    if (s->u.streams) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void run(rule_loops loops, lsk_dtype dtype, ptrdiff_t n, void *p, void *g, void *m, void *v, lsk_update u,
                const double *k) {
    if (dtype == LSK_FLOAT64) {
        loops.f64(n, p, g, m, v, u, k);
        return;
    }
    if (dtype != LSK_FLOAT32) lsk_unsupported("optimizer step", dtype);
    rule *here = u.pair[0] ? loops.two : loops.f32;
    step s = {here, p, g, m, v, u, k, 0};
    if (!u.streams) {
        lsk_parallel(n, LSK_ELEMENT_GRAIN, some, &s);
        return;
    }
    // Whole cache lines go past the caches; what is left at the ends does not.
    ptrdiff_t head = (ptrdiff_t)(-(uintptr_t)p & 63) / 4;
    if (head > n) head = n;
    ptrdiff_t tail = head + ((n - head) & ~(ptrdiff_t)15);
    part(here, 0, head, p, g, m, v, u, k);
    s.loop = u.pair[0] ? loops.two_past : loops.past;
    s.start = head;
    lsk_parallel(tail - head, LSK_ELEMENT_GRAIN, some, &s);
    part(here, tail, n, p, g, m, v, u, k);
}

void lsk_sgd(lsk_dtype dtype, ptrdiff_t n, void *p, void *g, void *m, lsk_update u, double lr, double momentum) {
    run(LOOPS(sgd), dtype, n, p, g, m, NULL, u, (double[]){lr, momentum});
}
void lsk_rmsprop(lsk_dtype dtype, ptrdiff_t n, void *p, void *g, void *m, void *v, lsk_update u, double lr,
                 double momentum, double beta2, double epsilon) {
    run(LOOPS(rmsprop), dtype, n, p, g, m, v, u, (double[]){lr, momentum, beta2, epsilon});
}
void lsk_adam(lsk_dtype dtype, ptrdiff_t n, void *p, void *g, void *m, void *v, lsk_update u, double rate, double beta1,
              double beta2, double epsilon, double inverse_root_debias) {
    run(LOOPS(adam), dtype, n, p, g, m, v, u, (double[]){rate, beta1, beta2, epsilon, inverse_root_debias});
}
void lsk_radam(lsk_dtype dtype, ptrdiff_t n, void *p, void *g, void *m, void *v, lsk_update u, double rate,
               double beta1, double beta2, double epsilon, double inverse_root_debias, double beta, int adaptive) {
    run(LOOPS(radam), dtype, n, p, g, m, v, u,
        (double[]){rate, beta1, beta2, epsilon, inverse_root_debias, beta, adaptive});
}
void lsk_qhadam(lsk_dtype dtype, ptrdiff_t n, void *p, void *g, void *m, void *v, lsk_update u, double lr, double beta1,
                double beta2, double epsilon, double debias1, double debias2, double nu1, double nu2) {
    run(LOOPS(qhadam), dtype, n, p, g, m, v, u, (double[]){lr, beta1, beta2, epsilon, debias1, debias2, nu1, nu2});
}

#define DISPATCH(F, ...)                                                                                              \
    switch (dtype) {                                                                                                  \
    case LSK_FLOAT32: F##_f32(__VA_ARGS__); return;                                                                   \
    case LSK_FLOAT64: F##_f64(__VA_ARGS__); return;                                                                   \
    default: lsk_unsupported("optimizer step", dtype);                                                                \
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
    if (dtype != LSK_FLOAT32 && dtype != LSK_FLOAT64) lsk_unsupported("norm", dtype);
    return dtype == LSK_FLOAT32 ? sum_of_squares_f32(n, x) : sum_of_squares_f64(n, x);
}
double lsk_sum_of_powers(lsk_dtype dtype, ptrdiff_t n, const void *x, double order) {
    if (dtype != LSK_FLOAT32 && dtype != LSK_FLOAT64) lsk_unsupported("norm", dtype);
    double total = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = fabs(dtype == LSK_FLOAT32 ? ((const float *)x)[i] : ((const double *)x)[i]);
        if (isinf(order)) total = a > total || a != a ? a : total;
        else total += pow(a, order);
    }
    return total;
}
