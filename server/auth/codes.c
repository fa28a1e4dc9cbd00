/*
 * Codes that are used once. A code's record lies under the keyed hash of kind and code. So that a new one voids the one
 * before it, and that failures can be counted without knowing which code was meant, a second record, of kind "of", lies
 * under the hash of kind and subject and names the first.
 */
#include "auth/private.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { CODE_LENGTH = 8, FAILURES_MAX = 5 };
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's: no I, L, O, U */
static const char key_name[] = "code_key";
static const char kind_of_index[] = "of";

/* ---- hashes ---- */
static enum cm_code get_key(struct srv_store *store, uint8_t ret_key[32], struct cm_err *err)
{
    size_t size;
    enum cm_code code = srv_store_get_meta(store, key_name, ret_key, 32, &size, err);
    if (code == CM_OK && size != 32)
        code = cm_fail(err, CM_CORRUPT, "the key of one-time codes is damaged");
    return code;
}

static enum cm_code get_or_make_key(struct srv_store *store, uint8_t ret_key[32], struct cm_err *err)
{
    enum cm_code code = get_key(store, ret_key, err);
    if (code != CM_NOTFOUND)
        return code;
    randombytes_buf(ret_key, 32);
    return srv_store_put_meta(store, key_name, ret_key, 32, err);
}

static void hash_of(const uint8_t key[32], const char *what, const char *kind, const char *text,
                    uint8_t ret_hash[32])
{
    char all[256];
    int size = snprintf(all, sizeof(all), "%s/%.15s/%.63s", what, kind, text);
    crypto_generichash(ret_hash, 32, (const uint8_t *)all, (size_t)size, key, 32);
}

/* What was typed, as it was printed: without dashes and spaces, upper case, with the letters that are not in the alphabet
 * taken for the digits that they look like. False: it cannot be a code. */
static bool normalise(const char *typed, char ret_code[CODE_LENGTH + 1])
{
    int length = 0;
    for (; *typed != '\0'; typed++) {
        char c = *typed;
        if (c == '-' || c == ' ')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c == 'I' || c == 'L')
            c = '1';
        if (c == 'O')
            c = '0';
        if (length == CODE_LENGTH || strchr(alphabet, c) == NULL)
            return false;
        ret_code[length++] = c;
    }
    ret_code[length] = '\0';
    return length == CODE_LENGTH;
}

/* ---- the pair of records ---- */
static enum cm_code forget(struct srv_store *store, const uint8_t key[32], const char *kind,
                           const char *subject, struct cm_err *err)
{
    struct srv_code index;
    uint8_t index_hash[32], code_hash[32];
    size_t size;
    hash_of(key, kind_of_index, kind, subject, index_hash);
    enum cm_code code = srv_store_get_code(store, index_hash, &index, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    if (code != CM_OK)
        return code;
    if (sodium_base642bin(code_hash, sizeof(code_hash), index.subject, strlen(index.subject), NULL, &size,
                          NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
        size == sizeof(code_hash)) {
        code = srv_store_delete_code(store, code_hash, err);
        if (code != CM_OK && code != CM_NOTFOUND)
            return code;
    }
    code = srv_store_delete_code(store, index_hash, err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code put_pair(struct srv_store *store, const uint8_t key[32], const char *kind,
                             const char *subject, const char *text, int64_t expires_ms, struct cm_err *err)
{
    struct srv_code record = {.expires_wall_ms = expires_ms}, index = {.expires_wall_ms = expires_ms};
    snprintf(record.kind, sizeof(record.kind), "%s", kind);
    snprintf(record.subject, sizeof(record.subject), "%s", subject);
    hash_of(key, "code", kind, text, record.hash);
    snprintf(index.kind, sizeof(index.kind), "%s", kind_of_index);
    sodium_bin2base64(index.subject, sizeof(index.subject), record.hash, sizeof(record.hash),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    hash_of(key, kind_of_index, kind, subject, index.hash);
    enum cm_code code = srv_store_put_code(store, &record, err);
    return code == CM_OK ? srv_store_put_code(store, &index, err) : code;
}

enum cm_code srv_auth_make_code(struct srv_store *store, const char *kind, const char *subject,
                                int64_t now_ms, int valid_minutes, char ret_code[SRV_CODE_TEXT_SIZE],
                                struct cm_err *err)
{
    uint8_t key[32];
    char text[CODE_LENGTH + 1];
    for (int i = 0; i < CODE_LENGTH; i++)
        text[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
    text[CODE_LENGTH] = '\0';
    enum cm_code code = get_or_make_key(store, key, err);
    if (code == CM_OK)
        code = forget(store, key, kind, subject, err);
    if (code == CM_OK)
        code = put_pair(store, key, kind, subject, text, now_ms + valid_minutes * INT64_C(60000), err);
    if (code == CM_OK)
        snprintf(ret_code, SRV_CODE_TEXT_SIZE, "%.4s-%.4s", text, text + 4);
    sodium_memzero(key, sizeof(key));
    return code;
}

/* ---- taking ---- */
static enum cm_code no_such_code(struct cm_err *err)
{
    return cm_fail(err, CM_NOTFOUND, "the code is wrong, used or over");
}

static enum cm_code find(struct srv_store *store, const uint8_t key[32], const char *kind, const char *typed,
                         int64_t now_ms, struct srv_code *ret_record, struct cm_err *err)
{
    char text[CODE_LENGTH + 1];
    uint8_t hash[32];
    if (!normalise(typed, text))
        return no_such_code(err);
    hash_of(key, "code", kind, text, hash);
    enum cm_code code = srv_store_get_code(store, hash, ret_record, err);
    if (code == CM_OK && (strcmp(ret_record->kind, kind) != 0 || now_ms >= ret_record->expires_wall_ms))
        code = CM_NOTFOUND;
    return code == CM_NOTFOUND ? no_such_code(err) : code;
}

enum cm_code srv_auth_take_code(struct srv_store *store, const char *kind, const char *typed, int64_t now_ms,
                                char ret_subject[64], struct cm_err *err)
{
    uint8_t key[32];
    struct srv_code record;
    enum cm_code code = get_key(store, key, err);
    if (code == CM_NOTFOUND)
        return no_such_code(err);
    if (code == CM_OK)
        code = find(store, key, kind, typed, now_ms, &record, err);
    if (code == CM_OK)
        code = forget(store, key, kind, record.subject, err);
    if (code == CM_OK)
        memcpy(ret_subject, record.subject, sizeof(record.subject));
    sodium_memzero(key, sizeof(key));
    return code;
}

static enum cm_code count_failure(struct srv_store *store, const uint8_t key[32], const char *kind,
                                  const char *subject, struct cm_err *err)
{
    struct srv_code index;
    uint8_t hash[32];
    hash_of(key, kind_of_index, kind, subject, hash);
    enum cm_code code = srv_store_get_code(store, hash, &index, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    if (code != CM_OK)
        return code;
    index.failures++;
    return index.failures >= FAILURES_MAX ? forget(store, key, kind, subject, err)
                                          : srv_store_put_code(store, &index, err);
}

enum cm_code srv_code_confirm(struct srv_store *store, const char *kind, const char *subject,
                              const char *typed, int64_t now_ms, struct cm_err *err)
{
    uint8_t key[32];
    struct srv_code record;
    enum cm_code code = get_key(store, key, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? no_such_code(err) : code;
    code = find(store, key, kind, typed, now_ms, &record, err);
    if (code == CM_OK && strcmp(record.subject, subject) != 0)
        code = no_such_code(err);
    if (code == CM_OK) {
        code = forget(store, key, kind, subject, err);
    } else if (code == CM_NOTFOUND) {
        code = count_failure(store, key, kind, subject, err);
        code = code == CM_OK ? no_such_code(err) : code;
    }
    sodium_memzero(key, sizeof(key));
    return code;
}
