#include "engine/engine_private.h"

#include "base/log.h"
#include "store/store_sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 250, ROLL_EVERY_US = 2000000 };

void engine_publish(struct stn_engine *engine, struct stn_event *event)
{
    event->wall_ms = engine_wall_ms(engine);
    engine->options.on_event(engine->options.arg, event);
}

int64_t engine_wall_ms(const struct stn_engine *engine)
{
    if (engine->lockstep && engine->last_frame_wall_ms > 0)
        return engine->last_frame_wall_ms;
    return cm_wall_ms(engine->options.clock);
}

/* ---- what the workers tell ---- */

static void source_open(struct stn_engine *engine, const struct stn_message *message)
{
    engine->source_was_open = true;
    engine->recording = message->u.source.recording;
    engine->camera_fps = message->u.source.fps;
    engine->lockstep = message->u.source.max_speed;
    engine->last_frame_mono_us = cm_mono_us(engine->options.clock);
    cm_log(CM_LOG_INFO, "camera", "source open", CM_STR("name", message->u.source.name),
           CM_REAL("fps", message->u.source.fps));
}

static void source_failed(struct stn_engine *engine, const struct stn_message *message)
{
    cm_log_err(CM_LOG_WARN, "camera", "source failed", &message->err);
    if (!engine->source_was_open)
        snprintf(engine->stop_reason, sizeof engine->stop_reason, "%s", message->err.msg);
    engine_source_failed(engine, message->err.msg);
}

static void source_ended(struct stn_engine *engine)
{
    engine->source_ended = true;
    if (!engine->source_was_open) {
        engine->exit_code = 1;
        return;
    }
    struct stn_event event = {.kind = STN_EV_CAMERA, .u.camera = {.state = STN_CAMERA_ENDED}};
    snprintf(event.u.camera.text, sizeof event.u.camera.text, "the recording is over");
    engine_publish(engine, &event);
}

static void release_observation(struct stn_engine *engine)
{
    engine->observation_held = false;
    stn_inbox_release(&engine->inbox);
}

static bool models_loaded(const struct stn_engine *engine)
{
    return engine->vision_loaded && engine->embedder_loaded;
}

/* In lockstep nothing may depend on how fast models load: the first frame waits for them. */
static bool wait_for_models(struct stn_engine *engine, const struct stn_message *message)
{
    if (!engine->lockstep || models_loaded(engine))
        return false;
    engine->waiting = malloc(sizeof *engine->waiting);
    if (engine->waiting == NULL)
        return false;
    *engine->waiting = *message;
    return true;
}

static void observation(struct stn_engine *engine, struct stn_message *message)
{
    if (wait_for_models(engine, message))
        return;
    bool failing = message->err.code != CM_OK && engine->vision_err.code == CM_OK;
    if (failing && !engine->vision_failing) /* once per spell, not once per frame */
        cm_log_err(CM_LOG_WARN, "vision", "frames cannot be looked at", &message->err);
    engine->vision_failing = failing;
    engine_observe(engine, message->u.observation.frame, &message->u.observation.seen,
                   message->err.code != CM_OK);
    stn_frame_unref(message->u.observation.frame);
    if (engine->lockstep && engine->embeds_in_flight > 0)
        engine->observation_held = true;
    else
        release_observation(engine);
}

static void go_on_with_models(struct stn_engine *engine)
{
    struct stn_message *waiting = engine->waiting;
    if (waiting == NULL || !models_loaded(engine))
        return;
    engine->waiting = NULL;
    observation(engine, waiting);
    free(waiting);
}

static void handle(struct stn_engine *engine, struct stn_message *message)
{
    switch (message->kind) {
    case STN_MSG_OBSERVATION:
        observation(engine, message);
        break;
    case STN_MSG_EMBEDDING:
        engine_embedding(engine, message);
        if (engine->observation_held && engine->embeds_in_flight == 0)
            release_observation(engine);
        break;
    case STN_MSG_SOURCE_OPEN:
        source_open(engine, message);
        break;
    case STN_MSG_SOURCE_FAILED:
        source_failed(engine, message);
        break;
    case STN_MSG_SOURCE_ENDED:
        source_ended(engine);
        break;
    case STN_MSG_PHOTO:
        engine_sync_photo(engine, message);
        break;
    case STN_MSG_REQUEST:
        engine_request(engine, &message->u.request);
        break;
    case STN_MSG_VISION_LOADED:
        engine->vision_loaded = true;
        engine->vision_err = message->err;
        engine_update_lane(engine);
        go_on_with_models(engine);
        break;
    case STN_MSG_EMBEDDER_LOADED:
        engine->embedder_loaded = true;
        engine->embedder_err = message->err;
        engine_update_lane(engine);
        go_on_with_models(engine);
        break;
    }
}

/* The end comes when it was asked for, or with a recording's end once its last embeddings are back. */
static void stop_when_due(struct stn_engine *engine)
{
    bool over = engine->source_ended && engine->options.until_eof && engine->embeds_in_flight == 0 &&
                engine->waiting == NULL;
    if (over || atomic_load(&engine->stop_asked))
        uv_stop(&engine->loop); /* the handles stay until no worker is left that could send */
}

static void on_wake(uv_async_t *wake)
{
    struct stn_engine *engine = wake->data;
    struct stn_message message;
    while (stn_inbox_take(&engine->inbox, &message))
        handle(engine, &message);
    explicit_bzero(&message, sizeof message);
    engine_sync_kick(engine);
    stop_when_due(engine);
}

static void on_tick(uv_timer_t *tick)
{
    struct stn_engine *engine = tick->data;
    int64_t now_us = cm_mono_us(engine->options.clock);
    engine_watch_clock(engine);
    if (!engine->lockstep && !engine->source_ended && now_us - engine->last_frame_mono_us > 1000000)
        engine_face_idle(engine, now_us);
    if (now_us >= engine->retry_us)
        engine_retry_marks(engine);
    engine_follow_log(engine);
    engine_cover(engine);
    if (now_us - engine->roll_checked_us >= ROLL_EVERY_US) { /* the date changes, sessions open and close */
        engine->roll_checked_us = now_us;
        engine_update_roll(engine, false);
        engine_watch_cards(engine);
        engine_sync_start(engine);
    }
    engine_sync_follow(engine);
    stop_when_due(engine);
}

/* ---- life ---- */

static bool count_student(void *arg, const struct cm_student *student)
{
    (void)student;
    (*(int32_t *)arg)++;
    return true;
}

static void say_started(struct stn_engine *engine)
{
    struct stn_event event = {.kind = STN_EV_STARTED};
    struct stn_ev_started *started = &event.u.started;
    snprintf(started->version, sizeof started->version, "%s", ROLLCALL_VERSION);
    snprintf(started->camera, sizeof started->camera, "%.255s", engine->camera_spec);
    snprintf(started->policy, sizeof started->policy, "%s", stn_policy_name(engine->options.policy));
    snprintf(started->landmarks, sizeof started->landmarks, "%s",
             engine->options.landmarks == STN_LANDMARKS_MESH ? "mesh" : "dlib68");
    snprintf(started->data_dir, sizeof started->data_dir, "%s", engine->data_dir);
    snprintf(started->class_id, sizeof started->class_id, "%s", engine->class_id);
    snprintf(started->timezone, sizeof started->timezone, "%s", cm_zone_name(engine->options.zone));
    stn_store_each_student(engine->options.store, count_student, &started->students, NULL);
    started->enrolled = (int32_t)stn_gallery_students(engine->gallery);
    engine_publish(engine, &event);
    event = (struct stn_event){.kind = STN_EV_LOADING};
    engine_publish(engine, &event);
}

static void start_watching_store(struct stn_engine *engine)
{
    struct stn_store_summary summary;
    struct cm_err err = CM_ERR_INIT;
    engine->store_ok = true;
    if (stn_store_summary(engine->options.store, &summary, &err) != CM_OK) {
        engine_store_result(engine, STORE_READ, err.code, &err);
        return;
    }
    engine->log_seq_seen = summary.last_seq;
    struct stn_sync_marks marks;
    if (stn_store_get_sync_marks(engine->options.store, &marks, NULL) == CM_OK)
        engine->applied_seen = marks.applied;
    stn_clock_watch_init(&engine->clock_watch, summary.latest_wall_ms);
    engine_watch_clock(engine);
}

static void say_stopped(struct stn_engine *engine)
{
    struct stn_event event = {.kind = STN_EV_STOPPED, .u.stopped = {.exit_code = engine->exit_code}};
    const char *reason = engine->exit_code != 0 ? engine->stop_reason
                         : engine->source_ended ? "the recording is over"
                                                : "stopped";
    snprintf(event.u.stopped.reason, sizeof event.u.stopped.reason, "%s", reason);
    engine_publish(engine, &event);
    engine->over = true;
}

static void join_workers(struct stn_engine *engine)
{
    stn_mailbox_close(&engine->mailbox);
    stn_inbox_close(&engine->inbox);
    stn_capture_worker_join(engine->capture);
    stn_vision_worker_join(engine->vision);
    stn_embed_worker_join(engine->embed);
    stn_photo_worker_join(engine->photos);
}

static void *run(void *arg)
{
    struct stn_engine *engine = arg;
    say_started(engine);
    start_watching_store(engine);
    engine_update_lane(engine);
    engine_update_roll(engine, true);
    engine_watch_cards(engine);
    engine_sync_start(engine);
    engine->tick.data = engine;
    uv_timer_start(&engine->tick, on_tick, TICK_MS, TICK_MS);
    uv_run(&engine->loop, UV_RUN_DEFAULT);
    engine_retry_marks(engine);
    engine_give_up_marks(engine);
    engine_cover_end(engine);
    say_stopped(engine);
    return NULL;
}

static void wake_engine(void *arg)
{
    struct stn_engine *engine = arg;
    uv_async_send(&engine->wake);
}

static enum cm_code start_workers(struct stn_engine *engine, struct cm_err *err)
{
    struct stn_pipeline_options vision = {.landmarks = engine->options.landmarks,
                                          .landmarks_path = engine->landmarks_path};
    enum cm_code code = stn_capture_create(engine->camera_spec, engine->options.clock, &engine->source, err);
    if (code != CM_OK)
        return code;
    struct stn_capture_worker_options source = {.capture = engine->source,
                                                .mailbox = &engine->mailbox,
                                                .inbox = &engine->inbox,
                                                .retry = !engine->options.until_eof};
    code = stn_vision_worker_start(&vision, &engine->mailbox, &engine->inbox, &engine->vision, err);
    if (code == CM_OK)
        code = stn_embed_worker_start(engine->embedder_path, engine->options.clock, &engine->inbox,
                                      &engine->embed, err);
    if (code != CM_OK)
        return code;
    return stn_capture_worker_start(&source, &engine->capture, err);
}

static void copy_options(struct stn_engine *engine, const struct stn_engine_options *options)
{
    engine->options = *options;
    snprintf(engine->camera_spec, sizeof engine->camera_spec, "%s", options->camera_spec);
    snprintf(engine->landmarks_path, sizeof engine->landmarks_path, "%s", options->landmarks_path);
    snprintf(engine->embedder_path, sizeof engine->embedder_path, "%s", options->embedder_path);
    snprintf(engine->class_id, sizeof engine->class_id, "%s",
             options->class_id != NULL ? options->class_id : "");
    snprintf(engine->data_dir, sizeof engine->data_dir, "%s", options->data_dir);
    engine->options.camera_spec = engine->options.landmarks_path = engine->options.embedder_path = NULL;
    engine->options.class_id = engine->options.data_dir = NULL;
    engine->marking =
        (struct stn_marking){.store = options->store, .zone = options->zone, .policy = options->policy};
}

static void free_engine(struct stn_engine *engine)
{
    stn_lane_destroy(engine->lane);
    stn_gallery_destroy(engine->gallery);
    explicit_bzero(engine->chips, sizeof engine->chips);
    explicit_bzero(&engine->card_gate, sizeof engine->card_gate);
    free(engine);
}

/* Everything that must exist before a thread may send to it. */
static enum cm_code prepare(struct stn_engine *engine, struct cm_err *err)
{
    if (engine_load_gallery(engine, err) != CM_OK)
        return err->code;
    if (stn_inbox_init(&engine->inbox, wake_engine, engine, err) != CM_OK)
        return err->code;
    stn_mailbox_init(&engine->mailbox);
    if (uv_loop_init(&engine->loop) != 0) {
        stn_inbox_finish(&engine->inbox);
        stn_mailbox_finish(&engine->mailbox);
        return cm_fail(err, CM_BACKEND, "cannot make an event loop: too many open files?");
    }
    uv_async_init(&engine->loop, &engine->wake, on_wake);
    uv_timer_init(&engine->loop, &engine->tick);
    engine->wake.data = engine;
    return CM_OK;
}

static void close_loop(struct stn_engine *engine)
{
    stn_sync_close(engine->sync);
    uv_close((uv_handle_t *)&engine->wake, NULL);
    uv_close((uv_handle_t *)&engine->tick, NULL);
    uv_run(&engine->loop, UV_RUN_DEFAULT);
    uv_loop_close(&engine->loop);
}

static void tear_down(struct stn_engine *engine)
{
    join_workers(engine);
    stn_inbox_finish(&engine->inbox);
    if (engine->waiting != NULL)
        stn_frame_unref(engine->waiting->u.observation.frame);
    free(engine->waiting);
    stn_mailbox_finish(&engine->mailbox);
    stn_capture_destroy(engine->source);
    close_loop(engine);
    free_engine(engine);
}

enum cm_code stn_engine_start(const struct stn_engine_options *options, struct stn_engine **ret_engine,
                              struct cm_err *err)
{
    struct stn_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the engine");
    copy_options(engine, options);
    engine->started_mono_us = engine->last_frame_mono_us = cm_mono_us(options->clock);
    enum cm_code code = prepare(engine, err);
    if (code != CM_OK) {
        free_engine(engine);
        return code;
    }
    code = start_workers(engine, err);
    if (code == CM_OK && pthread_create(&engine->thread, NULL, run, engine) != 0)
        code = cm_fail(err, CM_BACKEND, "cannot start the engine's thread");
    if (code != CM_OK) {
        tear_down(engine);
        return code;
    }
    *ret_engine = engine;
    return CM_OK;
}

bool stn_engine_request(struct stn_engine *engine, const struct stn_request *request)
{
    return stn_inbox_post_request(&engine->inbox, request);
}

void stn_engine_stop(struct stn_engine *engine)
{
    atomic_store(&engine->stop_asked, true);
    uv_async_send(&engine->wake);
}

int stn_engine_join(struct stn_engine *engine)
{
    pthread_join(engine->thread, NULL);
    int exit_code = engine->exit_code;
    tear_down(engine);
    return exit_code;
}
