/*
 * A byte buffer that grows, born with a maximum. Reaching the maximum is an ordinary failure (CM_NOMEM) that
 * leaves the content as it was; so is a lack of memory.
 *
 * After any successful append, data[size] is a NUL that size does not count, so text may be used as a C
 * string. data is NULL while nothing was appended, and moves when the buffer grows. Memory of the struct is
 * the caller's. Not thread safe.
 */
#ifndef CM_BUF_H
#define CM_BUF_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct cm_buf {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t max; /* of size */
};

void cm_buf_init(struct cm_buf *buf, size_t max);
void cm_buf_finish(struct cm_buf *buf); /* frees; the struct is as after init */

enum cm_code cm_buf_append(struct cm_buf *buf, const void *bytes, size_t size);
enum cm_code cm_buf_append_text(struct cm_buf *buf, const char *text);
enum cm_code cm_buf_appendf(struct cm_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Empties it and keeps its memory. */
void cm_buf_reset(struct cm_buf *buf);

/* The content, which the caller now frees with free(); the buffer is empty afterwards. An empty buffer gives
 * NULL and 0 unless something empty was appended. ret_size may be NULL. */
uint8_t *cm_buf_take(struct cm_buf *buf, size_t *ret_size);

#endif
