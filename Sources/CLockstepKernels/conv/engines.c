// SPDX-License-Identifier: Apache-2.0
// Runs one convolution by one engine.
#include "conv/engines.h"
#include "conv/direct.h"
#include "conv/im2col.h"
#include "conv/onednn.h"

static int run_onednn(const lsk_convolution_call *k) {
    switch (k->way) {
    case LSK_FORWARD: return lsk_onednn_forward(k->c, k->first, k->second, k->bias, k->out);
    case LSK_BACKWARD_DATA: return lsk_onednn_backward_data(k->c, k->first, k->second, k->out);
    default: return lsk_onednn_backward_weight(k->c, k->first, k->second, k->out, k->beta);
    }
}

void lsk_run_im2col(const lsk_convolution_call *k, lsk_dtype dtype) {
    switch (k->way) {
    case LSK_FORWARD: lsk_im2col_forward(k->c, dtype, k->first, k->second, k->bias, k->out); break;
    case LSK_BACKWARD_DATA: lsk_im2col_backward_data(k->c, dtype, k->first, k->second, k->out); break;
    default: lsk_im2col_backward_weight(k->c, dtype, k->first, k->second, k->out, k->beta);
    }
}

static int run_direct(const lsk_convolution_call *k) {
    if (!lsk_direct_fits(k->c)) return 0;
    switch (k->way) {
    case LSK_FORWARD: lsk_direct_forward(k->c, k->first, k->second, k->bias, k->out); break;
    case LSK_BACKWARD_DATA: lsk_direct_backward_data(k->c, k->first, k->second, k->out); break;
    default: lsk_direct_backward_weight(k->c, k->first, k->second, k->out, k->beta);
    }
    return 1;
}

int lsk_run_convolution(const lsk_convolution_call *k, lsk_convolution_engine engine) {
    switch (engine) {
    case LSK_ENGINE_ONEDNN: return run_onednn(k);
    case LSK_ENGINE_DIRECT: return run_direct(k);
    default: lsk_run_im2col(k, LSK_FLOAT32); return 1;
    }
}
