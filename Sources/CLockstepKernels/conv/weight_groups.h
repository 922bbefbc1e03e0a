// SPDX-License-Identifier: Apache-2.0
// How a batch is cut where the gradient of a convolution's weights sums over it.
#pragma once
#include "lsk_convolution.h"

/// How many groups of images there are, at least one; and the first image of a group.
ptrdiff_t lsk_weight_groups(const lsk_convolution *_Nonnull c);
ptrdiff_t lsk_group_start(const lsk_convolution *_Nonnull c, ptrdiff_t group);
/// Adds `groups` arrays of `count` numbers that follow each other, one after the other.
void lsk_add_groups(ptrdiff_t count, ptrdiff_t groups, float *_Nonnull to, const float *_Nonnull from);
