// SPDX-License-Identifier: Apache-2.0
// The oneDNN engine's entry points. Each returns 0 when oneDNN has no fast kernel for the shape, or is not built in.
#pragma once
#include "lsk_convolution.h"

int lsk_onednn_forward(const lsk_convolution *c, const float *x, const float *w, const float *bias, float *y);
int lsk_onednn_backward_data(const lsk_convolution *c, const float *dy, const float *w, float *dx);
int lsk_onednn_backward_weight(const lsk_convolution *c, const float *x, const float *dy, float *dw, float beta);
