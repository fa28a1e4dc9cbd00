/*
 * The nightly job: which absences are to be told. Class by class and date by date, in order.
 *
 * Every class has a cursor, the last date that was evaluated. From there the job goes on to `through` (yesterday, by the
 * school's clock), and stops at the first date whose session is not settled: the class is HELD there, and why, since when and
 * by which stations is kept. Nights that were missed are so made up for in order. A date is evaluated by its session; on a
 * day without school, or while the class has no students, there is nothing to evaluate and nothing to wait for.
 *
 * Evaluated are the students on the session's roll who were members of the class on that date, are still at the school, and
 * were neither present nor late: each by the rule (rule.h) for D = that date. Who is due gets an alert, and it a message for
 * the parent and one for each coordinator of the class who has an address, or else one for the school's number for
 * coordinators. A message without an address is failed from the start, so that somebody writes a letter.
 *
 * The last session that was evaluated is evaluated again at each run: what was corrected afterwards counts. Nothing is told
 * twice by it, for the rule sees what was told.
 *
 * A class begins on the day before its first session of which anything is known, no more than SRV_NIGHT_BACK_DAYS days back.
 * First of all, alerts that stand are held against the days once more (claim.h, srv_alerts_check_told): what was told and is not so
 * shows, and what nobody was told counts as never made.
 *
 * While alerts are switched off the cursors go on and nobody is told. What passed meanwhile is not made up for: once they are
 * switched on, the class goes on from its newest day, so a run is told only if it still goes on then; what waited to be sent
 * was taken back (claim.h). Nights that were missed because nothing ran, or because the class was held, are made up for in
 * order.
 *
 * What may have been told before the store was put back to a backup is unknown from the start (put_back.h).
 *
 * Everything that a part does depends on what it reads in its own write: run twice, or in two processes at once, or cut off
 * between two parts, it makes the same alerts once.
 */
#ifndef SRV_NIGHT_H
#define SRV_NIGHT_H

#include "alerts/rule.h"
#include "base/localdate.h"

enum {
    SRV_NIGHT_BACK_DAYS = 60,
    SRV_NIGHT_PART_CLASSES = 64,   /* of one write, at most … */
    SRV_NIGHT_PART_STUDENTS = 4000 /* … and until so many were on the rolls */
};

struct srv_night_options {
    const struct cm_zone *zone; /* the school's */
    int64_t now_ms;
    int32_t through_date;          /* 0: yesterday; never later than that */
    const char *coordinator_phone; /* NULL or "": none */
};
struct srv_night_totals {
    int32_t classes, held, students, alerts, messages;
    int32_t taken_back; /* alerts that the days contradict by now */
};

struct srv_night;
/* Reads which classes there are. CM_INVALID: a date that has not ended. */
enum cm_code srv_night_begin(struct srv_store *store, const struct srv_night_options *options,
                             struct srv_night **ret_night, struct cm_err *err);
bool srv_night_is_done(const struct srv_night *night);
/* The next part: a srv_store_fn for srv_store_write, with the night as arg. It may run more than once. */
enum cm_code srv_night_part(struct srv_store *store, void *night, struct cm_err *err);
/* The part's write is committed. */
void srv_night_committed(struct srv_night *night);
struct srv_night_totals srv_night_totals_of(const struct srv_night *night);
void srv_night_destroy(struct srv_night *night);
/* All parts, each in a write of its own: for commands and tests. ret_totals may be NULL. */
enum cm_code srv_night_run(struct srv_store *store, const struct srv_night_options *options,
                           struct srv_night_totals *ret_totals, struct cm_err *err);

/* Why the class is held, and what to do, as a sentence that names the stations. Returns out. */
enum { SRV_HOLD_TEXT_SIZE = 4 * CM_NAME_SIZE };
char *srv_night_hold_text(struct srv_store *store, const struct cm_zone *zone,
                          const struct srv_alert_cursor *cursor, char out[static SRV_HOLD_TEXT_SIZE]);

/* ---- a dry run: the same, and nothing is written ---- */
struct srv_night_line {
    const char *class_id;
    int32_t date;
    const char *student_id; /* NULL: the class is held on that date */
    const char *student_name;
    const struct srv_decision *decision; /* NULL with a student: he is not told of, for the reason in text */
    const char *text;
};
typedef void srv_night_line_fn(void *arg, const struct srv_night_line *line);
/* A line for every student of every session that has anybody who was neither present nor late, and for every class that is
 * held. A through_date that was evaluated already is evaluated once more, alone. */
enum cm_code srv_night_dry_run(struct srv_store *store, const struct srv_night_options *options,
                               srv_night_line_fn *show, void *arg, struct srv_night_totals *ret_totals,
                               struct cm_err *err);

/* ---- "why was nobody told?" ---- */
struct srv_why {
    struct srv_decision decision;   /* the rule's, for that date */
    bool settled_that_far;          /* the class's cursor reached the date */
    bool enabled, member;           /* alerts are switched on; the student is one who would be told of */
    struct srv_alert_cursor cursor; /* date 0: the class was never evaluated */
    char text[SRV_RULE_TEXT_SIZE * 2];
};
/* CM_NOTFOUND: no such student. */
enum cm_code srv_night_why(struct srv_store *store, const char *student_id, int32_t date,
                           struct srv_why *ret_why, struct cm_err *err);

#endif
