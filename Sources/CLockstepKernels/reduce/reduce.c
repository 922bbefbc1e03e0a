// SPDX-License-Identifier: Apache-2.0
// Reductions over any set of axes of any layout.
//
// Axes are split into kept and reduced ones and merged. Where the input's unit stride is a kept axis, rows are added to a
// block of accumulators ("columns"); where it is a reduced axis, a line is folded to 64 columns first, so that one
// vectorised loop serves both.
#include "lsk_reduce.h"
#include "base/simd.h"
#include <math.h>
#include <stdlib.h>

enum { WIDTH = 2048, FOLD = 64 };

/// The reduced axes of one output, outermost first.
typedef struct axes {
    ptrdiff_t rank, shape[LSK_MAX_RANK], strides[LSK_MAX_RANK];
} axes;

/// Reduces to `w` outputs: out[j * out_stride] from in[j * column_stride + any index of the reduced axes].
typedef void (*block_kernel)(ptrdiff_t w, ptrdiff_t column_stride, const axes *reduced, const char *in, char *out,
                             ptrdiff_t out_stride, double scale);

#define ADD(a, x) ((a) + (x))
#define TIMES(a, x) ((a) * (x))
#define SAME(x) (x)
#define SQUARED(x) ((x) * (x))
#define MAGNITUDE(x) ((x) < 0 ? -(x) : (x))
#define SCALED(a) ((a) * scale)
#define UNSCALED(a) ((void)scale, a)

// T input, A accumulator, O output; LOAD maps an element (already an A), JOIN combines, EMPTY is the identity.
#define REDUCTION(CLONES, NAME, T, A, O, LOAD, JOIN, EMPTY, FINISH)                                                   \
    /* acc[j] joins `rows` rows of `w` elements */                                                                    \
    CLONES static void NAME##_rows(A *restrict acc, ptrdiff_t w, ptrdiff_t step, const T *restrict in,                \
                                     ptrdiff_t rows, ptrdiff_t row_stride) {                                          \
        ptrdiff_t r = 0;                                                                                              \
        if (step == 1) {                                                                                              \
            for (; r + 4 <= rows; r += 4, in += 4 * row_stride) {                                                     \
                const T *a = in, *b = in + row_stride, *c = b + row_stride, *d = c + row_stride;                      \
                for (ptrdiff_t j = 0; j < w; j++) {                                                                   \
                    A p = LOAD((A)a[j]), q = LOAD((A)b[j]), s = LOAD((A)c[j]), t = LOAD((A)d[j]);                     \
                    A u = JOIN(p, q), v = JOIN(s, t), x = JOIN(u, v), y = acc[j];                                     \
                    acc[j] = JOIN(y, x);                                                                              \
                }                                                                                                     \
            }                                                                                                         \
            for (; r < rows; r++, in += row_stride)                                                                   \
                for (ptrdiff_t j = 0; j < w; j++) {                                                                   \
                    A x = LOAD((A)in[j]), y = acc[j];                                                                 \
                    acc[j] = JOIN(y, x);                                                                              \
                }                                                                                                     \
        } else {                                                                                                      \
            for (; r < rows; r++, in += row_stride)                                                                   \
                for (ptrdiff_t j = 0; j < w; j++) {                                                                   \
                    A x = LOAD((A)in[j * step]), y = acc[j];                                                          \
                    acc[j] = JOIN(y, x);                                                                              \
                }                                                                                                     \
        }                                                                                                             \
    }                                                                                                                 \
    LSK_INLINE A NAME##_line(A start, const T *in, ptrdiff_t n, ptrdiff_t step) {                                     \
        A acc = start;                                                                                                \
        ptrdiff_t i = 0;                                                                                              \
        if (step == 1 && n >= 2 * FOLD) {                                                                             \
            A lanes[FOLD];                                                                                            \
            for (ptrdiff_t j = 0; j < FOLD; j++) lanes[j] = EMPTY;                                                    \
            NAME##_rows(lanes, FOLD, 1, in, n / FOLD, FOLD);                                                          \
            for (ptrdiff_t half = FOLD / 2; half > 0; half /= 2)                                                      \
                for (ptrdiff_t j = 0; j < half; j++) {                                                                \
                    A x = lanes[j + half], y = lanes[j];                                                              \
                    lanes[j] = JOIN(y, x);                                                                            \
                }                                                                                                     \
            acc = JOIN(acc, lanes[0]);                                                                                \
            i = n / FOLD * FOLD;                                                                                      \
        }                                                                                                             \
        for (; i + 4 <= n; i += 4) {                                                                                  \
            A p = LOAD((A)in[i * step]), q = LOAD((A)in[(i + 1) * step]);                                             \
            A s = LOAD((A)in[(i + 2) * step]), t = LOAD((A)in[(i + 3) * step]);                                       \
            A u = JOIN(p, q), v = JOIN(s, t), x = JOIN(u, v);                                                         \
            acc = JOIN(acc, x);                                                                                       \
        }                                                                                                             \
        for (; i < n; i++) {                                                                                          \
            A x = LOAD((A)in[i * step]);                                                                              \
            acc = JOIN(acc, x);                                                                                       \
        }                                                                                                             \
        return acc;                                                                                                   \
    }                                                                                                                 \
    /* columns narrower than a vector, rows without gaps: several rows count as one wide one */                       \
    static ptrdiff_t NAME##_folded(A *acc, ptrdiff_t w, const T *in, ptrdiff_t rows) {                                \
        ptrdiff_t m = FOLD / w, wide = m * w, done = rows / m;                                                        \
        A lanes[FOLD];                                                                                                \
        for (ptrdiff_t j = 0; j < wide; j++) lanes[j] = EMPTY;                                                        \
        NAME##_rows(lanes, wide, 1, in, done, wide);                                                                  \
        for (ptrdiff_t j = 0; j < wide; j++) {                                                                        \
            A y = acc[j % w];                                                                                         \
            acc[j % w] = JOIN(y, lanes[j]);                                                                           \
        }                                                                                                             \
        return done * m;                                                                                              \
    }                                                                                                                 \
    static void NAME(ptrdiff_t w, ptrdiff_t step, const axes *reduced, const char *input, char *output,               \
                     ptrdiff_t out_stride, double scale) {                                                            \
        O *o = (O *)output;                                                                                           \
        const T *base = (const T *)input;                                                                             \
        ptrdiff_t last = reduced->rank - 1, n = reduced->shape[last], stride = reduced->strides[last];                \
        int lines = w == 1 || labs(stride) < labs(step);                                                              \
        if (lines && last == 0) {                                                                                     \
            for (ptrdiff_t j = 0; j < w; j++) {                                                                       \
                A a = NAME##_line(EMPTY, base + j * step, n, stride);                                                 \
                o[j * out_stride] = (O)FINISH(a);                                                                     \
            }                                                                                                         \
            return;                                                                                                   \
        }                                                                                                             \
        A acc[WIDTH];                                                                                                 \
        for (ptrdiff_t start = 0; start < w; start += WIDTH) {                                                        \
            ptrdiff_t m = lsk_min(w - start, WIDTH);                                                                  \
            const T *in = base + start * step;                                                                        \
            for (ptrdiff_t j = 0; j < m; j++) acc[j] = EMPTY;                                                         \
            ptrdiff_t index[LSK_MAX_RANK] = {0}, axis;                                                                \
            do {                                                                                                      \
                if (lines) {                                                                                          \
                    for (ptrdiff_t j = 0; j < m; j++) acc[j] = NAME##_line(acc[j], in + j * step, n, stride);         \
                } else {                                                                                              \
                    ptrdiff_t done = 0;                                                                               \
                    if (step == 1 && stride == m && m <= FOLD / 2 && n >= 2 * FOLD)                                   \
                        done = NAME##_folded(acc, m, in, n);                                                          \
                    NAME##_rows(acc, m, step, in + done * stride, n - done, stride);                                  \
                }                                                                                                     \
                for (axis = last - 1; axis >= 0; axis--) {                                                            \
                    in += reduced->strides[axis];                                                                     \
                    if (++index[axis] < reduced->shape[axis]) break;                                                  \
                    in -= reduced->strides[axis] * reduced->shape[axis];                                              \
                    index[axis] = 0;                                                                                  \
                }                                                                                                     \
            } while (axis >= 0);                                                                                      \
            for (ptrdiff_t j = 0; j < m; j++) o[(start + j) * out_stride] = (O)FINISH(acc[j]);                        \
        }                                                                                                             \
    }

#define ONE_VERSION
#define FLOATING(S, T)                                                                                                \
    REDUCTION(LSK_SIMD, sum_##S, T, double, T, SAME, ADD, 0.0, SCALED)                                                \
    REDUCTION(LSK_SIMD, squares_##S, T, double, T, SQUARED, ADD, 0.0, SCALED)                                         \
    REDUCTION(LSK_SIMD, magnitudes_##S, T, double, T, MAGNITUDE, ADD, 0.0, SCALED)                                    \
    REDUCTION(LSK_SIMD, product_##S, T, double, T, SAME, TIMES, 1.0, SCALED)                                          \
    REDUCTION(LSK_SIMD, max_##S, T, T, T, SAME, LSK_GREATER, (T) - INFINITY, UNSCALED)                                \
    REDUCTION(LSK_SIMD, min_##S, T, T, T, SAME, LSK_LESSER, (T)INFINITY, UNSCALED)                                    \
    REDUCTION(LSK_SIMD, max_abs_##S, T, T, T, MAGNITUDE, LSK_GREATER, (T)0, UNSCALED)                                 \
    static const block_kernel table_##S[] = {sum_##S, squares_##S, magnitudes_##S, product_##S,                       \
                                             max_##S, min_##S,     max_abs_##S};
#define INTEGER(S, T, LOW, HIGH)                                                                                      \
    REDUCTION(ONE_VERSION, sum_##S, T, int64_t, int64_t, SAME, ADD, 0, UNSCALED)                                      \
    REDUCTION(ONE_VERSION, product_##S, T, int64_t, int64_t, SAME, TIMES, 1, UNSCALED)                                \
    REDUCTION(ONE_VERSION, max_##S, T, T, T, SAME, LSK_GREATER, LOW, UNSCALED)                                        \
    REDUCTION(ONE_VERSION, min_##S, T, T, T, SAME, LSK_LESSER, HIGH, UNSCALED)                                        \
    static const block_kernel table_##S[] = {sum_##S, NULL, NULL, product_##S, max_##S, min_##S, NULL};
FLOATING(f32, float)
FLOATING(f64, double)
INTEGER(i32, int32_t, INT32_MIN, INT32_MAX)
INTEGER(i64, int64_t, INT64_MIN, INT64_MAX)
INTEGER(u8, uint8_t, 0, UINT8_MAX)

static block_kernel kernel_of(lsk_reduce_op op, lsk_dtype dtype) {
    switch (dtype) {
    case LSK_FLOAT32: return table_f32[op];
    case LSK_FLOAT64: return table_f64[op];
    case LSK_INT32: return table_i32[op];
    case LSK_INT64: return table_i64[op];
    case LSK_UINT8:
    case LSK_BOOL: return table_u8[op];
    default: lsk_unsupported("reduction", dtype);
    }
}

/// Orders axes by the input's strides, largest first, and merges those that continue each other. `out` may be NULL.
static void merge(axes *in, ptrdiff_t *out) {
    for (ptrdiff_t i = 1; i < in->rank; i++)
        for (ptrdiff_t j = i; j > 0 && labs(in->strides[j]) > labs(in->strides[j - 1]); j--) {
            ptrdiff_t t = in->shape[j];
            in->shape[j] = in->shape[j - 1], in->shape[j - 1] = t;
            t = in->strides[j], in->strides[j] = in->strides[j - 1], in->strides[j - 1] = t;
            if (out) t = out[j], out[j] = out[j - 1], out[j - 1] = t;
        }
    ptrdiff_t last = 0;
    for (ptrdiff_t i = 1; i < in->rank; i++) {
        int continues =
            in->strides[last] == in->strides[i] * in->shape[i] && (!out || out[last] == out[i] * in->shape[i]);
        if (continues) {
            in->shape[last] *= in->shape[i];
        } else {
            last++;
            in->shape[last] = in->shape[i];
        }
        in->strides[last] = in->strides[i];
        if (out) out[last] = out[i];
    }
    if (in->rank > 0) in->rank = last + 1;
}

void lsk_reduce(lsk_reduce_op op, lsk_dtype dtype, lsk_iterator *it, double scale) {
    axes kept = {0}, reduced = {0};
    ptrdiff_t out[LSK_MAX_RANK] = {0};
    for (ptrdiff_t i = 0; i < it->rank; i++) {
        if (it->shape[i] == 1) continue;
        axes *list = it->strides[0][i] == 0 ? &reduced : &kept;
        if (list == &kept) {
            if (it->shape[i] == 0) return;
            out[kept.rank] = it->strides[0][i];
        }
        list->shape[list->rank] = it->shape[i];
        list->strides[list->rank++] = it->strides[1][i];
    }
    merge(&kept, out);
    merge(&reduced, NULL);
    if (reduced.rank == 0) reduced.rank = reduced.shape[0] = 1;
    for (ptrdiff_t i = 0; i < reduced.rank; i++)
        if (reduced.shape[i] == 0) reduced.rank = 1, reduced.shape[0] = 0, reduced.strides[0] = 1;
    if (kept.rank == 0) kept.rank = kept.shape[0] = 1;

    block_kernel kernel = kernel_of(op, dtype);
    ptrdiff_t last = kept.rank - 1, index[LSK_MAX_RANK] = {0}, axis;
    const char *in = it->data[1];
    char *o = it->data[0];
    do {
        kernel(kept.shape[last], kept.strides[last], &reduced, in, o, out[last], scale);
        for (axis = last - 1; axis >= 0; axis--) {
            in += kept.strides[axis] * it->element_size[1];
            o += out[axis] * it->element_size[0];
            if (++index[axis] < kept.shape[axis]) break;
            in -= kept.strides[axis] * it->element_size[1] * kept.shape[axis];
            o -= out[axis] * it->element_size[0] * kept.shape[axis];
            index[axis] = 0;
        }
    } while (axis >= 0);
}

#define BEATS_MAX(x, best) ((x) > (best) || ((x) != (x) && (best) == (best)))
#define BEATS_MIN(x, best) ((x) < (best) || ((x) != (x) && (best) == (best)))
#define ARGMAX(CLONES, NAME, T, BEATS)                                                                                \
    CLONES static void NAME(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, int64_t *out, const T *in) {               \
        T best[FOLD];                                                                                                 \
        for (ptrdiff_t i = 0; i < outer; i++, in += n * inner, out += inner) {                                        \
            if (inner == 1) {                                                                                         \
                T top = in[0];                                                                                        \
                ptrdiff_t at = 0, k = 1;                                                                              \
                if (n >= 4 * FOLD) { /* greatest value first, with vectors; then its first place */                   \
                    for (ptrdiff_t j = 0; j < FOLD; j++) best[j] = in[j];                                             \
                    for (k = FOLD; k + FOLD <= n; k += FOLD)                                                          \
                        for (ptrdiff_t j = 0; j < FOLD; j++) best[j] = BEATS(in[k + j], best[j]) ? in[k + j] : best[j]; \
                    top = best[0];                                                                                    \
                    for (ptrdiff_t j = 1; j < FOLD; j++) top = BEATS(best[j], top) ? best[j] : top;                   \
                    for (; at < k && !(in[at] == top || (in[at] != in[at] && top != top)); at++) {}                   \
                }                                                                                                     \
                for (; k < n; k++)                                                                                    \
                    if (BEATS(in[k], top)) top = in[k], at = k;                                                       \
                *out = at;                                                                                            \
                continue;                                                                                             \
            }                                                                                                         \
            for (ptrdiff_t start = 0; start < inner; start += FOLD) {                                                 \
                ptrdiff_t w = lsk_min(inner - start, FOLD);                                                           \
                int64_t at[FOLD];                                                                                     \
                for (ptrdiff_t j = 0; j < w; j++) best[j] = in[start + j], at[j] = 0;                                 \
                for (ptrdiff_t r = 1; r < n; r++) {                                                                   \
                    const T *row = in + r * inner + start;                                                            \
                    for (ptrdiff_t j = 0; j < w; j++) {                                                               \
                        T x = row[j], y = best[j];                                                                    \
                        int wins = BEATS(x, y);                                                                       \
                        best[j] = wins ? x : y;                                                                       \
                        at[j] = wins ? r : at[j];                                                                     \
                    }                                                                                                 \
                }                                                                                                     \
                for (ptrdiff_t j = 0; j < w; j++) out[start + j] = at[j];                                             \
            }                                                                                                         \
        }                                                                                                             \
    }
#define ARG_FAMILY(CLONES, S, T) ARGMAX(CLONES, argmax_##S, T, BEATS_MAX) ARGMAX(CLONES, argmin_##S, T, BEATS_MIN)
ARG_FAMILY(LSK_SIMD, f32, float)
ARG_FAMILY(LSK_SIMD, f64, double)
ARG_FAMILY(ONE_VERSION, i32, int32_t)
ARG_FAMILY(ONE_VERSION, i64, int64_t)
ARG_FAMILY(ONE_VERSION, u8, uint8_t)

void lsk_argmax(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, int64_t *out, const void *in,
                int smallest) {
    switch (dtype) {
    case LSK_FLOAT32: return (smallest ? argmin_f32 : argmax_f32)(outer, n, inner, out, in);
    case LSK_FLOAT64: return (smallest ? argmin_f64 : argmax_f64)(outer, n, inner, out, in);
    case LSK_INT32: return (smallest ? argmin_i32 : argmax_i32)(outer, n, inner, out, in);
    case LSK_INT64: return (smallest ? argmin_i64 : argmax_i64)(outer, n, inner, out, in);
    case LSK_UINT8:
    case LSK_BOOL: return (smallest ? argmin_u8 : argmax_u8)(outer, n, inner, out, in);
    default: lsk_unsupported("argmax", dtype);
    }
}
