/*
 * Who may try again, and when. Pure: the time is passed in; the memory is the caller's. Not thread safe.
 *
 * Every try counts as a failure until it is known to have succeeded, so that a hundred tries at once are a hundred. After
 * some free failures each further one doubles the wait, up to a bound; a try during the wait is refused and not counted.
 * - An account from one address: 4 free, then 2 s, 4 s, … 15 min. Whoever fails there slows down himself: the owner comes
 *   from another address.
 * - An account that was guessed at 100 times within the hour, from wherever: each address has 1 free, then 30 s, 60 s, …
 *   15 min. So guessing from many addresses is slow too, and the owner still has a try at once: nobody can lock him out.
 * - An address whatever the account: 30 free, then 2 s, 4 s, … 30 s: a whole school may be behind one address.
 * - Sessions that an account begins, from wherever: 200 free, then 2 s, 4 s, … 60 s: so that one who may come in cannot fill
 *   the store by coming in again and again.
 * An hour without a try forgets. IPv6 addresses count by their /64, which is what one customer has.
 *
 * The table is of fixed size. When a place is needed, what waits least and is oldest goes first.
 */
#ifndef SRV_AUTH_THROTTLE_H
#define SRV_AUTH_THROTTLE_H

#include <stdint.h>

enum { SRV_THROTTLE_SETS = 1024, SRV_THROTTLE_WAYS = 8 };

struct srv_throttle_slot {
    uint64_t key; /* 0: free */
    int64_t next_ms, last_ms;
    int32_t failures;
};
struct srv_throttle {
    uint8_t hash_key[16];
    struct srv_throttle_slot slots[SRV_THROTTLE_SETS][SRV_THROTTLE_WAYS];
};

/* hash_key: random, so that nobody can choose who shares a set with whom. */
void srv_throttle_init(struct srv_throttle *throttle, const uint8_t hash_key[16]);

/* A try at a door ("login", "pair") from an address, at an account (NULL: the door has none). Returns 0 and counts it, or
 * the seconds to wait. now_ms is monotonic. */
int srv_throttle_try(struct srv_throttle *throttle, const char *door, const char *account,
                     const char *address, int64_t now_ms);
/* The same without counting. */
int srv_throttle_wait(struct srv_throttle *throttle, const char *door, const char *account,
                      const char *address, int64_t now_ms);
/* It succeeded: the account's failures from there are forgotten, and the address gets this try back. */
void srv_throttle_succeeded(struct srv_throttle *throttle, const char *door, const char *account,
                            const char *address, int64_t now_ms);
/* An account begins a session: 0 and it is counted, or the seconds to wait. */
int srv_throttle_session(struct srv_throttle *throttle, const char *account, int64_t now_ms);

#endif
