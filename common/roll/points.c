#include "roll/points.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cm_points_rules cm_points_rules_default = {
    .rules =
        {
            {CM_POINTS_ALWAYS, 10, ""},
            {CM_POINTS_ON_TIME, 5, "on time"},
            {CM_POINTS_LATE, -3, "late"},
            {CM_POINTS_FIRST_TRY, 2, "first try"},
            {CM_POINTS_EYE_CONTACT, 3, "eye contact"},
            {CM_POINTS_NO_FACE, 5, "as by face"},
        },
    .count = 6,
    .least = 1,
};

static bool is_there(const struct cm_points_facts *facts)
{
    return facts->status == CM_ROLL_PRESENT || facts->status == CM_ROLL_LATE;
}

static bool applies(enum cm_points_when when, const struct cm_points_facts *facts)
{
    switch (when) {
    case CM_POINTS_ALWAYS:
        return true;
    case CM_POINTS_ON_TIME:
        return facts->status == CM_ROLL_PRESENT;
    case CM_POINTS_LATE:
        return facts->status == CM_ROLL_LATE;
    case CM_POINTS_FIRST_TRY:
        return facts->first_try;
    case CM_POINTS_EYE_CONTACT:
        return facts->eye_contact;
    case CM_POINTS_NO_FACE:
        return facts->no_face;
    }
    return false;
}

static int32_t sum(const struct cm_points_rules *rules, const struct cm_points_facts *facts)
{
    assert(rules->count >= 0 && rules->count <= CM_POINTS_RULES_MAX);
    int32_t points = 0;
    for (int32_t i = 0; i < rules->count; i++)
        if (applies(rules->rules[i].when, facts))
            points += rules->rules[i].points;
    return points;
}

int32_t cm_points(const struct cm_points_rules *rules, const struct cm_points_facts *facts)
{
    if (!is_there(facts))
        return 0;
    int32_t points = sum(rules, facts);
    return points > rules->least ? points : rules->least;
}

/* Adds at the end of what is there; a text that does not fit is cut. */
static void append(char out[static CM_POINTS_TEXT_SIZE], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void append(char out[static CM_POINTS_TEXT_SIZE], const char *fmt, ...)
{
    size_t length = strlen(out);
    va_list arguments;
    va_start(arguments, fmt);
    vsnprintf(out + length, CM_POINTS_TEXT_SIZE - length, fmt, arguments);
    va_end(arguments);
}

char *cm_points_text(const struct cm_points_rules *rules, const struct cm_points_facts *facts,
                     char out[static CM_POINTS_TEXT_SIZE])
{
    out[0] = '\0';
    if (!is_there(facts)) {
        append(out, "no points");
        return out;
    }
    if (sum(rules, facts) < rules->least)
        append(out, "%d (the least) instead of ", rules->least);
    bool first = true;
    for (int32_t i = 0; i < rules->count; i++) {
        const struct cm_points_rule *rule = &rules->rules[i];
        if (!applies(rule->when, facts))
            continue;
        if (first)
            append(out, "%d", rule->points);
        else
            append(out, " %c %d", rule->points < 0 ? '-' : '+', abs(rule->points));
        if (rule->words[0] != '\0')
            append(out, " %s", rule->words);
        first = false;
    }
    return out;
}

/* ---- the setting ---- */

static const struct {
    const char *name;  /* in the setting */
    const char *words; /* in an explanation */
} known[] = {
    [CM_POINTS_ALWAYS] = {"present", ""},
    [CM_POINTS_ON_TIME] = {"on_time", "on time"},
    [CM_POINTS_LATE] = {"late", "late"},
    [CM_POINTS_FIRST_TRY] = {"first_try", "first try"},
    [CM_POINTS_EYE_CONTACT] = {"eye_contact", "eye contact"},
    [CM_POINTS_NO_FACE] = {"no_face", "as by face"},
};
enum { KNOWN = sizeof known / sizeof known[0], LEAST = KNOWN, WORDS };
static const char least_name[] = "least";
_Static_assert((int)KNOWN <= (int)CM_POINTS_RULES_MAX, "a table has room for every rule");

static const char *name_of(int word)
{
    return word == LEAST ? least_name : known[word].name;
}

/* One "word number"; *at moves behind it. */
static enum cm_code parse_one(const char **at, int32_t numbers[WORDS], bool named[WORDS], struct cm_err *err)
{
    char name[16];
    int used = 0, word = 0;
    long number;
    if (sscanf(*at, " %15[a-z_] %5ld%n", name, &number, &used) != 2)
        return cm_fail(err, CM_INVALID, "points are \"present 10, on_time 5, late -3 …\", not \"%.40s\"",
                       *at);
    while (word < WORDS && strcmp(name, name_of(word)) != 0)
        word++;
    if (word == WORDS)
        return cm_fail(err, CM_INVALID, "there is no rule \"%s\" for points", name);
    if (named[word])
        return cm_fail(err, CM_INVALID, "\"%s\" is there twice", name);
    if (number < (word == LEAST ? 0 : -CM_POINTS_LIMIT) || number > CM_POINTS_LIMIT)
        return cm_fail(err, CM_INVALID, "%s has at most %d points", name, (int)CM_POINTS_LIMIT);
    named[word] = true;
    numbers[word] = (int32_t)number;
    *at += used;
    return CM_OK;
}

enum cm_code cm_points_parse(const char *text, struct cm_points_rules *ret_rules, struct cm_err *err)
{
    struct cm_points_rules rules = {.count = 0};
    int32_t numbers[WORDS] = {0};
    bool named[WORDS] = {false};
    if (strlen(text) >= CM_POINTS_SETTING_SIZE)
        return cm_fail(err, CM_INVALID, "the points are longer than %d bytes", CM_POINTS_SETTING_SIZE - 1);
    for (const char *at = text;;) {
        enum cm_code code = parse_one(&at, numbers, named, err);
        if (code != CM_OK)
            return code;
        at += strspn(at, " ");
        if (*at == '\0')
            break;
        if (*at++ != ',')
            return cm_fail(err, CM_INVALID, "a comma is missing before \"%.40s\"", at - 1);
    }
    if (!named[CM_POINTS_ALWAYS])
        return cm_fail(err, CM_INVALID, "the points do not say what \"present\" gives");
    for (int word = 0; word < KNOWN; word++)
        if (word == CM_POINTS_ALWAYS || numbers[word] != 0)
            rules.rules[rules.count++] =
                (struct cm_points_rule){(enum cm_points_when)word, numbers[word], known[word].words};
    rules.least = numbers[LEAST];
    *ret_rules = rules;
    return CM_OK;
}

char *cm_points_format(const struct cm_points_rules *rules, char out[static CM_POINTS_SETTING_SIZE])
{
    size_t used = 0;
    for (int32_t i = 0; i < rules->count; i++)
        used += (size_t)snprintf(out + used, CM_POINTS_SETTING_SIZE - used, "%s %d, ",
                                 known[rules->rules[i].when].name, (int)rules->rules[i].points);
    snprintf(out + used, CM_POINTS_SETTING_SIZE - used, "%s %d", least_name, (int)rules->least);
    return out;
}
