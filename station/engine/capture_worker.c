#include "engine/capture_worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RETRY_FIRST_MS = 500, RETRY_MAX_MS = 8000, POOL_BUSY_MS = 5, BAD_PLACES_AT_ONCE = 8 };

struct stn_capture_worker {
    struct stn_capture_worker_options options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    atomic_bool stop;
    uint64_t next_number; /* of the frame that is expected: a gap means frames that the source skipped */
};

static void tell(struct stn_capture_worker *worker, enum stn_message_kind kind, const struct cm_err *err)
{
    struct stn_message message = {.kind = kind};
    message.err = *err;
    if (kind == STN_MSG_SOURCE_OPEN) {
        struct stn_capture_info info;
        stn_capture_info(worker->options.capture, &info);
        memcpy(message.u.source.name, info.name, sizeof message.u.source.name);
        message.u.source.fps = info.fps;
        message.u.source.recording = info.recording;
        message.u.source.max_speed = info.max_speed;
        stn_mailbox_set_lockstep(worker->options.mailbox, info.max_speed);
        stn_inbox_set_lockstep(worker->options.inbox, info.max_speed);
    }
    stn_inbox_post(worker->options.inbox, &message);
}

/* Sleeps, but wakes up at once for the end. */
static void pause_ms(struct stn_capture_worker *worker, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&worker->mutex);
    while (!atomic_load(&worker->stop))
        if (pthread_cond_timedwait(&worker->wake, &worker->mutex, &until) != 0)
            break;
    pthread_mutex_unlock(&worker->mutex);
}

/* Frames until the source ends or shall stop; a camera's failure ends it too, for it must be opened again. A bad place in
 * a recording is told and passed over; where there are many in a row, with growing pauses. */
static enum cm_code deliver(struct stn_capture_worker *worker)
{
    int pause = RETRY_FIRST_MS, bad_in_a_row = 0;
    struct stn_capture_info info;
    stn_capture_info(worker->options.capture, &info);
    for (;;) {
        struct stn_frame *frame = NULL;
        struct cm_err err = CM_ERR_INIT;
        enum cm_code code = stn_capture_next(worker->options.capture, &worker->stop, &frame, &err);
        if (code == CM_EOF || code == CM_CANCELED)
            return code;
        if (code == CM_AGAIN) {
            pause_ms(worker, POOL_BUSY_MS);
            continue;
        }
        if (code != CM_OK) {
            tell(worker, STN_MSG_SOURCE_FAILED, &err);
            if (!info.recording)
                return code;
            if (++bad_in_a_row < BAD_PLACES_AT_ONCE)
                continue;
            pause_ms(worker, pause);
            pause = pause * 2 < RETRY_MAX_MS ? pause * 2 : RETRY_MAX_MS;
            continue;
        }
        pause = RETRY_FIRST_MS;
        bad_in_a_row = 0;
        if (frame->number > worker->next_number)
            stn_mailbox_count_drops(worker->options.mailbox, frame->number - worker->next_number);
        worker->next_number = frame->number + 1;
        if (!stn_mailbox_put(worker->options.mailbox, frame))
            return CM_CANCELED;
    }
}

static void *run(void *arg)
{
    struct stn_capture_worker *worker = arg;
    int pause = RETRY_FIRST_MS;
    while (!atomic_load(&worker->stop)) {
        struct cm_err err = CM_ERR_INIT;
        enum cm_code code = stn_capture_open(worker->options.capture, &err);
        if (code == CM_OK) {
            tell(worker, STN_MSG_SOURCE_OPEN, &err);
            code = deliver(worker);
        } else {
            tell(worker, STN_MSG_SOURCE_FAILED, &err);
        }
        if (code == CM_CANCELED)
            break;
        if (code == CM_EOF || !worker->options.retry) {
            stn_mailbox_end(worker->options.mailbox);
            break;
        }
        pause_ms(worker, pause);
        pause = pause * 2 < RETRY_MAX_MS ? pause * 2 : RETRY_MAX_MS;
    }
    return NULL;
}

static void free_worker(struct stn_capture_worker *worker)
{
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}

enum cm_code stn_capture_worker_start(const struct stn_capture_worker_options *options,
                                      struct stn_capture_worker **ret_worker, struct cm_err *err)
{
    struct stn_capture_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the capture thread");
    worker->options = *options;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
        free_worker(worker);
        return cm_fail(err, CM_BACKEND, "cannot start the capture thread");
    }
    *ret_worker = worker;
    return CM_OK;
}

void stn_capture_worker_join(struct stn_capture_worker *worker)
{
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->mutex);
    atomic_store(&worker->stop, true);
    pthread_cond_broadcast(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
    pthread_join(worker->thread, NULL);
    free_worker(worker);
}
