// SPDX-License-Identifier: Apache-2.0
// The loops of a float32 product for AVX-512: only the smaller operand is packed, the other is read where it lies.
//
// After Goto & van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), without the second packing.
#if defined(__x86_64__)
#include "gemm/driver.h"
#include "gemm/epilogue.h"
#include "gemm/microkernel.h"
#include "gemm/packing.h"
#include "lsk_memory.h"

enum { PAGE = 1024 };  // floats

/// What lies `row` rows and `column` columns further on; nothing stays nothing.
static const float *onward(const void *x, ptrdiff_t ld, ptrdiff_t row, ptrdiff_t column) {
    return x ? (const float *)x + row * ld + column : NULL;
}

/// The parts of the epilogue for the microtile at (row, column): before the first inner block, after the last.
static void set_epilogue(lsk_microtile *t, const lsk_epilogue *e, int first, int last, ptrdiff_t row,
                         ptrdiff_t column) {
    t->has_epilogue = 1;
    t->bias = first ? onward(e->bias, 0, 0, column) : NULL;
    t->added = first ? onward(e->added, e->added_row, row, column) : NULL;
    t->factor = last ? onward(e->factor, e->factor_row, row, column) : NULL;
    t->relu = last && e->activation == LSK_ACTIVATION_RELU;
}

/// GELU over rows that have just been computed.
static void apply_gelu(const lsk_epilogue *e, ptrdiff_t row, ptrdiff_t column, ptrdiff_t rows, ptrdiff_t columns,
                       float *c, ptrdiff_t ldc) {
    lsk_epilogue gelu = {.activation = LSK_ACTIVATION_GELU, .derivative_row = e->derivative_row};
    gelu.derivative = e->derivative ? (float *)e->derivative + row * e->derivative_row + column : NULL;
    lsk_apply_epilogue(LSK_FLOAT32, rows, columns, c + row * ldc + column, ldc, &gelu);
}

void lsk_sgemm_avx512(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, lsk_operand a, lsk_operand b, float beta,
                      float *c, ptrdiff_t ldc, const lsk_epilogue *e) {
    // From here on the right operand is the packed one: swapped, the loops make c' of b' and a', tile by tile.
    int swapped = lsk_gemm_swaps(m, n, k);
    lsk_operand left = swapped ? b : a, right = swapped ? a : b;
    ptrdiff_t rows = swapped ? n : m, columns = swapped ? m : n;
    ptrdiff_t block = lsk_round_up(lsk_min(columns, NC), LANES) * lsk_min(k, KC);
    float *packed_b = lsk_allocate((size_t)(block + MC / MR * KC * LANES) * sizeof(float)),
          *packed_a = packed_b + block;
    lsk_microtile t = {.ldc = ldc, .alpha = alpha, .transposed = swapped};
    if (e) t.added_row = e->added_row, t.factor_row = e->factor_row, t.factor_is_mask = e->factor_is_mask;
    for (ptrdiff_t pc = 0; pc < k; pc += KC) {
        ptrdiff_t depth = lsk_min(k - pc, KC);
        int last = pc + KC >= k;
        t.beta = pc ? 1 : beta;
        for (ptrdiff_t jc = 0; jc < columns; jc += NC) {
            ptrdiff_t width = lsk_min(columns - jc, NC), panels = lsk_units(width, NR);
            lsk_operand part = {right.x + jc * right.step + pc * right.k_step, right.step, right.k_step};
            lsk_pack_b(part, depth, width, packed_b);
            // Rows whole pages apart would drive each other from the first-level cache: they are packed, tile by tile.
            int transposes = left.step != 1 && left.step % PAGE == 0 && width > NR;
            // The single values of several tiles, each tile's side by side: in place they may all share a few cache sets.
            int gathers = left.step == 1 && width > NR;
            for (ptrdiff_t ir = 0; ir < rows; ir += MR) {
                ptrdiff_t height = lsk_min(rows - ir, MR), which = ir / MR % (MC / MR);
                lsk_operand tile = {left.x + ir * left.step + pc * left.k_step, left.step, left.k_step};
                // What comes after: the next tile's rows, or the lines of the next block of tiles.
                const float *next = NULL;
                if (!gathers) next = ir + MR < rows ? tile.x + MR * left.step : NULL;
                else if (ir - which * MR + MC < rows) next = tile.x + (MC / MR - which) * MR;
                else if (!last) next = left.x + (pc + KC) * left.k_step;
                if (gathers && which == 0) lsk_pack_a(tile, depth, lsk_min(rows - ir, MC), packed_a);
                if (transposes) lsk_pack_transposed(tile, depth, height, 1, packed_a + which * KC * LANES);
                if (gathers || transposes) tile = (lsk_operand){packed_a + which * KC * LANES, 1, LANES};
                for (ptrdiff_t jr = 0; jr < width; jr += NR) {
                    ptrdiff_t row = swapped ? jc + jr : ir, column = swapped ? ir : jc + jr, panel = jr / NR;
                    t.c = c + row * ldc + column;
                    t.width = width - jr;
                    t.next_step = 0;
                    t.next[0] = t.next[1] = t.next[2] = tile.x;
                    if (next && gathers && which * panels + panel <= MC / LANES) {
                        t.next[0] = next + (which * panels + panel) * LANES;
                        t.next_step = left.k_step;
                    } else if (next && !gathers && !transposes && panel < MR / 3)
                        for (int g = 0; g < 3; g++)
                            t.next[g] = next + lsk_min(3 * panel + g, rows - ir - MR - 1) * left.step;
                    if (e && !swapped) set_epilogue(&t, e, pc == 0, last, row, column);
                    lsk_microkernels_f32[width - jr > LANES][height - 1](depth, tile, packed_b + jr * depth, &t);
                }
                if (e && last && !swapped && e->activation == LSK_ACTIVATION_GELU)
                    apply_gelu(e, ir, jc, height, width, c, ldc);
            }
        }
    }
    if (e && swapped) lsk_apply_epilogue(LSK_FLOAT32, m, n, c, ldc, e);  // results of swapped operands are small
    lsk_release(packed_b);
}
#endif
