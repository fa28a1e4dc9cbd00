#include "schema.h"

#include "api/openapi.h"
#include "base/date.h"
#include <assert.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

/* ---- the description ---- */

json_t *openapi(void)
{
    static json_t *document;
    json_error_t error;
    if (document == NULL)
        document =
            json_loadb(srv_openapi, (size_t)(srv_openapi_end - srv_openapi), JSON_REJECT_DUPLICATES, &error);
    assert(document != NULL);
    return document;
}

json_t *openapi_operation(const char *method, const char *path)
{
    return json_object_get(json_object_get(json_object_get(openapi(), "paths"), path), method);
}

void openapi_path(const char *pattern, char *ret_path, size_t size)
{
    size_t used = 0;
    bool named = false;
    for (const char *at = pattern;; at++) {
        assert(used + 3 < size);
        bool end = *at == '\0' || *at == '?';
        if (named && (*at == '/' || end)) {
            ret_path[used++] = '}';
            named = false;
        }
        if (end)
            break;
        named |= *at == ':';
        ret_path[used++] = *at == ':' ? '{' : *at;
    }
    ret_path[used] = '\0';
}

/* ---- values ---- */

struct check {
    char where[256];
    char *why;
    size_t size;
};

static bool wrong(struct check *check, const char *what)
{
    snprintf(check->why, check->size, "%s: %s", check->where[0] != '\0' ? check->where : "(the whole)", what);
    return false;
}

static const json_t *resolve(const json_t *schema)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    static const char prefix[] = "#/components/schemas/";
    if (reference == NULL)
        return schema;
    assert(strncmp(reference, prefix, sizeof prefix - 1) == 0);
    const json_t *found = json_object_get(
        json_object_get(json_object_get(openapi(), "components"), "schemas"), reference + sizeof prefix - 1);
    assert(found != NULL);
    return found;
}

static bool is_type(const json_t *value, const char *type)
{
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "null") == 0 && json_is_null(value));
}

static bool has_type(const json_t *types, const json_t *value)
{
    size_t i;
    json_t *type;
    if (types == NULL)
        return true;
    if (json_is_string(types))
        return is_type(value, json_string_value(types));
    json_array_foreach(types, i, type) if (is_type(value, json_string_value(type))) return true;
    return false;
}

static bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

static bool has_format(const char *text, const char *format)
{
    int32_t date;
    if (strcmp(format, "date") == 0)
        return cm_date_parse(text, &date, NULL) == CM_OK;
    if (strcmp(format, "date-time") == 0)
        return matches(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}"
                             "(Z|[+-][0-9]{2}:[0-9]{2})$");
    if (strcmp(format, "uuid") == 0)
        return strlen(text) == 36;
    return true;
}

static bool holds_text(const json_t *schema, const json_t *value, struct check *check)
{
    const char *format = json_string_value(json_object_get(schema, "format"));
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    if (format != NULL && !has_format(json_string_value(value), format))
        return wrong(check, format);
    if (pattern != NULL && !matches(json_string_value(value), pattern))
        return wrong(check, pattern);
    return true;
}

static bool holds_number(const json_t *schema, const json_t *value, struct check *check)
{
    const json_t *minimum = json_object_get(schema, "minimum"), *maximum = json_object_get(schema, "maximum");
    if (minimum != NULL && json_number_value(value) < json_number_value(minimum))
        return wrong(check, "too small");
    if (maximum != NULL && json_number_value(value) > json_number_value(maximum))
        return wrong(check, "too large");
    return true;
}

static bool holds(const json_t *schema, const json_t *value, struct check *check);

/* Checks a part of the value, whose name is added to the place. */
static bool holds_part(const json_t *schema, const json_t *value, const char *name, struct check *check)
{
    size_t length = strlen(check->where);
    snprintf(check->where + length, sizeof check->where - length, ".%s", name);
    bool fine = holds(schema, value, check);
    check->where[length] = '\0';
    return fine;
}

static bool holds_object(const json_t *schema, const json_t *value, struct check *check)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *part, *required;
    size_t i;
    char what[128];
    json_array_foreach(json_object_get(schema, "required"), i, required)
    {
        snprintf(what, sizeof what, "%s is missing", json_string_value(required));
        if (json_object_get(value, json_string_value(required)) == NULL)
            return wrong(check, what);
    }
    json_object_foreach((json_t *)value, name, part)
    {
        const json_t *of = json_object_get(properties, name);
        snprintf(what, sizeof what, "%s is not described", name);
        if (of == NULL && json_is_false(json_object_get(schema, "additionalProperties")))
            return wrong(check, what);
        if (of != NULL && !holds_part(of, part, name, check))
            return false;
    }
    return true;
}

static bool holds_list(const json_t *schema, const json_t *value, struct check *check)
{
    const json_t *items = json_object_get(schema, "items");
    size_t i;
    json_t *item;
    char name[24];
    if (items == NULL)
        return true;
    json_array_foreach(value, i, item)
    {
        snprintf(name, sizeof name, "%zu", i);
        if (!holds_part(items, item, name, check))
            return false;
    }
    return true;
}

static bool holds_one(const json_t *schemas, const json_t *value, struct check *check)
{
    size_t i, fitting = 0;
    json_t *schema;
    json_array_foreach(schemas, i, schema) fitting += holds(schema, value, check);
    return fitting == 1 ? true : fitting == 0 ? false : wrong(check, "fits several of oneOf");
}

static bool is_among(const json_t *words, const json_t *value)
{
    size_t i;
    json_t *word;
    json_array_foreach(words, i, word) if (json_equal(word, value)) return true;
    return false;
}

static bool holds(const json_t *schema, const json_t *value, struct check *check)
{
    schema = resolve(schema);
    const json_t *one_of = json_object_get(schema, "oneOf"), *words = json_object_get(schema, "enum");
    if (one_of != NULL)
        return holds_one(one_of, value, check);
    if (!has_type(json_object_get(schema, "type"), value))
        return wrong(check, "of another type");
    if (words != NULL && !is_among(words, value))
        return wrong(check, "none of the words");
    if (json_is_string(value))
        return holds_text(schema, value, check);
    if (json_is_number(value))
        return holds_number(schema, value, check);
    if (json_is_object(value))
        return holds_object(schema, value, check);
    return !json_is_array(value) || holds_list(schema, value, check);
}

bool schema_holds(const json_t *schema, const json_t *value, char *ret_why, size_t size)
{
    struct check check = {.why = ret_why, .size = size};
    return holds(schema, value, &check);
}
