// SPDX-License-Identifier: Apache-2.0
// Recurrent layers for one element type; included once per type with REAL, SIGMOID, TANH and NAME defined.

LSK_SIMD static void NAME(lstm_step)(ptrdiff_t batch, ptrdiff_t units, ptrdiff_t row, REAL *gates, const REAL *before,
                                     REAL *after, REAL *h) {
    for (ptrdiff_t b = 0; b < batch; b++, gates += row, before += units, after += units, h += units) {
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
LSK_SIMD static void NAME(lstm_step_back)(ptrdiff_t batch, ptrdiff_t units, ptrdiff_t row, const REAL *gates,
                                          const REAL *before, const REAL *after, const REAL *dh, REAL *dc, REAL *d) {
    for (ptrdiff_t b = 0; b < batch; b++) {
        const REAL *pi = gates + b * row, *pf = pi + units, *pg = pf + units, *po = pg + units;
        REAL *di = d + b * row, *df = di + units, *dg = df + units, *dout = dg + units;
#pragma clang loop vectorize(assume_safety)  // the gates of one row never overlap
        for (ptrdiff_t j = 0; j < units; j++) {
            ptrdiff_t at = b * units + j;
            REAL i = pi[j], f = pf[j], g = pg[j], o = po[j], t = TANH(after[at]);
            REAL dcell = dc[at] + dh[at] * o * (1 - t * t);
            di[j] = dcell * g * i * (1 - i);
            df[j] = dcell * before[at] * f * (1 - f);
            dg[j] = dcell * i * (1 - g * g);
            dout[j] = dh[at] * t * o * (1 - o);
            dc[at] = dcell * f;
        }
    }
}

LSK_SIMD static void NAME(gru_step)(ptrdiff_t batch, ptrdiff_t units, ptrdiff_t row, REAL *gates, const REAL *product,
                                    REAL *candidate, const REAL *before, REAL *after) {
    for (ptrdiff_t b = 0; b < batch; b++, gates += row, product += row) {
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
LSK_SIMD static void NAME(gru_step_back)(ptrdiff_t batch, ptrdiff_t units, ptrdiff_t row, const REAL *gates,
                                         const REAL *candidate, const REAL *before, REAL *dh, REAL *d, REAL *e) {
    for (ptrdiff_t b = 0; b < batch; b++) {
        const REAL *pr = gates + b * row, *pz = pr + units, *pn = pz + units;
        REAL *dr = d + b * row, *dz = dr + units, *dn = dz + units;
        REAL *er = e + b * row, *ez = er + units, *en = ez + units;
#pragma clang loop vectorize(assume_safety)  // the gates of one row never overlap
        for (ptrdiff_t j = 0; j < units; j++) {
            ptrdiff_t at = b * units + j;
            REAL r = pr[j], z = pz[j], n = pn[j], g = dh[at];
            REAL a = g * (1 - z) * (1 - n * n);
            dn[j] = a;
            en[j] = a * r;
            dr[j] = er[j] = a * candidate[at] * r * (1 - r);
            dz[j] = ez[j] = g * (before[at] - n) * z * (1 - z);
            dh[at] = g * z;
        }
    }
}

LSK_SIMD static void NAME(add)(ptrdiff_t n, REAL *to, const REAL *from) {
    for (ptrdiff_t i = 0; i < n; i++) to[i] += from[i];
}

/// Every row of `out` becomes the bias.
static void NAME(fill)(ptrdiff_t rows, ptrdiff_t width, ptrdiff_t row, const REAL *bias, REAL *out) {
    for (ptrdiff_t r = 0; r < rows; r++) memcpy(out + r * row, bias, (size_t)width * sizeof(REAL));
}

static void NAME(lstm_forward)(const lsk_recurrence *r) {
    ptrdiff_t units = r->units, batch = r->batch, state = batch * units, row = r->row, step = batch * row;
    REAL *gates = r->gates, *hidden = r->hidden, *cell = r->cell;
    NAME(packed_b) w = NAME(pack_b)(batch, CblasTrans, 4 * units, units, r->hidden_weight, units);
    for (ptrdiff_t k = 0; k < r->steps; k++) {
        ptrdiff_t t = r->reverse ? r->steps - 1 - k : k;
        ptrdiff_t from = (t + (r->reverse ? 1 : 0)) * state, to = (t + (r->reverse ? 0 : 1)) * state;
        NAME(multiply)(&w, batch, hidden + from, units, 1, gates + t * step, row);
        NAME(lstm_step)(batch, units, row, gates + t * step, cell + from, cell + to, hidden + to);
    }
    NAME(release_b)(w);
}

static void NAME(lstm_backward)(const lsk_recurrence *r, const REAL *dy, REAL *dh, REAL *dc, REAL *dgates) {
    ptrdiff_t units = r->units, batch = r->batch, state = batch * units, row = r->row, step = batch * row;
    const REAL *gates = r->gates, *cell = r->cell;
    NAME(packed_b) w = NAME(pack_b)(batch, CblasNoTrans, units, 4 * units, r->hidden_weight, units);
    for (ptrdiff_t k = r->steps - 1; k >= 0; k--) {
        ptrdiff_t t = r->reverse ? r->steps - 1 - k : k;
        ptrdiff_t from = (t + (r->reverse ? 1 : 0)) * state, to = (t + (r->reverse ? 0 : 1)) * state;
        if (dy) NAME(add)(state, dh, dy + t * state);
        REAL *d = dgates + t * step;
        NAME(lstm_step_back)(batch, units, row, gates + t * step, cell + from, cell + to, dh, dc, d);
        NAME(multiply)(&w, batch, d, row, 0, dh, units);
    }
    NAME(release_b)(w);
}

static void NAME(gru_forward)(const lsk_recurrence *r) {
    ptrdiff_t units = r->units, batch = r->batch, state = batch * units, row = r->row, step = batch * row;
    REAL *gates = r->gates, *hidden = r->hidden, *candidate = r->candidate;
    REAL *products = lsk_allocate((size_t)step * sizeof(REAL));
    NAME(packed_b) w = NAME(pack_b)(batch, CblasTrans, 3 * units, units, r->hidden_weight, units);
    for (ptrdiff_t k = 0; k < r->steps; k++) {
        ptrdiff_t t = r->reverse ? r->steps - 1 - k : k;
        ptrdiff_t from = (t + (r->reverse ? 1 : 0)) * state, to = (t + (r->reverse ? 0 : 1)) * state;
        if (r->hidden_bias) NAME(fill)(batch, 3 * units, row, r->hidden_bias, products);
        NAME(multiply)(&w, batch, hidden + from, units, r->hidden_bias ? 1 : 0, products, row);
        NAME(gru_step)(batch, units, row, gates + t * step, products, candidate + t * state, hidden + from,
                       hidden + to);
    }
    NAME(release_b)(w);
    lsk_release(products);
}

static void NAME(gru_backward)(const lsk_recurrence *r, const REAL *dy, REAL *dh, REAL *dgates, REAL *dhidden) {
    ptrdiff_t units = r->units, batch = r->batch, state = batch * units, row = r->row, step = batch * row;
    const REAL *gates = r->gates, *hidden = r->hidden, *candidate = r->candidate;
    NAME(packed_b) w = NAME(pack_b)(batch, CblasNoTrans, units, 3 * units, r->hidden_weight, units);
    for (ptrdiff_t k = r->steps - 1; k >= 0; k--) {
        ptrdiff_t t = r->reverse ? r->steps - 1 - k : k, at = t * step;
        ptrdiff_t from = (t + (r->reverse ? 1 : 0)) * state;
        if (dy) NAME(add)(state, dh, dy + t * state);
        NAME(gru_step_back)(batch, units, row, gates + at, candidate + t * state, hidden + from, dh, dgates + at,
                            dhidden + at);
        NAME(multiply)(&w, batch, dhidden + at, row, 1, dh, units);
    }
    NAME(release_b)(w);
}
