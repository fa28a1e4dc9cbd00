/*
 * A school's calendar from a file: CSV or iCalendar (RFC 5545) to entries of the store's calendar (roll/calendar.h).
 *
 * CSV: a header and the columns date, label and, where there are any, to (the last day), class, kind (closed, short), start,
 * close_after. Other columns are passed over.
 *
 * iCalendar: an event of whole days is as many days without school. Events that recur are expanded (daily, weekly, monthly,
 * yearly; by day, month and day of the month), but for their EXDATEs and for occurrences that an event of their own replaces
 * (RECURRENCE-ID); cancelled ones do not count. An event with times counts only when it lasts from midnight to midnight in the
 * school's zone. What is not understood is left out with a note that says why and where; what is malformed is a problem, and
 * with one nothing is written.
 *
 * Entries are added and changed, never removed: what a person put there stays. Everything has a bound: bytes, events,
 * occurrences looked at, days. Reading is pure but for time zone files. Any thread.
 */
#ifndef SRV_CALENDAR_H
#define SRV_CALENDAR_H

#include "base/err.h"
#include "base/localdate.h"
#include "roll/calendar.h"
#include "store/store.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SRV_CALENDAR_BYTES_MAX = 2 * 1024 * 1024,
    SRV_CALENDAR_EVENTS_MAX = 5000,
    SRV_CALENDAR_STEPS_MAX = 200 * 1000, /* occurrences that are looked at, of all events together */
    SRV_CALENDAR_DAYS_MAX = 4000,        /* entries */
    SRV_CALENDAR_BACK_DAYS = 366,        /* what is longer ago, or further away, is left out */
    SRV_CALENDAR_AHEAD_DAYS = 3 * 366,
    SRV_CALENDAR_REMARKS_MAX = 50, /* that are kept; all are counted */
};

enum srv_calendar_format { SRV_CALENDAR_CSV, SRV_CALENDAR_ICALENDAR };
enum srv_calendar_change { SRV_CALENDAR_SAME, SRV_CALENDAR_ADDED, SRV_CALENDAR_CHANGED };

struct srv_calendar_entry {
    struct cm_closure closure;
    size_t line; /* of the file */
    enum srv_calendar_change change;
};
struct srv_calendar_remarks {
    struct {
        size_t line; /* 0: of the whole */
        char text[200];
    } list[SRV_CALENDAR_REMARKS_MAX];
    size_t count;
};
struct srv_calendar_plan {              /* {0} is empty */
    struct srv_calendar_entry *entries; /* in order of date and class, each once */
    size_t count, room;
    struct srv_calendar_remarks problems, notes;
    size_t added, changed;
};
struct srv_calendar_options {
    enum srv_calendar_format format;
    const struct cm_zone *zone; /* the school's */
    int32_t today;
    const char *class_id; /* of entries that name none; "" all classes */
};

/* "BEGIN:VCALENDAR" in front, or not. */
enum srv_calendar_format srv_calendar_guess(const char *text, size_t size);
/* CM_INVALID: not such a file at all, or too large. Problems are in the plan. */
enum cm_code srv_calendar_read(const char *text, size_t size, const struct srv_calendar_options *options,
                               struct srv_calendar_plan *plan, struct cm_err *err);
/* What each entry would change; entries of classes that there are not become problems. */
enum cm_code srv_calendar_compare(struct srv_store *store, struct srv_calendar_plan *plan,
                                  struct cm_err *err);
/* Within srv_store_write. CM_INVALID: the plan has problems, or one comes up now. */
enum cm_code srv_calendar_write(struct srv_store *store, struct srv_calendar_plan *plan, struct cm_err *err);
void srv_calendar_finish(struct srv_calendar_plan *plan);

#endif
