// SPDX-License-Identifier: Apache-2.0
// The loops around the microkernels, on the calling thread, for processors with AVX-512.
#pragma once
#include "gemm/operand.h"
#include "lsk_epilogue.h"

#if defined(__x86_64__)
/// c = alpha * op(a) * op(b) + beta * c, then the epilogue unless that is NULL; `a` is op(a) by its rows, `b` op(b) by its
/// columns. Every element is one chain of fused multiply-adds per KC inner steps, whatever m and n are.
void lsk_sgemm_avx512(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_operand a, lsk_operand b, float beta,
                      float *_Nonnull c, ptrdiff_t ldc, const lsk_epilogue *_Nullable e);

/// All of op(b) [k, n] as packed B, to be given back by lsk_release.
float *_Nonnull lsk_sgemm_pack_b_avx512(ptrdiff_t n, ptrdiff_t k, lsk_operand b);
/// The columns `begin` ..< `end` of c = a [m, k] * packed B [k, n] + beta * c, with the bits of lsk_sgemm_avx512; `begin` is
/// a multiple of NR.
void lsk_sgemm_packed_b_avx512(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *_Nonnull a, ptrdiff_t lda,
                               const float *_Nonnull panels, float beta, float *_Nonnull c, ptrdiff_t ldc,
                               ptrdiff_t begin, ptrdiff_t end);
#endif
