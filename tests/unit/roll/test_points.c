#include "unit.h"

#include "roll/points.h"
#include <string.h>

static const struct points_case {
    struct cm_points_facts facts;
    int32_t points;
    const char *text;
} cases[] = {
    {{CM_ROLL_PRESENT, false, false, false}, 15, "10 + 5 on time"},
    {{CM_ROLL_PRESENT, true, false, false}, 17, "10 + 5 on time + 2 first try"},
    {{CM_ROLL_PRESENT, false, true, false}, 18, "10 + 5 on time + 3 eye contact"},
    {{CM_ROLL_PRESENT, true, true, false}, 20, "10 + 5 on time + 2 first try + 3 eye contact"},
    {{CM_ROLL_LATE, false, false, false}, 7, "10 - 3 late"},
    {{CM_ROLL_LATE, true, true, false}, 12, "10 - 3 late + 2 first try + 3 eye contact"},
    {{CM_ROLL_PRESENT, false, false, true},
     20,
     "10 + 5 on time + 5 as by face"}, /* equal to the best by face */
    {{CM_ROLL_LATE, false, false, true}, 12, "10 - 3 late + 5 as by face"},
    {{CM_ROLL_EXCUSED, true, true, false}, 0, "no points"},
    {{CM_ROLL_ABSENT, true, true, false}, 0, "no points"},
    {{CM_ROLL_UNJUDGED, true, true, false}, 0, "no points"},
    {{CM_ROLL_PENDING, true, true, false}, 0, "no points"},
    {{CM_ROLL_NONE, true, true, false}, 0, "no points"},
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

static void the_setting_is_read_and_written(void **state)
{
    static const char default_text[] =
        "present 10, on_time 5, late -3, first_try 2, eye_contact 3, no_face 5, least 1";
    char text[CM_POINTS_SETTING_SIZE];
    struct cm_points_rules rules;
    struct cm_err err = CM_ERR_INIT;
    (void)state;
    assert_string_equal(cm_points_format(&cm_points_rules_default, text), default_text);
    assert_int_equal(cm_points_parse(default_text, &rules, &err), CM_OK);
    assert_string_equal(cm_points_format(&rules, text), default_text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cm_points(&rules, &cases[i].facts), cases[i].points);
    assert_int_equal(cm_points_parse("least 0,late -2 , present 4", &rules, &err), CM_OK);
    assert_string_equal(cm_points_format(&rules, text), "present 4, late -2, least 0");
    assert_int_equal(cm_points_parse("present -1000, on_time 1000, late -1000, first_try -1000, eye_contact "
                                     "-1000, no_face -1000, least 1000",
                                     &rules, &err),
                     CM_OK);
    assert_int_equal(strlen(cm_points_format(&rules, text)), 102);
}

static void settings_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } refused[] = {
        {"", "points are"},
        {"present", "points are"},
        {"present ten", "points are"},
        {"present 10,", "points are"},
        {"present 10 on_time 5", "comma is missing"},
        {"present 10, early 5", "no rule \"early\""},
        {"present 10, present 5", "there twice"},
        {"present 1001", "at most"},
        {"present 99999999999999999999", "at most"},
        {"present 10, least -1", "at most"},
        {"on_time 5", "present"},
        {"present 10; on_time 5", "comma is missing"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct cm_points_rules rules = {.least = 77};
        struct cm_err err = CM_ERR_INIT;
        assert_int_equal(cm_points_parse(refused[i].text, &rules, &err), CM_INVALID);
        if (strstr(err.msg, refused[i].words) == NULL)
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", refused[i].text, err.msg, refused[i].words);
        assert_int_equal(rules.least, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_rules),
        cmocka_unit_test(nobody_who_is_there_gets_less_than_the_least),
        cmocka_unit_test(a_table_of_its_own_begins_with_its_own_sign),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(the_setting_is_read_and_written),
        cmocka_unit_test(settings_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
