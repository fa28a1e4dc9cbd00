#include "sync/message.h"

#include "base/utf8.h"
#include "record/scan.h"
#include <assert.h>
#include <math.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each message is a table, one row per key; one encoder and one decoder serve all tables. They are not those of
 * record/table.h because a message borrows its bytes, holds lists, and skips what it does not know where a record keeps it.
 */
enum type {
    NUMBER, /* uint64_t, int64_t, int32_t, int or an enum by its size; 0 … max */
    FLAG,
    FLOAT, /* finite; 4 bytes little endian in a bin */
    TEXT,  /* char array with its NUL */
    BYTES, /* exactly as many as the array has */
    SPAN,  /* borrowed bytes, at most max */
    LIST,  /* array of `size` bytes of elements, each as `element` says; how many, in an int at `count` */
};

struct table;
struct field {
    const char *name;
    uint8_t key; /* in ascending order within a table */
    bool later;  /* it came after version 1: one that is missing is zero */
    enum type type;
    uint32_t offset;
    uint32_t size; /* of the member; of one element in `element` */
    int64_t min, max;
    uint32_t count;
    const struct field *element; /* bare: a TEXT or SPAN … */
    const struct table *map;     /* … or a map */
};
struct table {
    const char *name;
    const struct field *fields;
    int field_count;
    size_t size;
};

#define MEMBER(struct_, member_)                                                                             \
    .name = #member_, .offset = offsetof(struct struct_, member_),                                           \
    .size = sizeof(((struct struct_ *)0)->member_)
#define ROW(struct_, key_, type_, member_)                                                                   \
    {                                                                                                        \
        MEMBER(struct_, member_), .key = (key_), .type = (type_), .max = INT64_MAX                           \
    }
#define ROW_LATER(struct_, key_, type_, member_)                                                             \
    {                                                                                                        \
        MEMBER(struct_, member_), .key = (key_), .type = (type_), .max = INT64_MAX, .later = true            \
    }
#define ROW_LATER_RANGE(struct_, key_, member_, min_, max_)                                                  \
    {                                                                                                        \
        MEMBER(struct_, member_), .key = (key_), .type = NUMBER, .min = (min_), .max = (max_), .later = true \
    }
#define ROW_RANGE(struct_, key_, member_, min_, max_)                                                        \
    {                                                                                                        \
        MEMBER(struct_, member_), .key = (key_), .type = NUMBER, .min = (min_), .max = (max_)                \
    }
#define ROW_SPAN(struct_, key_, member_, max_)                                                               \
    {                                                                                                        \
        MEMBER(struct_, member_), .key = (key_), .type = SPAN, .max = (max_)                                 \
    }
#define ROW_LIST(struct_, key_, member_, count_, min_, ...)                                                  \
    {                                                                                                        \
        MEMBER(struct_, member_),                                                                            \
            .key = (key_), .type = LIST, .min = (min_),                                                      \
            .max = sizeof(((struct struct_ *)0)->member_) / sizeof(((struct struct_ *)0)->member_[0]),       \
            .count = offsetof(struct struct_, count_), __VA_ARGS__                                           \
    }
#define TABLE(struct_)                                                                                       \
    {                                                                                                        \
#struct_, struct_##_fields,                                                                          \
            sizeof struct_##_fields / sizeof struct_##_fields[0], sizeof(struct struct_)                     \
    }

static const struct field cm_pair_request_fields[] = {
    ROW(cm_pair_request, 1, TEXT, code),
    ROW(cm_pair_request, 2, BYTES, public_key),
    ROW(cm_pair_request, 3, TEXT, version),
};
static const struct field cm_pair_answer_fields[] = {
    ROW(cm_pair_answer, 1, TEXT, station_id), ROW(cm_pair_answer, 2, TEXT, token),
    ROW(cm_pair_answer, 3, TEXT, name),       ROW(cm_pair_answer, 4, BYTES, server_key),
    ROW(cm_pair_answer, 5, NUMBER, time_ms),
};

static const struct field event = {
    .name = "event", .type = SPAN, .size = sizeof(struct cm_span), .min = 1, .max = CM_EVENT_MAX};
static const struct field cm_push_fields[] = {
    ROW_RANGE(cm_push, 1, first_seq, 1, INT64_MAX - CM_SYNC_EVENTS_MAX),
    ROW(cm_push, 2, BYTES, previous_hash),
    ROW(cm_push, 3, BYTES, signature),
    ROW_LIST(cm_push, 4, events, count, 1, .element = &event),
    ROW(cm_push, 5, NUMBER, backlog),
    ROW(cm_push, 6, TEXT, version),
    ROW(cm_push, 7, TEXT, camera),
    ROW_RANGE(cm_push, 8, wall_ms, 0, CM_INSTANT_LAST_MS),
};
static const struct field cm_push_answer_fields[] = {
    ROW_RANGE(cm_push_answer, 1, problem, 0, CM_SYNC_PROBLEMS - 1),
    ROW(cm_push_answer, 2, NUMBER, acked),
    ROW(cm_push_answer, 3, NUMBER, forked_seq),
    ROW(cm_push_answer, 4, NUMBER, time_ms),
};

static const struct field cm_hash_answer_fields[] = {
    ROW(cm_hash_answer, 1, NUMBER, seq),
    ROW(cm_hash_answer, 2, BYTES, hash),
};

static const struct field cm_item_fields[] = {
    ROW_RANGE(cm_item, 1, kind, 1, 255), /* a newer server may have more to tell */
    ROW(cm_item, 2, TEXT, id),           ROW(cm_item, 3, FLAG, gone),
    ROW(cm_item, 4, FLAG, erased),       ROW_SPAN(cm_item, 5, body, CM_SYNC_SEALED_MAX * 2),
    ROW(cm_item, 6, NUMBER, at_ms),
};
static const struct field cm_job_fields[] = {
    ROW(cm_job, 1, TEXT, id),
    ROW(cm_job, 2, TEXT, student_id),
    ROW(cm_job, 3, TEXT, name),
};
static const struct table item = TABLE(cm_item), job = TABLE(cm_job);
static const struct field cm_changes_fields[] = {
    ROW(cm_changes, 1, TEXT, cursor),
    ROW(cm_changes, 2, NUMBER, time_ms),
    ROW(cm_changes, 3, FLAG, more),
    ROW(cm_changes, 4, FLAG, reset),
    ROW(cm_changes, 5, FLAG, frames),
    ROW_LIST(cm_changes, 6, items, count, 0, .map = &item),
    ROW_LIST(cm_changes, 7, jobs, job_count, 0, .map = &job),
    ROW(cm_changes, 8, NUMBER, acked),
};

static const struct field cm_closure_fields[] = {
    ROW_RANGE(cm_closure, 1, date, 1, 99991231),
    ROW(cm_closure, 2, TEXT, class_id),
    ROW(cm_closure, 3, TEXT, label),
};
static const struct table closure = TABLE(cm_closure);
/* A half day; which kind it is follows from the list that it is in. */
static const struct field cm_short_fields[] = {
    ROW_RANGE(cm_closure, 1, date, 1, 99991231),
    ROW(cm_closure, 2, TEXT, class_id),
    ROW(cm_closure, 3, TEXT, label),
    ROW_RANGE(cm_closure, 4, start_minute, 0, 1439),
    ROW_RANGE(cm_closure, 5, close_after_min, 1, 1440),
    ROW_RANGE(cm_closure, 6, kind, CM_CLOSURE_SHORT, CM_CLOSURE_SHORT),
};
static const struct table short_day = {"cm_short", cm_short_fields,
                                       sizeof cm_short_fields / sizeof cm_short_fields[0],
                                       sizeof(struct cm_closure)};
static const struct field cm_calendar_fields[] = {
    ROW_LIST(cm_calendar, 1, closures, count, 0, .map = &closure),
    ROW_LIST(cm_calendar, 2, shorts, short_count, 0, .map = &short_day, .later = true),
};
static const struct field cm_school_fields[] = {
    ROW(cm_school, 1, TEXT, name),
    ROW(cm_school, 2, TEXT, timezone),
    ROW_LATER(cm_school, 3, TEXT, points),
    ROW_LATER_RANGE(cm_school, 4, coverage_percent, 0, 100),
    ROW_LATER(cm_school, 5, FLAG, consent_optional),
    ROW_LATER(cm_school, 6, FLAG, card_for_all),
    ROW_LATER(cm_school, 7, TEXT, consent_text),
};
static const struct field cm_roll_line_fields[] = {
    ROW(cm_roll_line, 1, TEXT, student_id),
    ROW(cm_roll_line, 2, FLAG, member),
    ROW(cm_roll_line, 3, FLAG, evidence.has_mark),
    ROW(cm_roll_line, 4, FLAG, evidence.first_try),
    ROW(cm_roll_line, 5, FLAG, evidence.eye_contact),
    ROW(cm_roll_line, 6, FLAG, evidence.clock_suspect),
    ROW(cm_roll_line, 7, FLAG, evidence.no_face),
    ROW(cm_roll_line, 8, NUMBER, evidence.captured_wall_ms),
    ROW(cm_roll_line, 9, BYTES, evidence.mark_id),
    ROW(cm_roll_line, 10, FLAG, evidence.has_correction),
    ROW_RANGE(cm_roll_line, 11, evidence.corrected, CM_ROLL_NONE, CM_ROLL_PENDING),
    ROW(cm_roll_line, 12, NUMBER, evidence.corrected_wall_ms),
    ROW(cm_roll_line, 13, BYTES, evidence.correction_id),
    ROW_RANGE(cm_roll_line, 14, standing.points, 0, INT32_MAX),
    ROW_RANGE(cm_roll_line, 15, standing.before.streak, 0, INT32_MAX),
    ROW_RANGE(cm_roll_line, 16, standing.before.best, 0, INT32_MAX),
    ROW_RANGE(cm_roll_line, 17, standing.now.streak, 0, INT32_MAX),
    ROW_RANGE(cm_roll_line, 18, standing.now.best, 0, INT32_MAX),
    ROW_RANGE(cm_roll_line, 19, standing.last_date, 0, 99991231),
};
static const struct table roll_line = TABLE(cm_roll_line);
static const struct field cm_roll_news_fields[] = {
    ROW_RANGE(cm_roll_news, 1, date, 0, 99991231),
    ROW_RANGE(cm_roll_news, 2, verdict, 0, CM_VERDICTS - 1),
    ROW_RANGE(cm_roll_news, 3, able_min, 0, INT32_MAX),
    ROW_RANGE(cm_roll_news, 4, word.word, 0, CM_WORD_KINDS - 1),
    ROW(cm_roll_news, 5, NUMBER, word.said_wall_ms),
    ROW(cm_roll_news, 6, BYTES, word.id),
    ROW(cm_roll_news, 7, TEXT, word.by),
    ROW(cm_roll_news, 8, TEXT, word.reason),
    ROW_LIST(cm_roll_news, 9, lines, count, 0, .map = &roll_line),
};
static const struct field class_id = {.name = "class", .type = TEXT, .size = CM_ID_SIZE};
static const struct field cm_station_info_fields[] = {
    ROW(cm_station_info, 1, TEXT, name),
    ROW(cm_station_info, 2, FLAG, revoked),
    ROW_LIST(cm_station_info, 3, classes, class_count, 0, .element = &class_id),
};

static const struct field cm_templates_push_fields[] = {
    ROW(cm_templates_push, 1, TEXT, student_id),
    ROW_SPAN(cm_templates_push, 2, sealed, CM_SYNC_SEALED_MAX),
    ROW(cm_templates_push, 3, NUMBER, erased_ms),
    ROW(cm_templates_push, 4, NUMBER, unenrolled_ms),
    ROW_LATER(cm_templates_push, 5, NUMBER, consent_ms),
};
static const struct field cm_templates_answer_fields[] = {
    ROW_RANGE(cm_templates_answer, 1, problem, 0, CM_SYNC_PROBLEMS - 1),
    ROW(cm_templates_answer, 2, TEXT, other_id),
    ROW_SPAN(cm_templates_answer, 3, sealed, CM_SYNC_SEALED_MAX),
    ROW(cm_templates_answer, 4, NUMBER, time_ms),
    ROW(cm_templates_answer, 5, NUMBER, unenrolled_ms),
};
static const struct field cm_preview_answer_fields[] = {
    ROW(cm_preview_answer, 1, FLAG, watching),
};
static const struct field cm_job_result_fields[] = {
    ROW(cm_job_result, 1, FLAG, ok),
    ROW(cm_job_result, 2, TEXT, reason),
    ROW(cm_job_result, 3, TEXT, message),
    ROW(cm_job_result, 4, FLOAT, quality),
    ROW_RANGE(cm_job_result, 5, template_count, 0, CM_SYNC_TEMPLATES_MAX),
    ROW_SPAN(cm_job_result, 6, sealed, CM_SYNC_SEALED_MAX),
};
static const struct field cm_job_answer_fields[] = {
    ROW(cm_job_answer, 1, FLAG, ok),
    ROW(cm_job_answer, 2, TEXT, reason),
    ROW(cm_job_answer, 3, TEXT, message),
};

static const struct table tables[CM_MESSAGE_KINDS] = {
    [CM_MESSAGE_PAIR_REQUEST] = TABLE(cm_pair_request),
    [CM_MESSAGE_PAIR_ANSWER] = TABLE(cm_pair_answer),
    [CM_MESSAGE_PUSH] = TABLE(cm_push),
    [CM_MESSAGE_PUSH_ANSWER] = TABLE(cm_push_answer),
    [CM_MESSAGE_HASH_ANSWER] = TABLE(cm_hash_answer),
    [CM_MESSAGE_CHANGES] = TABLE(cm_changes),
    [CM_MESSAGE_CALENDAR] = TABLE(cm_calendar),
    [CM_MESSAGE_SCHOOL] = TABLE(cm_school),
    [CM_MESSAGE_STATION_INFO] = TABLE(cm_station_info),
    [CM_MESSAGE_TEMPLATES_PUSH] = TABLE(cm_templates_push),
    [CM_MESSAGE_TEMPLATES_ANSWER] = TABLE(cm_templates_answer),
    [CM_MESSAGE_PREVIEW_ANSWER] = TABLE(cm_preview_answer),
    [CM_MESSAGE_JOB_RESULT] = TABLE(cm_job_result),
    [CM_MESSAGE_JOB_ANSWER] = TABLE(cm_job_answer),
    [CM_MESSAGE_ROLL] = TABLE(cm_roll_news),
};

static enum cm_code refuse(const struct field *field, const char *problem, struct cm_err *err)
{
    return cm_fail(err, CM_INVALID, "message: %s %s", field->name, problem);
}

static int load_count(const struct field *field, const uint8_t *message)
{
    int count;
    memcpy(&count, message + field->count, sizeof count);
    return count;
}

static uint32_t element_size(const struct field *list)
{
    return list->map != NULL ? (uint32_t)list->map->size : list->element->size;
}

/* ---- encoding ---- */

static int sink_write(void *data, const char *bytes, size_t size)
{
    return cm_buf_append(data, bytes, size) == CM_OK ? 0 : -1;
}

/* What packing returns is not 0 only when the buffer is full. */
static enum cm_code packed(int status, struct cm_err *err)
{
    return status == 0 ? CM_OK : cm_fail(err, CM_NOMEM, "the message is larger than allowed");
}

static int64_t load_number(const struct field *field, const uint8_t *at)
{
    int32_t narrow;
    int64_t wide;
    if (field->size == sizeof narrow) {
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    }
    assert(field->size == sizeof wide);
    memcpy(&wide, at, sizeof wide);
    return wide;
}

static enum cm_code pack_bytes(msgpack_packer *packer, const void *bytes, size_t size, struct cm_err *err)
{
    int status = msgpack_pack_bin(packer, size);
    if (status == 0 && size > 0)
        status = msgpack_pack_bin_body(packer, bytes, size);
    return packed(status, err);
}

static enum cm_code pack_text(msgpack_packer *packer, const struct field *field, const char *text,
                              struct cm_err *err)
{
    size_t length = strnlen(text, field->size);
    if (length == field->size)
        return refuse(field, "has no end", err);
    if (!cm_utf8_valid(text, length))
        return refuse(field, "is not UTF-8", err);
    return packed(msgpack_pack_str_with_body(packer, text, length), err);
}

static enum cm_code pack_float(msgpack_packer *packer, const struct field *field, const uint8_t *at,
                               struct cm_err *err)
{
    float value;
    uint32_t bits;
    memcpy(&value, at, sizeof value);
    if (!isfinite(value))
        return refuse(field, "is not a number", err);
    memcpy(&bits, &value, sizeof bits);
    const uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                              (uint8_t)(bits >> 24)};
    return pack_bytes(packer, bytes, sizeof bytes, err);
}

static enum cm_code pack_map(msgpack_packer *packer, const struct table *table, const uint8_t *message,
                             struct cm_err *err);
static enum cm_code pack_list(msgpack_packer *packer, const struct field *field, const uint8_t *message,
                              struct cm_err *err);

static enum cm_code pack_value(msgpack_packer *packer, const struct field *field, const uint8_t *at,
                               struct cm_err *err)
{
    switch (field->type) {
    case NUMBER: {
        int64_t value = load_number(field, at);
        if (value < field->min || value > field->max)
            return refuse(field, "is out of range", err);
        return packed(msgpack_pack_int64(packer, value), err);
    }
    case FLAG: {
        bool value;
        memcpy(&value, at, sizeof value);
        return packed(value ? msgpack_pack_true(packer) : msgpack_pack_false(packer), err);
    }
    case FLOAT:
        return pack_float(packer, field, at, err);
    case TEXT:
        return pack_text(packer, field, (const char *)at, err);
    case BYTES:
        return pack_bytes(packer, at, field->size, err);
    case SPAN: {
        struct cm_span span;
        memcpy(&span, at, sizeof span);
        if (span.size < (size_t)field->min || span.size > (size_t)field->max)
            return refuse(field, "has the wrong size", err);
        return pack_bytes(packer, span.data, span.size, err);
    }
    case LIST:
        break;
    }
    return refuse(field, "has no rule", err);
}

static enum cm_code pack_list(msgpack_packer *packer, const struct field *field, const uint8_t *message,
                              struct cm_err *err)
{
    int count = load_count(field, message);
    if (count < field->min || count > field->max)
        return refuse(field, "are too few or too many", err);
    enum cm_code code = packed(msgpack_pack_array(packer, (size_t)count), err);
    const uint8_t *at = message + field->offset;
    for (int i = 0; i < count && code == CM_OK; i++, at += element_size(field))
        code = field->map != NULL ? pack_map(packer, field->map, at, err)
                                  : pack_value(packer, field->element, at, err);
    return code;
}

static enum cm_code pack_map(msgpack_packer *packer, const struct table *table, const uint8_t *message,
                             struct cm_err *err)
{
    enum cm_code code = packed(msgpack_pack_map(packer, (size_t)table->field_count), err);
    for (int i = 0; i < table->field_count && code == CM_OK; i++) {
        const struct field *field = &table->fields[i];
        code = packed(msgpack_pack_uint8(packer, field->key), err);
        if (code == CM_OK)
            code = field->type == LIST ? pack_list(packer, field, message, err)
                                       : pack_value(packer, field, message + field->offset, err);
    }
    return code;
}

enum cm_code cm_message_encode(enum cm_message_kind kind, const void *message, struct cm_buf *buf,
                               struct cm_err *err)
{
    assert(kind < CM_MESSAGE_KINDS);
    msgpack_packer packer;
    msgpack_packer_init(&packer, buf, sink_write);
    size_t before = buf->size;
    enum cm_code code = pack_map(&packer, &tables[kind], message, err);
    if (code != CM_OK && buf->data != NULL) {
        buf->size = before;
        buf->data[before] = '\0';
    }
    return code;
}

/* ---- decoding: the bytes were scanned, so keys are ascending numbers and every value is whole ---- */

static enum cm_code read_number(const struct field *field, const struct cm_token *token, uint8_t *at,
                                struct cm_err *err)
{
    if (token->kind != CM_TOKEN_UNSIGNED)
        return refuse(field, "is not a number", err);
    if (token->number > INT64_MAX || (int64_t)token->number < field->min ||
        (int64_t)token->number > field->max)
        return refuse(field, "is out of range", err);
    int64_t wide = (int64_t)token->number;
    int32_t narrow = (int32_t)token->number;
    if (field->size == sizeof wide)
        memcpy(at, &wide, sizeof wide);
    else if (token->number > INT32_MAX)
        return refuse(field, "is out of range", err);
    else
        memcpy(at, &narrow, sizeof narrow);
    return CM_OK;
}

static enum cm_code read_float(const struct field *field, const struct cm_token *token, uint8_t *at,
                               struct cm_err *err)
{
    if (token->kind != CM_TOKEN_BYTES || token->size != 4)
        return refuse(field, "has the wrong size", err);
    const uint8_t *b = token->bytes;
    uint32_t bits = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value))
        return refuse(field, "is not a number", err);
    memcpy(at, &value, sizeof value);
    return CM_OK;
}

static enum cm_code read_value(struct cm_cursor *cursor, const struct field *field, uint8_t *at,
                               struct cm_err *err)
{
    struct cm_token token;
    if (cm_scan_next(cursor, &token, err) != CM_OK)
        return CM_INVALID;
    switch (field->type) {
    case NUMBER:
        return read_number(field, &token, at, err);
    case FLAG:
        if (token.kind != CM_TOKEN_BOOL)
            return refuse(field, "is neither true nor false", err);
        memcpy(at, &(bool){token.number != 0}, sizeof(bool));
        return CM_OK;
    case FLOAT:
        return read_float(field, &token, at, err);
    case TEXT:
        if (token.kind != CM_TOKEN_TEXT || token.size >= field->size)
            return refuse(field, "is not a text, or too long", err);
        memcpy(at, token.bytes, token.size);
        memset(at + token.size, 0, field->size - token.size);
        return CM_OK;
    case BYTES:
        if (token.kind != CM_TOKEN_BYTES || token.size != field->size)
            return refuse(field, "has the wrong size", err);
        memcpy(at, token.bytes, token.size);
        return CM_OK;
    case SPAN:
        if (token.kind != CM_TOKEN_BYTES || token.size < (size_t)field->min ||
            token.size > (size_t)field->max)
            return refuse(field, "has the wrong size", err);
        memcpy(at, &(struct cm_span){token.bytes, token.size}, sizeof(struct cm_span));
        return CM_OK;
    case LIST:
        break;
    }
    return refuse(field, "has no rule", err);
}

static enum cm_code read_map(struct cm_cursor *cursor, const struct table *table, uint8_t *message,
                             struct cm_err *err);

static enum cm_code read_list(struct cm_cursor *cursor, const struct field *field, uint8_t *message,
                              struct cm_err *err)
{
    struct cm_token token;
    if (cm_scan_next(cursor, &token, err) != CM_OK)
        return CM_INVALID;
    if (token.kind != CM_TOKEN_ARRAY || token.number < (uint64_t)field->min ||
        token.number > (uint64_t)field->max)
        return refuse(field, "are too few or too many", err);
    int count = (int)token.number;
    uint8_t *at = message + field->offset;
    for (int i = 0; i < count; i++, at += element_size(field)) {
        enum cm_code code = field->map != NULL ? read_map(cursor, field->map, at, err)
                                               : read_value(cursor, field->element, at, err);
        if (code != CM_OK)
            return code;
    }
    memcpy(message + field->count, &count, sizeof count);
    return CM_OK;
}

/* Past the fields before `key` that an older program does not send. */
static int skip_later(const struct table *table, int next, uint64_t key)
{
    while (next < table->field_count && table->fields[next].later && table->fields[next].key < key)
        next++;
    return next;
}

static enum cm_code read_map(struct cm_cursor *cursor, const struct table *table, uint8_t *message,
                             struct cm_err *err)
{
    struct cm_token map, key;
    int next = 0;
    if (cm_scan_next(cursor, &map, err) != CM_OK)
        return CM_INVALID;
    if (map.kind != CM_TOKEN_MAP)
        return cm_fail(err, CM_INVALID, "message: %s is not a map", table->name);
    for (uint64_t i = 0; i < map.number; i++) {
        enum cm_code code = cm_scan_next(cursor, &key, err);
        if (code != CM_OK)
            return code;
        next = skip_later(table, next, key.number);
        if (next < table->field_count && table->fields[next].key < key.number)
            return refuse(&table->fields[next], "is missing", err);
        if (next == table->field_count || table->fields[next].key != key.number)
            code = cm_scan_value(cursor, CM_SCAN_OBJECTS_MAX, err); /* of a newer version */
        else if (table->fields[next].type == LIST)
            code = read_list(cursor, &table->fields[next++], message, err);
        else {
            const struct field *field = &table->fields[next++];
            code = read_value(cursor, field, message + field->offset, err);
        }
        if (code != CM_OK)
            return code;
    }
    next = skip_later(table, next, UINT64_MAX);
    return next == table->field_count ? CM_OK : refuse(&table->fields[next], "is missing", err);
}

enum cm_code cm_message_decode(enum cm_message_kind kind, const uint8_t *bytes, size_t size,
                               void *ret_message, struct cm_err *err)
{
    assert(kind < CM_MESSAGE_KINDS);
    const struct table *table = &tables[kind];
    struct cm_err why = CM_ERR_INIT;
    struct cm_cursor cursor = {bytes, bytes + size};
    if (cm_scan_message(bytes, size, CM_SCAN_OBJECTS_MAX, &why) != CM_OK)
        return cm_fail(err, CM_INVALID, "message: %s", why.msg);
    uint8_t *message = calloc(1, table->size);
    if (message == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for a message");
    enum cm_code code = read_map(&cursor, table, message, err);
    if (code == CM_OK)
        memcpy(ret_message, message, table->size);
    free(message);
    return code;
}
