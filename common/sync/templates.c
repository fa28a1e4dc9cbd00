#include "sync/message.h"

#include "crypt/seal.h"
#include "record/codec.h"
#include "record/scan.h"
#include <stdlib.h>
#include <string.h>

/* In the box: an array of template records, each a bin. */
enum {
    RECORD_MAX = 1600, /* one template with its unknown fields */
    PLAIN_MAX = CM_SYNC_SEALED_MAX - CM_BOX_OVERHEAD,
};

/* Heads of canonical msgpack: an array of at most 32 elements, a bin of at most RECORD_MAX bytes. */
static size_t array_head(uint8_t *out, size_t count)
{
    if (count < 16) {
        out[0] = (uint8_t)(0x90 | count);
        return 1;
    }
    out[0] = 0xdc;
    out[1] = 0;
    out[2] = (uint8_t)count;
    return 3;
}

static size_t bin_head(uint8_t *out, size_t size)
{
    if (size < 256) {
        out[0] = 0xc4;
        out[1] = (uint8_t)size;
        return 2;
    }
    out[0] = 0xc5;
    out[1] = (uint8_t)(size >> 8);
    out[2] = (uint8_t)size;
    return 3;
}

static enum cm_code pack(const struct cm_template *templates, size_t count, uint8_t *plain, size_t *ret_size,
                         struct cm_err *err)
{
    uint8_t record[RECORD_MAX];
    size_t used = array_head(plain, count), size;
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < count && code == CM_OK; i++) {
        code = cm_record_encode(CM_RECORD_TEMPLATE, &templates[i], record, sizeof record, &size, err);
        if (code == CM_OK && size + 3 > PLAIN_MAX - used)
            code = cm_fail(err, CM_NOMEM, "the templates are larger than a message may be");
        if (code != CM_OK)
            break;
        used += bin_head(plain + used, size);
        memcpy(plain + used, record, size);
        used += size;
    }
    cm_wipe(record, sizeof record);
    *ret_size = used;
    return code;
}

enum cm_code cm_templates_seal(const uint8_t key[CM_BOX_KEY_SIZE], const struct cm_template *templates,
                               size_t count, struct cm_buf *sealed, struct cm_err *err)
{
    size_t size = 0;
    if (count > CM_SYNC_TEMPLATES_MAX)
        return cm_fail(err, CM_INVALID, "more than %d templates of one student", CM_SYNC_TEMPLATES_MAX);
    uint8_t *plain = malloc(PLAIN_MAX), *box = malloc(CM_SYNC_SEALED_MAX);
    enum cm_code code = CM_OK;
    if (plain == NULL || box == NULL)
        code = cm_fail(err, CM_NOMEM, "out of memory for templates");
    if (code == CM_OK)
        code = pack(templates, count, plain, &size, err);
    if (code == CM_OK)
        code = cm_box_seal(key, plain, size, box, err);
    if (code == CM_OK && cm_buf_append(sealed, box, size + CM_BOX_OVERHEAD) != CM_OK)
        code = cm_fail(err, CM_NOMEM, "the templates are larger than a message may be");
    if (plain != NULL)
        cm_wipe(plain, PLAIN_MAX);
    free(plain);
    free(box);
    return code;
}

static enum cm_code unpack_one(struct cm_cursor *cursor, const char *student_id, struct cm_template *ret,
                               struct cm_err *err)
{
    struct cm_token token;
    if (cm_scan_next(cursor, &token, err) != CM_OK)
        return CM_INVALID;
    if (token.kind != CM_TOKEN_BYTES)
        return cm_fail(err, CM_INVALID, "the sealed message holds something else than templates");
    enum cm_code code = cm_record_decode(CM_RECORD_TEMPLATE, token.bytes, token.size, ret, err);
    if (code == CM_OK && strcmp(ret->student_id, student_id) != 0)
        code = cm_fail(err, CM_INVALID, "the sealed templates are of another student");
    return code;
}

static enum cm_code unpack(const uint8_t *plain, size_t size, const char *student_id,
                           struct cm_template *templates, size_t *ret_count, struct cm_err *err)
{
    struct cm_cursor cursor = {plain, plain + size};
    struct cm_token array;
    enum cm_code code = cm_scan_message(plain, size, 1 + CM_SYNC_TEMPLATES_MAX, err);
    if (code == CM_OK)
        code = cm_scan_next(&cursor, &array, err);
    if (code == CM_OK && (array.kind != CM_TOKEN_ARRAY || array.number > CM_SYNC_TEMPLATES_MAX))
        code = cm_fail(err, CM_INVALID, "the sealed message holds something else than templates");
    for (uint64_t i = 0; code == CM_OK && i < array.number; i++)
        code = unpack_one(&cursor, student_id, &templates[i], err);
    if (code == CM_OK)
        *ret_count = (size_t)array.number;
    return code;
}

enum cm_code cm_templates_open(cm_box_open_fn *open, const void *keys, struct cm_span sealed,
                               const char *student_id,
                               struct cm_template ret_templates[CM_SYNC_TEMPLATES_MAX], size_t *ret_count,
                               struct cm_err *err)
{
    if (sealed.size < CM_BOX_OVERHEAD || sealed.size > CM_SYNC_SEALED_MAX)
        return cm_fail(err, CM_CORRUPT, "sealed templates have the wrong size");
    size_t size = sealed.size - CM_BOX_OVERHEAD;
    uint8_t *plain = malloc(size + 1);
    if (plain == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for templates");
    enum cm_code code = open(keys, sealed.data, sealed.size, plain, err);
    if (code == CM_OK)
        code = unpack(plain, size, student_id, ret_templates, ret_count, err);
    if (code != CM_OK)
        cm_wipe(ret_templates, CM_SYNC_TEMPLATES_MAX * sizeof ret_templates[0]);
    cm_wipe(plain, size + 1);
    free(plain);
    return code;
}
