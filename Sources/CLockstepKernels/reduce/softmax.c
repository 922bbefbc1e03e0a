// SPDX-License-Identifier: Apache-2.0
// Softmax along one axis: lines in blocks of 16 (the last padded), or blocks of columns. Sums are kept in float64.
#include "lsk_softmax.h"
#include "base/simd.h"
#include "base/vector_math.h"
#include "lsk_parallel.h"

enum { COLUMNS = 64 };  // three passes over a strip of 64 columns stay in the second-level cache

#define EXPF(x) vm_expf(x)
#define EXPD(x) exp(x)
#define EACH(j, n) for (ptrdiff_t j = 0; j < (n); j++)

#define SOFTMAX(S, T, EXP)                                                                                            \
    LSK_INLINE void line_##S(ptrdiff_t n, T *restrict o, const T *restrict in, int logarithm) {                       \
        T tail[LANES], top[LANES];                                                                                    \
        double sums[LANES];                                                                                           \
        ptrdiff_t whole = n / LANES * LANES, rest = n - whole;                                                        \
        EACH(j, LANES) tail[j] = (T) - INFINITY;                                                                      \
        EACH(j, rest) tail[j] = in[whole + j];                                                                        \
        EACH(j, LANES) top[j] = tail[j], sums[j] = 0;                                                                 \
        for (ptrdiff_t i = 0; i < whole; i += LANES) EACH(j, LANES) top[j] = LSK_GREATER(top[j], in[i + j]);          \
        for (ptrdiff_t half = LANES / 2; half > 0; half /= 2) EACH(j, half) top[j] = LSK_GREATER(top[j], top[j + half]); \
        T m = top[0];                                                                                                 \
        for (ptrdiff_t i = 0; i < whole; i += LANES) {                                                                \
            LOOP_##S EACH(j, LANES) {                                                                                 \
                T e = EXP(in[i + j] - m);                                                                             \
                o[i + j] = e;                                                                                         \
                sums[j] += (double)e;                                                                                 \
            }                                                                                                         \
        }                                                                                                             \
        T end[LANES];                                                                                                 \
        if (rest) {                                                                                                   \
            LOOP_##S EACH(j, LANES) {                                                                                 \
                end[j] = EXP(tail[j] - m);                                                                            \
                sums[j] += (double)end[j];                                                                            \
            }                                                                                                         \
        }                                                                                                             \
        for (ptrdiff_t half = LANES / 2; half > 0; half /= 2) EACH(j, half) sums[j] += sums[j + half];                \
        if (logarithm) {                                                                                              \
            T shift = (T)log(sums[0]);                                                                                \
            EACH(i, n) o[i] = (in[i] - m) - shift;                                                                    \
        } else {                                                                                                      \
            T scale = (T)(1.0 / sums[0]);                                                                             \
            EACH(i, whole) o[i] *= scale;                                                                             \
            EACH(j, rest) o[whole + j] = end[j] * scale;                                                              \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_INLINE void columns_##S(ptrdiff_t n, ptrdiff_t inner, ptrdiff_t w, T *restrict o, const T *restrict in,       \
                                int logarithm) {                                                                      \
        T top[COLUMNS];                                                                                               \
        double sums[COLUMNS];                                                                                         \
        EACH(j, w) top[j] = in[j], sums[j] = 0;                                                                       \
        for (ptrdiff_t r = 1; r < n; r++) EACH(j, w) top[j] = LSK_GREATER(top[j], in[r * inner + j]);                 \
        EACH(r, n) EACH(j, w) {                                                                                       \
            T e = EXP(in[r * inner + j] - top[j]);                                                                    \
            o[r * inner + j] = e;                                                                                     \
            sums[j] += (double)e;                                                                                     \
        }                                                                                                             \
        if (logarithm) {                                                                                              \
            T shift[COLUMNS];                                                                                         \
            EACH(j, w) shift[j] = (T)log(sums[j]);                                                                    \
            EACH(r, n) EACH(j, w) o[r * inner + j] = (in[r * inner + j] - top[j]) - shift[j];                         \
        } else {                                                                                                      \
            T scale[COLUMNS];                                                                                         \
            EACH(j, w) scale[j] = (T)(1.0 / sums[j]);                                                                 \
            EACH(r, n) EACH(j, w) o[r * inner + j] *= scale[j];                                                       \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_SIMD static void softmax_##S(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, T *o, const T *in,                \
                                     int logarithm) {                                                                 \
        EACH(i, outer) {                                                                                              \
            const T *a = in + i * n * inner;                                                                          \
            T *b = o + i * n * inner;                                                                                 \
            if (inner == 1) line_##S(n, b, a, logarithm);                                                             \
            else                                                                                                      \
                for (ptrdiff_t start = 0; start < inner; start += COLUMNS)                                            \
                    columns_##S(n, inner, lsk_min(inner - start, COLUMNS), b + start, a + start,                      \
                                logarithm);                                                                           \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_INLINE void back_line_##S(ptrdiff_t n, T *restrict dx, const T *restrict g, const T *restrict y,              \
                                  int logarithm) {                                                                    \
        double sums[LANES] = {0}, total = 0;                                                                          \
        ptrdiff_t whole = n / LANES * LANES, rest = n - whole;                                                        \
        if (logarithm) {                                                                                              \
            for (ptrdiff_t i = 0; i < whole; i += LANES) EACH(j, LANES) sums[j] += (double)g[i + j];                  \
            EACH(j, rest) sums[j] += (double)g[whole + j];                                                            \
        } else {                                                                                                      \
            for (ptrdiff_t i = 0; i < whole; i += LANES) EACH(j, LANES) sums[j] += (double)(g[i + j] * y[i + j]);     \
            EACH(j, rest) sums[j] += (double)(g[whole + j] * y[whole + j]);                                           \
        }                                                                                                             \
        EACH(j, LANES) total += sums[j];                                                                              \
        T s = (T)total;                                                                                               \
        if (!logarithm) {                                                                                             \
            EACH(i, n) dx[i] = y[i] * (g[i] - s);                                                                     \
            return;                                                                                                   \
        }                                                                                                             \
        for (ptrdiff_t i = 0; i < whole; i += LANES) {                                                                \
            LOOP_##S EACH(j, LANES) dx[i + j] = g[i + j] - EXP(y[i + j]) * s;                                         \
        }                                                                                                             \
        if (rest) {                                                                                                   \
            T end[LANES] = {0};                                                                                       \
            EACH(j, rest) end[j] = y[whole + j];                                                                      \
            LOOP_##S EACH(j, LANES) end[j] = EXP(end[j]) * s;                                                         \
            EACH(j, rest) dx[whole + j] = g[whole + j] - end[j];                                                      \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_INLINE void back_columns_##S(ptrdiff_t n, ptrdiff_t inner, ptrdiff_t w, T *restrict dx, const T *restrict g,  \
                                     const T *restrict y, int logarithm) {                                            \
        double sums[COLUMNS];                                                                                         \
        T s[COLUMNS];                                                                                                 \
        EACH(j, w) sums[j] = 0;                                                                                       \
        if (logarithm) EACH(r, n) EACH(j, w) sums[j] += (double)g[r * inner + j];                                     \
        else EACH(r, n) EACH(j, w) sums[j] += (double)(g[r * inner + j] * y[r * inner + j]);                          \
        EACH(j, w) s[j] = (T)sums[j];                                                                                 \
        if (logarithm) EACH(r, n) EACH(j, w) dx[r * inner + j] = g[r * inner + j] - EXP(y[r * inner + j]) * s[j];     \
        else EACH(r, n) EACH(j, w) dx[r * inner + j] = y[r * inner + j] * (g[r * inner + j] - s[j]);                  \
    }                                                                                                                 \
    LSK_SIMD static void gradient_##S(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, T *dx, const T *g, const T *y,   \
                                      int logarithm) {                                                                \
        EACH(i, outer) {                                                                                              \
            ptrdiff_t at = i * n * inner;                                                                             \
            if (inner == 1) back_line_##S(n, dx + at, g + at, y + at, logarithm);                                     \
            else                                                                                                      \
                for (ptrdiff_t start = 0; start < inner; start += COLUMNS)                                            \
                    back_columns_##S(n, inner, lsk_min(inner - start, COLUMNS), dx + at + start,                      \
                                     g + at + start, y + at + start, logarithm);                                      \
        }                                                                                                             \
    }

#define LOOP_f32 LSK_VECTOR_LOOP
#define LOOP_f64
SOFTMAX(f32, float, EXPF)
SOFTMAX(f64, double, EXPD)

typedef struct {
    lsk_dtype dtype;
    ptrdiff_t n, inner;
    void *out;
    const void *x, *y;  // y: only for gradients
    int logarithm;
} task;

static void part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const task *t = context;
    ptrdiff_t at = begin * t->n * t->inner, outer = end - begin;
    if (t->dtype == LSK_FLOAT32) {
        float *out = (float *)t->out + at;
        const float *x = (const float *)t->x + at;
        if (t->y) gradient_f32(outer, t->n, t->inner, out, x, (const float *)t->y + at, t->logarithm);
        else softmax_f32(outer, t->n, t->inner, out, x, t->logarithm);
    } else {
        double *out = (double *)t->out + at;
        const double *x = (const double *)t->x + at;
        if (t->y) gradient_f64(outer, t->n, t->inner, out, x, (const double *)t->y + at, t->logarithm);
        else softmax_f64(outer, t->n, t->inner, out, x, t->logarithm);
    }
}

static void run(ptrdiff_t outer, task t) {
    if (t.n == 0 || t.inner == 0) return;
    if (t.dtype != LSK_FLOAT32 && t.dtype != LSK_FLOAT64) lsk_unsupported("softmax", t.dtype);
    lsk_parallel(outer, (LSK_ELEMENT_GRAIN + t.n * t.inner - 1) / (t.n * t.inner), part, &t);
}

void lsk_softmax(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, void *out, const void *in,
                 int logarithm) {
    run(outer, (task){dtype, n, inner, out, in, NULL, logarithm});
}

void lsk_softmax_gradient(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, void *dx, const void *dy,
                          const void *y, int logarithm) {
    run(outer, (task){dtype, n, inner, dx, dy, y, logarithm});
}
