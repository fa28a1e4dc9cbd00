/*
 * Codes that are used once. A code's record lies under the keyed hash of kind and code; of six digits of kind, code and
 * subject, for so few are others' too. So that a new one voids the one before it, and that failures can be counted without
 * knowing which code was meant, a second record, of kind "of", lies under the hash of kind and subject and names the first.
 */
#include "auth/private.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { CODE_LENGTH = 8, DIGITS = 6, FAILURES_MAX = 5, KEY_TEXT_SIZE = 96 };
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
    int size = snprintf(all, sizeof(all), "%s/%.15s/%.80s", what, kind, text);
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
/* The code that an index names goes. */
static enum cm_code void_code(struct srv_store *store, const struct srv_code *index, struct cm_err *err)
{
    uint8_t hash[32];
    size_t size;
    if (sodium_base642bin(hash, sizeof(hash), index->subject, strlen(index->subject), NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        size != sizeof(hash))
        return CM_OK;
    enum cm_code code = srv_store_delete_code(store, hash, err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code forget(struct srv_store *store, const uint8_t key[32], const char *kind,
                           const char *subject, struct cm_err *err)
{
    struct srv_code index;
    uint8_t hash[32];
    hash_of(key, kind_of_index, kind, subject, hash);
    enum cm_code code = srv_store_get_code(store, hash, &index, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    if (code == CM_OK)
        code = void_code(store, &index, err);
    if (code == CM_OK)
        code = srv_store_delete_code(store, hash, err);
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

/* ---- six digits ---- */
/* What a subject's digits are hashed as. */
static void digits_text(const char *digits, const char *subject, char out[KEY_TEXT_SIZE])
{
    snprintf(out, KEY_TEXT_SIZE, "%.6s/%.63s", digits, subject);
}

/* When the one before was made; 0: there is none. */
static enum cm_code made_when(struct srv_store *store, const uint8_t key[32], const char *kind,
                              const char *subject, int valid_minutes, int64_t *ret_wall_ms,
                              struct cm_err *err)
{
    struct srv_code index;
    uint8_t hash[32];
    hash_of(key, kind_of_index, kind, subject, hash);
    enum cm_code code = srv_store_get_code(store, hash, &index, err);
    *ret_wall_ms = code == CM_OK ? index.expires_wall_ms - valid_minutes * INT64_C(60000) : 0;
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_code_make_digits(struct srv_store *store, const char *kind, const char *subject,
                                  int64_t now_ms, const struct srv_code_terms *terms,
                                  char ret_code[SRV_CODE_TEXT_SIZE], struct cm_err *err)
{
    uint8_t key[32];
    char digits[DIGITS + 1], text[KEY_TEXT_SIZE];
    int64_t made_ms = 0;
    snprintf(digits, sizeof(digits), "%06u", (unsigned)randombytes_uniform(1000000));
    digits_text(digits, subject, text);
    enum cm_code code = get_or_make_key(store, key, err);
    if (code == CM_OK)
        code = made_when(store, key, kind, subject, terms->valid_minutes, &made_ms, err);
    if (code == CM_OK && made_ms > 0 && now_ms >= made_ms && now_ms - made_ms < terms->again_after_ms)
        code = cm_fail(err, CM_EXISTS, "a code was sent a moment ago");
    if (code == CM_OK)
        code = forget(store, key, kind, subject, err);
    if (code == CM_OK)
        code = put_pair(store, key, kind, subject, text, now_ms + terms->valid_minutes * INT64_C(60000), err);
    if (code == CM_OK)
        snprintf(ret_code, SRV_CODE_TEXT_SIZE, "%s", digits);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(text, sizeof(text));
    sodium_memzero(digits, sizeof(digits));
    return code;
}

/* What was typed, without spaces and dashes between. False: it cannot be one. */
static bool normal_digits(const char *typed, char ret_digits[DIGITS + 1])
{
    int length = 0;
    for (; *typed != '\0'; typed++) {
        if (*typed == '-' || *typed == ' ')
            continue;
        if (length == DIGITS || *typed < '0' || *typed > '9')
            return false;
        ret_digits[length++] = *typed;
    }
    ret_digits[length] = '\0';
    return length == DIGITS;
}

/* ---- taking ---- */
static enum cm_code no_such_code(struct cm_err *err)
{
    return cm_fail(err, CM_NOTFOUND, "the code is wrong, used or over");
}

/* text: as it is hashed. */
static enum cm_code find(struct srv_store *store, const uint8_t key[32], const char *kind, const char *text,
                         int64_t now_ms, struct srv_code *ret_record, struct cm_err *err)
{
    uint8_t hash[32];
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
    char text[CODE_LENGTH + 1];
    struct srv_code record;
    if (!normalise(typed, text))
        return no_such_code(err);
    enum cm_code code = get_key(store, key, err);
    if (code == CM_NOTFOUND)
        return no_such_code(err);
    if (code == CM_OK)
        code = find(store, key, kind, text, now_ms, &record, err);
    if (code == CM_OK)
        code = forget(store, key, kind, record.subject, err);
    if (code == CM_OK)
        memcpy(ret_subject, record.subject, sizeof(record.subject));
    sodium_memzero(key, sizeof(key));
    return code;
}

/* The index stays when the code is void: it knows when the next one may be made. */
static enum cm_code count_failure(struct srv_store *store, const uint8_t key[32], const char *kind,
                                  const char *subject, struct cm_err *err)
{
    struct srv_code index;
    uint8_t hash[32];
    hash_of(key, kind_of_index, kind, subject, hash);
    enum cm_code code = srv_store_get_code(store, hash, &index, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    if (code == CM_OK && ++index.failures == FAILURES_MAX)
        code = void_code(store, &index, err);
    return code == CM_OK ? srv_store_put_code(store, &index, err) : code;
}

enum cm_code srv_code_confirm_digits(struct srv_store *store, const char *kind, const char *subject,
                                     const char *typed, int64_t now_ms, struct cm_err *err)
{
    uint8_t key[32];
    char digits[DIGITS + 1], text[KEY_TEXT_SIZE];
    struct srv_code record;
    enum cm_code code = get_key(store, key, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? no_such_code(err) : code;
    bool possible = normal_digits(typed, digits);
    if (possible)
        digits_text(digits, subject, text);
    code = possible ? find(store, key, kind, text, now_ms, &record, err) : no_such_code(err);
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
