#include "http_json/json.h"

#include "base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum cm_code refuse(struct srv_json_problem *problem, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static enum cm_code refuse(struct srv_json_problem *problem, const char *field, const char *fmt, ...)
{
    problem->status = 422;
    size_t size = strlen(field) < sizeof(problem->field) ? strlen(field) : sizeof(problem->field) - 1;
    cm_utf8_escape(field, size, problem->field, sizeof(problem->field));
    va_list args;
    va_start(args, fmt);
    vsnprintf(problem->message, sizeof(problem->message), fmt, args);
    va_end(args);
    return CM_INVALID;
}

/* ---- texts ---- */
struct text { /* what is left of a JSON text */
    const char *bytes;
    size_t size;
};

static struct text text_of(const json_t *value, enum srv_json_type type)
{
    struct text text = {json_string_value(value), json_string_length(value)};
    if (type == SRV_JSON_SECRET)
        return text;
    while (text.size > 0 && strchr(" \t\r\n", text.bytes[0]) != NULL) {
        text.bytes++;
        text.size--;
    }
    while (text.size > 0 && strchr(" \t\r\n", text.bytes[text.size - 1]) != NULL)
        text.size--;
    return text;
}

static int64_t characters(struct text text)
{
    return (int64_t)cm_utf8_count(text.bytes, text.size);
}

static bool is_note(struct text text)
{
    size_t from = 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i < text.size && strchr("\t\r\n", text.bytes[i]) == NULL)
            continue;
        if (!cm_utf8_printable(text.bytes + from, i - from))
            return false;
        from = i + 1;
    }
    return true;
}

static bool has_control(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.bytes[i] < 0x20 || text.bytes[i] == 0x7f)
            return true;
    }
    return false;
}

static enum cm_code check_text(const struct srv_json_field *field, const json_t *value,
                               struct srv_json_problem *problem)
{
    if (!json_is_string(value))
        return refuse(problem, field->name, "%s is a text", field->name);
    struct text text = text_of(value, field->type);
    if (memchr(text.bytes, '\0', text.size) != NULL ||
        (field->type == SRV_JSON_SECRET && has_control(text)) ||
        (field->type == SRV_JSON_NOTE && !is_note(text)) ||
        ((field->type == SRV_JSON_LINE || field->type == SRV_JSON_LINES) &&
         !cm_utf8_printable(text.bytes, text.size)))
        return refuse(problem, field->name, "%s holds a character that cannot be shown", field->name);
    int64_t count = characters(text);
    int64_t min = field->type == SRV_JSON_LINES ? 1 : field->min;
    if (count == 0 && min > 0)
        return refuse(problem, field->name, "%s is empty", field->name);
    if (count < min)
        return refuse(problem, field->name, "%s has at least %lld characters", field->name, (long long)min);
    if (field->type != SRV_JSON_LINES && field->max > 0 && count > field->max)
        return refuse(problem, field->name, "%s has at most %lld characters", field->name,
                      (long long)field->max);
    if (text.size >= field->size)
        return refuse(problem, field->name, "%s is too long: only the first %zu of its %lld characters fit",
                      field->name, cm_utf8_count_fitting(text.bytes, text.size, field->size - 1),
                      (long long)count);
    return CM_OK;
}

static void store_text(const json_t *value, enum srv_json_type type, char *ret, size_t size)
{
    struct text text = text_of(value, type);
    memset(ret, 0, size);
    memcpy(ret, text.bytes, text.size);
}

static enum cm_code check_lines(const struct srv_json_field *field, const json_t *value,
                                struct srv_json_problem *problem)
{
    if (!json_is_array(value))
        return refuse(problem, field->name, "%s is a list of texts", field->name);
    size_t count = json_array_size(value);
    if (count > (size_t)field->max)
        return refuse(problem, field->name, "%s has at most %lld items", field->name, (long long)field->max);
    if (count < (size_t)field->min)
        return refuse(problem, field->name, "%s has at least %lld items", field->name, (long long)field->min);
    for (size_t i = 0; i < count; i++) {
        enum cm_code code = check_text(field, json_array_get(value, i), problem);
        if (code != CM_OK)
            return code;
        struct text text = text_of(json_array_get(value, i), field->type);
        for (size_t k = 0; k < i; k++) {
            struct text other = text_of(json_array_get(value, k), field->type);
            if (text.size == other.size && memcmp(text.bytes, other.bytes, text.size) == 0)
                return refuse(problem, field->name, "%s holds an item twice", field->name);
        }
    }
    return CM_OK;
}

static void store_lines(const struct srv_json_field *field, const json_t *value)
{
    size_t count = json_array_size(value);
    for (size_t i = 0; i < count; i++)
        store_text(json_array_get(value, i), field->type, (char *)field->ret + i * field->size, field->size);
    *field->ret_count = (int)count;
}

/* ---- one field ---- */
static enum cm_code check_int(const struct srv_json_field *field, const json_t *value,
                              struct srv_json_problem *problem)
{
    if (!json_is_integer(value))
        return refuse(problem, field->name, "%s is a whole number", field->name);
    int64_t number = json_integer_value(value);
    if ((field->min != 0 || field->max != 0) && (number < field->min || number > field->max))
        return refuse(problem, field->name, "%s is a number from %lld to %lld", field->name,
                      (long long)field->min, (long long)field->max);
    return CM_OK;
}

static enum cm_code check(const struct srv_json_field *field, const json_t *value,
                          struct srv_json_problem *problem)
{
    int32_t ignored;
    if (json_is_null(value) && field->type != SRV_JSON_VALUE)
        return field->nullable ? CM_OK : refuse(problem, field->name, "%s may not be null", field->name);
    switch (field->type) {
    case SRV_JSON_LINE:
    case SRV_JSON_NOTE:
    case SRV_JSON_SECRET:
        return check_text(field, value, problem);
    case SRV_JSON_LINES:
        return check_lines(field, value, problem);
    case SRV_JSON_BOOL:
        return json_is_boolean(value) ? CM_OK
                                      : refuse(problem, field->name, "%s is true or false", field->name);
    case SRV_JSON_INT:
        return check_int(field, value, problem);
    case SRV_JSON_DATE:
        return json_is_string(value) && cm_date_parse(json_string_value(value), &ignored, NULL) == CM_OK
                   ? CM_OK
                   : refuse(problem, field->name, "%s is a date such as 2026-11-23", field->name);
    case SRV_JSON_MINUTE:
        return json_is_string(value) && cm_minute_parse(json_string_value(value), &ignored, NULL) == CM_OK
                   ? CM_OK
                   : refuse(problem, field->name, "%s is a time of day such as 08:45", field->name);
    case SRV_JSON_VALUE:
        return CM_OK;
    }
    return CM_INVALID;
}

static void store_null(const struct srv_json_field *field)
{
    switch (field->type) {
    case SRV_JSON_LINE:
    case SRV_JSON_NOTE:
    case SRV_JSON_SECRET:
        *(char *)field->ret = '\0';
        break;
    case SRV_JSON_LINES:
        *field->ret_count = 0;
        break;
    case SRV_JSON_BOOL:
        *(bool *)field->ret = false;
        break;
    case SRV_JSON_INT:
        *(int64_t *)field->ret = 0;
        break;
    case SRV_JSON_DATE:
    case SRV_JSON_MINUTE:
        *(int32_t *)field->ret = 0;
        break;
    case SRV_JSON_VALUE:
        break;
    }
}

static void store(const struct srv_json_field *field, json_t *value)
{
    if (field->ret_given != NULL)
        *field->ret_given = true;
    if (json_is_null(value) && field->type != SRV_JSON_VALUE) {
        store_null(field);
        return;
    }
    switch (field->type) {
    case SRV_JSON_LINE:
    case SRV_JSON_NOTE:
    case SRV_JSON_SECRET:
        store_text(value, field->type, field->ret, field->size);
        break;
    case SRV_JSON_LINES:
        store_lines(field, value);
        break;
    case SRV_JSON_BOOL:
        *(bool *)field->ret = json_is_true(value);
        break;
    case SRV_JSON_INT:
        *(int64_t *)field->ret = json_integer_value(value);
        break;
    case SRV_JSON_DATE:
        cm_date_parse(json_string_value(value), field->ret, NULL);
        break;
    case SRV_JSON_MINUTE:
        cm_minute_parse(json_string_value(value), field->ret, NULL);
        break;
    case SRV_JSON_VALUE:
        *(json_t **)field->ret = json_incref(value);
        break;
    }
}

/* ---- the object ---- */
static const struct srv_json_field *find(const struct srv_json_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

static enum cm_code check_object(json_t *object, const struct srv_json_field *fields, size_t count,
                                 struct srv_json_problem *problem)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        const struct srv_json_field *field = find(fields, count, name);
        if (field == NULL)
            return refuse(problem, name, "there is no such field here");
        enum cm_code code = check(field, value, problem);
        if (code != CM_OK)
            return code;
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required && json_object_get(object, fields[i].name) == NULL)
            return refuse(problem, fields[i].name, "%s is missing", fields[i].name);
    }
    return CM_OK;
}

static enum cm_code load_object(const uint8_t *bytes, size_t size, json_t **ret_object,
                                struct srv_json_problem *problem)
{
    if (size == 0) {
        *ret_object = json_object();
        return *ret_object != NULL ? CM_OK : CM_NOMEM;
    }
    struct cm_err err = CM_ERR_INIT;
    json_t *value = NULL;
    enum cm_code code = srv_json_load(bytes, size, &value, &err);
    if (code == CM_OK && !json_is_object(value)) {
        json_decref(value);
        code = cm_fail(&err, CM_INVALID, "the body is an object");
    }
    if (code != CM_OK) {
        *problem = (struct srv_json_problem){.status = 400};
        snprintf(problem->message, sizeof(problem->message), "%.190s", err.msg);
        return code;
    }
    *ret_object = value;
    return CM_OK;
}

enum cm_code srv_json_read(const uint8_t *bytes, size_t size, const struct srv_json_field *fields,
                           size_t count, struct srv_json_problem *ret_problem)
{
    json_t *object = NULL;
    enum cm_code code = load_object(bytes, size, &object, ret_problem);
    if (code != CM_OK)
        return code;
    code = check_object(object, fields, count, ret_problem);
    for (size_t i = 0; code == CM_OK && i < count; i++) {
        json_t *value = json_object_get(object, fields[i].name);
        if (value != NULL)
            store(&fields[i], value);
    }
    json_decref(object);
    return code;
}

bool srv_json_body(struct srv_call *call, const struct srv_json_field *fields, size_t count)
{
    size_t size;
    const uint8_t *bytes = srv_call_body(call, &size);
    struct srv_json_problem problem = {.status = 500, .message = "out of memory"};
    enum cm_code code = srv_json_read(bytes, size, fields, count, &problem);
    if (code == CM_OK)
        return true;
    if (problem.status == 422)
        srv_json_invalid(call, problem.field, "%s", problem.message);
    else
        srv_answer_error(call, problem.status, problem.status == 400 ? "bad_json" : "internal", "%s",
                         problem.message);
    return false;
}
