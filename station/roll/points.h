/*
 * Points for a mark, by a table of rules. Pure. Who is not there (excused, absent, unjudged, not seen) gets
 * none, and neither does a mark that waits for a person; when the person has said what it is, the rules
 * apply.
 */
#ifndef STN_POINTS_H
#define STN_POINTS_H

#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

enum stn_points_when {
    STN_POINTS_ALWAYS, /* for being there */
    STN_POINTS_ON_TIME,
    STN_POINTS_LATE,
    STN_POINTS_FIRST_TRY,   /* live on the first try */
    STN_POINTS_EYE_CONTACT, /* looked at the camera at the blink */
};

struct stn_points_rule {
    enum stn_points_when when;
    int32_t points;
    const char *words; /* what it is called in an explanation */
};

enum { STN_POINTS_RULES_MAX = 8, STN_POINTS_TEXT_SIZE = 128 };

struct stn_points_rules {
    struct stn_points_rule rules[STN_POINTS_RULES_MAX];
    int32_t count;
    int32_t least; /* nobody who is there gets less */
};
extern const struct stn_points_rules stn_points_rules_default;

struct stn_points_facts {
    enum cm_roll_status status;
    bool first_try, eye_contact; /* of the mark; false without one */
};

int32_t stn_points(const struct stn_points_rules *rules, const struct stn_points_facts *facts);

/* "10 + 5 on time + 2 first try", "10 - 3 late", "1 (the least) instead of 10 - 12 late", "no points".
 * Returns out. */
char *stn_points_text(const struct stn_points_rules *rules, const struct stn_points_facts *facts,
                      char out[static STN_POINTS_TEXT_SIZE]);

#endif
