// SPDX-License-Identifier: Apache-2.0
// Chooses who computes a float32 product.
#include "sgemm.h"
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
