#include "http/answer.h"

#include "base/log.h"
#include "http/conn.h"
#include "http/server.h"
#include "http/text.h"
#include <assert.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE(name, value)                                                                                    \
    {                                                                                                        \
        name, sizeof(name) - 1, name ": " value "\r\n", sizeof(name ": " value "\r\n") - 1                   \
    }

/* What every answer says unless its handler says otherwise (overrides has its bit then). */
static const struct default_line {
    const char *name;
    size_t name_size;
    const char *line;
    size_t size;
} defaults[] = {
    LINE("X-Content-Type-Options", "nosniff"),
    LINE("Referrer-Policy", "same-origin"),
    LINE("X-Frame-Options", "DENY"),
    LINE("Content-Security-Policy", "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; "
                                    "base-uri 'none'; form-action 'self'"),
    LINE("Cache-Control", "no-store"),
    LINE("Strict-Transport-Security", "max-age=31536000"), /* last: under TLS only */
};
enum { DEFAULTS = sizeof defaults / sizeof defaults[0], ONLY_TLS = DEFAULTS - 1, TYPE_MAX = 256 };

/* Written by us alone: a second one would confuse the reader of the answer. */
#define NAME(name)                                                                                           \
    {                                                                                                        \
        name, sizeof(name) - 1                                                                               \
    }
static const struct {
    const char *name;
    size_t size;
} reserved[] = {NAME("Content-Length"), NAME("Transfer-Encoding"), NAME("Connection"), NAME("Date"),
                NAME("Content-Type")};

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *line;
    } lines[] = {
        {200, "200 OK"},
        {201, "201 Created"},
        {202, "202 Accepted"},
        {204, "204 No Content"},
        {206, "206 Partial Content"},
        {301, "301 Moved Permanently"},
        {302, "302 Found"},
        {303, "303 See Other"},
        {304, "304 Not Modified"},
        {400, "400 Bad Request"},
        {401, "401 Unauthorized"},
        {403, "403 Forbidden"},
        {404, "404 Not Found"},
        {405, "405 Method Not Allowed"},
        {408, "408 Request Timeout"},
        {409, "409 Conflict"},
        {410, "410 Gone"},
        {412, "412 Precondition Failed"},
        {413, "413 Content Too Large"},
        {414, "414 URI Too Long"},
        {415, "415 Unsupported Media Type"},
        {416, "416 Range Not Satisfiable"},
        {417, "417 Expectation Failed"},
        {422, "422 Unprocessable Content"},
        {423, "423 Locked"},
        {428, "428 Precondition Required"},
        {429, "429 Too Many Requests"},
        {431, "431 Request Header Fields Too Large"},
        {500, "500 Internal Server Error"},
        {501, "501 Not Implemented"},
        {503, "503 Service Unavailable"},
        {505, "505 HTTP Version Not Supported"},
        {507, "507 Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (lines[i].status == status)
            return lines[i].line;
    return NULL;
}

static char *put(char *at, const char *text, size_t size)
{
    memcpy(at, text, size);
    return at + size;
}
#define PUT(at, literal) put(at, literal, sizeof(literal) - 1)

static char *put_status_line(char *at, int status)
{
    const char *reason = reason_of(status);
    at = PUT(at, "HTTP/1.1 ");
    if (reason != NULL)
        return put(put(at, reason, strlen(reason)), "\r\n", 2);
    at = srv_text_number(at, (uint64_t)status);
    return PUT(at, " Status\r\n");
}

static char *put_date(struct srv_loop *loop, char *at)
{
    int64_t now_s = cm_wall_ms(loop->http->options.clock) / 1000;
    if (now_s != loop->date_s) {
        loop->date_s = now_s;
        srv_text_date(now_s, loop->date);
    }
    at = PUT(at, "Date: ");
    return put(put(at, loop->date, 29), "\r\n", 2);
}

static char *put_defaults(const struct srv_call *call, char *at)
{
    for (int i = 0; i < DEFAULTS; i++)
        if ((call->overrides & 1u << i) == 0 && (i != ONLY_TLS || call->secure))
            at = put(at, defaults[i].line, defaults[i].size);
    return at;
}

size_t srv_answer_head(struct srv_call *call, int status, const char *type, int64_t length, bool close)
{
    char *at = call->loop->head_out;
    at = put_date(call->loop, put_status_line(at, status));
    if (type != NULL) {
        at = PUT(at, "Content-Type: ");
        at = put(put(at, type, strnlen(type, TYPE_MAX)), "\r\n", 2);
    }
    if (length >= 0 && status != 204) {
        at = PUT(at, "Content-Length: ");
        at = put(srv_text_number(at, (uint64_t)length), "\r\n", 2);
    } else if (length == SRV_LENGTH_CHUNKED) {
        at = PUT(at, "Transfer-Encoding: chunked\r\n");
    }
    if (close)
        at = PUT(at, "Connection: close\r\n");
    else if (call->request.minor == 0)
        at = PUT(at, "Connection: keep-alive\r\n");
    at = put_defaults(call, at);
    if (call->more_headers.size > 0)
        at = put(at, (const char *)call->more_headers.data, call->more_headers.size);
    at = put(at, "\r\n", 2);
    assert((size_t)(at - call->loop->head_out) <= sizeof call->loop->head_out);
    return (size_t)(at - call->loop->head_out);
}

bool srv_answer_is_last(const struct srv_call *call)
{
    const struct srv_conn *conn = call->conn;
    bool body_unread =
        conn->state == SRV_CONN_READING && (call->request.has_body || !call->request.head_done);
    return call->close_after || body_unread || !call->request.keep_alive || call->loop->stopping ||
           conn->requests >= call->loop->http->limits.requests_per_connection;
}

struct srv_conn *srv_answer_begin(struct srv_call *call, int status)
{
    struct srv_conn *conn = call->conn;
    struct srv_loop *loop = call->loop;
    if (conn == NULL) {
        if (call->answered)
            cm_log(CM_LOG_ERROR, "http", "a call was answered twice", CM_INT("call", call->id));
        return NULL;
    }
    if (loop->trace)
        cm_trace("http", "answer", CM_INT("call", call->id), CM_STR("peer", call->peer),
                 CM_STR("path", srv_call_path(call)), CM_INT("status", status));
    srv_count(&loop->stats.requests, 1);
    srv_count(&loop->stats.status_class[status / 100 % 6], 1);
    call->answered = true;
    call->conn = NULL;
    conn->call = NULL;
    return conn;
}

void srv_answer_send(struct srv_call *call, int status, const char *type, const struct srv_part *body)
{
    bool bare = call->request.head_only || status == 204 || status == 304;
    bool last = call->conn != NULL && srv_answer_is_last(call);
    struct srv_conn *conn = srv_answer_begin(call, status);
    if (conn == NULL) {
        srv_out_release(body);
        return;
    }
    size_t head_size = srv_answer_head(call, status, type, (int64_t)body->size, last);
    struct srv_part parts[2] = {{call->loop->head_out, head_size, SRV_PART_COPY, NULL}, *body};
    if (bare)
        srv_out_release(body);
    (void)srv_out_send(conn, parts, bare ? 1 : 2);
    srv_conn_answered(conn, last);
    srv_call_unref(call);
}

/* ---- what handlers call ---- */

void srv_answer(struct srv_call *call, int status, const char *type, const void *body, size_t size)
{
    struct srv_part part = {body, size, SRV_PART_COPY, NULL};
    srv_answer_send(call, status, type, &part);
}

void srv_answer_take(struct srv_call *call, int status, const char *type, uint8_t *body, size_t size)
{
    struct srv_part part = {body, size, SRV_PART_OWNED, body};
    srv_answer_send(call, status, type, &part);
}

void srv_answer_chunk(struct srv_call *call, int status, const char *type, struct srv_chunk *chunk)
{
    struct srv_part part = {chunk->bytes + chunk->plain_from, chunk->size, SRV_PART_CHUNK, chunk};
    srv_answer_send(call, status, type, &part);
}

void srv_answer_secret(struct srv_call *call, int status, const char *type, uint8_t *body, size_t size)
{
    struct srv_part part = {body, size, SRV_PART_SECRET, body};
    srv_answer_send(call, status, type, &part);
}

void srv_answer_error(struct srv_call *call, int status, const char *code, const char *fmt, ...)
{
    static const char plain[] = "{\"error\":{\"code\":\"internal\",\"message\":\"\"}}";
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    json_t *error = json_pack("{s:{s:s,s:s}}", "error", "code", code, "message", message);
    if (error == NULL) /* the message was cut within a character, or held bytes that are no text */
        error = json_pack("{s:{s:s,s:s}}", "error", "code", code, "message", "");
    char *text = error != NULL ? json_dumps(error, JSON_COMPACT) : NULL;
    json_decref(error);
    if (text != NULL)
        srv_answer_take(call, status, "application/json", (uint8_t *)text, strlen(text));
    else
        srv_answer(call, status, "application/json", plain, sizeof plain - 1);
}

/* For every answer several times: lengths tell most names apart. */
static bool same_name(const char *name, size_t size, const char *other, size_t other_size)
{
    return size == other_size && strncasecmp(name, other, size) == 0;
}

static bool header_is_sound(const char *name, size_t name_size, const char *value)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (same_name(name, name_size, reserved[i].name, reserved[i].size))
            return false;
    for (size_t i = 0; i < name_size; i++) {
        unsigned char lower = (unsigned char)name[i] | 0x20;
        if ((lower < 'a' || lower > 'z') && name[i] != '-')
            return false;
    }
    for (const char *c = value; *c != '\0'; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return false;
    return name_size > 0;
}

void srv_answer_header(struct srv_call *call, const char *name, const char *value)
{
    struct cm_buf *lines = &call->more_headers;
    size_t name_size = strlen(name), value_size = strlen(value), before = lines->size;
    if (!header_is_sound(name, name_size, value) || lines->size + name_size + value_size + 4 > lines->max ||
        cm_buf_append(lines, name, name_size) != CM_OK || cm_buf_append(lines, ": ", 2) != CM_OK ||
        cm_buf_append(lines, value, value_size) != CM_OK || cm_buf_append(lines, "\r\n", 2) != CM_OK) {
        lines->size = before; /* no half line */
        cm_log(CM_LOG_ERROR, "http", "a header of an answer was left out", CM_STR("name", name));
        return;
    }
    for (int i = 0; i < DEFAULTS; i++)
        if (same_name(name, name_size, defaults[i].name, defaults[i].name_size))
            call->overrides |= 1u << i;
}
