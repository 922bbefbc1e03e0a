// SPDX-License-Identifier: Apache-2.0
// Walking several strided operands of one shape together, in the order of memory.
#include "lsk_iterator.h"
#include "base/simd.h"
#include "lsk_parallel.h"
#include <stdlib.h>

static void swap_axes(lsk_iterator *it, ptrdiff_t i, ptrdiff_t j) {
    ptrdiff_t t = it->shape[i];
    it->shape[i] = it->shape[j];
    it->shape[j] = t;
    for (ptrdiff_t k = 0; k < it->operands; k++) {
        t = it->strides[k][i];
        it->strides[k][i] = it->strides[k][j];
        it->strides[k][j] = t;
    }
}

/// Should axis i come before (outside) axis j? The output's strides decide, the inputs' break ties.
static int is_outer(const lsk_iterator *it, ptrdiff_t i, ptrdiff_t j) {
    for (ptrdiff_t k = 0; k < it->operands; k++) {
        ptrdiff_t a = labs(it->strides[k][i]), b = labs(it->strides[k][j]);
        if (a != b) return a > b;
    }
    return i < j;
}

void lsk_iterator_coalesce(lsk_iterator *it) {
    ptrdiff_t rank = 0;
    for (ptrdiff_t i = 0; i < it->rank; i++) {
        if (it->shape[i] == 1) continue;
        if (i != rank) swap_axes(it, i, rank);
        rank++;
    }
    for (ptrdiff_t i = 1; i < rank; i++)
        for (ptrdiff_t j = i; j > 0 && is_outer(it, j, j - 1); j--) swap_axes(it, j, j - 1);
    ptrdiff_t last = 0;
    for (ptrdiff_t i = 1; i < rank; i++) {
        int continues = 1;
        for (ptrdiff_t k = 0; k < it->operands; k++)
            continues &= it->strides[k][last] == it->strides[k][i] * it->shape[i];
        if (continues) {
            it->shape[last] *= it->shape[i];
            for (ptrdiff_t k = 0; k < it->operands; k++) it->strides[k][last] = it->strides[k][i];
        } else {
            last++;
            if (last != i) swap_axes(it, last, i);
        }
    }
    if (rank == 0) {
        it->shape[0] = 1;
        for (ptrdiff_t k = 0; k < it->operands; k++) it->strides[k][0] = 0;
    }
    it->rank = last + 1;
}

typedef struct {
    ptrdiff_t operands, size;
    char *const *data;
    const ptrdiff_t *strides;
    lsk_inner inner;
    const void *context;
} line;

static void part_of_line(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const line *l = context;
    char *data[4];
    for (ptrdiff_t k = 0; k < l->operands; k++) data[k] = l->data[k] + begin * l->strides[k] * l->size;
    l->inner(end - begin, data, l->strides, l->context);
}

void lsk_run_line(ptrdiff_t n, lsk_dtype dtype, ptrdiff_t operands, char *const *data, const ptrdiff_t *strides,
                  lsk_inner inner, const void *context) {
    if (n <= LSK_ELEMENT_GRAIN) return inner(n, data, strides, context);
    line l = {operands, lsk_element_size(dtype), data, strides, inner, context};
    lsk_parallel(n, LSK_ELEMENT_GRAIN, part_of_line, &l);
}

void lsk_iterator_run(const lsk_iterator *it, lsk_inner inner, const void *context) {
    ptrdiff_t inmost = it->rank - 1, n = it->shape[inmost];
    for (ptrdiff_t i = 0; i < it->rank; i++)
        if (it->shape[i] == 0) return;
    char *data[4];
    ptrdiff_t strides[4], index[LSK_MAX_RANK] = {0};
    for (ptrdiff_t k = 0; k < it->operands; k++) {
        data[k] = it->data[k];
        strides[k] = it->strides[k][inmost];
    }
    for (;;) {
        inner(n, data, strides, context);
        ptrdiff_t axis = inmost - 1;
        for (; axis >= 0; axis--) {
            for (ptrdiff_t k = 0; k < it->operands; k++) data[k] += it->strides[k][axis] * it->element_size[k];
            if (++index[axis] < it->shape[axis]) break;
            for (ptrdiff_t k = 0; k < it->operands; k++)
                data[k] -= it->strides[k][axis] * it->element_size[k] * it->shape[axis];
            index[axis] = 0;
        }
        if (axis < 0) return;
    }
}

void lsk_iterator_run_alike(const lsk_iterator *it, lsk_dtype dtype, lsk_inner inner, const void *context) {
    if (it->rank != 1) return lsk_iterator_run(it, inner, context);
    ptrdiff_t strides[4];
    for (ptrdiff_t k = 0; k < it->operands; k++) strides[k] = it->strides[k][0];
    lsk_run_line(it->shape[0], dtype, it->operands, it->data, strides, inner, context);
}
