// SPDX-License-Identifier: Apache-2.0
// The portable products: sizes of blocks and the choice of element type.
#include "gemm/portable.h"
#include "base/simd.h"
#include "lsk_memory.h"
#include <string.h>

// Six rows of one vector each and a vector of the right operand fill the sixteen registers of AVX2; a packed block of the left
// operand (96 × 256) lies in the second-level cache, one of the right (256 × 512) in the third.
enum { MR = 6, MC = 96, KC = 256, NC = 512 };

#define REAL float
#define NAME(x) x##_f32
#define lsk_portable_f32 lsk_portable_sgemm
#define lsk_portable_vector_f32 lsk_portable_sgemv
#include "gemm/portable_typed.h"
#undef REAL
#undef NAME
#define REAL double
#define NAME(x) x##_f64
#define lsk_portable_f64 lsk_portable_dgemm
#define lsk_portable_vector_f64 lsk_portable_dgemv
#include "gemm/portable_typed.h"
