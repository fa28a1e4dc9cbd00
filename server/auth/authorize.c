#include "auth/private.h"

#include "base/log.h"
#include <sodium.h>
#include <string.h>
#include <strings.h>

struct credential {
    const char *token; /* NULL: none was brought */
    bool by_cookie;
};

/* A bearer wins, right or wrong: a program that sends one means it. Another scheme is for a proxy in front of us. */
static struct credential credential_of(const struct srv_call *call)
{
    const char *authorization = srv_call_header(call, "authorization");
    if (authorization != NULL && strncasecmp(authorization, "bearer ", 7) == 0)
        return (struct credential){authorization + 7 + strspn(authorization + 7, " "), false};
    return (struct credential){srv_call_cookie(call, srv_cookie_name(call)), true};
}

static enum cm_code identify_station(struct srv_auth *auth, const char *token, struct srv_identity *who,
                                     struct cm_err *err)
{
    uint8_t hash[32];
    struct srv_station station;
    srv_auth_hash_token(token, hash);
    enum cm_code code = srv_store_station_of_token(auth->store, hash, &station, err);
    if (code == CM_NOTFOUND || (code == CM_OK && (station.revoked || !station.paired)))
        return cm_fail(err, CM_INVALID, "the station's token is not known, or was revoked: pair it again");
    if (code != CM_OK)
        return code;
    memset(who, 0, sizeof(*who));
    who->role = SRV_ROLE_STATION;
    memcpy(who->user, station.id, sizeof(station.id));
    _Static_assert(sizeof who->name == sizeof station.name, "a name fits");
    memcpy(who->name, station.name, sizeof(who->name));
    who->class_count = station.class_count;
    memcpy(who->classes, station.classes, sizeof(who->classes));
    return CM_OK;
}

static enum cm_code identify(struct srv_auth *auth, struct credential credential,
                             struct srv_seen_entry *ret_entry, struct cm_err *err)
{
    if (credential.token == NULL)
        return cm_fail(err, CM_NOTFOUND, "log in first");
    /* a token of ours for people has dots, a station's has none */
    if (!credential.by_cookie && strchr(credential.token, '.') == NULL)
        return identify_station(auth, credential.token, &ret_entry->who, err);
    return srv_session_identify(auth, credential.token, ret_entry, err);
}

static int deny(struct srv_call *call, int status, const char *code, const char *message)
{
    if (status == 401)
        srv_answer_header(call, "www-authenticate", "Bearer realm=\"rollcall\"");
    srv_call_deny(call, code, message, 0);
    return status;
}

static int deny_nobody(struct srv_call *call, enum cm_code code, const struct cm_err *err)
{
    if (code == CM_NOTFOUND)
        return deny(call, 401, "not_logged_in", err->msg);
    if (code == CM_INVALID)
        return deny(call, 401, "session_over", "the session is over or the token is not valid: log in again");
    cm_log_err(CM_LOG_ERROR, "auth", "a session could not be looked up", err);
    return deny(call, 500, "internal", "something went wrong here; the server's log says what");
}

static bool writes(const struct srv_route *route)
{
    return route->method != SRV_GET && !(route->flags & SRV_ORIGIN_ANY);
}

/* A route for anyone: whoever brings a session is told apart, nobody is asked for one. But another site's page must not log
 * a browser in, as somebody else, either. */
static int welcome(struct srv_call *call, const struct srv_route *route, const struct srv_identity *who,
                   struct srv_identity *ret_identity)
{
    if (writes(route) && srv_call_origin(call) == SRV_ORIGIN_FOREIGN)
        return deny(call, 403, "wrong_origin", "a browser may do this from our own pages only");
    if (who != NULL)
        *ret_identity = *who;
    return 0;
}

/* One browser has one cookie: a page says whose it is, for somebody else may have signed in beside it. */
static bool is_page_of_another(const struct srv_call *call, const struct srv_identity *who)
{
    const char *user = srv_call_header(call, "rollcall-user");
    return who->by_cookie && user != NULL && strcmp(user, who->user) != 0;
}

/* What this identity may not do on this route; 0: he may. */
static int judge(struct srv_call *call, const struct srv_route *route, const struct srv_identity *who)
{
    if (is_page_of_another(call, who))
        return deny(call, 409, "other_user", "somebody else signed in in this browser: load the page again");
    if (writes(route) && who->by_cookie && srv_call_origin(call) != SRV_ORIGIN_OWN)
        return deny(call, 403, "wrong_origin", "a browser may change something from our own pages only");
    if ((who->role & route->roles) == 0)
        return deny(call, 403, "forbidden", "your role may not do this");
    if (who->must_change_password && !(route->flags & SRV_PASSWORD_MAY_BE_OLD))
        return deny(call, 403, "password_must_change", "choose a password of your own first");
    return 0;
}

int srv_auth_authorize(void *app, struct srv_call *call, const struct srv_route *route,
                       struct srv_identity *ret_identity)
{
    struct srv_auth *auth = ((struct srv_app *)app)->auth;
    struct srv_seen_entry entry;
    struct cm_err err = CM_ERR_INIT;
    struct credential credential = credential_of(call);
    memset(ret_identity, 0, sizeof(*ret_identity));
    enum cm_code code = identify(auth, credential, &entry, &err);
    entry.who.by_cookie = credential.by_cookie;
    if (route->roles & SRV_ROLE_ANYONE)
        return welcome(call, route, code == CM_OK ? &entry.who : NULL, ret_identity);
    if (code != CM_OK)
        return deny_nobody(call, code, &err);
    int status = judge(call, route, &entry.who);
    if (status != 0)
        return status;
    *ret_identity = entry.who;
    if (credential.by_cookie)
        srv_session_renew(auth, call, &entry);
    return 0;
}

/* ---- who sees what ---- */
bool srv_auth_sees_class(const struct srv_identity *who, const char *class_id)
{
    if (who->role == SRV_ROLE_ADMIN)
        return true;
    if (who->role == SRV_ROLE_STATION && who->class_count == 0)
        return true;
    if (who->role != SRV_ROLE_COORDINATOR && who->role != SRV_ROLE_STATION)
        return false;
    for (int i = 0; i < who->class_count; i++) {
        if (strcmp(who->classes[i], class_id) == 0)
            return true;
    }
    return false;
}

bool srv_auth_sees_student(const struct srv_identity *who, const struct srv_student *student)
{
    if (who->role == SRV_ROLE_STUDENT)
        return who->student_id[0] != '\0' && strcmp(who->student_id, student->base.id) == 0;
    return srv_auth_sees_class(who, student->base.class_id);
}

/* ---- tokens of stations ---- */
void srv_auth_make_token(char ret_token[SRV_TOKEN_TEXT_SIZE], uint8_t ret_hash[32])
{
    uint8_t bytes[32];
    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2base64(ret_token, SRV_TOKEN_TEXT_SIZE, bytes, sizeof(bytes),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    srv_auth_hash_token(ret_token, ret_hash);
}

void srv_auth_hash_token(const char *token, uint8_t ret_hash[32])
{
    crypto_generichash(ret_hash, 32, (const uint8_t *)token, strnlen(token, SRV_JWT_MAX), NULL, 0);
}
