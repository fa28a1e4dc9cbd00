/* A forgotten password: a code over another channel, then a new one. Nothing here tells whether a user exists. */
#include "auth/handlers.h"
#include "auth/private.h"

#include "base/log.h"
#include "http_json/json.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char kind[] = "reset", door_request[] = "reset-request", door_confirm[] = "reset";

/* Not too often. False: answered. */
static bool may_try(struct srv_call *call, const char *door, const char *name)
{
    int wait_s = srv_auth_try(srv_app_of(call)->auth, door, name, srv_call_peer(call));
    if (wait_s > 0)
        srv_answer_wait(call, wait_s);
    return wait_s == 0;
}

/* ---- request ---- */
struct request {            /* lives on after the answer */
    struct srv_write write; /* first */
    struct srv_auth *auth;
    struct srv_user user;
    char code[SRV_CODE_TEXT_SIZE];
};

static enum cm_code make_code(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct request *request = arg;
    enum cm_code code = srv_store_get_user(store, request->user.name, &request->user, err);
    if (code == CM_OK && (request->user.disabled || request->user.password_hash[0] == '\0'))
        code = cm_fail(err, CM_NOTFOUND, "this user does not log in");
    if (code != CM_OK)
        return code;
    const struct srv_code_terms terms = {SRV_RESET_CODE_MINUTES, SRV_RESET_CODE_AGAIN_MS};
    return srv_code_make_digits(store, kind, request->user.name, cm_wall_ms(request->auth->clock), &terms,
                                request->code, err);
}

static void code_made(struct srv_write *write, enum cm_code code, const struct cm_err *err)
{
    struct request *request = (struct request *)write;
    struct cm_err why = CM_ERR_INIT;
    if (code == CM_OK) {
        code = request->auth->deliver(request->auth->deliver_arg, &request->user, request->code, &why);
        if (code != CM_OK)
            cm_log(CM_LOG_WARN, "auth", "a reset code was not delivered", CM_STR("user", request->user.name),
                   CM_STR("reason", why.msg));
    } else if (code != CM_NOTFOUND && code != CM_EXISTS) {
        cm_log_err(CM_LOG_ERROR, "auth", "a reset code could not be made", err);
    }
    sodium_memzero(request, sizeof(*request));
    free(request);
}

void srv_auth_reset_request(struct srv_call *call)
{
    char typed[128] = "", name[64] = "";
    const struct srv_json_field fields[] = {
        {.name = "username", .type = SRV_JSON_LINE, .required = true, .ret = typed, .size = sizeof(typed)},
    };
    if (!SRV_JSON_BODY(call, fields))
        return;
    bool possible = srv_auth_user_name(typed, name);
    if (!may_try(call, door_request, possible ? name : ""))
        return;
    struct srv_auth *auth = srv_app_of(call)->auth;
    struct request *request = possible ? calloc(1, sizeof(*request)) : NULL;
    if (request != NULL) {
        request->auth = auth;
        memcpy(request->user.name, name, sizeof(name));
        request->write = (struct srv_write){.run = make_code, .done = code_made, .loop = srv_call_loop(call)};
        if (srv_writer_submit(auth->writer, &request->write) != CM_OK)
            free(request);
    }
    srv_json_answer(call, 202, json_object()); /* whatever comes of it, and before anything does */
}

/* ---- confirm ---- */
static enum cm_code confirm(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_task *task = arg;
    int64_t now_ms = cm_wall_ms(task->auth->clock);
    struct srv_user user;
    task->base.refusal = (struct srv_refusal){0, NULL, NULL};
    enum cm_code code = srv_code_confirm_digits(store, kind, task->session.user, task->text, now_ms, err);
    if (code == CM_OK)
        code = srv_store_get_user(store, task->session.user, &user, err);
    if (code == CM_NOTFOUND || (code == CM_OK && user.disabled)) {
        /* no failure to the writer: that the try was counted must be kept */
        task->base.refusal = (struct srv_refusal){401, "bad_code", NULL};
        return CM_OK;
    }
    if (code != CM_OK)
        return code;
    memcpy(user.password_hash, task->job.new_hash, sizeof(user.password_hash));
    user.must_change_password = false;
    user.password_expires_ms = 0;
    user.password_changed_ms = now_ms;
    code = srv_store_put_user(store, &user, err);
    return code == CM_OK ? srv_store_delete_sessions(store, user.name, NULL, err) : code;
}

static void confirmed(struct srv_call_write *write)
{
    struct srv_task *task = srv_task_of(write);
    if (task->base.refusal.status != 0) {
        srv_answer_error(task->base.call, 401, "bad_code",
                         "the code is wrong, used or over: ask for a new one");
    } else {
        srv_auth_succeeded(task->auth, door_confirm, task->session.user, srv_call_peer(task->base.call));
        cm_log(CM_LOG_INFO, "auth", "password reset by code", CM_STR("user", task->session.user));
        srv_json_answer_empty(task->base.call);
    }
}

static void fresh_hashed(struct srv_password_job *job)
{
    struct srv_task *task = srv_task_of_job(job);
    if (job->code == CM_OK) {
        srv_task_write(task, confirm, confirmed);
        return;
    }
    srv_answer_header(task->base.call, "retry-after", "5");
    srv_answer_error(task->base.call, 503, "busy", "the password could not be set; try again");
    srv_call_write_drop(&task->base);
}

void srv_auth_reset_confirm(struct srv_call *call)
{
    struct srv_task *task = srv_task_create(call);
    if (task == NULL)
        return;
    char typed[128] = "";
    const struct srv_json_field fields[] = {
        {.name = "username", .type = SRV_JSON_LINE, .required = true, .ret = typed, .size = sizeof(typed)},
        {.name = "code",
         .type = SRV_JSON_LINE,
         .required = true,
         .ret = task->text,
         .size = sizeof(task->text)},
        {.name = "new",
         .type = SRV_JSON_SECRET,
         .required = true,
         .ret = task->job.fresh,
         .size = sizeof(task->job.fresh)},
    };
    if (!SRV_JSON_BODY(call, fields)) {
        srv_call_write_drop(&task->base);
        return;
    }
    if (!srv_auth_user_name(typed, task->session.user))
        task->session.user[0] = '\0'; /* nobody's: no code will be his */
    const char *weakness = srv_password_weakness(task->job.fresh, task->session.user);
    if (weakness != NULL)
        srv_answer_error(call, 422, "weak_password", "%s", weakness);
    if (weakness != NULL || !may_try(call, door_confirm, task->session.user)) {
        srv_call_write_drop(&task->base);
        return;
    }
    srv_task_password(
        task, fresh_hashed); /* before the code is looked at: a wrong one takes as long as a right one */
}
