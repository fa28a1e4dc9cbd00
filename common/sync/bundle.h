/*
 * A bundle: pushes of one station as a file, for a USB stick or a pipe.
 *
 *   "rollcall.bundle" ‖ version (1 byte) ‖ station id (40 bytes, NUL padded)
 *   size (4 bytes little endian) ‖ a push (message.h) sealed to the server's key      … any number of times
 *   0 (4 bytes) ‖ how many pushes there were (4 bytes)
 *
 * Only the server reads what is in it; a bundle that was cut short lacks its end and is told apart from a whole one. What
 * makes its events trustworthy is their own chain and signature. Works on pipes; nothing seeks.
 */
#ifndef CM_BUNDLE_H
#define CM_BUNDLE_H

#include "base/buf.h"
#include "base/err.h"
#include "sync/message.h"
#include <stdint.h>
#include <stdio.h>

enum { CM_BUNDLE_PUSHES_MAX = 1000 * 1000 };

/* CM_NOSPACE, CM_BACKEND: the file. Flush and sync are the caller's. */
enum cm_code cm_bundle_write_head(FILE *file, const char *station_id, struct cm_err *err);
enum cm_code cm_bundle_write_push(FILE *file, const uint8_t server_key[CM_BOX_KEY_SIZE], const uint8_t *push,
                                  size_t size, struct cm_err *err);
enum cm_code cm_bundle_write_end(FILE *file, uint32_t pushes, struct cm_err *err);

/* CM_INVALID: not a bundle. CM_NEWER: of a newer version. */
enum cm_code cm_bundle_read_head(FILE *file, char ret_station_id[CM_SYNC_STATION_ID_SIZE],
                                 struct cm_err *err);
/* The next sealed push into the emptied buffer (its maximum at least CM_SYNC_PUSH_MAX + CM_BOX_OVERHEAD). *pushes counts;
 * begin with 0. CM_EOF: the end, and the count is right. CM_CORRUPT: cut short, or a wrong count. */
enum cm_code cm_bundle_read_push(FILE *file, struct cm_buf *sealed, uint32_t *pushes, struct cm_err *err);

#endif
