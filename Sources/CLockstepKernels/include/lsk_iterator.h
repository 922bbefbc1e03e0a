// SPDX-License-Identifier: Apache-2.0
// Walking several strided operands of one shape together, in the order of memory.
#pragma once
#include "lsk_types.h"

/// Up to four operands of one (broadcast) shape. Operand 0 is the output. Strides count elements; 0 repeats an element.
typedef struct lsk_iterator {
    ptrdiff_t rank;
    ptrdiff_t operands;
    ptrdiff_t shape[LSK_MAX_RANK];
    ptrdiff_t strides[4][LSK_MAX_RANK];
    char *_Nullable data[4];
    ptrdiff_t element_size[4];
} lsk_iterator;

/// One run along the innermost axis: `n` elements, a pointer and a stride per operand.
typedef void (*lsk_inner)(ptrdiff_t n, char *_Nonnull const *_Nonnull data, const ptrdiff_t *_Nonnull strides,
                          const void *_Nullable context);

/// Drops axes of size 1, orders axes by the output's strides and merges those that continue each other.
void lsk_iterator_coalesce(lsk_iterator *_Nonnull it);
/// Calls `inner` for one run of `n` elements of `dtype` and up to four operands, shared out over the threads of the rank:
/// what becomes of an element must not depend on the others.
void lsk_run_line(ptrdiff_t n, lsk_dtype dtype, ptrdiff_t operands, char *_Nonnull const *_Nonnull data,
                  const ptrdiff_t *_Nonnull strides, lsk_inner _Nonnull inner, const void *_Nullable context);
/// Calls `inner` for every run. The iterator must have been coalesced.
void lsk_iterator_run(const lsk_iterator *_Nonnull it, lsk_inner _Nonnull inner, const void *_Nullable context);
/// The same for operands of one type, by lsk_run_line where there is a single run.
void lsk_iterator_run_alike(const lsk_iterator *_Nonnull it, lsk_dtype dtype, lsk_inner _Nonnull inner,
                            const void *_Nullable context);
