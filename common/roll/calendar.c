#include "roll/calendar.h"

#include <string.h>

enum { MINUTES_A_DAY = 24 * 60 };

const char *cm_closure_kind_name(enum cm_closure_kind kind)
{
    return kind == CM_CLOSURE_SHORT ? "short" : "closed";
}

enum cm_code cm_closure_check(const struct cm_closure *closure, struct cm_err *err)
{
    if (!cm_date_valid(closure->date))
        return cm_fail(err, CM_INVALID, "%d is not a date", (int)closure->date);
    if (closure->kind == CM_CLOSURE_CLOSED)
        return CM_OK;
    if (closure->kind != CM_CLOSURE_SHORT)
        return cm_fail(err, CM_INVALID, "a day is closed or short");
    if (closure->start_minute < 0 || closure->start_minute >= MINUTES_A_DAY)
        return cm_fail(err, CM_INVALID, "start must be between 00:00 and 23:59");
    if (closure->close_after_min < 1 || closure->start_minute + closure->close_after_min > MINUTES_A_DAY)
        return cm_fail(err, CM_INVALID,
                       "close_after must be 1 to %d minutes, so that the session ends by midnight",
                       MINUTES_A_DAY - closure->start_minute);
    return CM_OK;
}

const struct cm_closure *cm_closure_of(const struct cm_closures *calendar, const char *class_id, int32_t date)
{
    const struct cm_closure *all = NULL;
    for (size_t i = 0; calendar != NULL && i < calendar->count; i++) {
        const struct cm_closure *closure = &calendar->list[i];
        if (closure->date != date)
            continue;
        if (strcmp(closure->class_id, class_id) == 0)
            return closure;
        if (closure->class_id[0] == '\0')
            all = closure;
    }
    return all;
}

static struct cm_session times_of(const struct cm_class *class_, const struct cm_closure *closure,
                                  const struct cm_zone *zone, int32_t date)
{
    if (closure == NULL || closure->kind != CM_CLOSURE_SHORT)
        return cm_session_of(class_, zone, date);
    struct cm_class short_ = *class_;
    short_.start_minute = closure->start_minute;
    short_.close_after_min = closure->close_after_min;
    if (short_.late_after_min > short_.close_after_min)
        short_.late_after_min = short_.close_after_min;
    return cm_session_of(&short_, zone, date);
}

struct cm_day cm_day_of(const struct cm_class *class_, const struct cm_closure *closure, bool no_session,
                        const struct cm_zone *zone, int32_t date)
{
    struct cm_day day = {.kind = CM_DAY_SCHOOL, .times = times_of(class_, closure, zone, date)};
    if (no_session || (closure != NULL && closure->kind == CM_CLOSURE_CLOSED))
        day.kind = CM_DAY_CLOSED;
    else if (!cm_class_meets(class_, date) || cm_zone_date(zone, day.times.start_wall_ms) != date)
        day.kind = CM_DAY_OFF; /* Apia has no 30 December 2011: its times are those of the next date */
    return day;
}
