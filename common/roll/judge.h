/*
 * How a session is settled: by a person's word, or by itself from what stations were able to see. Pure; the server judges by
 * the logs of all stations, a station that is alone by its own.
 *
 * A session (one class on one date) is
 * - as a person said last: closed, or open again;
 * - else open, as long as a station that serves the class is awaited: it was there before the session's end (paired, or its
 *   log began), it is not revoked, and its log does not reach the session's end. Marks may be waiting there, and nobody is
 *   absent for a network that is down, nor for a station that was paired and has not sent anything yet;
 * - else closed, when one of them was able to judge in enough of the window [start, close);
 * - else unjudged.
 * On a day without school (also by a person's word) nothing but a person closes a session, and nobody is absent by it.
 * A station speaks of a session only when its log began before the session's end and reaches its start; without any the
 * session is open. One that never comes back, or never began, holds its classes open until it is revoked or a person closes.
 */
#ifndef CM_JUDGE_H
#define CM_JUDGE_H

#include "record/record.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cm_verdict {
    CM_VERDICT_OPEN,     /* nothing settles it yet: unseen students are not yet anything */
    CM_VERDICT_CLOSED,   /* by a person, or by itself with enough coverage: unseen students are absent */
    CM_VERDICT_UNJUDGED, /* over, without enough coverage: unseen students are unjudged */
    CM_VERDICTS
};
enum { CM_COVERAGE_PERCENT_DEFAULT = 80 }; /* of the window, from which on a session closes by itself */

/* ---- coverage ---- */
struct cm_edge { /* where a span begins or ends */
    int64_t wall_ms;
    int32_t able, unable; /* +1 begins, -1 ends */
};
/* The milliseconds of from … to in which some span says able and none says not able. Sorts the edges. */
int64_t cm_able_ms(struct cm_edge *edges, size_t count, int64_t from_wall_ms, int64_t to_wall_ms);

/* ---- sessions ---- */
struct cm_judge_facts {
    bool school;               /* there is a session on that date */
    enum cm_session_word word; /* a person's; 0: nobody's */
    int64_t start_wall_ms, close_wall_ms;
    int32_t coverage_percent;
};
struct cm_judge_station {                 /* one that served the class then */
    int64_t paired_wall_ms;               /* when it was paired with the server that judges; 0: never */
    int64_t first_wall_ms, reach_wall_ms; /* from where to where its log reaches; reach 0: it has none */
    int64_t able_ms;
    bool revoked; /* what it had sent counts, and nobody waits for more */
};
struct cm_judgement {
    enum cm_verdict verdict;
    int32_t able_min, window_min; /* able: the best of the stations */
};
/* May it still have marks of a session that ends at that instant? */
bool cm_judge_awaits(const struct cm_judge_station *station, int64_t close_wall_ms);
struct cm_judgement cm_judge_session(const struct cm_judge_facts *facts,
                                     const struct cm_judge_station *stations, size_t count);

#endif
