// SPDX-License-Identifier: Apache-2.0
// A batch cut into groups of images, whose shares of the weights' gradient are summed apart and then added in order: the
// cuts follow from the shape alone, so that threads can share the images and the bits are those of one thread.
#include "conv/weight_groups.h"
#include "base/simd.h"

// A group's sums are zeroed, made and added: with fewer pixels than this it would cost more than a hundredth of its work.
// Four are enough to keep two threads or four off each other's images.
enum { LEAST_PIXELS = 2048, MOST_GROUPS = 4 };

ptrdiff_t lsk_weight_groups(const lsk_convolution *c) {
    ptrdiff_t worth = c->batch * c->out_height * c->out_width / LEAST_PIXELS, groups = MOST_GROUPS;
    while (groups > 1 && (groups > worth || groups > c->batch)) groups /= 2;
    return groups;
}

ptrdiff_t lsk_group_start(const lsk_convolution *c, ptrdiff_t group) { return c->batch * group / lsk_weight_groups(c); }

LSK_SIMD static void add(ptrdiff_t n, float *to, const float *from) {
    for (ptrdiff_t i = 0; i < n; i++) to[i] += from[i];
}

void lsk_add_groups(ptrdiff_t count, ptrdiff_t groups, float *to, const float *from) {
    for (ptrdiff_t g = 0; g < groups; g++) add(count, to, from + g * count);
}
