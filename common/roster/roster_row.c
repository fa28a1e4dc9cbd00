#include "roster/roster_row.h"

#include "base/localdate.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void remark(struct cm_roster_remarks *remarks, size_t line,
                                                         const char *fmt, va_list arguments)
{
    size_t i = remarks->count++;
    if (i >= CM_ROSTER_REMARKS)
        return;
    int length = line > 0 ? snprintf(remarks->text[i], CM_ROSTER_REMARK_SIZE, "line %zu: ", line) : 0;
    vsnprintf(remarks->text[i] + length, CM_ROSTER_REMARK_SIZE - (size_t)length, fmt, arguments);
}

void cm_row_problem(struct cm_row *row, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    remark(&row->report->problems, row->csv.line, fmt, arguments);
    va_end(arguments);
}

void cm_row_note(struct cm_row *row, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    remark(&row->report->notes, row->csv.line, fmt, arguments);
    va_end(arguments);
}

char *cm_row_shown(const char *text, char out[static CM_ROW_SHOWN_SIZE])
{
    cm_utf8_escape(text, strlen(text), out, CM_ROW_SHOWN_SIZE);
    return out;
}

bool cm_row_load(struct cm_row *row, int index)
{
    if (index < 0 || (size_t)index >= row->csv.field_count)
        return false;
    const char *text = row->csv.field[index].text;
    size_t length = row->csv.field[index].length;
    while (length > 0 && text[0] == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    memcpy(row->text, text, length);
    row->text[length] = '\0';
    return true;
}

bool cm_row_blank_from(struct cm_row *row, size_t index)
{
    for (; cm_row_load(row, (int)index); index++)
        if (row->text[0] != '\0')
            return false;
    return true;
}

static const char *fault_of(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        return "a control character";
    if (character == 0x61c || character == 0x200e || character == 0x200f ||
        (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069))
        return "a mark that turns the direction of writing";
    return "an invisible character";
}

static uint32_t first_unprintable(const char *text)
{
    size_t size = strlen(text), at = cm_utf8_printable_length(text, size);
    uint32_t character = 0;
    cm_utf8_decode(text + at, size - at, &character);
    return character;
}

bool cm_row_take_text(struct cm_row *row, int index, const char *name, bool may_be_empty, char *ret,
                      size_t ret_size)
{
    char shown[CM_ROW_SHOWN_SIZE];
    if (!cm_row_load(row, index))
        return may_be_empty;
    size_t length = strlen(row->text);
    if (length == 0 && !may_be_empty) {
        cm_row_problem(row, "the %s is empty", name);
        return false;
    }
    if (length >= ret_size) {
        cm_row_problem(row, "the %s is too long, only the first %zu of its %zu characters fit: \"%s\"", name,
                       cm_utf8_count_fitting(row->text, length, ret_size - 1),
                       cm_utf8_count(row->text, length), cm_row_shown(row->text, shown));
        return false;
    }
    if (!cm_utf8_printable(row->text, length)) {
        uint32_t character = first_unprintable(row->text);
        cm_row_problem(row, "the %s has %s (U+%04X) in it: \"%s\"", name, fault_of(character),
                       (unsigned)character, cm_row_shown(row->text, shown));
        return false;
    }
    memcpy(ret, row->text, length + 1);
    return true;
}

bool cm_row_take_name(struct cm_row *row, int index, const char *name, bool may_be_empty,
                      char ret[static CM_NAME_SIZE])
{
    char shown[CM_ROW_SHOWN_SIZE];
    if (!cm_row_load(row, index))
        return may_be_empty;
    size_t count = cm_utf8_count(row->text, strlen(row->text));
    if (count <= CM_NAME_CHARS)
        return cm_row_take_text(row, index, name, may_be_empty, ret, CM_NAME_SIZE);
    cm_row_problem(row, "the %s is too long, %zu characters of at most %d: \"%s\"", name, count,
                   CM_NAME_CHARS, cm_row_shown(row->text, shown));
    return false;
}

bool cm_row_take_minutes(struct cm_row *row, int index, const char *name, int32_t *ret)
{
    char shown[CM_ROW_SHOWN_SIZE];
    if (!cm_row_load(row, index))
        return true;
    size_t digits = strspn(row->text, "0123456789");
    if (digits == 0 || digits > 4 || row->text[digits] != '\0') {
        cm_row_problem(row, "%s must be a number of minutes, not \"%s\"", name,
                       cm_row_shown(row->text, shown));
        return false;
    }
    int32_t minutes = 0;
    for (size_t i = 0; i < digits; i++)
        minutes = minutes * 10 + (row->text[i] - '0');
    *ret = minutes;
    return true;
}

bool cm_row_take_time(struct cm_row *row, int index, const char *name, int32_t *ret)
{
    char shown[CM_ROW_SHOWN_SIZE];
    if (!cm_row_load(row, index) || cm_minute_parse(row->text, ret, NULL) == CM_OK)
        return true;
    cm_row_problem(row, "%s must be a time like 09:00, not \"%s\"", name, cm_row_shown(row->text, shown));
    return false;
}

bool cm_row_take_weekdays(struct cm_row *row, int index, const char *name, uint32_t *ret)
{
    char shown[CM_ROW_SHOWN_SIZE];
    if (!cm_row_load(row, index) || cm_weekdays_parse(row->text, ret, NULL) == CM_OK)
        return true;
    cm_row_problem(row, "%s must be like Mon-Sat, or Mon,Wed,Fri, or 1-5, not \"%s\"", name,
                   cm_row_shown(row->text, shown));
    return false;
}
