#include "roster/roster_csv.h"

#include <stdbool.h>
#include <string.h>

enum { DAYS = 7 };

static const char *const names[DAYS] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Not by strncasecmp, whose answer depends on the locale. */
static bool begins_with(const char *name, const char *text, size_t length)
{
    if (length > strlen(name))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((text[i] | 0x20) != name[i])
            return false;
    return true;
}

/* A day at the start of text: a digit 1…7, or a name of which three letters are enough. Returns its length, 0: none. */
static size_t read_day(const char *text, int *ret_day)
{
    if (text[0] >= '1' && text[0] <= '7') {
        bool alone = !is_letter(text[1]) && (text[1] < '0' || text[1] > '9');
        *ret_day = text[0] - '1';
        return alone ? 1 : 0;
    }
    size_t length = 0;
    while (is_letter(text[length]))
        length++;
    for (int day = 0; length >= 3 && day < DAYS; day++)
        if (begins_with(names[day], text, length)) {
            *ret_day = day;
            return length;
        }
    return 0;
}

static size_t skip(const char *text, const char *characters)
{
    return strspn(text, characters);
}

enum cm_code cm_weekdays_parse(const char *text, uint32_t *ret_weekdays, struct cm_err *err)
{
    uint32_t weekdays = 0;
    const char *at = text + skip(text, " ");
    while (*at != '\0') {
        int first = 0, last;
        size_t length = read_day(at, &first);
        last = first;
        at += length + skip(at + length, " ");
        if (length > 0 && *at == '-') {
            at += 1 + skip(at + 1, " ");
            length = read_day(at, &last);
            at += length;
        }
        if (length == 0)
            return cm_fail(err, CM_INVALID,
                           "\"%s\" is no list of weekdays: write Mon-Sat, or Mon,Wed,Fri, or 1-5", text);
        for (int day = first;; day = (day + 1) % DAYS) { /* Sat-Mon goes over the end of the week */
            weekdays |= 1u << day;
            if (day == last)
                break;
        }
        at += skip(at, " ,;");
    }
    if (weekdays == 0)
        return cm_fail(err, CM_INVALID, "no weekday is named: write Mon-Sat, or Mon,Wed,Fri, or 1-5");
    *ret_weekdays = weekdays;
    return CM_OK;
}
