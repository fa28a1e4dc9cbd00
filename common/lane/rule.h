/*
 * Who may use which lane. Pure; the same on the server and on a station.
 *
 * The face lane needs a template, and a template needs consent: nobody is photographed because nobody asked. A school whose
 * law asks for none may do without asking (consent_required off), but who refused or withdrew is never overruled.
 *
 * Card and PIN are open to those who cannot use the face lane: without consent, without templates, or with an accommodation
 * (a veil, a condition that the camera does not cope with). Everybody else is told to use the face: a card can be lent and a
 * PIN told, and then one student stands for two, which is what the face lane is there against. A school that does not mind
 * sets card_for_all. A student who uses this lane earns the same points as the others.
 */
#ifndef CM_LANE_RULE_H
#define CM_LANE_RULE_H

#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

/* Whether templates of the student may be made and kept. */
bool cm_consent_allows_face(enum cm_consent_state consent, bool consent_required);

/*
 * The instant to write into a word of consent that is said now: later than the word that is known where it is said, however
 * wrong the clock is there. So a withdrawal at a station whose clock is behind counts against the consent that it withdraws;
 * clocks decide only between two words that did not know of each other.
 */
int64_t cm_consent_instant(int64_t now_wall_ms, int64_t known_wall_ms);

struct cm_lane_facts {
    enum cm_consent_state consent;
    bool consent_required, card_for_all; /* the school's settings */
    bool has_templates;
    bool accommodation; /* cm_student */
};
enum cm_lane_reason {
    CM_LANE_CLOSED = 0, /* he is to use his face */
    CM_LANE_NO_CONSENT,
    CM_LANE_NO_TEMPLATES,
    CM_LANE_ACCOMMODATION,
    CM_LANE_CARD_FOR_ALL,
    CM_LANE_REASONS
};
/* Why card and PIN are open to the student; CM_LANE_CLOSED (0): they are not. */
enum cm_lane_reason cm_lane_card_open(const struct cm_lane_facts *facts);
const char *cm_lane_reason_name(enum cm_lane_reason reason); /* "no_consent" */

#endif
