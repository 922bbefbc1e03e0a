// SPDX-License-Identifier: Apache-2.0
// Stable sorting by integer keys, and selection of the first k.
//
// Every element becomes an unsigned key that orders as it does (NaN last, −0 equal to 0; complemented for descending
// order). Short lines are sorted by insertion, few wanted elements are kept in a sorted list, the rest goes through a
// radix sort that skips bytes all keys share.
#include "lsk_sort.h"
#include "base/simd.h"
#include <string.h>

typedef struct item {
    uint64_t key;
    int64_t index;
} item;

enum { SHORT_LINE = 32, FEW = 32 };

LSK_INLINE uint64_t key_f32(float x) {
    uint32_t u;
    if (x != x) return 0xffffffffu;
    x += 0.0f;  // −0 becomes 0
    memcpy(&u, &x, 4);
    return u >> 31 ? (uint32_t)~u : u | 0x80000000u;
}
LSK_INLINE uint64_t key_f64(double x) {
    uint64_t u;
    if (x != x) return UINT64_MAX;
    x += 0.0;
    memcpy(&u, &x, 8);
    return u >> 63 ? ~u : u | 0x8000000000000000u;
}
LSK_INLINE uint64_t key_i32(int32_t x) { return (uint32_t)x ^ 0x80000000u; }
LSK_INLINE uint64_t key_i64(int64_t x) { return (uint64_t)x ^ 0x8000000000000000u; }
LSK_INLINE uint64_t key_u8(uint8_t x) { return x; }

static void keys_of(lsk_dtype dtype, ptrdiff_t n, ptrdiff_t stride, const void *in, int descending, item *out) {
    uint64_t mask;
    switch (dtype) {
#define CASE(TYPE, T, KEY, MASK)                                                                                      \
    case TYPE:                                                                                                        \
        mask = descending ? MASK : 0;                                                                                 \
        for (ptrdiff_t i = 0; i < n; i++) out[i] = (item){KEY(((const T *)in)[i * stride]) ^ mask, i};                \
        break;
        CASE(LSK_FLOAT32, float, key_f32, 0xffffffffu)
        CASE(LSK_FLOAT64, double, key_f64, UINT64_MAX)
        CASE(LSK_INT32, int32_t, key_i32, 0xffffffffu)
        CASE(LSK_INT64, int64_t, key_i64, UINT64_MAX)
        CASE(LSK_UINT8, uint8_t, key_u8, 0xff)
        CASE(LSK_BOOL, uint8_t, key_u8, 0xff)
    default: lsk_unsupported("sorting", dtype);
    }
}

static void insertion_sort(item *a, ptrdiff_t n) {
    for (ptrdiff_t i = 1; i < n; i++) {
        item x = a[i];
        ptrdiff_t j = i;
        for (; j > 0 && a[j - 1].key > x.key; j--) a[j] = a[j - 1];
        a[j] = x;
    }
}

/// The k first of `a` in order, in place, reading the line once.
static void keep_first(item *a, ptrdiff_t n, ptrdiff_t k) {
    insertion_sort(a, k);
    for (ptrdiff_t i = k; i < n; i++) {
        if (a[i].key >= a[k - 1].key) continue;
        item x = a[i];
        ptrdiff_t j = k - 1;
        for (; j > 0 && a[j - 1].key > x.key; j--) a[j] = a[j - 1];
        a[j] = x;
    }
}

/// Least significant byte first. Returns whichever of the two buffers holds the result.
static item *radix_sort(item *a, item *b, ptrdiff_t n) {
    uint64_t differs = 0;
    for (ptrdiff_t i = 1; i < n; i++) differs |= a[i].key ^ a[0].key;
    for (int shift = 0; shift < 64; shift += 8) {
        if (!(differs >> shift & 0xff)) continue;
        ptrdiff_t place[256] = {0}, next = 0;
        for (ptrdiff_t i = 0; i < n; i++) place[a[i].key >> shift & 0xff]++;
        for (int d = 0; d < 256; d++) {
            ptrdiff_t count = place[d];
            place[d] = next;
            next += count;
        }
        for (ptrdiff_t i = 0; i < n; i++) b[place[a[i].key >> shift & 0xff]++] = a[i];
        item *t = a;
        a = b;
        b = t;
    }
    return a;
}

ptrdiff_t lsk_sort_scratch(ptrdiff_t n) { return 2 * n * (ptrdiff_t)sizeof(item); }

void lsk_sort(lsk_dtype dtype, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, ptrdiff_t k, int descending,
              const void *in, void *values, int64_t *indices, void *scratch) {
    ptrdiff_t size = lsk_element_size(dtype);
    for (ptrdiff_t o = 0; o < outer; o++)
        for (ptrdiff_t i = 0; i < inner; i++) {
            item *a = scratch;
            const char *line = (const char *)in + (o * n * inner + i) * size;
            keys_of(dtype, n, inner, line, descending, a);
            if (n <= SHORT_LINE) insertion_sort(a, n);
            else if (k <= FEW && k > 0) keep_first(a, n, k);
            else a = radix_sort(a, a + n, n);
            ptrdiff_t at = o * k * inner + i;
            for (ptrdiff_t j = 0; j < k; j++) {
                indices[at + j * inner] = a[j].index;
                if (values)
                    memcpy((char *)values + (at + j * inner) * size, line + a[j].index * inner * size, (size_t)size);
            }
        }
}
