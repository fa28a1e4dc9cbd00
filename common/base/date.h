/*
 * Calendar dates and times of day, without a zone (for instants see base/localdate.h).
 *
 * A date is an int32_t, year * 10000 + month * 100 + day (20261123), of the years 1 to 9999 in the Gregorian
 * calendar. A minute counts from midnight (8:52 is 532). Weekdays are 0 Monday … 6 Sunday. A day number
 * counts days since 1970-01-01.
 *
 * Pure functions, any thread. Where "valid" is demanded, anything else is a bug of the caller and trips an
 * assertion: check dates that come from outside with cm_date_valid.
 */
#ifndef CM_DATE_H
#define CM_DATE_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    CM_DATE_ISO_SIZE = 11,   /* "2026-11-23" */
    CM_DATE_SHORT_SIZE = 11, /* "Mon 23 Nov" */
    CM_MINUTE_TEXT_SIZE = 6, /* "08:52" */
    CM_DAY_FIRST = -719162,  /* 0001-01-01 */
    CM_DAY_LAST = 2932896,   /* 9999-12-31 */
    CM_MINUTES_PER_DAY = 1440,
};

bool cm_date_valid(int32_t date);
int32_t cm_date_make(int year, int month, int day); /* 0 when there is no such day */
int32_t cm_date_add(int32_t date, int32_t days);    /* date valid; stops at the first and the last date */
int32_t cm_date_days_between(int32_t from, int32_t until); /* negative when until is earlier; both valid */
int32_t cm_date_weekday(int32_t date);                     /* date valid */

int32_t cm_date_day_number(int32_t date);   /* date valid */
int32_t cm_date_of_day(int64_t day_number); /* stops at the first and the last date */

/* Strict: "2026-11-23", nothing before or after it; "08:52" or "8:52", up to 23:59. Else CM_INVALID. */
enum cm_code cm_date_parse(const char *text, int32_t *ret_date, struct cm_err *err);
enum cm_code cm_minute_parse(const char *text, int32_t *ret_minute, struct cm_err *err);

/* All return out, so that they fit into a printf. What is not valid gives "?". */
char *cm_date_iso(int32_t date, char out[static CM_DATE_ISO_SIZE]);
char *cm_date_short(int32_t date, char out[static CM_DATE_SHORT_SIZE]);
char *cm_minute_text(int32_t minute, char out[static CM_MINUTE_TEXT_SIZE]);
const char *cm_weekday_name(int32_t weekday); /* "Mon" … "Sun" */

#endif
