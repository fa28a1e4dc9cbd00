#include "roll/session.h"

#include "roll/calendar.h"
#include <stdio.h>

static const int64_t minute_ms = 60 * 1000;

enum { MINUTES_A_DAY = 24 * 60, DAYS_A_WEEK = 7 };

enum cm_code cm_class_check(const struct cm_class *class_, struct cm_err *err)
{
    if (class_->id[0] == '\0')
        return cm_fail(err, CM_INVALID, "a class needs an id");
    if (class_->start_minute < 0 || class_->start_minute >= MINUTES_A_DAY)
        return cm_fail(err, CM_INVALID, "start must be between 00:00 and 23:59");
    if (class_->close_after_min < 1 || class_->close_after_min > MINUTES_A_DAY)
        return cm_fail(err, CM_INVALID, "close_after must be 1 to %d minutes, not %d", MINUTES_A_DAY,
                       class_->close_after_min);
    if (class_->late_after_min < 0 || class_->late_after_min > class_->close_after_min)
        return cm_fail(err, CM_INVALID, "late_after must be 0 to close_after (%d) minutes, not %d",
                       class_->close_after_min, class_->late_after_min);
    if (class_->start_minute + class_->close_after_min > MINUTES_A_DAY) {
        char start[CM_MINUTE_TEXT_SIZE];
        return cm_fail(err, CM_INVALID,
                       "the session would cross midnight: %s and %d minutes; close_after can be %d at most",
                       cm_minute_text(class_->start_minute, start), class_->close_after_min,
                       MINUTES_A_DAY - class_->start_minute);
    }
    if (class_->weekdays == 0 || (class_->weekdays & ~(uint32_t)CM_WEEKDAYS_ALL) != 0)
        return cm_fail(err, CM_INVALID, "weekdays must name at least one day");
    return CM_OK;
}

struct cm_session cm_session_of(const struct cm_class *class_, const struct cm_zone *zone, int32_t date)
{
    int64_t start_wall_ms = cm_zone_instant(zone, date, class_->start_minute);
    return (struct cm_session){
        .date = date,
        .opens_wall_ms = start_wall_ms - CM_SESSION_OPENS_BEFORE_MIN * minute_ms,
        .start_wall_ms = start_wall_ms,
        .late_wall_ms = start_wall_ms + class_->late_after_min * minute_ms,
        .close_wall_ms = start_wall_ms + class_->close_after_min * minute_ms,
    };
}

bool cm_class_meets(const struct cm_class *class_, int32_t date)
{
    return (class_->weekdays >> cm_date_weekday(date) & 1) != 0;
}

bool cm_session_contains(const struct cm_session *session, int64_t wall_ms)
{
    return wall_ms >= session->opens_wall_ms && wall_ms < session->close_wall_ms;
}

/* False also on a date that the zone skipped. */
static bool takes_place(const struct cm_class *class_, const struct cm_closures *calendar,
                        const struct cm_zone *zone, int32_t date, struct cm_session *ret_session)
{
    struct cm_day day = cm_day_of(class_, cm_closure_of(calendar, class_->id, date), false, zone, date);
    *ret_session = day.times;
    return day.kind == CM_DAY_SCHOOL;
}

enum cm_session_state cm_session_at(const struct cm_class *class_, const struct cm_closures *calendar,
                                    const struct cm_zone *zone, int64_t wall_ms,
                                    struct cm_session *ret_session)
{
    int32_t today = cm_zone_date(zone, wall_ms);
    /* Yesterday's too: on the day on which clocks go forward, a session up to midnight ends after it. */
    for (int32_t day = -1; day <= 1; day++) {
        int32_t date = cm_date_add(today, day);
        struct cm_session session;
        if (!takes_place(class_, calendar, zone, date, &session) || !cm_session_contains(&session, wall_ms))
            continue;
        if (ret_session != NULL)
            *ret_session = session;
        return CM_SESSION_OPEN;
    }
    struct cm_session session;
    if (!takes_place(class_, calendar, zone, today, &session))
        return CM_SESSION_NOT_TODAY;
    if (ret_session != NULL)
        *ret_session = session;
    return wall_ms < session.opens_wall_ms ? CM_SESSION_BEFORE : CM_SESSION_CLOSED;
}

bool cm_session_next(const struct cm_class *class_, const struct cm_closures *calendar,
                     const struct cm_zone *zone, int64_t wall_ms, struct cm_session *ret_session)
{
    int32_t today = cm_zone_date(zone, wall_ms);
    for (int32_t day = 0; day <= CM_SESSION_NEXT_DAYS && class_->weekdays != 0; day++) {
        int32_t date = cm_date_add(today, day);
        struct cm_session session;
        if (!cm_class_meets(class_, date) || !takes_place(class_, calendar, zone, date, &session) ||
            session.opens_wall_ms <= wall_ms)
            continue;
        *ret_session = session;
        return true;
    }
    return false;
}

/* "08:15", "Mon 08:15" or "Mon 30 Nov 08:15": as much of the instant as leaves no doubt, seen from `today`.
 */
static void instant_text(const struct cm_zone *zone, int64_t wall_ms, int32_t today, char *out,
                         size_t out_size)
{
    struct cm_local local = cm_zone_local(zone, wall_ms);
    char time[CM_MINUTE_TEXT_SIZE], day[CM_DATE_SHORT_SIZE];
    cm_minute_text(local.minute, time);
    int32_t days = cm_date_days_between(today, local.date);
    if (days == 0)
        snprintf(out, out_size, "%s", time);
    else if (days > 0 && days < DAYS_A_WEEK)
        snprintf(out, out_size, "%s %s", cm_weekday_name(local.weekday), time);
    else
        snprintf(out, out_size, "%s %s", cm_date_short(local.date, day), time);
}

/* "now", or "today (Diwali)". */
static void when_not(const struct cm_class *class_, const struct cm_closures *calendar, int32_t today,
                     char *out, size_t out_size)
{
    const struct cm_closure *closure = cm_closure_of(calendar, class_->id, today);
    if (closure == NULL || closure->kind != CM_CLOSURE_CLOSED)
        snprintf(out, out_size, "now");
    else if (closure->label[0] == '\0')
        snprintf(out, out_size, "today");
    else
        snprintf(out, out_size, "today (%s)", closure->label);
}

char *cm_session_text(const struct cm_class *class_, const struct cm_closures *calendar,
                      const struct cm_zone *zone, int64_t wall_ms, char out[static CM_SESSION_TEXT_SIZE])
{
    int32_t today = cm_zone_date(zone, wall_ms);
    struct cm_session session;
    char when[32], not_now[CM_LABEL_SIZE + 16];
    if (cm_session_at(class_, calendar, zone, wall_ms, &session) == CM_SESSION_OPEN) {
        instant_text(zone, session.close_wall_ms, today, when, sizeof when);
        snprintf(out, CM_SESSION_TEXT_SIZE, "%s is open until %s", class_->id, when);
        return out;
    }
    when_not(class_, calendar, today, not_now, sizeof not_now);
    if (cm_session_next(class_, calendar, zone, wall_ms, &session)) {
        instant_text(zone, session.opens_wall_ms, today, when, sizeof when);
        snprintf(out, CM_SESSION_TEXT_SIZE, "%s has no session %s; the next opens %s", class_->id, not_now,
                 when);
    } else if (class_->weekdays == 0) {
        snprintf(out, CM_SESSION_TEXT_SIZE, "%s has no session: it meets on no weekday", class_->id);
    } else {
        snprintf(out, CM_SESSION_TEXT_SIZE, "%s has no session %s, nor in the next %d days", class_->id,
                 not_now, (int)CM_SESSION_NEXT_DAYS);
    }
    return out;
}

enum cm_roll_status cm_session_status(const struct cm_session *session, int64_t captured_wall_ms,
                                      bool clock_suspect)
{
    if (clock_suspect)
        return CM_ROLL_PENDING;
    return captured_wall_ms <= session->late_wall_ms ? CM_ROLL_PRESENT : CM_ROLL_LATE;
}
