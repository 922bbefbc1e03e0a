// SPDX-License-Identifier: Apache-2.0
// The OpenBLAS engine's entry points, for the code that chooses between engines.
#pragma once
#include "lsk_convolution.h"

void lsk_im2col_forward(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *w, const void *bias,
                        void *y);
void lsk_im2col_backward_data(const lsk_convolution *c, lsk_dtype dtype, const void *dy, const void *w, void *dx);
void lsk_im2col_backward_weight(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *dy, void *dw,
                                float beta);
