/*
 * The school's settings about alerts (store/settings.h), read together; what was never put has its default.
 */
#ifndef SRV_TERMS_H
#define SRV_TERMS_H

#include "alerts/rule.h"
#include "base/localdate.h"

enum {
    SRV_ALERT_DAYS_LEAST = 2,
    SRV_ALERT_DAYS_MOST = 30,
    SRV_ALERT_REPEAT_LEAST = 1,
    SRV_ALERT_REPEAT_MOST = 60,
};

struct srv_send_hours {
    int32_t from_minute, to_minute; /* of the day; to_minute is the first at which none leave any more */
};
struct srv_alert_terms {
    bool enabled;
    struct srv_rule_settings rule;
    struct srv_send_hours hours;
};
/* A value that makes no sense is taken as the default. */
enum cm_code srv_alert_terms_load(struct srv_store *store, struct srv_alert_terms *ret_terms,
                                  struct cm_err *err);

/* Pure: may messages leave at that instant? Else *ret_from_wall_ms (may be NULL) is when they may next. */
bool srv_alerts_may_leave(const struct srv_send_hours *hours, const struct cm_zone *zone, int64_t now_ms,
                          int64_t *ret_from_wall_ms);

#endif
