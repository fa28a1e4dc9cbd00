/*
 * A station's pull: which of the things that changed concern it, as they are now.
 *
 * The store numbers changes and keeps the newest of each thing; a cursor is the epoch of the store, the number up to which
 * the station has everything, and, while it gets everything from the start, the number at which that ends: until there,
 * what is not its business is passed over in silence (it takes what is not sent as gone), after that it is told. Bodies are
 * looked up when they are sent, so each is of one moment, never older than its number.
 */
#ifndef SRV_SYNC_PULL_H
#define SRV_SYNC_PULL_H

#include "sync/core.h"

enum { SRV_PULL_SCAN_MAX = 1000 }; /* changes that one answer looks at: more of them, and it says `more` */

struct srv_pull {
    struct srv_sync_core *core;
    const char *station_id;
    struct cm_pull asked; /* its cursor moves on past what does not concern the station */
    bool frames;          /* send camera frames now */
    const struct cm_job *jobs;
    int job_count;
    /* of the answer */
    bool rolls, rolls_alone; /* it holds rolls; nothing else */
};

/* Looks and makes the answer. *ret_news: it holds something that the station does not know; else the answer may wait for
 * a change, and pull->asked.cursor has moved on. CM_INVALID: not a cursor. */
enum cm_code srv_pull_answer(struct srv_pull *pull, struct srv_sync_reply *reply, bool *ret_news,
                             struct cm_err *err);

#endif
