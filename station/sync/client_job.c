/* Photos that the server wants templates of, one after the other; and camera frames for who watches. */
#include "sync/client_private.h"

#include "crypt/seal.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const int64_t frame_every_us = 200000, job_longest_us = 60 * 1000000;

/* ---- jobs ---- */

static bool is_done(const struct stn_sync_client *client, const char *id)
{
    for (int i = 0; i < DONE_MAX; i++)
        if (strcmp(client->done[i], id) == 0)
            return true;
    return false;
}

void job_add(struct stn_sync_client *client, const struct cm_job *job)
{
    for (int i = 0; i < client->job_count; i++)
        if (strcmp(client->jobs[i].job.id, job->id) == 0)
            return;
    if (client->no_jobs || client->job_count == JOBS_MAX ||
        is_done(client, job->id)) /* the server names it again */
        return;
    struct job *added = &client->jobs[client->job_count++];
    *added = (struct job){.job = *job};
    cm_buf_init(&added->result, CM_SYNC_SMALL_MAX);
}

static void job_end(struct stn_sync_client *client)
{
    struct job *job = &client->jobs[0];
    memcpy(client->done[client->done_next], job->job.id, sizeof client->done[0]);
    client->done_next = (client->done_next + 1) % DONE_MAX;
    cm_buf_finish(&job->result);
    client->job_count--;
    memmove(client->jobs, client->jobs + 1, (size_t)client->job_count * sizeof client->jobs[0]);
}

/* The server has its own time limit for a job and tells the admin: trying for ever helps nobody. */
void job_failed(struct stn_sync_client *client)
{
    if (client->job_count == 0)
        return;
    struct job *job = &client->jobs[0];
    if (++job->tries >= (job->stage == JOB_WANTED ? FETCH_PHOTO_MAX : SEND_RESULT_MAX))
        job_end(client);
}

int64_t job_due_us(const struct stn_sync_client *client)
{
    int64_t not_before_us = client->channels[STN_SYNC_JOB].not_before_us;
    if (client->job_count == 0)
        return INT64_MAX;
    const struct job *job = &client->jobs[0];
    return job->stage == JOB_WORKING && job->late_us > not_before_us ? job->late_us : not_before_us;
}

/* Its result was lost, or takes so long that nobody waits for it: the jobs behind it must not. */
static void give_up_if_late(struct stn_sync_client *client, struct stn_sync_now now)
{
    struct stn_sync_job_result result = {.reason = "station_failed",
                                         .message = "the station did not finish with the photo in time"};
    if (client->job_count == 0 || client->jobs[0].stage != JOB_WORKING ||
        now.mono_us < client->jobs[0].late_us)
        return;
    memcpy(result.job_id, client->jobs[0].job.id, sizeof client->jobs[0].job.id);
    stn_sync_put_result(client, &result);
}

bool job_next(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_request *request)
{
    struct channel *c = &client->channels[STN_SYNC_JOB];
    give_up_if_late(client, now);
    if (client->job_count == 0 || client->jobs[0].stage == JOB_WORKING)
        return false;
    const struct job *job = &client->jobs[0];
    if (job->stage == JOB_WANTED) {
        snprintf(c->path, sizeof c->path, "/sync/v1/jobs/%s/photo", job->job.id);
        request->answer_max = STN_SYNC_PHOTO_MAX;
        return true;
    }
    snprintf(c->path, sizeof c->path, "/sync/v1/jobs/%s/result", job->job.id);
    request->post = true;
    request->content_type = CM_SYNC_TYPE;
    request->body = job->result.data;
    request->size = job->result.size;
    return true;
}

static void photo_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer,
                         struct stn_sync_now now, struct stn_sync_effects *effects)
{
    struct job *job = &client->jobs[0];
    job->stage = JOB_WORKING;
    job->late_us = now.mono_us + job_longest_us;
    job->tries = 0;
    effects->photo = true;
    memcpy(effects->job.job_id, job->job.id, sizeof effects->job.job_id);
    memcpy(effects->job.student_id, job->job.student_id, sizeof effects->job.student_id);
    memcpy(effects->job.name, job->job.name, sizeof effects->job.name);
    effects->job.bytes = answer->body;
    effects->job.size = answer->size;
}

static void result_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer,
                          struct stn_sync_effects *effects)
{
    struct cm_job_answer said;
    const struct cm_job *job = &client->jobs[0].job;
    if (cm_message_decode(CM_MESSAGE_JOB_ANSWER, answer->body, answer->size, &said, NULL) == CM_OK)
        snprintf(effects->text, sizeof effects->text, "%.60s %s%s%.80s", job->name,
                 said.ok ? "was enrolled from a photo" : "was not enrolled",
                 said.message[0] != '\0' ? ": " : "", said.message);
    job_end(client);
}

void job_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer, struct stn_sync_now now,
                struct stn_sync_effects *effects)
{
    if (client->job_count == 0)
        return;
    bool over =
        answer->status == 404 || answer->status == 409 || answer->status == 410 || answer->status == 422;
    if (answer->status != 200 && !over) {
        client_failed(client, STN_SYNC_JOB, answer, now);
        job_failed(client);
        return;
    }
    client_succeeded(client, STN_SYNC_JOB, now);
    if (over)
        job_end(client);
    else if (client->jobs[0].stage == JOB_WANTED)
        photo_answer(client, answer, now, effects);
    else
        result_answer(client, answer, effects);
}

void stn_sync_put_result(struct stn_sync_client *client, const struct stn_sync_job_result *result)
{
    if (client->job_count == 0 || client->jobs[0].stage != JOB_WORKING ||
        strcmp(client->jobs[0].job.id, result->job_id) != 0)
        return;
    struct job *job = &client->jobs[0];
    struct cm_buf sealed;
    struct cm_job_result message = {
        .ok = result->ok && result->count > 0,
        .quality = isfinite(result->quality) ? result->quality : 0,
        .template_count = (int32_t)(result->ok ? result->count : 0),
    };
    snprintf(message.reason, sizeof message.reason, "%s", result->reason);
    snprintf(message.message, sizeof message.message, "%s", result->message);
    cm_buf_init(&sealed, CM_SYNC_SEALED_MAX);
    enum cm_code code = CM_OK;
    if (message.ok)
        code = cm_templates_seal(client->server_key, result->templates, result->count, &sealed, NULL);
    message.sealed = (struct cm_span){sealed.data, sealed.size};
    if (code == CM_OK)
        code = cm_message_encode(CM_MESSAGE_JOB_RESULT, &message, &job->result, NULL);
    cm_buf_finish(&sealed);
    if (code == CM_OK)
        job->stage = JOB_RESULT;
    else
        job_end(client); /* the server's time limit tells the admin */
}

/* ---- frames ---- */

bool stn_sync_wants_frame(const struct stn_sync_client *client, struct stn_sync_now now)
{
    const struct channel *c = &client->channels[STN_SYNC_PREVIEW];
    return client->status.watched && !c->under_way && !client->frame_ready &&
           now.mono_us >= c->not_before_us && now.mono_us - client->frame_us >= frame_every_us;
}

enum cm_code stn_sync_put_frame(struct stn_sync_client *client, const uint8_t *jpeg, size_t size,
                                struct cm_err *err)
{
    struct channel *c = &client->channels[STN_SYNC_PREVIEW];
    if (!client->status.watched || c->under_way || client->frame_ready)
        return cm_fail(err, CM_INVALID, "no frame is wanted now");
    cm_buf_reset(&c->body);
    if (size == 0 || cm_buf_append(&c->body, jpeg, size) != CM_OK)
        return cm_fail(err, CM_INVALID, "a frame of %zu bytes; it may have %d", size, CM_SYNC_PREVIEW_MAX);
    client->frame_ready = true;
    return CM_OK;
}

bool preview_next(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_request *request)
{
    struct channel *c = &client->channels[STN_SYNC_PREVIEW];
    if (!client->frame_ready)
        return false;
    client->frame_ready = false;
    if (!client->status.watched) { /* nobody looks any more: it does not leave the station */
        cm_wipe(c->body.data, c->body.size);
        return false;
    }
    client->frame_us = now.mono_us;
    snprintf(c->path, sizeof c->path, "/sync/v1/preview");
    request->post = true;
    request->content_type = "image/jpeg";
    request->body = c->body.data;
    request->size = c->body.size;
    return true;
}

void preview_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer,
                    struct stn_sync_now now)
{
    struct cm_preview_answer said;
    if (answer->status != 200 ||
        cm_message_decode(CM_MESSAGE_PREVIEW_ANSWER, answer->body, answer->size, &said, NULL) != CM_OK) {
        client->status.watched = false;
        client_failed(client, STN_SYNC_PREVIEW, answer, now);
        return;
    }
    client_succeeded(client, STN_SYNC_PREVIEW, now);
    client->status.watched = client->status.watched && said.watching;
}
