#include "engine/inbox.h"

#include <stdlib.h>
#include <string.h>

enum cm_code stn_inbox_init(struct stn_inbox *inbox, void (*wake)(void *arg), void *arg, struct cm_err *err)
{
    memset(inbox, 0, sizeof *inbox);
    inbox->ring = calloc(STN_INBOX_MAX, sizeof *inbox->ring);
    if (inbox->ring == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the engine's queue");
    pthread_mutex_init(&inbox->mutex, NULL);
    pthread_cond_init(&inbox->changed, NULL);
    inbox->observations_max = STN_INBOX_OBSERVATIONS;
    inbox->wake = wake;
    inbox->arg = arg;
    return CM_OK;
}

void stn_inbox_finish(struct stn_inbox *inbox)
{
    struct stn_message message;
    while (stn_inbox_take(inbox, &message))
        if (message.kind == STN_MSG_OBSERVATION)
            stn_frame_unref(message.u.observation.frame);
    explicit_bzero(inbox->ring, STN_INBOX_MAX * sizeof *inbox->ring); /* it held embeddings */
    free(inbox->ring);
    pthread_cond_destroy(&inbox->changed);
    pthread_mutex_destroy(&inbox->mutex);
}

void stn_inbox_set_lockstep(struct stn_inbox *inbox, bool lockstep)
{
    pthread_mutex_lock(&inbox->mutex);
    inbox->observations_max = lockstep ? 1 : STN_INBOX_OBSERVATIONS;
    pthread_mutex_unlock(&inbox->mutex);
}

static bool push_locked(struct stn_inbox *inbox, const struct stn_message *message)
{
    if (inbox->closed || inbox->count == STN_INBOX_MAX)
        return false;
    inbox->ring[(inbox->head + inbox->count) % STN_INBOX_MAX] = *message;
    inbox->count++;
    return true;
}

bool stn_inbox_post(struct stn_inbox *inbox, const struct stn_message *message)
{
    pthread_mutex_lock(&inbox->mutex);
    bool posted = push_locked(inbox, message);
    pthread_mutex_unlock(&inbox->mutex);
    if (posted)
        inbox->wake(inbox->arg);
    return posted;
}

bool stn_inbox_post_observation(struct stn_inbox *inbox, const struct stn_message *message)
{
    pthread_mutex_lock(&inbox->mutex);
    while (!inbox->closed && inbox->observations >= inbox->observations_max)
        pthread_cond_wait(&inbox->changed, &inbox->mutex);
    bool posted = push_locked(inbox, message);
    if (posted)
        inbox->observations++;
    pthread_mutex_unlock(&inbox->mutex);
    if (posted)
        inbox->wake(inbox->arg);
    return posted;
}

bool stn_inbox_post_request(struct stn_inbox *inbox, const struct stn_request *request)
{
    struct stn_message message = {.kind = STN_MSG_REQUEST, .err = CM_ERR_INIT, .u.request = *request};
    pthread_mutex_lock(&inbox->mutex);
    bool posted = inbox->requests < STN_INBOX_REQUESTS && push_locked(inbox, &message);
    inbox->requests += posted;
    pthread_mutex_unlock(&inbox->mutex);
    explicit_bzero(&message, sizeof message); /* it may hold a PIN */
    if (posted)
        inbox->wake(inbox->arg);
    return posted;
}

bool stn_inbox_take(struct stn_inbox *inbox, struct stn_message *ret_message)
{
    pthread_mutex_lock(&inbox->mutex);
    bool any = inbox->count > 0;
    if (any) {
        struct stn_message *slot = &inbox->ring[inbox->head];
        *ret_message = *slot;
        if (slot->kind == STN_MSG_OBSERVATION)
            explicit_bzero(slot->u.observation.seen.code, sizeof slot->u.observation.seen.code);
        if (slot->kind == STN_MSG_REQUEST) {
            inbox->requests--;
            explicit_bzero(&slot->u, sizeof slot->u);
        }
        inbox->head = (inbox->head + 1) % STN_INBOX_MAX;
        inbox->count--;
    }
    pthread_mutex_unlock(&inbox->mutex);
    return any;
}

void stn_inbox_release(struct stn_inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    if (inbox->observations > 0)
        inbox->observations--;
    pthread_cond_broadcast(&inbox->changed);
    pthread_mutex_unlock(&inbox->mutex);
}

void stn_inbox_close(struct stn_inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    inbox->closed = true;
    pthread_cond_broadcast(&inbox->changed);
    pthread_mutex_unlock(&inbox->mutex);
}
