/* rollcall-server user: who may log in. A one-time password is shown once and must be changed at the first login. */
#include "cli/cli.h"

#include "auth/auth.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/utf8.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VALID_MINUTES = 7 * 24 * 60,
    SLIP_VALID_MINUTES = 21 * 24 * 60, /* printed, cut, handed out: that takes its time */
    SLIPS_MAX = 1000,
    HTML_MAX = 4 * 1024 * 1024,
    ESCAPED_SIZE = CM_NAME_SIZE * 5 + 8,
};

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

/* ---- slips: logins for the students of a class who have none ---- */

struct slip {
    struct srv_user user;
    char password[SRV_ONE_TIME_SIZE];
};

struct slips {
    struct srv_cli *cli;
    struct srv_store *store;
    const char *class_id;
    struct slip *items;
    size_t count;
    size_t skipped; /* whose ids cannot be their user names */
    bool too_many;
};

static void skip(struct slips *slips, const char *student_id, const char *why)
{
    slips->skipped++;
    fprintf(stderr, "rollcall-server: %s %s: rollcall-server user add NAME --role student --student %s\n",
            student_id, why, student_id);
}

static bool collect(void *arg, const struct srv_student *student)
{
    struct slips *slips = arg;
    if (student->archived)
        return true;
    if (slips->count == SLIPS_MAX) {
        slips->too_many = true;
        return false;
    }
    struct slip *slip = &slips->items[slips->count];
    memset(slip, 0, sizeof *slip);
    slip->user.role = SRV_ROLE_STUDENT;
    slip->user.created_wall_ms = cm_wall_ms(slips->cli->clock);
    memcpy(slip->user.student_id, student->base.id, sizeof slip->user.student_id);
    memcpy(slip->user.full_name, student->base.name, sizeof slip->user.full_name);
    if (srv_auth_user_name(student->base.id, slip->user.name)) {
        slips->count++;
    } else {
        skip(slips, student->base.id, "cannot be a user name");
    }
    return true;
}

/* Somebody else goes by the name: an account, or a student whose number differs in its case alone. */
static enum cm_code is_taken(const struct slips *slips, const char *name, size_t kept, bool *ret_taken,
                             struct cm_err *err)
{
    struct srv_user known;
    enum cm_code code = srv_store_get_user(slips->store, name, &known, err);
    *ret_taken = code == CM_OK;
    for (size_t i = 0; i < kept; i++)
        *ret_taken = *ret_taken || strcmp(slips->items[i].user.name, name) == 0;
    return code == CM_NOTFOUND ? CM_OK : code;
}

/* Drops those who have a login, and names those who need another user name. The write refuses what changed meanwhile. */
static enum cm_code drop_known(struct slips *slips, struct cm_err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < slips->count; i++) {
        struct srv_user known;
        enum cm_code code =
            srv_store_user_of_student(slips->store, slips->items[i].user.student_id, &known, err);
        if (code == CM_OK)
            continue;
        bool taken = false;
        if (code == CM_NOTFOUND)
            code = is_taken(slips, slips->items[i].user.name, kept, &taken, err);
        if (code != CM_OK)
            return code;
        if (taken)
            skip(slips, slips->items[i].user.student_id, "is another's user name");
        else
            slips->items[kept++] = slips->items[i];
    }
    slips->count = kept;
    return CM_OK;
}

static enum cm_code add_all(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct slips *slips = arg;
    for (size_t i = 0; i < slips->count; i++) {
        struct srv_refusal refusal;
        const struct srv_user *user = &slips->items[i].user;
        if (srv_auth_add_user(store, user, &refusal, err) != CM_OK)
            return cm_fail(err, err->code, "%.63s: %.150s", user->name, err->msg);
    }
    return CM_OK;
}

static enum cm_code make_slips(struct slips *slips, struct cm_err *err)
{
    struct cm_class class_;
    enum cm_code code = srv_store_get_class(slips->store, slips->class_id, &class_, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no class %.63s", slips->class_id);
    if (code == CM_OK)
        code = srv_store_each_student(slips->store, slips->class_id, "", collect, slips, err);
    if (code == CM_OK && slips->too_many)
        return cm_fail(err, CM_INVALID, "more than %d students in one class", SLIPS_MAX);
    if (code == CM_OK)
        code = drop_known(slips, err);
    for (size_t i = 0; code == CM_OK && i < slips->count; i++) {
        cm_progress("passwords", i, slips->count);
        code = srv_auth_one_time(&slips->items[i].user, slips->cli->clock, SLIP_VALID_MINUTES,
                                 slips->items[i].password, err);
    }
    cm_progress_end();
    return code == CM_OK && slips->count > 0 ? srv_store_write(slips->store, add_all, slips, err) : code;
}

static void until_text(const struct slips *slips, const struct slip *slip, char out[CM_DATE_SHORT_SIZE])
{
    cm_date_short(cm_zone_date(slips->cli->zone, slip->user.password_expires_ms), out);
}

static void print_slips(const struct slips *slips)
{
    for (size_t i = 0; i < slips->count; i++) {
        const struct slip *slip = &slips->items[i];
        char until[CM_DATE_SHORT_SIZE];
        until_text(slips, slip, until);
        if (slips->cli->json)
            srv_cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "student_id",
                                         slip->user.student_id, "name", slip->user.full_name, "class",
                                         slips->class_id, "user", slip->user.name, "one_time_password",
                                         slip->password, "until", until));
        else
            printf("- - - - - - - - - - - - - - - - - - - - - - - - - - - -\n%s, %s\n  user      %s\n"
                   "  password  %s\n  Holds until %s. Choose your own at the first login.\n",
                   slip->user.full_name, slips->class_id, slip->user.name, slip->password, until);
    }
}

static const char *escaped(const char *text, char out[static ESCAPED_SIZE])
{
    size_t used = 0;
    for (; *text != '\0' && used + 8 < ESCAPED_SIZE; text++) {
        if (strchr("&<>\"'", *text) != NULL)
            used += (size_t)snprintf(out + used, ESCAPED_SIZE - used, "&#%d;", *text);
        else
            out[used++] = *text;
    }
    out[used] = '\0';
    return out;
}

static enum cm_code append_slip(struct cm_buf *page, const struct slips *slips, const struct slip *slip)
{
    char until[CM_DATE_SHORT_SIZE], name[ESCAPED_SIZE], class_id[ESCAPED_SIZE], user[ESCAPED_SIZE];
    until_text(slips, slip, until);
    return cm_buf_appendf(
        page,
        "<section><h2>%s</h2><p>%s</p><dl><dt>User</dt><dd>%s</dd><dt>Password</dt><dd>%s</dd></dl>"
        "<p>Holds until %s. Choose your own at the first login.</p></section>\n",
        escaped(slip->user.full_name, name), escaped(slips->class_id, class_id),
        escaped(slip->user.name, user), slip->password, until);
}

/* A page to print and cut, eight slips to a sheet; readable by its owner alone. */
static enum cm_code write_html(const struct slips *slips, const char *path, struct cm_err *err)
{
    static const char head[] =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Login slips</title><style>\n"
        "body{font:11pt sans-serif;display:grid;grid-template-columns:1fr 1fr;margin:0}\n"
        "section{border:1px dashed #888;padding:4mm 6mm;break-inside:avoid;min-height:58mm}\n"
        "h2{font-size:13pt;margin:0}p{margin:1mm 0;font-size:9pt}dl{margin:3mm 0}dt{font-size:8pt}\n"
        "dd{margin:0 0 2mm;font:bold 12pt monospace}\n</style></head><body>\n";
    struct cm_buf page;
    cm_buf_init(&page, HTML_MAX);
    enum cm_code code = cm_buf_append_text(&page, head);
    for (size_t i = 0; code == CM_OK && i < slips->count; i++)
        code = append_slip(&page, slips, &slips->items[i]);
    if (code == CM_OK)
        code = cm_buf_append_text(&page, "</body></html>\n");
    if (code != CM_OK)
        cm_fail(err, code, "the page is too large");
    else
        code = cm_file_write(path, page.data, page.size, 0600, err);
    if (page.data != NULL)
        sodium_memzero(page.data, page.size);
    cm_buf_finish(&page);
    return code;
}

static int show_slips(const struct slips *slips, const char *path)
{
    struct cm_err err = CM_ERR_INIT;
    if (slips->count == 0) {
        fprintf(stderr,
                "rollcall-server: nothing to print: every student of %s has a login already; a lost slip: "
                "rollcall-server user reset NAME\n",
                slips->class_id);
        return SRV_EXIT_OK;
    }
    if (path == NULL || write_html(slips, path, &err) != CM_OK) {
        print_slips(
            slips); /* they exist now and are nowhere else: shown when the file could not be written, too */
        return path == NULL ? SRV_EXIT_OK : srv_cli_fail(&err);
    }
    if (slips->cli->json)
        srv_cli_print_json(json_pack("{s:s, s:I}", "file", path, "slips", (json_int_t)slips->count));
    else
        printf("%zu slips are in %s: print them, hand them out, delete the file\n", slips->count, path);
    return SRV_EXIT_OK;
}

static int slips_of_class(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct slips slips = {.cli = cli, .class_id = cli->class_count == 1 ? cli->classes[0] : ""};
    if (cli->class_count != 1)
        return srv_cli_usage("user slips takes one --class");
    slips.items = calloc(SLIPS_MAX, sizeof *slips.items);
    enum cm_code code = slips.items != NULL ? srv_cli_open_store(cli, false, &slips.store, &err)
                                            : cm_fail(&err, CM_NOMEM, "out of memory");
    if (code == CM_OK)
        code = make_slips(&slips, &err);
    srv_store_close(slips.store);
    int status = code == CM_OK ? show_slips(&slips, srv_cli_value(cli, SRV_OPT_HTML)) : srv_cli_fail(&err);
    if (slips.items != NULL)
        sodium_memzero(slips.items, slips.count * sizeof *slips.items);
    free(slips.items);
    return status == SRV_EXIT_OK && slips.skipped > 0 ? SRV_EXIT_FAILED : status;
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
        (!slips && srv_cli_value(cli, SRV_OPT_HTML) != NULL))
        return srv_cli_usage("user %s does not take this option", what);
    if (strcmp(what, "list") == 0 && cli->argc == 1)
        return list(cli);
    if (slips && cli->argc == 1)
        return slips_of_class(cli);
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
