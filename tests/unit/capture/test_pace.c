#include "capture/pace.h"
#include "unit.h"

#include <math.h>

enum { PERIOD_US = 40000 }; /* 25 frames a second */

static void rates_that_make_no_sense_become_25(void **state)
{
    (void)state;
    static const struct {
        double fps;
        int64_t period_us;
    } cases[] = {{24, 41666},     {10, 100000},       {0.1, 10000000},  {240, 4166},          {0, PERIOD_US},
                 {-5, PERIOD_US}, {90000, PERIOD_US}, {NAN, PERIOD_US}, {INFINITY, PERIOD_US}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_pace pace;
        stn_pace_init(&pace, true);
        stn_pace_set_rate(&pace, cases[i].fps);
        assert_int_equal(pace.period_us, cases[i].period_us);
    }
}

/* Time stamps in, recording times out. */
static void time_stamps_are_hints(void **state)
{
    (void)state;
    enum { N = 5 };
    static const struct {
        const char *name;
        int64_t pts_us[N], at_us[N];
    } cases[] = {
        {"none", {-1, -1, -1, -1, -1}, {0, 40000, 80000, 120000, 160000}},
        {"regular", {0, 50000, 100000, 150000, 200000}, {0, 50000, 100000, 150000, 200000}},
        {"starts late", {80000, 120000, 160000, 200000, 240000}, {0, 40000, 80000, 120000, 160000}},
        {"one missing", {0, 50000, -1, 150000, 200000}, {0, 50000, 90000, 150000, 200000}},
        {"repeated", {0, 40000, 40000, 120000, 160000}, {0, 40000, 80000, 120000, 160000}},
        {"backwards", {0, 40000, 20000, 120000, 160000}, {0, 40000, 80000, 120000, 160000}},
        {"a pause", {0, 40000, 5040000, 5080000, 5120000}, {0, 40000, 5040000, 5080000, 5120000}},
        {"a leap", {0, 40000, 90000000, 90050000, 90100000}, {0, 40000, 80000, 130000, 180000}},
        {"absurd", {0, 40000, INT64_MAX, INT64_MAX, 160000}, {0, 40000, 80000, 120000, 160000}},
        {"only the first", {0, -1, -1, -1, -1}, {0, 40000, 80000, 120000, 160000}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_pace pace;
        stn_pace_init(&pace, true);
        for (int k = 0; k < N; k++) {
            struct stn_pace_slot slot = stn_pace_place(&pace, cases[i].pts_us[k]);
            assert_int_equal(slot.number, k);
            if (slot.at_us != cases[i].at_us[k])
                fail_msg("%s, picture %d: %lld", cases[i].name, k, (long long)slot.at_us);
        }
    }
}

static void loops_and_cuts_go_on(void **state)
{
    (void)state;
    struct stn_pace pace;
    stn_pace_init(&pace, true);
    stn_pace_begin(&pace, true);
    assert_int_equal(stn_pace_place(&pace, 0).at_us, 0);
    assert_int_equal(stn_pace_place(&pace, 40000).at_us, 40000);
    stn_pace_begin(&pace, true);
    assert_int_equal(stn_pace_place(&pace, 0).at_us, 40000 + STN_PACE_CUT_US);
    assert_int_equal(stn_pace_place(&pace, 40000).at_us, 80000 + STN_PACE_CUT_US);
    stn_pace_begin(&pace, false);
    struct stn_pace_slot slot = stn_pace_place(&pace, -1);
    assert_int_equal(slot.at_us, 120000 + STN_PACE_CUT_US);
    assert_int_equal(slot.number, 4);
}

static void max_speed_times_are_start_plus_recording(void **state)
{
    (void)state;
    struct stn_pace pace;
    stn_pace_init(&pace, true);
    int64_t mono_us, wall_ms, start_us = 5000000, start_ms = 1700000000000;
    for (int k = 0; k < 3; k++) {
        struct stn_pace_slot slot = stn_pace_place(&pace, k * 40000);
        /* The clock goes its own way in between, also backwards. */
        stn_pace_stamp(&pace, &slot, start_us + k * 999, start_ms - k * 999, &mono_us, &wall_ms);
        assert_int_equal(mono_us, start_us + k * 40000);
        assert_int_equal(wall_ms, start_ms + k * 40);
    }
    stn_pace_resume(&pace);
    struct stn_pace_slot slot = stn_pace_place(&pace, 0);
    stn_pace_stamp(&pace, &slot, start_us + 1, start_ms, &mono_us, &wall_ms);
    assert_int_equal(mono_us, start_us + 80000 + STN_PACE_CUT_US);
}

/* Real speed, one picture every 40 ms: what happens to picture k when it is asked for at that time after the start. */
static void judge_at_real_speed(void **state)
{
    (void)state;
    static const struct {
        int64_t now_us[4];
        enum stn_pace_verdict verdict[4];
        const char *name;
    } cases[] = {
        {{0, 40000, 80000, 120000}, {STN_PACE_DUE, STN_PACE_DUE, STN_PACE_DUE, STN_PACE_DUE}, "in step"},
        {{0, 10000, 80000, 119999}, {STN_PACE_DUE, STN_PACE_WAIT, STN_PACE_DUE, STN_PACE_WAIT}, "early"},
        {{0, 80000, 120000, 160000},
         {STN_PACE_DUE, STN_PACE_DUE, STN_PACE_DUE, STN_PACE_DUE},
         "a period late"},
        {{0, 150000, 151000, 152000},
         {STN_PACE_DUE, STN_PACE_SKIP, STN_PACE_SKIP, STN_PACE_DUE},
         "reader slow"},
        {{0, 150000, 240000, 260000},
         {STN_PACE_DUE, STN_PACE_SKIP, STN_PACE_DUE, STN_PACE_WAIT},
         "decoder slow"},
        {{0, 9000000, 9010000, 9080000}, {STN_PACE_DUE, STN_PACE_DUE, STN_PACE_WAIT, STN_PACE_DUE}, "away"},
    };
    enum { START_US = 77 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_pace pace;
        stn_pace_init(&pace, false);
        for (int k = 0; k < 4; k++) {
            int64_t wait_us = -1;
            struct stn_pace_slot slot = stn_pace_place(&pace, k * PERIOD_US);
            enum stn_pace_verdict verdict =
                stn_pace_judge(&pace, &slot, START_US + cases[i].now_us[k], &wait_us);
            if (verdict != cases[i].verdict[k])
                fail_msg("%s, picture %d: %d", cases[i].name, k, verdict);
            assert_int_equal(verdict == STN_PACE_WAIT, wait_us > 0);
        }
    }
}

static void real_speed_times_are_when_it_was_due(void **state)
{
    (void)state;
    struct stn_pace pace;
    stn_pace_init(&pace, false);
    int64_t wait_us, mono_us, wall_ms;
    struct stn_pace_slot slot = stn_pace_place(&pace, 0);
    stn_pace_judge(&pace, &slot, 1000000, &wait_us);
    slot = stn_pace_place(&pace, 40000);
    assert_int_equal(stn_pace_judge(&pace, &slot, 1045000, &wait_us), STN_PACE_DUE);
    stn_pace_stamp(&pace, &slot, 1045000, 9005, &mono_us, &wall_ms);
    assert_int_equal(mono_us, 1040000);
    assert_int_equal(wall_ms, 9000);
    /* The wall clock was set back: what comes now carries the new time. */
    slot = stn_pace_place(&pace, 80000);
    stn_pace_stamp(&pace, &slot, 1080000, 20, &mono_us, &wall_ms);
    assert_int_equal(mono_us, 1080000);
    assert_int_equal(wall_ms, 20);
}

static void reopened_at_real_speed_is_due_at_once(void **state)
{
    (void)state;
    struct stn_pace pace;
    stn_pace_init(&pace, false);
    int64_t wait_us;
    struct stn_pace_slot slot = stn_pace_place(&pace, 0);
    stn_pace_judge(&pace, &slot, 1000000, &wait_us);
    stn_pace_resume(&pace);
    slot = stn_pace_place(&pace, 0);
    assert_int_equal(stn_pace_judge(&pace, &slot, 3000000, &wait_us), STN_PACE_DUE);
    slot = stn_pace_place(&pace, 40000);
    assert_int_equal(stn_pace_judge(&pace, &slot, 3000000, &wait_us), STN_PACE_WAIT);
    assert_int_equal(wait_us, 40000);
    assert_int_equal(slot.number, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_that_make_no_sense_become_25),
        cmocka_unit_test(time_stamps_are_hints),
        cmocka_unit_test(loops_and_cuts_go_on),
        cmocka_unit_test(max_speed_times_are_start_plus_recording),
        cmocka_unit_test(judge_at_real_speed),
        cmocka_unit_test(real_speed_times_are_when_it_was_due),
        cmocka_unit_test(reopened_at_real_speed_is_due_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
