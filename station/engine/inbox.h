/*
 * What the worker threads tell the engine thread: a bounded queue with a wake-up. Wake-ups coalesce, so the reader drains
 * the queue whole. Observations are limited to a few in flight (one in lockstep): the vision thread waits in
 * stn_inbox_post_observation until the engine has finished an earlier one; everything else is posted without waiting.
 */
#ifndef STN_INBOX_H
#define STN_INBOX_H

#include "base/err.h"
#include "engine/request.h"
#include "frame/frame.h"
#include "frame/observation.h"
#include "record/record.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { STN_INBOX_MAX = 128, STN_INBOX_OBSERVATIONS = 3, STN_INBOX_REQUESTS = 16 };

enum stn_message_kind {
    STN_MSG_OBSERVATION,
    STN_MSG_EMBEDDING,
    STN_MSG_SOURCE_OPEN,   /* the camera delivers: text is its name */
    STN_MSG_SOURCE_FAILED, /* text says why; the capture thread tries again */
    STN_MSG_SOURCE_ENDED,  /* a recording's end */
    STN_MSG_VISION_LOADED,
    STN_MSG_EMBEDDER_LOADED,
    STN_MSG_PHOTO, /* what came of a photo to enrol from; err: it could not be looked at */
    STN_MSG_REQUEST,
};

struct stn_message {
    enum stn_message_kind kind;
    struct cm_err err; /* code CM_OK or why it failed */
    union {
        struct {
            struct stn_frame *frame; /* a reference, the reader's to drop */
            struct stn_observation seen;
        } observation;
        struct {
            uint32_t track_id;
            int64_t captured_us;
            int32_t took_us;
            float values[CM_EMBEDDING_DIM];
        } embedding;
        struct {
            char name[256];
            double fps;
            bool recording, max_speed;
        } source;
        struct {
            char job_id[40], student_id[CM_ID_SIZE];
            bool passed; /* the gates */
            char reason[32], text[256];
            float quality;
            float values[CM_EMBEDDING_DIM];
        } photo;
        struct stn_request request;
    } u;
};

struct stn_inbox {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct stn_message *ring; /* STN_INBOX_MAX */
    int head, count;
    int observations, observations_max; /* in flight: posted and not yet released */
    int requests;                       /* waiting */
    bool closed;
    void (*wake)(void *arg);
    void *arg;
};

enum cm_code stn_inbox_init(struct stn_inbox *inbox, void (*wake)(void *arg), void *arg, struct cm_err *err);
void stn_inbox_finish(struct stn_inbox *inbox);
void stn_inbox_set_lockstep(struct stn_inbox *inbox, bool lockstep);
/* Copies the message. False: closed or full (a bug of ours: every sender is bounded); the frame stays the caller's. */
bool stn_inbox_post(struct stn_inbox *inbox, const struct stn_message *message);
bool stn_inbox_post_observation(struct stn_inbox *inbox, const struct stn_message *message);
/* False also when STN_INBOX_REQUESTS wait: a person can be told to try again, workers cannot. */
bool stn_inbox_post_request(struct stn_inbox *inbox, const struct stn_request *request);
bool stn_inbox_take(struct stn_inbox *inbox, struct stn_message *ret_message); /* false: empty */
/* The engine is done with one observation: the vision thread may post the next. */
void stn_inbox_release(struct stn_inbox *inbox);
void stn_inbox_close(struct stn_inbox *inbox);

#endif
