/* Passwords that are given to people once, and the first admin, who gets one. */
#include "auth/private.h"

#include "auth/words.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char *random_word(void)
{
    return srv_words[randombytes_uniform((uint32_t)srv_word_count)];
}

void srv_one_time_text(char ret_password[SRV_ONE_TIME_SIZE])
{
    _Static_assert(4 * (SRV_WORD_MAX + 1) + 3 < SRV_ONE_TIME_SIZE, "four words and a number fit");
    const char *words[4];
    for (int i = 0; i < 4; i++)
        words[i] = random_word();
    snprintf(ret_password, SRV_ONE_TIME_SIZE, "%.6s-%.6s-%.6s-%.6s-%03u", words[0], words[1], words[2],
             words[3], randombytes_uniform(1000) % 1000u);
}

void srv_user_set_one_time(struct srv_user *user, const char *hash, int64_t now_ms, int valid_minutes)
{
    snprintf(user->password_hash, sizeof(user->password_hash), "%s", hash);
    user->must_change_password = true;
    user->password_changed_ms = now_ms;
    user->password_expires_ms = valid_minutes > 0 ? now_ms + valid_minutes * INT64_C(60000) : 0;
}

enum cm_code srv_auth_one_time(struct srv_user *user, const struct cm_clock *clock, int valid_minutes,
                               char ret_password[SRV_ONE_TIME_SIZE], struct cm_err *err)
{
    char text[SRV_ONE_TIME_SIZE], hash[SRV_PASSWORD_HASH_SIZE];
    srv_one_time_text(text);
    enum cm_code code = srv_password_hash(text, hash, err);
    if (code != CM_OK)
        return code;
    srv_user_set_one_time(user, hash, cm_wall_ms(clock), valid_minutes);
    memcpy(ret_password, text, sizeof(text));
    return CM_OK;
}

static bool note_admin(void *arg, const struct srv_user *user)
{
    bool *found = arg;
    *found = user->role == SRV_ROLE_ADMIN;
    return !*found;
}

static enum cm_code put_admin(struct srv_store *store, void *arg, struct cm_err *err)
{
    bool found = false;
    enum cm_code code = srv_store_each_user(store, "", note_admin, &found, err);
    if (code != CM_OK)
        return code;
    if (found)
        return cm_fail(err, CM_EXISTS, "there is an admin already");
    return srv_store_put_user(store, arg, err);
}

enum cm_code srv_auth_first_admin(struct srv_store *store, const struct cm_clock *clock,
                                  char ret_password[SRV_ONE_TIME_SIZE], struct cm_err *err)
{
    bool found = false; /* asked first without a write: hashing takes its time, and most starts find one */
    enum cm_code code = srv_store_each_user(store, "", note_admin, &found, err);
    if (code != CM_OK)
        return code;
    if (found)
        return cm_fail(err, CM_EXISTS, "there is an admin already");
    char text[SRV_ONE_TIME_SIZE];
    struct srv_user admin = {.name = "admin",
                             .full_name = "Administrator",
                             .role = SRV_ROLE_ADMIN,
                             .created_wall_ms = cm_wall_ms(clock)};
    code = srv_auth_one_time(&admin, clock, 0, text, err);
    if (code == CM_OK)
        code = srv_store_write(store, put_admin, &admin, err);
    if (code == CM_OK)
        memcpy(ret_password, text, sizeof(text));
    return code;
}
