// SPDX-License-Identifier: Apache-2.0
// Recurrent layers for one element type; included once per type with REAL, GEMM, SIGMOID, TANH and NAME defined.

LSK_SIMD static void NAME(lstm_step)(ptrdiff_t batch, ptrdiff_t units, REAL *gates, const REAL *before, REAL *after,
                                     REAL *h) {
    for (ptrdiff_t b = 0; b < batch; b++, gates += 4 * units, before += units, after += units, h += units) {
        REAL *pi = gates, *pf = pi + units, *pg = pf + units, *po = pg + units;
#pragma clang loop vectorize(assume_safety)  // the gates of one row never overlap
        for (ptrdiff_t j = 0; j < units; j++) {
            REAL i = SIGMOID(pi[j]), f = SIGMOID(pf[j]), g = TANH(pg[j]), o = SIGMOID(po[j]);
            REAL c = f * before[j] + i * g;
            pi[j] = i, pf[j] = f, pg[j] = g, po[j] = o;
            after[j] = c;
            h[j] = o * TANH(c);
        }
    }
}

/// `dc` comes in as the gradient of the cell after the step and goes out as that of the cell before.
LSK_SIMD static void NAME(lstm_step_back)(ptrdiff_t batch, ptrdiff_t units, const REAL *gates, const REAL *before,
                                          const REAL *after, const REAL *dh, REAL *dc, REAL *d) {
    for (ptrdiff_t b = 0; b < batch; b++) {
        const REAL *pi = gates + 4 * b * units, *pf = pi + units, *pg = pf + units, *po = pg + units;
        REAL *di = d + 4 * b * units, *df = di + units, *dg = df + units, *dout = dg + units;
#pragma clang loop vectorize(assume_safety)  // the gates of one row never overlap
        for (ptrdiff_t j = 0; j < units; j++) {
            ptrdiff_t at = b * units + j;
            REAL i = pi[j], f = pf[j], g = pg[j], o = po[j], t = TANH(after[at]);
            REAL slope = dc[at] + dh[at] * o * (1 - t * t);
            di[j] = slope * g * i * (1 - i);
            df[j] = slope * before[at] * f * (1 - f);
            dg[j] = slope * i * (1 - g * g);
            dout[j] = dh[at] * t * o * (1 - o);
            dc[at] = slope * f;
        }
    }
}

LSK_SIMD static void NAME(gru_step)(ptrdiff_t batch, ptrdiff_t units, REAL *gates, const REAL *product,
                                    REAL *candidate, const REAL *before, REAL *after) {
    for (ptrdiff_t b = 0; b < batch; b++, gates += 3 * units, product += 3 * units) {
        REAL *pr = gates, *pz = pr + units, *pn = pz + units;
        const REAL *hr = product, *hz = hr + units, *hn = hz + units;
#pragma clang loop vectorize(assume_safety)  // the gates of one row never overlap
        for (ptrdiff_t j = 0; j < units; j++) {
            ptrdiff_t at = b * units + j;
            REAL r = SIGMOID(pr[j] + hr[j]), z = SIGMOID(pz[j] + hz[j]), n = TANH(pn[j] + r * hn[j]);
            pr[j] = r, pz[j] = z, pn[j] = n;
            candidate[at] = hn[j];
            after[at] = n + z * (before[at] - n);
        }
    }
}

/// `dh` comes in as the gradient of the state after the step and goes out as the direct part of that before.
LSK_SIMD static void NAME(gru_step_back)(ptrdiff_t batch, ptrdiff_t units, const REAL *gates, const REAL *candidate,
                                         const REAL *before, REAL *dh, REAL *d, REAL *e) {
    for (ptrdiff_t b = 0; b < batch; b++) {
        const REAL *pr = gates + 3 * b * units, *pz = pr + units, *pn = pz + units;
        REAL *dr = d + 3 * b * units, *dz = dr + units, *dn = dz + units;
        REAL *er = e + 3 * b * units, *ez = er + units, *en = ez + units;
#pragma clang loop vectorize(assume_safety)  // the gates of one row never overlap
        for (ptrdiff_t j = 0; j < units; j++) {
            ptrdiff_t at = b * units + j;
            REAL r = pr[j], z = pz[j], n = pn[j], slope = dh[at];
            REAL a = slope * (1 - z) * (1 - n * n);
            dn[j] = a;
            en[j] = a * r;
            dr[j] = er[j] = a * candidate[at] * r * (1 - r);
            dz[j] = ez[j] = slope * (before[at] - n) * z * (1 - z);
            dh[at] = slope * z;
        }
    }
}

LSK_SIMD static void NAME(add)(ptrdiff_t n, REAL *to, const REAL *from) {
    for (ptrdiff_t i = 0; i < n; i++) to[i] += from[i];
}

/// Every row of `out` becomes the sum of the biases; returns whether there was one.
static int NAME(start)(ptrdiff_t rows, ptrdiff_t width, const REAL *a, const REAL *b, REAL *out) {
    if (!a && !b) return 0;
    for (ptrdiff_t j = 0; j < width; j++) out[j] = (a ? a[j] : 0) + (b ? b[j] : 0);
    for (ptrdiff_t r = 1; r < rows; r++) memcpy(out + r * width, out, (size_t)width * sizeof(REAL));
    return 1;
}

/// gates [steps * batch, width] = the biases + x * input weights', for all steps at once.
static void NAME(inputs)(const lsk_recurrence *r, ptrdiff_t width, const REAL *bias, const REAL *other) {
    ptrdiff_t rows = r->steps * r->batch;
    REAL beta = NAME(start)(rows, width, bias, other, r->gates);
    GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)width, (int)r->inputs, 1, r->x, (int)r->inputs,
         r->input_weight, (int)r->inputs, beta, r->gates, (int)width);
}

static void NAME(lstm_forward)(const lsk_recurrence *r) {
    ptrdiff_t units = r->units, batch = r->batch, state = batch * units, width = 4 * units;
    REAL *gates = r->gates, *hidden = r->hidden, *cell = r->cell;
    NAME(inputs)(r, width, r->input_bias, r->hidden_bias);
    NAME(operand) w = NAME(prepare)(batch, CblasTrans, width, units, r->hidden_weight, units);
    for (ptrdiff_t k = 0; k < r->steps; k++) {
        ptrdiff_t t = r->reverse ? r->steps - 1 - k : k;
        ptrdiff_t from = (t + (r->reverse ? 1 : 0)) * state, to = (t + (r->reverse ? 0 : 1)) * state;
        NAME(multiply)(&w, batch, hidden + from, units, 1, gates + t * batch * width, width);
        NAME(lstm_step)(batch, units, gates + t * batch * width, cell + from, cell + to, hidden + to);
    }
    NAME(discard)(w);
}

static void NAME(lstm_backward)(const lsk_recurrence *r, const REAL *dy, REAL *dh, REAL *dc, REAL *dgates) {
    ptrdiff_t units = r->units, batch = r->batch, state = batch * units, width = 4 * units;
    const REAL *gates = r->gates, *cell = r->cell;
    NAME(operand) w = NAME(prepare)(batch, CblasNoTrans, units, width, r->hidden_weight, units);
    for (ptrdiff_t k = r->steps - 1; k >= 0; k--) {
        ptrdiff_t t = r->reverse ? r->steps - 1 - k : k;
        ptrdiff_t from = (t + (r->reverse ? 1 : 0)) * state, to = (t + (r->reverse ? 0 : 1)) * state;
        if (dy) NAME(add)(state, dh, dy + t * state);
        REAL *d = dgates + t * batch * width;
        NAME(lstm_step_back)(batch, units, gates + t * batch * width, cell + from, cell + to, dh, dc, d);
        NAME(multiply)(&w, batch, d, width, 0, dh, units);
    }
    NAME(discard)(w);
}

static void NAME(gru_forward)(const lsk_recurrence *r) {
    ptrdiff_t units = r->units, batch = r->batch, state = batch * units, width = 3 * units;
    REAL *gates = r->gates, *hidden = r->hidden, *candidate = r->candidate;
    REAL *products = lsk_allocate((size_t)(batch * width) * sizeof(REAL));
    NAME(inputs)(r, width, r->input_bias, NULL);
    NAME(operand) w = NAME(prepare)(batch, CblasTrans, width, units, r->hidden_weight, units);
    for (ptrdiff_t k = 0; k < r->steps; k++) {
        ptrdiff_t t = r->reverse ? r->steps - 1 - k : k;
        ptrdiff_t from = (t + (r->reverse ? 1 : 0)) * state, to = (t + (r->reverse ? 0 : 1)) * state;
        REAL beta = NAME(start)(batch, width, r->hidden_bias, NULL, products);
        NAME(multiply)(&w, batch, hidden + from, units, beta, products, width);
        NAME(gru_step)(batch, units, gates + t * batch * width, products, candidate + t * state, hidden + from,
                       hidden + to);
    }
    NAME(discard)(w);
    lsk_release(products);
}

static void NAME(gru_backward)(const lsk_recurrence *r, const REAL *dy, REAL *dh, REAL *dgates, REAL *dhidden) {
    ptrdiff_t units = r->units, batch = r->batch, state = batch * units, width = 3 * units;
    const REAL *gates = r->gates, *hidden = r->hidden, *candidate = r->candidate;
    NAME(operand) w = NAME(prepare)(batch, CblasNoTrans, units, width, r->hidden_weight, units);
    for (ptrdiff_t k = r->steps - 1; k >= 0; k--) {
        ptrdiff_t t = r->reverse ? r->steps - 1 - k : k, at = t * batch * width;
        ptrdiff_t from = (t + (r->reverse ? 1 : 0)) * state;
        if (dy) NAME(add)(state, dh, dy + t * state);
        NAME(gru_step_back)(batch, units, gates + at, candidate + t * state, hidden + from, dh, dgates + at,
                            dhidden + at);
        NAME(multiply)(&w, batch, dhidden + at, width, 1, dh, units);
    }
    NAME(discard)(w);
}
