/* Settings, accounts, codes; and what a transaction is. */
#include "conformance.h"

#include <string.h>

static enum cm_code put_meta(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct pair *pair = arg;
    return srv_store_put_meta(store, pair->name, (const uint8_t *)pair->value, strlen(pair->value), err);
}

static void settings(struct world *w)
{
    char value[SRV_SETTING_SIZE];
    uint8_t bytes[8];
    size_t size;
    uint64_t version = srv_store_version(w->store), change, later;
    struct pair name = {"school_name", "Kendriya Vidyalaya"}, secret = {"secret", "12345678"};
    assert_int_equal(srv_store_get_setting(w->store, "school_name", value, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_last_change(w->store, &change, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_setting, &name, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_meta, &secret, NULL), CM_OK);
    assert_int_equal(srv_store_get_setting(w->store, "school_name", value, NULL), CM_OK);
    assert_string_equal(value, "Kendriya Vidyalaya");
    assert_int_equal(srv_store_get_meta(w->store, "secret", bytes, sizeof bytes, &size, NULL), CM_OK);
    assert_int_equal(size, 8);
    assert_int_equal(srv_store_get_meta(w->store, "secret", bytes, 4, &size, NULL), CM_NOMEM);
    assert_int_equal(srv_store_get_setting(w->store, "secret", value, NULL), CM_NOTFOUND);
    assert_true(srv_store_version(w->store) > version);
    assert_int_equal(srv_store_last_change(w->store, &later, NULL), CM_OK);
    assert_int_equal(later, change + 1);
}

static enum cm_code put_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_user(store, arg, err);
}

static enum cm_code put_login(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_session(store, arg, err);
}

static enum cm_code delete_logins(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct srv_session *keep = arg;
    return srv_store_delete_sessions(store, keep->user, keep->id, err);
}

static enum cm_code delete_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_delete_user(store, arg, err);
}

static bool count_user(void *arg, const struct srv_user *user)
{
    (void)user;
    ++*(int *)arg;
    return true;
}

static void users(struct world *w)
{
    struct srv_user user = {.name = "asha", .role = 2, .student_id = "S-1", .class_count = 2}, found;
    struct srv_session one = {.user = "asha", .expires_wall_ms = 100}, two = {.user = "asha"}, got;
    int count = 0;
    strcpy(user.classes[0], "10-A");
    strcpy(user.classes[1], "10-B");
    strcpy(user.password_hash, "$argon2id$…");
    strcpy(user.phone, "+919876543210");
    strcpy(user.email, "asha@school.example");
    one.id[0] = 1;
    two.id[0] = 2;
    assert_int_equal(srv_store_write(w->store, put_user, &user, NULL), CM_OK);
    assert_int_equal(srv_store_get_user(w->store, "asha", &found, NULL), CM_OK);
    assert_memory_equal(&found, &user, sizeof user);
    assert_int_equal(srv_store_user_of_student(w->store, "S-1", &found, NULL), CM_OK);
    assert_int_equal(srv_store_user_of_student(w->store, "S-2", &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_get_user(w->store, "ash", &found, NULL), CM_NOTFOUND);
    struct srv_user other = user;
    strcpy(other.name, "binu");
    assert_int_equal(srv_store_write(w->store, put_user, &other, NULL), CM_EXISTS);
    other.student_id[0] = '\0';
    assert_int_equal(srv_store_write(w->store, put_user, &other, NULL), CM_OK);
    assert_int_equal(srv_store_each_user(w->store, "asha", count_user, &count, NULL), CM_OK);
    assert_int_equal(count, 1);
    assert_int_equal(srv_store_write(w->store, put_login, &one, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_login, &two, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, delete_logins, &one, NULL), CM_OK);
    assert_int_equal(srv_store_get_session(w->store, one.id, &got, NULL), CM_OK);
    assert_int_equal(srv_store_get_session(w->store, two.id, &got, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, delete_user, (void *)"asha", NULL), CM_OK);
    assert_int_equal(srv_store_get_session(w->store, one.id, &got, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_user_of_student(w->store, "S-1", &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, delete_user, (void *)"asha", NULL), CM_NOTFOUND);
}

static enum cm_code put_code(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_code(store, arg, err);
}

static enum cm_code purge(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_purge(store, 1000, arg, err);
}

static void codes(struct world *w)
{
    struct srv_code old = {.hash = {1}, .kind = "pair", .subject = "s", .expires_wall_ms = 1000};
    struct srv_code later = {.hash = {2}, .kind = "reset", .subject = "u", .expires_wall_ms = 1001}, found;
    struct srv_session login = {.user = "asha", .expires_wall_ms = 10};
    size_t purged = 0;
    assert_int_equal(srv_store_write(w->store, put_code, &old, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_code, &later, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_login, &login, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, purge, &purged, NULL), CM_OK);
    assert_int_equal(purged, 2);
    assert_int_equal(srv_store_get_code(w->store, old.hash, &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_get_code(w->store, later.hash, &found, NULL), CM_OK);
    assert_memory_equal(&found, &later, sizeof later);
}

/* ---- transactions ---- */

static enum cm_code write_and_read(struct srv_store *store, void *arg, struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = srv_store_put_setting(store, "a", "1", err);
    if (code == CM_OK)
        code = srv_store_get_setting(store, "a", value, err);
    if (code == CM_OK)
        assert_string_equal(value, "1");
    return code == CM_OK ? *(enum cm_code *)arg : code;
}

static enum cm_code write_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_write(store, write_and_read, arg, err);
}

static void transactions(struct world *w)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = CM_INVALID;
    assert_int_equal(srv_store_put_setting(w->store, "a", "1", NULL), CM_BACKEND);
    assert_int_equal(srv_store_write(w->store, write_and_read, &code, NULL), CM_INVALID);
    assert_int_equal(srv_store_get_setting(w->store, "a", value, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, write_within, &code, NULL), CM_BACKEND);
    assert_int_equal(srv_store_read(w->store, write_within, &code, NULL), CM_BACKEND);
    code = CM_OK;
    assert_int_equal(srv_store_write(w->store, write_and_read, &code, NULL), CM_OK);
    assert_int_equal(srv_store_get_setting(w->store, "a", value, NULL), CM_OK);
}

const struct conformance_case conformance_people[] = {
    {"settings", settings}, {"users", users}, {"codes", codes}, {"transactions", transactions}, {NULL, NULL},
};
