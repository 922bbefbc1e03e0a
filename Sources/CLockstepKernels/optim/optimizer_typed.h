// SPDX-License-Identifier: Apache-2.0
// LAMB's direction, scaling and norms, for element type T. Included by optimizer.c.

LSK_SIMD static void NAME(lamb_direction)(ptrdiff_t n, void *oo, const void *pp, const void *gg, void *mm, void *vv,
                                          lsk_update u, double beta1, double beta2, double epsilon,
                                          double inverse_debias1, double inverse_root_debias2) {
    T *restrict o = oo, *restrict m = mm, *restrict v = vv;
    const T *restrict p = pp, *restrict g = gg;
    T b1 = (T)beta1, c1 = (T)(1 - beta1), b2 = (T)beta2, c2 = (T)(1 - beta2), eps = (T)epsilon;
    T i1 = (T)inverse_debias1, i2 = (T)inverse_root_debias2;
    T scale = (T)u.gradient_scale, decay = (T)u.decay, l2 = (T)u.l2;
    for (ptrdiff_t i = 0; i < n; i++) {
        T d = g[i] * scale + l2 * (p[i] * decay);
        T s = b1 * m[i] + c1 * d, q = b2 * v[i] + c2 * d * d;
        m[i] = s;
        v[i] = q;
        o[i] = s * i1 / (SQRT(q) * i2 + eps);
    }
}

LSK_SIMD static void NAME(axpby)(ptrdiff_t n, void *yy, double scale, const void *xx, double a) {
    T *restrict y = yy;
    const T *restrict x = xx;
    T s = (T)scale, b = (T)a;
    for (ptrdiff_t i = 0; i < n; i++) y[i] = s * y[i] + b * x[i];
}

LSK_SIMD static void NAME(scale)(ptrdiff_t n, void *xx, double factor) {
    T *x = xx, s = (T)factor;
    for (ptrdiff_t i = 0; i < n; i++) x[i] *= s;
}

/// Sixteen running sums in double: exact enough for any arena, and vectorised.
LSK_SIMD static double NAME(sum_of_squares)(ptrdiff_t n, const void *xx) {
    const T *x = xx;
    double sums[16] = {0};
    ptrdiff_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int k = 0; k < 16; k++) sums[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < n; i++) sums[0] += (double)x[i] * (double)x[i];
    double total = 0;
    for (int k = 0; k < 16; k++) total += sums[k];
    return total;
}
