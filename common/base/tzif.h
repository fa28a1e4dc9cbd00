/*
 * A compiled time zone (TZif, RFC 8536): when its offset from UTC changed, and the rule for the time after
 * that.
 *
 * Read here rather than by the C library because that has one zone for the whole process, chosen by an
 * environment variable. Versions 2 to 4 are read: what every tzdata of the last fifteen years holds.
 * Abbreviations are left aside. base/localdate.h is what the rest of the product uses.
 */
#ifndef CM_TZIF_H
#define CM_TZIF_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CM_TZIF_FILE_MAX = 64 * 1024 };

struct cm_tzif_change {
    int64_t at_s; /* UTC; ascending */
    int32_t offset_s;
};

struct cm_tzif_day { /* when in a year the clocks change */
    enum { CM_TZIF_NTH_WEEKDAY, CM_TZIF_DAY_WITHOUT_LEAP, CM_TZIF_DAY_OF_YEAR } kind;
    int month, week; /* nth weekday: 1 … 12; 1 … 5, where 5 is the last */
    int day;         /* 0 Sunday … 6; or 1 … 365 with February 29 never counted; or 0 … 365 */
    int32_t time_s;  /* local time on that day, which may be before it or after it */
};

struct cm_tzif_rule {
    int32_t standard_s, summer_s;
    bool has_summer;
    struct cm_tzif_day summer_from, summer_until;
};

struct cm_tzif {
    struct cm_tzif_change *changes;
    size_t change_count;
    int32_t first_offset_s; /* before the first change */
    bool has_rule;
    struct cm_tzif_rule rule; /* after the last change */
};

/* CM_CORRUPT for anything that is not a whole TZif file; CM_INVALID when it counts leap seconds ("right/…"),
 * which UTC milliseconds do not; CM_NOMEM. On success end it with cm_tzif_finish. */
enum cm_code cm_tzif_parse(const char *data, size_t size, struct cm_tzif *ret_tzif, struct cm_err *err);
void cm_tzif_finish(struct cm_tzif *tzif);

/* Local time minus UTC at this instant. Instants must lie in the years 1 to 9999. */
int32_t cm_tzif_offset_s(const struct cm_tzif *tzif, int64_t at_s);

#endif
