#include "engine/embed_worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct job {
    uint32_t track_id;
    int64_t captured_us;
    struct stn_chip chip;
};

struct stn_embed_worker {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct job *ring; /* STN_EMBED_QUEUE_MAX */
    int head, count;
    bool stopping;
    char *path;
    const struct cm_clock *clock;
    struct stn_inbox *inbox;
};

static bool take_job(struct stn_embed_worker *worker, struct job *job)
{
    pthread_mutex_lock(&worker->mutex);
    while (worker->count == 0 && !worker->stopping)
        pthread_cond_wait(&worker->changed, &worker->mutex);
    bool any = !worker->stopping;
    if (any) {
        *job = worker->ring[worker->head];
        worker->head = (worker->head + 1) % STN_EMBED_QUEUE_MAX;
        worker->count--;
    }
    pthread_mutex_unlock(&worker->mutex);
    return any;
}

static void embed(struct stn_embed_worker *worker, struct stn_embedder *embedder, const struct job *job)
{
    struct stn_message message = {.kind = STN_MSG_EMBEDDING, .err = CM_ERR_INIT};
    message.u.embedding.track_id = job->track_id;
    message.u.embedding.captured_us = job->captured_us;
    int64_t before_us = cm_mono_us(worker->clock);
    if (embedder == NULL)
        cm_fail(&message.err, CM_NOTFOUND, "no embedding model");
    else
        stn_embedder_run(embedder, &job->chip, message.u.embedding.values, &message.err);
    message.u.embedding.took_us = (int32_t)(cm_mono_us(worker->clock) - before_us);
    stn_inbox_post(worker->inbox, &message);
    explicit_bzero(&message, sizeof message);
}

static void *run(void *arg)
{
    struct stn_embed_worker *worker = arg;
    struct stn_embedder *embedder = NULL;
    struct job *job = calloc(1, sizeof *job);
    struct stn_message loaded = {.kind = STN_MSG_EMBEDDER_LOADED, .err = CM_ERR_INIT};
    if (job == NULL)
        cm_fail(&loaded.err, CM_NOMEM, "out of memory for the embedding thread");
    else
        stn_embedder_open(worker->path, &embedder, &loaded.err);
    stn_inbox_post(worker->inbox, &loaded);
    while (job != NULL && take_job(worker, job))
        embed(worker, embedder, job);
    stn_embedder_close(embedder);
    if (job != NULL)
        explicit_bzero(job, sizeof *job);
    free(job);
    return NULL;
}

static void free_worker(struct stn_embed_worker *worker)
{
    if (worker->ring != NULL)
        explicit_bzero(worker->ring, STN_EMBED_QUEUE_MAX * sizeof *worker->ring);
    free(worker->ring);
    free(worker->path);
    free(worker);
}

enum cm_code stn_embed_worker_start(const char *path, const struct cm_clock *clock, struct stn_inbox *inbox,
                                    struct stn_embed_worker **ret_worker, struct cm_err *err)
{
    struct stn_embed_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the embedding thread");
    worker->ring = calloc(STN_EMBED_QUEUE_MAX, sizeof *worker->ring);
    worker->path = strdup(path);
    worker->clock = clock;
    worker->inbox = inbox;
    if (worker->ring == NULL || worker->path == NULL) {
        free_worker(worker);
        return cm_fail(err, CM_NOMEM, "out of memory for the embedding thread");
    }
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->changed, NULL);
    if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
        free_worker(worker);
        return cm_fail(err, CM_BACKEND, "cannot start the embedding thread");
    }
    *ret_worker = worker;
    return CM_OK;
}

bool stn_embed_worker_post(struct stn_embed_worker *worker, uint32_t track_id, int64_t captured_us,
                           const struct stn_chip *chip)
{
    pthread_mutex_lock(&worker->mutex);
    bool room = worker->count < STN_EMBED_QUEUE_MAX && !worker->stopping;
    if (room) {
        struct job *job = &worker->ring[(worker->head + worker->count) % STN_EMBED_QUEUE_MAX];
        job->track_id = track_id;
        job->captured_us = captured_us;
        job->chip = *chip;
        worker->count++;
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->mutex);
    return room;
}

int stn_embed_worker_waiting(struct stn_embed_worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    int waiting = worker->count;
    pthread_mutex_unlock(&worker->mutex);
    return waiting;
}

void stn_embed_worker_join(struct stn_embed_worker *worker)
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
