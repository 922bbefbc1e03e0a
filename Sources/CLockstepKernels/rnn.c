// SPDX-License-Identifier: Apache-2.0
// Recurrent layers: one product for the inputs of all steps, one product and one fused kernel per step.
#include "lsk_rnn.h"
#include "lsk_memory.h"
#include "vector_math.h"
#include "sgemm.h"
#include <string.h>

LSK_INLINE double sigmoid_f64(double x) { return 1 / (1 + exp(-x)); }

#define REAL float
#define GEMM lsk_sgemm
#define SIGMOID vm_sigmoidf
#define TANH vm_tanhf
#define NAME(x) x##_f32
#include "rnn_typed.h"
#undef REAL
#undef GEMM
#undef SIGMOID
#undef TANH
#undef NAME
#define REAL double
#define GEMM cblas_dgemm
#define SIGMOID sigmoid_f64
#define TANH tanh
#define NAME(x) x##_f64
#include "rnn_typed.h"

void lsk_lstm_forward(const lsk_recurrence *r) {
    if (r->dtype == LSK_FLOAT32) lstm_forward_f32(r);
    else lstm_forward_f64(r);
}

void lsk_lstm_backward(const lsk_recurrence *r, const void *dy, void *dh, void *dc, void *dgates) {
    if (r->dtype == LSK_FLOAT32) lstm_backward_f32(r, dy, dh, dc, dgates);
    else lstm_backward_f64(r, dy, dh, dc, dgates);
}

void lsk_gru_forward(const lsk_recurrence *r) {
    if (r->dtype == LSK_FLOAT32) gru_forward_f32(r);
    else gru_forward_f64(r);
}

void lsk_gru_backward(const lsk_recurrence *r, const void *dy, void *dh, void *dgates, void *dhidden) {
    if (r->dtype == LSK_FLOAT32) gru_backward_f32(r, dy, dh, dgates, dhidden);
    else gru_backward_f64(r, dy, dh, dgates, dhidden);
}
