#include "sync/message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const cm_pull_names[CM_PULL_NAMES] = {"cursor",  "wait",   "last",    "camera",
                                                  "version", "frames", "wall_ms", "rolls"};

static enum cm_code append_escaped(struct cm_buf *buf, const char *text)
{
    enum cm_code code = CM_OK;
    for (; *text != '\0' && code == CM_OK; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                     c == '-' || c == '_';
        code = plain ? cm_buf_append(buf, text, 1) : cm_buf_appendf(buf, "%%%02X", c);
    }
    return code;
}

enum cm_code cm_pull_query(const struct cm_pull *pull, struct cm_buf *buf)
{
    enum cm_code code = cm_buf_append_text(buf, "cursor=");
    if (code == CM_OK)
        code = append_escaped(buf, pull->cursor);
    if (code == CM_OK)
        code = cm_buf_appendf(buf, "&wait=%d&last=%" PRIu64 "&camera=", pull->wait_s, pull->last_seq);
    if (code == CM_OK)
        code = append_escaped(buf, pull->camera);
    if (code == CM_OK)
        code = cm_buf_append_text(buf, "&version=");
    if (code == CM_OK)
        code = append_escaped(buf, pull->version);
    if (code == CM_OK)
        code = cm_buf_appendf(buf, "&frames=%d&wall_ms=%" PRId64, pull->frames, pull->wall_ms);
    if (code == CM_OK && pull->rolls)
        code = cm_buf_append_text(buf, "&rolls=1");
    return code;
}

static enum cm_code set_text(const char *name, const char *value, char *out, size_t size, struct cm_err *err)
{
    if (strlen(value) >= size)
        return cm_fail(err, CM_INVALID, "%s is too long", name);
    snprintf(out, size, "%s", value);
    return CM_OK;
}

static enum cm_code read_number(const char *name, const char *value, int64_t max, int64_t *ret_number,
                                struct cm_err *err)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number > max)
        return cm_fail(err, CM_INVALID, "%s is not a number from 0 to %" PRId64, name, max);
    *ret_number = number;
    return CM_OK;
}

enum cm_code cm_pull_set(struct cm_pull *pull, const char *name, const char *value, struct cm_err *err)
{
    int64_t number = 0;
    enum cm_code code;
    if (strcmp(name, "cursor") == 0)
        return set_text(name, value, pull->cursor, sizeof pull->cursor, err);
    if (strcmp(name, "camera") == 0)
        return set_text(name, value, pull->camera, sizeof pull->camera, err);
    if (strcmp(name, "version") == 0)
        return set_text(name, value, pull->version, sizeof pull->version, err);
    if (strcmp(name, "wait") == 0) {
        code = read_number(name, value, CM_SYNC_WAIT_MAX_S, &number, err);
        if (code == CM_OK)
            pull->wait_s = (int)number;
        return code;
    }
    if (strcmp(name, "frames") == 0) {
        code = read_number(name, value, 1, &number, err);
        if (code == CM_OK)
            pull->frames = number != 0;
        return code;
    }
    if (strcmp(name, "rolls") == 0) {
        code = read_number(name, value, 1, &number, err);
        if (code == CM_OK)
            pull->rolls = number != 0;
        return code;
    }
    if (strcmp(name, "last") == 0) {
        code = read_number(name, value, INT64_MAX, &number, err);
        if (code == CM_OK)
            pull->last_seq = (uint64_t)number;
        return code;
    }
    if (strcmp(name, "wall_ms") == 0)
        return read_number(name, value, CM_INSTANT_LAST_MS, &pull->wall_ms, err);
    return CM_NOTFOUND;
}
