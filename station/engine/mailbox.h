/*
 * Hands frames from the capture thread to the vision thread: one slot. Newest wins: a frame that was not taken in time is
 * replaced and counted as dropped. Lockstep (a recording at max speed): put waits until the slot is free, nothing is
 * dropped. End is the capture thread's last word: take gives what is left, then CM_EOF. Close wakes both sides for good.
 */
#ifndef STN_MAILBOX_H
#define STN_MAILBOX_H

#include "frame/frame.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct stn_mailbox {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct stn_frame *frame;
    bool lockstep, ended, closed;
    uint64_t dropped;
};

void stn_mailbox_init(struct stn_mailbox *mailbox);
void stn_mailbox_finish(struct stn_mailbox *mailbox); /* both threads must be gone */
void stn_mailbox_set_lockstep(struct stn_mailbox *mailbox, bool lockstep);
/* Takes over the frame's reference in any case. False: closed. */
bool stn_mailbox_put(struct stn_mailbox *mailbox, struct stn_frame *frame);
/* Waits for a frame and gives its reference to the caller. CM_EOF after the last one, CM_CANCELED: closed. */
enum cm_code stn_mailbox_take(struct stn_mailbox *mailbox, struct stn_frame **ret_frame);
void stn_mailbox_count_drops(struct stn_mailbox *mailbox, uint64_t frames); /* lost before they got here */
uint64_t stn_mailbox_dropped(struct stn_mailbox *mailbox);
/* The next frame is there already: its taker is late. Never in lockstep. */
bool stn_mailbox_waits(struct stn_mailbox *mailbox);
void stn_mailbox_end(struct stn_mailbox *mailbox);
void stn_mailbox_close(struct stn_mailbox *mailbox);

#endif
