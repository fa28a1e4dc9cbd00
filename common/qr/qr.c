#include "qr/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

enum { EDGE = 4, LINES_EDGE = 2 }; /* white modules around it; a screen is white enough with fewer */

static enum cm_code encode(const char *text, QRcode **ret_code, struct cm_err *err)
{
    size_t size = strnlen(text, CM_QR_TEXT_MAX + 1);
    if (size == 0 || size > CM_QR_TEXT_MAX)
        return cm_fail(err, CM_INVALID, "a QR code here holds 1 to %d bytes", CM_QR_TEXT_MAX);
    errno = 0;
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (code == NULL)
        return errno == ENOMEM ? cm_fail(err, CM_NOMEM, "out of memory for a QR code")
                               : cm_fail(err, CM_INVALID, "the text does not fit into a QR code");
    *ret_code = code;
    return CM_OK;
}

static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           (code->data[y * code->width + x] & 1) != 0;
}

/* What was appended goes again when it did not all fit. */
static enum cm_code finish(QRcode *code, struct cm_buf *buf, size_t before, enum cm_code result,
                           struct cm_err *err)
{
    QRcode_free(code);
    if (result == CM_OK)
        return CM_OK;
    if (buf->data != NULL) {
        buf->size = before;
        buf->data[before] = '\0';
    }
    return cm_fail(err, CM_NOMEM, "no room for a QR code");
}

/* ---- for paper ---- */

static enum cm_code append_row(struct cm_buf *svg, const QRcode *code, int y)
{
    enum cm_code result = CM_OK;
    for (int x = 0, length; x < code->width && result == CM_OK; x += length) {
        for (length = 1; x + length < code->width && is_dark(code, x + length, y) == is_dark(code, x, y);)
            length++;
        if (is_dark(code, x, y))
            result = cm_buf_appendf(svg, "M%d %dh%dv1h-%dz", x + EDGE, y + EDGE, length, length);
    }
    return result;
}

enum cm_code cm_qr_svg(const char *text, struct cm_buf *svg, struct cm_err *err)
{
    QRcode *code;
    size_t before = svg->size;
    enum cm_code result = encode(text, &code, err);
    if (result != CM_OK)
        return result;
    int size = code->width + 2 * EDGE;
    result = cm_buf_appendf(svg,
                            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                            "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/>"
                            "<path d=\"",
                            size, size, size, size, size);
    for (int y = 0; y < code->width && result == CM_OK; y++)
        result = append_row(svg, code, y);
    if (result == CM_OK)
        result = cm_buf_append_text(svg, "\"/></svg>");
    return finish(code, svg, before, result, err);
}

/* ---- for a terminal ---- */

enum cm_code cm_qr_lines(const char *text, struct cm_buf *lines, struct cm_err *err)
{
    static const char *const blocks[2][2] = {{"█", "▀"}, {"▄", " "}}; /* [upper is dark][lower is dark] */
    QRcode *code;
    size_t before = lines->size;
    enum cm_code result = encode(text, &code, err);
    if (result != CM_OK)
        return result;
    for (int y = -LINES_EDGE; y < code->width + LINES_EDGE && result == CM_OK; y += 2) {
        for (int x = -LINES_EDGE; x < code->width + LINES_EDGE && result == CM_OK; x++)
            result = cm_buf_append_text(lines, blocks[is_dark(code, x, y)][is_dark(code, x, y + 1)]);
        if (result == CM_OK)
            result = cm_buf_append_text(lines, "\n");
    }
    return finish(code, lines, before, result, err);
}
