#include "cli/cli.h"

#include <stdio.h>

enum { MEBIBYTE = 1 << 20 };

struct counters {
    int present, late, pending, other;
};

static bool count_roll(void *arg, const struct cm_roll_entry *entry)
{
    struct counters *counters = arg;
    if (entry->status == CM_ROLL_PRESENT)
        counters->present++;
    else if (entry->status == CM_ROLL_LATE)
        counters->late++;
    else if (entry->status == CM_ROLL_PENDING)
        counters->pending++;
    else
        counters->other++;
    return true;
}

static void print_json(const struct stn_cli *cli, const struct stn_store_summary *summary,
                       const struct counters *counters, const char *date, const char *last)
{
    stn_cli_print_json(json_pack(
        "{s:s, s:s, s:s, s:I, s:s, s:i, s:i, s:i, s:i, s:{s:s, s:i, s:i, s:i, s:i}, s:I, s:I, s:s}",
        "station", summary->station_id, "version", ROLLCALL_VERSION, "data", cli->settings.data_dir,
        "last_seq", (json_int_t)summary->last_seq, "last_event", last, "classes", (int)summary->classes,
        "students", (int)summary->students, "enrolled", (int)summary->students_with_templates, "templates",
        (int)summary->templates, "today", "date", date, "present", counters->present, "late", counters->late,
        "pending", counters->pending, "other", counters->other, "bytes_used", (json_int_t)summary->bytes_used,
        "bytes_free", (json_int_t)summary->bytes_free_on_disk, "policy",
        stn_policy_name(cli->settings.policy)));
}

static void print_plain(const struct stn_cli *cli, const struct stn_store_summary *summary,
                        const struct counters *counters, const char *date, const char *last)
{
    printf("station   %s\ndata      %s\n", summary->station_id, cli->settings.data_dir);
    printf("roster    %zu classes, %zu students, %zu of them enrolled with %zu templates\n", summary->classes,
           summary->students, summary->students_with_templates, summary->templates);
    printf("log       %llu events, the last one %s\n", (unsigned long long)summary->last_seq,
           last[0] != '\0' ? last : "never");
    printf("today     %s: present %d, late %d, waiting for a person %d, other %d\n", date, counters->present,
           counters->late, counters->pending, counters->other);
    printf("store     %llu MiB used, %llu MiB free on the disk\n",
           (unsigned long long)(summary->bytes_used / MEBIBYTE),
           (unsigned long long)(summary->bytes_free_on_disk / MEBIBYTE));
    printf("policy    %s\n", stn_policy_name(cli->settings.policy));
}

int stn_cmd_status(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    struct stn_store_summary summary;
    struct counters counters = {0};
    if (cli->argc != 0)
        return stn_cli_usage("status takes no %s", cli->argv[0]);
    if (stn_cli_open_store(cli, true, &store, &err) != CM_OK)
        return stn_cli_fail(&err);
    int32_t today = cm_zone_date(cli->zone, cm_wall_ms(cli->clock));
    enum cm_code code = stn_store_summary(store, &summary, &err);
    if (code == CM_OK)
        code = stn_store_each_roll(store, today, count_roll, &counters, &err);
    stn_store_close(store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    char date[CM_DATE_ISO_SIZE], last[CM_INSTANT_TEXT_SIZE] = "";
    cm_date_iso(today, date);
    if (summary.last_wall_ms != 0)
        cm_instant_local(cli->zone, summary.last_wall_ms, last);
    if (cli->json)
        print_json(cli, &summary, &counters, date, last);
    else
        print_plain(cli, &summary, &counters, date, last);
    return STN_EXIT_OK;
}
