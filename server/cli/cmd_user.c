/* rollcall-server user: who may log in. A one-time password is shown once and must be changed at the first login. */
#include "cli/cli.h"

#include "auth/auth.h"
#include "base/utf8.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALID_MINUTES = 7 * 24 * 60 };

struct user_job { /* what a write of this command works on */
    struct srv_cli *cli;
    const char *name;
    struct srv_user user;
    struct srv_refusal refusal;
    char password[SRV_ONE_TIME_SIZE];
    bool disabled; /* for disable and enable */
};

static enum cm_code no_such_user(const char *name, struct cm_err *err)
{
    return cm_fail(err, CM_NOTFOUND, "there is no user %.63s: rollcall-server user list", name);
}

static json_t *user_json(const struct srv_cli *cli, const struct srv_user *user)
{
    char created[CM_INSTANT_TEXT_SIZE];
    json_t *classes = json_array();
    for (int i = 0; i < user->class_count; i++)
        json_array_append_new(classes, json_string(user->classes[i]));
    return json_pack("{s:s, s:s, s:s, s:o, s:s?, s:b, s:b, s:s, s:s?, s:s?}", "name", user->name, "full_name",
                     user->full_name, "role", srv_role_name(user->role), "classes", classes, "student_id",
                     user->student_id[0] != '\0' ? user->student_id : NULL, "disabled", user->disabled,
                     "must_change_password", user->must_change_password, "created",
                     cm_instant_local(cli->zone, user->created_wall_ms, created), "phone",
                     user->phone[0] != '\0' ? user->phone : NULL, "email",
                     user->email[0] != '\0' ? user->email : NULL);
}

static void print_password(const struct user_job *job)
{
    const struct srv_cli *cli = job->cli;
    char until[CM_INSTANT_TEXT_SIZE];
    cm_instant_local(cli->zone, job->user.password_expires_ms, until);
    if (cli->json)
        srv_cli_print_json(json_pack("{s:s, s:s, s:s, s:s}", "user", job->user.name, "role",
                                     srv_role_name(job->user.role), "one_time_password", job->password,
                                     "expires", until));
    else
        printf("user      %s (%s)\npassword  %s\nIt holds until %.10s, is not shown again, and is to be "
               "changed at the first login.\n",
               job->user.name, srv_role_name(job->user.role), job->password, until);
}

/* ---- add ---- */

static enum cm_code add(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct user_job *job = arg;
    return srv_auth_add_user(store, &job->user, &job->refusal, err);
}

static bool copy_text(const char *text, const char *what, char *out, size_t size)
{
    if (text != NULL && strlen(text) >= size) {
        srv_cli_usage("%s is too long", what);
        return false;
    }
    snprintf(out, size, "%s", text != NULL ? text : "");
    return true;
}

/* False: wrong usage, and it was said. */
static bool read_user(const struct srv_cli *cli, struct srv_user *user)
{
    const char *role = srv_cli_value(cli, SRV_OPT_ROLE);
    user->role = role != NULL ? srv_role_parse(role) : 0;
    if (user->role == 0) {
        srv_cli_usage("user add takes --role admin, coordinator or student");
        return false;
    }
    if (!copy_text(srv_cli_value(cli, SRV_OPT_NAME), "--name", user->full_name, sizeof user->full_name) ||
        !copy_text(srv_cli_value(cli, SRV_OPT_STUDENT), "--student", user->student_id,
                   sizeof user->student_id) ||
        !copy_text(srv_cli_value(cli, SRV_OPT_PHONE), "--phone", user->phone, sizeof user->phone) ||
        !copy_text(srv_cli_value(cli, SRV_OPT_EMAIL), "--email", user->email, sizeof user->email))
        return false;
    if (cm_utf8_count(user->full_name, strlen(user->full_name)) > CM_NAME_CHARS) {
        srv_cli_usage("--name is too long: at most %d characters", CM_NAME_CHARS);
        return false;
    }
    user->class_count = cli->class_count;
    for (int i = 0; i < cli->class_count; i++)
        if (!copy_text(cli->classes[i], "--class", user->classes[i], sizeof user->classes[i]))
            return false;
    return true;
}

/* ---- reset, disable, enable, delete ---- */

static enum cm_code reset(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct user_job *job = arg;
    struct srv_user user;
    enum cm_code code = srv_store_get_user(store, job->name, &user, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? no_such_user(job->name, err) : code;
    memcpy(user.password_hash, job->user.password_hash, sizeof user.password_hash);
    user.must_change_password = true;
    user.password_expires_ms = job->user.password_expires_ms;
    user.password_changed_ms = job->user.password_changed_ms;
    code = srv_auth_change_user(store, &user, &job->refusal, err);
    if (code == CM_OK)
        job->user = user;
    return code;
}

static enum cm_code set_disabled(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct user_job *job = arg;
    enum cm_code code = srv_store_get_user(store, job->name, &job->user, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? no_such_user(job->name, err) : code;
    job->user.disabled = job->disabled;
    return srv_auth_change_user(store, &job->user, &job->refusal, err);
}

static enum cm_code delete_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct user_job *job = arg;
    enum cm_code code = srv_auth_delete_user(store, job->name, &job->refusal, err);
    return code == CM_NOTFOUND ? no_such_user(job->name, err) : code;
}

static int say_done(const struct user_job *job, srv_store_fn *fn)
{
    const char *what = fn == delete_user ? "deleted" : job->disabled ? "disabled" : "enabled";
    if (fn == add || fn == reset)
        print_password(job);
    else if (job->cli->json)
        srv_cli_print_json(json_pack("{s:s, s:b}", "user", job->name, what, 1));
    else
        printf("%s is %s%s\n", job->name, what,
               fn == delete_user || job->disabled ? "; open sessions have ended" : "");
    return SRV_EXIT_OK;
}

static int change(struct user_job *job, srv_store_fn *fn)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    enum cm_code code = srv_cli_open_store(job->cli, false, &store, &err);
    if (code == CM_OK && (fn == add || fn == reset)) /* before the write: others wait for it */
        code = srv_auth_one_time(&job->user, job->cli->clock, VALID_MINUTES, job->password, &err);
    if (code == CM_OK)
        code = srv_store_write(store, fn, job, &err);
    srv_store_close(store);
    int status = code == CM_OK ? say_done(job, fn) : srv_cli_fail(&err);
    sodium_memzero(job->password, sizeof job->password);
    return status;
}

/* ---- list ---- */

static bool print_one(void *arg, const struct srv_user *user)
{
    const struct srv_cli *cli = arg;
    char classes[256] = "";
    size_t used = 0;
    if (cli->json) {
        srv_cli_print_json(user_json(cli, user));
        return true;
    }
    for (int i = 0; i < user->class_count && used < sizeof classes; i++)
        used += (size_t)snprintf(classes + used, sizeof classes - used, "%s%s", i > 0 ? "," : "",
                                 user->classes[i]);
    printf("%-24s  %-11s  %-9s  %-24s  %s%s\n", user->name, srv_role_name(user->role),
           user->disabled               ? "disabled"
           : user->must_change_password ? "one-time"
                                        : "",
           user->full_name, user->student_id, classes);
    return true;
}

static int list(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    enum cm_code code = srv_cli_open_store(cli, true, &store, &err);
    if (code == CM_OK)
        code = srv_store_each_user(store, "", print_one, cli, &err);
    srv_store_close(store);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}

/* ---- the command ---- */

static bool only_add_says_who(const struct srv_cli *cli)
{
    return srv_cli_value(cli, SRV_OPT_ROLE) == NULL && srv_cli_value(cli, SRV_OPT_NAME) == NULL &&
           srv_cli_value(cli, SRV_OPT_STUDENT) == NULL && srv_cli_value(cli, SRV_OPT_PHONE) == NULL &&
           srv_cli_value(cli, SRV_OPT_EMAIL) == NULL;
}

int srv_cmd_user(struct srv_cli *cli)
{
    static struct user_job job; /* 4 kB */
    char name[64];
    const char *what = cli->argc > 0 ? cli->argv[0] : "";
    bool adds = strcmp(what, "add") == 0, slips = strcmp(what, "slips") == 0;
    srv_store_fn *fn = adds                           ? add
                       : strcmp(what, "reset") == 0   ? reset
                       : strcmp(what, "disable") == 0 ? set_disabled
                       : strcmp(what, "enable") == 0  ? set_disabled
                       : strcmp(what, "delete") == 0  ? delete_user
                                                      : NULL;
    if ((!adds && !only_add_says_who(cli)) || (!adds && !slips && cli->class_count > 0) ||
        (!slips && (srv_cli_value(cli, SRV_OPT_HTML) != NULL || srv_cli_value(cli, SRV_OPT_AGAIN) != NULL)))
        return srv_cli_usage("user %s does not take this option", what);
    if (strcmp(what, "list") == 0 && cli->argc == 1)
        return list(cli);
    if (slips && cli->argc == 1)
        return srv_cmd_user_slips(cli);
    if (fn == NULL)
        return srv_cli_usage(
            "user takes add NAME, reset NAME, disable NAME, enable NAME, delete NAME, list or slips");
    if (cli->argc != 2 || !srv_auth_user_name(cli->argv[1], name))
        return srv_cli_usage("user %s takes one user name: letters, digits and . _ @ -", what);
    job = (struct user_job){.cli = cli, .name = name, .disabled = strcmp(what, "disable") == 0};
    memcpy(job.user.name, name, sizeof name);
    job.user.created_wall_ms = cm_wall_ms(cli->clock);
    if (adds && !read_user(cli, &job.user))
        return SRV_EXIT_USAGE;
    return change(&job, fn);
}
