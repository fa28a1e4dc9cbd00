#include "auth/private.h"

#include "base/log.h"
#include "base/utf8.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char cookie_plain[] = "rollcall", cookie_secure[] = "__Host-rollcall";

void srv_session_new(const struct srv_auth *auth, const struct srv_call *call, const char *user,
                     struct srv_session *ret_session)
{
    struct srv_session session = {.created_wall_ms = cm_wall_ms(auth->clock)};
    session.expires_wall_ms = session.created_wall_ms + auth->lifetime_ms;
    randombytes_buf(session.id, sizeof(session.id));
    snprintf(session.user, sizeof(session.user), "%s", user);
    snprintf(session.address, sizeof(session.address), "%s", srv_call_peer(call));
    const char *agent = srv_call_header(call, "user-agent");
    if (agent != NULL)
        cm_utf8_escape(agent, strlen(agent), session.agent, sizeof(session.agent));
    *ret_session = session;
}

enum cm_code srv_session_token(const struct srv_auth *auth, const struct srv_session *session, uint32_t role,
                               char ret_token[SRV_JWT_SIZE], struct cm_err *err)
{
    struct srv_claims claims = {
        .role = role,
        .issued_s = cm_wall_ms(auth->clock) / 1000,
        .expires_s = session->expires_wall_ms / 1000,
    };
    memcpy(claims.user, session->user, sizeof(claims.user));
    memcpy(claims.session, session->id, sizeof(claims.session));
    return srv_jwt_make(&auth->keys, &claims, ret_token, err);
}

/* ---- whom a token stands for ---- */
static void fill_identity(const struct srv_user *user, const struct srv_session *session,
                          struct srv_identity *who)
{
    memset(who, 0, sizeof(*who));
    who->role = user->role;
    memcpy(who->user, user->name, sizeof(who->user));
    snprintf(who->name, sizeof(who->name), "%s", user->full_name[0] != '\0' ? user->full_name : user->name);
    memcpy(who->student_id, user->student_id, sizeof(who->student_id));
    memcpy(who->session, session->id, sizeof(who->session));
    who->must_change_password = user->must_change_password;
    who->class_count = user->role == SRV_ROLE_COORDINATOR ? user->class_count : 0;
    for (int i = 0; i < who->class_count; i++)
        memcpy(who->classes[i], user->classes[i], sizeof(who->classes[i]));
}

static enum cm_code over(struct cm_err *err)
{
    return cm_fail(err, CM_INVALID, "the session is over: log in again");
}

/* Session and user of a token whose claims were verified. */
static enum cm_code look_up(struct srv_store *store, const struct srv_claims *claims, int64_t now_ms,
                            struct srv_seen_entry *ret_entry, struct cm_err *err)
{
    struct srv_session session;
    struct srv_user user;
    enum cm_code code = srv_store_get_session(store, claims->session, &session, err);
    if (code == CM_OK)
        code = srv_store_get_user(store, session.user, &user, err);
    if (code == CM_NOTFOUND)
        return over(err);
    if (code != CM_OK)
        return code;
    if (strcmp(session.user, claims->user) != 0 || user.role != claims->role || user.disabled ||
        now_ms >= session.expires_wall_ms)
        return over(err);
    fill_identity(&user, &session, &ret_entry->who);
    ret_entry->token_expires_wall_ms = claims->expires_s * 1000;
    ret_entry->session_expires_wall_ms = session.expires_wall_ms;
    ret_entry->session_created_wall_ms = session.created_wall_ms;
    return CM_OK;
}

/* The claims of a token that was verified before: its time alone can have run out since. */
static enum cm_code claims_of(const struct srv_seen_entry *entry, int64_t now_ms, struct srv_claims *claims,
                              struct cm_err *err)
{
    *claims = (struct srv_claims){.role = entry->who.role, .expires_s = entry->token_expires_wall_ms / 1000};
    memcpy(claims->user, entry->who.user, sizeof(claims->user));
    memcpy(claims->session, entry->who.session, sizeof(claims->session));
    return now_ms < entry->token_expires_wall_ms ? CM_OK : over(err);
}

enum cm_code srv_session_identify(struct srv_auth *auth, const char *token, struct srv_seen_entry *ret_entry,
                                  struct cm_err *err)
{
    uint8_t hash[32];
    struct srv_claims claims;
    size_t size = strnlen(token, SRV_JWT_MAX);
    int64_t now_ms = cm_wall_ms(auth->clock), mono_us = cm_mono_us(auth->clock);
    uint64_t version = srv_store_version(auth->store); /* before anything is read from it */
    if (size == SRV_JWT_MAX)
        return cm_fail(err, CM_INVALID, "the token is too long");
    crypto_generichash(hash, sizeof(hash), (const uint8_t *)token, size, NULL, 0);
    enum srv_seen_state state = srv_seen_get(auth->seen, hash, version, mono_us, ret_entry);
    enum cm_code code = state == SRV_SEEN_NEVER
                            ? srv_jwt_verify(&auth->keys, token, now_ms / 1000, &claims, err)
                            : claims_of(ret_entry, now_ms, &claims, err);
    if (code != CM_OK)
        return code;
    if (state == SRV_SEEN_FRESH)
        return now_ms < ret_entry->session_expires_wall_ms ? CM_OK : over(err);
    code = look_up(auth->store, &claims, now_ms, ret_entry, err);
    if (code == CM_OK)
        srv_seen_put(auth->seen, hash, version, mono_us, ret_entry);
    return code;
}

/* ---- cookies ---- */
const char *srv_cookie_name(const struct srv_call *call)
{
    return srv_call_secure(call) ? cookie_secure : cookie_plain;
}

void srv_cookie_set(struct srv_call *call, const char *token, int64_t seconds)
{
    char value[SRV_JWT_SIZE + 128];
    snprintf(value, sizeof(value), "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
             srv_cookie_name(call), token, (long long)seconds, srv_call_secure(call) ? "; Secure" : "");
    srv_answer_header(call, "set-cookie", value);
    sodium_memzero(value, sizeof(value));
}

void srv_cookie_clear(struct srv_call *call)
{
    srv_cookie_set(call, "", 0);
}

/* ---- renewal ---- */
struct renewal {
    struct srv_write write; /* first */
    uint8_t session[16];
    int64_t expires_wall_ms;
};

static enum cm_code extend(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct renewal *renewal = arg;
    struct srv_session session;
    /* read again: a session that was ended meanwhile must not come back */
    enum cm_code code = srv_store_get_session(store, renewal->session, &session, err);
    if (code != CM_OK)
        return code;
    session.expires_wall_ms = renewal->expires_wall_ms;
    return srv_store_put_session(store, &session, err);
}

static void extended(struct srv_write *write, enum cm_code code, const struct cm_err *err)
{
    if (code != CM_OK && code != CM_NOTFOUND)
        cm_log_err(CM_LOG_WARN, "auth", "a session was not renewed", err);
    free(write);
}

void srv_session_renew(struct srv_auth *auth, struct srv_call *call, const struct srv_seen_entry *entry)
{
    int64_t now_ms = cm_wall_ms(auth->clock);
    if (entry->session_expires_wall_ms - now_ms > auth->lifetime_ms / 2 ||
        now_ms - entry->session_created_wall_ms > SRV_SESSION_DAYS_MAX * INT64_C(86400000))
        return;
    struct srv_session session = {.expires_wall_ms = now_ms + auth->lifetime_ms};
    memcpy(session.id, entry->who.session, sizeof(session.id));
    memcpy(session.user, entry->who.user, sizeof(session.user));
    char token[SRV_JWT_SIZE];
    struct renewal *renewal = calloc(1, sizeof(*renewal));
    if (renewal == NULL || srv_session_token(auth, &session, entry->who.role, token, NULL) != CM_OK) {
        free(renewal);
        return;
    }
    renewal->write = (struct srv_write){.run = extend, .done = extended, .loop = srv_call_loop(call)};
    memcpy(renewal->session, session.id, sizeof(renewal->session));
    renewal->expires_wall_ms = session.expires_wall_ms;
    if (srv_writer_submit(auth->writer, &renewal->write) == CM_OK)
        srv_cookie_set(call, token, auth->lifetime_ms / 1000);
    else
        free(renewal); /* the next request tries again */
    sodium_memzero(token, sizeof(token));
}
