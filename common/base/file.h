/*
 * Whole files: read with a maximum, written so that a reader sees the old content or the new, never half of
 * it.
 *
 * Codes: CM_NOTFOUND where the path (or its folder) does not exist; CM_NOSPACE where the disk or the quota is
 * full; CM_INVALID for what is no regular file or is larger than allowed; CM_BACKEND otherwise. Messages name
 * the path. Any thread.
 */
#ifndef CM_FILE_H
#define CM_FILE_H

#include "base/err.h"
#include <stddef.h>
#include <sys/types.h>

/* The content with a NUL after it that ret_size (may be NULL) does not count; free() it. Never reads more
 * than max bytes: a larger file is CM_INVALID. Does not wait on pipes or devices: only regular files. */
enum cm_code cm_file_read(const char *path, size_t max, char **ret_data, size_t *ret_size,
                          struct cm_err *err);

/* Replaces the file by way of a new one in the same folder: written, synced, renamed, the folder synced. When
 * this returns CM_OK the content survives a power cut. `mode` is exact, whatever the umask. On failure the
 * old file is intact and nothing new is left. */
enum cm_code cm_file_write(const char *path, const void *data, size_t size, mode_t mode, struct cm_err *err);

/* Makes the folder and those above it that are missing, mode 0700. It is no failure when it exists. */
enum cm_code cm_file_make_folders(const char *path, struct cm_err *err);

/* The code that fits an errno of the operating system, as above. */
enum cm_code cm_file_code(int error_number);

#endif
