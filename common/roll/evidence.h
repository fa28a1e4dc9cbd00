/*
 * What the events of one student in one session come to, folded as they arrive: the mark that counts and the correction
 * that counts, without the events themselves. Folding in any order and any number of times gives the same. Pure.
 */
#ifndef CM_EVIDENCE_H
#define CM_EVIDENCE_H

#include "record/record.h"
#include "roll/points.h"
#include "roll/session.h"
#include <stdbool.h>
#include <stdint.h>

struct cm_evidence { /* {0}: nothing is known */
    bool has_mark, has_correction;
    bool first_try, eye_contact, clock_suspect, no_face; /* of the mark; no_face: by card, PIN or hand */
    enum cm_roll_status corrected;                       /* what the correction says */
    int64_t captured_wall_ms, corrected_wall_ms;
    uint8_t mark_id[16], correction_id[16];
    uint64_t mark_number, correction_number; /* the caller's names for the two events */
};

/* True: the event counts now, in the place of what counted before. Of one event that came under two numbers the smaller
 * number counts. */
bool cm_evidence_add_mark(struct cm_evidence *evidence, const struct cm_mark *mark, const uint8_t id[16],
                          uint64_t number);
bool cm_evidence_add_correction(struct cm_evidence *evidence, const struct cm_correction *correction,
                                const uint8_t id[16], uint64_t number);
void cm_evidence_merge(struct cm_evidence *evidence, const struct cm_evidence *other);

/* What it says, by the session's times (NULL: unknown, then nobody is late). CM_ROLL_NONE: not seen. */
struct cm_points_facts cm_evidence_facts(const struct cm_evidence *evidence,
                                         const struct cm_session *session);

/* The order in which events count: by instant, then by id. */
int cm_evidence_order(int64_t a_wall_ms, const uint8_t a_id[16], int64_t b_wall_ms, const uint8_t b_id[16]);

#endif
