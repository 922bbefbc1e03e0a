// SPDX-License-Identifier: Apache-2.0
// Attention: tile sizes and the choice of element type.
#include "lsk_attention.h"
#include "base/simd.h"
#include "base/vector_math.h"
#include "gemm/blas.h"
#include "gemm/sgemm.h"
#include "lsk_memory.h"
#include "lsk_parallel.h"
#include <string.h>

/// Query rows per tile: a tile of scores takes at most half of a core's second-level cache, with its gradient beside it.
static ptrdiff_t tile_of(const lsk_attention *a) {
    ptrdiff_t tile = (64 << 10) / (a->keys > 0 ? a->keys : 1);
    if (tile < 16) tile = 16;
    if (tile > 128) tile = 128;
    return lsk_min(tile, a->queries);
}

/// How many keys query `t` may see.
static ptrdiff_t visible(const lsk_attention *a, ptrdiff_t t) { return a->causal && t + 1 < a->keys ? t + 1 : a->keys; }

#define REAL float
#define GEMM lsk_sgemm
#define EXP vm_expf
#define LOG logf
#define NAME(x) x##_f32
#include "attention/attention_typed.h"
#undef REAL
#undef GEMM
#undef EXP
#undef LOG
#undef NAME
#define REAL double
#define GEMM(...) LSK_BLAS(dgemm, __VA_ARGS__)
#define EXP exp
#define LOG log
#define NAME(x) x##_f64
#include "attention/attention_typed.h"

// Problems are shared out over the threads: none knows of another.

static void forward_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const lsk_attention *a = context;
    if (a->dtype == LSK_FLOAT32) attend_f32(a, begin, end);
    else attend_f64(a, begin, end);
}

void lsk_attention_forward(const lsk_attention *a) { lsk_parallel(a->problems, 1, forward_part, (void *)a); }

typedef struct {
    const lsk_attention *a;
    lsk_rows dy, dq, dk, dv;
    void *dmask;
} backward;

static void backward_part(void *context, ptrdiff_t begin, ptrdiff_t end) {
    const backward *b = context;
    if (b->a->dtype == LSK_FLOAT32) attend_backward_f32(b->a, begin, end, b->dy, b->dq, b->dk, b->dv, b->dmask);
    else attend_backward_f64(b->a, begin, end, b->dy, b->dq, b->dk, b->dv, b->dmask);
}

void lsk_attention_backward(const lsk_attention *a, lsk_rows dy, lsk_rows dq, lsk_rows dk, lsk_rows dv, void *dmask) {
    backward b = {a, dy, dq, dk, dv, dmask};
    lsk_parallel(a->problems, 1, backward_part, &b);
}
