#include "config/option.h"

#include "base/utf8.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MINUTES_TEXT_SIZE = 32, NAME_LENGTH_MAX = 48 };

const struct cm_option *cm_option_find(const struct cm_config_schema *schema, const char *section,
                                       const char *key)
{
    for (size_t i = 0; i < schema->option_count; i++) {
        const struct cm_option *option = &schema->options[i];
        if (strcmp(option->section, section) == 0 && strcmp(option->key, key) == 0)
            return option;
    }
    return NULL;
}

/* ---- text to value ---- */

static bool parse_whole(const char *text, int64_t *ret_number)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || isspace((unsigned char)*text))
        return false;
    *ret_number = number;
    return true;
}

/* Decimal only: strtod would also take "nan", "inf" and hexadecimal. */
static bool parse_real(const char *text, double *ret_number)
{
    char *end;
    if (*text == '\0' || strspn(text, "0123456789.eE+-") != strlen(text))
        return false;
    double number = strtod(text, &end);
    if (*end != '\0' || !isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

static int minutes_of_unit(char unit)
{
    switch (unit) {
    case 'd':
        return 1440;
    case 'h':
        return 60;
    case 'm':
        return 1;
    default:
        return 0;
    }
}

/* "90", or parts with units from large to small: "1h30m". */
static bool parse_minutes(const char *text, int64_t *ret_minutes)
{
    int64_t total = 0;
    int unit_before = 1441; /* larger than any */
    if (*text == '\0')
        return false;
    while (*text != '\0') {
        int64_t number = 0;
        const char *start = text;
        for (; *text >= '0' && *text <= '9' && text - start < 9; text++)
            number = number * 10 + (*text - '0');
        bool bare = *text == '\0' && total == 0 && unit_before > 1440;
        int unit = bare ? 1 : minutes_of_unit(*text);
        if (text == start || unit == 0 || unit >= unit_before)
            return false;
        total += number * unit;
        unit_before = unit;
        text += bare ? 0 : 1;
    }
    *ret_minutes = total;
    return true;
}

static bool parse_bool(const char *text, bool *ret_value)
{
    static const char *const words[][2] = {{"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int value = 0; value <= 1; value++) {
            if (strcasecmp(text, words[i][value]) == 0) {
                *ret_value = value == 1;
                return true;
            }
        }
    }
    return false;
}

static bool parse_choice(const struct cm_option *option, const char *text, int32_t *ret_index)
{
    for (int32_t i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static bool in_range(const struct cm_option *option, double value)
{
    return value >= option->min && value <= option->max;
}

static bool store_whole(const struct cm_option *option, const char *text, void *member)
{
    int64_t number;
    bool parsed =
        option->type == CM_OPTION_TYPE_MINUTES ? parse_minutes(text, &number) : parse_whole(text, &number);
    if (!parsed || number < INT32_MIN || number > INT32_MAX || !in_range(option, (double)number))
        return false;
    int32_t value = (int32_t)number;
    memcpy(member, &value, sizeof value);
    return true;
}

static bool store_real(const struct cm_option *option, const char *text, void *member)
{
    double value;
    if (!parse_real(text, &value) || !in_range(option, value))
        return false;
    memcpy(member, &value, sizeof value);
    return true;
}

static bool store_text(const struct cm_option *option, const char *text, const char *folder, char *member)
{
    size_t length = strlen(text);
    bool join = option->type == CM_OPTION_TYPE_PATH && folder != NULL && length > 0 && text[0] != '/';
    size_t before = join ? strlen(folder) + 1 : 0;
    if (!cm_utf8_printable(text, length) || before + length >= option->size)
        return false;
    if (join) {
        memcpy(member, folder, before - 1);
        member[before - 1] = '/';
    }
    memcpy(member + before, text, length + 1);
    return true;
}

static bool store_value(const struct cm_option *option, const char *text, const char *folder, void *settings)
{
    char *member = (char *)settings + option->offset;
    bool flag;
    int32_t index;
    switch (option->type) {
    case CM_OPTION_TYPE_STRING:
    case CM_OPTION_TYPE_PATH:
        return store_text(option, text, folder, member);
    case CM_OPTION_TYPE_INT:
    case CM_OPTION_TYPE_MINUTES:
        return store_whole(option, text, member);
    case CM_OPTION_TYPE_REAL:
        return store_real(option, text, member);
    case CM_OPTION_TYPE_BOOL:
        if (!parse_bool(text, &flag))
            return false;
        memcpy(member, &flag, sizeof flag);
        return true;
    case CM_OPTION_TYPE_CHOICE:
        if (!parse_choice(option, text, &index))
            return false;
        memcpy(member, &index, sizeof index);
        return true;
    }
    return false;
}

bool cm_option_store(const struct cm_option *option, const char *text, const char *folder, void *settings,
                     struct cm_err *ret_why)
{
    if (store_value(option, text, folder, settings))
        return true;
    char shown[64], rule[CM_OPTION_RULE_SIZE];
    cm_utf8_escape(text, strlen(text), shown, sizeof shown);
    cm_option_rule(option, rule);
    const char *hint = strstr(text, " #") != NULL ? " (a comment after a value begins with ;)" : "";
    cm_fail(ret_why, CM_INVALID, "%s: \"%s\" is not %s%s", option->key, shown, rule, hint);
    return false;
}

/* ---- value to text ---- */

static void minutes_text(int32_t minutes, char out[MINUTES_TEXT_SIZE])
{
    char unit = 'm';
    int32_t count = minutes;
    if (minutes != 0 && minutes % 1440 == 0) {
        unit = 'd';
        count = minutes / 1440;
    } else if (minutes != 0 && minutes % 60 == 0) {
        unit = 'h';
        count = minutes / 60;
    }
    snprintf(out, MINUTES_TEXT_SIZE, "%d%c", (int)count, unit);
}

/* The fewest digits that read back as the same number. */
static void real_text(double value, char *out, size_t out_size)
{
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(out, out_size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
}

void cm_option_text(const struct cm_option *option, const void *settings, char *out, size_t out_size)
{
    const char *member = (const char *)settings + option->offset;
    char minutes[MINUTES_TEXT_SIZE];
    int32_t whole = 0;
    double real = 0;
    bool flag = false;
    switch (option->type) {
    case CM_OPTION_TYPE_STRING:
    case CM_OPTION_TYPE_PATH:
        snprintf(out, out_size, "%s", member);
        return;
    case CM_OPTION_TYPE_INT:
        memcpy(&whole, member, sizeof whole);
        snprintf(out, out_size, "%d", (int)whole);
        return;
    case CM_OPTION_TYPE_MINUTES:
        memcpy(&whole, member, sizeof whole);
        minutes_text(whole, minutes);
        snprintf(out, out_size, "%s", minutes);
        return;
    case CM_OPTION_TYPE_CHOICE:
        memcpy(&whole, member, sizeof whole);
        snprintf(out, out_size, "%s", option->choices[whole]);
        return;
    case CM_OPTION_TYPE_BOOL:
        memcpy(&flag, member, sizeof flag);
        snprintf(out, out_size, "%s", flag ? "yes" : "no");
        return;
    case CM_OPTION_TYPE_REAL:
        memcpy(&real, member, sizeof real);
        real_text(real, out, out_size);
        return;
    }
}

/* ---- for people ---- */

static void choices_text(const char *const *choices, char *out, size_t out_size)
{
    size_t used = (size_t)snprintf(out, out_size, "one of");
    for (size_t i = 0; choices[i] != NULL && used < out_size; i++)
        used += (size_t)snprintf(out + used, out_size - used, "%s %s", i == 0 ? "" : ",", choices[i]);
}

void cm_option_rule(const struct cm_option *option, char out[static CM_OPTION_RULE_SIZE])
{
    char low[MINUTES_TEXT_SIZE], high[MINUTES_TEXT_SIZE];
    switch (option->type) {
    case CM_OPTION_TYPE_STRING:
        snprintf(out, CM_OPTION_RULE_SIZE, "text of up to %zu bytes without control characters",
                 option->size - 1);
        return;
    case CM_OPTION_TYPE_PATH:
        snprintf(out, CM_OPTION_RULE_SIZE, "a path of up to %zu bytes", option->size - 1);
        return;
    case CM_OPTION_TYPE_INT:
        snprintf(out, CM_OPTION_RULE_SIZE, "a whole number from %.0f to %.0f", option->min, option->max);
        return;
    case CM_OPTION_TYPE_MINUTES:
        minutes_text((int32_t)option->min, low);
        minutes_text((int32_t)option->max, high);
        snprintf(out, CM_OPTION_RULE_SIZE, "a time from %s to %s, such as 90m, 1h30m or 7d", low, high);
        return;
    case CM_OPTION_TYPE_REAL:
        snprintf(out, CM_OPTION_RULE_SIZE, "a number from %g to %g", option->min, option->max);
        return;
    case CM_OPTION_TYPE_BOOL:
        snprintf(out, CM_OPTION_RULE_SIZE, "yes or no");
        return;
    case CM_OPTION_TYPE_CHOICE:
        choices_text(option->choices, out, CM_OPTION_RULE_SIZE);
        return;
    }
}

void cm_option_variable(const char *section, const char *key, char *out, size_t out_size)
{
    snprintf(out, out_size, "ROLLCALL_%s%s%s", section, *key != '\0' ? "_" : "", key);
    for (char *c = out; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

/* Levenshtein: one insertion, deletion or substitution counts one. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_LENGTH_MAX + 1];
    size_t b_length = strlen(b);
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_length; j++) {
            size_t change = diagonal + (tolower((unsigned char)a[i]) != tolower((unsigned char)b[j]));
            size_t best = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            diagonal = row[j + 1];
            row[j + 1] = change < best ? change : best;
        }
    }
    return row[b_length];
}

const char *cm_option_nearest(const char *name, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t least = 3; /* two slips are allowed … */
    if (strlen(name) > NAME_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) > NAME_LENGTH_MAX)
            continue;
        size_t distance = edit_distance(name, names[i]);
        if (distance < least && distance * 2 <= strlen(names[i])) { /* … but not half of the name */
            least = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
