#include "cli/cli.h"

#include "api/attendance_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the classes ---- */

struct classes {
    const struct srv_cli *cli;
    struct cm_class *list;
    int count, room;
    bool failed;
};

static bool is_wanted(const struct srv_cli *cli, const char *id)
{
    for (int i = 0; i < cli->class_count; i++)
        if (strcmp(cli->classes[i], id) == 0)
            return true;
    return cli->class_count == 0;
}

static bool take_class(void *arg, const struct cm_class *class_)
{
    struct classes *classes = arg;
    if (!is_wanted(classes->cli, class_->id))
        return true;
    if (classes->count == classes->room) {
        int room = classes->room > 0 ? classes->room * 2 : 32;
        struct cm_class *list = realloc(classes->list, (size_t)room * sizeof *list);
        classes->failed = list == NULL;
        if (classes->failed)
            return false;
        classes->list = list;
        classes->room = room;
    }
    classes->list[classes->count++] = *class_;
    return true;
}

static enum cm_code find_classes(struct srv_store *store, struct classes *classes, struct cm_err *err)
{
    const struct srv_cli *cli = classes->cli;
    struct cm_class class_;
    for (int i = 0; i < cli->class_count; i++)
        if (srv_store_get_class(store, cli->classes[i], &class_, NULL) != CM_OK)
            return cm_fail(err, CM_NOTFOUND, "there is no class %.80s", cli->classes[i]);
    enum cm_code code = srv_store_each_class(store, take_class, classes, err);
    return code == CM_OK && classes->failed ? cm_fail(err, CM_NOMEM, "out of memory") : code;
}

/* ---- piece by piece to stdout ---- */

static enum cm_code print_all(struct srv_attendance_csv *csv, struct cm_err *err)
{
    struct cm_buf buf;
    enum cm_code code = CM_OK;
    int32_t days = cm_date_days_between(csv->from, csv->to) + 1;
    cm_buf_init(&buf, SRV_CSV_PIECE_MAX);
    while (code == CM_OK) {
        cm_buf_reset(&buf);
        code = srv_attendance_csv_next(csv, &buf, err);
        if (code == CM_OK && buf.size > 0 && fwrite(buf.data, 1, buf.size, stdout) != buf.size)
            code = cm_fail(err, CM_BACKEND, "the output could not be written");
        cm_progress("exporting days", (uint64_t)cm_date_days_between(csv->from, csv->date), (uint64_t)days);
    }
    cm_progress_end();
    cm_buf_finish(&buf);
    return code == CM_EOF ? CM_OK : code;
}

static int export_attendance(struct srv_cli *cli, int32_t from, int32_t to)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    struct classes classes = {.cli = cli};
    enum cm_code code = srv_cli_open_store(cli, true, &store, &err);
    if (code == CM_OK)
        code = find_classes(store, &classes, &err);
    if (code == CM_OK) {
        struct srv_attendance_csv csv = {.store = store,
                                         .zone = cli->zone,
                                         .classes = classes.list,
                                         .class_count = classes.count,
                                         .from = from,
                                         .to = to,
                                         .date = from,
                                         .now_ms = cm_wall_ms(cli->clock)};
        code = print_all(&csv, &err);
    }
    srv_store_close(store);
    free(classes.list);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}

int srv_cmd_export(struct srv_cli *cli)
{
    int32_t from, to, today = cm_zone_date(cli->zone, cm_wall_ms(cli->clock));
    if (cli->argc != 1 || strcmp(cli->argv[0], "attendance") != 0)
        return srv_cli_usage("export takes attendance");
    if (!srv_cli_date(cli, SRV_OPT_FROM, today, &from) || !srv_cli_date(cli, SRV_OPT_TO, today, &to))
        return SRV_EXIT_USAGE;
    if (to < from)
        return srv_cli_usage("--to is before --from");
    return export_attendance(cli, from, to);
}
