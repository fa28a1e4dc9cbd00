/*
 * Reads the QR code of a student's card in a frame, by ZBar; nothing of ZBar leaves this folder.
 *
 * QR codes alone are looked for, in a grey picture of at most 640 px a side; larger pictures are looked at reduced. A card
 * should be 100 px wide in a picture of 640. Exactly one code with a text of printable ASCII that fits is read: no code,
 * several codes, and any other text are "no code". The answer is of this frame alone: ZBar remembers nothing between frames.
 *
 * Finding and reading is ZBar's, and it is not ours to wipe: the text is in its freed memory until that is used again.
 */
#ifndef STN_QR_H
#define STN_QR_H

#include "base/err.h"
#include "frame/frame.h"
#include "frame/observation.h"
#include <stdbool.h>

enum { STN_QR_TEXT_SIZE = STN_CODE_TEXT_SIZE }; /* with the NUL; a longer text is no code */

struct stn_qr_reader; /* the buffers; one thread at a time */

/* CM_NOMEM. CM_BACKEND: ZBar cannot be told to read QR codes alone. */
enum cm_code stn_qr_reader_create(struct stn_qr_reader **ret_reader, struct cm_err *err);
void stn_qr_reader_destroy(struct stn_qr_reader *reader); /* NULL is fine */
/* False: no code that we read; then ret_text is not touched. */
bool stn_qr_reader_run(struct stn_qr_reader *reader, const struct stn_frame *frame,
                       char ret_text[static STN_QR_TEXT_SIZE]);

#endif
