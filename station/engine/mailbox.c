#include "engine/mailbox.h"

#include <string.h>

void stn_mailbox_init(struct stn_mailbox *mailbox)
{
    memset(mailbox, 0, sizeof *mailbox);
    pthread_mutex_init(&mailbox->mutex, NULL);
    pthread_cond_init(&mailbox->changed, NULL);
}

void stn_mailbox_finish(struct stn_mailbox *mailbox)
{
    stn_frame_unref(mailbox->frame);
    mailbox->frame = NULL;
    pthread_cond_destroy(&mailbox->changed);
    pthread_mutex_destroy(&mailbox->mutex);
}

void stn_mailbox_set_lockstep(struct stn_mailbox *mailbox, bool lockstep)
{
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->lockstep = lockstep;
    pthread_mutex_unlock(&mailbox->mutex);
}

bool stn_mailbox_put(struct stn_mailbox *mailbox, struct stn_frame *frame)
{
    pthread_mutex_lock(&mailbox->mutex);
    while (mailbox->lockstep && mailbox->frame != NULL && !mailbox->closed)
        pthread_cond_wait(&mailbox->changed, &mailbox->mutex);
    bool open = !mailbox->closed;
    struct stn_frame *old = frame;
    if (open) {
        old = mailbox->frame;
        mailbox->frame = frame;
        if (old != NULL)
            mailbox->dropped++;
        pthread_cond_broadcast(&mailbox->changed);
    }
    pthread_mutex_unlock(&mailbox->mutex);
    stn_frame_unref(old);
    return open;
}

enum cm_code stn_mailbox_take(struct stn_mailbox *mailbox, struct stn_frame **ret_frame)
{
    enum cm_code code = CM_OK;
    pthread_mutex_lock(&mailbox->mutex);
    while (mailbox->frame == NULL && !mailbox->ended && !mailbox->closed)
        pthread_cond_wait(&mailbox->changed, &mailbox->mutex);
    if (mailbox->closed)
        code = CM_CANCELED;
    else if (mailbox->frame == NULL)
        code = CM_EOF;
    if (code == CM_OK) {
        *ret_frame = mailbox->frame;
        mailbox->frame = NULL;
        pthread_cond_broadcast(&mailbox->changed);
    }
    pthread_mutex_unlock(&mailbox->mutex);
    return code;
}

void stn_mailbox_count_drops(struct stn_mailbox *mailbox, uint64_t frames)
{
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->dropped += frames;
    pthread_mutex_unlock(&mailbox->mutex);
}

uint64_t stn_mailbox_dropped(struct stn_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    uint64_t dropped = mailbox->dropped;
    pthread_mutex_unlock(&mailbox->mutex);
    return dropped;
}

bool stn_mailbox_waits(struct stn_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    bool waits = mailbox->frame != NULL && !mailbox->lockstep;
    pthread_mutex_unlock(&mailbox->mutex);
    return waits;
}

void stn_mailbox_end(struct stn_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->ended = true;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->mutex);
}

void stn_mailbox_close(struct stn_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->closed = true;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->mutex);
}
