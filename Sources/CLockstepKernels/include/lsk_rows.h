// SPDX-License-Identifier: Apache-2.0
// Rows of a table by number.
#pragma once
#include "lsk_types.h"

/// out [rows, width] = the rows of `source` [any, width] at `indices`; `width` in bytes.
void lsk_copy_rows(ptrdiff_t rows, ptrdiff_t width, const ptrdiff_t *_Nonnull indices, const void *_Nonnull source,
                   void *_Nonnull out);
