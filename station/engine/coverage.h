/*
 * The ledger of what the station could judge: spans of time in which it was able to (camera clear, lane open, clock
 * trusted) or not, and why not. Pure: facts in, finished spans out; the engine writes them to the log. A span is
 * closed when the facts change, at the latest after STN_COVERAGE_SPAN_MAX_MS, so that a power cut loses minutes and
 * not a morning. A lost span counts as "could not judge": nobody becomes absent by it.
 */
#ifndef STN_COVERAGE_H
#define STN_COVERAGE_H

#include "liveness/camera_state.h"
#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

enum { STN_COVERAGE_SPAN_MAX_MS = 5 * 60 * 1000 };

/* What must hold for the station to judge who is there. */
struct stn_coverage_facts {
    bool lane_open, lane_locked, policy_available, store_takes_marks, clock_suspect;
    enum stn_camera_state camera;
};
/* A stable word for the first thing that does not hold; "" when all do. */
const char *stn_coverage_obstacle(const struct stn_coverage_facts *facts);

struct stn_coverage {
    struct cm_coverage span; /* the one under way */
    bool started;
};

void stn_coverage_init(struct stn_coverage *coverage);
/* What holds from now on; reason is a stable word, "" when able. True: *ret_span is a finished span. Time that goes
 * backwards ends the span at its start (it is dropped). */
bool stn_coverage_step(struct stn_coverage *coverage, int64_t wall_ms, bool able, const char *reason,
                       struct cm_coverage *ret_span);
/* The end: true and the last span, when there is one. */
bool stn_coverage_end(struct stn_coverage *coverage, int64_t wall_ms, struct cm_coverage *ret_span);

#endif
