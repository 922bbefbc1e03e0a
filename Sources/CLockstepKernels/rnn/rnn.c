// SPDX-License-Identifier: Apache-2.0
// Recurrent layers: one product for the inputs of all steps, one product and one fused kernel per step.
#include "lsk_rnn.h"
#include "base/simd.h"
#include "base/vector_math.h"
#include "gemm/blas_parallel.h"
#include "gemm/sgemm.h"
#include "lsk_gemm.h"
#include "lsk_memory.h"
#include <string.h>

LSK_INLINE double sigmoid_f64(double x) { return 1 / (1 + exp(-x)); }

// In float64 nothing is packed: what lsk_packed_b is to float32, without the panels.
typedef struct {
    ptrdiff_t n, k, ldb;
    enum CBLAS_TRANSPOSE tb;
    const double *b;
} packed_b_f64;
static packed_b_f64 pack_b_f64(ptrdiff_t m, enum CBLAS_TRANSPOSE tb, ptrdiff_t n, ptrdiff_t k, const double *b,
                               ptrdiff_t ldb) {
    (void)m;
    return (packed_b_f64){n, k, ldb, tb, b};
}
static void multiply_f64(const packed_b_f64 *b, ptrdiff_t m, const double *a, ptrdiff_t lda, double beta, double *c,
                         ptrdiff_t ldc) {
    lsk_blas_dgemm(CblasNoTrans, b->tb, (int)m, (int)b->n, (int)b->k, 1, a, (int)lda, b->b, (int)b->ldb, beta, c,
                   (int)ldc);
}
static void release_b_f64(packed_b_f64 b) { (void)b; }

#define packed_b_f32 lsk_packed_b
#define pack_b_f32 lsk_sgemm_pack_b
#define multiply_f32 lsk_sgemm_packed_b
#define release_b_f32 lsk_sgemm_release_b

#define REAL float
#define SIGMOID vm_sigmoidf
#define TANH vm_tanhf
#define NAME(x) x##_f32
#include "rnn/rnn_typed.h"
#undef REAL
#undef SIGMOID
#undef TANH
#undef NAME
#define REAL double
#define SIGMOID sigmoid_f64
#define TANH tanh
#define NAME(x) x##_f64
#include "rnn/rnn_typed.h"

/// gates = x * input weights' + the biases, for all steps at once.
static void project(const lsk_recurrence *r, ptrdiff_t width, const void *bias, const void *other) {
    lsk_gemm g = {.dtype = r->dtype,
                  .m = r->steps * r->batch,
                  .n = width,
                  .k = r->inputs,
                  .transpose_b = 1,
                  .lda = r->inputs,
                  .ldb = r->inputs,
                  .ldc = r->row};
    void *sum = NULL;
    if (bias && other) {
        sum = lsk_allocate((size_t)width * sizeof(double));
        for (ptrdiff_t j = 0; j < width; j++)
            if (r->dtype == LSK_FLOAT32) ((float *)sum)[j] = ((const float *)bias)[j] + ((const float *)other)[j];
            else ((double *)sum)[j] = ((const double *)bias)[j] + ((const double *)other)[j];
    }
    lsk_epilogue e = {.bias = sum ? sum : bias ? bias : other};
    if (e.bias) lsk_matmul_epilogue(&g, r->x, r->input_weight, r->gates, &e);
    else lsk_matmul(&g, r->x, r->input_weight, r->gates);
    if (sum) lsk_release(sum);
}

void lsk_lstm_forward(const lsk_recurrence *r) {
    project(r, 4 * r->units, r->input_bias, r->hidden_bias);
    if (r->dtype == LSK_FLOAT32) lstm_forward_f32(r);
    else lstm_forward_f64(r);
}

void lsk_lstm_backward(const lsk_recurrence *r, const void *dy, void *dh, void *dc, void *dgates) {
    if (r->dtype == LSK_FLOAT32) lstm_backward_f32(r, dy, dh, dc, dgates);
    else lstm_backward_f64(r, dy, dh, dc, dgates);
}

void lsk_gru_forward(const lsk_recurrence *r) {
    project(r, 3 * r->units, r->input_bias, NULL);
    if (r->dtype == LSK_FLOAT32) gru_forward_f32(r);
    else gru_forward_f64(r);
}

void lsk_gru_backward(const lsk_recurrence *r, const void *dy, void *dh, void *dgates, void *dhidden) {
    if (r->dtype == LSK_FLOAT32) gru_backward_f32(r, dy, dh, dgates, dhidden);
    else gru_backward_f64(r, dy, dh, dgates, dhidden);
}
