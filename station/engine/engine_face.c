#include "engine/engine_private.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- chips and embeddings ---- */

static const struct stn_face *seen_face(const struct stn_observation *seen, uint32_t track_id)
{
    for (int i = 0; i < seen->face_count; i++)
        if (seen->faces[i].track_id == track_id)
            return &seen->faces[i];
    return NULL;
}

static struct kept_chip *chip_of(struct stn_engine *engine, uint32_t track_id)
{
    for (int i = 0; i < STN_LANE_TRACKS_MAX; i++)
        if (engine->chips[i].track_id == track_id)
            return &engine->chips[i];
    return NULL;
}

static bool cut(const struct stn_frame *frame, const struct stn_observation *seen, uint32_t track_id,
                struct stn_chip *chip)
{
    const struct stn_face *face = seen_face(seen, track_id);
    return frame != NULL && face != NULL && stn_chip_extract(frame, face->align, chip, NULL) == CM_OK;
}

static void keep_chip(struct stn_engine *engine, const struct stn_action *action,
                      const struct stn_frame *frame, const struct stn_observation *seen)
{
    struct kept_chip *kept = chip_of(engine, action->track_id);
    if (kept == NULL)
        kept = chip_of(engine, 0);
    if (kept == NULL || !cut(frame, seen, action->track_id, &kept->chip))
        return;
    kept->track_id = action->track_id;
    kept->captured_us = action->captured_us;
}

static void drop_chip(struct stn_engine *engine, uint32_t track_id)
{
    struct kept_chip *kept = chip_of(engine, track_id);
    if (kept != NULL)
        explicit_bzero(kept, sizeof *kept);
}

static void send_chip(struct stn_engine *engine, uint32_t track_id, int64_t captured_us,
                      const struct stn_chip *chip)
{
    if (chip != NULL && stn_embed_worker_post(engine->embed, track_id, captured_us, chip))
        engine->embeds_in_flight++;
    else
        stn_lane_embedding(engine->lane, track_id, captured_us, NULL);
}

/* ---- marks ---- */

void engine_refuse(struct stn_engine *engine, uint32_t track_id, const char *reason, const char *text,
                   float distance, float margin, float threshold)
{
    struct stn_event event = {
        .kind = STN_EV_REFUSED,
        .u.refused = {.track_id = track_id, .distance = distance, .margin = margin, .threshold = threshold}};
    snprintf(event.u.refused.reason, sizeof event.u.refused.reason, "%s", reason);
    snprintf(event.u.refused.text, sizeof event.u.refused.text, "%s", text);
    engine_publish(engine, &event);
}

static int32_t latency_ms(const struct stn_engine *engine, const struct stn_claim *claim)
{
    if (engine->lockstep || claim->method != CM_METHOD_FACE) /* a recording's time is not the machine's */
        return 0;
    return (int32_t)((cm_mono_us(engine->options.clock) - claim->accept.evidence_end_us) / 1000);
}

/* True: settled, whatever came of it. False: the store could not write; try again later. */
static bool try_mark(struct stn_engine *engine, const struct pending_mark *pending)
{
    struct stn_event event = {0};
    struct cm_err err = CM_ERR_INIT;
    const struct stn_claim *claim = &pending->claim;
    switch (stn_marking_mark(&engine->marking, pending->student_id, claim, &event.u.marked, &err)) {
    case STN_MARKING_MARKED:
        event.kind = STN_EV_MARKED;
        event.u.marked.latency_ms = latency_ms(engine, claim);
        engine_store_result(engine, STORE_MARK, CM_OK, &err);
        engine_publish(engine, &event);
        engine_update_roll(engine, false);
        return true;
    case STN_MARKING_ALREADY:
        event.kind = STN_EV_ALREADY;
        engine_publish(engine, &event);
        return true;
    case STN_MARKING_NO_SESSION:
        engine_refuse(engine, claim->track_id, "no_session", err.msg, claim->accept.distance,
                      claim->accept.margin, claim->accept.threshold);
        return true;
    case STN_MARKING_FAILED:
        break;
    }
    if (err.code == CM_NOTFOUND) { /* enrolled, but no longer on the roster */
        engine_refuse(engine, claim->track_id, "not_on_roster", err.msg, NAN, NAN, NAN);
        return true;
    }
    if (err.code == CM_NOSPACE || err.code == CM_BACKEND || err.code == CM_NOMEM) {
        engine_store_result(engine, STORE_MARK, err.code, &err);
        return false; /* passes when somebody makes room */
    }
    cm_log_err(CM_LOG_ERROR, "store", "a mark was refused for good", &err);
    engine_refuse(engine, claim->track_id, "store_failed", err.msg, NAN, NAN, NAN);
    return true;
}

void engine_mark(struct stn_engine *engine, const char *student_id, const struct stn_claim *claim)
{
    struct pending_mark pending = {.claim = *claim};
    snprintf(pending.student_id, sizeof pending.student_id, "%s", student_id);
    if (try_mark(engine, &pending))
        return;
    if (engine->pending_count == PENDING_MARKS_MAX) {
        engine_refuse(engine, claim->track_id, "store_full", "the mark cannot be kept: note it by hand", NAN,
                      NAN, NAN);
        return;
    }
    engine->pending[engine->pending_count++] = pending;
    engine_refuse(engine, claim->track_id, "store_waiting",
                  "recognised, but the store cannot write: the mark is kept in memory until it can", NAN, NAN,
                  NAN);
}

static void accept_student(struct stn_engine *engine, const struct stn_action *action)
{
    struct stn_claim claim = {
        .method = CM_METHOD_FACE,
        .captured_wall_ms = action->u.accept.captured_wall_ms,
        .clock_suspect = engine->clock_watch.suspect,
        .track_id = action->track_id,
        .accept = action->u.accept,
    };
    engine_mark(engine, stn_gallery_student_id(engine->gallery, action->u.accept.student), &claim);
}

/* Each for itself: one that cannot be written does not hold up the others. */
void engine_retry_marks(struct stn_engine *engine)
{
    int left = 0;
    for (int i = 0; i < engine->pending_count; i++)
        if (!try_mark(engine, &engine->pending[i]))
            engine->pending[left++] = engine->pending[i];
    if (engine->pending_count > 0 && left == 0) /* settled, were it without a write */
        engine_store_result(engine, STORE_MARK, CM_OK, NULL);
    engine->pending_count = left;
    engine->retry_us = cm_mono_us(engine->options.clock) + 1000000;
}

void engine_give_up_marks(struct stn_engine *engine)
{
    for (int i = 0; i < engine->pending_count; i++) {
        char text[256];
        snprintf(text, sizeof text, "the store could not take the mark of %s: note it by hand",
                 engine->pending[i].student_id);
        cm_log(CM_LOG_ERROR, "roll", "mark lost", CM_STR("student", engine->pending[i].student_id));
        engine_refuse(engine, engine->pending[i].claim.track_id, "mark_lost", text, NAN, NAN, NAN);
    }
    if (engine->pending_count == 0)
        return;
    engine->exit_code = 1;
    snprintf(engine->stop_reason, sizeof engine->stop_reason,
             "%d recognised student%s could not be stored, the disk is full: note them by hand",
             engine->pending_count, engine->pending_count == 1 ? "" : "s");
}

/* ---- the lane's wishes ---- */

static void say_camera(struct stn_engine *engine, enum stn_camera_state state)
{
    struct stn_event event = {.kind = STN_EV_CAMERA, .u.camera = {.state = state}};
    bool told = state == STN_CAMERA_LOST && engine->source_text[0] != '\0';
    snprintf(event.u.camera.text, sizeof event.u.camera.text, "%s",
             told ? engine->source_text : stn_camera_state_text(state));
    engine_publish(engine, &event);
}

static void say_lock(struct stn_engine *engine, const struct stn_action *action)
{
    bool locked = action->kind == STN_ACT_LOCKED;
    struct stn_event event = {.kind = STN_EV_LANE, .u.lane = {.open = !locked && engine->lane_open}};
    if (locked) {
        int64_t left_ms = (action->u.locked_until_us - action->captured_us) / 1000;
        event.u.lane.until_ms = engine_wall_ms(engine) + left_ms;
        snprintf(event.u.lane.reason, sizeof event.u.lane.reason,
                 "too many failed tries in a row: locked for %d s", (int)(left_ms / 1000));
    }
    engine_publish(engine, &event);
}

static void say_blink(struct stn_engine *engine, const struct stn_action *action)
{
    const struct stn_blink_event *blink = &action->u.blink;
    struct stn_event event = {.kind = STN_EV_BLINK,
                              .u.blink = {.track_id = action->track_id,
                                          .clean = blink->kind == STN_BLINK_CLEAN,
                                          .duration_ms = (int32_t)((blink->end_us - blink->start_us) / 1000),
                                          .first_frame = blink->first_frame,
                                          .last_frame = blink->last_frame}};
    engine_publish(engine, &event);
}

static void obey(struct stn_engine *engine, const struct stn_action *action, const struct stn_frame *frame,
                 const struct stn_observation *seen)
{
    struct stn_chip chip;
    const struct kept_chip *kept;
    switch (action->kind) {
    case STN_ACT_KEEP_CHIP:
        keep_chip(engine, action, frame, seen);
        break;
    case STN_ACT_EMBED_KEPT:
        kept = chip_of(engine, action->track_id);
        send_chip(engine, action->track_id, action->captured_us,
                  kept != NULL && kept->captured_us == action->captured_us ? &kept->chip : NULL);
        break;
    case STN_ACT_EMBED_NOW:
        send_chip(engine, action->track_id, action->captured_us,
                  cut(frame, seen, action->track_id, &chip) ? &chip : NULL);
        break;
    case STN_ACT_DROP_TRACK:
        drop_chip(engine, action->track_id);
        break;
    case STN_ACT_BLINK:
        say_blink(engine, action);
        break;
    case STN_ACT_ACCEPT:
        accept_student(engine, action);
        break;
    case STN_ACT_REFUSE:
        engine_refuse(engine, action->track_id, action->u.refuse.reason, action->u.refuse.text,
                      action->u.refuse.distance, action->u.refuse.margin, action->u.refuse.threshold);
        break;
    case STN_ACT_ACTIVITY:
        engine_activity(engine, action->u.activity.kind,
                        action->u.activity.kind == CM_ACTIVITY_CAMERA_LOST && engine->source_text[0] != '\0'
                            ? engine->source_text
                            : action->u.activity.reason,
                        action->u.activity.distance);
        break;
    case STN_ACT_CAMERA:
        say_camera(engine, action->u.camera);
        break;
    case STN_ACT_LOCKED:
    case STN_ACT_UNLOCKED:
        say_lock(engine, action);
        break;
    }
}

static void obey_all(struct stn_engine *engine, const struct stn_actions *actions,
                     const struct stn_frame *frame, const struct stn_observation *seen)
{
    for (int i = 0; i < actions->count; i++)
        obey(engine, &actions->list[i], frame, seen);
}

/* ---- a frame ---- */

static void measure_rate(struct stn_engine *engine, const struct stn_observation *seen)
{
    int64_t gap_us = seen->captured_mono_us - engine->last_captured_us;
    engine->last_captured_us = seen->captured_mono_us;
    if (gap_us <= 0 || gap_us > 5000000)
        return;
    float now = 1e6f / (float)gap_us;
    engine->fps = engine->fps > 0 ? engine->fps + 0.1f * (now - engine->fps) : now;
}

static void name_tracks(struct stn_engine *engine, struct stn_ev_frame *frame)
{
    for (int i = 0; i < frame->track_count; i++) {
        struct cm_student student;
        struct stn_track_view *track = &frame->tracks[i];
        if (track->student_id[0] != '\0' &&
            stn_store_get_student(engine->options.store, track->student_id, &student, NULL) == CM_OK)
            snprintf(track->student_name, sizeof track->student_name, "%s", student.name);
    }
}

/* Of a frame that nobody could look into, no face is shown where one was before. */
static void say_frame(struct stn_engine *engine, const struct stn_observation *seen, bool blind)
{
    struct stn_event event = {.kind = STN_EV_FRAME};
    struct stn_ev_frame *frame = &event.u.frame;
    frame->number = seen->frame_number;
    frame->dropped = stn_mailbox_dropped(&engine->mailbox);
    frame->width = seen->width;
    frame->height = seen->height;
    frame->fps = engine->fps;
    frame->camera_fps = (float)engine->camera_fps;
    frame->times = seen->times;
    frame->embed_us = engine->embed_us;
    frame->queue = stn_embed_worker_waiting(engine->embed);
    bool judged = engine->lane_open && !blind;
    frame->prompt = judged ? stn_lane_prompt(engine->lane) : STN_PROMPT_NONE;
    frame->track_count = judged ? stn_lane_tracks(engine->lane, frame->tracks) : 0;
    name_tracks(engine, frame);
    engine_publish(engine, &event);
}

/* blind: nobody could look into the frame; its picture is shown, nothing is judged, not even the camera. */
void engine_observe(struct stn_engine *engine, struct stn_frame *frame, struct stn_observation *seen,
                    bool blind)
{
    struct stn_actions actions = {.count = 0};
    engine->last_frame_mono_us = cm_mono_us(engine->options.clock);
    engine->last_frame_wall_ms = seen->captured_wall_ms;
    measure_rate(engine, seen);
    if (!engine->lane_open)
        seen->face_count = 0; /* the camera is judged, nobody is */
    engine->source_text[0] = '\0';
    if (!blind)
        stn_lane_observe(engine->lane, seen, &actions);
    obey_all(engine, &actions, frame, seen);
    engine_see_code(engine, seen);
    if (engine->say_camera)
        say_camera(engine, stn_lane_camera(engine->lane));
    engine->say_camera = false;
    say_frame(engine, seen, blind);
    engine_sync_frame(engine, frame);
    if (engine->options.on_preview != NULL &&
        seen->captured_mono_us - engine->last_preview_us >= engine->options.preview_every_us) {
        engine->last_preview_us = seen->captured_mono_us;
        engine->options.on_preview(engine->options.arg, frame);
    }
}

void engine_embedding(struct stn_engine *engine, const struct stn_message *message)
{
    engine->embeds_in_flight--;
    engine->embed_us = message->u.embedding.took_us;
    bool good = message->err.code == CM_OK;
    if (!good)
        cm_log_err(CM_LOG_WARN, "embed", "a face could not be embedded", &message->err);
    stn_lane_embedding(engine->lane, message->u.embedding.track_id, message->u.embedding.captured_us,
                       good ? message->u.embedding.values : NULL);
}

/* A bad place in a recording is told and passed over. A source that is gone is the camera's state, and one activity. */
void engine_source_failed(struct stn_engine *engine, const char *text)
{
    struct stn_actions actions = {.count = 0};
    snprintf(engine->source_text, sizeof engine->source_text, "%s", text);
    if (engine->recording || engine->options.until_eof) {
        say_camera(engine, STN_CAMERA_LOST);
        engine->say_camera = true;
        return;
    }
    stn_lane_source_lost(engine->lane, cm_mono_us(engine->options.clock), &actions);
    obey_all(engine, &actions, NULL, NULL);
}

void engine_face_idle(struct stn_engine *engine, int64_t now_us)
{
    struct stn_actions actions = {.count = 0};
    stn_lane_idle(engine->lane, now_us, &actions);
    obey_all(engine, &actions, NULL, NULL);
}
