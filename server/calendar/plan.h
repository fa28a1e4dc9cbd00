/* How readers fill a plan. Private to this folder. */
#ifndef SRV_CALENDAR_PLAN_H
#define SRV_CALENDAR_PLAN_H

#include "calendar/calendar.h"

void srv_calendar_remark(struct srv_calendar_remarks *remarks, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The days first … last with what `closure` says; its date is not looked at. Days outside of the time that an import looks at
 * are left out. */
enum cm_code srv_calendar_add_days(struct srv_calendar_plan *plan, const struct srv_calendar_options *options,
                                   const struct cm_closure *closure, int32_t first, int32_t last, size_t line,
                                   struct cm_err *err);
/* A label of one line that fits; returns out. */
char *srv_calendar_label(const char *text, char out[CM_LABEL_SIZE]);

enum cm_code srv_calendar_read_csv(const char *text, size_t size, const struct srv_calendar_options *options,
                                   struct srv_calendar_plan *plan, struct cm_err *err);
enum cm_code srv_calendar_read_ical(const char *text, size_t size, const struct srv_calendar_options *options,
                                    struct srv_calendar_plan *plan, struct cm_err *err);

#endif
