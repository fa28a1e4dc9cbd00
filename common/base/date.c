#include "base/date.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

int32_t cm_date_make(int year, int month, int day)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return 0;
    return year * 10000 + month * 100 + day;
}

bool cm_date_valid(int32_t date)
{
    return date > 0 && cm_date_make(date / 10000, date / 100 % 100, date % 100) == date;
}

/* Years that begin in March, so that the leap day is the last of its year: in 400 of them are 146097 days,
 * and the months before month m (0 March) have (153 m + 2) / 5 days. Howard Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms". */
int32_t cm_date_day_number(int32_t date)
{
    assert(cm_date_valid(date));
    int32_t month = date / 100 % 100, day = date % 100;
    int32_t year = date / 10000 - (month <= 2);
    int32_t era = year / 400, year_of_era = year % 400;
    int32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int32_t cm_date_of_day(int64_t day_number)
{
    if (day_number < CM_DAY_FIRST)
        day_number = CM_DAY_FIRST;
    if (day_number > CM_DAY_LAST)
        day_number = CM_DAY_LAST;
    int32_t days = (int32_t)day_number + 719468;
    int32_t era = days / 146097, day_of_era = days % 146097;
    int32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month = (5 * day_of_year + 2) / 153;
    int32_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int32_t year = era * 400 + year_of_era + (month >= 10);
    return year * 10000 + (month < 10 ? month + 3 : month - 9) * 100 + day;
}

int32_t cm_date_add(int32_t date, int32_t days)
{
    return cm_date_of_day((int64_t)cm_date_day_number(date) + days);
}

int32_t cm_date_days_between(int32_t from, int32_t until)
{
    return cm_date_day_number(until) - cm_date_day_number(from);
}

int32_t cm_date_weekday(int32_t date)
{
    return (cm_date_day_number(date) - CM_DAY_FIRST) % 7; /* 0001-01-01 is a Monday */
}

/* Exactly `digits` decimal digits; -1 otherwise. Reads no further than the first other character. */
static int read_digits(const char *text, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

enum cm_code cm_date_parse(const char *text, int32_t *ret_date, struct cm_err *err)
{
    int32_t date = 0;
    if (strlen(text) == 10 && text[4] == '-' && text[7] == '-')
        date = cm_date_make(read_digits(text, 4), read_digits(text + 5, 2), read_digits(text + 8, 2));
    if (date == 0)
        return cm_fail(err, CM_INVALID, "not a date: expected year-month-day, such as 2026-11-23");
    *ret_date = date;
    return CM_OK;
}

enum cm_code cm_minute_parse(const char *text, int32_t *ret_minute, struct cm_err *err)
{
    size_t length = strlen(text);
    int hour = -1, minute = -1;
    if ((length == 4 || length == 5) && text[length - 3] == ':') {
        hour = read_digits(text, (int)length - 3);
        minute = read_digits(text + length - 2, 2);
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return cm_fail(err, CM_INVALID, "not a time of day: expected hours:minutes, such as 08:30");
    *ret_minute = hour * 60 + minute;
    return CM_OK;
}

static char *unknown(char *out)
{
    out[0] = '?';
    out[1] = '\0';
    return out;
}

static char *put_digits(char *to, int32_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + digits;
}

char *cm_date_iso(int32_t date, char out[static CM_DATE_ISO_SIZE])
{
    if (!cm_date_valid(date))
        return unknown(out);
    char *to = put_digits(out, date / 10000, 4);
    *to++ = '-';
    to = put_digits(to, date / 100 % 100, 2);
    *to++ = '-';
    to = put_digits(to, date % 100, 2);
    *to = '\0';
    return out;
}

char *cm_date_short(int32_t date, char out[static CM_DATE_SHORT_SIZE])
{
    if (!cm_date_valid(date))
        return unknown(out);
    memcpy(out, cm_weekday_name(cm_date_weekday(date)), 3);
    out[3] = ' ';
    put_digits(out + 4, date % 100, 2);
    out[6] = ' ';
    memcpy(out + 7, month_names[date / 100 % 100 - 1], 4);
    return out;
}

char *cm_minute_text(int32_t minute, char out[static CM_MINUTE_TEXT_SIZE])
{
    if (minute < 0 || minute >= CM_MINUTES_PER_DAY)
        return unknown(out);
    put_digits(out, minute / 60, 2);
    out[2] = ':';
    put_digits(out + 3, minute % 60, 2);
    out[5] = '\0';
    return out;
}

const char *cm_weekday_name(int32_t weekday)
{
    static const char names[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    return weekday >= 0 && weekday < 7 ? names[weekday] : "?";
}
