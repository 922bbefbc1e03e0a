// SPDX-License-Identifier: Apache-2.0
// Copies of operands in the order in which the microkernels read them; places are aligned as lsk_allocate's are.
#pragma once
#include "gemm/blocking.h"
#include "gemm/operand.h"

/// Packed B: `count` lines as panels of NR, the last of LANES where that is enough, zero beyond the last line; panel j
/// starts at j * k. A panel is [k, NR].
void lsk_pack_b(lsk_operand b, ptrdiff_t k, ptrdiff_t count, float *_Nonnull panels);
/// Packed A: `count` lines that lie side by side, as tiles of MR; tile t starts at t * KC * LANES and is [k, LANES].
void lsk_pack_a(lsk_operand a, ptrdiff_t k, ptrdiff_t count, float *_Nonnull tiles);
/// One panel or tile, [k, vectors * LANES], of at most `count` lines whose inner axis is dense: transposed in registers.
void lsk_pack_transposed(lsk_operand x, ptrdiff_t k, ptrdiff_t count, int vectors, float *_Nonnull panel);
