#include "engine/engine_private.h"

#include "base/log.h"
#include "recognition/threshold.h"
#include "roll/session.h"
#include "store/store_roll.h"
#include "store/store_sync.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gallery_fill {
    struct stn_gallery *gallery;
    size_t refused;
};

static bool add_template(void *arg, const struct cm_template *template_)
{
    struct gallery_fill *fill = arg;
    struct cm_err err = CM_ERR_INIT;
    if (strcmp(template_->model, STN_EMBEDDING_MODEL) != 0 ||
        stn_gallery_add(fill->gallery, template_->student_id, template_->embedding, &err) != CM_OK)
        fill->refused++;
    return true;
}

static void tell_damaged(struct stn_engine *engine, size_t count)
{
    char text[128];
    snprintf(text, sizeof text, "%zu templates cannot be used: enrol again whom the station no longer knows",
             count);
    cm_log(CM_LOG_WARN, "gallery", "damaged templates", CM_INT("count", count));
    if (engine->lane != NULL) /* not before the store may be written */
        engine_activity(engine, CM_ACTIVITY_MODEL_DAMAGED, text, NAN);
}

/* A template that does not open, or is not of this model, is left out and told: the others can still be judged. */
static enum cm_code fill_gallery(struct stn_engine *engine, struct stn_gallery **ret_gallery,
                                 struct cm_err *err)
{
    struct gallery_fill fill = {0};
    size_t damaged = 0;
    if (stn_gallery_create(&fill.gallery, err) != CM_OK)
        return err->code;
    if (stn_store_each_template(engine->options.store, add_template, &fill, &damaged, err) != CM_OK) {
        stn_gallery_destroy(fill.gallery);
        return err->code;
    }
    if (damaged + fill.refused > 0)
        tell_damaged(engine, damaged + fill.refused);
    *ret_gallery = fill.gallery;
    return CM_OK;
}

static enum cm_code make_lane(const struct stn_engine *engine, const struct stn_gallery *gallery,
                              struct stn_lane **ret_lane, struct cm_err *err)
{
    bool mesh = engine->options.landmarks == STN_LANDMARKS_MESH;
    struct stn_lane_options options = {
        .policy = engine->options.policy,
        .live_table = mesh ? stn_live_table_default() : stn_live_table_dlib68(),
        .rules = &stn_lane_rules_default,
        .identity = stn_identity_rules_default,
        .gallery = gallery,
    };
    options.identity.threshold =
        stn_threshold(engine->options.false_accept_budget, stn_gallery_templates(gallery));
    return stn_lane_create(&options, ret_lane, err);
}

/* A fresh gallery for the lane (which is made the first time). When the templates cannot be read the lane closes over an
 * empty gallery; the manual ways to mark go on. */
enum cm_code engine_load_gallery(struct stn_engine *engine, struct cm_err *err)
{
    struct stn_gallery *gallery = NULL;
    engine->gallery_err = (struct cm_err)CM_ERR_INIT;
    if (fill_gallery(engine, &gallery, &engine->gallery_err) != CM_OK) {
        cm_log_err(CM_LOG_ERROR, "gallery", "cannot load the templates", &engine->gallery_err);
        if (stn_gallery_create(&gallery, err) != CM_OK)
            return err->code;
    }
    if (engine->lane == NULL && make_lane(engine, gallery, &engine->lane, err) != CM_OK) {
        stn_gallery_destroy(gallery);
        return err->code;
    }
    stn_lane_set_gallery(engine->lane, gallery,
                         stn_threshold(engine->options.false_accept_budget, stn_gallery_templates(gallery)));
    stn_gallery_destroy(engine->gallery);
    engine->gallery = gallery;
    return CM_OK;
}

static const char *why_closed(const struct stn_engine *engine)
{
    if (engine->gallery_err.code != CM_OK)
        return engine->gallery_err.msg;
    if (engine->vision_loaded && engine->vision_err.code != CM_OK)
        return engine->vision_err.msg;
    if (engine->embedder_loaded && engine->embedder_err.code != CM_OK)
        return engine->embedder_err.msg;
    if (!engine->vision_loaded || !engine->embedder_loaded)
        return "models are loading";
    if (stn_gallery_templates(engine->gallery) == 0)
        return "nobody is enrolled yet: rollcall-station enrol ID --name NAME --class CLASS IMAGE";
    return NULL;
}

void engine_update_lane(struct stn_engine *engine)
{
    const char *reason = why_closed(engine);
    bool loaded = engine->vision_loaded && engine->embedder_loaded;
    if (loaded && !engine->ready_said) {
        engine->ready_said = true;
        struct stn_event event = {.kind = STN_EV_READY, .u.ready = {.face_lane = reason == NULL}};
        snprintf(event.u.ready.reason, sizeof event.u.ready.reason, "%s", reason != NULL ? reason : "");
        event.u.ready.loading_ms = (cm_mono_us(engine->options.clock) - engine->started_mono_us) / 1000;
        engine_publish(engine, &event);
        if (engine->vision_err.code != CM_OK || engine->embedder_err.code != CM_OK)
            engine_activity(engine, CM_ACTIVITY_MODEL_DAMAGED, reason, NAN);
    }
    const char *text = reason != NULL ? reason : "";
    if (engine->lane_open == (reason == NULL) && strcmp(text, engine->lane_reason) == 0)
        return;
    engine->lane_open = reason == NULL;
    snprintf(engine->lane_reason, sizeof engine->lane_reason, "%s", text);
    struct stn_event event = {.kind = STN_EV_LANE, .u.lane = {.open = engine->lane_open}};
    snprintf(event.u.lane.reason, sizeof event.u.lane.reason, "%s", text);
    engine_publish(engine, &event);
}

/* ---- the counters of the roll ---- */

static bool take_only_class(void *arg, const struct cm_class *class_)
{
    char *id = arg;
    bool first = id[0] == '\0';
    snprintf(id, CM_ID_SIZE, "%s", first ? class_->id : "");
    return first; /* a second one: none is "the" class */
}

struct roll_count {
    struct stn_engine *engine;
    struct stn_ev_roll *roll;
    int64_t wall_ms;
    struct cm_closures calendar;
    struct cm_err *err;
};

/* Today's session of the class, or the one that is open. */
static enum cm_code count_class(struct roll_count *count, const struct cm_class *class_, struct cm_err *err)
{
    const struct stn_engine *engine = count->engine;
    struct stn_ev_roll *roll = count->roll;
    struct cm_session open;
    struct stn_session session;
    int32_t date = cm_zone_date(engine->options.zone, count->wall_ms);
    bool is_open = cm_session_at(class_, &count->calendar, engine->options.zone, count->wall_ms, &open) ==
                   CM_SESSION_OPEN;
    if (is_open)
        date = open.date;
    if (roll->class_id[0] != '\0') {
        roll->session_open = is_open;
        roll->date = date;
    }
    enum cm_code code =
        stn_roll_read(engine->options.store, engine->options.zone, class_, date, NULL, NULL, &session, err);
    if (code != CM_OK)
        return code;
    const struct stn_roll_counts *of = &session.counts;
    roll->present += of->present;
    roll->late += of->late;
    roll->pending += of->pending;
    roll->excused += of->excused;
    roll->absent += of->absent;
    roll->unjudged += of->unjudged;
    roll->total += of->present + of->late + of->pending + of->excused + of->absent + of->unjudged + of->none;
    return CM_OK;
}

static bool visit_class(void *arg, const struct cm_class *class_)
{
    struct roll_count *count = arg;
    const char *only = count->roll->class_id;
    return (only[0] != '\0' && strcmp(only, class_->id) != 0) ||
           count_class(count, class_, count->err) == CM_OK;
}

static enum cm_code count_roll(struct roll_count *count, struct cm_err *err)
{
    struct stn_store *store = count->engine->options.store;
    struct cm_closure *list = NULL;
    count->err = err;
    enum cm_code code =
        stn_store_get_calendar(store, cm_date_add(count->roll->date, -1), &list, &count->calendar, err);
    if (code == CM_OK)
        code = stn_store_each_class(store, visit_class, count, err);
    free(list);
    return code == CM_OK ? err->code : code;
}

/* Nothing was written since the last look, and no session begins or ends within the minute. */
static bool is_as_before(struct stn_engine *engine, int64_t wall_ms)
{
    uint64_t version = stn_store_version(engine->options.store);
    int64_t minute = wall_ms / 60000;
    bool same = version == engine->roll_version && minute == engine->roll_minute;
    engine->roll_version = version;
    engine->roll_minute = minute;
    return same;
}

void engine_update_roll(struct stn_engine *engine, bool always)
{
    struct stn_ev_roll roll;
    struct cm_err err = CM_ERR_INIT;
    memset(&roll, 0, sizeof roll); /* padding too: it is compared as a whole */
    struct roll_count count = {.engine = engine, .roll = &roll, .wall_ms = engine_wall_ms(engine)};
    if (is_as_before(engine, count.wall_ms) && !always)
        return;
    roll.date = cm_zone_date(engine->options.zone, count.wall_ms);
    snprintf(roll.class_id, sizeof roll.class_id, "%s", engine->class_id);
    if (roll.class_id[0] == '\0')
        stn_store_each_class(engine->options.store, take_only_class, roll.class_id, NULL);
    if (count_roll(&count, &err) != CM_OK) {
        engine_store_result(engine, STORE_READ, err.code, &err);
        return;
    }
    engine_store_result(engine, STORE_READ, CM_OK, &err);
    if (!always && memcmp(&roll, &engine->roll, sizeof roll) == 0)
        return;
    engine->roll = roll;
    struct stn_event event = {.kind = STN_EV_ROLL, .u.roll = roll};
    engine_publish(engine, &event);
}

/* ---- others write to the same store: enrol, roster import, what the server sent ---- */

static bool note_change(void *arg, const struct cm_event *event)
{
    struct stn_engine *engine = arg;
    engine->log_seq_seen = event->seq;
    if (event->type == CM_EVENT_ENROLLED) /* a withdrawal of consent comes with one too */
        engine->gallery_stale = true;
    if (event->type == CM_EVENT_ENROLLED && event->body.enrolled.template_count == 0)
        engine_say_erased(engine);
    return true;
}

/* A pull changed the roster: our own, just now, or that of `sync` in another process. */
static void follow_server(struct stn_engine *engine)
{
    struct stn_sync_marks marks;
    if (stn_store_get_sync_marks(engine->options.store, &marks, NULL) != CM_OK ||
        marks.applied == engine->applied_seen)
        return;
    engine->applied_seen = marks.applied;
    engine->gallery_stale = true;
    engine->gallery_retry_us = 0;
}

void engine_follow_log(struct stn_engine *engine)
{
    struct cm_err err = CM_ERR_INIT;
    if (stn_store_each_event(engine->options.store, engine->log_seq_seen + 1, note_change, engine, &err) !=
        CM_OK)
        engine_store_result(engine, STORE_READ, err.code, &err);
    follow_server(engine);
    int64_t now_us = cm_mono_us(engine->options.clock);
    if (!engine->gallery_stale || now_us < engine->gallery_retry_us)
        return;
    struct cm_err load_err =
        CM_ERR_INIT; /* its own: what the log said above must not keep the gallery stale */
    if (engine_load_gallery(engine, &load_err) != CM_OK)
        cm_log_err(CM_LOG_ERROR, "gallery", "cannot load the new templates", &load_err);
    engine->gallery_stale = load_err.code != CM_OK || engine->gallery_err.code != CM_OK;
    engine->gallery_retry_us = now_us + 2000000;
    engine_update_lane(engine);
    engine_update_roll(engine, false);
}
