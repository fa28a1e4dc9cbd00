#include "unit.h"
#include "vision/schedule.h"

enum { STEP_US = 40000, CHECK_US = 500000 };

struct tally {
    int frames, halves, fulls, both, regions;
};

/* Runs a second of 25 frames under unchanging conditions. */
static struct tally run_second(struct stn_schedule *schedule, struct stn_schedule_input in)
{
    struct tally tally = {0};
    for (int i = 0; i < 25; i++) {
        in.now_us += STEP_US;
        struct stn_plan plan = stn_schedule_next(schedule, &in);
        tally.frames++;
        tally.halves += plan.scan_shrink == 2;
        tally.fulls += plan.scan_shrink == 1;
        tally.both += plan.then_full;
        tally.regions += plan.regions;
    }
    return tally;
}

static void first_frame_is_looked_at_in_every_way(void **state)
{
    (void)state;
    static const struct {
        int width, height, shrink;
        bool then_full;
    } cases[] = {{360, 288, 1, false}, {640, 360, 1, false}, {640, 480, 2, true}, {1920, 1080, 2, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_schedule schedule;
        stn_schedule_init(&schedule, CHECK_US);
        struct stn_schedule_input in = {.now_us = 0, .width = cases[i].width, .height = cases[i].height};
        struct stn_plan plan = stn_schedule_next(&schedule, &in);
        assert_int_equal(plan.scan_shrink, cases[i].shrink);
        assert_int_equal(plan.then_full, cases[i].then_full);
        assert_false(plan.regions);
    }
}

/* Scans a second after the first frame, while nothing is found. */
static void an_empty_room_is_rationed(void **state)
{
    (void)state;
    static const struct {
        int width, height, halves_min, halves_max, fulls_min, fulls_max;
    } cases[] = {
        {360, 288, 0, 0, 8, 10},
        {640, 480, 2, 4, 2, 3},
        {1920, 1080, 0, 1, 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_schedule schedule;
        stn_schedule_init(&schedule, CHECK_US);
        struct stn_schedule_input in = {.now_us = 0, .width = cases[i].width, .height = cases[i].height};
        stn_schedule_next(&schedule, &in);
        in.now_us += 5000000;
        struct tally tally = run_second(&schedule, in);
        assert_in_range(tally.halves, cases[i].halves_min, cases[i].halves_max);
        assert_in_range(tally.fulls, cases[i].fulls_min, cases[i].fulls_max);
        assert_int_equal(tally.both, 0);
        assert_int_equal(tally.regions, 0);
    }
}

static void half_and_full_size_alternate(void **state)
{
    (void)state;
    struct stn_schedule schedule;
    stn_schedule_init(&schedule, CHECK_US);
    struct stn_schedule_input in = {.width = 640, .height = 480};
    stn_schedule_next(&schedule, &in);
    for (int i = 0; i < 6; i++) {
        in.now_us += 1000000;
        assert_int_equal(stn_schedule_next(&schedule, &in).scan_shrink, i % 2 == 0 ? 2 : 1);
    }
}

static void tracked_faces_are_checked_twice_a_second(void **state)
{
    (void)state;
    struct stn_schedule schedule;
    stn_schedule_init(&schedule, CHECK_US);
    struct stn_schedule_input in = {.width = 640, .height = 480};
    stn_schedule_next(&schedule, &in);
    in.tracked = 1;
    struct tally tally = run_second(&schedule, in);
    assert_int_equal(tally.halves, 1); /* the second falls on the frame after */
    assert_int_equal(tally.fulls, 0);
    assert_int_equal(tally.regions, tally.halves);
}

static void a_lost_face_is_looked_for_at_once_and_then_ten_times_a_second(void **state)
{
    (void)state;
    struct stn_schedule schedule;
    stn_schedule_init(&schedule, CHECK_US);
    struct stn_schedule_input in = {.width = 640, .height = 480};
    stn_schedule_next(&schedule, &in);
    in.tracked = 2;
    in.now_us = STEP_US;
    assert_false(stn_schedule_next(&schedule, &in).regions);
    in.unseen = 1;
    in.now_us += STEP_US;
    struct stn_plan plan = stn_schedule_next(&schedule, &in);
    assert_true(plan.regions);
    assert_int_equal(plan.scan_shrink, 0);
    in.now_us += STEP_US;
    assert_false(stn_schedule_next(&schedule, &in).regions);
    in.now_us += 2 * STEP_US;
    assert_true(stn_schedule_next(&schedule, &in).regions);
}

static void where_a_track_ended_is_searched_soon(void **state)
{
    (void)state;
    struct stn_schedule schedule;
    stn_schedule_init(&schedule, CHECK_US);
    struct stn_schedule_input in = {.width = 1920, .height = 1080};
    stn_schedule_next(&schedule, &in);
    in.now_us = 200000;
    assert_int_equal(stn_schedule_next(&schedule, &in).scan_shrink, 0);
    in.ended = true;
    assert_int_equal(stn_schedule_next(&schedule, &in).scan_shrink, 2);
    in.now_us += STEP_US;
    assert_int_equal(stn_schedule_next(&schedule, &in).scan_shrink, 0);
}

static void time_going_back_starts_anew(void **state)
{
    (void)state;
    struct stn_schedule schedule;
    stn_schedule_init(&schedule, CHECK_US);
    struct stn_schedule_input in = {.now_us = 9000000, .width = 360, .height = 288};
    stn_schedule_next(&schedule, &in);
    assert_true(stn_schedule_focus(&schedule, in.now_us));
    in.now_us = 1000000;
    assert_int_equal(stn_schedule_next(&schedule, &in).scan_shrink, 1);
    assert_true(stn_schedule_focus(&schedule, in.now_us));
}

static void focus_is_measured_once_a_second(void **state)
{
    (void)state;
    struct stn_schedule schedule;
    stn_schedule_init(&schedule, CHECK_US);
    int count = 0;
    for (int i = 0; i < 100; i++)
        count += stn_schedule_focus(&schedule, i * STEP_US);
    assert_int_equal(count, 4);
}

static void cards_are_looked_for_three_times_a_second_and_never_not_at_all(void **state)
{
    (void)state;
    for (int late = 0; late <= 1; late++) {
        struct stn_card_schedule schedule;
        int looks = 0;
        stn_card_schedule_init(&schedule);
        for (int64_t now = 0; now < 10 * 1000000; now += 40000) /* 25 frames a second */
            looks += stn_card_schedule_next(&schedule, now, late);
        assert_in_range(looks, late ? 10 : 28, late ? 10 : 31);
        assert_true(stn_card_schedule_next(&schedule, 5, late)); /* another recording */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards_are_looked_for_three_times_a_second_and_never_not_at_all),
        cmocka_unit_test(first_frame_is_looked_at_in_every_way),
        cmocka_unit_test(an_empty_room_is_rationed),
        cmocka_unit_test(half_and_full_size_alternate),
        cmocka_unit_test(tracked_faces_are_checked_twice_a_second),
        cmocka_unit_test(a_lost_face_is_looked_for_at_once_and_then_ten_times_a_second),
        cmocka_unit_test(where_a_track_ended_is_searched_soon),
        cmocka_unit_test(time_going_back_starts_anew),
        cmocka_unit_test(focus_is_measured_once_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
