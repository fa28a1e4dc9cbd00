#include "engine/pin_gate.h"

#include <stdio.h>
#include <string.h>

/* The id's place, else a free one; -1: there is none. What is older than a lock is forgotten on the way. */
static int find(struct stn_pin_gate *gate, const char *id, int64_t now_us)
{
    int unused = -1;
    for (int i = 0; i < STN_PIN_PLACES; i++) {
        if (gate->places[i].wrong > 0 && now_us - gate->places[i].last_us >= STN_PIN_LOCK_US)
            gate->places[i].wrong = 0;
        if (gate->places[i].wrong == 0)
            unused = i;
        else if (strcmp(gate->places[i].id, id) == 0)
            return i;
    }
    return unused;
}

enum stn_pin_answer stn_pin_gate_ask(struct stn_pin_gate *gate, const char *id, int64_t now_us)
{
    int at = find(gate, id, now_us);
    if (now_us < gate->locked_until_us || at < 0)
        return STN_PIN_ALL_LOCKED;
    return gate->places[at].wrong >= STN_PIN_WRONG_MAX ? STN_PIN_ID_LOCKED : STN_PIN_TRY;
}

bool stn_pin_gate_result(struct stn_pin_gate *gate, const char *id, bool right, int64_t now_us)
{
    int at = find(gate, id, now_us);
    if (right) {
        if (at >= 0)
            gate->places[at].wrong = 0;
        gate->wrong = 0;
        return false;
    }
    if (now_us - gate->last_us >= STN_PIN_LOCK_US)
        gate->wrong = 0;
    gate->last_us = now_us;
    bool locks = false;
    if (at >= 0) {
        snprintf(gate->places[at].id, sizeof gate->places[at].id, "%s", id);
        gate->places[at].last_us = now_us;
        locks = ++gate->places[at].wrong == STN_PIN_WRONG_MAX;
    }
    if (++gate->wrong < STN_PIN_WRONG_ALL)
        return locks;
    gate->wrong = 0;
    gate->locked_until_us = now_us + STN_PIN_LOCK_ALL_US;
    return true;
}
