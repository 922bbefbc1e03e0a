// SPDX-License-Identifier: Apache-2.0
// The interface above the convolution engines.
#include "lsk_convolution.h"
#include "im2col.h"

int lsk_has_onednn(void) { return 0; }
void lsk_set_convolution_engine(lsk_convolution_engine engine) { (void)engine; }
lsk_convolution_engine lsk_get_convolution_engine(void) { return LSK_ENGINE_BLAS; }

void lsk_convolution_forward(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *weight,
                             const void *bias, void *y) {
    lsk_im2col_forward(c, dtype, x, weight, bias, y);
}

void lsk_convolution_backward_data(const lsk_convolution *c, lsk_dtype dtype, const void *dy, const void *weight,
                                   void *dx) {
    lsk_im2col_backward_data(c, dtype, dy, weight, dx);
}

void lsk_convolution_backward_weight(const lsk_convolution *c, lsk_dtype dtype, const void *x, const void *dy, void *dw,
                                     float beta) {
    lsk_im2col_backward_weight(c, dtype, x, dy, dw, beta);
}
