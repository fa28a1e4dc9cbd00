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
        },
    .count = 5,
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
