/*
 * From events to what the roll says. Pure, and the only place that knows how events merge:
 *
 * - the first mark of a session counts: the earliest captured, of two at one instant the smaller event id;
 * - a correction by a person wins over every mark, whenever the mark was captured;
 * - of several corrections the latest counts, of two at one instant the larger event id.
 *
 * So the order in which events arrive, and how often, never matters. Points follow from the outcome: a
 * correction recomputes them, with what the mark says about the first try and eye contact where there is a
 * mark. Who was not seen at all is absent in a closed session, unjudged in an unjudged one, and not yet anything in an open
 * one; on a day without school (by the calendar, or a person said so) nothing counts, neither for nor against anybody.
 */
#ifndef CM_ROLL_H
#define CM_ROLL_H

#include "base/localdate.h"
#include "record/record.h"
#include "roll/evidence.h"
#include "roll/judge.h"
#include "roll/points.h"
#include "roll/session.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A roll entry: what the roll says of one student in one session, derived from the events. */
struct cm_roll_entry {
    char student_id[CM_ID_SIZE];
    char class_id[CM_ID_SIZE];
    int32_t date;
    enum cm_roll_status status;
    int32_t points;
    int64_t captured_wall_ms; /* of the first mark; 0 when there is none (a correction alone) */
    uint64_t mark_seq;        /* 0: none */
    uint64_t correction_seq;  /* 0: none */
};

/* What a student's evidence comes to in a session: the one place that says it, for server and station. */
struct cm_outcome {
    enum cm_roll_status status;
    int32_t points;
};
/* times: of the class on that date; NULL: unknown, then nobody is late. member: he is of the class, so that he can be absent. */
struct cm_outcome cm_roll_outcome(const struct cm_evidence *evidence, const struct cm_session *times,
                                  enum cm_day_kind day, enum cm_verdict verdict, bool member,
                                  const struct cm_points_rules *points);

/* What a roll entry is made with. Borrowed. */
struct cm_roll_rules {
    const struct cm_class *class_;
    const struct cm_zone *zone;
    const struct cm_points_rules *points;
    const struct cm_closure
        *closure;    /* the calendar's entry of the date that counts for the class; NULL: none */
    bool no_session; /* a person said so */
};

/* The entry from the mark that counts and the correction that counts; either may be NULL, not both. They must
 * be of one student and session. The sequence numbers are left 0: whoever has them fills them in. */
struct cm_roll_entry cm_roll_from(const struct cm_mark *mark, const struct cm_correction *correction,
                                  const struct cm_roll_rules *rules);

/* The one of two events that counts; NULL stands for "none". */
const struct cm_event *cm_roll_first_mark(const struct cm_event *a, const struct cm_event *b);
const struct cm_event *cm_roll_last_correction(const struct cm_event *a, const struct cm_event *b);

/* The entry of one student on one date from any events, in any order; those that are not marks or corrections
 * of that student, class and date are passed over. Fills the sequence numbers. False when none is left. */
bool cm_roll_merge(const struct cm_event *const *events, size_t count, const char *student_id, int32_t date,
                   const struct cm_roll_rules *rules, struct cm_roll_entry *ret_entry);

/* "10 + 5 on time + 2 first try": why the entry made of these has its points. Returns out. */
char *cm_roll_points_text(const struct cm_mark *mark, const struct cm_correction *correction,
                          const struct cm_roll_rules *rules, char out[static CM_POINTS_TEXT_SIZE]);

#endif
