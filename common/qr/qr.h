/*
 * A text as a QR code: as an SVG for paper, and as text for a terminal. Correction level M: a seventh of it may be scratched.
 *
 * The text is at most CM_QR_TEXT_MAX bytes. Appends to the caller's buffer, which is as before on failure. CM_INVALID: empty or
 * too long. CM_NOMEM: no memory, or the buffer's maximum. Wipe the buffer where the text is a secret. Any thread.
 */
#ifndef CM_QR_H
#define CM_QR_H

#include "base/buf.h"
#include "base/err.h"

enum { CM_QR_TEXT_MAX = 200, CM_QR_SVG_MAX = 64 * 1024, CM_QR_LINES_MAX = 32 * 1024 };

/* A square of its own size in modules with the white edge that readers need, black on white; stretch it with width and height. */
enum cm_code cm_qr_svg(const char *text, struct cm_buf *svg, struct cm_err *err);
/* Lines of half blocks (UTF-8), two rows of modules each, light on dark: for terminals with a dark ground. */
enum cm_code cm_qr_lines(const char *text, struct cm_buf *lines, struct cm_err *err);

#endif
