// SPDX-License-Identifier: Apache-2.0
// One convolution by one engine, for the code that runs it and the code that chooses.
#pragma once
#include "lsk_convolution.h"

/// A call. Forward: x, w, bias to y; data: dy, w to dx; weight: x, dy to dw.
typedef struct lsk_convolution_call {
    const lsk_convolution *_Nonnull c;
    lsk_convolution_way way;
    const void *_Nonnull first, *_Nonnull second, *_Nullable bias;
    void *_Nonnull out;
    float beta;
} lsk_convolution_call;

/// Computes in float32; 0, with nothing written, where the engine does not serve the shape.
int lsk_run_convolution(const lsk_convolution_call *_Nonnull k, lsk_convolution_engine engine);
/// By patches, in float32 or float64; serves every shape.
void lsk_run_im2col(const lsk_convolution_call *_Nonnull k, lsk_dtype dtype);
