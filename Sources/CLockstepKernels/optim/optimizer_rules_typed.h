// SPDX-License-Identifier: Apache-2.0
// The loops of the update rules, for element type T. Included by optimizer.c, once for each way to read and to store.
//
// EACH does something for every i, GRADIENT(i) is gradient i, STORE(i, x) writes parameter i; k holds the rule's scalars.

/// The gradient as the rule sees it, and the decayed parameter.
#define LOAD                                                                                                          \
    T w = p[i] * decay;                                                                                               \
    T d = GRADIENT(i) * scale + l2 * w;
#define BEGIN                                                                                                         \
    T *restrict p = pp, *restrict m = mm, *restrict v = vv;                                                           \
    T *g = gg;                                                                                                        \
    const T *first = (const void *)u.pair[0], *second = (const void *)u.pair[1];                                      \
    T share = (T)u.share[0], rest = (T)u.share[1];                                                                    \
    T scale = (T)u.gradient_scale, decay = (T)u.decay, l2 = (T)u.l2;                                                  \
    (void)m, (void)v, (void)g, (void)first, (void)second, (void)share, (void)rest;
#define RULE(x) LSK_SIMD static void NAME(x)(ptrdiff_t n, void *pp, void *gg, void *mm, void *vv, lsk_update u, const double *k)

// k: lr, momentum
RULE(sgd) {
    BEGIN
    T rate = (T)k[0], mom = (T)k[1];
    if (!m) {
        EACH({ LOAD STORE(i, w - rate * d); })
    } else {
        EACH({
            LOAD T s = mom * m[i] + d;
            m[i] = s;
            STORE(i, w - rate * s);
        })
    }
}

// k: lr, momentum, β₂, ε
RULE(rmsprop) {
    BEGIN
    T rate = (T)k[0], mom = (T)k[1], b2 = (T)k[2], c2 = (T)(1 - k[2]), eps = (T)k[3];
    if (!m) {
        EACH({
            LOAD T q = b2 * v[i] + c2 * d * d;
            v[i] = q;
            STORE(i, w - rate * d / (SQRT(q) + eps));
        })
    } else {
        EACH({
            LOAD T q = b2 * v[i] + c2 * d * d;
            v[i] = q;
            T s = mom * m[i] + d;
            m[i] = s;
            STORE(i, w - rate * s / (SQRT(q) + eps));
        })
    }
}

// k: rate, β₁, β₂, ε, 1/√debias₂
RULE(adam) {
    BEGIN
    T rate = (T)k[0], b1 = (T)k[1], c1 = (T)(1 - k[1]), b2 = (T)k[2], c2 = (T)(1 - k[2]), eps = (T)k[3], root = (T)k[4];
    EACH({
        LOAD T s = b1 * m[i] + c1 * d, q = b2 * v[i] + c2 * d * d;
        m[i] = s;
        v[i] = q;
        STORE(i, w - rate * s / (SQRT(q) * root + eps));
    })
}

// k: rate, β₁, β₂, ε, 1/√debias₂, softplus sharpness, adaptive
RULE(radam) {
    BEGIN
    T rate = (T)k[0], b1 = (T)k[1], c1 = (T)(1 - k[1]), b2 = (T)k[2], c2 = (T)(1 - k[2]), eps = (T)k[3], root = (T)k[4];
    T sharpness = (T)k[5];
#define MOMENTS                                                                                                       \
    LOAD                                                                                                              \
    T s = b1 * m[i] + c1 * d, q = b2 * v[i] + c2 * d * d;                                                             \
    m[i] = s;                                                                                                         \
    v[i] = q;
    if (k[6] == 0) {
        EACH({
            MOMENTS
            STORE(i, w - rate * s);
        })
    } else if (k[5] == 0) {
        EACH({
            MOMENTS
            STORE(i, w - rate * s / (SQRT(q) * root + eps));
        })
    } else {
        EACH({
            MOMENTS
            T below = SQRT(q) * root + eps, z = below * sharpness;
            STORE(i, w - rate * s / (z > 20 ? below : LOG1P(EXP(z)) / sharpness));
        })
    }
#undef MOMENTS
}

// k: lr, β₁, β₂, ε, debias₁, debias₂, ν₁, ν₂
RULE(qhadam) {
    BEGIN
    T rate = (T)k[0], b1 = (T)k[1], c1 = (T)(1 - k[1]), b2 = (T)k[2], c2 = (T)(1 - k[2]), eps = (T)k[3];
    T d1 = (T)(k[6] / k[4]), e1 = (T)(1 - k[6]), d2 = (T)(k[7] / k[5]), e2 = (T)(1 - k[7]);
    EACH({
        LOAD T s = b1 * m[i] + c1 * d, q = b2 * v[i] + c2 * d * d;
        m[i] = s;
        v[i] = q;
        STORE(i, w - rate * (e1 * d + d1 * s) / (SQRT(e2 * d * d + d2 * q) + eps));
    })
}
#undef LOAD
#undef BEGIN
#undef RULE
