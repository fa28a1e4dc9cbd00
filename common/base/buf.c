#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 64 };

void cm_buf_init(struct cm_buf *buf, size_t max)
{
    assert(max < SIZE_MAX / 2); /* so that doubling and the NUL cannot overflow */
    *buf = (struct cm_buf){.max = max};
}

void cm_buf_finish(struct cm_buf *buf)
{
    free(buf->data);
    *buf = (struct cm_buf){.max = buf->max};
}

/* Room for `size` more bytes and the NUL. */
static enum cm_code reserve(struct cm_buf *buf, size_t size)
{
    if (size > buf->max - buf->size)
        return CM_NOMEM;
    size_t needed = buf->size + size + 1;
    if (needed <= buf->capacity)
        return CM_OK;
    size_t capacity = buf->capacity > 0 ? buf->capacity : CAPACITY_FIRST;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > buf->max + 1)
        capacity = buf->max + 1;
    uint8_t *data = realloc(buf->data, capacity);
    if (data == NULL)
        return CM_NOMEM;
    buf->data = data;
    buf->capacity = capacity;
    return CM_OK;
}

enum cm_code cm_buf_append(struct cm_buf *buf, const void *bytes, size_t size)
{
    enum cm_code code = reserve(buf, size);
    if (code != CM_OK)
        return code;
    if (size > 0)
        memcpy(buf->data + buf->size, bytes, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
    return CM_OK;
}

enum cm_code cm_buf_append_text(struct cm_buf *buf, const char *text)
{
    return cm_buf_append(buf, text, strlen(text));
}

enum cm_code cm_buf_appendf(struct cm_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0)
        return CM_INVALID;
    enum cm_code code = reserve(buf, (size_t)length);
    if (code != CM_OK)
        return code;
    va_start(args, fmt);
    vsnprintf((char *)buf->data + buf->size, (size_t)length + 1, fmt, args);
    va_end(args);
    buf->size += (size_t)length;
    return CM_OK;
}

void cm_buf_reset(struct cm_buf *buf)
{
    buf->size = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

uint8_t *cm_buf_take(struct cm_buf *buf, size_t *ret_size)
{
    uint8_t *data = buf->data;
    if (ret_size != NULL)
        *ret_size = buf->size;
    *buf = (struct cm_buf){.max = buf->max};
    return data;
}
