// SPDX-License-Identifier: Apache-2.0
// JPEG by libjpeg, whose errors jump back here instead of ending the program.

#include "CImageCodecs.h"

#include <stdio.h>

#ifdef LSI_JPEG
#include <setjmp.h>
#include <jpeglib.h>
#include <jerror.h>

// A small file can ask for thousands of passes over a large picture.
enum { most_scans = 500 };

typedef struct {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    char *message;
} decoder;

static void stop(j_common_ptr info) {
    decoder *self = (decoder *)info->client_data;
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    snprintf(self->message, LSI_MESSAGE, "%s", text);
    longjmp(self->back, 1);
}

// Most warnings are about oddities that do no harm; a file that is cut short is no picture.
static void warn(j_common_ptr info, int level) {
    if (level >= 0 || info->err->msg_code != JWRN_JPEG_EOF) return;
    decoder *self = (decoder *)info->client_data;
    snprintf(self->message, LSI_MESSAGE, "the file is cut short");
    longjmp(self->back, 1);
}

static void watch(j_common_ptr info) {
    decoder *self = (decoder *)info->client_data;
    if (self->info.input_scan_number <= most_scans) return;
    snprintf(self->message, LSI_MESSAGE, "more than %d scans", most_scans);
    longjmp(self->back, 1);
}

// To be called with the jump set; reads the header.
static void begin(decoder *self, const uint8_t *bytes, size_t count) {
    self->info.client_data = self;
    jpeg_create_decompress(&self->info);
    self->progress.progress_monitor = watch;
    self->info.progress = &self->progress;
    jpeg_mem_src(&self->info, bytes, count);
    jpeg_read_header(&self->info, TRUE);
    if (self->info.num_components != 1) {
        if (self->info.jpeg_color_space == JCS_CMYK || self->info.jpeg_color_space == JCS_YCCK) {
            snprintf(self->message, LSI_MESSAGE, "CMYK is not read");
            longjmp(self->back, 1);
        }
        self->info.out_color_space = JCS_RGB;
    }
}

static lsi_size size_of(const decoder *self) {
    lsi_size size = {self->info.image_width, self->info.image_height, self->info.num_components == 1 ? 1 : 3};
    return size;
}

static void prepare(decoder *self, char *message) {
    self->info.err = jpeg_std_error(&self->errors);
    self->errors.error_exit = stop;
    self->errors.emit_message = warn;
    self->message = message;
}

int lsi_has_jpeg(void) { return 1; }

int lsi_jpeg_size(const uint8_t *bytes, size_t count, lsi_size *size, char *message) {
    decoder self = {0};
    prepare(&self, message);
    if (setjmp(self.back)) {
        jpeg_destroy_decompress(&self.info);
        return -1;
    }
    begin(&self, bytes, count);
    *size = size_of(&self);
    jpeg_destroy_decompress(&self.info);
    return 0;
}

int lsi_jpeg_decode(const uint8_t *bytes, size_t count, lsi_size size, uint8_t *pixels, char *message) {
    decoder self = {0};
    prepare(&self, message);
    if (setjmp(self.back)) {
        jpeg_destroy_decompress(&self.info);
        return -1;
    }
    begin(&self, bytes, count);
    lsi_size own = size_of(&self);
    if (own.width != size.width || own.height != size.height || own.channels != size.channels) {
        snprintf(message, LSI_MESSAGE, "another size than before");
        longjmp(self.back, 1);
    }
    jpeg_start_decompress(&self.info);
    while (self.info.output_scanline < self.info.output_height) {
        JSAMPROW row = pixels + (size_t)self.info.output_scanline * size.width * size.channels;
        jpeg_read_scanlines(&self.info, &row, 1);
    }
    jpeg_finish_decompress(&self.info);
    jpeg_destroy_decompress(&self.info);
    return 0;
}

#else

int lsi_has_jpeg(void) { return 0; }

int lsi_jpeg_size(const uint8_t *bytes, size_t count, lsi_size *size, char *message) {
    (void)bytes, (void)count, (void)size;
    snprintf(message, LSI_MESSAGE, "built without libjpeg");
    return -1;
}

int lsi_jpeg_decode(const uint8_t *bytes, size_t count, lsi_size size, uint8_t *pixels, char *message) {
    (void)size, (void)pixels;
    return lsi_jpeg_size(bytes, count, &size, message);
}

#endif
