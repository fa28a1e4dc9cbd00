#include "unit.h"

#include "roll/points.h"
#include <string.h>

static const struct points_case {
    struct cm_points_facts facts;
    int32_t points;
    const char *text;
} cases[] = {
    {{CM_ROLL_PRESENT, false, false}, 15, "10 + 5 on time"},
    {{CM_ROLL_PRESENT, true, false}, 17, "10 + 5 on time + 2 first try"},
    {{CM_ROLL_PRESENT, false, true}, 18, "10 + 5 on time + 3 eye contact"},
    {{CM_ROLL_PRESENT, true, true}, 20, "10 + 5 on time + 2 first try + 3 eye contact"},
    {{CM_ROLL_LATE, false, false}, 7, "10 - 3 late"},
    {{CM_ROLL_LATE, true, true}, 12, "10 - 3 late + 2 first try + 3 eye contact"},
    {{CM_ROLL_EXCUSED, true, true}, 0, "no points"},
    {{CM_ROLL_ABSENT, true, true}, 0, "no points"},
    {{CM_ROLL_UNJUDGED, true, true}, 0, "no points"},
    {{CM_ROLL_PENDING, true, true}, 0, "no points"},
    {{CM_ROLL_NONE, true, true}, 0, "no points"},
};

static void the_default_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[CM_POINTS_TEXT_SIZE];
        assert_int_equal(cm_points(&cm_points_rules_default, &cases[i].facts), cases[i].points);
        assert_string_equal(cm_points_text(&cm_points_rules_default, &cases[i].facts, text), cases[i].text);
    }
}

static void nobody_who_is_there_gets_less_than_the_least(void **state)
{
    (void)state;
    const struct cm_points_rules harsh = {
        .rules = {{CM_POINTS_ALWAYS, 10, ""}, {CM_POINTS_LATE, -12, "late"}}, .count = 2, .least = 1};
    const struct cm_points_facts late = {.status = CM_ROLL_LATE}, absent = {.status = CM_ROLL_ABSENT};
    char text[CM_POINTS_TEXT_SIZE];
    assert_int_equal(cm_points(&harsh, &late), 1);
    assert_string_equal(cm_points_text(&harsh, &late, text), "1 (the least) instead of 10 - 12 late");
    assert_int_equal(cm_points(&harsh, &absent), 0);
}

static void a_table_of_its_own_begins_with_its_own_sign(void **state)
{
    (void)state;
    const struct cm_points_rules rules = {
        .rules = {{CM_POINTS_LATE, -2, "late"}, {CM_POINTS_ALWAYS, 4, "there"}}, .count = 2, .least = 0};
    const struct cm_points_facts late = {.status = CM_ROLL_LATE};
    char text[CM_POINTS_TEXT_SIZE];
    assert_string_equal(cm_points_text(&rules, &late, text), "-2 late + 4 there");
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct cm_points_rules rules = {.count = CM_POINTS_RULES_MAX, .least = 0};
    for (int i = 0; i < CM_POINTS_RULES_MAX; i++)
        rules.rules[i] =
            (struct cm_points_rule){CM_POINTS_ALWAYS, 1000000, "for a reason that takes many words"};
    const struct cm_points_facts present = {.status = CM_ROLL_PRESENT};
    char text[CM_POINTS_TEXT_SIZE];
    assert_int_equal(strlen(cm_points_text(&rules, &present, text)), CM_POINTS_TEXT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_rules),
        cmocka_unit_test(nobody_who_is_there_gets_less_than_the_least),
        cmocka_unit_test(a_table_of_its_own_begins_with_its_own_sign),
        cmocka_unit_test(a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
