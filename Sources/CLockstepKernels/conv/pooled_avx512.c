// SPDX-License-Identifier: Apache-2.0
// ReLU and max-pooling over windows that touch but do not overlap, for one channels-last image and AVX-512.
#if defined(__x86_64__)
#include "conv/direct_block.h"
#include "base/avx512.h"

/// Calls BODY for every vector of channels of every window: `from` is the offset of its first pixel, `to` its result's.
#define EACH_WINDOW(BODY)                                                                                             \
    ptrdiff_t channels = p->channels, row = p->row;                                                                   \
    for (ptrdiff_t oh = 0; oh < p->height; oh++)                                                                      \
        for (ptrdiff_t ow = 0; ow < p->width; ow++)                                                                   \
            for (ptrdiff_t o = 0; o < channels; o += LANES) {                                                         \
                ptrdiff_t from = oh * p->window_height * row + ow * p->window_width * channels + o;                   \
                ptrdiff_t to = (oh * p->width + ow) * channels + o;                                                   \
                __mmask16 lanes = first_lanes(channels - o);                                                          \
                BODY                                                                                                  \
            }

LSK_AVX512 void lsk_pool_image(const lsk_pooled *p, const float *x, float *y, uint8_t *places) {
    __m512 zero = _mm512_setzero_ps();
    EACH_WINDOW({
        __m512 best = _mm512_maskz_loadu_ps(lanes, x + from);
        __m512i place = _mm512_setzero_si512();
        int at = 1;
        for (ptrdiff_t h = 0; h < p->window_height; h++)
            for (ptrdiff_t w = h == 0; w < p->window_width; w++, at++) {
                __m512 a = _mm512_maskz_loadu_ps(lanes, x + from + h * row + w * channels);
                __mmask16 better = _mm512_cmp_ps_mask(a, best, _CMP_GT_OQ) | _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
                best = _mm512_mask_mov_ps(best, better, a);
                place = _mm512_mask_set1_epi32(place, better, at);
            }
        _mm512_mask_storeu_ps(y + to, lanes, _mm512_max_ps(zero, best));  // of zero and a NaN the second is returned
        if (places) _mm512_mask_cvtepi32_storeu_epi8(places + to, lanes, place);
    })
}

LSK_AVX512 void lsk_unpool_image(const lsk_pooled *p, const float *y, const uint8_t *places, const float *dy, float *dx,
                                 float *sums) {
    __m512 zero = _mm512_setzero_ps();
    EACH_WINDOW({
        __mmask16 passes = _mm512_mask_cmp_ps_mask(lanes, _mm512_maskz_loadu_ps(lanes, y + to), zero, _CMP_GT_OQ);
        __m512 g = _mm512_maskz_loadu_ps(passes, dy + to);
        _mm512_mask_storeu_ps(sums + o, lanes, _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, sums + o), g));
        if (!places) {
            _mm512_mask_storeu_ps(dx + from, lanes, g);
            continue;
        }
        __m512i place = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, places + to));
        int at = 0;
        for (ptrdiff_t h = 0; h < p->window_height; h++)
            for (ptrdiff_t w = 0; w < p->window_width; w++, at++)
                _mm512_mask_storeu_ps(dx + from + h * row + w * channels, lanes,
                                      _mm512_maskz_mov_ps(_mm512_cmpeq_epi32_mask(place, _mm512_set1_epi32(at)), g));
    })
}
#endif
