/* `roll`: who is present. `correct`: a person changes what a mark means. */
#include "cli/cli.h"

#include "roll/roll.h"
#include "store/store_sync.h"

#include <stdio.h>
#include <string.h>

/* ---- roll ---- */

struct roll_listing {
    const struct stn_cli *cli;
    struct stn_store *store;
    const char *class_id; /* NULL: all */
    int32_t date;
    size_t count;
};

static void print_entry(const struct roll_listing *listing, const struct cm_student *student,
                        const struct cm_roll_entry *entry)
{
    char at[CM_MINUTE_TEXT_SIZE] = "", instant[CM_INSTANT_TEXT_SIZE] = "";
    if (entry->captured_wall_ms != 0) {
        cm_minute_text(cm_zone_local(listing->cli->zone, entry->captured_wall_ms).minute, at);
        cm_instant_local(listing->cli->zone, entry->captured_wall_ms, instant);
    }
    const char *status = entry->status == CM_ROLL_NONE ? "not yet" : cm_roll_status_name(entry->status);
    if (listing->cli->json) {
        char date[CM_DATE_ISO_SIZE];
        stn_cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:I, s:b}", "id", student->id,
                                     "name", student->name, "class", student->class_id, "date",
                                     cm_date_iso(listing->date, date), "status", status, "points",
                                     (int)entry->points, "captured", instant, "mark_seq",
                                     (json_int_t)entry->mark_seq, "corrected", entry->correction_seq != 0));
    } else {
        printf("%-16s %-32s %-10s %-9s %-5s %3d%s\n", student->id, student->name, student->class_id, status,
               at, (int)entry->points, entry->correction_seq != 0 ? "  corrected" : "");
    }
}

static bool list_entry(void *arg, const struct cm_student *student)
{
    struct roll_listing *listing = arg;
    struct cm_roll_entry entry = {0};
    if (listing->class_id != NULL && strcmp(listing->class_id, student->class_id) != 0)
        return true;
    stn_store_get_roll(listing->store, listing->date, student->class_id, student->id, &entry, NULL);
    print_entry(listing, student, &entry);
    listing->count++;
    return true;
}

/* --date, else today in the school's zone. */
static enum cm_code wanted_date(const struct stn_cli *cli, int32_t *ret_date, struct cm_err *err)
{
    const char *text = stn_cli_value(cli, STN_OPT_DATE);
    if (text != NULL)
        return cm_date_parse(text, ret_date, err);
    *ret_date = cm_zone_date(cli->zone, cm_wall_ms(cli->clock));
    return CM_OK;
}

int stn_cmd_roll(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct roll_listing listing = {.cli = cli, .class_id = stn_cli_value(cli, STN_OPT_CLASS)};
    if (cli->argc != 0)
        return stn_cli_usage("roll takes no %s", cli->argv[0]);
    if (wanted_date(cli, &listing.date, &err) != CM_OK)
        return stn_cli_usage("%s", err.msg);
    if (stn_cli_open_store(cli, true, &listing.store, &err) != CM_OK)
        return stn_cli_fail(&err);
    enum cm_code code = stn_store_each_student(listing.store, list_entry, &listing, &err);
    stn_store_close(listing.store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (listing.count == 0 && !cli->json)
        puts("no students here");
    return STN_EXIT_OK;
}

/* ---- correct ---- */

static bool parse_status(const char *word, enum cm_roll_status *ret_status)
{
    static const enum cm_roll_status allowed[] = {CM_ROLL_PRESENT, CM_ROLL_LATE, CM_ROLL_EXCUSED,
                                                  CM_ROLL_ABSENT};
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (strcmp(word, cm_roll_status_name(allowed[i])) == 0) {
            *ret_status = allowed[i];
            return true;
        }
    return false;
}

struct found_mark {
    bool any;
    struct cm_mark mark;
};

static bool take_mark(void *arg, const struct cm_event *event)
{
    struct found_mark *found = arg;
    found->any = event->type == CM_EVENT_MARK;
    if (found->any)
        found->mark = event->body.mark;
    return false;
}

static enum cm_code append(struct stn_cli *cli, struct stn_store *store,
                           const struct cm_correction *correction, struct cm_roll_entry *ret_entry,
                           struct cm_err *err)
{
    struct cm_class class_;
    struct cm_roll_entry before = {0};
    struct found_mark found = {0};
    enum cm_code code = stn_store_get_class(store, correction->class_id, &class_, err);
    if (code != CM_OK)
        return code;
    code = stn_store_get_roll(store, correction->date, correction->class_id, correction->student_id, &before,
                              err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (before.mark_seq != 0 && stn_store_each_event(store, before.mark_seq, take_mark, &found, err) != CM_OK)
        return err->code;
    struct cm_roll_rules rules = {.class_ = &class_, .zone = cli->zone, .points = &cm_points_rules_default};
    struct cm_roll_entry entry = cm_roll_from(found.any ? &found.mark : NULL, correction, &rules);
    entry.mark_seq = before.mark_seq;
    return stn_store_append_correction(store, correction, &entry, ret_entry, err);
}

static int correct(struct stn_cli *cli, struct stn_store *store, struct cm_correction *correction)
{
    struct cm_err err = CM_ERR_INIT;
    struct cm_student student;
    struct cm_roll_entry entry = {0};
    if (stn_store_get_student(store, correction->student_id, &student, &err) != CM_OK)
        return stn_cli_fail(&err);
    snprintf(correction->class_id, sizeof correction->class_id, "%s", student.class_id);
    if (append(cli, store, correction, &entry, &err) != CM_OK)
        return stn_cli_fail(&err);
    char date[CM_DATE_ISO_SIZE];
    cm_date_iso(correction->date, date);
    if (cli->json)
        stn_cli_print_json(json_pack("{s:s, s:s, s:s, s:i, s:s}", "id", student.id, "date", date, "status",
                                     cm_roll_status_name(entry.status), "points", (int)entry.points, "by",
                                     correction->by));
    else
        printf("%s%s is %s on %s, %d points (%s: %s)%s\n",
               entry.status != correction->status ? "recorded, but a later correction stands: " : "",
               student.name, cm_roll_status_name(entry.status), date, (int)entry.points, correction->by,
               correction->reason, entry.mark_seq != 0 ? "; the mark stays in the log" : "");
    return STN_EXIT_OK;
}

int stn_cmd_correct(struct stn_cli *cli)
{
    const char *by = stn_cli_value(cli, STN_OPT_BY), *reason = stn_cli_value(cli, STN_OPT_REASON);
    struct cm_correction correction = {.corrected_wall_ms = cm_wall_ms(cli->clock)};
    struct cm_err err = CM_ERR_INIT;
    if (cli->argc != 2 || !parse_status(cli->argv[1], &correction.status))
        return stn_cli_usage("correct ID present|late|excused|absent --by NAME --reason TEXT [--date D]");
    if (by == NULL || by[0] == '\0' || reason == NULL || reason[0] == '\0')
        return stn_cli_usage("a correction says who and why: --by NAME --reason TEXT");
    if (strlen(by) >= sizeof correction.by || strlen(reason) >= sizeof correction.reason ||
        strlen(cli->argv[0]) >= sizeof correction.student_id)
        return stn_cli_usage("the name or the reason is too long");
    if (wanted_date(cli, &correction.date, &err) != CM_OK)
        return stn_cli_usage("%s", err.msg);
    strcpy(correction.student_id, cli->argv[0]);
    strcpy(correction.by, by);
    strcpy(correction.reason, reason);
    struct stn_store *store = NULL;
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    int status = correct(cli, store, &correction);
    stn_store_close(store);
    return status;
}

int stn_cmd_erase(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    if (cli->argc != 1)
        return stn_cli_usage("erase ID");
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    enum cm_code code = stn_store_erase_templates(store, cli->argv[0], &err);
    bool paired = stn_store_is_paired(store);
    stn_store_close(store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (cli->json)
        stn_cli_print_json(json_pack("{s:s, s:b}", "id", cli->argv[0], "erased", true));
    else
        printf("the templates of %s and their key are destroyed; marks stay%s\n", cli->argv[0],
               paired ? "; the server and its other stations do the same with the next sync" : "");
    return STN_EXIT_OK;
}

int stn_cmd_trust_clock(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    const char *by = stn_cli_value(cli, STN_OPT_BY);
    if (cli->argc != 0 || by == NULL || by[0] == '\0' || strlen(by) >= CM_NAME_SIZE)
        return stn_cli_usage("trust-clock --by NAME");
    if (stn_cli_open_store(cli, false, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    enum cm_code code = stn_store_trust_clock(store, by, &err);
    stn_store_close(store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    puts("the clock is trusted from now on; marks that waited still wait: rollcall-station correct");
    return STN_EXIT_OK;
}

int stn_cmd_settings(struct stn_cli *cli)
{
    (void)cli;
    stn_settings_describe(stdout);
    return STN_EXIT_OK;
}
