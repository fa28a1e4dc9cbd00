/* Settings, small secrets, and who wants no messages. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/settings.h"
#include <string.h>

enum { WORD_MAX = 64, META_MAX = 4096 };

static enum cm_code make_key(char kind, const char *name, struct srv_key *key, struct cm_err *err)
{
    size_t size = strnlen(name, WORD_MAX);
    if (size == 0 || size == WORD_MAX)
        return cm_fail(err, CM_INVALID, "the name of a setting has 1 to %d bytes", WORD_MAX - 1);
    key->size = 0;
    srv_key_byte(key, (uint8_t)kind);
    srv_key_text(key, name);
    return CM_OK;
}

static enum cm_code get_word(struct srv_store *store, char kind, const char *name, void *ret_bytes,
                             size_t capacity, size_t *ret_size, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key key;
    struct cm_bytes value;
    enum cm_code code = make_key(kind, name, &key, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_get(tx, SRV_T_META, &key, &value, err);
    if (code == CM_OK && value.size > capacity)
        code = cm_fail(err, CM_NOMEM, "%s has %zu bytes; there is room for %zu", name, value.size, capacity);
    if (code == CM_OK) {
        memcpy(ret_bytes, value.data, value.size);
        *ret_size = value.size;
    }
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_get_setting(struct srv_store *store, const char *name, char ret_value[SRV_SETTING_SIZE],
                                 struct cm_err *err)
{
    size_t size;
    enum cm_code code = get_word(store, 's', name, ret_value, SRV_SETTING_SIZE - 1, &size, err);
    if (code == CM_OK)
        ret_value[size] = '\0';
    return code;
}

static bool stations_are_told(const char *name)
{
    static const char *const told[] = {SRV_SETTING_SCHOOL_NAME,      SRV_SETTING_TIMEZONE,
                                       SRV_SETTING_POINTS,           SRV_SETTING_COVERAGE_PERCENT,
                                       SRV_SETTING_CONSENT_REQUIRED, SRV_SETTING_CONSENT_TEXT,
                                       SRV_SETTING_CARD_FOR_ALL};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (strcmp(name, told[i]) == 0)
            return true;
    return false;
}

enum cm_code srv_kvs_put_setting(struct srv_store *store, const char *name, const char *value,
                                 struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_key key;
    struct cm_bytes old;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = make_key('s', name, &key, err);
    if (code == CM_OK && strlen(value) >= SRV_SETTING_SIZE)
        code = cm_fail(err, CM_INVALID, "%s is longer than %d bytes", name, SRV_SETTING_SIZE - 1);
    struct cm_points_rules points;
    if (code == CM_OK && strcmp(name, SRV_SETTING_POINTS) == 0)
        code = cm_points_parse(value, &points, err);
    if (code != CM_OK)
        return code;
    code = srv_get(tx, SRV_T_META, &key, &old, err);
    if (code == CM_OK && old.size == strlen(value) && memcmp(old.data, value, old.size) == 0)
        return CM_OK;
    if (code == CM_OK || code == CM_NOTFOUND)
        code = srv_put(tx, SRV_T_META, &key, value, strlen(value), err);
    if (code == CM_OK && stations_are_told(name))
        code = srv_note_change(tx, SRV_CHANGE_SETTINGS, "", err);
    if (code == CM_OK && strcmp(name, SRV_SETTING_COVERAGE_PERCENT) == 0)
        code = srv_derive_all_sessions(tx, err);
    if (code == CM_OK && strcmp(name, SRV_SETTING_POINTS) == 0)
        code = srv_derive_all_days(tx, err);
    return code;
}

enum cm_code srv_kvs_get_meta(struct srv_store *store, const char *name, uint8_t *ret_bytes, size_t capacity,
                              size_t *ret_size, struct cm_err *err)
{
    return get_word(store, 'm', name, ret_bytes, capacity, ret_size, err);
}

enum cm_code srv_kvs_put_meta(struct srv_store *store, const char *name, const uint8_t *bytes, size_t size,
                              struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_key key;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = make_key('m', name, &key, err);
    if (code == CM_OK && size > META_MAX)
        code = cm_fail(err, CM_INVALID, "%s is longer than %d bytes", name, META_MAX);
    return code == CM_OK ? srv_put(tx, SRV_T_META, &key, bytes, size, err) : code;
}

/* ---- who wants no messages ---- */

enum cm_code srv_kvs_get_stopped(struct srv_store *store, const char *phone, int64_t *ret_wall_ms,
                                 struct cm_err *err)
{
    uint8_t bytes[8];
    size_t size;
    enum cm_code code = get_word(store, 'o', phone, bytes, sizeof bytes, &size, err);
    if (code == CM_OK && size != sizeof bytes)
        return srv_damaged("a number that wants no messages", err);
    if (code == CM_OK)
        *ret_wall_ms = (int64_t)srv_get_u64(bytes);
    return code;
}

enum cm_code srv_kvs_put_stopped(struct srv_store *store, const char *phone, int64_t wall_ms,
                                 struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_key key;
    uint8_t bytes[8];
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = make_key('o', phone, &key, err);
    srv_put_u64(bytes, (uint64_t)wall_ms);
    return code == CM_OK ? srv_put(tx, SRV_T_META, &key, bytes, sizeof bytes, err) : code;
}

enum cm_code srv_kvs_delete_stopped(struct srv_store *store, const char *phone, struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_key key;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = make_key('o', phone, &key, err);
    return code == CM_OK ? srv_delete(tx, SRV_T_META, &key, err) : code;
}
