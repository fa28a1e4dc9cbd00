#include "card/qr.h"

#include <stdlib.h>
#include <string.h>
#include <zbar.h>

enum {
    PICTURE_SIDE = 640, /* larger pictures are reduced to at most this, by whole numbers */
    SIDE_LEAST = 21,    /* the smallest code with a pixel a module: less is not given to ZBar */
};

struct stn_qr_reader {
    zbar_image_scanner_t *scanner;
    zbar_image_t *image; /* its pixels are grey, below */
    uint8_t grey[PICTURE_SIDE * PICTURE_SIDE];
};

/* Bytes as they are in the code: ZBar would guess a character set, and printable ASCII is all that we take. */
static bool read_qr_codes_alone(zbar_image_scanner_t *scanner)
{
    zbar_image_scanner_enable_cache(scanner, 0);
    return zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0) == 0 &&
           zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1) == 0 &&
           zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1) == 0;
}

enum cm_code stn_qr_reader_create(struct stn_qr_reader **ret_reader, struct cm_err *err)
{
    struct stn_qr_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for reading cards");
    reader->scanner = zbar_image_scanner_create();
    reader->image = zbar_image_create();
    if (reader->scanner == NULL || reader->image == NULL) {
        stn_qr_reader_destroy(reader);
        return cm_fail(err, CM_NOMEM, "out of memory for reading cards");
    }
    if (!read_qr_codes_alone(reader->scanner)) {
        stn_qr_reader_destroy(reader);
        return cm_fail(err, CM_BACKEND, "ZBar cannot be told to read QR codes alone");
    }
    zbar_image_set_format(reader->image, zbar_fourcc('Y', '8', '0', '0'));
    *ret_reader = reader;
    return CM_OK;
}

void stn_qr_reader_destroy(struct stn_qr_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->image != NULL)
        zbar_image_destroy(reader->image);
    if (reader->scanner != NULL)
        zbar_image_scanner_destroy(reader->scanner);
    free(reader);
}

static int reduction(const struct stn_frame *frame)
{
    int longer = frame->width > frame->height ? frame->width : frame->height;
    return (longer + PICTURE_SIDE - 1) / PICTURE_SIDE;
}

/* The mean of `shrink` by `shrink` pixels, of colours with the usual weights. */
static uint8_t grey_of(const uint8_t *pixels, int stride, int shrink, bool colour)
{
    uint32_t sum = 0;
    for (int y = 0; y < shrink; y++, pixels += stride)
        for (int x = 0; x < shrink; x++) {
            const uint8_t *p = pixels + x * (colour ? 3 : 1);
            sum += colour ? (29U * p[0] + 150U * p[1] + 77U * p[2]) >> 8 : p[0];
        }
    return (uint8_t)(sum / (uint32_t)(shrink * shrink));
}

static void make_grey(uint8_t *grey, int width, int height, int shrink, const struct stn_frame *frame)
{
    int bytes = frame->format == STN_PIXEL_BGR24 ? 3 : 1;
    for (int y = 0; y < height; y++) {
        const uint8_t *row = frame->pixels + (size_t)y * (size_t)shrink * (size_t)frame->stride;
        for (int x = 0; x < width; x++)
            grey[y * width + x] =
                grey_of(row + (size_t)x * (size_t)shrink * (size_t)bytes, frame->stride, shrink, bytes == 3);
    }
}

/* Of this one symbol; the length is ZBar's, which may hold a NUL within the text. */
static bool take_text(const zbar_symbol_t *symbol, char ret_text[static STN_QR_TEXT_SIZE])
{
    const char *text = zbar_symbol_get_data(symbol);
    unsigned length = zbar_symbol_get_data_length(symbol);
    if (zbar_symbol_get_type(symbol) != ZBAR_QRCODE || text == NULL || length == 0 ||
        length >= STN_QR_TEXT_SIZE)
        return false;
    for (unsigned i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
    return true;
}

bool stn_qr_reader_run(struct stn_qr_reader *reader, const struct stn_frame *frame,
                       char ret_text[static STN_QR_TEXT_SIZE])
{
    int shrink = reduction(frame), width = frame->width / shrink, height = frame->height / shrink;
    if (width < SIDE_LEAST || height < SIDE_LEAST)
        return false;
    make_grey(reader->grey, width, height, shrink, frame);
    zbar_image_set_size(reader->image, (unsigned)width, (unsigned)height);
    zbar_image_set_data(reader->image, reader->grey, (unsigned long)width * (unsigned long)height, NULL);
    bool one = zbar_scan_image(reader->scanner, reader->image) == 1;
    bool read = one && take_text(zbar_image_first_symbol(reader->image), ret_text);
    zbar_image_scanner_recycle_image(reader->scanner, reader->image);
    return read;
}
