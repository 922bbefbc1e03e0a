// SPDX-License-Identifier: Apache-2.0
// Sharing a kernel's work out over the threads of a rank.
#pragma once
#include "lsk_context.h"

/// Some of the work: what is numbered `begin` ..< `end`.
typedef void (*lsk_part)(void *_Nullable context, ptrdiff_t begin, ptrdiff_t end);

/// Runs `part` over 0 ..< `count`, cut into as many stretches as the rank has threads. Stretches are multiples of `grain`
/// long, the last one but for its end; what is worth less than one grain is one call on the calling thread.
///
/// Which thread runs which stretch is not known. A caller's result must not depend on where the cuts are: cut over rows
/// or columns, never over what is summed. Inside a part, and while another thread's parts run, it is one plain call.
void lsk_parallel(ptrdiff_t count, ptrdiff_t grain, lsk_part _Nonnull part, void *_Nullable context);

/// Numbers that are worth a second thread where each costs a few instructions; a thread is there within 1 µs.
enum { LSK_ELEMENT_GRAIN = 16384 };
/// So many rows of that many numbers each are worth one.
static inline ptrdiff_t lsk_row_grain(ptrdiff_t width) { return LSK_ELEMENT_GRAIN / (width > 0 ? width : 1) + 1; }
/// Multiply-adds of a product or a convolution that are worth one.
enum { LSK_LEAST_SHARED = 1 << 20 };
