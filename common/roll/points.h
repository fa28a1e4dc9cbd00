/*
 * Points for a mark, by a table of rules, which is the school's setting. Pure. Who is not there (excused, absent, unjudged, not seen) gets
 * none, and neither does a mark that waits for a person; when the person has said what it is, the rules
 * apply.
 */
#ifndef CM_POINTS_H
#define CM_POINTS_H

#include "base/err.h"
#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

enum cm_points_when {
    CM_POINTS_ALWAYS, /* for being there */
    CM_POINTS_ON_TIME,
    CM_POINTS_LATE,
    CM_POINTS_FIRST_TRY,   /* live on the first try */
    CM_POINTS_EYE_CONTACT, /* looked at the camera at the blink */
    CM_POINTS_NO_FACE,     /* marked by card, PIN or hand: in place of what only a face can get */
};

struct cm_points_rule {
    enum cm_points_when when;
    int32_t points;
    const char *words; /* what it is called in an explanation */
};

enum {
    CM_POINTS_RULES_MAX = 8,
    CM_POINTS_TEXT_SIZE = 128,
    CM_POINTS_SETTING_SIZE = 160, /* the rules as text, with the NUL */
    CM_POINTS_LIMIT = 1000,       /* of one rule, either way */
};

struct cm_points_rules {
    struct cm_points_rule rules[CM_POINTS_RULES_MAX];
    int32_t count;
    int32_t least; /* nobody who is there gets less */
};
extern const struct cm_points_rules cm_points_rules_default;

/* "present 10, on_time 5, late -3, first_try 2, eye_contact 3, no_face 5, least 1": each word once at most, in any order; a
 * rule that is not named gives nothing. CM_INVALID with what is wrong; then *ret_rules is not touched. */
enum cm_code cm_points_parse(const char *text, struct cm_points_rules *ret_rules, struct cm_err *err);
/* Rules that were parsed (or the default ones) as such a text. Returns out. */
char *cm_points_format(const struct cm_points_rules *rules, char out[static CM_POINTS_SETTING_SIZE]);

struct cm_points_facts {
    enum cm_roll_status status;
    bool first_try, eye_contact, no_face; /* of the mark; false without one */
};

int32_t cm_points(const struct cm_points_rules *rules, const struct cm_points_facts *facts);

/* "10 + 5 on time + 2 first try", "10 - 3 late", "1 (the least) instead of 10 - 12 late", "no points".
 * Returns out. */
char *cm_points_text(const struct cm_points_rules *rules, const struct cm_points_facts *facts,
                     char out[static CM_POINTS_TEXT_SIZE]);

#endif
