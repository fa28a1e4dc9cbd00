/* alerts run [--date D] [--dry-run], alerts list */
#include "cli/cli.h"

#include "alerts/night.h"
#include "alerts/outbox.h"
#include "base/uuid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- run ---- */

static void print_line(void *arg, const struct srv_night_line *line)
{
    const struct srv_cli *cli = arg;
    char date[CM_DATE_ISO_SIZE];
    cm_date_iso(line->date, date);
    const char *verdict = line->student_id == NULL ? "held"
                          : line->decision != NULL ? srv_rule_verdict_name(line->decision->verdict)
                                                   : "left";
    if (cli->json)
        srv_cli_print_json(
            json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:i, s:s}", "class", line->class_id, "date", date,
                      "student_id", line->student_id, "student", line->student_name, "verdict", verdict,
                      "absent", line->decision != NULL ? (int)line->decision->count : 0, "text", line->text));
    else if (line->student_id == NULL)
        printf("%s  %-12s  %s\n", date, line->class_id, line->text);
    else
        printf("%s  %-12s  %-12s  %-24s  %s\n", date, line->class_id, line->student_id, line->student_name,
               line->text);
}

static void print_totals(const struct srv_cli *cli, const struct srv_night_totals *totals, bool dry)
{
    if (cli->json)
        srv_cli_print_json(json_pack("{s:b, s:i, s:i, s:i, s:i}", "dry_run", dry, "classes",
                                     (int)totals->classes, "held", (int)totals->held, "alerts",
                                     (int)totals->alerts, "messages", (int)totals->messages));
    else if (dry)
        printf("%d %s would be made; nothing was written (%d classes, %d held)\n", (int)totals->alerts,
               totals->alerts == 1 ? "alert" : "alerts", (int)totals->classes, (int)totals->held);
    else
        printf("%d %s made, %d messages in the outbox (%d classes, %d held)\n", (int)totals->alerts,
               totals->alerts == 1 ? "alert" : "alerts", (int)totals->messages, (int)totals->classes,
               (int)totals->held);
}

static int run(struct srv_cli *cli)
{
    const bool dry = srv_cli_value(cli, SRV_OPT_DRY_RUN) != NULL;
    struct srv_night_options options = {.zone = cli->zone,
                                        .now_ms = cm_wall_ms(cli->clock),
                                        .coordinator_phone = srv_settings_coordinator_phone(&cli->settings)};
    struct srv_night_totals totals;
    struct srv_store *store = NULL;
    struct cm_err err = CM_ERR_INIT;
    if (!srv_cli_date(cli, SRV_OPT_DATE, 0, &options.through_date))
        return SRV_EXIT_USAGE;
    enum cm_code code = srv_cli_open_store(cli, dry, &store, &err);
    if (code == CM_OK && dry)
        code = srv_night_dry_run(store, &options, print_line, cli, &totals, &err);
    else if (code == CM_OK)
        code = srv_night_run(store, &options, &totals, &err);
    srv_store_close(store);
    if (code != CM_OK)
        return srv_cli_fail(&err);
    print_totals(cli, &totals, dry);
    return SRV_EXIT_OK;
}

/* ---- list ---- */

static const char *const states[] = {
    [SRV_ALERT_ACTIVE] = "active",
    [SRV_ALERT_WITHDRAWN] = "withdrawn",
    [SRV_ALERT_CONTRADICTED] = "contradicted",
    [SRV_ALERT_CANCELLED] = "cancelled",
};

enum { BATCH = 32 };

struct listing {
    struct srv_cli *cli;
    struct srv_store *store;
    struct srv_alert *batch; /* BATCH of them */
    int count;
    json_t *messages; /* of the alert under way */
    char text[512];
};

static bool take_message(void *arg, const struct srv_message *message)
{
    struct listing *listing = arg;
    const char *to = message->recipient == SRV_RECIPIENT_PARENT ? "parent" : "coordinator";
    const char *state = srv_message_state_name(message->state);
    size_t used = strlen(listing->text);
    json_array_append_new(listing->messages,
                          json_pack("{s:s, s:s, s:s?}", "recipient", to, "state", state, "error",
                                    message->error_text[0] != '\0' ? message->error_text : NULL));
    snprintf(listing->text + used, sizeof listing->text - used, "%s%s %s", used > 0 ? ", " : "", to, state);
    return true;
}

static enum cm_code print_alert(struct listing *listing, const struct srv_alert *alert, struct cm_err *err)
{
    char id[CM_UUID_TEXT_SIZE], date[CM_DATE_ISO_SIZE], created[CM_INSTANT_TEXT_SIZE];
    listing->messages = json_array();
    listing->text[0] = '\0';
    enum cm_code code =
        srv_store_each_message_of_alert(listing->store, alert->id, take_message, listing, err);
    cm_uuid_text(alert->id, id);
    cm_date_iso(alert->trigger_date, date);
    cm_instant_local(listing->cli->zone, alert->created_wall_ms, created);
    if (listing->cli->json)
        srv_cli_print_json(json_pack(
            "{s:s, s:s, s:s, s:s, s:i, s:b, s:s, s:s, s:O}", "id", id, "student_id", alert->student_id,
            "class", alert->class_id, "date", date, "absent", (int)alert->absent_count, "repeat",
            alert->repeat, "state", states[alert->state], "created", created, "messages", listing->messages));
    else
        printf("%s  %-12s  %-12s  %2d days  %-12s  %s\n", date, alert->class_id, alert->student_id,
               (int)alert->absent_count, states[alert->state], listing->text);
    json_decref(listing->messages);
    return code;
}

static bool take_alert(void *arg, const struct srv_alert *alert)
{
    struct listing *listing = arg;
    listing->batch[listing->count++] = *alert;
    return listing->count < BATCH;
}

struct held {
    struct srv_alert_cursor *list;
    size_t count, room;
    bool failed;
};

static bool take_held(void *arg, const struct srv_alert_cursor *cursor)
{
    struct held *held = arg;
    if (cursor->held_date == 0)
        return true;
    if (held->count == held->room) {
        size_t room = held->room > 0 ? held->room * 2 : 16;
        struct srv_alert_cursor *list = realloc(held->list, room * sizeof *list);
        held->failed = list == NULL;
        if (held->failed)
            return false;
        held->list = list;
        held->room = room;
    }
    held->list[held->count++] = *cursor;
    return true;
}

/* Classes in which nobody can be told yet, as a dry run shows them. */
static enum cm_code list_held(struct srv_store *store, struct srv_cli *cli, struct cm_err *err)
{
    struct held held = {.list = NULL};
    char text[SRV_HOLD_TEXT_SIZE];
    enum cm_code code = srv_store_each_alert_cursor(store, take_held, &held, err);
    if (code == CM_OK && held.failed)
        code = cm_fail(err, CM_NOMEM, "out of memory for the held classes");
    for (size_t i = 0; i < held.count && code == CM_OK; i++) {
        const struct srv_alert_cursor *cursor = &held.list[i];
        const struct srv_night_line line = {
            .class_id = cursor->class_id,
            .date = cursor->held_date,
            .text = srv_night_hold_text(store, cli->zone, cursor, text),
        };
        print_line(cli, &line);
    }
    free(held.list);
    return code;
}

/* The newest first, then what is held; messages are read between the batches, not while the store shows alerts. */
static enum cm_code list_all(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct listing *listing = arg;
    struct srv_alert_filter filter = {0};
    enum cm_code code;
    listing->store = store;
    do {
        listing->count = 0;
        code = srv_store_each_alert(store, &filter, take_alert, listing, err);
        for (int i = 0; i < listing->count && code == CM_OK; i++) {
            code = print_alert(listing, &listing->batch[i], err);
            filter.before_wall_ms = listing->batch[i].created_wall_ms;
            memcpy(filter.before_id, listing->batch[i].id, sizeof filter.before_id);
        }
    } while (code == CM_OK && listing->count == BATCH);
    return code == CM_OK ? list_held(store, listing->cli, err) : code;
}

static int list(struct srv_cli *cli)
{
    struct listing listing = {.cli = cli, .batch = calloc(BATCH, sizeof(struct srv_alert))};
    struct srv_store *store = NULL;
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = listing.batch != NULL ? srv_cli_open_store(cli, true, &store, &err)
                                              : cm_fail(&err, CM_NOMEM, "out of memory for the alerts");
    if (code == CM_OK)
        code = srv_store_read(store, list_all, &listing, &err);
    srv_store_close(store);
    free(listing.batch);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}

int srv_cmd_alerts(struct srv_cli *cli)
{
    const char *what = cli->argc == 1 ? cli->argv[0] : "";
    bool options = srv_cli_value(cli, SRV_OPT_DATE) != NULL || srv_cli_value(cli, SRV_OPT_DRY_RUN) != NULL;
    if (strcmp(what, "run") == 0)
        return run(cli);
    if (strcmp(what, "list") == 0 && !options)
        return list(cli);
    return srv_cli_usage("alerts takes run [--date DATE] [--dry-run], or list");
}
