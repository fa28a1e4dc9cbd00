/*
 * Instants in the school's zone. Dates and minutes are those of base/date.h, which this header brings along.
 * Instants are UTC milliseconds since 1970.
 *
 * A `struct cm_zone` is read once from the system's time zone files and never changes: any thread may use it.
 * Neither the TZ variable nor the process's local time plays a part. After the last transition in the file
 * its rule applies, so instants far in the future are right as long as the law stays.
 */
#ifndef CM_LOCALDATE_H
#define CM_LOCALDATE_H

#include "base/date.h"
#include "base/err.h"
#include <stdint.h>

#define CM_ZONE_DEFAULT "Asia/Kolkata"
#define CM_ZONE_FOLDER  "/usr/share/zoneinfo"

enum {
    CM_ZONE_NAME_SIZE = 64,    /* with the NUL */
    CM_INSTANT_TEXT_SIZE = 30, /* "2026-11-23T08:52:07.123+05:30" */
};

struct cm_zone;

/* name is an IANA name such as "Asia/Kolkata" or "UTC". CM_INVALID: not a name of that form (nothing that
 * could leave the folder gets through), or a zone that counts leap seconds; CM_NOTFOUND: no such zone, or no
 * tzdata on this machine (msg says what to install); CM_CORRUPT: the zone's file is damaged. */
enum cm_code cm_zone_open(const char *name, struct cm_zone **ret_zone, struct cm_err *err);
/* The same from another folder of zone files. */
enum cm_code cm_zone_open_in(const char *folder, const char *name, struct cm_zone **ret_zone,
                             struct cm_err *err);
void cm_zone_close(struct cm_zone *zone);
const char *cm_zone_name(const struct cm_zone *zone); /* valid until cm_zone_close */

/* ---- instant to local; never fails: instants outside the years 1 to 9999 are taken as the nearest inside
 * ---- */
struct cm_local {
    int32_t date;
    int32_t minute; /* since midnight by the clock on the wall: 0 … 1439 */
    int32_t second; /* 0 … 59 */
    int32_t ms;     /* 0 … 999 */
    int32_t weekday;
    int32_t offset_s; /* local time minus UTC */
};
struct cm_local cm_zone_local(const struct cm_zone *zone, int64_t wall_ms);
int32_t cm_zone_date(const struct cm_zone *zone, int64_t wall_ms);

/* ---- local to instant ---- */
/* date must be valid; minute may be any number (1500 is 01:00 of the next day by the wall clock).
 * A time that the clocks skip (spring) is as much later as they skip: 02:30 becomes 03:30, and a whole
 * skipped day (Apia, 2011-12-30) the same time of the next one. A time that comes twice (autumn) is the first
 * of the two. So minute 0 is the first instant of the date even where the clocks change at midnight. */
int64_t cm_zone_instant(const struct cm_zone *zone, int32_t date, int32_t minute);

/* ---- RFC 3339 with milliseconds: with the zone's offset, or in UTC with Z. Both return out. ---- */
char *cm_instant_local(const struct cm_zone *zone, int64_t wall_ms, char out[static CM_INSTANT_TEXT_SIZE]);
char *cm_instant_utc(int64_t wall_ms, char out[static CM_INSTANT_TEXT_SIZE]);

#endif
