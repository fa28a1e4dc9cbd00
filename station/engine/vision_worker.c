#include "engine/vision_worker.h"

#include "base/clock.h"
#include "card/qr.h"
#include "vision/schedule.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct stn_vision_worker {
    pthread_t thread;
    enum stn_landmark_model landmarks;
    char *landmarks_path;
    struct stn_mailbox *mailbox;
    struct stn_inbox *inbox;
    atomic_bool cards_wanted;
    struct stn_qr_reader *cards;
    struct stn_card_schedule card_schedule;
};

/* A frame that nobody can look into still has a time and a place in the stream. */
static void describe_blind(const struct stn_frame *frame, struct stn_observation *seen)
{
    memset(seen, 0, sizeof *seen);
    seen->frame_number = frame->number;
    seen->captured_mono_us = frame->captured_mono_us;
    seen->captured_wall_ms = frame->captured_wall_ms;
    seen->width = frame->width;
    seen->height = frame->height;
}

static void look_for_card(struct stn_vision_worker *worker, const struct stn_frame *frame,
                          struct stn_observation *seen)
{
    bool late = stn_mailbox_waits(worker->mailbox);
    if (!atomic_load(&worker->cards_wanted) ||
        !stn_card_schedule_next(&worker->card_schedule, frame->captured_mono_us, late))
        return;
    int64_t begun_us = cm_mono_us(cm_clock_system());
    stn_qr_reader_run(worker->cards, frame, seen->code);
    seen->times.card_us = (int32_t)(cm_mono_us(cm_clock_system()) - begun_us);
}

/* False: the engine is going away. */
static bool look_at(struct stn_vision_worker *worker, struct stn_pipeline *pipeline, struct stn_frame *frame)
{
    struct stn_message message = {.kind = STN_MSG_OBSERVATION, .err = CM_ERR_INIT};
    message.u.observation.frame = frame;
    if (pipeline == NULL)
        cm_fail(&message.err, CM_NOTFOUND, "no vision models");
    else
        stn_pipeline_run(pipeline, frame, &message.u.observation.seen, &message.err);
    if (message.err.code != CM_OK)
        describe_blind(frame, &message.u.observation.seen);
    look_for_card(worker, frame, &message.u.observation.seen);
    bool posted = stn_inbox_post_observation(worker->inbox, &message);
    explicit_bzero(message.u.observation.seen.code, sizeof message.u.observation.seen.code);
    if (!posted)
        stn_frame_unref(frame);
    return posted;
}

static void *run(void *arg)
{
    struct stn_vision_worker *worker = arg;
    struct stn_pipeline *pipeline = NULL;
    struct stn_pipeline_options options = {.landmarks = worker->landmarks,
                                           .landmarks_path = worker->landmarks_path};
    struct stn_message loaded = {.kind = STN_MSG_VISION_LOADED, .err = CM_ERR_INIT};
    stn_pipeline_open(&options, &pipeline, &loaded.err);
    stn_inbox_post(worker->inbox, &loaded);
    struct stn_frame *frame = NULL;
    enum cm_code code;
    while ((code = stn_mailbox_take(worker->mailbox, &frame)) == CM_OK)
        if (!look_at(worker, pipeline, frame))
            break;
    if (code == CM_EOF) {
        struct stn_message ended = {.kind = STN_MSG_SOURCE_ENDED, .err = CM_ERR_INIT};
        stn_inbox_post(worker->inbox, &ended);
    }
    stn_pipeline_close(pipeline);
    return NULL;
}

enum cm_code stn_vision_worker_start(const struct stn_pipeline_options *options, struct stn_mailbox *mailbox,
                                     struct stn_inbox *inbox, struct stn_vision_worker **ret_worker,
                                     struct cm_err *err)
{
    struct stn_vision_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the vision thread");
    worker->landmarks = options->landmarks;
    worker->landmarks_path = strdup(options->landmarks_path);
    worker->mailbox = mailbox;
    worker->inbox = inbox;
    atomic_init(&worker->cards_wanted, true);
    stn_card_schedule_init(&worker->card_schedule);
    if (worker->landmarks_path == NULL || stn_qr_reader_create(&worker->cards, NULL) != CM_OK ||
        pthread_create(&worker->thread, NULL, run, worker) != 0) {
        stn_qr_reader_destroy(worker->cards);
        free(worker->landmarks_path);
        free(worker);
        return cm_fail(err, CM_BACKEND, "cannot start the vision thread");
    }
    *ret_worker = worker;
    return CM_OK;
}

void stn_vision_worker_look_for_cards(struct stn_vision_worker *worker, bool wanted)
{
    atomic_store(&worker->cards_wanted, wanted);
}

void stn_vision_worker_join(struct stn_vision_worker *worker)
{
    if (worker == NULL)
        return;
    pthread_join(worker->thread, NULL);
    stn_qr_reader_destroy(worker->cards);
    free(worker->landmarks_path);
    free(worker);
}
