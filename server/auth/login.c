/* In, out, and the password that one has chosen oneself. */
#include "auth/handlers.h"
#include "auth/private.h"

#include "base/log.h"
#include "http_json/json.h"
#include "store/settings.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char door[] = "login";

/* ---- the answer of login and change-password ---- */
static void answer_token(struct srv_task *task)
{
    char token[SRV_JWT_SIZE];
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = srv_session_token(task->auth, &task->session, task->user.role, token, &err);
    if (code != CM_OK) {
        srv_json_failed(task->base.call, code, &err);
        return;
    }
    srv_cookie_set(task->base.call, token, task->auth->lifetime_ms / 1000);
    srv_json_answer_secret(task->base.call, 200,
                           json_pack("{s:s,s:s,s:o,s:b}", "token", token, "role",
                                     srv_role_name(task->user.role), "expires",
                                     srv_json_instant(task->base.app->zone, task->session.expires_wall_ms),
                                     "must_change_password", task->user.must_change_password));
    sodium_memzero(token, sizeof(token));
}

static void answer_bad_credentials(struct srv_call *call)
{
    srv_answer_error(call, 401, "bad_credentials", "user name or password is wrong");
}

/* Whether the password thread came to a result; else the call is answered. */
static bool judged(struct srv_task *task)
{
    if (task->job.code == CM_OK)
        return true;
    srv_answer_header(task->base.call, "retry-after", "5");
    srv_answer_error(task->base.call, 503, "busy", "the password could not be checked; try again");
    return false;
}

/* ---- login ---- */
static bool usable(const struct srv_user *user, int64_t now_ms)
{
    return user->name[0] != '\0' && !user->disabled &&
           (user->password_expires_ms == 0 || now_ms < user->password_expires_ms);
}

/* The user as the store has it now, if it is still the one whose password was verified. */
static enum cm_code get_unchanged(struct srv_store *store, struct srv_task *task, struct cm_err *err)
{
    struct srv_user user;
    enum cm_code code = srv_store_get_user(store, task->session.user, &user, err);
    if (code == CM_NOTFOUND ||
        (code == CM_OK && (user.disabled || strcmp(user.password_hash, task->job.hash) != 0)))
        return srv_task_refuse(task, (struct srv_refusal){401, "bad_credentials", NULL}, err,
                               "user name or password is wrong");
    if (code == CM_OK)
        task->user = user;
    return code;
}

static enum cm_code begin_session(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_task *task = arg;
    enum cm_code code = get_unchanged(store, task, err);
    if (code == CM_OK && task->job.new_hash[0] != '\0') {
        memcpy(task->user.password_hash, task->job.new_hash, sizeof(task->user.password_hash));
        code = srv_store_put_user(store, &task->user, err);
    }
    return code == CM_OK ? srv_store_put_session(store, &task->session, err) : code;
}

static void session_begun(struct srv_call_write *write)
{
    struct srv_task *task = srv_task_of(write);
    srv_auth_succeeded(task->auth, door, task->user.name, srv_call_peer(task->base.call));
    cm_log(CM_LOG_INFO, "auth", "login", CM_STR("user", task->user.name),
           CM_STR("address", task->session.address));
    answer_token(task);
}

static void login_judged(struct srv_password_job *job)
{
    struct srv_task *task = srv_task_of_job(job);
    if (!judged(task)) {
        srv_call_write_drop(&task->base);
        return;
    }
    if (!job->matches || !usable(&task->user, cm_wall_ms(task->auth->clock))) {
        cm_log(CM_LOG_INFO, "auth", "login refused", CM_STR("address", srv_call_peer(task->base.call)));
        answer_bad_credentials(task->base.call);
        srv_call_write_drop(&task->base);
        return;
    }
    int wait_s = srv_auth_count_session(task->auth, task->user.name);
    if (wait_s > 0) {
        srv_answer_wait(task->base.call, wait_s);
        srv_call_write_drop(&task->base);
        return;
    }
    srv_session_new(task->auth, task->base.call, task->user.name, &task->session);
    srv_task_write(task, begin_session, session_begun);
}

void srv_auth_login(struct srv_call *call)
{
    struct srv_task *task = srv_task_create(call);
    if (task == NULL)
        return;
    char typed[128] = "", name[64] = "";
    struct srv_password_job *job = &task->job;
    const struct srv_json_field fields[] = {
        {.name = "username", .type = SRV_JSON_LINE, .required = true, .ret = typed, .size = sizeof(typed)},
        {.name = "password",
         .type = SRV_JSON_SECRET,
         .required = true,
         .ret = job->password,
         .size = sizeof(job->password)},
    };
    struct cm_err err = CM_ERR_INIT;
    int wait_s;
    enum cm_code code;
    if (!SRV_JSON_BODY(call, fields))
        goto out;
    if (!srv_auth_user_name(typed, name)) /* nobody's; takes its time like any other */
        name[0] = '\0';
    wait_s = srv_auth_try(task->auth, door, name, srv_call_peer(call));
    if (wait_s > 0) {
        srv_answer_wait(call, wait_s);
        goto out;
    }
    code = name[0] != '\0' ? srv_store_get_user(task->auth->store, name, &task->user, &err) : CM_NOTFOUND;
    if (code != CM_OK && code != CM_NOTFOUND) {
        srv_json_failed(call, code, &err);
        goto out;
    }
    job->verify = true;
    memcpy(job->hash, task->user.password_hash, sizeof(job->hash));
    srv_task_password(task, login_judged);
    return;
out:
    srv_call_write_drop(&task->base);
}

/* ---- logout ---- */
static enum cm_code end_session(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_task *task = arg;
    enum cm_code code = srv_store_delete_session(store, task->session.id, err);
    return code == CM_NOTFOUND ? CM_OK : code; /* it is over anyway */
}

static void session_ended(struct srv_call_write *write)
{
    struct srv_task *task = srv_task_of(write);
    srv_cookie_clear(task->base.call);
    srv_json_answer_empty(task->base.call);
}

void srv_auth_logout(struct srv_call *call)
{
    struct srv_task *task = srv_task_create(call);
    if (task == NULL)
        return;
    memcpy(task->session.id, srv_call_identity(call)->session, sizeof(task->session.id));
    srv_task_write(task, end_session, session_ended);
}

/* ---- another password ---- */
static enum cm_code change_password(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_task *task = arg;
    enum cm_code code = get_unchanged(store, task, err);
    if (code != CM_OK)
        return code;
    struct srv_user *user = &task->user;
    memcpy(user->password_hash, task->job.new_hash, sizeof(user->password_hash));
    user->must_change_password = false;
    user->password_expires_ms = 0;
    user->password_changed_ms = task->session.created_wall_ms;
    code = srv_store_put_user(store, user, err);
    if (code == CM_OK)
        code = srv_store_delete_sessions(store, user->name, NULL, err);
    if (code == CM_OK)
        code = srv_store_put_session(store, &task->session, err);
    return code;
}

static void password_changed(struct srv_call_write *write)
{
    struct srv_task *task = srv_task_of(write);
    srv_auth_succeeded(task->auth, door, task->user.name, srv_call_peer(task->base.call));
    cm_log(CM_LOG_INFO, "auth", "password changed", CM_STR("user", task->user.name));
    answer_token(task);
}

static void change_judged(struct srv_password_job *job)
{
    struct srv_task *task = srv_task_of_job(job);
    if (!judged(task)) {
        srv_call_write_drop(&task->base);
        return;
    }
    if (!job->matches) {
        answer_bad_credentials(task->base.call);
        srv_call_write_drop(&task->base);
        return;
    }
    srv_session_new(task->auth, task->base.call, task->user.name, &task->session);
    srv_task_write(task, change_password, password_changed);
}

void srv_auth_change_password(struct srv_call *call)
{
    struct srv_task *task = srv_task_create(call);
    if (task == NULL)
        return;
    const struct srv_identity *who = srv_call_identity(call);
    struct srv_password_job *job = &task->job;
    const struct srv_json_field fields[] = {
        {.name = "current",
         .type = SRV_JSON_SECRET,
         .required = true,
         .ret = job->password,
         .size = sizeof(job->password)},
        {.name = "new",
         .type = SRV_JSON_SECRET,
         .required = true,
         .ret = job->fresh,
         .size = sizeof(job->fresh)},
    };
    struct cm_err err = CM_ERR_INIT;
    const char *weakness;
    int wait_s;
    enum cm_code code;
    if (!SRV_JSON_BODY(call, fields))
        goto out;
    weakness = strcmp(job->fresh, job->password) == 0 ? "the new password is the one that you have"
                                                      : srv_password_weakness(job->fresh, who->user);
    if (weakness != NULL) {
        srv_answer_error(call, 422, "weak_password", "%s", weakness);
        goto out;
    }
    wait_s = srv_auth_try(task->auth, door, who->user, srv_call_peer(call));
    if (wait_s > 0) {
        srv_answer_wait(call, wait_s);
        goto out;
    }
    code = srv_store_get_user(task->auth->store, who->user, &task->user, &err);
    if (code != CM_OK) {
        srv_json_failed(call, code, &err);
        goto out;
    }
    job->verify = true;
    memcpy(job->hash, task->user.password_hash, sizeof(job->hash));
    srv_task_password(task, change_judged);
    return;
out:
    srv_call_write_drop(&task->base);
}

/* ---- me ---- */
static json_t *school(const struct srv_app *app)
{
    char name[SRV_SETTING_SIZE] = "";
    int64_t now_ms = cm_wall_ms(app->clock);
    srv_store_get_setting(app->store, SRV_SETTING_SCHOOL_NAME, name, NULL); /* without one it stays empty */
    return json_pack("{s:s,s:s,s:o,s:o}", "name", name, "timezone", cm_zone_name(app->zone), "today",
                     srv_json_date(cm_zone_date(app->zone, now_ms)), "now",
                     srv_json_instant(app->zone, now_ms));
}

void srv_auth_me(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    const struct srv_identity *who = srv_call_identity(call);
    struct srv_session session;
    struct srv_user user;
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = srv_store_get_session(app->store, who->session, &session, &err);
    if (code == CM_OK)
        code = srv_store_get_user(app->store, who->user, &user, &err);
    if (code != CM_OK) {
        srv_json_failed(call, code, &err);
        return;
    }
    srv_json_answer(call, 200,
                    json_pack("{s:s,s:s,s:s,s:o,s:o,s:b,s:o,s:o}", "username", user.name, "full_name",
                              user.full_name, "role", srv_role_name(user.role), "student_id",
                              srv_json_text(user.student_id), "classes",
                              srv_json_texts(user.classes, sizeof(user.classes[0]), user.class_count),
                              "must_change_password", user.must_change_password, "expires",
                              srv_json_instant(app->zone, session.expires_wall_ms), "school", school(app)));
}
