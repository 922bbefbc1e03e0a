// SPDX-License-Identifier: Apache-2.0
// Reduction kernels: plain loops, vectorised by the compiler for each instruction set, one order of addition.
#include "cmpi_reduce.h"
#include <string.h>

// ifunc resolvers run before the thread sanitizer is ready.
#if defined(__x86_64__) && defined(__linux__) && !(defined(__has_feature) && __has_feature(thread_sanitizer))
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif

// A block of sums stays in the first-level cache until every destination has it.
enum { BLOCK = 2048 };

// The case of two ranks, without the detour over a block.
CLONES static void pair_in_place(float *a, float *b, float s, float t, ptrdiff_t n) {
#pragma clang loop vectorize(assume_safety)
    for (ptrdiff_t i = 0; i < n; ++i) {
        float v = s * a[i] + t * b[i];
        a[i] = v;
        b[i] = v;
    }
}

// Two streams side by side: read one after the other, block by block, each would lose the hardware's prefetching at every block.
CLONES static void pair_into(float *y, const float *a, const float *b, float s, float t, ptrdiff_t n) {
#pragma clang loop vectorize(assume_safety)
    for (ptrdiff_t i = 0; i < n; ++i) y[i] = s * a[i] + t * b[i];
}

CLONES static void scale_into(float *restrict y, const float *a, float s, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; ++i) y[i] = s * a[i];
}

CLONES static void add1(float *restrict y, const float *a, float s, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; ++i) y[i] += s * a[i];
}

CLONES static void add3(
    float *restrict y, const float *a, float s, const float *b, float t, const float *c, float u, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; ++i) {
        float v = y[i] + s * a[i];
        v += t * b[i];
        y[i] = v + u * c[i];
    }
}

void cmpi_weighted_sum(
    float *const *destinations, int destination_count, const float *const *sources, const float *scales, int source_count,
    ptrdiff_t count) {
    if (source_count == 2 && destination_count == 2 && sources[0] == destinations[0] && sources[1] == destinations[1]) {
        pair_in_place(destinations[0], destinations[1], scales[0], scales[1], count);
        return;
    }
    if (source_count == 2 && destination_count == 1) {
        pair_into(destinations[0], sources[0], sources[1], scales[0], scales[1], count);
        return;
    }
    _Alignas(64) float block[BLOCK];
    for (ptrdiff_t at = 0; at < count; at += BLOCK) {
        ptrdiff_t n = count - at < BLOCK ? count - at : BLOCK;
        if (source_count == 0) memset(block, 0, (size_t)n * sizeof(float));
        else scale_into(block, sources[0] + at, scales[0], n);
        int i = 1;
        for (; i + 3 <= source_count; i += 3)
            add3(block, sources[i] + at, scales[i], sources[i + 1] + at, scales[i + 1], sources[i + 2] + at, scales[i + 2], n);
        for (; i < source_count; ++i) add1(block, sources[i] + at, scales[i], n);
        for (int d = 0; d < destination_count; ++d) memcpy(destinations[d] + at, block, (size_t)n * sizeof(float));
    }
}

// Eight sums that the compiler may keep in one register: a fixed order whatever the instruction set.
CLONES double cmpi_sum_of_squares(const float *values, ptrdiff_t count) {
    double sums[8] = {0};
    ptrdiff_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (int k = 0; k < 8; ++k) sums[k] += (double)values[i + k] * (double)values[i + k];
    for (; i < count; ++i) sums[0] += (double)values[i] * (double)values[i];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

CLONES static void add_pair(float *restrict y, const float *a, const float *b, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

// Sum of sources[0 ..< count] at `at`, into `sum`; `spare` has room for one block per level below.
static void tree_block(float *sum, float *spare, const float *const *sources, int count, ptrdiff_t at, ptrdiff_t n) {
    if (count == 1) {
        memcpy(sum, sources[0] + at, (size_t)n * sizeof(float));
        return;
    }
    int half = 1;
    while (half * 2 < count) half *= 2;
    if (count == 2) {
        add_pair(sum, sources[0] + at, sources[1] + at, n);
        return;
    }
    tree_block(sum, spare + BLOCK, sources, half, at, n);
    tree_block(spare, spare + BLOCK, sources + half, count - half, at, n);
    add1(sum, spare, 1, n);
}

void cmpi_tree_sum(
    float *const *destinations, int destination_count, const float *const *sources, int source_count, ptrdiff_t count) {
    _Alignas(64) float blocks[8 * BLOCK];
    for (ptrdiff_t at = 0; at < count; at += BLOCK) {
        ptrdiff_t n = count - at < BLOCK ? count - at : BLOCK;
        tree_block(blocks, blocks + BLOCK, sources, source_count, at, n);
        for (int d = 0; d < destination_count; ++d) memcpy(destinations[d] + at, blocks, (size_t)n * sizeof(float));
    }
}

#define COMBINE(NAME, T, EXPRESSION)                                                                        \
    CLONES static void NAME(T *restrict y, const T *a, ptrdiff_t n) {                                       \
        for (ptrdiff_t i = 0; i < n; ++i) {                                                                 \
            T p = y[i], q = a[i];                                                                           \
            y[i] = EXPRESSION;                                                                              \
        }                                                                                                   \
    }
// A NaN on any rank must reach all of them: comparisons alone would drop it.
#define COMBINE_FLOAT(SUFFIX, T)                                                                            \
    COMBINE(sum_##SUFFIX, T, p + q)                                                                         \
    COMBINE(min_##SUFFIX, T, (q < p || q != q) ? q : p)                                                     \
    COMBINE(max_##SUFFIX, T, (q > p || q != q) ? q : p)
#define COMBINE_INTEGER(SUFFIX, T)                                                                          \
    COMBINE(min_##SUFFIX, T, q < p ? q : p)                                                                 \
    COMBINE(max_##SUFFIX, T, q > p ? q : p)

COMBINE_FLOAT(f32, float)
COMBINE_FLOAT(f64, double)
COMBINE(sum_u64, uint64_t, p + q)  // wraps, signed or not
COMBINE_INTEGER(i64, int64_t)
COMBINE_INTEGER(u64, uint64_t)

// Min and max of floats: q != q and p != p must both survive; p NaN makes both comparisons false and keeps p.
static void combine_step(void *y, const void *a, ptrdiff_t n, int type, int operation) {
    switch (type * 3 + operation) {
        case CMPI_FLOAT32 * 3 + CMPI_SUM: sum_f32(y, a, n); break;
        case CMPI_FLOAT32 * 3 + CMPI_MIN: min_f32(y, a, n); break;
        case CMPI_FLOAT32 * 3 + CMPI_MAX: max_f32(y, a, n); break;
        case CMPI_FLOAT64 * 3 + CMPI_SUM: sum_f64(y, a, n); break;
        case CMPI_FLOAT64 * 3 + CMPI_MIN: min_f64(y, a, n); break;
        case CMPI_FLOAT64 * 3 + CMPI_MAX: max_f64(y, a, n); break;
        case CMPI_INT64 * 3 + CMPI_SUM:
        case CMPI_UINT64 * 3 + CMPI_SUM: sum_u64(y, a, n); break;
        case CMPI_INT64 * 3 + CMPI_MIN: min_i64(y, a, n); break;
        case CMPI_INT64 * 3 + CMPI_MAX: max_i64(y, a, n); break;
        case CMPI_UINT64 * 3 + CMPI_MIN: min_u64(y, a, n); break;
        case CMPI_UINT64 * 3 + CMPI_MAX: max_u64(y, a, n); break;
    }
}

void cmpi_combine(void *destination, const void *const *sources, int source_count, ptrdiff_t count, int type, int operation) {
    static const size_t sizes[] = {4, 8, 8, 8, 1};
    size_t width = sizes[type];
    _Alignas(64) char block[BLOCK * 8];
    for (ptrdiff_t at = 0; at < count; at += BLOCK) {
        ptrdiff_t n = count - at < BLOCK ? count - at : BLOCK;
        memcpy(block, (const char *)sources[0] + (size_t)at * width, (size_t)n * width);
        for (int i = 1; i < source_count; ++i)
            combine_step(block, (const char *)sources[i] + (size_t)at * width, n, type, operation);
        memcpy((char *)destination + (size_t)at * width, block, (size_t)n * width);
    }
}
