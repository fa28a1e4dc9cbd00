#include "record/table.h"

#include "base/utf8.h"
#include "record/scan.h"
#include <assert.h>
#include <math.h>
#include <msgpack.h>
#include <string.h>

enum { VERSION_KEY = 0, FLOAT_SIZE = 4 };

/* ---- encoding ---- */

struct sink { /* what msgpack-c writes into; it never grows */
    uint8_t *bytes;
    size_t size, capacity;
    bool full;
};

static int sink_write(void *data, const char *bytes, size_t size)
{
    struct sink *sink = data;
    if (sink->full || size > sink->capacity - sink->size) {
        sink->full = true;
        return -1;
    }
    memcpy(sink->bytes + sink->size, bytes, size);
    sink->size += size;
    return 0;
}

static enum cm_code refuse(const struct cm_table *table, const struct cm_field *field, const char *problem,
                           struct cm_err *err)
{
    return cm_fail(err, CM_INVALID, "%s: %s %s", table->name, field->name, problem);
}

static int64_t load_integer(const struct cm_field *field, const uint8_t *at)
{
    if (field->size == sizeof(int32_t)) {
        int32_t narrow;
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    }
    int64_t wide;
    assert(field->size == sizeof wide);
    memcpy(&wide, at, sizeof wide);
    return wide;
}

static void store_integer(const struct cm_field *field, int64_t value, uint8_t *at)
{
    int32_t narrow = (int32_t)value;
    if (field->size == sizeof narrow)
        memcpy(at, &narrow, sizeof narrow);
    else
        memcpy(at, &value, sizeof value);
}

static void float_to_bytes(float value, uint8_t *bytes)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < FLOAT_SIZE; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
}

static float float_from_bytes(const uint8_t *bytes)
{
    uint32_t bits = 0;
    for (int i = 0; i < FLOAT_SIZE; i++)
        bits |= (uint32_t)bytes[i] << (8 * i);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static enum cm_code pack_text(msgpack_packer *packer, const struct cm_table *table,
                              const struct cm_field *field, const char *text, struct cm_err *err)
{
    size_t length = strnlen(text, field->size);
    if (length == field->size)
        return refuse(table, field, "has no end", err);
    if (!cm_utf8_valid(text, length))
        return refuse(table, field, "is not UTF-8", err);
    msgpack_pack_str_with_body(packer, text, length);
    return CM_OK;
}

static enum cm_code pack_floats(msgpack_packer *packer, const struct cm_table *table,
                                const struct cm_field *field, const uint8_t *at, struct cm_err *err)
{
    msgpack_pack_bin(packer, field->size);
    for (size_t i = 0; i < field->size; i += FLOAT_SIZE) {
        uint8_t bytes[FLOAT_SIZE];
        float value;
        memcpy(&value, at + i, sizeof value);
        if (!isfinite(value))
            return refuse(table, field, "holds a value that is no number", err);
        float_to_bytes(value, bytes);
        msgpack_pack_bin_body(packer, bytes, sizeof bytes);
    }
    return CM_OK;
}

static enum cm_code pack_float(msgpack_packer *packer, const struct cm_table *table,
                               const struct cm_field *field, const uint8_t *at, struct cm_err *err)
{
    float value;
    memcpy(&value, at, sizeof value);
    if (!isnan(value))
        return pack_floats(packer, table, field, at, err);
    msgpack_pack_nil(packer);
    return CM_OK;
}

static enum cm_code pack_map(msgpack_packer *packer, const struct cm_table *table, uint32_t version,
                             bool outermost, const uint8_t *record, struct cm_err *err);

static enum cm_code pack_field(msgpack_packer *packer, const struct cm_table *table,
                               const struct cm_field *field, uint32_t version, const uint8_t *record,
                               struct cm_err *err)
{
    const uint8_t *at = record + field->offset;
    msgpack_pack_uint8(packer, field->key);
    switch (field->type) {
    case CM_FIELD_INTEGER: {
        int64_t value = load_integer(field, at);
        if (value < field->min || value > field->max)
            return refuse(table, field, "is out of range", err);
        msgpack_pack_int64(packer, value);
        return CM_OK;
    }
    case CM_FIELD_BOOL: {
        bool value;
        memcpy(&value, at, sizeof value);
        value ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
        return CM_OK;
    }
    case CM_FIELD_FLOAT:
        return pack_float(packer, table, field, at, err);
    case CM_FIELD_FLOATS:
        return pack_floats(packer, table, field, at, err);
    case CM_FIELD_TEXT:
        return pack_text(packer, table, field, (const char *)at, err);
    case CM_FIELD_BYTES:
        msgpack_pack_bin_with_body(packer, at, field->size);
        return CM_OK;
    case CM_FIELD_NESTED: {
        const struct cm_table *nested = field->nested(record);
        if (nested == NULL)
            return refuse(table, field, "is of an unknown type", err);
        return pack_map(packer, nested, version, false, at, err);
    }
    }
    return refuse(table, field, "has no rule", err);
}

/* A record of an older version is written without what came later: so its bytes stay as they were. */
static int fields_of_version(const struct cm_table *table, uint32_t version)
{
    int count = 0;
    while (count < table->count && table->fields[count].since <= version)
        count++;
    return count;
}

static enum cm_code pack_map(msgpack_packer *packer, const struct cm_table *table, uint32_t version,
                             bool outermost, const uint8_t *record, struct cm_err *err)
{
    struct cm_extra extra;
    int count = fields_of_version(table, version);
    memcpy(&extra, record + table->extra, sizeof extra);
    if (extra.size > sizeof extra.bytes)
        return cm_fail(err, CM_INVALID, "%s: more unknown fields than fit", table->name);
    msgpack_pack_map(packer, (size_t)count + extra.count + (outermost ? 1 : 0));
    if (outermost) {
        msgpack_pack_uint8(packer, VERSION_KEY);
        msgpack_pack_uint32(packer, version);
    }
    for (int i = 0; i < count; i++) {
        enum cm_code code = pack_field(packer, table, &table->fields[i], version, record, err);
        if (code != CM_OK)
            return code;
    }
    sink_write(packer->data, (const char *)extra.bytes, extra.size);
    return CM_OK;
}

enum cm_code cm_table_encode(const struct cm_table *table, const void *record, uint8_t *bytes,
                             size_t capacity, size_t *ret_size, struct cm_err *err)
{
    struct sink sink = {.bytes = bytes, .capacity = capacity};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &sink, sink_write);
    uint32_t version = CM_RECORD_VERSION;
    if (table->holds_version)
        memcpy(&version, (const uint8_t *)record + table->version, sizeof version);
    if (version == 0 || version > INT32_MAX)
        return cm_fail(err, CM_INVALID, "%s: no version", table->name);
    enum cm_code code = pack_map(&packer, table, version, true, record, err);
    if (code != CM_OK)
        return code;
    if (sink.full)
        return cm_fail(err, CM_NOMEM, "%s: larger than %zu bytes", table->name, capacity);
    *ret_size = sink.size;
    return CM_OK;
}

/* ---- decoding ---- */

static enum cm_code read_integer(const struct cm_table *table, const struct cm_field *field,
                                 const struct cm_token *token, uint8_t *at, struct cm_err *err)
{
    int64_t value = token->negative;
    if (token->kind != CM_TOKEN_UNSIGNED && token->kind != CM_TOKEN_NEGATIVE)
        return refuse(table, field, "is not a number", err);
    if (token->kind == CM_TOKEN_UNSIGNED) {
        if (token->number > INT64_MAX)
            return refuse(table, field, "is out of range", err);
        value = (int64_t)token->number;
    }
    if (value < field->min || value > field->max)
        return refuse(table, field, "is out of range", err);
    store_integer(field, value, at);
    return CM_OK;
}

static enum cm_code read_text(const struct cm_table *table, const struct cm_field *field,
                              const struct cm_token *token, uint8_t *at, struct cm_err *err)
{
    if (token->kind != CM_TOKEN_TEXT)
        return refuse(table, field, "is not a text", err);
    if (token->size >= field->size)
        return refuse(table, field, "is too long", err);
    memcpy(at, token->bytes, token->size);
    at[token->size] = '\0';
    return CM_OK;
}

static enum cm_code read_floats(const struct cm_table *table, const struct cm_field *field,
                                const struct cm_token *token, uint8_t *at, struct cm_err *err)
{
    if (token->kind != CM_TOKEN_BYTES || token->size != field->size)
        return refuse(table, field, "has the wrong size", err);
    for (size_t i = 0; i < field->size; i += FLOAT_SIZE) {
        float value = float_from_bytes(token->bytes + i);
        if (!isfinite(value))
            return refuse(table, field, "holds a value that is no number", err);
        memcpy(at + i, &value, sizeof value);
    }
    return CM_OK;
}

static enum cm_code read_float(const struct cm_table *table, const struct cm_field *field,
                               const struct cm_token *token, uint8_t *at, struct cm_err *err)
{
    float none = NAN;
    if (token->kind != CM_TOKEN_NIL)
        return read_floats(table, field, token, at, err);
    memcpy(at, &none, sizeof none);
    return CM_OK;
}

static enum cm_code read_map(struct cm_cursor *cursor, const struct cm_table *table, uint32_t *version,
                             uint8_t *record, struct cm_err *err);

static enum cm_code read_nested(struct cm_cursor *cursor, const struct cm_table *table,
                                const struct cm_field *field, uint32_t version, uint8_t *record,
                                struct cm_err *err)
{
    const struct cm_table *nested = field->nested(record);
    if (nested != NULL)
        return read_map(cursor, nested, &version, record + field->offset, err);
    if (version > CM_RECORD_VERSION)
        return cm_fail(err, CM_NEWER, "%s: %s is of a type that only a newer version knows", table->name,
                       field->name);
    return refuse(table, field, "is of an unknown type", err);
}

static enum cm_code read_field(struct cm_cursor *cursor, const struct cm_table *table,
                               const struct cm_field *field, uint32_t version, uint8_t *record,
                               struct cm_err *err)
{
    uint8_t *at = record + field->offset;
    struct cm_token token;
    if (field->type == CM_FIELD_NESTED)
        return read_nested(cursor, table, field, version, record, err);
    if (cm_scan_next(cursor, &token, err) != CM_OK)
        return CM_INVALID;
    switch (field->type) {
    case CM_FIELD_INTEGER:
        return read_integer(table, field, &token, at, err);
    case CM_FIELD_BOOL:
        if (token.kind != CM_TOKEN_BOOL)
            return refuse(table, field, "is neither true nor false", err);
        memcpy(at, &(bool){token.number != 0}, sizeof(bool));
        return CM_OK;
    case CM_FIELD_FLOAT:
        return read_float(table, field, &token, at, err);
    case CM_FIELD_FLOATS:
        return read_floats(table, field, &token, at, err);
    case CM_FIELD_TEXT:
        return read_text(table, field, &token, at, err);
    case CM_FIELD_BYTES:
        if (token.kind != CM_TOKEN_BYTES || token.size != field->size)
            return refuse(table, field, "has the wrong size", err);
        memcpy(at, token.bytes, token.size);
        return CM_OK;
    case CM_FIELD_NESTED:
        break;
    }
    return refuse(table, field, "has no rule", err);
}

/* Keeps a field that this version does not know, key and value as they came. */
static enum cm_code keep_unknown(struct cm_cursor *cursor, const uint8_t *pair, const struct cm_table *table,
                                 struct cm_extra *extra, struct cm_err *err)
{
    if (cm_scan_value(cursor, CM_TABLE_OBJECTS_MAX, err) != CM_OK)
        return CM_INVALID;
    size_t size = (size_t)(cursor->at - pair);
    if (size > sizeof extra->bytes - extra->size)
        return cm_fail(err, CM_NOMEM, "%s: more than %zu bytes of fields that this version does not know",
                       table->name, sizeof extra->bytes);
    memcpy(extra->bytes + extra->size, pair, size);
    extra->size = (uint16_t)(extra->size + size);
    extra->count++;
    return CM_OK;
}

static enum cm_code read_version(struct cm_cursor *cursor, const struct cm_table *table, uint64_t *pairs,
                                 uint32_t *ret_version, struct cm_err *err)
{
    struct cm_token key, value;
    if (*pairs == 0 || cm_scan_next(cursor, &key, err) != CM_OK || key.kind != CM_TOKEN_UNSIGNED ||
        key.number != VERSION_KEY || cm_scan_next(cursor, &value, err) != CM_OK ||
        value.kind != CM_TOKEN_UNSIGNED || value.number == 0 || value.number > INT32_MAX)
        return cm_fail(err, CM_INVALID, "%s: no version", table->name);
    (*pairs)--;
    *ret_version = (uint32_t)value.number;
    return CM_OK;
}

/* The fields up to `key` that were not there: those that the record's version does not have yet get their
 * default. */
static enum cm_code pass_missing(const struct cm_table *table, int *next, uint64_t key, uint32_t version,
                                 uint8_t *record, struct cm_err *err)
{
    for (; *next < table->count && table->fields[*next].key < key; (*next)++) {
        const struct cm_field *field = &table->fields[*next];
        float none = NAN;
        if (field->since <= version)
            return refuse(table, field, "is missing", err);
        if (field->type == CM_FIELD_FLOAT)
            memcpy(record + field->offset, &none, sizeof none);
    }
    return CM_OK;
}

static enum cm_code read_pair(struct cm_cursor *cursor, const struct cm_table *table, int *next,
                              uint32_t version, uint8_t *record, struct cm_extra *extra, struct cm_err *err)
{
    const uint8_t *pair = cursor->at;
    struct cm_token key;
    if (cm_scan_next(cursor, &key, err) != CM_OK)
        return CM_INVALID;
    enum cm_code code = pass_missing(table, next, key.number, version, record, err);
    if (code != CM_OK)
        return code;
    if (*next == table->count)
        return keep_unknown(cursor, pair, table, extra, err);
    if (table->fields[*next].key != key.number || /* new keys are larger than all before them */
        table->fields[*next].since > version)
        return cm_fail(err, CM_INVALID, "%s: there is no field %llu", table->name,
                       (unsigned long long)key.number);
    return read_field(cursor, table, &table->fields[(*next)++], version, record, err);
}

/* *version is the version of the record around it; of an outermost record, 0: then it is read and set.
 * The bytes were scanned: keys are numbers in ascending order and every value is whole. */
static enum cm_code read_map(struct cm_cursor *cursor, const struct cm_table *table, uint32_t *version,
                             uint8_t *record, struct cm_err *err)
{
    struct cm_extra extra = {0};
    struct cm_token map;
    int next = 0;
    if (cm_scan_next(cursor, &map, err) != CM_OK)
        return CM_INVALID;
    if (map.kind != CM_TOKEN_MAP)
        return cm_fail(err, CM_INVALID, "%s: is not a map", table->name);
    enum cm_code code = CM_OK;
    if (*version == 0)
        code = read_version(cursor, table, &map.number, version, err);
    for (uint64_t i = 0; i < map.number && code == CM_OK; i++)
        code = read_pair(cursor, table, &next, *version, record, &extra, err);
    if (code == CM_OK)
        code = pass_missing(table, &next, UINT64_MAX, *version, record, err);
    memcpy(record + table->extra, &extra, sizeof extra);
    return code;
}

enum cm_code cm_table_decode(const struct cm_table *table, const uint8_t *bytes, size_t size,
                             void *ret_record, struct cm_err *err)
{
    _Alignas(max_align_t) uint8_t record[CM_TABLE_RECORD_MAX] = {0};
    struct cm_err why = CM_ERR_INIT;
    struct cm_cursor cursor = {bytes, bytes + size};
    uint32_t version = 0;
    assert(table->size <= sizeof record);
    if (cm_scan_message(bytes, size, CM_TABLE_OBJECTS_MAX, &why) != CM_OK)
        return cm_fail(err, CM_INVALID, "%s: %s", table->name, why.msg);
    enum cm_code code = read_map(&cursor, table, &version, record, err);
    if (code != CM_OK)
        return code;
    if (table->holds_version)
        memcpy(record + table->version, &version, sizeof version);
    memcpy(ret_record, record, table->size);
    return CM_OK;
}
