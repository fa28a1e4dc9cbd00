/*
 * Points for a mark, by a table of rules. Pure. Who is not there (excused, absent, unjudged, not seen) gets
 * none, and neither does a mark that waits for a person; when the person has said what it is, the rules
 * apply.
 */
#ifndef CM_POINTS_H
#define CM_POINTS_H

#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

enum cm_points_when {
    CM_POINTS_ALWAYS, /* for being there */
    CM_POINTS_ON_TIME,
    CM_POINTS_LATE,
    CM_POINTS_FIRST_TRY,   /* live on the first try */
    CM_POINTS_EYE_CONTACT, /* looked at the camera at the blink */
};

struct cm_points_rule {
    enum cm_points_when when;
    int32_t points;
    const char *words; /* what it is called in an explanation */
};

enum { CM_POINTS_RULES_MAX = 8, CM_POINTS_TEXT_SIZE = 128 };

struct cm_points_rules {
    struct cm_points_rule rules[CM_POINTS_RULES_MAX];
    int32_t count;
    int32_t least; /* nobody who is there gets less */
};
extern const struct cm_points_rules cm_points_rules_default;

struct cm_points_facts {
    enum cm_roll_status status;
    bool first_try, eye_contact; /* of the mark; false without one */
};

int32_t cm_points(const struct cm_points_rules *rules, const struct cm_points_facts *facts);

/* "10 + 5 on time + 2 first try", "10 - 3 late", "1 (the least) instead of 10 - 12 late", "no points".
 * Returns out. */
char *cm_points_text(const struct cm_points_rules *rules, const struct cm_points_facts *facts,
                     char out[static CM_POINTS_TEXT_SIZE]);

#endif
