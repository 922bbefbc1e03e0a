// SPDX-License-Identifier: Apache-2.0
// Who computes what our own kernels leave: OpenBLAS, or the portable products where it is not built in or not wanted.
#pragma once
#include "gemm/portable.h"
#include "lsk_processor.h"

// One thread, row-major only. `name` (sgemm, dgemm, sgemv, dgemv) and its arguments, as in cblas.h.
#ifdef LSK_OPENBLAS
#define LSK_BLAS(name, ...) (lsk_uses_openblas() ? cblas_##name(__VA_ARGS__) : lsk_portable_##name(__VA_ARGS__))
#else
#define LSK_BLAS(name, ...) lsk_portable_##name(__VA_ARGS__)
#endif
