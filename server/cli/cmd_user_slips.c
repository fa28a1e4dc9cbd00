/*
 * rollcall-server user slips: one-time passwords on paper for the students of a class who have no login yet; --again: for those
 * too who never used theirs (a sheet that got lost, or whose three weeks are over). Who chose a password keeps it.
 */
#include "cli/cli.h"

#include "auth/auth.h"
#include "base/buf.h"
#include "base/file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VALID_MINUTES = 21 * 24 * 60, /* printed, cut, handed out: that takes its time */
    SLIPS_MAX = 1000,
    HTML_MAX = 4 * 1024 * 1024,
    ESCAPED_SIZE = CM_NAME_SIZE * 5 + 8,
};

struct slip {
    struct srv_user user;
    bool again; /* the user is there already */
    char password[SRV_ONE_TIME_SIZE];
};

struct slips {
    struct srv_cli *cli;
    struct srv_store *store;
    const char *class_id;
    struct slip *items;
    size_t count;
    size_t skipped; /* whose ids cannot be their user names */
    bool again;
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

/* His login is as a slip made it. */
static bool is_unused(const struct srv_user *user)
{
    return user->role == SRV_ROLE_STUDENT && user->must_change_password && !user->disabled;
}

/* Drops those who have a login, and names those who need another user name. The write refuses what changed meanwhile. */
static enum cm_code drop_known(struct slips *slips, struct cm_err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < slips->count; i++) {
        struct srv_user known;
        enum cm_code code =
            srv_store_user_of_student(slips->store, slips->items[i].user.student_id, &known, err);
        if (code == CM_OK) {
            if (slips->again && is_unused(&known)) {
                slips->items[i].user = known;
                slips->items[i].again = true;
                slips->items[kept++] = slips->items[i];
            }
            continue;
        }
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

static enum cm_code renew(struct srv_store *store, const struct srv_user *user, struct cm_err *err)
{
    struct srv_user now;
    struct srv_refusal refusal;
    enum cm_code code = srv_store_get_user(store, user->name, &now, err);
    if (code == CM_OK && !is_unused(&now))
        code = cm_fail(err, CM_EXISTS, "has logged in meanwhile: call this again");
    return code == CM_OK ? srv_auth_change_user(store, user, &refusal, err) : code;
}

static enum cm_code store_all(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct slips *slips = arg;
    for (size_t i = 0; i < slips->count; i++) {
        struct srv_refusal refusal;
        const struct srv_user *user = &slips->items[i].user;
        enum cm_code code =
            slips->items[i].again ? renew(store, user, err) : srv_auth_add_user(store, user, &refusal, err);
        if (code != CM_OK)
            return cm_fail(err, code, "%.63s: %.150s", user->name, err->msg);
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
        code = srv_auth_one_time(&slips->items[i].user, slips->cli->clock, VALID_MINUTES,
                                 slips->items[i].password, err);
    }
    cm_progress_end();
    return code == CM_OK && slips->count > 0 ? srv_store_write(slips->store, store_all, slips, err) : code;
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
        fprintf(stderr, "rollcall-server: nothing to print: every student of %s has a login already; %s\n",
                slips->class_id,
                slips->again ? "who forgot his password: rollcall-server user reset NAME"
                             : "lost slips: --again");
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

int srv_cmd_user_slips(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct slips slips = {.cli = cli,
                          .class_id = cli->class_count == 1 ? cli->classes[0] : "",
                          .again = srv_cli_value(cli, SRV_OPT_AGAIN) != NULL};
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
