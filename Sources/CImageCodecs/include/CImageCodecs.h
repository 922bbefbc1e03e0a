// SPDX-License-Identifier: Apache-2.0
// Decoding PNG and JPEG from memory into rows of bytes, with libpng and libjpeg where they are installed.
#ifndef LSI_IMAGE_CODECS_H
#define LSI_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

/// Room for a sentence about what is wrong.
#define LSI_MESSAGE 256

/// What a header says. Channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
typedef struct {
    int64_t width, height;
    int channels;
} lsi_size;

/// Whether the package was built with the library.
int lsi_has_png(void);
int lsi_has_jpeg(void);

/// Reads the header. Returns 0, or -1 with a message.
int lsi_png_size(const uint8_t *_Nonnull bytes, size_t count, lsi_size *_Nonnull size, char *_Nonnull message);
int lsi_jpeg_size(const uint8_t *_Nonnull bytes, size_t count, lsi_size *_Nonnull size, char *_Nonnull message);

/// Decodes into height × width × channels bytes, as the size of the same bytes says. Returns 0, or -1 with a message.
int lsi_png_decode(
    const uint8_t *_Nonnull bytes, size_t count, lsi_size size, uint8_t *_Nonnull pixels, char *_Nonnull message);
int lsi_jpeg_decode(
    const uint8_t *_Nonnull bytes, size_t count, lsi_size size, uint8_t *_Nonnull pixels, char *_Nonnull message);

#endif
