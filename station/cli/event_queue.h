/*
 * The engine's events on their way to another thread: bounded, with a wake-up. A reader that falls behind loses `frame`
 * events first; should it stand still for minutes, the newest of the others are dropped too and counted, because the
 * engine never waits for a screen or a pipe.
 */
#ifndef STN_EVENT_QUEUE_H
#define STN_EVENT_QUEUE_H

#include "base/err.h"
#include "engine/event.h"
#include <pthread.h>

enum { STN_EVENT_QUEUE_MAX = 512, STN_EVENT_QUEUE_FRAMES = 64 };

struct stn_event_queue {
    pthread_mutex_t mutex;
    struct stn_event *ring; /* STN_EVENT_QUEUE_MAX */
    int head, count;
    uint64_t dropped;
    bool stopped;
};

enum cm_code stn_event_queue_init(struct stn_event_queue *queue, struct cm_err *err);
void stn_event_queue_finish(struct stn_event_queue *queue);
void stn_event_queue_put(struct stn_event_queue *queue, const struct stn_event *event);
bool stn_event_queue_take(struct stn_event_queue *queue, struct stn_event *ret_event);
bool stn_event_queue_stopped(struct stn_event_queue *queue);     /* the engine has said its last word */
uint64_t stn_event_queue_dropped(struct stn_event_queue *queue); /* frames not counted */

#endif
