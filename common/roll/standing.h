/*
 * What a student's days come to: points, how often what, and the run of days present. Pure; server and station sum up alike.
 * A streak counts school days in a row present or late, up to the newest settled one; excused and unjudged days neither
 * count nor break.
 */
#ifndef CM_STANDING_H
#define CM_STANDING_H

#include "record/record.h"
#include <stdbool.h>
#include <stdint.h>

struct cm_run {
    int32_t streak, best;
};
struct cm_standing {
    int32_t points, counts[CM_ROLL_PENDING + 1]; /* by status */
    struct cm_run before, now;                   /* without and with what was on last_date */
    int32_t last_date;                           /* the newest school day that is settled; 0 none */
    int64_t first_seen_wall_ms, last_seen_wall_ms;
};
struct cm_day_fact { /* what a day means to a standing */
    enum cm_roll_status status;
    int32_t points;
    int64_t captured_wall_ms; /* 0: nothing was captured that counts */
};
/* The next day in order of date. Of two on one date (a guest in two classes) the streak counts the first. */
void cm_standing_add(struct cm_standing *standing, int32_t date, bool school, const struct cm_day_fact *day);
/* A day, the only one of its date, that was `old` is `new_` now. False: it must be summed up anew from all days. */
bool cm_standing_change(struct cm_standing *standing, int32_t date, bool school,
                        const struct cm_day_fact *old, const struct cm_day_fact *new_);

#endif
