// SPDX-License-Identifier: Apache-2.0
// PNG by libpng's simplified interface: it needs no setjmp here, and no more memory than the picture.

#include "CImageCodecs.h"

#include <stdio.h>
#include <string.h>

#ifdef LSI_PNG
#include <png.h>

static int fail(png_image *image, char *message) {
    snprintf(message, LSI_MESSAGE, "%s", image->message[0] ? image->message : "damaged");
    png_image_free(image);
    return -1;
}

static int begin(png_image *image, const uint8_t *bytes, size_t count, char *message) {
    memset(image, 0, sizeof *image);
    image->version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(image, bytes, count)) return fail(image, message);
    // Palettes are looked up, 16 bits become 8; grey, colour and alpha stay what they are.
    image->format &= PNG_FORMAT_FLAG_ALPHA | PNG_FORMAT_FLAG_COLOR;
    // Numbers of 16 bits that do not say otherwise mean what those of 8 bits mean, and not linear light.
    image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    return 0;
}

static lsi_size size_of(const png_image *image) {
    lsi_size size = {image->width, image->height, (int)PNG_IMAGE_SAMPLE_CHANNELS(image->format)};
    return size;
}

int lsi_has_png(void) { return 1; }

int lsi_png_size(const uint8_t *bytes, size_t count, lsi_size *size, char *message) {
    png_image image;
    if (begin(&image, bytes, count, message)) return -1;
    *size = size_of(&image);
    png_image_free(&image);
    return 0;
}

int lsi_png_decode(const uint8_t *bytes, size_t count, lsi_size size, uint8_t *pixels, char *message) {
    png_image image;
    if (begin(&image, bytes, count, message)) return -1;
    lsi_size own = size_of(&image);
    if (own.width != size.width || own.height != size.height || own.channels != size.channels) {
        snprintf(message, LSI_MESSAGE, "another size than before");
        png_image_free(&image);
        return -1;
    }
    if (!png_image_finish_read(&image, NULL, pixels, (png_int_32)(size.width * size.channels), NULL))
        return fail(&image, message);
    return 0;
}

#else

int lsi_has_png(void) { return 0; }

int lsi_png_size(const uint8_t *bytes, size_t count, lsi_size *size, char *message) {
    (void)bytes, (void)count, (void)size;
    snprintf(message, LSI_MESSAGE, "built without libpng");
    return -1;
}

int lsi_png_decode(const uint8_t *bytes, size_t count, lsi_size size, uint8_t *pixels, char *message) {
    (void)size, (void)pixels;
    return lsi_png_size(bytes, count, &size, message);
}

#endif
