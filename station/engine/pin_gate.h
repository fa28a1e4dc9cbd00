/*
 * How often PINs may be tried. Pure; time comes in.
 *
 * - STN_PIN_WRONG_MAX wrong tries for one id lock that id for STN_PIN_LOCK_US from the last of them. What is typed counts, be there
 *   such a student or not: a lock says nothing about who exists. A right PIN clears its id's count; so does a lock's length
 *   without a try.
 * - STN_PIN_WRONG_ALL wrong tries in all, without a right one that long, lock the entry for STN_PIN_LOCK_ALL_US.
 *
 * So at most STN_PIN_WRONG_ALL wrong tries fit into STN_PIN_LOCK_ALL_US, and 200 into the time after which an id is forgotten:
 * fewer than there are places. Should they ever be full, the entry is locked: nobody is forgotten early.
 */
#ifndef STN_PIN_GATE_H
#define STN_PIN_GATE_H

#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    STN_PIN_WRONG_MAX = 5,
    STN_PIN_WRONG_ALL = 10,
    STN_PIN_LOCK_US = 600 * 1000 * 1000,
    STN_PIN_LOCK_ALL_US = 30 * 1000 * 1000,
    STN_PIN_PLACES = 256,
};

struct stn_pin_gate { /* {0} */
    struct {
        char id[CM_ID_SIZE];
        int wrong; /* 0: free */
        int64_t last_us;
    } places[STN_PIN_PLACES];
    int wrong; /* in all, since the last lock */
    int64_t last_us, locked_until_us;
};

enum stn_pin_answer { STN_PIN_TRY, STN_PIN_ID_LOCKED, STN_PIN_ALL_LOCKED };
enum stn_pin_answer stn_pin_gate_ask(struct stn_pin_gate *gate, const char *id, int64_t now_us);
/* A try that was let through came out right or wrong. True: this one locked the id, or all. */
bool stn_pin_gate_result(struct stn_pin_gate *gate, const char *id, bool right, int64_t now_us);

#endif
