// SPDX-License-Identifier: Apache-2.0
// Chooses who computes a float32 product.
#include "gemm/sgemm.h"
#include "gemm/blas.h"
#include "gemm/driver.h"
#include "gemm/epilogue.h"
#include "gemm/blas_parallel.h"
#include "gemm/parallel.h"
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

#if defined(__x86_64__)
static lsk_operand by_rows(enum CBLAS_TRANSPOSE ta, const float *a, ptrdiff_t lda) {
    return ta == CblasTrans ? (lsk_operand){a, 1, lda} : (lsk_operand){a, lda, 1};
}
static lsk_operand by_columns(enum CBLAS_TRANSPOSE tb, const float *b, ptrdiff_t ldb) {
    return tb == CblasTrans ? (lsk_operand){b, ldb, 1} : (lsk_operand){b, 1, ldb};
}
#endif

void lsk_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
               float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc) {
    lsk_sgemm_epilogue(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, NULL);
}

void lsk_sgemm_epilogue(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
                        float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc,
                        const lsk_epilogue *e) {
#if defined(__x86_64__)
    if (lsk_sgemm_is_own(m, n, k)) {
        lsk_sgemm_parallel(m, n, k, alpha, by_rows(ta, a, lda), by_columns(tb, b, ldb), beta, c, ldc, e);
        return;
    }
#endif
    // Beside our own kernels only narrow products are left for OpenBLAS: whole, with the same bits for any number of threads.
    if (lsk_uses_own_products()) LSK_BLAS(sgemm, order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    else lsk_blas_sgemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (e) lsk_apply_epilogue(LSK_FLOAT32, m, n, c, ldc, e);
}

lsk_packed_b lsk_sgemm_pack_b(ptrdiff_t m, enum CBLAS_TRANSPOSE tb, ptrdiff_t n, ptrdiff_t k, const float *b,
                              ptrdiff_t ldb) {
    lsk_packed_b packed = {n, k, ldb, tb, b, NULL};
#if defined(__x86_64__)
    if (lsk_sgemm_is_own(m, n, k)) packed.panels = lsk_sgemm_pack_b_avx512(n, k, by_columns(tb, b, ldb));
#else
    (void)m;
#endif
    return packed;
}

void lsk_sgemm_packed_b(const lsk_packed_b *b, ptrdiff_t m, const float *a, ptrdiff_t lda, float beta, float *c,
                        ptrdiff_t ldc) {
#if defined(__x86_64__)
    if (b->panels) {
        lsk_sgemm_packed_b_parallel(m, b->n, b->k, a, lda, b->panels, beta, c, ldc);
        return;
    }
#endif
    lsk_sgemm(CblasRowMajor, CblasNoTrans, b->tb, (int)m, (int)b->n, (int)b->k, 1, a, (int)lda, b->b, (int)b->ldb, beta,
              c, (int)ldc);
}

void lsk_sgemm_release_b(lsk_packed_b b) {
    if (b.panels) lsk_release(b.panels);
}
