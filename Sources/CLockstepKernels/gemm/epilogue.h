// SPDX-License-Identifier: Apache-2.0
// An epilogue as the drivers of a product see it: data that they cut as they cut the result.
#pragma once
#include "lsk_epilogue.h"

/// Passes a finished result of `rows` rows, `c_row` elements apart, through the epilogue. float32 and float64.
void lsk_apply_epilogue(lsk_dtype dtype, ptrdiff_t rows, ptrdiff_t columns, void *_Nonnull c, ptrdiff_t c_row,
                        const lsk_epilogue *_Nonnull e);
/// The epilogue of that part of a float32 product which starts at `row`, `column`.
lsk_epilogue lsk_epilogue_at(const lsk_epilogue *_Nonnull e, ptrdiff_t row, ptrdiff_t column);
