#include "cli/cli.h"

#include "demo/demo.h"

#include <inttypes.h>
#include <stdio.h>

static void show(void *arg, uint64_t done, uint64_t of)
{
    (void)arg;
    cm_progress("days", done, of);
}

int srv_cmd_demo_data(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    int64_t students, days, seed, now_ms = cm_wall_ms(cli->clock);
    int32_t today = cm_zone_date(cli->zone, now_ms), last;
    if (cli->argc > 0)
        return srv_cli_usage("demo-data takes options only");
    if (!srv_cli_number(cli, SRV_OPT_STUDENTS, 1, SRV_DEMO_STUDENTS_MAX, 200, &students) ||
        !srv_cli_number(cli, SRV_OPT_DAYS, 1, SRV_DEMO_DAYS_MAX, 60, &days) ||
        !srv_cli_number(cli, SRV_OPT_SEED, 0, INT64_MAX, 1, &seed) ||
        !srv_cli_date(cli, SRV_OPT_TO, today, &last))
        return SRV_EXIT_USAGE;
    if (last > today)
        return srv_cli_usage("--to is a day that was, or today");
    if (last < today)
        now_ms = cm_zone_instant(cli->zone, cm_date_add(last, 1), 0) - 1;
    const struct srv_demo_options options = {.students = (int32_t)students,
                                             .days = (int32_t)days,
                                             .seed = (uint64_t)seed,
                                             .now_wall_ms = now_ms,
                                             .zone = cli->zone};
    struct srv_store *store = NULL;
    enum cm_code code = srv_cli_open_store(cli, false, &store, &err);
    if (code == CM_OK)
        code = srv_demo_fill(store, &options, show, NULL, &err);
    cm_progress_end();
    srv_store_close(store);
    if (code != CM_OK)
        return srv_cli_fail(&err);
    if (cli->json)
        srv_cli_print_json(json_pack("{s:I,s:I,s:I}", "students", students, "days", days, "seed", seed));
    else
        printf("%" PRId64 " students with %" PRId64 " school days are in the store\n", students, days);
    return SRV_EXIT_OK;
}
