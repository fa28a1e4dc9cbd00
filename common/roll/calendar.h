/*
 * The school's calendar: days without school, and half days. Pure.
 *
 * An entry is of one date, for one class or for all. Of the two that may be there the class's own counts: a class may have an
 * exam on a day on which the others are at home. A half day (short) is a school day of a class that meets on that weekday, with
 * another start and another length; late_after is the class's own, but never beyond the close. It makes no school day of a
 * weekday on which the class does not meet.
 *
 * cm_day_of is the one place that says when a session is: station and server ask it alike.
 */
#ifndef CM_CALENDAR_H
#define CM_CALENDAR_H

#include "base/err.h"
#include "base/localdate.h"
#include "record/record.h"
#include "roll/session.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const char *cm_closure_kind_name(enum cm_closure_kind kind); /* "closed", "short" */
/* CM_INVALID: no date, an unknown kind, or the times of a half day that make no sense, without the date before it. */
enum cm_code cm_closure_check(const struct cm_closure *closure, struct cm_err *err);
/* The entry that counts for the class on the date; NULL: none. */
const struct cm_closure *cm_closure_of(const struct cm_closures *calendar, const char *class_id,
                                       int32_t date);

/* The session of a class (that was checked) on a date. closure: the entry that counts, or NULL; no_session: a person said
 * that there is none. */
struct cm_day cm_day_of(const struct cm_class *class_, const struct cm_closure *closure, bool no_session,
                        const struct cm_zone *zone, int32_t date);

#endif
