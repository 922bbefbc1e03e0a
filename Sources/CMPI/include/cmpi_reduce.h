// SPDX-License-Identifier: Apache-2.0
// Reductions over buffers of several ranks, in the order given: the same inputs give the same bits.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum { CMPI_FLOAT32 = 0, CMPI_FLOAT64 = 1, CMPI_INT64 = 2, CMPI_UINT64 = 3, CMPI_BYTE = 4 };
enum { CMPI_SUM = 0, CMPI_MIN = 1, CMPI_MAX = 2 };

/// Each destination = Σ scales[i]·sources[i], added in the order of the sources; a destination may be a source.
/// No sources: zeros.
void cmpi_weighted_sum(
    float *_Nonnull const *_Nonnull destinations, int destination_count, const float *_Nonnull const *_Nonnull sources, const float *scales,
    int source_count, ptrdiff_t count);

/// Σ x², added in double precision.
double cmpi_sum_of_squares(const float *values, ptrdiff_t count);

/// Each destination = the sum of the sources, added as a tree: neighbours first, then neighbouring pairs, and so on.
/// The sum of 2ᵏ sources is that of the sums of their halves, to the bit. A destination may be a source. At most 64 sources.
void cmpi_tree_sum(
    float *_Nonnull const *_Nonnull destinations, int destination_count, const float *_Nonnull const *_Nonnull sources,
    int source_count, ptrdiff_t count);

/// destination = sources[0] op sources[1] op …; the destination may be one of the sources.
void cmpi_combine(
    void *destination, const void *_Nonnull const *_Nonnull sources, int source_count, ptrdiff_t count, int type, int operation);

#pragma clang assume_nonnull end
