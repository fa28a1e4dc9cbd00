#include "unit.h"

#include "api/show.h"
#include <math.h>
#include <string.h>

static const struct cm_session session = {.start_wall_ms = 1000, .late_wall_ms = 1100, .close_wall_ms = 2000};

static void the_clock_tells_unjudged(void **state)
{
    (void)state;
    static const struct {
        enum srv_session_state state;
        enum cm_roll_status status;
        int64_t now_ms;
        const char *shown_state, *shown_status;
    } cases[] = {
        {SRV_SESSION_OPEN, CM_ROLL_NONE, 0, "open", "none"},
        {SRV_SESSION_OPEN, CM_ROLL_NONE, 1999, "open", "none"},
        {SRV_SESSION_OPEN, CM_ROLL_NONE, 2000, "unjudged", "unjudged"},
        {SRV_SESSION_OPEN, CM_ROLL_PRESENT, 2000, "unjudged", "present"},
        {SRV_SESSION_OPEN, CM_ROLL_PENDING, 1500, "open", "pending"},
        {SRV_SESSION_CLOSED, CM_ROLL_NONE, 1500, "closed", "absent"},
        {SRV_SESSION_CLOSED, CM_ROLL_EXCUSED, 9999, "closed", "excused"},
        {SRV_SESSION_UNJUDGED, CM_ROLL_NONE, 1500, "unjudged", "unjudged"},
        {SRV_SESSION_UNJUDGED, CM_ROLL_ABSENT, 1500, "unjudged", "absent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_day day = {.roll.status = cases[i].status, .session = cases[i].state};
        assert_string_equal(srv_show_state(srv_show_state_at(cases[i].state, &session, cases[i].now_ms)),
                            cases[i].shown_state);
        assert_string_equal(cm_roll_status_name(srv_show_status_at(&day, &session, cases[i].now_ms)),
                            cases[i].shown_status);
    }
}

static void counts_follow(void **state)
{
    (void)state;
    struct srv_session_info info = {
        .state = SRV_SESSION_OPEN, .present = 3, .late = 1, .pending = 1, .none = 5};
    struct srv_counts before = srv_counts_of(&info, &session, 1500);
    struct srv_counts after = srv_counts_of(&info, &session, 2500);
    assert_int_equal(before.students, 10);
    assert_int_equal(before.none, 5);
    assert_int_equal(before.unjudged, 0);
    assert_int_equal(after.students, 10);
    assert_int_equal(after.none, 0);
    assert_int_equal(after.unjudged, 5);
    srv_counts_sum(&before, &after);
    assert_int_equal(before.students, 20);
    assert_int_equal(before.present, 6);
}

static void rates(void **state)
{
    (void)state;
    assert_true(isnan(srv_show_rate(0, 0, 0)));
    assert_true(srv_show_rate(3, 1, 0) == 1.0);
    assert_true(srv_show_rate(0, 0, 4) == 0.0);
    assert_true(srv_show_rate(2, 1, 1) == 0.75);
}

static void what_a_correction_may_say(void **state)
{
    (void)state;
    static const char *const fine[] = {"present", "late", "excused", "absent"};
    static const char *const not_fine[] = {"unjudged", "pending", "none", "", "Present", "unknown"};
    enum cm_roll_status status;
    for (size_t i = 0; i < 4; i++)
        assert_true(srv_show_status_parse(fine[i], &status));
    for (size_t i = 0; i < sizeof not_fine / sizeof not_fine[0]; i++)
        assert_false(srv_show_status_parse(not_fine[i], &status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_tells_unjudged),
        cmocka_unit_test(counts_follow),
        cmocka_unit_test(rates),
        cmocka_unit_test(what_a_correction_may_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
