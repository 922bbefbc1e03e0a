// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10: random numbers that are a pure function of (seed, stream, position).
#pragma once
#include "lsk_types.h"

/// Where a sequence stands. Block `block` of (seed, stream) is the Philox block with key = seed and
/// counter = (block, stream), low words first: four 32-bit words.
typedef struct lsk_philox {
    uint64_t seed;
    uint64_t stream;
    uint64_t block;
} lsk_philox;

/// The four words of one block (Salmon et al., SC 2011): the plain version, the oracle for the others.
void lsk_philox_block(lsk_philox at, uint32_t *_Nonnull out);
/// Words 0, 1, 2, … of the sequence; starts at `at.block`.
void lsk_random_words(lsk_philox at, ptrdiff_t n, uint32_t *_Nonnull out);
/// low <= x < high, from 24 (float32) or 53 (float64) bits per element. Element i uses word i, or words 2i and 2i+1.
void lsk_random_uniform(lsk_philox at, ptrdiff_t n, lsk_dtype dtype, void *_Nonnull out, double low, double high);
/// Box and Muller's method on pairs of words (float32) or pairs of word pairs (float64).
void lsk_random_normal(lsk_philox at, ptrdiff_t n, lsk_dtype dtype, void *_Nonnull out, double mean, double deviation);
/// low <= x < high, by multiplying a 64-bit word with the range and keeping the high half. Element i uses words 2i, 2i+1.
void lsk_random_integers(lsk_philox at, ptrdiff_t n, int64_t *_Nonnull out, int64_t low, int64_t high);
/// 1 with the given probability, else 0. Element i uses word i.
void lsk_random_bernoulli(lsk_philox at, ptrdiff_t n, uint8_t *_Nonnull out, double probability);
/// A uniformly random order of 0 ..< n (Fisher and Yates). Step i uses words 2i, 2i+1.
void lsk_random_permutation(lsk_philox at, ptrdiff_t n, int64_t *_Nonnull out);
/// out = word i of the sequence says "keep" ? x · scale : 0, for float32 and float64.
void lsk_dropout(lsk_philox at, ptrdiff_t n, lsk_dtype dtype, void *_Nonnull out, const void *_Nonnull x,
                 double dropped, double scale);
