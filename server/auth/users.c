/* Users: list, make, change, remove, a new one-time password. Admins only (the table of routes says so). */
#include "auth/handlers.h"
#include "auth/private.h"

#include "base/log.h"
#include "http_json/json.h"
#include "roster/fields.h"
#include "store/settings.h"
#include <stdio.h>
#include <string.h>

/* ---- out ---- */
static json_t *user_json(const struct cm_zone *zone, const struct srv_user *user)
{
    return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:b,s:b,s:o}", "name", user->name, "full_name",
                     user->full_name, "role", srv_role_name(user->role), "classes",
                     srv_json_texts(user->classes, sizeof(user->classes[0]), user->class_count), "student_id",
                     srv_json_text(user->student_id), "phone", srv_json_text(user->phone), "email",
                     srv_json_text(user->email), "disabled", user->disabled, "must_change_password",
                     user->must_change_password, "created", srv_json_instant(zone, user->created_wall_ms));
}

static json_t *one_time_json(const struct srv_task *task, bool with_user)
{
    json_t *answer = json_pack("{s:s,s:o}", "one_time_password", task->text, "expires",
                               srv_json_instant(task->base.app->zone, task->user.password_expires_ms));
    if (answer != NULL && with_user)
        json_object_set_new(answer, "user", user_json(task->base.app->zone, &task->user));
    return answer;
}

/* ---- list ---- */
struct listing {
    struct srv_json_page page;
    const struct cm_zone *zone;
};

static bool list_user(void *arg, const struct srv_user *user)
{
    struct listing *listing = arg;
    return !srv_json_page_full(&listing->page) &&
           srv_json_page_add(&listing->page, user->name, user_json(listing->zone, user));
}

void srv_auth_users(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    struct listing listing = {.zone = app->zone};
    struct cm_err err = CM_ERR_INIT;
    if (!srv_json_page_begin(call, &listing.page))
        return;
    enum cm_code code = srv_store_each_user(app->store, listing.page.after, list_user, &listing, &err);
    if (code == CM_OK) {
        srv_json_page_answer(call, &listing.page);
    } else {
        srv_json_page_finish(&listing.page);
        srv_json_failed(call, code, &err);
    }
}

/* ---- the name in the path ---- */
/* A task for the user that the path names; NULL: answered. */
static struct srv_task *task_of_path(struct srv_call *call)
{
    char name[64];
    if (!srv_auth_user_name(srv_call_param(call, "name"), name)) {
        srv_answer_error(call, 404, "not_found", "there is no such user");
        return NULL;
    }
    struct srv_task *task = srv_task_create(call);
    if (task != NULL)
        memcpy(task->session.user, name, sizeof(name));
    return task;
}

static void busy(struct srv_task *task)
{
    srv_answer_header(task->base.call, "retry-after", "5");
    srv_answer_error(task->base.call, 503, "busy", "the password could not be made; try again");
    srv_call_write_drop(&task->base);
}

static void log_change(const struct srv_task *task, const char *what, const char *name)
{
    cm_log(CM_LOG_INFO, "auth", what, CM_STR("user", name),
           CM_STR("by", srv_call_identity(task->base.call)->user));
}

/* ---- make ---- */
static enum cm_code put_new(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_task *task = arg;
    return srv_auth_add_user(store, &task->user, &task->base.refusal, err);
}

static void new_put(struct srv_call_write *write)
{
    struct srv_task *task = srv_task_of(write);
    log_change(task, "user made", task->user.name);
    srv_json_answer_secret(task->base.call, 201, one_time_json(task, true));
}

static void new_hashed(struct srv_password_job *job)
{
    struct srv_task *task = srv_task_of_job(job);
    if (job->code != CM_OK) {
        busy(task);
        return;
    }
    srv_user_set_one_time(&task->user, job->new_hash, cm_wall_ms(task->auth->clock), SRV_ONE_TIME_MINUTES);
    srv_task_write(task, put_new, new_put);
}

/* What was typed as his number becomes E.164. False: answered. */
static bool check_contact(struct srv_call *call, const char *phone, struct srv_user *user)
{
    char country[4];
    srv_setting_phone_country(srv_app_of(call)->store, country);
    if (phone[0] != '\0' && !cm_phone_normal(phone, country, user->phone))
        srv_json_invalid(call, "phone",
                         "phone is a telephone number, best with its country code: +919876543210");
    else if (user->email[0] != '\0' && !cm_email_fine(user->email))
        srv_json_invalid(call, "email", "email is an e-mail address, such as name@example.org");
    else
        return true;
    return false;
}

static bool read_new(struct srv_call *call, struct srv_user *user)
{
    char typed[64] = "", role[16] = "", phone[64] = "";
    const struct srv_json_field fields[] = {
        {.name = "name",
         .type = SRV_JSON_LINE,
         .required = true,
         .ret = typed,
         .size = sizeof(typed),
         .min = 1},
        {.name = "full_name",
         .type = SRV_JSON_LINE,
         .required = true,
         .ret = user->full_name,
         .size = sizeof(user->full_name),
         .min = 1,
         .max = CM_NAME_CHARS},
        {.name = "role", .type = SRV_JSON_LINE, .required = true, .ret = role, .size = sizeof(role)},
        {.name = "classes",
         .type = SRV_JSON_LINES,
         .nullable = true,
         .ret = user->classes,
         .size = sizeof(user->classes[0]),
         .max = SRV_IDENTITY_CLASSES_MAX,
         .ret_count = &user->class_count},
        {.name = "student_id",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = user->student_id,
         .size = sizeof(user->student_id)},
        {.name = "phone", .type = SRV_JSON_LINE, .nullable = true, .ret = phone, .size = sizeof(phone)},
        {.name = "email",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = user->email,
         .size = sizeof(user->email)},
    };
    if (!SRV_JSON_BODY(call, fields) || !check_contact(call, phone, user))
        return false;
    user->role = srv_role_parse(role);
    if (!srv_auth_user_name(typed, user->name))
        srv_json_invalid(
            call, "name",
            "a user name has letters a-z, digits and . _ @ -, and begins with a letter or digit");
    else if (user->role == 0)
        srv_json_invalid(call, "role", "the role is admin, coordinator or student");
    else
        return true;
    return false;
}

void srv_auth_user_post(struct srv_call *call)
{
    struct srv_task *task = srv_task_create(call);
    if (task == NULL)
        return;
    if (!read_new(call, &task->user)) {
        srv_call_write_drop(&task->base);
        return;
    }
    task->user.created_wall_ms = cm_wall_ms(task->auth->clock);
    srv_one_time_text(task->text);
    memcpy(task->job.fresh, task->text, sizeof(task->text));
    srv_task_password(task, new_hashed);
}

/* ---- change ---- */
static void apply_patch(const struct srv_task *task, struct srv_user *user)
{
    const struct srv_user *patch = &task->patch;
    if (task->given.full_name)
        memcpy(user->full_name, patch->full_name, sizeof(user->full_name));
    if (task->given.classes) {
        memcpy(user->classes, patch->classes, sizeof(user->classes));
        user->class_count = patch->class_count;
    }
    if (task->given.disabled)
        user->disabled = patch->disabled;
    if (task->given.phone)
        memcpy(user->phone, patch->phone, sizeof(user->phone));
    if (task->given.email)
        memcpy(user->email, patch->email, sizeof(user->email));
}

static enum cm_code patch_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_task *task = arg;
    enum cm_code code = srv_store_get_user(store, task->session.user, &task->user, err);
    if (code != CM_OK)
        return code;
    apply_patch(task, &task->user);
    return srv_auth_change_user(store, &task->user, &task->base.refusal, err);
}

static void user_patched(struct srv_call_write *write)
{
    struct srv_task *task = srv_task_of(write);
    log_change(task, "user changed", task->user.name);
    srv_json_answer(task->base.call, 200, user_json(task->base.app->zone, &task->user));
}

void srv_auth_user_patch(struct srv_call *call)
{
    struct srv_task *task = task_of_path(call);
    if (task == NULL)
        return;
    struct srv_user *patch = &task->patch;
    char phone[64] = "";
    const struct srv_json_field fields[] = {
        {.name = "full_name",
         .type = SRV_JSON_LINE,
         .ret = patch->full_name,
         .size = sizeof(patch->full_name),
         .min = 1,
         .max = CM_NAME_CHARS,
         .ret_given = &task->given.full_name},
        {.name = "classes",
         .type = SRV_JSON_LINES,
         .nullable = true,
         .ret = patch->classes,
         .size = sizeof(patch->classes[0]),
         .max = SRV_IDENTITY_CLASSES_MAX,
         .ret_count = &patch->class_count,
         .ret_given = &task->given.classes},
        {.name = "disabled",
         .type = SRV_JSON_BOOL,
         .ret = &patch->disabled,
         .ret_given = &task->given.disabled},
        {.name = "phone",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = phone,
         .size = sizeof(phone),
         .ret_given = &task->given.phone},
        {.name = "email",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = patch->email,
         .size = sizeof(patch->email),
         .ret_given = &task->given.email},
    };
    if (SRV_JSON_BODY(call, fields) && check_contact(call, phone, patch))
        srv_task_write(task, patch_user, user_patched);
    else
        srv_call_write_drop(&task->base);
}

/* ---- remove ---- */
static enum cm_code delete_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_task *task = arg;
    return srv_auth_delete_user(store, task->session.user, &task->base.refusal, err);
}

static void user_deleted(struct srv_call_write *write)
{
    struct srv_task *task = srv_task_of(write);
    log_change(task, "user removed", task->session.user);
    srv_json_answer_empty(task->base.call);
}

void srv_auth_user_delete(struct srv_call *call)
{
    struct srv_task *task = task_of_path(call);
    if (task != NULL)
        srv_task_write(task, delete_user, user_deleted);
}

/* ---- a new one-time password ---- */
static enum cm_code put_one_time(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_task *task = arg;
    enum cm_code code = srv_store_get_user(store, task->session.user, &task->user, err);
    if (code != CM_OK)
        return code;
    srv_user_set_one_time(&task->user, task->job.new_hash, cm_wall_ms(task->auth->clock),
                          SRV_ONE_TIME_MINUTES);
    code = srv_store_put_user(store, &task->user, err);
    return code == CM_OK ? srv_store_delete_sessions(store, task->user.name, NULL, err) : code;
}

static void one_time_put(struct srv_call_write *write)
{
    struct srv_task *task = srv_task_of(write);
    log_change(task, "user got a one-time password", task->user.name);
    srv_json_answer_secret(task->base.call, 200, one_time_json(task, false));
}

static void one_time_hashed(struct srv_password_job *job)
{
    struct srv_task *task = srv_task_of_job(job);
    if (job->code == CM_OK)
        srv_task_write(task, put_one_time, one_time_put);
    else
        busy(task);
}

void srv_auth_user_reset(struct srv_call *call)
{
    struct srv_task *task = task_of_path(call);
    if (task == NULL)
        return;
    if (!srv_json_body(call, NULL, 0)) {
        srv_call_write_drop(&task->base);
        return;
    }
    srv_one_time_text(task->text);
    memcpy(task->job.fresh, task->text, sizeof(task->text));
    srv_task_password(task, one_time_hashed);
}
