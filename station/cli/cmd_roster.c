#include "cli/cli.h"

#include "base/file.h"
#include "lane/card.h"
#include "roster/roster_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 16 << 20 };

static bool class_known(void *arg, const char *class_id)
{
    struct cm_class class_;
    return stn_store_get_class(arg, class_id, &class_, NULL) == CM_OK;
}

static void print_remarks(const char *kind, const struct cm_roster_remarks *remarks)
{
    size_t shown = remarks->count < CM_ROSTER_REMARKS ? remarks->count : CM_ROSTER_REMARKS;
    for (size_t i = 0; i < shown; i++)
        fprintf(stderr, "%s%s\n", kind, remarks->text[i]);
    if (remarks->count > shown)
        fprintf(stderr, "%sand %zu more\n", kind, remarks->count - shown);
}

static int import(struct stn_cli *cli, const char *path, struct stn_store *store, const char *data,
                  size_t size)
{
    static struct cm_roster_report report; /* 13 kB */
    struct cm_roster roster = {0};
    struct cm_err err = CM_ERR_INIT;
    memset(&report, 0, sizeof report);
    enum cm_code code = cm_roster_parse(data, size, class_known, store, &roster, &report, &err);
    print_remarks("note: ", &report.notes);
    if (code != CM_OK) {
        char prefix[400];
        snprintf(prefix, sizeof prefix, "%.300s: ", path);
        print_remarks(prefix, &report.problems);
        cm_fail(&err, err.code, "%.80s: %.170s", path, err.msg);
        return stn_cli_fail(&err);
    }
    const char *name = strrchr(path, '/');
    code = stn_store_put_roster(store, roster.classes, roster.class_count, roster.students,
                                roster.student_count, name != NULL ? name + 1 : path, &err);
    if (code == CM_OK && cli->json)
        stn_cli_print_json(json_pack("{s:i, s:i}", "students", (int)roster.student_count, "classes",
                                     (int)roster.class_count));
    else if (code == CM_OK)
        printf("imported: %zu students, %zu classes\n", roster.student_count, roster.class_count);
    cm_roster_finish(&roster);
    return code == CM_OK ? STN_EXIT_OK : stn_cli_fail(&err);
}

static int cmd_import(struct stn_cli *cli, const char *path)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    char *data = NULL;
    size_t size = 0;
    if (cm_file_read(path, FILE_MAX_BYTES, &data, &size, &err) != CM_OK)
        return stn_cli_fail(&err);
    int status = STN_EXIT_FAILED;
    if (stn_cli_open_store(cli, false, &store, &err) == CM_OK)
        status = import(cli, path, store, data, size);
    else
        stn_cli_fail(&err);
    stn_store_close(store);
    free(data);
    return status;
}

/* ---- list ---- */

struct listing {
    const struct stn_cli *cli;
    struct stn_store *store;
    size_t count;
};

static void weekdays_text(uint32_t weekdays, char out[32])
{
    out[0] = '\0';
    for (int day = 0; day < 7; day++)
        if (weekdays & 1u << day) {
            strcat(out, out[0] != '\0' ? " " : "");
            strcat(out, cm_weekday_name(day));
        }
}

static bool list_class(void *arg, const struct cm_class *class_)
{
    struct listing *listing = arg;
    char start[CM_MINUTE_TEXT_SIZE], days[32];
    cm_minute_text(class_->start_minute, start);
    weekdays_text(class_->weekdays, days);
    if (listing->cli->json)
        stn_cli_print_json(json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}", "class", class_->id, "coordinator",
                                     class_->coordinator, "start", start, "late_after_min",
                                     class_->late_after_min, "close_after_min", class_->close_after_min,
                                     "weekdays", days));
    else
        printf("class %-12s starts %s, late after %d min, closes after %d min, %s\n", class_->id, start,
               (int)class_->late_after_min, (int)class_->close_after_min, days);
    return true;
}

static bool list_student(void *arg, const struct cm_student *student)
{
    struct listing *listing = arg;
    struct stn_lanes lanes = {.card = CM_LANE_CLOSED};
    (void)stn_store_get_lanes(listing->store, student->id, &lanes, NULL);
    if (listing->cli->json)
        stn_cli_print_json(
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "id", student->id, "name", student->name,
                      "class", student->class_id, "consent", cm_consent_name(student->consent), "card_lane",
                      cm_lane_reason_name(lanes.card), "card", cm_card_tag_given(student->card_tag), "pin",
                      student->pin_hash[0] != '\0'));
    else
        printf("%-16s %-32s %-12s consent %s\n", student->id, student->name, student->class_id,
               cm_consent_name(student->consent));
    listing->count++;
    return true;
}

static int cmd_list(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    struct listing listing = {.cli = cli};
    if (stn_cli_open_store(cli, true, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    listing.store = store;
    enum cm_code code = stn_store_each_class(store, list_class, &listing, &err);
    if (code == CM_OK)
        code = stn_store_each_student(store, list_student, &listing, &err);
    stn_store_close(store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (listing.count == 0 && !cli->json)
        puts("no students yet: rollcall-station roster import FILE.csv");
    return STN_EXIT_OK;
}

int stn_cmd_roster(struct stn_cli *cli)
{
    if (cli->argc == 2 && strcmp(cli->argv[0], "import") == 0)
        return cmd_import(cli, cli->argv[1]);
    if (cli->argc == 1 && strcmp(cli->argv[0], "list") == 0)
        return cmd_list(cli);
    return stn_cli_usage("roster import FILE.csv, or roster list");
}
