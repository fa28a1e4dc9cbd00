#include "base/tzif.h"

#include "base/date.h"
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_SIZE = 44,
    OFFSET_MAX_S = 26 * 3600,
    RULE_HOURS_MAX = 167, /* RFC 8536 §3.3.1 */
    DAY_S = 86400,
};

/* ---- the rule in the footer: a POSIX TZ string such as CET-1CEST,M3.5.0,M10.5.0/3 ---- */

struct text { /* what is left of it */
    const char *at, *end;
};

static char peek(const struct text *text)
{
    return text->at < text->end ? *text->at : '\0';
}

static bool take(struct text *text, char c)
{
    if (peek(text) != c)
        return false;
    text->at++;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_number(struct text *text, int max, int *ret_number)
{
    int number = 0, digits = 0;
    for (; peek(text) >= '0' && peek(text) <= '9' && digits < 4; digits++)
        number = number * 10 + (*text->at++ - '0');
    if (digits == 0 || number > max)
        return false;
    *ret_number = number;
    return true;
}

/* "CET" or "<+0530>": of no use to us, but it must be there. */
static bool skip_name(struct text *text)
{
    const char *start = text->at;
    if (take(text, '<')) {
        while (text->at < text->end && *text->at != '>')
            text->at++;
        return take(text, '>');
    }
    while (is_letter(peek(text)))
        text->at++;
    return text->at - start >= 3;
}

/* [+-]hours[:minutes[:seconds]] */
static bool read_time(struct text *text, int hours_max, int32_t *ret_s)
{
    int sign = take(text, '-') ? -1 : 1;
    if (sign > 0)
        take(text, '+');
    int hours = 0, minutes = 0, seconds = 0;
    if (!read_number(text, hours_max, &hours))
        return false;
    if (take(text, ':')) {
        if (!read_number(text, 59, &minutes))
            return false;
        if (take(text, ':') && !read_number(text, 59, &seconds))
            return false;
    }
    *ret_s = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

/* ,M3.5.0/2 or ,J60 or ,59 */
static bool read_day(struct text *text, struct cm_tzif_day *day)
{
    *day = (struct cm_tzif_day){.time_s = 2 * 3600};
    if (!take(text, ','))
        return false;
    bool good;
    if (take(text, 'M')) {
        day->kind = CM_TZIF_NTH_WEEKDAY;
        good = read_number(text, 12, &day->month) && day->month >= 1 && take(text, '.') &&
               read_number(text, 5, &day->week) && day->week >= 1 && take(text, '.') &&
               read_number(text, 6, &day->day);
    } else if (take(text, 'J')) {
        day->kind = CM_TZIF_DAY_WITHOUT_LEAP;
        good = read_number(text, 365, &day->day) && day->day >= 1;
    } else {
        day->kind = CM_TZIF_DAY_OF_YEAR;
        good = read_number(text, 365, &day->day);
    }
    if (good && take(text, '/'))
        good = read_time(text, RULE_HOURS_MAX, &day->time_s);
    return good;
}

static bool read_rule(struct text text, struct cm_tzif_rule *ret_rule)
{
    struct cm_tzif_rule rule = {0};
    int32_t west_s;
    if (!skip_name(&text) || !read_time(&text, 24, &west_s))
        return false;
    rule.standard_s = -west_s;
    if (text.at < text.end) {
        rule.has_summer = true;
        rule.summer_s = rule.standard_s + 3600;
        if (!skip_name(&text))
            return false;
        if (peek(&text) != ',') {
            if (!read_time(&text, 24, &west_s))
                return false;
            rule.summer_s = -west_s;
        }
        if (!read_day(&text, &rule.summer_from) || !read_day(&text, &rule.summer_until))
            return false;
    }
    if (text.at != text.end)
        return false;
    *ret_rule = rule;
    return true;
}

/* Day number on which this rule's day falls in the year. */
static int32_t day_in_year(const struct cm_tzif_day *day, int year)
{
    int32_t first = cm_date_day_number(cm_date_make(year, 1, 1));
    switch (day->kind) {
    case CM_TZIF_DAY_OF_YEAR:
        return first + day->day;
    case CM_TZIF_DAY_WITHOUT_LEAP: {
        bool leap = cm_date_make(year, 2, 29) != 0;
        return first + day->day - 1 + (leap && day->day >= 60);
    }
    case CM_TZIF_NTH_WEEKDAY:
        break;
    }
    int32_t first_of_month = cm_date_day_number(cm_date_make(year, day->month, 1));
    int32_t weekday = (cm_date_weekday(cm_date_make(year, day->month, 1)) + 1) % 7; /* 0 Sunday */
    int32_t in_month = 1 + (day->day - weekday + 7) % 7 + (day->week - 1) * 7;
    while (cm_date_make(year, day->month, in_month) == 0) /* the fifth that is not there: the last */
        in_month -= 7;
    return first_of_month + in_month - 1;
}

static int32_t rule_offset_s(const struct cm_tzif_rule *rule, int64_t at_s)
{
    if (!rule->has_summer)
        return rule->standard_s;
    int64_t local_s = at_s + rule->standard_s;
    int64_t day = local_s / DAY_S - (local_s % DAY_S < 0);
    int year = cm_date_of_day(day) / 10000;
    int64_t from =
        (int64_t)day_in_year(&rule->summer_from, year) * DAY_S + rule->summer_from.time_s - rule->standard_s;
    int64_t until =
        (int64_t)day_in_year(&rule->summer_until, year) * DAY_S + rule->summer_until.time_s - rule->summer_s;
    bool summer =
        from < until ? at_s >= from && at_s < until : at_s >= from || at_s < until; /* south: across */
    return summer ? rule->summer_s : rule->standard_s;                              /* the new year */
}

/* ---- the table ---- */

struct header {
    uint32_t ut_count, standard_count, leap_count, time_count, type_count, char_count;
};

static uint32_t read_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t read_i64(const unsigned char *bytes)
{
    return (int64_t)((uint64_t)read_u32(bytes) << 32 | read_u32(bytes + 4));
}

static bool read_header(const unsigned char *bytes, size_t size, struct header *ret)
{
    if (size < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2')
        return false;
    *ret = (struct header){read_u32(bytes + 20), read_u32(bytes + 24), read_u32(bytes + 28),
                           read_u32(bytes + 32), read_u32(bytes + 36), read_u32(bytes + 40)};
    return true;
}

static uint64_t block_size(const struct header *h, uint64_t time_size)
{
    return h->time_count * (time_size + 1) + h->type_count * (uint64_t)6 + h->char_count +
           h->leap_count * (time_size + 4) + h->standard_count + (uint64_t)h->ut_count;
}

static bool read_offset(const unsigned char *types, uint32_t type_count, uint32_t index,
                        int32_t *ret_offset_s)
{
    if (index >= type_count)
        return false;
    int32_t offset_s = (int32_t)read_u32(types + index * (size_t)6);
    if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S)
        return false;
    *ret_offset_s = offset_s;
    return true;
}

/* block: the times (8 bytes each), an index per time, the types. */
static bool read_changes(const unsigned char *block, const struct header *header, struct cm_tzif *tzif)
{
    const unsigned char *indexes = block + header->time_count * (size_t)8;
    const unsigned char *types = indexes + header->time_count;
    if (!read_offset(types, header->type_count, 0, &tzif->first_offset_s))
        return false;
    for (size_t i = 0; i < header->time_count; i++) {
        tzif->changes[i].at_s = read_i64(block + i * 8);
        if (i > 0 && tzif->changes[i].at_s <= tzif->changes[i - 1].at_s)
            return false;
        if (!read_offset(types, header->type_count, indexes[i], &tzif->changes[i].offset_s))
            return false;
    }
    tzif->change_count = header->time_count;
    return true;
}

/* "\n" rule "\n"; an empty rule says that nothing is known. */
static bool read_footer(const unsigned char *bytes, size_t size, struct cm_tzif *tzif)
{
    const unsigned char *end = size > 1 ? memchr(bytes + 1, '\n', size - 1) : NULL;
    if (end == NULL || bytes[0] != '\n')
        return false;
    struct text text = {(const char *)bytes + 1, (const char *)end};
    tzif->has_rule = text.at < text.end;
    return !tzif->has_rule || read_rule(text, &tzif->rule);
}

enum cm_code cm_tzif_parse(const char *data, size_t size, struct cm_tzif *ret_tzif, struct cm_err *err)
{
    const unsigned char *bytes = (const unsigned char *)data;
    struct header header;
    if (!read_header(bytes, size, &header))
        return cm_fail(err, CM_CORRUPT, "not a time zone file of version 2 or later");
    uint64_t skip = HEADER_SIZE + block_size(&header, 4); /* the same in 32 bits, for old programs */
    if (skip > size || !read_header(bytes + skip, size - skip, &header))
        return cm_fail(err, CM_CORRUPT, "the time zone file is cut short");
    const unsigned char *block = bytes + skip + HEADER_SIZE;
    size_t left = size - skip - HEADER_SIZE;
    if (block_size(&header, 8) > left)
        return cm_fail(err, CM_CORRUPT, "the time zone file is cut short");
    if (header.leap_count > 0)
        return cm_fail(err, CM_INVALID, "the time zone counts leap seconds");

    struct cm_tzif tzif = {.changes = calloc(header.time_count + 1, sizeof *tzif.changes)};
    if (tzif.changes == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for a time zone");
    size_t footer = block_size(&header, 8);
    if (!read_changes(block, &header, &tzif) || !read_footer(block + footer, left - footer, &tzif)) {
        cm_tzif_finish(&tzif);
        return cm_fail(err, CM_CORRUPT, "the time zone file is damaged");
    }
    *ret_tzif = tzif;
    return CM_OK;
}

void cm_tzif_finish(struct cm_tzif *tzif)
{
    free(tzif->changes);
    tzif->changes = NULL;
    tzif->change_count = 0;
}

int32_t cm_tzif_offset_s(const struct cm_tzif *tzif, int64_t at_s)
{
    size_t low = 0, high = tzif->change_count; /* how many changes are not after at_s */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tzif->changes[middle].at_s <= at_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == tzif->change_count && tzif->has_rule)
        return rule_offset_s(&tzif->rule, at_s);
    return low == 0 ? tzif->first_offset_s : tzif->changes[low - 1].offset_s;
}
