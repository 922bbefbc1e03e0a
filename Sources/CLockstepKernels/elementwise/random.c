// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10 and the distributions made from it. Blocks are computed sixteen at a time, one per SIMD lane.
#include "lsk_random.h"
#include "base/simd.h"
#include "base/vector_math.h"

enum { WORDS = 4 * LANES };

/// Blocks first ..< first + 16 as consecutive words.
LSK_INLINE void philox_words(uint64_t seed, uint64_t stream, uint64_t first, uint32_t *restrict out) {
    // Words stay in lanes twice as wide, as products are: what stands above them is never looked at, and nothing is packed.
    uint64_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    for (int i = 0; i < LANES; i++) {
        c0[i] = first + (uint64_t)i;
        c1[i] = c0[i] >> 32;
        c2[i] = stream;
        c3[i] = stream >> 32;
    }
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LANES; i++) {
            uint64_t a = (c0[i] & UINT32_MAX) * 0xD2511F53u, b = (c2[i] & UINT32_MAX) * 0xCD9E8D57u;
            c0[i] = (b >> 32) ^ c1[i] ^ k0;
            c2[i] = (a >> 32) ^ c3[i] ^ k1;
            c1[i] = b;
            c3[i] = a;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < LANES; i++) {
        out[4 * i] = (uint32_t)c0[i];
        out[4 * i + 1] = (uint32_t)c1[i];
        out[4 * i + 2] = (uint32_t)c2[i];
        out[4 * i + 3] = (uint32_t)c3[i];
    }
}

void lsk_philox_block(lsk_philox at, uint32_t *out) {
    uint32_t c0 = (uint32_t)at.block, c1 = (uint32_t)(at.block >> 32), c2 = (uint32_t)at.stream;
    uint32_t c3 = (uint32_t)(at.stream >> 32), k0 = (uint32_t)at.seed, k1 = (uint32_t)(at.seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)c0 * 0xD2511F53u, b = (uint64_t)c2 * 0xCD9E8D57u;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/// Runs BODY for every element i with its word in `w[j]`, j = i - start; PER words per element.
#define FOR_WORDS(PER, BODY)                                                                                          \
    for (ptrdiff_t start = 0; start < n; start += WORDS / (PER)) {                                                    \
        uint32_t w[WORDS];                                                                                            \
        philox_words(at.seed, at.stream, at.block + (uint64_t)start * (PER) / 4, w);                                  \
        ptrdiff_t count = n - start < WORDS / (PER) ? n - start : WORDS / (PER);                                      \
        for (ptrdiff_t j = 0; j < count; j++) {                                                                       \
            ptrdiff_t i = start + j;                                                                                  \
            BODY                                                                                                      \
        }                                                                                                             \
    }
#define WIDE(j) ((uint64_t)w[2 * (j) + 1] << 32 | w[2 * (j)])

LSK_SIMD void lsk_random_words(lsk_philox at, ptrdiff_t n, uint32_t *out) { FOR_WORDS(1, out[i] = w[j];) }

LSK_SIMD static void uniform_f32(lsk_philox at, ptrdiff_t n, float *out, float low, float high) {
    float range = high - low;
    FOR_WORDS(1, float x = (float)(w[j] >> 8) * 0x1p-24f * range + low; out[i] = x < high ? x : low;)
}
LSK_SIMD static void uniform_f64(lsk_philox at, ptrdiff_t n, double *out, double low, double high) {
    double range = high - low;
    FOR_WORDS(2, double x = (double)(WIDE(j) >> 11) * 0x1p-53 * range + low; out[i] = x < high ? x : low;)
}

void lsk_random_uniform(lsk_philox at, ptrdiff_t n, lsk_dtype dtype, void *out, double low, double high) {
    if (dtype == LSK_FLOAT64) uniform_f64(at, n, out, low, high);
    else uniform_f32(at, n, out, (float)low, (float)high);
}

LSK_SIMD static void normal_f32(lsk_philox at, ptrdiff_t n, float *out, float mean, float deviation) {
    for (ptrdiff_t start = 0; start < n; start += WORDS) {
        uint32_t w[WORDS];
        float z[WORDS];
        philox_words(at.seed, at.stream, at.block + (uint64_t)start / 4, w);
        for (int k = 0; k < WORDS; k += 2) {
            float r = sqrtf(-2 * vm_logf(((float)w[k] + 0.5f) * 0x1p-32f)) * deviation;
            float angle = (float)w[k + 1] * (0x1p-32f * 6.28318530717958648f);
            z[k] = mean + r * vm_sincosf(angle, 1);
            z[k + 1] = mean + r * vm_sincosf(angle, 0);
        }
        memcpy(out + start, z, sizeof(float) * (size_t)(lsk_min(n - start, WORDS)));
    }
}
static void normal_f64(lsk_philox at, ptrdiff_t n, double *out, double mean, double deviation) {
    FOR_WORDS(2, ptrdiff_t k = j & ~(ptrdiff_t)1; double u = ((double)(WIDE(k) >> 11) + 0.5) * 0x1p-53;
              double r = sqrt(-2 * log(u)) * deviation;
              double angle = (double)(WIDE(k + 1) >> 11) * 0x1p-53 * 6.28318530717958648;
              out[i] = mean + r * (j & 1 ? sin(angle) : cos(angle));)
}

void lsk_random_normal(lsk_philox at, ptrdiff_t n, lsk_dtype dtype, void *out, double mean, double deviation) {
    if (dtype == LSK_FLOAT64) normal_f64(at, n, out, mean, deviation);
    else normal_f32(at, n, out, (float)mean, (float)deviation);
}

LSK_INLINE int64_t scaled(uint64_t word, uint64_t range) { return (int64_t)(((unsigned __int128)word * range) >> 64); }

void lsk_random_integers(lsk_philox at, ptrdiff_t n, int64_t *out, int64_t low, int64_t high) {
    uint64_t range = (uint64_t)high - (uint64_t)low;
    FOR_WORDS(2, out[i] = (int64_t)((uint64_t)low + (uint64_t)scaled(WIDE(j), range));)
}

/// Words below the threshold mean "yes".
static uint64_t threshold(double probability) { return (uint64_t)(probability * 0x1p32); }

LSK_SIMD void lsk_random_bernoulli(lsk_philox at, ptrdiff_t n, uint8_t *out, double probability) {
    uint64_t limit = threshold(probability);
    FOR_WORDS(1, out[i] = w[j] < limit;)
}

/// `scaled` for a range below 2³², from the halves of the word: products that a SIMD lane has.
LSK_INLINE int64_t scaled_narrow(uint32_t low, uint32_t high, uint64_t range) {
    return (int64_t)((high * range + (low * range >> 32)) >> 32);
}

/// The places that steps first ..< first + STEPS of a permutation draw. In a pass of its own: the loop that moves elements
/// then knows where it writes, and its loads need not wait for the products that say so.
enum { STEPS = WORDS / 2 };
LSK_SIMD static void permutation_places(lsk_philox at, ptrdiff_t first, ptrdiff_t *places) {
    uint32_t w[WORDS];
    philox_words(at.seed, at.stream, at.block + (uint64_t)first / 2, w);
    if ((uint64_t)first < UINT32_MAX - STEPS)
        for (int j = 0; j < STEPS; j++) places[j] = scaled_narrow(w[2 * j], w[2 * j + 1], (uint64_t)(first + j) + 1);
    else
        for (int j = 0; j < STEPS; j++) places[j] = scaled(WIDE(j), (uint64_t)(first + j) + 1);
}

void lsk_random_permutation(lsk_philox at, ptrdiff_t n, int64_t *out) {
    for (ptrdiff_t first = 0; first < n; first += STEPS) {
        ptrdiff_t places[STEPS], count = lsk_min(n - first, STEPS);
        permutation_places(at, first, places);
        for (ptrdiff_t j = 0; j < count; j++) {
            out[first + j] = out[places[j]];  // when it is its own place, the next line writes it
            out[places[j]] = first + j;
        }
    }
}

#define DROPOUT(NAME, T)                                                                                              \
    LSK_SIMD static void NAME(lsk_philox at, ptrdiff_t n, T *out, const T *x, uint64_t limit, T scale) {              \
        FOR_WORDS(1, out[i] = w[j] < limit ? 0 : x[i] * scale;)                                                       \
    }
DROPOUT(dropout_f32, float)
DROPOUT(dropout_f64, double)

void lsk_dropout(lsk_philox at, ptrdiff_t n, lsk_dtype dtype, void *out, const void *x, double dropped, double scale) {
    if (dtype == LSK_FLOAT64) dropout_f64(at, n, out, x, threshold(dropped), scale);
    else dropout_f32(at, n, out, x, threshold(dropped), (float)scale);
}
