// SPDX-License-Identifier: Apache-2.0
// Bytes, such as those of images, as numbers.
#pragma once
#include "lsk_types.h"

/// out [rows, width] = the rows of `bytes` [any, width] at `indices`, times scale plus offset, rounded after each of the two.
void lsk_gather_bytes(ptrdiff_t rows, ptrdiff_t width, const ptrdiff_t *_Nonnull indices, const uint8_t *_Nonnull bytes,
                      float scale, float offset, float *_Nonnull out);
