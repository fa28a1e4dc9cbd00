#include "lane/rule.h"

#include "unit.h"

static void a_template_needs_consent(void **state)
{
    (void)state;
    for (int required = 0; required < 2; required++) {
        assert_true(cm_consent_allows_face(CM_CONSENT_GIVEN, required));
        assert_false(cm_consent_allows_face(CM_CONSENT_REFUSED, required));
        assert_false(cm_consent_allows_face(CM_CONSENT_WITHDRAWN, required));
        assert_int_equal(cm_consent_allows_face(CM_CONSENT_NONE, required), !required);
    }
}

static void the_card_is_for_who_cannot_use_the_face(void **state)
{
    const struct {
        struct cm_lane_facts facts;
        enum cm_lane_reason reason;
    } cases[] = {
        {{CM_CONSENT_GIVEN, true, false, true, false}, CM_LANE_CLOSED},
        {{CM_CONSENT_GIVEN, true, true, true, false}, CM_LANE_CARD_FOR_ALL},
        {{CM_CONSENT_GIVEN, true, false, true, true}, CM_LANE_ACCOMMODATION},
        {{CM_CONSENT_GIVEN, true, false, false, false}, CM_LANE_NO_TEMPLATES},
        {{CM_CONSENT_NONE, true, false, true, false}, CM_LANE_NO_CONSENT},
        {{CM_CONSENT_NONE, false, false, true, false}, CM_LANE_CLOSED},
        {{CM_CONSENT_NONE, false, false, false, false}, CM_LANE_NO_TEMPLATES},
        {{CM_CONSENT_REFUSED, false, false, true, false}, CM_LANE_NO_CONSENT},
        {{CM_CONSENT_WITHDRAWN, true, true, true, true}, CM_LANE_NO_CONSENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cm_lane_card_open(&cases[i].facts), cases[i].reason);
    assert_string_equal(cm_lane_reason_name(CM_LANE_NO_CONSENT), "no_consent");
    assert_string_equal(cm_lane_reason_name((enum cm_lane_reason)99), "unknown");
}

static void a_word_is_later_than_the_one_that_it_answers(void **state)
{
    (void)state;
    assert_int_equal(cm_consent_instant(2000, 1000), 2000);
    assert_int_equal(cm_consent_instant(500, 1000), 1001); /* the clock is behind */
    assert_int_equal(cm_consent_instant(1000, 1000), 1001);
    assert_int_equal(cm_consent_instant(-5, -10), 0);
    int64_t last = INT64_C(253402300799999);
    assert_int_equal(cm_consent_instant(5, last), last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_needs_consent),
        cmocka_unit_test(the_card_is_for_who_cannot_use_the_face),
        cmocka_unit_test(a_word_is_later_than_the_one_that_it_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
