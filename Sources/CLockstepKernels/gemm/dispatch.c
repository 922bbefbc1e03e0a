// SPDX-License-Identifier: Apache-2.0
// Chooses who computes a float32 product.
#include "gemm/sgemm.h"
#include "lsk_memory.h"
#include "lsk_processor.h"

// Below this the library's kernels for small matrices, which pack nothing, are faster (measured: 10 rows 0.6, 32 rows 1.3).
enum { LSK_SHORTEST_SIDE = 16 };

int lsk_sgemm_is_own(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
#if defined(__x86_64__)
    return m >= LSK_SHORTEST_SIDE && n >= LSK_SHORTEST_SIDE && k >= LSK_SHORTEST_SIDE && lsk_uses_own_products();
#else
    (void)m, (void)n, (void)k;
    return 0;
#endif
}

void lsk_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha,
               const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc) {
    lsk_sgemm_then(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, NULL);
}

void lsk_sgemm_then(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
                    float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc,
                    const lsk_epilogue *e) {
#if defined(__x86_64__)
    if (lsk_sgemm_is_own(m, n, k)) {
        lsk_side rows = ta == CblasTrans ? (lsk_side){a, 1, lda} : (lsk_side){a, lda, 1};
        lsk_side columns = tb == CblasTrans ? (lsk_side){b, ldb, 1} : (lsk_side){b, 1, ldb};
        lsk_sgemm_shared(m, n, k, alpha, rows, columns, beta, c, ldc, e);
        return;
    }
#endif
    cblas_sgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (e) lsk_finish(LSK_FLOAT32, m, n, c, ldc, e);
}

lsk_operand lsk_sgemm_prepare(ptrdiff_t m, enum CBLAS_TRANSPOSE tb, ptrdiff_t n, ptrdiff_t k, const float *b,
                              ptrdiff_t ldb) {
    lsk_operand operand = {n, k, ldb, tb, b, NULL};
#if defined(__x86_64__)
    if (lsk_sgemm_is_own(m, n, k))
        operand.panels = lsk_sgemm_pack(n, k, tb == CblasTrans ? (lsk_side){b, ldb, 1} : (lsk_side){b, 1, ldb});
#endif
    return operand;
}

void lsk_sgemm_prepared(const lsk_operand *b, ptrdiff_t m, const float *a, ptrdiff_t lda, float beta, float *c,
                        ptrdiff_t ldc) {
#if defined(__x86_64__)
    if (b->panels) {
        lsk_sgemm_packed(m, b->n, b->k, a, lda, b->panels, beta, c, ldc);
        return;
    }
#endif
    lsk_sgemm(CblasRowMajor, CblasNoTrans, b->tb, (int)m, (int)b->n, (int)b->k, 1, a, (int)lda, b->b, (int)b->ldb, beta,
              c, (int)ldc);
}

void lsk_sgemm_discard(lsk_operand b) {
    if (b.panels) lsk_release(b.panels);
}
