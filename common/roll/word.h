/*
 * What people said about a session, and about a student's consent, folded as it arrives: of several words the latest instant
 * counts. Folding in any order and any number of times gives the same. Pure.
 */
#ifndef CM_WORD_H
#define CM_WORD_H

#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

/* ---- a session ---- */
struct cm_word {               /* {0}: nobody said anything */
    enum cm_session_word word; /* 0: none */
    int64_t said_wall_ms;
    uint8_t id[16]; /* of the event */
    char by[CM_NAME_SIZE], reason[CM_TEXT_SIZE];
};

/* True: the word counts now. Of two of one instant the larger id counts. */
bool cm_word_add(struct cm_word *word, const struct cm_session_said *said, const uint8_t id[16]);
void cm_word_merge(struct cm_word *word, const struct cm_word *other);

/* ---- consent ---- */
struct cm_consent_word { /* {0}: nobody was asked */
    enum cm_consent_state state;
    int64_t said_wall_ms;
    uint8_t id[16];
};

/* True: it counts now. Of two of one instant the one that takes consent away counts, then the larger id. */
bool cm_consent_add(struct cm_consent_word *word, const struct cm_consent *consent, const uint8_t id[16]);

#endif
