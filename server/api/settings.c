/* GET and PATCH /api/settings */
#include "api/settings.h"

#include "alerts/terms.h"
#include "api/api.h"
#include "api/handlers.h"
#include "http_json/json.h"
#include "live/live.h"
#include "notify/notify.h"
#include "roster/fields.h"
#include "store/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cm_code srv_settings_leaderboard(struct srv_store *store, bool *ret_enabled, struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = srv_setting_or(store, SRV_SETTING_LEADERBOARD, "1", value, err);
    if (code == CM_OK)
        *ret_enabled = strcmp(value, "0") != 0;
    return code;
}

struct values {
    char school_name[SRV_SETTING_SIZE], timezone[SRV_SETTING_SIZE], coverage[SRV_SETTING_SIZE];
    char points[CM_POINTS_SETTING_SIZE];
    char phone_country[4];
    char consent_text[SRV_SETTING_SIZE];
    bool leaderboard, consent_required, card_for_all;
    struct srv_alert_terms alerts;
};

static enum cm_code load(const struct srv_app *app, struct values *values, struct cm_err *err)
{
    char coverage[16];
    snprintf(coverage, sizeof coverage, "%d", SRV_COVERAGE_PERCENT_DEFAULT);
    enum cm_code code = srv_setting_or(app->store, SRV_SETTING_SCHOOL_NAME, "", values->school_name, err);
    if (code == CM_OK)
        code =
            srv_setting_or(app->store, SRV_SETTING_TIMEZONE, cm_zone_name(app->zone), values->timezone, err);
    if (code == CM_OK)
        code = srv_setting_or(app->store, SRV_SETTING_COVERAGE_PERCENT, coverage, values->coverage, err);
    if (code == CM_OK)
        code = srv_alert_terms_load(app->store, &values->alerts, err);
    srv_setting_phone_country(app->store, values->phone_country);
    struct cm_points_rules rules;
    if (code == CM_OK)
        code = srv_store_get_points(app->store, &rules, err);
    if (code == CM_OK)
        cm_points_format(&rules, values->points);
    if (code == CM_OK)
        code = srv_setting_or(app->store, SRV_SETTING_CONSENT_TEXT, "", values->consent_text, err);
    if (code == CM_OK)
        code =
            srv_setting_flag(app->store, SRV_SETTING_CONSENT_REQUIRED, true, &values->consent_required, err);
    if (code == CM_OK)
        code = srv_setting_flag(app->store, SRV_SETTING_CARD_FOR_ALL, false, &values->card_for_all, err);
    return code == CM_OK ? srv_settings_leaderboard(app->store, &values->leaderboard, err) : code;
}

static void put_templates(struct srv_reply *out, const struct srv_notify *notify)
{
    srv_reply_list(out, "templates");
    for (int i = 0; notify != NULL && i < SRV_LETTER_KINDS; i++) {
        const struct srv_notify_template *template = srv_notify_template(notify, (enum srv_letter_kind)i);
        if (template == NULL)
            break;
        srv_reply_begin(out, NULL);
        srv_reply_text(out, "kind", srv_letter_kind_name((enum srv_letter_kind)i));
        srv_reply_text(out, "name", template->name);
        srv_reply_text(out, "language", template->language);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

static void put_messages(struct srv_reply *out, const struct srv_app *app)
{
    struct srv_notify_status status = {.channel = SRV_CHANNEL_NONE};
    if (app->notify != NULL)
        srv_notify_status(app->notify, &status);
    srv_reply_begin(out, "messages");
    srv_reply_text(out, "provider", srv_notify_channel_name(status.channel));
    srv_reply_instant(out, "trouble_since", app->zone, status.trouble_wall_ms);
    srv_reply_words(out, "trouble", status.trouble);
    if (status.trouble_code != 0)
        srv_reply_int(out, "trouble_code", status.trouble_code);
    else
        srv_reply_null(out, "trouble_code");
    srv_reply_bool(out, "needs_admin", status.admin);
    put_templates(out, app->notify);
    srv_reply_end(out);
}

static void put_alerts(struct srv_reply *out, const struct srv_alert_terms *terms)
{
    srv_reply_bool(out, "alerts_enabled", terms->enabled);
    srv_reply_int(out, "alert_days", terms->rule.alert_days);
    srv_reply_int(out, "alert_repeat_days", terms->rule.repeat_days);
    srv_reply_minute(out, "send_from", terms->hours.from_minute);
    srv_reply_minute(out, "send_to", terms->hours.to_minute);
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
    srv_reply_text(&out, "phone_country", values.phone_country);
    put_messages(&out, app);
    put_alerts(&out, &values.alerts);
    srv_reply_bool(&out, "consent_required", values.consent_required);
    srv_reply_text(&out, "consent_text_version", values.consent_text);
    srv_reply_bool(&out, "card_for_all", values.card_for_all);
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
    char school_name[CM_NAME_SIZE], timezone[CM_ZONE_NAME_SIZE], phone_country[4];
    char consent_text[sizeof((struct cm_consent){0}.text_version)];
    bool leaderboard, consent_required, card_for_all;
    int64_t coverage_percent, alert_days, alert_repeat_days;
    bool alerts_enabled;
    char points[CM_POINTS_SETTING_SIZE];
    char send_from[CM_MINUTE_TEXT_SIZE], send_to[CM_MINUTE_TEXT_SIZE];
    struct {
        bool school_name, timezone, leaderboard, coverage_percent, phone_country, points;
        bool consent_required, consent_text, card_for_all;
        bool alerts_enabled, alert_days, alert_repeat_days, send_from, send_to;
    } given;
};

static enum cm_code put_if(struct srv_store *store, bool given, const char *name, const char *value,
                           struct cm_err *err)
{
    return given ? srv_store_put_setting(store, name, value, err) : CM_OK;
}

static enum cm_code put_number_if(struct srv_store *store, bool given, const char *name, int64_t number,
                                  struct cm_err *err)
{
    char value[24];
    snprintf(value, sizeof value, "%lld", (long long)number);
    return put_if(store, given, name, value, err);
}

/* What is not given stays, and both must make sense together. */
static enum cm_code check_hours(struct srv_store *store, struct settings_write *write, struct cm_err *err)
{
    struct srv_alert_terms terms;
    enum cm_code code = srv_alert_terms_load(store, &terms, err);
    if (code != CM_OK)
        return code;
    if (write->given.send_from)
        cm_minute_parse(write->send_from, &terms.hours.from_minute, NULL);
    if (write->given.send_to)
        cm_minute_parse(write->send_to, &terms.hours.to_minute, NULL);
    if (terms.hours.from_minute < terms.hours.to_minute)
        return CM_OK;
    write->base.refusal =
        (struct srv_refusal){422, "invalid", write->given.send_to ? "send_to" : "send_from"};
    return cm_fail(err, CM_INVALID, "messages must be able to leave from one time to a later one");
}

static enum cm_code patch_alerts(struct srv_store *store, struct settings_write *write, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    if (write->given.send_from || write->given.send_to)
        code = check_hours(store, write, err);
    if (code == CM_OK)
        code = put_if(store, write->given.alerts_enabled, SRV_SETTING_ALERTS_ENABLED,
                      write->alerts_enabled ? "1" : "0", err);
    if (code == CM_OK)
        code = put_number_if(store, write->given.alert_days, SRV_SETTING_ALERT_DAYS, write->alert_days, err);
    if (code == CM_OK)
        code = put_number_if(store, write->given.alert_repeat_days, SRV_SETTING_ALERT_REPEAT,
                             write->alert_repeat_days, err);
    if (code == CM_OK)
        code = put_if(store, write->given.send_from, SRV_SETTING_SEND_FROM, write->send_from, err);
    return code == CM_OK ? put_if(store, write->given.send_to, SRV_SETTING_SEND_TO, write->send_to, err)
                         : code;
}

static enum cm_code run_patch(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct settings_write *write = arg;
    enum cm_code code = patch_alerts(store, write, err); /* what may be refused comes first */
    if (code == CM_OK)
        code = put_if(store, write->given.school_name, SRV_SETTING_SCHOOL_NAME, write->school_name, err);
    if (code == CM_OK)
        code = put_if(store, write->given.timezone, SRV_SETTING_TIMEZONE, write->timezone, err);
    if (code == CM_OK)
        code = put_if(store, write->given.leaderboard, SRV_SETTING_LEADERBOARD,
                      write->leaderboard ? "1" : "0", err);
    if (code == CM_OK)
        code = put_number_if(store, write->given.coverage_percent, SRV_SETTING_COVERAGE_PERCENT,
                             write->coverage_percent, err);
    if (code == CM_OK)
        code =
            put_if(store, write->given.phone_country, SRV_SETTING_PHONE_COUNTRY, write->phone_country, err);
    if (code == CM_OK)
        code = put_if(store, write->given.points, SRV_SETTING_POINTS, write->points, err);
    if (code == CM_OK)
        code = put_if(store, write->given.consent_required, SRV_SETTING_CONSENT_REQUIRED,
                      write->consent_required ? "1" : "0", err);
    if (code == CM_OK)
        code = put_if(store, write->given.consent_text, SRV_SETTING_CONSENT_TEXT, write->consent_text, err);
    if (code == CM_OK)
        code = put_if(store, write->given.card_for_all, SRV_SETTING_CARD_FOR_ALL,
                      write->card_for_all ? "1" : "0", err);
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

static bool check_country(struct srv_call *call, const char *country)
{
    if (!cm_phone_country_fine(country))
        srv_json_invalid(call, "phone_country", "the code of the country is 1 to 3 digits, such as 91");
    return cm_phone_country_fine(country);
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

static bool check_minute(struct srv_call *call, const char *field, const char *text)
{
    int32_t minute;
    if (cm_minute_parse(text, &minute, NULL) == CM_OK)
        return true;
    srv_json_invalid(call, field, "a time of day is written as 07:00");
    return false;
}

static bool read_patch(struct srv_call *call, struct settings_write *write)
{
    const struct srv_json_field fields[] = {
        {.name = "school_name",
         .type = SRV_JSON_LINE,
         .ret = write->school_name,
         .size = sizeof write->school_name,
         .max = CM_NAME_CHARS,
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
        {.name = "phone_country",
         .type = SRV_JSON_LINE,
         .min = 1,
         .ret = write->phone_country,
         .size = sizeof write->phone_country,
         .ret_given = &write->given.phone_country},
        {.name = "alerts_enabled",
         .type = SRV_JSON_BOOL,
         .ret = &write->alerts_enabled,
         .ret_given = &write->given.alerts_enabled},
        {.name = "alert_days",
         .type = SRV_JSON_INT,
         .min = SRV_ALERT_DAYS_LEAST,
         .max = SRV_ALERT_DAYS_MOST,
         .ret = &write->alert_days,
         .ret_given = &write->given.alert_days},
        {.name = "alert_repeat_days",
         .type = SRV_JSON_INT,
         .min = SRV_ALERT_REPEAT_LEAST,
         .max = SRV_ALERT_REPEAT_MOST,
         .ret = &write->alert_repeat_days,
         .ret_given = &write->given.alert_repeat_days},
        {.name = "send_from",
         .type = SRV_JSON_LINE,
         .ret = write->send_from,
         .size = sizeof write->send_from,
         .ret_given = &write->given.send_from},
        {.name = "send_to",
         .type = SRV_JSON_LINE,
         .ret = write->send_to,
         .size = sizeof write->send_to,
         .ret_given = &write->given.send_to},
        {.name = "consent_required",
         .type = SRV_JSON_BOOL,
         .ret = &write->consent_required,
         .ret_given = &write->given.consent_required},
        {.name = "consent_text_version",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = write->consent_text,
         .size = sizeof write->consent_text,
         .ret_given = &write->given.consent_text},
        {.name = "card_for_all",
         .type = SRV_JSON_BOOL,
         .ret = &write->card_for_all,
         .ret_given = &write->given.card_for_all},
    };
    return SRV_JSON_BODY(call, fields) && (!write->given.timezone || check_zone(call, write->timezone)) &&
           (!write->given.points || check_points(call, write->points)) &&
           (!write->given.phone_country || check_country(call, write->phone_country)) &&
           (!write->given.send_from || check_minute(call, "send_from", write->send_from)) &&
           (!write->given.send_to || check_minute(call, "send_to", write->send_to));
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
