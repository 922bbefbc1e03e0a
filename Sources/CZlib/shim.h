// SPDX-License-Identifier: Apache-2.0
// zlib for Swift: inflateInit2 and deflateInit2 are macros, so they are wrapped here.
#include <zlib.h>
static inline int lsz_inflate_init(z_stream *_Nonnull stream, int window_bits) { return inflateInit2(stream, window_bits); }
static inline int lsz_deflate_init(z_stream *_Nonnull stream, int level, int window_bits) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}
