#include "alerts/terms.h"

#include "store/settings.h"
#include <stdlib.h>
#include <string.h>

static enum cm_code get(struct srv_store *store, const char *name, char ret_value[SRV_SETTING_SIZE],
                        struct cm_err *err)
{
    enum cm_code code = srv_store_get_setting(store, name, ret_value, err);
    if (code == CM_NOTFOUND)
        ret_value[0] = '\0';
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code number(struct srv_store *store, const char *name, int32_t least, int32_t most,
                           int32_t otherwise, int32_t *ret_number, struct cm_err *err)
{
    char value[SRV_SETTING_SIZE], *end;
    enum cm_code code = get(store, name, value, err);
    if (code != CM_OK)
        return code;
    long found = strtol(value, &end, 10);
    bool sound = value[0] != '\0' && *end == '\0' && found >= least && found <= most;
    *ret_number = sound ? (int32_t)found : otherwise;
    return CM_OK;
}

static enum cm_code minute(struct srv_store *store, const char *name, int32_t otherwise, int32_t *ret_minute,
                           struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = get(store, name, value, err);
    if (code == CM_OK && cm_minute_parse(value, ret_minute, NULL) != CM_OK)
        *ret_minute = otherwise;
    return code;
}

enum cm_code srv_alert_terms_load(struct srv_store *store, struct srv_alert_terms *ret_terms,
                                  struct cm_err *err)
{
    struct srv_alert_terms terms;
    char enabled[SRV_SETTING_SIZE];
    enum cm_code code = get(store, SRV_SETTING_ALERTS_ENABLED, enabled, err);
    terms.enabled = code == CM_OK && strcmp(enabled, "0") != 0;
    if (code == CM_OK)
        code = number(store, SRV_SETTING_ALERT_DAYS, SRV_ALERT_DAYS_LEAST, SRV_ALERT_DAYS_MOST,
                      SRV_ALERT_DAYS_DEFAULT, &terms.rule.alert_days, err);
    if (code == CM_OK)
        code = number(store, SRV_SETTING_ALERT_REPEAT, SRV_ALERT_REPEAT_LEAST, SRV_ALERT_REPEAT_MOST,
                      SRV_ALERT_REPEAT_DEFAULT, &terms.rule.repeat_days, err);
    if (code == CM_OK)
        code = minute(store, SRV_SETTING_SEND_FROM, SRV_SEND_FROM_DEFAULT, &terms.hours.from_minute, err);
    if (code == CM_OK)
        code = minute(store, SRV_SETTING_SEND_TO, SRV_SEND_TO_DEFAULT, &terms.hours.to_minute, err);
    if (code != CM_OK)
        return code;
    if (terms.hours.from_minute >= terms.hours.to_minute)
        terms.hours = (struct srv_send_hours){SRV_SEND_FROM_DEFAULT, SRV_SEND_TO_DEFAULT};
    *ret_terms = terms;
    return CM_OK;
}

bool srv_alerts_may_leave(const struct srv_send_hours *hours, const struct cm_zone *zone, int64_t now_ms,
                          int64_t *ret_from_wall_ms)
{
    struct cm_local local = cm_zone_local(zone, now_ms);
    bool may = local.minute >= hours->from_minute && local.minute < hours->to_minute;
    int32_t date = local.minute < hours->from_minute ? local.date : cm_date_add(local.date, 1);
    if (!may && ret_from_wall_ms != NULL)
        *ret_from_wall_ms = cm_zone_instant(zone, date, hours->from_minute);
    return may;
}
