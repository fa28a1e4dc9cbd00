#include "http_json/json.h"

#include "base/log.h"
#include "base/utf8.h"
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of all that was given, not only of what was asked for: jansson does not say how much that was. */
static void wiping_free(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

void srv_json_wipe_memory(void)
{
    json_set_alloc_funcs(malloc, wiping_free);
}

/* jansson recurses up to 2048 deep; nothing of ours nests a tenth of our own bound. */
static bool too_deep(const uint8_t *bytes, size_t size)
{
    int depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = bytes[i];
        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '[' || c == '{') {
            if (++depth > SRV_JSON_DEPTH_MAX)
                return true;
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return false;
}

enum cm_code srv_json_load(const uint8_t *bytes, size_t size, json_t **ret_value, struct cm_err *err)
{
    if (size > SRV_JSON_SIZE_MAX)
        return cm_fail(err, CM_INVALID, "more than %d bytes of JSON", SRV_JSON_SIZE_MAX);
    if (too_deep(bytes, size))
        return cm_fail(err, CM_INVALID, "nested more than %d deep", SRV_JSON_DEPTH_MAX);
    json_error_t error;
    json_t *value = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        if (json_error_code(&error) == json_error_out_of_memory)
            return cm_fail(err, CM_NOMEM, "out of memory");
        /* not the sentence of jansson: it quotes what was sent, and a password may be in it */
        return cm_fail(err, CM_INVALID, "not valid JSON at line %d, column %d", error.line, error.column);
    }
    *ret_value = value;
    return CM_OK;
}

typedef void answer_fn(struct srv_call *call, int status, const char *type, uint8_t *body, size_t size);

static void answer_by(answer_fn *answer, struct srv_call *call, int status, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref(value);
    if (text == NULL) {
        cm_log(CM_LOG_ERROR, "http", "an answer could not be made as JSON",
               CM_STR("path", srv_call_path(call)));
        srv_answer_error(call, 500, "internal", "the answer could not be made");
        return;
    }
    answer(call, status, "application/json", (uint8_t *)text, strlen(text));
}

void srv_json_answer(struct srv_call *call, int status, json_t *value)
{
    answer_by(srv_answer_take, call, status, value);
}

void srv_json_answer_secret(struct srv_call *call, int status, json_t *value)
{
    answer_by(srv_answer_secret, call, status, value);
}

void srv_json_answer_empty(struct srv_call *call)
{
    srv_answer(call, 204, NULL, NULL, 0);
}

void srv_json_invalid(struct srv_call *call, const char *field, const char *fmt, ...)
{
    char message[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    srv_json_answer(
        call, 422,
        json_pack("{s:{s:s,s:s,s:s}}", "error", "code", "invalid", "message", message, "field", field));
}

void srv_json_failed(struct srv_call *call, enum cm_code code, const struct cm_err *err)
{
    switch (code) {
    case CM_NOTFOUND:
        srv_answer_error(call, 404, "not_found", "%s", err->msg);
        break;
    case CM_EXISTS:
        srv_answer_error(call, 409, "exists", "%s", err->msg);
        break;
    case CM_INVALID:
        srv_answer_error(call, 422, "invalid", "%s", err->msg);
        break;
    case CM_AGAIN:
        srv_answer_header(call, "retry-after", "1");
        srv_answer_error(call, 503, "busy", "the server has too much to do; try again");
        break;
    case CM_NOSPACE:
        cm_log_err(CM_LOG_ERROR, "http", "a request found the disk full", err);
        srv_answer_error(call, 507, "no_space", "the server's disk is full: nothing was changed");
        break;
    default:
        cm_log_err(CM_LOG_ERROR, "http", "a request failed", err);
        srv_answer_error(call, 500, "internal", "something went wrong here; the server's log says what");
        break;
    }
}

json_t *srv_json_text(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

json_t *srv_json_instant(const struct cm_zone *zone, int64_t wall_ms)
{
    char text[CM_INSTANT_TEXT_SIZE];
    return wall_ms != 0 ? json_string_nocheck(cm_instant_local(zone, wall_ms, text)) : json_null();
}

json_t *srv_json_date(int32_t date)
{
    char text[CM_DATE_ISO_SIZE];
    return date != 0 ? json_string_nocheck(cm_date_iso(date, text)) : json_null();
}

json_t *srv_json_texts(const void *rows, size_t row_size, int count)
{
    json_t *list = json_array();
    for (int i = 0; list != NULL && i < count; i++) {
        if (json_array_append_new(list, json_string((const char *)rows + (size_t)i * row_size)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

bool srv_json_query_date(struct srv_call *call, const char *name, int32_t otherwise, int32_t *ret_date)
{
    const char *text = srv_call_query(call, name);
    int32_t date = otherwise;
    if (text != NULL && cm_date_parse(text, &date, NULL) != CM_OK) {
        srv_json_invalid(call, name, "%s is a date such as 2026-11-23", name);
        return false;
    }
    *ret_date = date;
    return true;
}

bool srv_json_query_int(struct srv_call *call, const char *name, int64_t min, int64_t max, int64_t otherwise,
                        int64_t *ret_number)
{
    const char *text = srv_call_query(call, name);
    int64_t number = otherwise;
    if (text != NULL) {
        char *end = NULL;
        size_t digits = strspn(text, "0123456789");
        bool plain = digits > 0 && digits <= 18 && text[digits] == '\0';
        number = plain ? strtoll(text, &end, 10) : -1;
        if (!plain || number < min || number > max) {
            srv_json_invalid(call, name, "%s is a number from %lld to %lld", name, (long long)min,
                             (long long)max);
            return false;
        }
    }
    *ret_number = number;
    return true;
}

bool srv_json_query_bool(struct srv_call *call, const char *name, bool otherwise, bool *ret_value)
{
    int64_t number;
    if (!srv_json_query_int(call, name, 0, 1, otherwise, &number))
        return false;
    *ret_value = number != 0;
    return true;
}
