#include "alerts/outbox.h"

#include <string.h>

enum {
    Q = SRV_MESSAGE_QUEUED,
    G = SRV_MESSAGE_SENDING,
    S = SRV_MESSAGE_SENT,
    D = SRV_MESSAGE_DELIVERED,
    R = SRV_MESSAGE_READ,
    F = SRV_MESSAGE_FAILED,
    C = SRV_MESSAGE_CANCELLED,
    U = SRV_MESSAGE_UNKNOWN,
    STATES = SRV_MESSAGE_UNKNOWN + 1,
    X = 0 /* wrong */
};

/* Row: the state before. Column: the event. The state itself: it stays. A webhook may come before the answer: then the answer
 * says nothing new. */
static const unsigned char next[STATES][SRV_OUTBOX_EVENTS] = {
    /*     claimed taken again refused lost | told: sent delivered read failed | no address, taken back, retried, was sent */
    [Q] = {G, X, X, X, U, /*****/ S, D, R, Q, /*****/ F, C, Q, X},
    [G] = {X, S, Q, F, U, /*****/ S, D, R, F, /*****/ X, G, X, X},
    [S] = {X, S, S, S, S, /*****/ S, D, R, F, /*****/ X, S, X, S},
    [D] = {X, D, D, D, D, /*****/ D, D, R, D, /*****/ X, D, X, D},
    [R] = {X, R, R, R, R, /*****/ R, R, R, R, /*****/ X, R, X, R},
    [F] = {X, F, F, F, F, /*****/ F, D, R, F, /*****/ X, F, Q, X},
    [C] = {X, X, X, X, X, /*****/ C, D, R, C, /*****/ X, C, X, X},
    [U] = {X, S, X, X, U, /*****/ S, D, R, F, /*****/ X, U, Q, S},
};

enum srv_outbox_verdict srv_outbox_next(enum srv_message_state state, enum srv_outbox_event event,
                                        enum srv_message_state *ret_next)
{
    unsigned char to = X;
    if ((unsigned)state < STATES && (unsigned)event < SRV_OUTBOX_EVENTS)
        to = next[state][event];
    *ret_next = to == X ? state : (enum srv_message_state)to;
    if (to == X)
        return SRV_OUTBOX_WRONG;
    return *ret_next == state ? SRV_OUTBOX_STAYS : SRV_OUTBOX_MOVES;
}

static void add_step(struct srv_message *message, int64_t wall_ms)
{
    if (message->step_count == SRV_MESSAGE_STEPS_MAX) { /* the first stays */
        memmove(message->steps + 1, message->steps + 2,
                (SRV_MESSAGE_STEPS_MAX - 2) * sizeof message->steps[0]);
        message->step_count--;
    }
    message->steps[message->step_count++] = (struct srv_message_step){message->state, wall_ms};
}

enum srv_outbox_verdict srv_outbox_apply(struct srv_message *message, enum srv_outbox_event event,
                                         int64_t wall_ms)
{
    enum srv_outbox_verdict verdict = srv_outbox_next(message->state, event, &message->state);
    if (verdict != SRV_OUTBOX_MOVES)
        return verdict;
    message->changed_wall_ms = wall_ms;
    message->tries += event == SRV_OUTBOX_CLAIMED;
    add_step(message, wall_ms);
    return verdict;
}

static const char *const names[STATES] = {
    [Q] = "queued", [G] = "sending", [S] = "sent",      [D] = "delivered",
    [R] = "read",   [F] = "failed",  [C] = "cancelled", [U] = "unknown",
};

const char *srv_message_state_name(enum srv_message_state state)
{
    return (unsigned)state < STATES && names[state] != NULL ? names[state] : "unknown";
}

enum cm_code srv_message_state_parse(const char *name, enum srv_message_state *ret_state, struct cm_err *err)
{
    for (int state = Q; state < STATES; state++) {
        if (strcmp(names[state], name) == 0) {
            *ret_state = (enum srv_message_state)state;
            return CM_OK;
        }
    }
    return cm_fail(err, CM_INVALID,
                   "a message is queued, sending, sent, delivered, read, failed, cancelled or unknown");
}
