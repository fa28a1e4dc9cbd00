#include "live/jobs.h"

#include "base/uuid.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    struct srv_job job; /* id "": free */
    uint8_t *photo;
    size_t size;
    int64_t deadline_us; /* when it is timed out; of one that ended, forgotten */
};

struct srv_jobs {
    const struct cm_clock *clock;
    pthread_mutex_t mutex;
    struct cm_uuid_generator ids;
    struct row rows[SRV_LIVE_JOBS_MAX];
};

static bool has_ended(const struct srv_job *job)
{
    return job->state != SRV_JOB_WAITING && job->state != SRV_JOB_TAKEN;
}

static void wipe(struct row *row)
{
    if (row->photo != NULL)
        sodium_memzero(row->photo, row->size);
    free(row->photo);
    row->photo = NULL;
    row->size = 0;
}

enum cm_code srv_jobs_create(const struct cm_clock *clock, struct srv_jobs **ret_jobs, struct cm_err *err)
{
    struct srv_jobs *jobs = calloc(1, sizeof *jobs);
    if (jobs == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    jobs->clock = clock;
    pthread_mutex_init(&jobs->mutex, NULL);
    *ret_jobs = jobs;
    return CM_OK;
}

void srv_jobs_destroy(struct srv_jobs *jobs)
{
    if (jobs == NULL)
        return;
    for (int i = 0; i < SRV_LIVE_JOBS_MAX; i++)
        wipe(&jobs->rows[i]);
    pthread_mutex_destroy(&jobs->mutex);
    free(jobs);
}

static struct row *find(struct srv_jobs *jobs, const char *id)
{
    for (int i = 0; i < SRV_LIVE_JOBS_MAX && id[0] != '\0'; i++)
        if (strcmp(jobs->rows[i].job.id, id) == 0)
            return &jobs->rows[i];
    return NULL;
}

/* A free row, else that of the job which ended longest ago. */
static struct row *room(struct srv_jobs *jobs)
{
    struct row *oldest = NULL;
    for (int i = 0; i < SRV_LIVE_JOBS_MAX; i++) {
        struct row *row = &jobs->rows[i];
        if (row->job.id[0] == '\0')
            return row;
        if (has_ended(&row->job) && (oldest == NULL || row->deadline_us < oldest->deadline_us))
            oldest = row;
    }
    return oldest;
}

static bool is_underway(const struct srv_jobs *jobs, const char *student_id)
{
    for (int i = 0; i < SRV_LIVE_JOBS_MAX; i++)
        if (jobs->rows[i].job.id[0] != '\0' && !has_ended(&jobs->rows[i].job) &&
            strcmp(jobs->rows[i].job.student_id, student_id) == 0)
            return true;
    return false;
}

static void fill(struct srv_jobs *jobs, struct row *row, const struct srv_student *student, const char *by)
{
    uint8_t id[16];
    row->job = (struct srv_job){.state = SRV_JOB_WAITING,
                                .created_wall_ms = cm_wall_ms(jobs->clock),
                                .student_created_wall_ms = student->created_wall_ms,
                                .student_unenrolled_wall_ms = student->unenrolled_wall_ms,
                                .student_consent_wall_ms = student->base.consent_wall_ms};
    cm_uuid7(&jobs->ids, row->job.created_wall_ms, id);
    cm_uuid_text(id, row->job.id);
    snprintf(row->job.student_id, sizeof row->job.student_id, "%s", student->base.id);
    snprintf(row->job.class_id, sizeof row->job.class_id, "%s", student->base.class_id);
    snprintf(row->job.by, sizeof row->job.by, "%s", by);
    row->deadline_us = cm_mono_us(jobs->clock) + (int64_t)SRV_LIVE_JOB_TIMEOUT_MS * 1000;
}

enum cm_code srv_jobs_add(struct srv_jobs *jobs, const struct srv_student *student, const char *by,
                          uint8_t *photo, size_t size, struct srv_job *ret_job, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    pthread_mutex_lock(&jobs->mutex);
    struct row *row = room(jobs);
    if (is_underway(jobs, student->base.id))
        code = cm_fail(err, CM_EXISTS, "a photo of this student is on its way already");
    else if (row == NULL)
        code = cm_fail(err, CM_NOMEM, "too many photos are on their way: try again in a minute");
    if (code == CM_OK) {
        fill(jobs, row, student, by);
        row->photo = photo;
        row->size = size;
        *ret_job = row->job;
    }
    pthread_mutex_unlock(&jobs->mutex);
    return code;
}

bool srv_jobs_get(struct srv_jobs *jobs, const char *id, struct srv_job *ret_job)
{
    pthread_mutex_lock(&jobs->mutex);
    const struct row *row = find(jobs, id);
    if (row != NULL)
        *ret_job = row->job;
    pthread_mutex_unlock(&jobs->mutex);
    return row != NULL;
}

int srv_jobs_for(struct srv_jobs *jobs, const struct srv_station *station, struct srv_job *ret_jobs,
                 int capacity)
{
    int count = 0;
    pthread_mutex_lock(&jobs->mutex);
    for (int i = 0; i < SRV_LIVE_JOBS_MAX && count < capacity; i++) {
        const struct srv_job *job = &jobs->rows[i].job;
        if (job->id[0] != '\0' && job->state == SRV_JOB_WAITING && srv_station_serves(station, job->class_id))
            ret_jobs[count++] = *job;
    }
    pthread_mutex_unlock(&jobs->mutex);
    return count;
}

static bool may_take(const struct row *row, const char *station_id)
{
    return row->job.state == SRV_JOB_WAITING ||
           (row->job.state == SRV_JOB_TAKEN && strcmp(row->job.station_id, station_id) == 0);
}

enum cm_code srv_jobs_take(struct srv_jobs *jobs, const char *id, const char *station_id, uint8_t **ret_photo,
                           size_t *ret_size, struct srv_job *ret_job, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    uint8_t *copy = NULL;
    pthread_mutex_lock(&jobs->mutex);
    struct row *row = find(jobs, id);
    if (row == NULL || !may_take(row, station_id))
        code = cm_fail(err, CM_NOTFOUND, "there is no such photo any more");
    else if ((copy = malloc(row->size)) == NULL)
        code = cm_fail(err, CM_NOMEM, "no room for a copy of a photo");
    else {
        memcpy(copy, row->photo, row->size);
        row->job.state = SRV_JOB_TAKEN;
        snprintf(row->job.station_id, sizeof row->job.station_id, "%s", station_id);
        *ret_photo = copy;
        *ret_size = row->size;
        *ret_job = row->job;
    }
    pthread_mutex_unlock(&jobs->mutex);
    return code;
}

static void end_row(struct srv_jobs *jobs, struct row *row, enum srv_job_state state)
{
    wipe(row);
    row->job.state = state;
    row->deadline_us = cm_mono_us(jobs->clock) + (int64_t)SRV_JOBS_KEPT_MS * 1000;
}

enum cm_code srv_jobs_end(struct srv_jobs *jobs, const char *id, const char *station_id,
                          const struct srv_job *result, struct srv_job *ret_job, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    pthread_mutex_lock(&jobs->mutex);
    struct row *row = find(jobs, id);
    if (row == NULL || row->job.state != SRV_JOB_TAKEN || strcmp(row->job.station_id, station_id) != 0)
        code = cm_fail(err, CM_NOTFOUND, "there is no such job of this station");
    else {
        memcpy(row->job.reason, result->reason, sizeof row->job.reason);
        memcpy(row->job.message, result->message, sizeof row->job.message);
        row->job.template_count = result->template_count;
        row->job.quality = result->quality;
        end_row(jobs, row, result->state == SRV_JOB_DONE ? SRV_JOB_DONE : SRV_JOB_REFUSED);
        *ret_job = row->job;
    }
    pthread_mutex_unlock(&jobs->mutex);
    return code;
}

bool srv_jobs_time_out(struct srv_jobs *jobs, struct srv_job *ret_job)
{
    bool found = false;
    int64_t now_us = cm_mono_us(jobs->clock);
    pthread_mutex_lock(&jobs->mutex);
    for (int i = 0; i < SRV_LIVE_JOBS_MAX && !found; i++) {
        struct row *row = &jobs->rows[i];
        if (row->job.id[0] == '\0' || now_us < row->deadline_us)
            continue;
        found = !has_ended(&row->job);
        if (found) {
            snprintf(row->job.reason, sizeof row->job.reason, "timed_out");
            snprintf(row->job.message, sizeof row->job.message,
                     "no station finished this photo in time: try again");
            end_row(jobs, row, SRV_JOB_TIMED_OUT);
            *ret_job = row->job;
        } else {
            memset(&row->job, 0, sizeof row->job);
        }
    }
    pthread_mutex_unlock(&jobs->mutex);
    return found;
}
