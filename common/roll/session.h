/*
 * Sessions: one class on one local date, the time in which marks count. Pure: class, zone and instant in,
 * values out.
 *
 *      opens              start            late                  close
 *        |--- on time ------|--- on time ----|------- late --------|
 *     30 min before                     late_after_min        close_after_min
 *
 * - `start` is the class's minute on the wall of the school; the others are that many minutes of real time
 * away from it, so a change of the clocks never bends a session or turns its order round.
 * - A session holds its first instant and not its last: at `close` it is over. A mark captured exactly at
 * `late` is still on time: "late after 10 minutes" begins with the first millisecond beyond.
 * - A session ends on the date on which it starts (cm_class_check refuses another). Opening early may reach
 * into the evening before.
 */
#ifndef CM_SESSION_H
#define CM_SESSION_H

#include "base/err.h"
#include "base/localdate.h"
#include "record/record.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CM_SESSION_OPENS_BEFORE_MIN = 30, /* who comes earlier than this is not there for the session */
    CM_SESSION_TEXT_SIZE = 288,
    CM_SESSION_NEXT_DAYS = 120, /* no holidays are longer */
    CM_WEEKDAYS_ALL = 0x7f,
};

/* ---- the calendar (roll/calendar.h tells its rules) ---- */
enum cm_closure_kind {
    CM_CLOSURE_CLOSED = 0, /* no school */
    CM_CLOSURE_SHORT = 1,  /* a half day */
};
struct cm_closure { /* one day that is not like the others */
    int32_t date;
    char class_id[CM_ID_SIZE]; /* empty: all */
    char label[CM_LABEL_SIZE]; /* "Diwali" */
    enum cm_closure_kind kind;
    int32_t start_minute, close_after_min; /* of a half day */
};
struct cm_closures { /* borrowed; in any order */
    const struct cm_closure *list;
    size_t count;
};

struct cm_session {
    int32_t date;
    int64_t opens_wall_ms, start_wall_ms, late_wall_ms, close_wall_ms;
};

/* A class whose times make sense: start within the day, late_after not after close_after, the session over by
 * 24:00, at least one weekday. CM_INVALID with the first thing that is wrong, without the class's name before
 * it. */
enum cm_code cm_class_check(const struct cm_class *class_, struct cm_err *err);

enum cm_day_kind {
    CM_DAY_OFF,    /* the class does not meet on this weekday */
    CM_DAY_SCHOOL, /* also a half day */
    CM_DAY_CLOSED, /* by the calendar, or a person said so: what is seen on it counts for nothing */
};
struct cm_day { /* of a class on a date (cm_day_of) */
    enum cm_day_kind kind;
    struct cm_session times; /* also of a day without school */
};

/* For a class that was checked, on a day like any other. Does not ask whether the class meets on that date. */
struct cm_session cm_session_of(const struct cm_class *class_, const struct cm_zone *zone, int32_t date);
bool cm_class_meets(const struct cm_class *class_, int32_t date);
bool cm_session_contains(const struct cm_session *session, int64_t wall_ms);

enum cm_session_state {
    CM_SESSION_NOT_TODAY, /* the class does not meet today */
    CM_SESSION_BEFORE,    /* later today */
    CM_SESSION_OPEN,
    CM_SESSION_CLOSED, /* today's is over */
};

/* `calendar` of the following may be NULL. */
/* The state at an instant and the session that it speaks of: the open one, or today's. *ret_session (may be
 * NULL) is untouched when the class does not meet today. The open session's date may be tomorrow's (class at
 * 00:10, now 23:50); of two that overlap there it is the earlier. */
enum cm_session_state cm_session_at(const struct cm_class *class_, const struct cm_closures *calendar,
                                    const struct cm_zone *zone, int64_t wall_ms,
                                    struct cm_session *ret_session);
/* The next session that opens after the instant, within CM_SESSION_NEXT_DAYS. False when there is none. */
bool cm_session_next(const struct cm_class *class_, const struct cm_closures *calendar,
                     const struct cm_zone *zone, int64_t wall_ms, struct cm_session *ret_session);

/* A sentence for a person: "10-B is open until 10:00", "10-B has no session now; the next opens Mon 08:15", "10-B has no
 * session today (Diwali); the next opens …". The day is left out when it is today and gets its date when it is a week or
 * more away. Returns out. */
char *cm_session_text(const struct cm_class *class_, const struct cm_closures *calendar,
                      const struct cm_zone *zone, int64_t wall_ms, char out[static CM_SESSION_TEXT_SIZE]);

/* What a mark means by its time: present, late, or pending while the clock was suspect (a person decides: a
 * wrong clock makes nobody late). Times outside of the session are judged alike; whether they count is
 * cm_session_contains. */
enum cm_roll_status cm_session_status(const struct cm_session *session, int64_t captured_wall_ms,
                                      bool clock_suspect);

#endif
