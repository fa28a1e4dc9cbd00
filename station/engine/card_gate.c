#include "engine/card_gate.h"

#include <string.h>

bool stn_card_gate_see(struct stn_card_gate *gate, const uint8_t tag[CM_CARD_TAG_SIZE], int64_t now_us)
{
    int at = 0;
    for (int i = 0; i < STN_CARD_RESTING_MAX; i++) {
        bool same = gate->resting[i].seen_us != 0 && memcmp(gate->resting[i].tag, tag, CM_CARD_TAG_SIZE) == 0;
        if (same) {
            int64_t away_us = now_us - gate->resting[i].seen_us;
            gate->resting[i].seen_us = now_us;
            return away_us >= STN_CARD_REST_US || away_us < 0; /* the time went back: another recording */
        }
        if (gate->resting[i].seen_us < gate->resting[at].seen_us)
            at = i;
    }
    memcpy(gate->resting[at].tag, tag, CM_CARD_TAG_SIZE);
    gate->resting[at].seen_us = now_us;
    return true;
}

bool stn_card_gate_locked(const struct stn_card_gate *gate, int64_t now_us)
{
    return now_us < gate->locked_until_us && gate->locked_until_us - now_us <= STN_CARD_LOCK_US;
}

bool stn_card_gate_result(struct stn_card_gate *gate, bool known, int64_t now_us)
{
    gate->wrong = known ? 0 : gate->wrong + 1;
    if (gate->wrong < STN_CARD_WRONG_MAX)
        return false;
    gate->wrong = 0;
    gate->locked_until_us = now_us + STN_CARD_LOCK_US;
    return true;
}
