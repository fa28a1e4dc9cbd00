/*
 * What stands between a card in the picture and the question whose it is. Pure; time comes in.
 *
 * - A card is asked about once, and again when it was out of the picture for STN_CARD_REST_US: one that lies before the camera
 *   is no crowd.
 * - After STN_CARD_WRONG_MAX cards in a row that nobody knows, no card is asked about for STN_CARD_LOCK_US. Guessing a card is
 *   hopeless (128 bits); this keeps a joker from filling the log. It locks cards alone: faces go on.
 */
#ifndef STN_CARD_GATE_H
#define STN_CARD_GATE_H

#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    STN_CARD_REST_US = 5 * 1000 * 1000,
    STN_CARD_WRONG_MAX = 5,
    STN_CARD_LOCK_US = 30 * 1000 * 1000,
    STN_CARD_RESTING_MAX =
        8, /* more cards at once in turn before the camera: the oldest is asked about again */
};

struct stn_card_gate { /* {0} */
    struct {
        uint8_t tag[CM_CARD_TAG_SIZE];
        int64_t seen_us; /* 0: free */
    } resting[STN_CARD_RESTING_MAX];
    int wrong; /* in a row */
    int64_t locked_until_us;
};

/* The card (or another text's digest) is in the picture. True: ask whose it is. */
bool stn_card_gate_see(struct stn_card_gate *gate, const uint8_t tag[CM_CARD_TAG_SIZE], int64_t now_us);
bool stn_card_gate_locked(const struct stn_card_gate *gate, int64_t now_us);
/* What came of asking. True: cards are locked from now on. */
bool stn_card_gate_result(struct stn_card_gate *gate, bool known, int64_t now_us);

#endif
