/*
 * Derivation: the row of a student's day. Pure, without a store and without a clock, so that every backend derives alike.
 * How events merge, how a session is settled, what a day comes to and how days are summed up is all in common/roll, by which
 * stations derive too.
 */
#ifndef SRV_DERIVE_H
#define SRV_DERIVE_H

#include "roll/evidence.h"
#include "store/store.h"

/* ---- days ---- */
struct srv_day_row {             /* one student in one session, as stored */
    struct cm_evidence evidence; /* of events that name this class and date */
    bool lent;                   /* the evidence counts elsewhere, or for nobody: status is none */
    bool borrowed;               /* what counts are events that name another class */
    enum cm_roll_status status;
    int32_t points;
    int64_t captured_wall_ms;            /* of the mark that counts; 0 none */
    uint64_t mark_feed, correction_feed; /* what counts; 0 none */
};
/* Fills what is derived in `row` from the evidence that counts. */
void srv_derive_day(struct srv_day_row *row, const struct cm_evidence *counts,
                    const struct cm_outcome *outcome);

#endif
