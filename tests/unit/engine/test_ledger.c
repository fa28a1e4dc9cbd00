/* The clock watch and the coverage ledger. */
#include "engine/clock_watch.h"
#include "engine/coverage.h"

#include "unit.h"

static void test_clock(void **state)
{
    (void)state;
    static const struct {
        int64_t latest, now;
        bool suspect;
    } cases[] = {
        {0, 0, false},
        {1000000, 1000000, false},
        {1000000, 1000000 - STN_CLOCK_TOLERANCE_MS, false}, /* two minutes are still believed */
        {1000000, 1000000 - STN_CLOCK_TOLERANCE_MS - 1, true},
        {1000000, 9000000, false}, /* weeks without power: later is right */
        {1000000, -1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_clock_watch watch;
        stn_clock_watch_init(&watch, cases[i].latest);
        assert_int_equal(stn_clock_watch_step(&watch, cases[i].now, 0), cases[i].suspect);
        assert_int_equal(watch.suspect, cases[i].suspect);
        assert_false(stn_clock_watch_step(&watch, cases[i].now, 0)); /* told once */
    }
}

static void test_clock_set_back_while_running(void **state)
{
    (void)state;
    struct stn_clock_watch watch;
    stn_clock_watch_init(&watch, 0);
    stn_clock_watch_step(&watch, 10000000, 0);
    assert_true(stn_clock_watch_step(&watch, 10000000 - 3600000, 0));
    assert_true(watch.suspect);
    assert_true(stn_clock_watch_step(&watch, 10000500, 0)); /* set right again */
    assert_false(watch.suspect);
}

/* Once the server said its time, that counts, also while it is away. */
static void test_clock_by_the_server(void **state)
{
    (void)state;
    static const struct {
        int64_t latest,
            offset;         /* of the log; the server's minus ours, measured at wall 10,000,000 and mono 0 */
        int64_t wall, mono; /* now */
        bool suspect;
    } cases[] = {
        {0, 0, 10000000, 0, false},
        {0, 120000, 10000000, 0, false},
        {0, 120001, 10000000, 0, true},
        {0, -120001, 10000000, 0, true},
        {99000000, 0, 10000000, 0, false}, /* it was ahead once: the server knows better than the log */
        {0, 0, 13600000, 3600000, false},  /* an hour later */
        {0, 0, 10000000, 3600000, true},   /* set back meanwhile */
        {0, 0, 17200000, 3600000, true},   /* set ahead */
        {0, 600000, 10600000 + 1000, 1000, false}, /* was wrong, and somebody set it right */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_clock_watch watch;
        stn_clock_watch_init(&watch, cases[i].latest);
        stn_clock_watch_server(&watch, cases[i].offset, 10000000, 0);
        stn_clock_watch_step(&watch, cases[i].wall, cases[i].mono);
        assert_int_equal(watch.suspect, cases[i].suspect);
    }
}

static void test_what_keeps_from_judging(void **state)
{
    (void)state;
    const struct stn_coverage_facts able = {
        .lane_open = true, .policy_available = true, .store_takes_marks = true, .camera = STN_CAMERA_CLEAR};
    struct stn_coverage_facts facts = able;
    assert_string_equal(stn_coverage_obstacle(&facts), "");
    facts.lane_open = false;
    assert_string_equal(stn_coverage_obstacle(&facts), "face_lane_closed");
    facts = able;
    facts.policy_available =
        false; /* strict and pad call nobody live in this version: nobody may become absent by it */
    assert_string_equal(stn_coverage_obstacle(&facts), "policy_unavailable");
    facts = able;
    facts.camera = STN_CAMERA_DARK;
    assert_string_equal(stn_coverage_obstacle(&facts), "dark");
    facts = able;
    facts.lane_locked = true;
    assert_string_equal(stn_coverage_obstacle(&facts), "locked");
    facts = able;
    facts.store_takes_marks = false;
    assert_string_equal(stn_coverage_obstacle(&facts), "store_full");
    facts = able;
    facts.clock_suspect = true;
    assert_string_equal(stn_coverage_obstacle(&facts), "clock_suspect");
}

static void test_spans(void **state)
{
    (void)state;
    struct stn_coverage coverage;
    struct cm_coverage span;
    stn_coverage_init(&coverage);
    assert_false(stn_coverage_end(&coverage, 5, &span)); /* nothing began */
    assert_false(stn_coverage_step(&coverage, 1000, true, "", &span));
    assert_false(stn_coverage_step(&coverage, 2000, true, "", &span));
    assert_true(stn_coverage_step(&coverage, 3000, false, "covered", &span));
    assert_int_equal(span.from_wall_ms, 1000);
    assert_int_equal(span.to_wall_ms, 3000);
    assert_true(span.able);
    assert_true(
        stn_coverage_step(&coverage, 4000, false, "dark", &span)); /* another reason is another span */
    assert_false(span.able);
    assert_string_equal(span.reason, "covered");
    assert_true(stn_coverage_end(&coverage, 4500, &span));
    assert_string_equal(span.reason, "dark");
    assert_int_equal(span.to_wall_ms, 4500);
}

static void test_long_span_is_cut(void **state)
{
    (void)state;
    struct stn_coverage coverage;
    struct cm_coverage span;
    int spans = 0;
    stn_coverage_init(&coverage);
    for (int64_t at_ms = 0; at_ms <= 3600000; at_ms += 250)
        spans += stn_coverage_step(&coverage, at_ms, true, "", &span);
    assert_int_equal(spans, 3600000 / STN_COVERAGE_SPAN_MAX_MS);
}

static void test_time_backwards_is_no_coverage(void **state)
{
    (void)state;
    struct stn_coverage coverage;
    struct cm_coverage span;
    stn_coverage_init(&coverage);
    stn_coverage_step(&coverage, 100000, true, "", &span);
    assert_false(stn_coverage_step(&coverage, 50000, true, "", &span));
    assert_true(stn_coverage_step(&coverage, 51000, false, "dark", &span));
    assert_int_equal(span.from_wall_ms, 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_clock_set_back_while_running),
        cmocka_unit_test(test_clock_by_the_server),
        cmocka_unit_test(test_what_keeps_from_judging),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_long_span_is_cut),
        cmocka_unit_test(test_time_backwards_is_no_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
