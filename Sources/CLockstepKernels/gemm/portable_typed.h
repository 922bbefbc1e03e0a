// SPDX-License-Identifier: Apache-2.0
// The portable products of one element type; included once per type with REAL and NAME defined.

// The widest register, or two or four narrower ones; loaded from wherever a row begins.
typedef REAL NAME(vec) __attribute__((vector_size(64), aligned(sizeof(REAL)), may_alias));
#define VEC NAME(vec)
#define NR ((ptrdiff_t)(64 / sizeof(REAL)))

/// Up to MR rows of the operand, k after k, zeros below the last.
LSK_INLINE void NAME(pack_a)(ptrdiff_t rows, ptrdiff_t depth, REAL alpha, const REAL *a, ptrdiff_t row, ptrdiff_t step,
                             REAL *into) {
    for (ptrdiff_t p = 0; p < depth; p++)
        for (ptrdiff_t i = 0; i < MR; i++) into[p * MR + i] = i < rows ? alpha * a[i * row + p * step] : 0;
}

/// Up to NR columns of the operand, k after k, zeros right of the last.
LSK_INLINE void NAME(pack_b)(ptrdiff_t columns, ptrdiff_t depth, const REAL *b, ptrdiff_t step, ptrdiff_t column,
                             REAL *into) {
    if (columns == NR && column == 1)
        for (ptrdiff_t p = 0; p < depth; p++) memcpy(into + p * NR, b + p * step, NR * sizeof(REAL));
    else
        for (ptrdiff_t p = 0; p < depth; p++)
            for (ptrdiff_t j = 0; j < NR; j++) into[p * NR + j] = j < columns ? b[p * step + j * column] : 0;
}

/// A tile of MR rows and NR columns stays in registers while all of `depth` is added.
LSK_INLINE void NAME(microkernel)(ptrdiff_t depth, const REAL *a, const REAL *b, VEC sum[MR]) {
    VEC s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0};
    for (ptrdiff_t p = 0; p < depth; p++, a += MR, b += NR) {
        VEC y = *(const VEC *)b;
        s0 += a[0] * y, s1 += a[1] * y, s2 += a[2] * y, s3 += a[3] * y, s4 += a[4] * y, s5 += a[5] * y;
    }
    sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3, sum[4] = s4, sum[5] = s5;
}

LSK_INLINE void NAME(add_tile)(ptrdiff_t rows, ptrdiff_t columns, const VEC sum[MR], REAL beta, REAL *c,
                               ptrdiff_t ldc) {
    for (ptrdiff_t i = 0; i < rows; i++) {
        REAL *row = c + i * ldc;
        if (columns == NR) {
            // What 0 multiplies may be NaN or never written.
            *(VEC *)row = beta == 0 ? sum[i] : sum[i] + beta * *(const VEC *)row;
        } else {
            for (ptrdiff_t j = 0; j < columns; j++) row[j] = beta == 0 ? sum[i][j] : sum[i][j] + beta * row[j];
        }
    }
}

/// One block of the left operand by one of the right.
LSK_SIMD static void NAME(multiply_block)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, const REAL *a,
                                          const REAL *b, REAL beta, REAL *c, ptrdiff_t ldc) {
    for (ptrdiff_t j = 0; j < columns; j += NR)
        for (ptrdiff_t i = 0; i < rows; i += MR) {
            VEC sum[MR];
            NAME(microkernel)(depth, a + i * depth, b + j * depth, sum);
            NAME(add_tile)(lsk_min(MR, rows - i), lsk_min(NR, columns - j), sum, beta, c + i * ldc + j, ldc);
        }
}

void NAME(lsk_portable)(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k,
                        REAL alpha, const REAL *a, int lda, const REAL *b, int ldb, REAL beta, REAL *c, int ldc) {
    (void)order;
    if (m <= 0 || n <= 0) return;
    ptrdiff_t a_row = ta == CblasTrans ? 1 : lda, a_step = ta == CblasTrans ? lda : 1;
    ptrdiff_t b_step = tb == CblasTrans ? 1 : ldb, b_column = tb == CblasTrans ? ldb : 1;
    ptrdiff_t mc = lsk_min(MC, lsk_round_up(m, MR)), nc = lsk_min(NC, lsk_round_up(n, NR));
    ptrdiff_t kc = lsk_max(lsk_min(KC, k), 1);
    REAL *packed_a = lsk_allocate((size_t)(mc * kc) * sizeof(REAL));
    REAL *packed_b = lsk_allocate((size_t)(nc * kc) * sizeof(REAL));
    for (ptrdiff_t j = 0; j < n; j += nc) {
        ptrdiff_t columns = lsk_min(nc, n - j);
        // At least once: beta holds where there is nothing to add.
        for (ptrdiff_t p = 0; p == 0 || p < k; p += kc) {
            ptrdiff_t depth = lsk_min(kc, k - p);
            for (ptrdiff_t jr = 0; jr < columns; jr += NR)
                NAME(pack_b)(lsk_min(NR, columns - jr), depth, b + p * b_step + (j + jr) * b_column, b_step, b_column,
                             packed_b + jr * depth);
            for (ptrdiff_t i = 0; i < m; i += mc) {
                ptrdiff_t rows = lsk_min(mc, m - i);
                for (ptrdiff_t ir = 0; ir < rows; ir += MR)
                    NAME(pack_a)(lsk_min(MR, rows - ir), depth, alpha, a + (i + ir) * a_row + p * a_step, a_row, a_step,
                                 packed_a + ir * depth);
                NAME(multiply_block)(rows, columns, depth, packed_a, packed_b, p == 0 ? beta : 1, c + i * ldc + j, ldc);
            }
        }
    }
    lsk_release(packed_b);
    lsk_release(packed_a);
}

LSK_SIMD static REAL NAME(dot)(ptrdiff_t count, const REAL *a, const REAL *x) {
    VEC sum = {0};
    ptrdiff_t j = 0;
    for (; j + NR <= count; j += NR) sum += *(const VEC *)(a + j) * *(const VEC *)(x + j);
    REAL total = 0;
    for (; j < count; j++) total += a[j] * x[j];
    for (ptrdiff_t lane = 0; lane < NR; lane++) total += sum[lane];
    return total;
}

LSK_SIMD static void NAME(add_row)(ptrdiff_t count, REAL factor, const REAL *a, REAL *y) {
    for (ptrdiff_t j = 0; j < count; j++) y[j] += factor * a[j];
}

void NAME(lsk_portable_vector)(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, int m, int n, REAL alpha, const REAL *a,
                               int lda, const REAL *x, int step_x, REAL beta, REAL *y, int step_y) {
    (void)order;
    int is_transposed = ta == CblasTrans;
    ptrdiff_t results = is_transposed ? n : m, terms = is_transposed ? m : n;
    // Both vectors in one piece: the loops over the matrix, which is larger, have no strides.
    REAL *sum = lsk_allocate((size_t)(results + terms + 1) * sizeof(REAL)), *in = sum + results;
    for (ptrdiff_t i = 0; i < terms; i++) in[i] = x[i * step_x];
    memset(sum, 0, (size_t)results * sizeof(REAL));
    for (ptrdiff_t i = 0; i < m; i++) {
        if (is_transposed) NAME(add_row)(n, in[i], a + i * lda, sum);
        else sum[i] = NAME(dot)(n, a + i * lda, in);
    }
    for (ptrdiff_t i = 0; i < results; i++) y[i * step_y] = alpha * sum[i] + (beta == 0 ? 0 : beta * y[i * step_y]);
    lsk_release(sum);
}
#undef VEC
#undef NR
