/* Users, their login sessions and one-time codes. */
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/records.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USER_INDEX = 'u', LOGIN_INDEX = 'l', USER_NAME_SIZE = 64 };

/* ---- users ---- */

static enum cm_code check_name(const char *name, struct cm_err *err)
{
    size_t size = strnlen(name, USER_NAME_SIZE);
    if (size == 0 || size == USER_NAME_SIZE)
        return cm_fail(err, CM_INVALID, "a user's name must have 1 to %d bytes", USER_NAME_SIZE - 1);
    return CM_OK;
}

static struct srv_key text_key(const char *text)
{
    struct srv_key key = {0};
    srv_key_text(&key, text);
    return key;
}

static struct srv_key index_key(uint8_t kind, const char *text)
{
    struct srv_key key = {0};
    srv_key_byte(&key, kind);
    srv_key_text(&key, text);
    return key;
}

static enum cm_code load_user(struct srv_tx *tx, const char *name, struct srv_user *ret_user,
                              struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = check_name(name, NULL) == CM_OK ? CM_OK : CM_NOTFOUND;
    if (code != CM_OK)
        return code;
    struct srv_key key = text_key(name);
    code = srv_get(tx, SRV_T_USERS, &key, &value, err);
    return code == CM_OK ? srv_user_decode(value, ret_user, err) : code;
}

enum cm_code srv_kvs_get_user(struct srv_store *store, const char *name, struct srv_user *ret_user,
                              struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = load_user(tx, name, ret_user, err);
    srv_tx_end(&own);
    return code;
}

static enum cm_code name_of_student(struct srv_tx *tx, const char *student_id, char ret_name[USER_NAME_SIZE],
                                    struct cm_err *err)
{
    struct cm_bytes value;
    if (srv_check_id("student", student_id, NULL) != CM_OK)
        return CM_NOTFOUND;
    struct srv_key key = index_key(USER_INDEX, student_id);
    enum cm_code code = srv_get(tx, SRV_T_INDEX, &key, &value, err);
    if (code != CM_OK)
        return code;
    if (value.size == 0 || value.size > USER_NAME_SIZE)
        return srv_damaged("a student's user has no name", err);
    memcpy(ret_name, value.data, value.size);
    ret_name[value.size - 1] = '\0';
    return CM_OK;
}

enum cm_code srv_kvs_user_of_student(struct srv_store *store, const char *student_id,
                                     struct srv_user *ret_user, struct cm_err *err)
{
    struct srv_tx own, *tx;
    char name[USER_NAME_SIZE];
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = name_of_student(tx, student_id, name, err);
    if (code == CM_OK)
        code = load_user(tx, name, ret_user, err);
    srv_tx_end(&own);
    return code;
}

/* A student has one user at most. */
static enum cm_code index_student(struct srv_tx *tx, const struct srv_user *user, struct cm_err *err)
{
    char other[USER_NAME_SIZE];
    struct srv_user before;
    enum cm_code code = load_user(tx, user->name, &before, err);
    bool moved = code == CM_OK && strcmp(before.student_id, user->student_id) != 0;
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (user->student_id[0] != '\0') {
        code = name_of_student(tx, user->student_id, other, err);
        if (code == CM_OK && strcmp(other, user->name) != 0)
            return cm_fail(err, CM_EXISTS, "%s has the login \"%s\" already", user->student_id, other);
        if (code != CM_OK && code != CM_NOTFOUND)
            return code;
    }
    if (moved && before.student_id[0] != '\0') {
        struct srv_key old = index_key(USER_INDEX, before.student_id);
        if ((code = srv_delete(tx, SRV_T_INDEX, &old, err)) != CM_OK)
            return code;
    }
    if (user->student_id[0] == '\0')
        return CM_OK;
    struct srv_key key = index_key(USER_INDEX, user->student_id);
    return srv_put(tx, SRV_T_INDEX, &key, user->name, strlen(user->name) + 1, err);
}

enum cm_code srv_kvs_put_user(struct srv_store *store, const struct srv_user *user, struct cm_err *err)
{
    struct srv_tx *tx;
    uint8_t row[SRV_ROW_MAX];
    size_t size;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = check_name(user->name, err);
    if (code == CM_OK && user->student_id[0] != '\0')
        code = srv_check_id("student", user->student_id, err);
    if (code == CM_OK)
        code = srv_user_encode(user, row, &size, err);
    if (code == CM_OK)
        code = index_student(tx, user, err);
    if (code != CM_OK)
        return code;
    struct srv_key key = text_key(user->name);
    return srv_put(tx, SRV_T_USERS, &key, row, size, err);
}

enum cm_code srv_kvs_delete_user(struct srv_store *store, const char *name, struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_user user;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = load_user(tx, name, &user, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no user \"%.64s\"", name);
    if (code == CM_OK)
        code = srv_kvs_delete_sessions(store, name, NULL, err);
    if (code == CM_OK && user.student_id[0] != '\0') {
        struct srv_key index = index_key(USER_INDEX, user.student_id);
        code = srv_delete(tx, SRV_T_INDEX, &index, err);
    }
    if (code != CM_OK)
        return code;
    struct srv_key key = text_key(name);
    return srv_delete(tx, SRV_T_USERS, &key, err);
}

struct each_user {
    srv_user_visit_fn *visit;
    void *arg;
    const char *after;
};

static enum cm_code visit_user(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_user *each = arg;
    struct srv_user user;
    if (each->after[0] != '\0' && strcmp(key.data, each->after) == 0)
        return CM_OK;
    enum cm_code code = srv_user_decode(value, &user, err);
    if (code != CM_OK)
        return code;
    return each->visit(each->arg, &user) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_user(struct srv_store *store, const char *after, srv_user_visit_fn *visit,
                               void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key first = {0};
    struct each_user each = {visit, arg, after != NULL ? after : ""};
    enum cm_code code = each.after[0] != '\0' ? check_name(each.after, err) : CM_OK;
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    srv_key_text(&first, each.after);
    code = srv_walk(tx, SRV_T_USERS, &first, 0, visit_user, &each, err);
    srv_tx_end(&own);
    return code;
}

/* ---- login sessions ---- */

static struct srv_key bytes_key(const void *bytes, size_t size)
{
    struct srv_key key = {0};
    srv_key_bytes(&key, bytes, size);
    return key;
}

static struct srv_key login_index(const char *user, const uint8_t id[16])
{
    struct srv_key key = index_key(LOGIN_INDEX, user);
    srv_key_bytes(&key, id, 16);
    return key;
}

static enum cm_code load_login(struct srv_tx *tx, const uint8_t id[16], struct srv_session *ret_session,
                               struct cm_err *err)
{
    struct cm_bytes value;
    struct srv_key key = bytes_key(id, 16);
    enum cm_code code = srv_get(tx, SRV_T_LOGINS, &key, &value, err);
    return code == CM_OK ? srv_login_decode(value, ret_session, err) : code;
}

enum cm_code srv_kvs_get_session(struct srv_store *store, const uint8_t id[16],
                                 struct srv_session *ret_session, struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = load_login(tx, id, ret_session, err);
    srv_tx_end(&own);
    return code;
}

static enum cm_code put_session(struct srv_store *store, const struct srv_session *session,
                                struct cm_err *err)
{
    struct srv_tx *tx;
    uint8_t row[SRV_ROW_MAX];
    size_t size;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = check_name(session->user, err);
    if (code == CM_OK)
        code = srv_login_encode(session, row, &size, err);
    if (code != CM_OK)
        return code;
    struct srv_key key = bytes_key(session->id, sizeof session->id);
    code = srv_put(tx, SRV_T_LOGINS, &key, row, size, err);
    key = login_index(session->user, session->id);
    return code == CM_OK ? srv_put(tx, SRV_T_INDEX, &key, "", 0, err) : code;
}

enum cm_code srv_kvs_put_session(struct srv_store *store, const struct srv_session *session,
                                 struct cm_err *err)
{
    const uint64_t before = srv_store_written(store);
    enum cm_code code = put_session(store, session, err);
    ((struct srv_kvstore *)store)->written_logins += srv_store_written(store) - before;
    return code;
}

static enum cm_code delete_login(struct srv_tx *tx, const struct srv_session *session, struct cm_err *err)
{
    struct srv_key key = bytes_key(session->id, sizeof session->id);
    enum cm_code code = srv_delete(tx, SRV_T_LOGINS, &key, err);
    key = login_index(session->user, session->id);
    return code == CM_OK ? srv_delete(tx, SRV_T_INDEX, &key, err) : code;
}

static enum cm_code end_session(struct srv_store *store, const uint8_t id[16], struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_session session;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = load_login(tx, id, &session, err);
    return code == CM_OK ? delete_login(tx, &session, err) : code;
}

enum cm_code srv_kvs_delete_session(struct srv_store *store, const uint8_t id[16], struct cm_err *err)
{
    const uint64_t before = srv_store_written(store);
    enum cm_code code = end_session(store, id, err);
    ((struct srv_kvstore *)store)->written_logins += srv_store_written(store) - before;
    return code;
}

enum cm_code srv_forget_logins(struct srv_tx *tx, struct cm_err *err)
{
    struct srv_key logins = {0};
    srv_key_byte(&logins, LOGIN_INDEX);
    enum cm_code code = srv_delete_prefix(tx, SRV_T_INDEX, &logins, err);
    if (code == CM_OK)
        code = srv_clear(tx, SRV_T_LOGINS, err);
    return code == CM_OK ? srv_clear(tx, SRV_T_CODES, err) : code;
}

/* What a walk found, to be deleted after it. */
struct found {
    const char *user;    /* of delete_sessions */
    const uint8_t *keep; /* may be NULL */
    int64_t now_ms;      /* of purge */
    size_t count;
    uint8_t keys[256][32];
};

static enum cm_code find_login(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct found *found = arg;
    (void)value;
    if (key.size < 16)
        return srv_damaged("a login's key is cut short", err);
    const uint8_t *id = (const uint8_t *)key.data + key.size - 16;
    if (found->keep != NULL && memcmp(id, found->keep, 16) == 0)
        return CM_OK;
    memcpy(found->keys[found->count++], id, 16);
    return found->count == sizeof found->keys / sizeof found->keys[0] ? CM_EOF : CM_OK;
}

enum cm_code srv_kvs_delete_sessions(struct srv_store *store, const char *user, const uint8_t *keep,
                                     struct cm_err *err)
{
    struct srv_tx *tx;
    struct found found = {.user = user, .keep = keep};
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = check_name(user, err);
    if (code != CM_OK)
        return code;
    struct srv_key prefix = index_key(LOGIN_INDEX, user);
    do {
        found.count = 0;
        code = srv_walk(tx, SRV_T_INDEX, &prefix, prefix.size, find_login, &found, err);
        for (size_t i = 0; i < found.count && code == CM_OK; i++) {
            struct srv_session session = {.user = ""};
            memcpy(session.id, found.keys[i], sizeof session.id);
            snprintf(session.user, sizeof session.user, "%s", user);
            code = delete_login(tx, &session, err);
        }
    } while (code == CM_OK && found.count > 0);
    return code;
}

static enum cm_code find_old_login(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct found *found = arg;
    struct srv_session session;
    enum cm_code code = srv_login_decode(value, &session, err);
    if (code != CM_OK || session.expires_wall_ms > found->now_ms || key.size != 16)
        return code;
    memcpy(found->keys[found->count++], key.data, 16);
    return found->count == sizeof found->keys / sizeof found->keys[0] ? CM_EOF : CM_OK;
}

static enum cm_code find_old_code(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct found *found = arg;
    struct srv_code row;
    enum cm_code code = srv_code_decode(value, &row, err);
    if (code != CM_OK || row.expires_wall_ms > found->now_ms || key.size != 32)
        return code;
    memcpy(found->keys[found->count++], key.data, 32);
    return found->count == sizeof found->keys / sizeof found->keys[0] ? CM_EOF : CM_OK;
}

enum cm_code srv_kvs_purge(struct srv_store *store, int64_t now_ms, size_t *ret_purged, struct cm_err *err)
{
    struct srv_tx *tx;
    struct found found = {.now_ms = now_ms};
    struct srv_key all = {0};
    size_t purged = 0;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    while (code == CM_OK) {
        found.count = 0;
        code = srv_walk(tx, SRV_T_LOGINS, &all, 0, find_old_login, &found, err);
        for (size_t i = 0; i < found.count && code == CM_OK; i++)
            code = srv_kvs_delete_session(store, found.keys[i], err);
        purged += found.count;
        if (found.count == 0)
            break;
    }
    while (code == CM_OK) {
        found.count = 0;
        code = srv_walk(tx, SRV_T_CODES, &all, 0, find_old_code, &found, err);
        for (size_t i = 0; i < found.count && code == CM_OK; i++)
            code = srv_kvs_delete_code(store, found.keys[i], err);
        purged += found.count;
        if (found.count == 0)
            break;
    }
    if (code == CM_OK)
        *ret_purged = purged;
    return code;
}

/* ---- codes ---- */

enum cm_code srv_kvs_put_code(struct srv_store *store, const struct srv_code *code_, struct cm_err *err)
{
    struct srv_tx *tx;
    uint8_t row[SRV_ROW_MAX];
    size_t size;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_code_encode(code_, row, &size, err);
    if (code != CM_OK)
        return code;
    struct srv_key key = bytes_key(code_->hash, sizeof code_->hash);
    return srv_put(tx, SRV_T_CODES, &key, row, size, err);
}

enum cm_code srv_kvs_get_code(struct srv_store *store, const uint8_t hash[32], struct srv_code *ret_code,
                              struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct cm_bytes value;
    struct srv_key key = bytes_key(hash, 32);
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_get(tx, SRV_T_CODES, &key, &value, err);
    if (code == CM_OK)
        code = srv_code_decode(value, ret_code, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_delete_code(struct srv_store *store, const uint8_t hash[32], struct cm_err *err)
{
    struct srv_tx *tx;
    struct cm_bytes value;
    struct srv_key key = bytes_key(hash, 32);
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_get(tx, SRV_T_CODES, &key, &value, err);
    return code == CM_OK ? srv_delete(tx, SRV_T_CODES, &key, err) : code;
}
