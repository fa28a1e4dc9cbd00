#include "base/localdate.h"

#include "base/file.h"
#include "base/tzif.h"
#include "base/utf8.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MS_PER_S = 1000, S_PER_DAY = 86400, OFFSET_BOUND_S = 26 * 3600 };

/* A day inside the first and the last date, so that no offset leaves them. */
static const int64_t wall_first_ms = (int64_t)(CM_DAY_FIRST + 1) * S_PER_DAY * MS_PER_S;
static const int64_t wall_last_ms = (int64_t)CM_DAY_LAST * S_PER_DAY * MS_PER_S - 1;

struct cm_zone {
    char name[CM_ZONE_NAME_SIZE];
    struct cm_tzif tzif;
};

/* Letters, digits, '_', '+', '-', and single slashes between them: no dot, so no way out of the folder. */
static bool is_zone_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= CM_ZONE_NAME_SIZE || name[0] == '/' || name[length - 1] == '/')
        return false;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    return strspn(name, allowed) == length && strstr(name, "//") == NULL;
}

static enum cm_code fail_missing(const char *folder, const char *name, struct cm_err *err)
{
    if (access(folder, F_OK) != 0)
        return cm_fail(err, CM_NOTFOUND, "no time zones on this machine (%s): install the package tzdata",
                       folder);
    return cm_fail(
        err, CM_NOTFOUND,
        "no time zone %s in %s: names look like Asia/Kolkata; older ones may need the package tzdata-legacy",
        name, folder);
}

static enum cm_code fail_name(const char *name, struct cm_err *err)
{
    char shown[CM_ZONE_NAME_SIZE];
    cm_utf8_escape(name, strlen(name), shown, sizeof shown);
    return cm_fail(err, CM_INVALID, "\"%s\" is not a time zone name: they look like Asia/Kolkata", shown);
}

enum cm_code cm_zone_open_in(const char *folder, const char *name, struct cm_zone **ret_zone,
                             struct cm_err *err)
{
    char path[PATH_MAX];
    if (!is_zone_name(name))
        return fail_name(name, err);
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return cm_fail(err, CM_INVALID, "the path of the time zones is too long");

    char *data = NULL;
    size_t size = 0;
    struct cm_err why = CM_ERR_INIT;
    struct cm_zone *zone = NULL;
    enum cm_code code = cm_file_read(path, CM_TZIF_FILE_MAX, &data, &size, &why);
    if (code == CM_NOTFOUND)
        return fail_missing(folder, name, err);
    if (code != CM_OK)
        return cm_fail(err, code, "%s", why.msg);
    zone = calloc(1, sizeof *zone);
    code = zone == NULL ? cm_fail(&why, CM_NOMEM, "out of memory")
                        : cm_tzif_parse(data, size, &zone->tzif, &why);
    free(data);
    if (code != CM_OK) {
        free(zone);
        return cm_fail(err, code, "time zone %s: %s", name, why.msg);
    }
    snprintf(zone->name, sizeof zone->name, "%s", name);
    *ret_zone = zone;
    return CM_OK;
}

enum cm_code cm_zone_open(const char *name, struct cm_zone **ret_zone, struct cm_err *err)
{
    return cm_zone_open_in(CM_ZONE_FOLDER, name, ret_zone, err);
}

void cm_zone_close(struct cm_zone *zone)
{
    if (zone == NULL)
        return;
    cm_tzif_finish(&zone->tzif);
    free(zone);
}

const char *cm_zone_name(const struct cm_zone *zone)
{
    return zone->name;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int64_t clamp_wall(int64_t wall_ms)
{
    return wall_ms < wall_first_ms ? wall_first_ms : wall_ms > wall_last_ms ? wall_last_ms : wall_ms;
}

/* wall_ms is clamped. */
static struct cm_local local_at(int64_t wall_ms, int32_t offset_s)
{
    int64_t wall_s = floor_div(wall_ms, MS_PER_S);
    int64_t local_s = wall_s + offset_s;
    int64_t day = floor_div(local_s, S_PER_DAY);
    int32_t second_of_day = (int32_t)(local_s - day * S_PER_DAY);
    int32_t date = cm_date_of_day(day);
    return (struct cm_local){
        .date = date,
        .minute = second_of_day / 60,
        .second = second_of_day % 60,
        .ms = (int32_t)(wall_ms - wall_s * MS_PER_S),
        .weekday = cm_date_weekday(date),
        .offset_s = offset_s,
    };
}

struct cm_local cm_zone_local(const struct cm_zone *zone, int64_t wall_ms)
{
    int64_t at_ms = clamp_wall(wall_ms);
    return local_at(at_ms, cm_tzif_offset_s(&zone->tzif, floor_div(at_ms, MS_PER_S)));
}

int32_t cm_zone_date(const struct cm_zone *zone, int64_t wall_ms)
{
    return cm_zone_local(zone, wall_ms).date;
}

static int32_t offset_near(const struct cm_zone *zone, int64_t at_s)
{
    return cm_tzif_offset_s(&zone->tzif, clamp_wall(at_s * MS_PER_S) / MS_PER_S);
}

int64_t cm_zone_instant(const struct cm_zone *zone, int32_t date, int32_t minute)
{
    int64_t local_s = (int64_t)cm_date_day_number(date) * S_PER_DAY + (int64_t)minute * 60;
    /* No offset is larger than the bound: these are in force before and after any change that matters here.
     */
    int32_t before = offset_near(zone, local_s - OFFSET_BOUND_S);
    int32_t after = offset_near(zone, local_s + OFFSET_BOUND_S);
    int64_t first = local_s - before, second = local_s - after;
    if (offset_near(zone, first) != before && offset_near(zone, second) == after)
        return second * MS_PER_S;
    return first * MS_PER_S; /* the usual case, the first of two, and in a gap the time after it */
}

static char *instant_text(const struct cm_local *local, const char *zone_text,
                          char out[static CM_INSTANT_TEXT_SIZE])
{
    char date[CM_DATE_ISO_SIZE], minute[CM_MINUTE_TEXT_SIZE];
    snprintf(out, CM_INSTANT_TEXT_SIZE, "%sT%s:%02u.%03u%s", cm_date_iso(local->date, date),
             cm_minute_text(local->minute, minute), (unsigned)local->second % 60, (unsigned)local->ms % 1000,
             zone_text);
    return out;
}

char *cm_instant_local(const struct cm_zone *zone, int64_t wall_ms, char out[static CM_INSTANT_TEXT_SIZE])
{
    int64_t at_ms = clamp_wall(wall_ms);
    /* RFC 3339 offsets have no seconds; local mean times before 1900 do. Such an instant is written with the
     * offset of whole minutes, and its local time by that offset, so that it is the same instant. */
    int32_t offset_min = cm_tzif_offset_s(&zone->tzif, floor_div(at_ms, MS_PER_S)) / 60;
    unsigned magnitude = (unsigned)abs(offset_min);
    char offset[8], clock[CM_MINUTE_TEXT_SIZE];
    snprintf(offset, sizeof offset, "%c%s", offset_min < 0 ? '-' : '+',
             cm_minute_text((int32_t)(magnitude % CM_MINUTES_PER_DAY), clock));
    struct cm_local local = local_at(at_ms, offset_min * 60);
    return instant_text(&local, offset, out);
}

char *cm_instant_utc(int64_t wall_ms, char out[static CM_INSTANT_TEXT_SIZE])
{
    struct cm_local local = local_at(clamp_wall(wall_ms), 0);
    return instant_text(&local, "Z", out);
}
