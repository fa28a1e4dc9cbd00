/*
 * Deadlines of one loop: a list for each kind. All waits of a kind are equally long, so a list that is only appended to is
 * sorted, and a thousand idle connections cost one look at its first entry. Loop thread.
 */
#ifndef SRV_WAITS_H
#define SRV_WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum srv_wait_kind {
    SRV_WAIT_HEAD,   /* first byte to end of the head; also the TLS handshake */
    SRV_WAIT_IDLE,   /* for a request */
    SRV_WAIT_BODY,   /* one stretch in which enough of it must come */
    SRV_WAIT_LINGER, /* for the client to hang up after the last answer */
    SRV_WAIT_WRITE,  /* for the client to take something */
    SRV_WAIT_KINDS,
};

struct srv_wait { /* embedded; zeros: waits for nothing */
    struct srv_wait *next, *prev;
    int64_t until_ms;
    enum srv_wait_kind kind;
};

struct srv_waits {
    struct srv_wait lists[SRV_WAIT_KINDS]; /* sentinels of rings */
    int64_t length_ms[SRV_WAIT_KINDS];
};

void srv_waits_init(struct srv_waits *waits, const int64_t length_ms[SRV_WAIT_KINDS]);
/* Begins (again) to wait; what it waited for before is forgotten. */
void srv_wait_begin(struct srv_waits *waits, struct srv_wait *wait, enum srv_wait_kind kind, int64_t now_ms);
void srv_wait_end(struct srv_wait *wait);
static inline bool srv_waiting(const struct srv_wait *wait)
{
    return wait->next != NULL;
}
/* Takes the next one whose time is over; NULL: none. */
struct srv_wait *srv_waits_over(struct srv_waits *waits, int64_t now_ms);

#endif
