#include "api/reply.h"

#include "base/log.h"
#include <assert.h>
#include <math.h>
#include <string.h>

void srv_reply_init(struct srv_reply *out)
{
    *out = (struct srv_reply){.failed = false};
    cm_buf_init(&out->buf, SRV_REPLY_MAX);
}

void srv_reply_finish(struct srv_reply *out)
{
    cm_buf_finish(&out->buf);
}

static void put(struct srv_reply *out, const void *bytes, size_t size)
{
    if (cm_buf_append(&out->buf, bytes, size) != CM_OK)
        out->failed = true;
}

enum { NAME_MAX_ = 60 };

/* Comma and name before a value. */
static void lead(struct srv_reply *out, const char *name)
{
    char head[NAME_MAX_ + 4];
    size_t size = 0;
    if (out->comma)
        head[size++] = ',';
    out->comma = true;
    if (name != NULL) {
        size_t length = strlen(name);
        assert(length <= NAME_MAX_);
        head[size++] = '"';
        memcpy(head + size, name, length);
        size += length;
        head[size++] = '"';
        head[size++] = ':';
    }
    if (size > 0)
        put(out, head, size);
}

static void put_open(struct srv_reply *out, const char *name, const char *bracket)
{
    lead(out, name);
    put(out, bracket, 1);
    out->comma = false;
}

static void put_close(struct srv_reply *out, const char *bracket)
{
    put(out, bracket, 1);
    out->comma = true;
}

void srv_reply_begin(struct srv_reply *out, const char *name)
{
    put_open(out, name, "{");
}

void srv_reply_end(struct srv_reply *out)
{
    put_close(out, "}");
}

void srv_reply_list(struct srv_reply *out, const char *name)
{
    put_open(out, name, "[");
}

void srv_reply_list_end(struct srv_reply *out)
{
    put_close(out, "]");
}

void srv_reply_null(struct srv_reply *out, const char *name)
{
    lead(out, name);
    put(out, "null", 4);
}

void srv_reply_bool(struct srv_reply *out, const char *name, bool value)
{
    lead(out, name);
    put(out, value ? "true" : "false", value ? 4 : 5);
}

/* The digits of value, at least `least` of them, at the end of text; returns where they begin. */
static char *digits_of(uint64_t value, int least, char *end)
{
    char *at = end;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
        least--;
    } while (value > 0 || least > 0);
    return at;
}

void srv_reply_int(struct srv_reply *out, const char *name, int64_t value)
{
    char text[24], *end = text + sizeof text;
    char *at = digits_of(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1, end);
    if (value < 0)
        *--at = '-';
    lead(out, name);
    put(out, at, (size_t)(end - at));
}

/* By hand: printf's decimal point depends on the locale. */
void srv_reply_real(struct srv_reply *out, const char *name, double value, int decimals)
{
    assert(decimals >= 1 && decimals <= 6);
    if (isnan(value) || fabs(value) > 1e9) {
        srv_reply_null(out, name);
        return;
    }
    uint64_t scale = 1;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    uint64_t scaled = (uint64_t)llround(fabs(value) * (double)scale);
    char text[32], *end = text + sizeof text;
    char *at = digits_of(scaled % scale, decimals, end);
    *--at = '.';
    at = digits_of(scaled / scale, 1, at);
    if (value < 0 && scaled > 0)
        *--at = '-';
    lead(out, name);
    put(out, at, (size_t)(end - at));
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void put_escaped(struct srv_reply *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char code[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    const char *brief = NULL;
    switch (c) {
    case '"':
        brief = "\\\"";
        break;
    case '\\':
        brief = "\\\\";
        break;
    case '\n':
        brief = "\\n";
        break;
    case '\r':
        brief = "\\r";
        break;
    case '\t':
        brief = "\\t";
        break;
    }
    put(out, brief != NULL ? brief : code, brief != NULL ? 2 : sizeof code);
}

void srv_reply_text(struct srv_reply *out, const char *name, const char *text)
{
    if (text == NULL) {
        srv_reply_null(out, name);
        return;
    }
    lead(out, name);
    put(out, "\"", 1);
    const char *from = text;
    for (const char *at = text;; at++) {
        if (is_plain((unsigned char)*at))
            continue;
        if (at > from)
            put(out, from, (size_t)(at - from));
        if (*at == '\0')
            break;
        put_escaped(out, (unsigned char)*at);
        from = at + 1;
    }
    put(out, "\"", 1);
}

void srv_reply_words(struct srv_reply *out, const char *name, const char *text)
{
    srv_reply_text(out, name, text != NULL && text[0] != '\0' ? text : NULL);
}

/* Two digits at a time: printf would take half of the time that a month's answer has. */
static char *put_two(char *at, int value)
{
    *at++ = (char)('0' + value / 10);
    *at++ = (char)('0' + value % 10);
    return at;
}

void srv_reply_date(struct srv_reply *out, const char *name, int32_t date)
{
    if (date == 0) {
        srv_reply_null(out, name);
        return;
    }
    char text[12], *at = text;
    *at++ = '"';
    at = put_two(at, date / 1000000);
    at = put_two(at, date / 10000 % 100);
    *at++ = '-';
    at = put_two(at, date / 100 % 100);
    *at++ = '-';
    at = put_two(at, date % 100);
    *at++ = '"';
    lead(out, name);
    put(out, text, (size_t)(at - text));
}

void srv_reply_minute(struct srv_reply *out, const char *name, int32_t minute)
{
    char text[CM_MINUTE_TEXT_SIZE];
    srv_reply_text(out, name, cm_minute_text(minute, text));
}

void srv_reply_instant(struct srv_reply *out, const char *name, const struct cm_zone *zone, int64_t wall_ms)
{
    char text[CM_INSTANT_TEXT_SIZE];
    srv_reply_text(out, name, wall_ms != 0 ? cm_instant_local(zone, wall_ms, text) : NULL);
}

void srv_reply_answer(struct srv_call *call, int status, struct srv_reply *out)
{
    if (out->failed) {
        cm_log(CM_LOG_ERROR, "api", "an answer is too large, or memory is short",
               CM_STR("path", srv_call_path(call)));
        srv_answer_error(call, 500, "internal", "the answer could not be made");
        srv_reply_finish(out);
        return;
    }
    size_t size = 0;
    uint8_t *bytes = cm_buf_take(&out->buf, &size);
    srv_answer_take(call, status, "application/json", bytes, size);
}
