#include "engine/photo_worker.h"

#include "base/log.h"
#include "enrol/portrait.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IDLE_S = 60 };

struct photo {
    struct stn_sync_photo head; /* its bytes are below */
    uint8_t *bytes;
};

struct stn_photo_worker {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct photo waiting; /* bytes NULL: none */
    bool busy, stopping;
    char *landmarks_path, *embedder_path;
    struct stn_portrait_options options;
    struct stn_inbox *inbox;
    struct stn_portrait_reader *reader; /* the thread's */
};

static void wipe(struct photo *photo)
{
    if (photo->bytes != NULL)
        explicit_bzero(photo->bytes, photo->head.size);
    free(photo->bytes);
    memset(photo, 0, sizeof *photo);
}

/* Waits for a photo; without one for a minute the models go. False: the end. */
static bool take(struct stn_photo_worker *worker, struct photo *ret_photo)
{
    struct timespec until;
    pthread_mutex_lock(&worker->mutex);
    worker->busy = false;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_S;
    while (worker->waiting.bytes == NULL && !worker->stopping) {
        if (worker->reader == NULL)
            pthread_cond_wait(&worker->changed, &worker->mutex);
        else if (pthread_cond_timedwait(&worker->changed, &worker->mutex, &until) == ETIMEDOUT) {
            stn_portrait_close(worker->reader);
            worker->reader = NULL;
        }
    }
    bool any = !worker->stopping;
    if (any) {
        *ret_photo = worker->waiting;
        worker->waiting.bytes = NULL;
        worker->busy = true;
    }
    pthread_mutex_unlock(&worker->mutex);
    return any;
}

static void say(struct stn_message *message, bool passed, const char *reason, const char *text)
{
    message->u.photo.passed = passed;
    snprintf(message->u.photo.reason, sizeof message->u.photo.reason, "%s", reason);
    snprintf(message->u.photo.text, sizeof message->u.photo.text, "%s", text);
}

static void judge(struct stn_photo_worker *worker, const struct photo *photo, struct stn_message *message)
{
    struct stn_portrait portrait = {0};
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = CM_OK;
    if (worker->reader == NULL)
        code = stn_portrait_open(&worker->options, &worker->reader, &err);
    if (code != CM_OK) {
        say(message, false, "station_failed", err.msg);
        return;
    }
    code = stn_portrait_of_image(worker->reader, photo->bytes, photo->head.size, "the photo",
                                 photo->head.name, &portrait, &err);
    if (code == CM_INVALID)
        say(message, false, stn_gate_name(STN_GATE_UNREADABLE), err.msg);
    else if (code != CM_OK)
        say(message, false, "station_failed", err.msg);
    else
        say(message, portrait.quality.gate == STN_GATE_PASSED, stn_gate_name(portrait.quality.gate),
            portrait.quality.text);
    message->u.photo.quality = portrait.quality.score;
    memcpy(message->u.photo.values, portrait.embedding, sizeof message->u.photo.values);
    explicit_bzero(&portrait, sizeof portrait);
}

static void *run(void *arg)
{
    struct stn_photo_worker *worker = arg;
    struct photo photo;
    while (take(worker, &photo)) {
        struct stn_message message = {.kind = STN_MSG_PHOTO, .err = CM_ERR_INIT};
        memcpy(message.u.photo.job_id, photo.head.job_id, sizeof message.u.photo.job_id);
        memcpy(message.u.photo.student_id, photo.head.student_id, sizeof message.u.photo.student_id);
        judge(worker, &photo, &message);
        wipe(&photo);
        if (!stn_inbox_post(worker->inbox, &message)) /* sync gives the job up when its time is over */
            cm_log(CM_LOG_WARN, "sync", "what came of a photo is lost",
                   CM_STR("job", message.u.photo.job_id));
        explicit_bzero(&message, sizeof message);
    }
    stn_portrait_close(worker->reader);
    return NULL;
}

static void free_worker(struct stn_photo_worker *worker)
{
    wipe(&worker->waiting);
    free(worker->landmarks_path);
    free(worker->embedder_path);
    free(worker);
}

static void init_sync(struct stn_photo_worker *worker)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum cm_code stn_photo_worker_start(const struct stn_photo_worker_options *options,
                                    struct stn_photo_worker **ret_worker, struct cm_err *err)
{
    struct stn_photo_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the photo thread");
    worker->landmarks_path = strdup(options->landmarks_path);
    worker->embedder_path = strdup(options->embedder_path);
    worker->inbox = options->inbox;
    worker->options = (struct stn_portrait_options){.landmarks = options->landmarks,
                                                    .landmarks_path = worker->landmarks_path,
                                                    .embedder_path = worker->embedder_path,
                                                    .rules = &stn_quality_rules_default};
    if (worker->landmarks_path == NULL || worker->embedder_path == NULL) {
        free_worker(worker);
        return cm_fail(err, CM_NOMEM, "out of memory for the photo thread");
    }
    init_sync(worker);
    if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
        free_worker(worker);
        return cm_fail(err, CM_BACKEND, "cannot start the photo thread");
    }
    *ret_worker = worker;
    return CM_OK;
}

bool stn_photo_worker_post(struct stn_photo_worker *worker, const struct stn_sync_photo *photo)
{
    uint8_t *bytes = photo->size > 0 ? malloc(photo->size) : NULL;
    if (bytes == NULL)
        return false;
    memcpy(bytes, photo->bytes, photo->size);
    pthread_mutex_lock(&worker->mutex);
    bool taken = !worker->busy && worker->waiting.bytes == NULL && !worker->stopping;
    if (taken) {
        worker->waiting = (struct photo){*photo, bytes};
        worker->waiting.head.bytes = NULL;
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->mutex);
    if (!taken) {
        struct photo refused = {*photo, bytes};
        wipe(&refused);
    }
    return taken;
}

void stn_photo_worker_join(struct stn_photo_worker *worker)
{
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->mutex);
    worker->stopping = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    free_worker(worker);
}
