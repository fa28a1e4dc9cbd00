#include "record/scan.h"

#include "base/utf8.h"
#include <stdbool.h>
#include <string.h>

static enum cm_code take_number(struct cm_cursor *in, size_t width, uint64_t *ret_number, struct cm_err *err)
{
    if ((size_t)(in->end - in->at) < width)
        return cm_fail(err, CM_INVALID, "the message is cut short");
    uint64_t number = 0;
    for (size_t i = 0; i < width; i++)
        number = number << 8 | *in->at++;
    *ret_number = number;
    return CM_OK;
}

/* A number behind a header byte that could have been written with a smaller header is not canonical. */
static enum cm_code take_shortest(struct cm_cursor *in, size_t width, uint64_t least, uint64_t *ret_number,
                                  struct cm_err *err)
{
    uint64_t number;
    if (take_number(in, width, &number, err) != CM_OK)
        return CM_INVALID;
    if (number < least)
        return cm_fail(err, CM_INVALID, "a number is not in its shortest form");
    *ret_number = number;
    return CM_OK;
}

static enum cm_code take_negative(struct cm_cursor *in, size_t width, int64_t most, struct cm_token *token,
                                  struct cm_err *err)
{
    uint64_t number;
    if (take_number(in, width, &number, err) != CM_OK)
        return CM_INVALID;
    unsigned unused_bits = 64 - 8 * (unsigned)width;
    int64_t value = (int64_t)(number << unused_bits) >> unused_bits; /* sign extension */
    if (value > most)
        return cm_fail(err, CM_INVALID, "a number is not in its shortest form");
    token->kind = CM_TOKEN_NEGATIVE;
    token->negative = value;
    return CM_OK;
}

static enum cm_code take_bytes(struct cm_cursor *in, enum cm_token_kind kind, uint64_t size,
                               struct cm_token *token, struct cm_err *err)
{
    if (size > (uint64_t)(in->end - in->at))
        return cm_fail(err, CM_INVALID, "the message is cut short");
    token->kind = kind;
    token->bytes = in->at;
    token->size = (size_t)size;
    in->at += size;
    if (kind != CM_TOKEN_TEXT)
        return CM_OK;
    if (memchr(token->bytes, '\0', token->size) != NULL)
        return cm_fail(err, CM_INVALID, "a text has a NUL in it");
    if (!cm_utf8_valid((const char *)token->bytes, token->size))
        return cm_fail(err, CM_INVALID, "a text is not UTF-8");
    return CM_OK;
}

static enum cm_code take_container(struct cm_cursor *in, enum cm_token_kind kind, uint64_t count,
                                   struct cm_token *token, struct cm_err *err)
{
    uint64_t left = (uint64_t)(in->end - in->at); /* each element takes at least a byte */
    if (count > (kind == CM_TOKEN_MAP ? left / 2 : left))
        return cm_fail(err, CM_INVALID, "a list claims more elements than there are bytes");
    token->kind = kind;
    token->number = count;
    return CM_OK;
}

/* The header bytes 0xc0 to 0xdf, each with the width of what follows and the least number that needs that
 * width. */
static enum cm_code take_wide(struct cm_cursor *in, uint8_t head, struct cm_token *token, struct cm_err *err)
{
    static const struct {
        uint8_t width;
        uint8_t kind;
        uint32_t least;
    } heads[32] = {
        [0xc4 - 0xc0] = {1, CM_TOKEN_BYTES, 0},          [0xc5 - 0xc0] = {2, CM_TOKEN_BYTES, 1u << 8},
        [0xc6 - 0xc0] = {4, CM_TOKEN_BYTES, 1u << 16},   [0xcc - 0xc0] = {1, CM_TOKEN_UNSIGNED, 1u << 7},
        [0xcd - 0xc0] = {2, CM_TOKEN_UNSIGNED, 1u << 8}, [0xce - 0xc0] = {4, CM_TOKEN_UNSIGNED, 1u << 16},
        [0xd9 - 0xc0] = {1, CM_TOKEN_TEXT, 32},          [0xda - 0xc0] = {2, CM_TOKEN_TEXT, 1u << 8},
        [0xdb - 0xc0] = {4, CM_TOKEN_TEXT, 1u << 16},    [0xdc - 0xc0] = {2, CM_TOKEN_ARRAY, 16},
        [0xdd - 0xc0] = {4, CM_TOKEN_ARRAY, 1u << 16},   [0xde - 0xc0] = {2, CM_TOKEN_MAP, 16},
        [0xdf - 0xc0] = {4, CM_TOKEN_MAP, 1u << 16},
    };
    switch (head) {
    case 0xc0:
        token->kind = CM_TOKEN_NIL;
        return CM_OK;
    case 0xc2:
    case 0xc3:
        token->kind = CM_TOKEN_BOOL;
        token->number = head & 1u;
        return CM_OK;
    case 0xcf:
        token->kind = CM_TOKEN_UNSIGNED;
        return take_shortest(in, 8, UINT64_C(1) << 32, &token->number, err);
    case 0xd0:
        return take_negative(in, 1, -33, token, err);
    case 0xd1:
        return take_negative(in, 2, INT8_MIN - 1, token, err);
    case 0xd2:
        return take_negative(in, 4, INT16_MIN - 1, token, err);
    case 0xd3:
        return take_negative(in, 8, (int64_t)INT32_MIN - 1, token, err);
    }
    size_t width = heads[head - 0xc0].width;
    if (width == 0)
        return cm_fail(err, CM_INVALID, "a value of a type that records do not use (0x%02x)", head);
    uint64_t number;
    if (take_shortest(in, width, heads[head - 0xc0].least, &number, err) != CM_OK)
        return CM_INVALID;
    enum cm_token_kind kind = (enum cm_token_kind)heads[head - 0xc0].kind;
    token->kind = kind;
    token->number = number;
    if (kind == CM_TOKEN_BYTES || kind == CM_TOKEN_TEXT)
        return take_bytes(in, kind, number, token, err);
    if (kind == CM_TOKEN_ARRAY || kind == CM_TOKEN_MAP)
        return take_container(in, kind, number, token, err);
    return CM_OK;
}

enum cm_code cm_scan_next(struct cm_cursor *cursor, struct cm_token *ret_token, struct cm_err *err)
{
    struct cm_token token = {0};
    enum cm_code code = CM_OK;
    if (cursor->at == cursor->end)
        return cm_fail(err, CM_INVALID, "the message is cut short");
    uint8_t head = *cursor->at++;
    if (head <= 0x7f) {
        token.kind = CM_TOKEN_UNSIGNED;
        token.number = head;
    } else if (head <= 0x8f) {
        code = take_container(cursor, CM_TOKEN_MAP, head & 0x0fu, &token, err);
    } else if (head <= 0x9f) {
        code = take_container(cursor, CM_TOKEN_ARRAY, head & 0x0fu, &token, err);
    } else if (head <= 0xbf) {
        code = take_bytes(cursor, CM_TOKEN_TEXT, head & 0x1fu, &token, err);
    } else if (head <= 0xdf) {
        code = take_wide(cursor, head, &token, err);
    } else {
        token.kind = CM_TOKEN_NEGATIVE;
        token.negative = (int8_t)head;
    }
    if (code == CM_OK)
        *ret_token = token;
    return code;
}

struct level {     /* an open container */
    uint64_t left; /* values to come; of a map, keys and values */
    bool map;
    bool key_seen;
    uint64_t last_key;
};

/* Whether `token` may stand where `level` is now; counts it. */
static enum cm_code take_place(struct level *level, const struct cm_token *token, struct cm_err *err)
{
    bool is_key = level->map && level->left % 2 == 0;
    level->left--;
    if (!is_key)
        return CM_OK;
    if (token->kind != CM_TOKEN_UNSIGNED)
        return cm_fail(err, CM_INVALID, "a key is not a number");
    if (level->key_seen && token->number == level->last_key)
        return cm_fail(err, CM_INVALID, "key %llu comes twice", (unsigned long long)token->number);
    if (level->key_seen && token->number < level->last_key)
        return cm_fail(err, CM_INVALID, "keys are not in ascending order");
    level->key_seen = true;
    level->last_key = token->number;
    return CM_OK;
}

enum cm_code cm_scan_value(struct cm_cursor *cursor, size_t objects_max, struct cm_err *err)
{
    struct level levels[CM_SCAN_DEPTH_MAX + 1] = {{.left = 1}}; /* the outermost holds the value itself */
    int depth = 0;
    for (size_t objects = 0; depth >= 0; objects++) {
        struct cm_token token;
        if (objects == objects_max)
            return cm_fail(err, CM_INVALID, "the message has more than %zu values", objects_max);
        if (cm_scan_next(cursor, &token, err) != CM_OK || take_place(&levels[depth], &token, err) != CM_OK)
            return CM_INVALID;
        if (token.kind == CM_TOKEN_ARRAY || token.kind == CM_TOKEN_MAP) {
            if (depth == CM_SCAN_DEPTH_MAX)
                return cm_fail(err, CM_INVALID, "the message is nested deeper than %d levels",
                               CM_SCAN_DEPTH_MAX);
            bool map = token.kind == CM_TOKEN_MAP;
            levels[++depth] = (struct level){.left = map ? token.number * 2 : token.number, .map = map};
        }
        while (depth >= 0 && levels[depth].left == 0)
            depth--;
    }
    return CM_OK;
}

enum cm_code cm_scan_message(const uint8_t *bytes, size_t size, size_t objects_max, struct cm_err *err)
{
    struct cm_cursor cursor = {bytes, bytes + size};
    if (cm_scan_value(&cursor, objects_max, err) != CM_OK)
        return CM_INVALID;
    if (cursor.at != cursor.end)
        return cm_fail(err, CM_INVALID, "%zu bytes follow the message", (size_t)(cursor.end - cursor.at));
    return CM_OK;
}
