// SPDX-License-Identifier: Apache-2.0
// The drivers on all threads of a rank, with the bits of one.
#pragma once
#include "gemm/operand.h"
#include "lsk_epilogue.h"

#if defined(__x86_64__)
/// As lsk_sgemm_avx512.
void lsk_sgemm_parallel(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_operand a, lsk_operand b, float beta,
                        float *_Nonnull c, ptrdiff_t ldc, const lsk_epilogue *_Nullable e);
/// c = a [m, k] * packed B [k, n] + beta * c.
void lsk_sgemm_packed_b_parallel(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *_Nonnull a, ptrdiff_t lda,
                                 const float *_Nonnull panels, float beta, float *_Nonnull c, ptrdiff_t ldc);
#endif
