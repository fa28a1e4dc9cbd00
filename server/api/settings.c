/* GET and PATCH /api/settings */
#include "api/settings.h"

#include "api/api.h"
#include "api/handlers.h"
#include "http_json/json.h"
#include "live/live.h"
#include "store/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The setting's value, or `otherwise` when it was never put. */
static enum cm_code get(struct srv_store *store, const char *name, const char *otherwise,
                        char ret_value[SRV_SETTING_SIZE], struct cm_err *err)
{
    enum cm_code code = srv_store_get_setting(store, name, ret_value, err);
    if (code == CM_NOTFOUND)
        snprintf(ret_value, SRV_SETTING_SIZE, "%s", otherwise);
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_settings_leaderboard(struct srv_store *store, bool *ret_enabled, struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = get(store, SRV_SETTING_LEADERBOARD, "1", value, err);
    if (code == CM_OK)
        *ret_enabled = strcmp(value, "0") != 0;
    return code;
}

struct values {
    char school_name[SRV_SETTING_SIZE], timezone[SRV_SETTING_SIZE], coverage[SRV_SETTING_SIZE];
    char points[CM_POINTS_SETTING_SIZE];
    bool leaderboard;
};

static enum cm_code load(const struct srv_app *app, struct values *values, struct cm_err *err)
{
    char coverage[16];
    snprintf(coverage, sizeof coverage, "%d", SRV_COVERAGE_PERCENT_DEFAULT);
    enum cm_code code = get(app->store, SRV_SETTING_SCHOOL_NAME, "", values->school_name, err);
    if (code == CM_OK)
        code = get(app->store, SRV_SETTING_TIMEZONE, cm_zone_name(app->zone), values->timezone, err);
    if (code == CM_OK)
        code = get(app->store, SRV_SETTING_COVERAGE_PERCENT, coverage, values->coverage, err);
    struct cm_points_rules rules;
    if (code == CM_OK)
        code = srv_store_get_points(app->store, &rules, err);
    if (code == CM_OK)
        cm_points_format(&rules, values->points);
    return code == CM_OK ? srv_settings_leaderboard(app->store, &values->leaderboard, err) : code;
}

static void answer(struct srv_call *call)
{
    const struct srv_app *app = srv_app_of(call);
    struct values values;
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    enum cm_code code = load(app, &values, &err);
    if (code != CM_OK) {
        srv_json_failed(call, code, &err);
        return;
    }
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_reply_text(&out, "school_name", values.school_name);
    srv_reply_text(&out, "timezone", values.timezone);
    srv_reply_bool(&out, "leaderboard", values.leaderboard);
    srv_reply_int(&out, "coverage_percent", atoi(values.coverage));
    srv_reply_text(&out, "points", values.points);
    /* another zone counts from the next start on */
    srv_reply_bool(&out, "restart_needed", strcmp(values.timezone, cm_zone_name(app->zone)) != 0);
    srv_reply_end(&out);
    srv_reply_answer(call, 200, &out);
}

void srv_api_settings(struct srv_call *call)
{
    answer(call);
}

/* ---- changes ---- */

struct settings_write {
    struct srv_call_write base;
    char school_name[CM_NAME_SIZE], timezone[CM_ZONE_NAME_SIZE];
    bool leaderboard;
    int64_t coverage_percent;
    char points[CM_POINTS_SETTING_SIZE];
    struct {
        bool school_name, timezone, leaderboard, coverage_percent, points;
    } given;
};

static enum cm_code put_if(struct srv_store *store, bool given, const char *name, const char *value,
                           struct cm_err *err)
{
    return given ? srv_store_put_setting(store, name, value, err) : CM_OK;
}

static enum cm_code run_patch(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct settings_write *write = arg;
    char percent[24];
    snprintf(percent, sizeof percent, "%lld", (long long)write->coverage_percent);
    enum cm_code code =
        put_if(store, write->given.school_name, SRV_SETTING_SCHOOL_NAME, write->school_name, err);
    if (code == CM_OK)
        code = put_if(store, write->given.timezone, SRV_SETTING_TIMEZONE, write->timezone, err);
    if (code == CM_OK)
        code = put_if(store, write->given.leaderboard, SRV_SETTING_LEADERBOARD,
                      write->leaderboard ? "1" : "0", err);
    if (code == CM_OK)
        code = put_if(store, write->given.coverage_percent, SRV_SETTING_COVERAGE_PERCENT, percent, err);
    if (code == CM_OK)
        code = put_if(store, write->given.points, SRV_SETTING_POINTS, write->points, err);
    return code;
}

static void answer_patch(struct srv_call_write *base)
{
    srv_live_changes(base->app->live);
    srv_live_changed(base->app->live, "settings", NULL, NULL);
    answer(base->call);
}

static bool check_zone(struct srv_call *call, const char *name)
{
    struct cm_zone *zone = NULL;
    struct cm_err err = CM_ERR_INIT;
    if (cm_zone_open(name, &zone, &err) != CM_OK) {
        srv_json_invalid(call, "timezone", "%s", err.msg);
        return false;
    }
    cm_zone_close(zone);
    return true;
}

static bool check_points(struct srv_call *call, const char *text)
{
    struct cm_points_rules rules;
    struct cm_err err = CM_ERR_INIT;
    if (cm_points_parse(text, &rules, &err) == CM_OK)
        return true;
    srv_json_invalid(call, "points", "%s", err.msg);
    return false;
}

static bool read_patch(struct srv_call *call, struct settings_write *write)
{
    const struct srv_json_field fields[] = {
        {.name = "school_name",
         .type = SRV_JSON_LINE,
         .ret = write->school_name,
         .size = sizeof write->school_name,
         .ret_given = &write->given.school_name},
        {.name = "timezone",
         .type = SRV_JSON_LINE,
         .min = 1,
         .ret = write->timezone,
         .size = sizeof write->timezone,
         .ret_given = &write->given.timezone},
        {.name = "leaderboard",
         .type = SRV_JSON_BOOL,
         .ret = &write->leaderboard,
         .ret_given = &write->given.leaderboard},
        {.name = "coverage_percent",
         .type = SRV_JSON_INT,
         .min = 1,
         .max = 100,
         .ret = &write->coverage_percent,
         .ret_given = &write->given.coverage_percent},
        {.name = "points",
         .type = SRV_JSON_LINE,
         .min = 1,
         .ret = write->points,
         .size = sizeof write->points,
         .ret_given = &write->given.points},
    };
    return SRV_JSON_BODY(call, fields) && (!write->given.timezone || check_zone(call, write->timezone)) &&
           (!write->given.points || check_points(call, write->points));
}

void srv_api_settings_patch(struct srv_call *call)
{
    struct settings_write *write = srv_call_write_create(call, sizeof *write, run_patch, answer_patch);
    if (write == NULL)
        return;
    if (read_patch(call, write))
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}
