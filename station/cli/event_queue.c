#include "cli/event_queue.h"

#include <stdlib.h>
#include <string.h>

enum cm_code stn_event_queue_init(struct stn_event_queue *queue, struct cm_err *err)
{
    memset(queue, 0, sizeof *queue);
    queue->ring = calloc(STN_EVENT_QUEUE_MAX, sizeof *queue->ring);
    if (queue->ring == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the event queue");
    pthread_mutex_init(&queue->mutex, NULL);
    return CM_OK;
}

void stn_event_queue_finish(struct stn_event_queue *queue)
{
    if (queue->ring == NULL)
        return;
    pthread_mutex_destroy(&queue->mutex);
    free(queue->ring);
    queue->ring = NULL;
}

/* The last place is kept for the `stopped` event: the reader's loop ends with it. */
static bool has_room(const struct stn_event_queue *queue, const struct stn_event *event)
{
    if (event->kind == STN_EV_FRAME)
        return queue->count < STN_EVENT_QUEUE_FRAMES;
    return queue->count < (event->kind == STN_EV_STOPPED ? STN_EVENT_QUEUE_MAX : STN_EVENT_QUEUE_MAX - 1);
}

void stn_event_queue_put(struct stn_event_queue *queue, const struct stn_event *event)
{
    pthread_mutex_lock(&queue->mutex);
    queue->stopped = queue->stopped || event->kind == STN_EV_STOPPED;
    if (has_room(queue, event)) {
        queue->ring[(queue->head + queue->count) % STN_EVENT_QUEUE_MAX] = *event;
        queue->count++;
    } else if (event->kind != STN_EV_FRAME) {
        queue->dropped++;
    }
    pthread_mutex_unlock(&queue->mutex);
}

bool stn_event_queue_take(struct stn_event_queue *queue, struct stn_event *ret_event)
{
    pthread_mutex_lock(&queue->mutex);
    bool any = queue->count > 0;
    if (any) {
        *ret_event = queue->ring[queue->head];
        queue->head = (queue->head + 1) % STN_EVENT_QUEUE_MAX;
        queue->count--;
    }
    pthread_mutex_unlock(&queue->mutex);
    return any;
}

bool stn_event_queue_stopped(struct stn_event_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool stopped = queue->stopped;
    pthread_mutex_unlock(&queue->mutex);
    return stopped;
}

uint64_t stn_event_queue_dropped(struct stn_event_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    uint64_t dropped = queue->dropped;
    pthread_mutex_unlock(&queue->mutex);
    return dropped;
}
