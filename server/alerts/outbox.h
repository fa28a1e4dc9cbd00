/*
 * The states of a message, and what may follow what: a table, pure. Nothing else changes a message's state.
 *
 * - CLAIMED is committed before the provider is asked. Whatever is found `sending` at the next start is LOST: it may have
 *   left.
 * - An answer that was lost after the request may have left is LOST too: unknown, and resolved by what a webhook says or by
 *   a person, never by sending again by itself.
 * - Of a queued message that may have been sent, because the store was put back to a backup, it is said that it is LOST too.
 * - What a webhook says only moves forward: sent, delivered, read; `failed` counts until it was delivered. That somebody got
 *   it is believed in every state: then it was sent, whatever was thought of it.
 * - A message that was taken back, or that has no address, must be queued: what is on its way cannot be stopped.
 */
#ifndef SRV_OUTBOX_H
#define SRV_OUTBOX_H

#include "store/store.h"

enum srv_outbox_event {
    SRV_OUTBOX_CLAIMED,        /* it is about to be sent */
    SRV_OUTBOX_TAKEN,          /* the provider's answer: it has it */
    SRV_OUTBOX_AGAIN,          /* the provider's answer, or no connection: not sent, later */
    SRV_OUTBOX_REFUSED,        /* the provider's answer: never */
    SRV_OUTBOX_LOST,           /* it may have been sent, and nobody knows */
    SRV_OUTBOX_TOLD_SENT,      /* a webhook */
    SRV_OUTBOX_TOLD_DELIVERED, /* a webhook */
    SRV_OUTBOX_TOLD_READ,      /* a webhook */
    SRV_OUTBOX_TOLD_FAILED,    /* a webhook */
    SRV_OUTBOX_NO_ADDRESS,     /* there is nowhere to send it */
    SRV_OUTBOX_TAKEN_BACK,     /* its alert was cancelled or withdrawn */
    SRV_OUTBOX_RETRIED,        /* a person: send it (again) */
    SRV_OUTBOX_WAS_SENT,       /* a person knows */
    SRV_OUTBOX_EVENTS
};
enum srv_outbox_verdict {
    SRV_OUTBOX_MOVES,
    SRV_OUTBOX_STAYS, /* nothing new: late, or said already */
    SRV_OUTBOX_WRONG, /* cannot happen in this state: a mistake of the caller, or a person who came too late */
};
/* *ret_next: the state afterwards; the same when it does not move. */
enum srv_outbox_verdict srv_outbox_next(enum srv_message_state state, enum srv_outbox_event event,
                                        enum srv_message_state *ret_next);
/* The same on a message: state, its time, and a step in its history. */
enum srv_outbox_verdict srv_outbox_apply(struct srv_message *message, enum srv_outbox_event event,
                                         int64_t wall_ms);
const char *srv_message_state_name(enum srv_message_state state); /* "queued" … */
/* CM_INVALID: no such state. */
enum cm_code srv_message_state_parse(const char *name, enum srv_message_state *ret_state, struct cm_err *err);

#endif
