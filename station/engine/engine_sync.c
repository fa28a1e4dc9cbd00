/* The server: what sync says and wants, on the engine's thread. */
#include "engine/engine_private.h"

#include "base/log.h"
#include "enrol/enrol.h"
#include "shim/media_shim.h"
#include "store/store_sync.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_WAIT_S = 25, FRAME_WIDTH_MAX = 640, FRAME_QUALITY = 70 };

static void fill_event(const struct stn_engine *engine, struct stn_ev_sync *sync)
{
    const struct stn_sync_status *status = stn_sync_status(stn_sync_client_of(engine->sync));
    *sync = (struct stn_ev_sync){
        .paired = true,
        .online = status->trouble == STN_SYNC_FINE,
        .watched = status->watched,
        .waiting = status->waiting,
        .uploads_waiting = (int32_t)status->uploads_waiting,
        .uploads_refused = (int32_t)status->uploads_refused,
        .since_wall_ms = status->since_wall_ms,
        .last_contact_wall_ms = status->last_contact_wall_ms,
        .clock_known = status->clock_known,
        .clock_offset_ms = status->clock_offset_ms,
        .forked_seq = status->forked_seq,
    };
    snprintf(sync->trouble, sizeof sync->trouble, "%s", stn_sync_trouble_name(status->trouble));
    snprintf(sync->text, sizeof sync->text, "%s", status->text);
    snprintf(sync->server, sizeof sync->server, "%s", engine->server);
}

/* Times of contact change all the time; they are worth no event of their own. */
static bool same(const struct stn_ev_sync *a, const struct stn_ev_sync *b)
{
    return a->paired == b->paired && a->online == b->online && a->watched == b->watched &&
           a->waiting == b->waiting && a->uploads_waiting == b->uploads_waiting &&
           a->uploads_refused == b->uploads_refused && a->forked_seq == b->forked_seq &&
           strcmp(a->trouble, b->trouble) == 0 && strcmp(a->text, b->text) == 0;
}

static void say_sync(struct stn_engine *engine, const char *news, bool erased)
{
    struct stn_event event = {.kind = STN_EV_SYNC};
    if (engine->sync != NULL)
        fill_event(engine, &event.u.sync);
    if (news[0] == '\0' && !erased && same(&event.u.sync, &engine->said))
        return;
    if (strcmp(event.u.sync.trouble, engine->said.trouble) != 0)
        cm_log(event.u.sync.online ? CM_LOG_INFO : CM_LOG_WARN, "sync", event.u.sync.trouble,
               CM_STR("text", event.u.sync.text), CM_INT("waiting", event.u.sync.waiting));
    if (news[0] != '\0')
        cm_log(CM_LOG_INFO, "sync", "news", CM_STR("text", news));
    engine->said = event.u.sync;
    snprintf(event.u.sync.news, sizeof event.u.sync.news, "%s", news);
    event.u.sync.erased = erased;
    engine_publish(engine, &event);
}

/* ---- the clock ---- */

/* When the server says that the clock is right although the log holds later times, it was ahead once: the server's word is
 * as good as a person's (trust-clock). */
static void compare_clocks(struct stn_engine *engine)
{
    const struct stn_sync_status *status = stn_sync_status(stn_sync_client_of(engine->sync));
    int64_t wall_ms = cm_wall_ms(engine->options.clock), mono_ms = cm_mono_us(engine->options.clock) / 1000;
    bool ran_backwards = engine->clock_watch.suspect && !engine->clock_watch.server_known;
    stn_clock_watch_server(&engine->clock_watch, status->clock_offset_ms, wall_ms, mono_ms);
    engine_watch_clock(engine);
    struct cm_err err = CM_ERR_INIT;
    if (ran_backwards && !engine->clock_watch.suspect &&
        stn_store_trust_clock(engine->options.store, "the server", &err) != CM_OK)
        engine_store_result(engine, STORE_LOG, err.code, &err);
}

/* ---- photos to enrol from ---- */

static void answer_job(struct stn_engine *engine, struct stn_sync_job_result *result)
{
    if (engine->sync == NULL)
        return;
    stn_sync_put_result(stn_sync_client_of(engine->sync), result);
    stn_sync_kick(engine->sync);
}

static bool start_photos(struct stn_engine *engine, struct cm_err *err)
{
    struct stn_photo_worker_options options = {.landmarks = engine->options.landmarks,
                                               .landmarks_path = engine->landmarks_path,
                                               .embedder_path = engine->embedder_path,
                                               .inbox = &engine->inbox};
    return engine->photos != NULL || stn_photo_worker_start(&options, &engine->photos, err) == CM_OK;
}

static void take_photo(struct stn_engine *engine, const struct stn_sync_photo *photo)
{
    struct cm_err err = CM_ERR_INIT;
    if (start_photos(engine, &err) && stn_photo_worker_post(engine->photos, photo))
        return;
    struct stn_sync_job_result result = {.reason = "station_failed"};
    snprintf(result.job_id, sizeof result.job_id, "%s", photo->job_id);
    snprintf(result.message, sizeof result.message, "%s",
             err.code != CM_OK ? err.msg : "the station is busy with another photo");
    answer_job(engine, &result);
}

struct own_distance {
    const char *student_id;
    const float *embedding;
    float nearest;
};

static bool compare_own(void *arg, const struct cm_template *template_)
{
    struct own_distance *own = arg;
    if (strcmp(template_->student_id, own->student_id) == 0 &&
        strcmp(template_->model, STN_EMBEDDING_MODEL) == 0)
        own->nearest = fminf(own->nearest, stn_embedding_distance(template_->embedding, own->embedding));
    return true;
}

static void refuse_photo(struct stn_sync_job_result *result, const char *reason)
{
    result->ok = false;
    snprintf(result->reason, sizeof result->reason, "%s", reason);
}

/* The same checks as `enrol` makes: nobody else's face, and not another person under this id. */
static void check_face(struct stn_engine *engine, const struct stn_message *message,
                       struct stn_sync_job_result *result)
{
    const struct stn_enrol_rules *rules = &stn_enrol_rules_default;
    const char *id = message->u.photo.student_id;
    struct own_distance own = {id, message->u.photo.values, INFINITY};
    struct stn_match other = stn_gallery_match_except(engine->gallery, message->u.photo.values, id);
    stn_store_each_template(engine->options.store, compare_own, &own, NULL, NULL);
    if (other.student >= 0 && other.distance <= rules->duplicate_max) {
        refuse_photo(result, "duplicate");
        snprintf(result->message, sizeof result->message, "this face is enrolled already, as %s",
                 stn_gallery_student_id(engine->gallery, other.student));
    } else if (isfinite(own.nearest) && own.nearest > rules->one_person_max) {
        refuse_photo(result, "other_person");
        snprintf(
            result->message, sizeof result->message,
            "this is not the person who is enrolled as %s: remove the old enrolment first if it is right",
            id);
    }
}

void engine_sync_photo(struct stn_engine *engine, const struct stn_message *message)
{
    struct stn_sync_job_result result = {.ok = message->u.photo.passed, .quality = message->u.photo.quality};
    struct cm_template template_ = {.quality = message->u.photo.quality,
                                    .created_wall_ms = cm_wall_ms(engine->options.clock)};
    snprintf(result.job_id, sizeof result.job_id, "%s", message->u.photo.job_id);
    snprintf(result.reason, sizeof result.reason, "%s", result.ok ? "ok" : message->u.photo.reason);
    snprintf(result.message, sizeof result.message, "%s", message->u.photo.text);
    if (result.ok)
        check_face(engine, message, &result);
    if (result.ok) {
        snprintf(template_.student_id, sizeof template_.student_id, "%s", message->u.photo.student_id);
        snprintf(template_.model, sizeof template_.model, "%s", STN_EMBEDDING_MODEL);
        memcpy(template_.embedding, message->u.photo.values, sizeof template_.embedding);
        result.templates = &template_;
        result.count = 1;
    }
    answer_job(engine, &result);
    explicit_bzero(&template_, sizeof template_);
}

/* ---- frames for who watches ---- */

void engine_sync_frame(struct stn_engine *engine, const struct stn_frame *frame)
{
    struct cm_err err = CM_ERR_INIT;
    if (engine->sync == NULL ||
        !stn_sync_wants_frame(stn_sync_client_of(engine->sync), stn_sync_now(engine->options.clock)))
        return;
    uint8_t *jpeg = malloc(CM_SYNC_PREVIEW_MAX);
    size_t size = 0;
    enum cm_code code = jpeg == NULL ? cm_fail(&err, CM_NOMEM, "no memory for a frame")
                                     : stn_jpeg_encode(frame, FRAME_WIDTH_MAX, FRAME_QUALITY, jpeg,
                                                       CM_SYNC_PREVIEW_MAX, &size, &err);
    if (code == CM_OK)
        code = stn_sync_put_frame(stn_sync_client_of(engine->sync), jpeg, size, &err);
    if (code == CM_OK)
        stn_sync_kick(engine->sync);
    else
        cm_log_err(CM_LOG_WARN, "sync", "a frame cannot be sent", &err);
    if (jpeg != NULL)
        explicit_bzero(jpeg, size);
    free(jpeg);
}

/* ---- what sync brings ---- */

static void on_effects(void *arg, const struct stn_sync_effects *effects)
{
    struct stn_engine *engine = arg;
    if (effects->clock)
        compare_clocks(engine);
    if (effects->roster || effects->templates)
        engine_follow_log(engine);
    if (effects->roster)
        engine_update_roll(engine, false);
    if (effects->photo)
        take_photo(engine, &effects->job);
    say_sync(engine, effects->text, effects->erased);
}

void engine_sync_kick(struct stn_engine *engine)
{
    uint64_t last_seq;
    if (engine->sync == NULL || stn_store_last_seq(engine->options.store, &last_seq, NULL) != CM_OK ||
        last_seq == stn_sync_status(stn_sync_client_of(engine->sync))->last_seq)
        return;
    stn_sync_recount(stn_sync_client_of(engine->sync));
    stn_sync_kick(engine->sync);
    say_sync(engine, "", false);
}

void engine_say_erased(struct stn_engine *engine)
{
    say_sync(engine, "", true);
}

void engine_sync_follow(struct stn_engine *engine)
{
    if (engine->sync == NULL)
        return;
    stn_sync_set_camera(
        stn_sync_client_of(engine->sync),
        stn_camera_state_name(engine->source_ended ? STN_CAMERA_ENDED : stn_lane_camera(engine->lane)));
    stn_sync_recount(stn_sync_client_of(engine->sync));
    stn_sync_kick(engine->sync);
    say_sync(engine, "", false);
}

/* ---- beginning ---- */

static void open_sync(struct stn_engine *engine, const struct stn_pairing *pairing)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_sync_setup setup = {.loop = &engine->loop,
                                   .store = engine->options.store,
                                   .clock = engine->options.clock,
                                   .version = ROLLCALL_VERSION,
                                   .allow_plain = engine->options.allow_plain,
                                   .wait_s = POLL_WAIT_S,
                                   .on_effects = on_effects,
                                   .arg = engine};
    stn_sync_close(engine->sync);
    engine->sync = NULL;
    engine->paired_wall_ms = pairing->paired_wall_ms;
    (void)stn_store_last_seq(engine->options.store, &engine->log_seq_seen,
                             NULL); /* a renewed log is shorter */
    snprintf(engine->server, sizeof engine->server, "%.127s", pairing->url);
    if (stn_sync_open(&setup, &engine->sync, &err) != CM_OK) {
        cm_log_err(CM_LOG_ERROR, "sync", "cannot begin", &err);
        struct stn_event event = {.kind = STN_EV_SYNC, .u.sync = {.paired = true, .trouble = "refused"}};
        snprintf(event.u.sync.server, sizeof event.u.sync.server, "%s", engine->server);
        snprintf(event.u.sync.text, sizeof event.u.sync.text, "%s", err.msg);
        engine_publish(engine, &event);
        return;
    }
    engine_sync_follow(engine);
}

void engine_sync_start(struct stn_engine *engine)
{
    struct stn_pairing pairing;
    if (!engine->options.sync || !stn_store_is_paired(engine->options.store) ||
        stn_store_get_pairing(engine->options.store, &pairing, NULL) != CM_OK)
        return;
    if (pairing.paired_wall_ms != engine->paired_wall_ms)
        open_sync(engine, &pairing);
    explicit_bzero(&pairing, sizeof pairing);
}
