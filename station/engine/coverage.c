#include "engine/coverage.h"

#include <stdio.h>
#include <string.h>

const char *stn_coverage_obstacle(const struct stn_coverage_facts *facts)
{
    if (!facts->lane_open)
        return "face_lane_closed";
    if (!facts->policy_available)
        return "policy_unavailable";
    if (facts->camera != STN_CAMERA_CLEAR)
        return stn_camera_state_name(facts->camera);
    if (facts->lane_locked)
        return "locked";
    if (!facts->store_takes_marks)
        return "store_full";
    return facts->clock_suspect ? "clock_suspect" : "";
}

void stn_coverage_init(struct stn_coverage *coverage)
{
    memset(coverage, 0, sizeof *coverage);
}

static void begin(struct stn_coverage *coverage, int64_t wall_ms, bool able, const char *reason)
{
    coverage->span = (struct cm_coverage){.from_wall_ms = wall_ms, .to_wall_ms = wall_ms, .able = able};
    snprintf(coverage->span.reason, sizeof coverage->span.reason, "%s", reason);
    coverage->started = true;
}

bool stn_coverage_step(struct stn_coverage *coverage, int64_t wall_ms, bool able, const char *reason,
                       struct cm_coverage *ret_span)
{
    if (!coverage->started) {
        begin(coverage, wall_ms, able, reason);
        return false;
    }
    struct cm_coverage *span = &coverage->span;
    bool same = span->able == able && strcmp(span->reason, reason) == 0;
    if (same && wall_ms >= span->from_wall_ms && wall_ms - span->from_wall_ms < STN_COVERAGE_SPAN_MAX_MS) {
        span->to_wall_ms = wall_ms;
        return false;
    }
    bool finished = stn_coverage_end(coverage, wall_ms, ret_span);
    begin(coverage, wall_ms, able, reason);
    return finished;
}

bool stn_coverage_end(struct stn_coverage *coverage, int64_t wall_ms, struct cm_coverage *ret_span)
{
    bool any = coverage->started && wall_ms > coverage->span.from_wall_ms;
    if (any) {
        coverage->span.to_wall_ms = wall_ms;
        *ret_span = coverage->span;
    }
    coverage->started = false;
    return any;
}
