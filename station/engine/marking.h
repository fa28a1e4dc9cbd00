/*
 * From "a live student was recognised" to a mark in the store: session, status, points, commit. The store's call is
 * synced: what comes back as MARKED survives a power cut.
 */
#ifndef STN_MARKING_H
#define STN_MARKING_H

#include "base/localdate.h"
#include "engine/event.h"
#include "engine/lane.h"
#include "store/store.h"

struct stn_marking {
    struct stn_store *store; /* borrowed, as the zone */
    const struct cm_zone *zone;
    enum stn_policy policy;
};

enum stn_marking_outcome {
    STN_MARKING_MARKED,
    STN_MARKING_ALREADY, /* there was a mark in this session: it stays as it is */
    STN_MARKING_NO_SESSION, /* the student's class has none at the capture time: err says when the next one opens */
    STN_MARKING_FAILED, /* nothing was written; the same call may be tried again: err says why */
};

/* Fills *ret_marked on MARKED and ALREADY (latency_ms is the caller's). */
enum stn_marking_outcome stn_marking_accept(const struct stn_marking *marking, const char *student_id,
                                            uint32_t track_id, const struct stn_accept *accept,
                                            bool clock_suspect, struct stn_ev_marked *ret_marked,
                                            struct cm_err *err);

#endif
