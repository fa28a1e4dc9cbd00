/* `calendar import`: days without school from a file. */
#include "cli/cli.h"

#include "base/file.h"
#include "calendar/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_remarks(const char *kind, const struct srv_calendar_remarks *remarks)
{
    size_t shown = remarks->count < SRV_CALENDAR_REMARKS_MAX ? remarks->count : SRV_CALENDAR_REMARKS_MAX;
    for (size_t i = 0; i < shown; i++) {
        fputs(kind, stderr);
        if (remarks->list[i].line > 0)
            fprintf(stderr, "line %zu: ", remarks->list[i].line);
        fprintf(stderr, "%s\n", remarks->list[i].text);
    }
    if (remarks->count > shown)
        fprintf(stderr, "%sand %zu more\n", kind, remarks->count - shown);
}

static void print_entry(const struct srv_cli *cli, const struct srv_calendar_entry *entry)
{
    const struct cm_closure *closure = &entry->closure;
    const char *change = entry->change == SRV_CALENDAR_ADDED ? "added" : "changed";
    char date[CM_DATE_ISO_SIZE];
    cm_date_iso(closure->date, date);
    if (cli->json)
        srv_cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s}", "change", change, "date", date, "class",
                                     closure->class_id, "label", closure->label, "kind",
                                     cm_closure_kind_name(closure->kind)));
    else
        printf("%-8s %s %-10s %-6s %s\n", change, date,
               closure->class_id[0] != '\0' ? closure->class_id : "all", cm_closure_kind_name(closure->kind),
               closure->label);
}

static void print_result(const struct srv_cli *cli, const struct srv_calendar_plan *plan, bool dry_run)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->entries[i].change != SRV_CALENDAR_SAME)
            print_entry(cli, &plan->entries[i]);
    if (!cli->json)
        printf("%s: %zu days new, %zu changed, %zu as they were\n", dry_run ? "would import" : "imported",
               plan->added, plan->changed, plan->count - plan->added - plan->changed);
}

static enum cm_code compare(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_calendar_compare(store, arg, err);
}

static enum cm_code write_plan(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_calendar_write(store, arg, err);
}

static enum cm_code import_text(struct srv_cli *cli, struct srv_calendar_plan *plan, const char *text,
                                size_t size, struct cm_err *err)
{
    const char *class_id = cli->class_count > 0 ? cli->classes[0] : NULL;
    bool dry_run = srv_cli_value(cli, SRV_OPT_DRY_RUN) != NULL;
    const struct srv_calendar_options options = {.format = srv_calendar_guess(text, size),
                                                 .zone = cli->zone,
                                                 .today = cm_zone_date(cli->zone, cm_wall_ms(cli->clock)),
                                                 .class_id = class_id != NULL ? class_id : ""};
    struct srv_store *store = NULL;
    enum cm_code code = srv_calendar_read(text, size, &options, plan, err);
    if (code == CM_OK)
        code = srv_cli_open_store(cli, dry_run, &store, err);
    if (code == CM_OK)
        code = srv_store_read(store, compare, plan, err);
    if (code == CM_OK && plan->problems.count > 0)
        code = cm_fail(err, CM_INVALID, "nothing was imported: the calendar has problems");
    if (code == CM_OK && !dry_run)
        code = srv_store_write(store, write_plan, plan, err);
    srv_store_close(store);
    return code;
}

int srv_cmd_calendar(struct srv_cli *cli)
{
    struct srv_calendar_plan plan = {.count = 0};
    struct cm_err err = CM_ERR_INIT;
    const char *class_id = cli->class_count > 0 ? cli->classes[0] : NULL;
    char *text = NULL;
    size_t size = 0;
    if (cli->argc != 2 || strcmp(cli->argv[0], "import") != 0)
        return srv_cli_usage("calendar takes import FILE [--class C] [--dry-run]");
    if (cli->class_count > 1)
        return srv_cli_usage("a calendar is for all classes, or for one: --class C");
    if (class_id != NULL && strlen(class_id) >= CM_ID_SIZE)
        return srv_cli_usage("the class is too long");
    enum cm_code code = cm_file_read(cli->argv[1], SRV_CALENDAR_BYTES_MAX, &text, &size, &err);
    if (code == CM_OK)
        code = import_text(cli, &plan, text, size, &err);
    print_remarks("note: ", &plan.notes);
    print_remarks("", &plan.problems);
    if (code == CM_OK)
        print_result(cli, &plan, srv_cli_value(cli, SRV_OPT_DRY_RUN) != NULL);
    srv_calendar_finish(&plan);
    free(text);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}
