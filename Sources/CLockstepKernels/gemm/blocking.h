// SPDX-License-Identifier: Apache-2.0
// How a float32 product is cut, with the names of BLIS: a microtile of MR x NR stays in registers, blocks stay in caches.
#pragma once
#include "base/simd.h"

// NR: two vectors. A packed block of B, KC x NC, is at most 512 kB and stays in the L2 cache; one of A, MC x KC, takes 128 kB.
enum { MR = 12, NR = 2 * LANES, KC = 256, NC = 512, MC = 8 * MR };

/// X(1, V) ... X(MR, V): there is a kernel for every height of a microtile, so that none computes rows that do not exist.
#define LSK_EACH_HEIGHT(X, V) X(1, V) X(2, V) X(3, V) X(4, V) X(5, V) X(6, V) X(7, V) X(8, V) X(9, V) X(10, V) X(11, V) X(12, V)

/// Whether c' = b' a' is computed instead of c = a b: the smaller operand is packed, and it is the right one that is.
/// Packing costs its size; transposing microtiles on their way out about twice theirs (measured).
LSK_INLINE int lsk_gemm_swaps(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) { return m * k + 2 * m * n < n * k; }
