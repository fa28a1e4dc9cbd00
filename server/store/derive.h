/*
 * Derivation: sessions, days and standings from values. Pure, without a store and without a clock, so that every backend
 * derives alike (with common/roll, which knows how events merge).
 *
 * A session (one class on one date) is
 * - as a person said last: closed, or open again;
 * - else open, as long as a station that serves the class has not logged up to the session's end: marks may be waiting
 *   there, and nobody is absent for a network that is down;
 * - else closed, when one of them was able to judge in enough of the window [start, close);
 * - else unjudged.
 * A station speaks of a session only when its log began before the session's end; without any the session is open. One
 * that never comes back holds its classes open until it is revoked or a person closes.
 *
 * A student without a mark and without a correction is absent in a closed session, unjudged in an unjudged one, and not
 * yet anything in an open one, or on a day without school.
 */
#ifndef SRV_DERIVE_H
#define SRV_DERIVE_H

#include "roll/evidence.h"
#include "store/store.h"

/* ---- coverage ---- */
struct srv_edge { /* where a span begins or ends */
    int64_t wall_ms;
    int32_t able, unable; /* +1 begins, -1 ends */
};
/* The milliseconds of from … to in which some span says able and none says not able. Sorts the edges. */
int64_t srv_able_ms(struct srv_edge *edges, size_t count, int64_t from_wall_ms, int64_t to_wall_ms);

/* ---- sessions ---- */
enum srv_person { SRV_PERSON_NOBODY, SRV_PERSON_CLOSED, SRV_PERSON_REOPENED };
struct srv_session_facts {
    bool school; /* the class meets, and there is no closure */
    enum srv_person person;
    int64_t start_wall_ms, close_wall_ms;
    int32_t coverage_percent;
};
struct srv_station_facts { /* of a station that served the class then */
    int64_t first_wall_ms, reach_wall_ms;
    int64_t able_ms;
};
struct srv_judgement {
    enum srv_session_state state;
    int32_t able_min, window_min;
};
struct srv_judgement srv_judge_session(const struct srv_session_facts *facts,
                                       const struct srv_station_facts *stations, size_t count);

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
/* Fills what is derived in `row` from the evidence that counts. `session`: the times of the class; NULL unknown. */
void srv_derive_day(struct srv_day_row *row, const struct cm_evidence *counts,
                    const struct cm_session *session, enum srv_session_state state, bool school, bool member);

/* ---- standings ---- */
struct srv_run {
    int32_t streak, best;
};
struct srv_standing_row {
    int32_t points, counts[CM_ROLL_PENDING + 1]; /* by status */
    struct srv_run before, now;                  /* without and with what was on last_date */
    int32_t last_date;                           /* the newest school day that is settled; 0 none */
    int64_t first_seen_wall_ms, last_seen_wall_ms;
};
struct srv_day_fact { /* what a day means to a standing */
    enum cm_roll_status status;
    int32_t points;
    int64_t captured_wall_ms; /* 0: nothing was captured that counts */
};
/* The next day in order of date. Of two on one date (a guest in two classes) the streak counts the first. */
void srv_standing_add(struct srv_standing_row *standing, int32_t date, bool school,
                      const struct srv_day_fact *day);
/* A day, the only one of its date, that was `old` is `new_` now. False: it must be summed up anew from all days. */
bool srv_standing_change(struct srv_standing_row *standing, int32_t date, bool school,
                         const struct srv_day_fact *old, const struct srv_day_fact *new_);

#endif
