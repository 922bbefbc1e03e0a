// SPDX-License-Identifier: Apache-2.0
// Rounding float32 to the values that a format of 16 bits has.
#pragma once
#include "lsk_types.h"

/// out = in rounded to IEEE half precision, ties to even; 65520 and more become infinite. `out` may be `in`.
void lsk_round_half(ptrdiff_t n, float *_Nonnull out, const float *_Nonnull in);
/// out = in rounded to bfloat16, ties to even. `out` may be `in`.
void lsk_round_bfloat16(ptrdiff_t n, float *_Nonnull out, const float *_Nonnull in);
