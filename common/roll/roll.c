#include "roll/roll.h"

#include "roll/calendar.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct cm_points_facts facts_of(const struct cm_mark *mark, const struct cm_correction *correction,
                                       const struct cm_roll_rules *rules)
{
    static const uint8_t no_id[16];
    struct cm_evidence evidence = {0};
    struct cm_day day = cm_day_of(rules->class_, rules->closure, rules->no_session, rules->zone,
                                  mark != NULL ? mark->date : correction->date);
    if (mark != NULL)
        (void)cm_evidence_add_mark(&evidence, mark, no_id, 0);
    if (correction != NULL)
        (void)cm_evidence_add_correction(&evidence, correction, no_id, 0);
    struct cm_points_facts facts = cm_evidence_facts(&evidence, &day.times);
    if (day.kind == CM_DAY_CLOSED)
        facts.status = CM_ROLL_NONE;
    return facts;
}

static enum cm_roll_status unseen(enum cm_day_kind day, enum cm_verdict verdict, bool member)
{
    if (day != CM_DAY_SCHOOL || !member || verdict == CM_VERDICT_OPEN)
        return CM_ROLL_NONE;
    return verdict == CM_VERDICT_CLOSED ? CM_ROLL_ABSENT : CM_ROLL_UNJUDGED;
}

struct cm_outcome cm_roll_outcome(const struct cm_evidence *evidence, const struct cm_session *times,
                                  enum cm_day_kind day, enum cm_verdict verdict, bool member,
                                  const struct cm_points_rules *points)
{
    struct cm_points_facts facts = cm_evidence_facts(evidence, times);
    if (day == CM_DAY_CLOSED)
        return (struct cm_outcome){.status = CM_ROLL_NONE};
    if (facts.status == CM_ROLL_NONE)
        facts.status = unseen(day, verdict, member);
    return (struct cm_outcome){.status = facts.status, .points = cm_points(points, &facts)};
}

struct cm_roll_entry cm_roll_from(const struct cm_mark *mark, const struct cm_correction *correction,
                                  const struct cm_roll_rules *rules)
{
    assert(mark != NULL || correction != NULL);
    struct cm_points_facts facts = facts_of(mark, correction, rules);
    struct cm_roll_entry entry = {
        .date = mark != NULL ? mark->date : correction->date,
        .status = facts.status,
        .points = cm_points(rules->points, &facts),
        .captured_wall_ms = mark != NULL ? mark->captured_wall_ms : 0,
    };
    snprintf(entry.student_id, sizeof entry.student_id, "%s",
             mark != NULL ? mark->student_id : correction->student_id);
    snprintf(entry.class_id, sizeof entry.class_id, "%s",
             mark != NULL ? mark->class_id : correction->class_id);
    return entry;
}

static int compare(int64_t a_ms, const struct cm_event *a, int64_t b_ms, const struct cm_event *b)
{
    return cm_evidence_order(a_ms, a->id, b_ms, b->id);
}

const struct cm_event *cm_roll_first_mark(const struct cm_event *a, const struct cm_event *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    return compare(a->body.mark.captured_wall_ms, a, b->body.mark.captured_wall_ms, b) <= 0 ? a : b;
}

const struct cm_event *cm_roll_last_correction(const struct cm_event *a, const struct cm_event *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    return compare(a->body.correction.corrected_wall_ms, a, b->body.correction.corrected_wall_ms, b) >= 0 ? a
                                                                                                          : b;
}

bool cm_roll_merge(const struct cm_event *const *events, size_t count, const char *student_id, int32_t date,
                   const struct cm_roll_rules *rules, struct cm_roll_entry *ret_entry)
{
    const struct cm_event *mark = NULL, *correction = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct cm_event *event = events[i];
        const struct cm_mark *m = &event->body.mark;
        const struct cm_correction *c = &event->body.correction;
        if (event->type == CM_EVENT_MARK && m->date == date && strcmp(m->student_id, student_id) == 0 &&
            strcmp(m->class_id, rules->class_->id) == 0)
            mark = cm_roll_first_mark(mark, event);
        else if (event->type == CM_EVENT_CORRECTION && c->date == date &&
                 strcmp(c->student_id, student_id) == 0 && strcmp(c->class_id, rules->class_->id) == 0)
            correction = cm_roll_last_correction(correction, event);
    }
    if (mark == NULL && correction == NULL)
        return false;
    struct cm_roll_entry entry =
        cm_roll_from(mark != NULL ? &mark->body.mark : NULL,
                     correction != NULL ? &correction->body.correction : NULL, rules);
    entry.mark_seq = mark != NULL ? mark->seq : 0;
    entry.correction_seq = correction != NULL ? correction->seq : 0;
    *ret_entry = entry;
    return true;
}

char *cm_roll_points_text(const struct cm_mark *mark, const struct cm_correction *correction,
                          const struct cm_roll_rules *rules, char out[static CM_POINTS_TEXT_SIZE])
{
    struct cm_points_facts facts = facts_of(mark, correction, rules);
    return cm_points_text(rules->points, &facts, out);
}
