#include "sync/handlers.h"

#include "auth/auth.h"
#include "sync/private.h"
#include "sync/work.h"
#include "write/call_write.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is guessed at by whoever tries to pair, from wherever: any of the codes that are given out. */
static const char pair_codes[] = "codes";

/* ---- requests that write ---- */

struct post {
    struct srv_call_write base;
    struct srv_work work;
    char job_id[CM_SYNC_JOB_ID_SIZE]; /* ENROL */
};

static enum cm_code prepare_post(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct post *post = arg;
    (void)err;
    srv_work_prepare(store, &post->work);
    return CM_OK;
}

static enum cm_code run_post(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct post *post = arg;
    return srv_work_run(store, &post->work, err);
}

static void end_job(struct post *post)
{
    const struct cm_job_answer *answer = &post->work.effects.job;
    const struct cm_job_result *said = &post->work.u.enrol.result;
    struct srv_job result = {.state = answer->ok ? SRV_JOB_DONE : SRV_JOB_REFUSED};
    if (answer->reason[0] == '\0') /* a failure of ours: the station sends it again */
        return;
    memcpy(result.reason, answer->reason, sizeof result.reason);
    memcpy(result.message, answer->message, sizeof result.message);
    result.quality = said->quality;
    result.template_count = answer->ok ? said->template_count : 0;
    srv_live_job_end(post->base.app->live, post->job_id, post->work.station.id, &result, NULL);
}

static void tell_others(struct post *post)
{
    const struct srv_effects *effects = &post->work.effects;
    struct srv_live *live = post->base.app->live;
    if (effects->feed_last > 0)
        srv_live_feed(live, effects->feed_last);
    if (effects->changes)
        srv_live_changes(live);
    if (effects->paired) {
        srv_auth_succeeded(post->base.app->auth, "pair", pair_codes, srv_call_peer(post->base.call));
        srv_live_changed(live, "stations", NULL, NULL);
    }
    if (effects->changes && effects->class_id[0] != '\0')
        srv_live_changed(live, "students", effects->class_id, NULL);
    if (effects->stations)
        srv_live_changed(live, "stations", NULL, NULL);
    if (!effects->said)
        return;
    struct srv_station_now now = {.last_seq = effects->last_seq,
                                  .acked_seq = effects->acked_seq > post->work.station.acked_seq
                                                   ? effects->acked_seq
                                                   : post->work.station.acked_seq};
    memcpy(now.version, effects->version, sizeof now.version);
    memcpy(now.camera, effects->camera, sizeof now.camera);
    srv_sync_seen(post->base.call, &post->work.station, effects->wall_ms, &now);
}

/* The work has ended: its reply is the answer. */
static void answer_post(struct post *post)
{
    tell_others(post);
    if (post->work.verb == SRV_WORK_ENROL)
        end_job(post);
    srv_sync_send(post->base.call, &post->work.reply);
}

static void post_written(struct srv_call_write *base)
{
    struct post *post = (struct post *)base;
    srv_work_end(&post->work, CM_OK, NULL);
    answer_post(post);
}

static void post_failed(struct srv_call_write *base, enum cm_code code, const struct cm_err *err)
{
    struct post *post = (struct post *)base;
    srv_work_end(&post->work, code, err);
    answer_post(post);
}

static void finish_post(struct srv_call_write *base)
{
    srv_work_finish(&((struct post *)base)->work);
}

/* station NULL: pairing. */
static void start_post(struct srv_call *call, enum srv_work_verb verb, const struct srv_station *station,
                       const struct srv_job *job)
{
    struct srv_app *app = srv_app_of(call);
    size_t size;
    const uint8_t *body = srv_call_body(call, &size);
    struct post *post = srv_call_write_create(call, sizeof *post, run_post, post_written);
    if (post == NULL)
        return;
    post->base.write.prepare = srv_work_prepares(verb) ? prepare_post : NULL;
    post->base.failed = post_failed;
    post->base.finish = finish_post;
    srv_work_init(&post->work, &app->sync->core, verb, station, body, size);
    snprintf(post->work.peer, sizeof post->work.peer, "%s", srv_call_peer(call));
    if (job != NULL) {
        memcpy(post->work.job_student_id, job->student_id, sizeof job->student_id);
        post->work.job_student_created_wall_ms = job->student_created_wall_ms;
        post->work.job_student_unenrolled_wall_ms = job->student_unenrolled_wall_ms;
        post->work.job_student_consent_wall_ms = job->student_consent_wall_ms;
        memcpy(post->job_id, job->id, sizeof post->job_id);
    }
    if (srv_work_begin(&post->work)) {
        srv_call_write_submit(&post->base);
        return;
    }
    answer_post(post);
    srv_call_write_drop(&post->base);
}

void srv_sync_pair(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    int wait_s = srv_auth_try(app->auth, "pair", pair_codes, srv_call_peer(call));
    char seconds[16];
    if (wait_s > 0) {
        snprintf(seconds, sizeof seconds, "%d", wait_s);
        srv_answer_header(call, "Retry-After", seconds);
        srv_answer_error(call, 429, "too_many_tries", "too many wrong codes: wait %d seconds", wait_s);
        return;
    }
    start_post(call, SRV_WORK_PAIR, NULL, NULL);
}

void srv_sync_events(struct srv_call *call)
{
    struct srv_station station;
    if (srv_sync_caller(call, &station))
        start_post(call, SRV_WORK_EVENTS, &station, NULL);
}

void srv_sync_templates(struct srv_call *call)
{
    struct srv_station station;
    if (srv_sync_caller(call, &station))
        start_post(call, SRV_WORK_TEMPLATES, &station, NULL);
}

/* ---- questions ---- */

void srv_sync_hash(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    struct srv_station station;
    struct srv_sync_reply reply;
    const char *text = srv_call_query(call, "seq");
    char *end = NULL;
    unsigned long long seq = text != NULL && text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
    if (end == NULL || *end != '\0' || seq > INT64_MAX) {
        srv_answer_error(call, 400, "bad_query", "seq is the number of an event");
        return;
    }
    if (!srv_sync_caller(call, &station))
        return;
    srv_sync_reply_init(&reply);
    srv_sync_hash_reply(&app->sync->core, station.id, seq, &reply);
    srv_sync_send(call, &reply);
    srv_sync_reply_finish(&reply);
}

/* ---- camera frames ---- */

void srv_sync_preview(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    const char *station_id = srv_call_identity(call)->user;
    struct srv_sync_reply reply;
    size_t size;
    const uint8_t *jpeg = srv_call_body(call, &size);
    if (size < 4 || jpeg[0] != 0xff || jpeg[1] != 0xd8 || jpeg[2] != 0xff) {
        srv_answer_error(call, 400, "not_jpeg", "a frame is a JPEG image");
        return;
    }
    struct cm_preview_answer answer = {.watching = srv_live_wants_frames(app->live, station_id)};
    if (answer.watching)
        srv_live_frame(app->live, station_id, jpeg, size);
    srv_sync_reply_init(&reply);
    srv_sync_reply_message(&reply, 200, CM_MESSAGE_PREVIEW_ANSWER, &answer);
    srv_sync_send(call, &reply);
    srv_sync_reply_finish(&reply);
}

/* ---- photos to enrol from ---- */

void srv_sync_job_photo(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    struct srv_station station;
    struct srv_job job;
    uint8_t *photo;
    size_t size;
    enum cm_code code = CM_NOTFOUND;
    if (!srv_sync_caller(call, &station))
        return;
    if (srv_live_job_get(app->live, srv_call_param(call, "job"), &job) &&
        srv_station_serves(&station, job.class_id))
        code = srv_live_job_take(app->live, job.id, station.id, &photo, &size, NULL);
    if (code == CM_NOMEM) {
        srv_answer_error(call, 503, "busy", "the server is busy: try again");
        return;
    }
    if (code != CM_OK) {
        srv_answer_error(call, 404, "no_job", "this photo is not waiting any more");
        return;
    }
    bool jpeg = size > 1 && photo[0] == 0xff && photo[1] == 0xd8;
    srv_answer_header(call, "Cache-Control", "no-store");
    srv_answer_secret(call, 200, jpeg ? "image/jpeg" : "image/png", photo, size);
}

/* The station did not get the answer to its result: the same again. */
static void answer_ended_job(struct srv_call *call, const struct srv_job *job)
{
    struct cm_job_answer answer = {.ok = job->state == SRV_JOB_DONE};
    struct srv_sync_reply reply;
    snprintf(answer.reason, sizeof answer.reason, "%s",
             job->state == SRV_JOB_TIMED_OUT ? "timed_out" : job->reason);
    memcpy(answer.message, job->message, sizeof answer.message);
    srv_sync_reply_init(&reply);
    srv_sync_reply_message(&reply, 200, CM_MESSAGE_JOB_ANSWER, &answer);
    srv_sync_send(call, &reply);
    srv_sync_reply_finish(&reply);
}

void srv_sync_job_result(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    struct srv_station station;
    struct srv_job job;
    if (!srv_sync_caller(call, &station))
        return;
    if (!srv_live_job_get(app->live, srv_call_param(call, "job"), &job) ||
        strcmp(job.station_id, station.id) != 0)
        srv_answer_error(call, 404, "no_job", "this station did not take such a photo");
    else if (job.state != SRV_JOB_TAKEN)
        answer_ended_job(call, &job);
    else
        start_post(call, SRV_WORK_ENROL, &station, &job);
}
