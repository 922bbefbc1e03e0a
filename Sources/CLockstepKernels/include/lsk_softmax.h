// SPDX-License-Identifier: Apache-2.0
// Softmax and its logarithm along one axis.
#pragma once
#include "lsk_types.h"

/// Memory is [outer, n, inner]; the middle axis is normalised. float32 and float64. `logarithm` gives log softmax.
void lsk_softmax(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, void *_Nonnull out,
                 const void *_Nonnull in, int logarithm);
/// dx from dy and the result y: y (dy - sum(dy y)), or dy - e^y sum(dy) for the logarithm.
void lsk_softmax_gradient(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, void *_Nonnull dx,
                          const void *_Nonnull dy, const void *_Nonnull y, int logarithm);
