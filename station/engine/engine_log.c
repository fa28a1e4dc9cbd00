#include "engine/engine_private.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>

/* The store works, or it does not: said once each time it changes. */
void engine_store_result(struct stn_engine *engine, enum store_use use, enum cm_code code,
                         const struct cm_err *err)
{
    engine->store_fails[use] = code != CM_OK && code != CM_EXISTS;
    bool ok = true;
    for (int i = 0; i < STORE_USES; i++)
        ok = ok && !engine->store_fails[i];
    if (ok == engine->store_ok)
        return;
    engine->store_ok = ok;
    struct stn_event event = {.kind = STN_EV_STORE, .u.store = {.ok = ok}};
    snprintf(event.u.store.text, sizeof event.u.store.text, "%s", ok ? "the store works again" : err->msg);
    if (ok)
        cm_log(CM_LOG_INFO, "store", "works again");
    else
        cm_log(CM_LOG_ERROR, "store", "fails", CM_STR("code", cm_code_name(code)),
               CM_STR("reason", err->msg));
    engine_publish(engine, &event);
}

void engine_activity(struct stn_engine *engine, enum cm_activity_kind kind, const char *reason,
                     float distance)
{
    struct cm_activity activity = {
        .kind = kind, .started_wall_ms = engine_wall_ms(engine), .distance = distance};
    snprintf(activity.reason, sizeof activity.reason, "%s", reason);
    struct cm_err err = CM_ERR_INIT;
    engine_store_result(engine, STORE_LOG, stn_store_append_activity(engine->options.store, &activity, &err),
                        &err);
    struct stn_event event = {.kind = STN_EV_ACTIVITY, .u.activity = {.kind = kind}};
    snprintf(event.u.activity.reason, sizeof event.u.activity.reason, "%s", reason);
    engine_publish(engine, &event);
}

void engine_watch_clock(struct stn_engine *engine)
{
    int64_t wall_ms = cm_wall_ms(engine->options.clock), mono_ms = cm_mono_us(engine->options.clock) / 1000;
    if (!stn_clock_watch_step(&engine->clock_watch, wall_ms, mono_ms) || !engine->clock_watch.suspect)
        return;
    char text[160];
    int64_t offset_s = stn_clock_watch_offset(&engine->clock_watch, wall_ms, mono_ms) / 1000;
    if (engine->clock_watch.server_known)
        snprintf(
            text, sizeof text,
            "the clock is %lld s %s the server's: set it right; marks keep their time and wait for a person",
            (long long)(offset_s > 0 ? offset_s : -offset_s), offset_s > 0 ? "behind" : "ahead of");
    else
        snprintf(text, sizeof text,
                 "the clock ran backwards: set it right; marks keep their time and wait for a person");
    engine_activity(engine, CM_ACTIVITY_CLOCK_SUSPECT, text, NAN);
}

void engine_cover(struct stn_engine *engine)
{
    struct stn_coverage_facts facts = {
        .lane_open = engine->lane_open && !engine->vision_failing,
        .lane_locked = stn_lane_locked(engine->lane),
        .policy_available = stn_policy_available(engine->options.policy),
        .store_takes_marks = !engine->store_fails[STORE_MARK],
        .clock_suspect = engine->clock_watch.suspect,
        .camera = engine->source_ended ? STN_CAMERA_ENDED : stn_lane_camera(engine->lane),
    };
    const char *reason = stn_coverage_obstacle(&facts);
    struct cm_coverage span;
    if (!stn_coverage_step(&engine->coverage, engine_wall_ms(engine), reason[0] == '\0', reason, &span))
        return;
    struct cm_err err = CM_ERR_INIT;
    engine_store_result(engine, STORE_LOG, stn_store_append_coverage(engine->options.store, &span, &err),
                        &err);
}

void engine_cover_end(struct stn_engine *engine)
{
    struct cm_coverage span;
    struct cm_err err = CM_ERR_INIT;
    if (stn_coverage_end(&engine->coverage, engine_wall_ms(engine), &span))
        engine_store_result(engine, STORE_LOG, stn_store_append_coverage(engine->options.store, &span, &err),
                            &err);
}
