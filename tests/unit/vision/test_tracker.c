#include "unit.h"
#include "vision/tracker.h"

#include <math.h>

enum { STEP_US = 40000 };

static struct stn_box box_at(float center_x, float width)
{
    return (struct stn_box){center_x - width / 2, 100 - width / 2, width, width};
}

static uint32_t detect(struct stn_tracker *tracker, float center_x, float width, int64_t now_us)
{
    struct stn_box box = box_at(center_x, width);
    bool is_new;
    return stn_tracker_detect(tracker, &box, now_us, &is_new);
}

static bool follow(struct stn_tracker *tracker, uint32_t id, float center_x, float width, int64_t now_us)
{
    struct stn_box box = box_at(center_x, width);
    return stn_tracker_follow(tracker, id, &box, now_us);
}

static void overlaps(void **state)
{
    (void)state;
    static const struct {
        struct stn_box a, b;
        float overlap;
        bool same_face;
    } cases[] = {
        {{0, 0, 10, 10}, {0, 0, 10, 10}, 1, true},
        {{0, 0, 10, 10}, {5, 0, 10, 10}, 1.0F / 3, true},
        {{0, 0, 10, 10}, {8, 0, 10, 10}, 1.0F / 9, false},
        {{0, 0, 10, 10}, {10, 0, 10, 10}, 0, false},
        {{0, 0, 10, 10}, {50, 50, 10, 10}, 0, false},
        {{0, 0, 10, 10}, {3, 3, 3, 3}, 0.09F, true}, /* a smaller box in the middle of a larger */
        {{0, 0, 20, 20}, {0, 0, 5, 5}, 0.0625F, false},
        {{0, 0, 0, 0}, {0, 0, 0, 0}, 0, false},
        {{0, 0, 10, 10}, {NAN, 0, 10, 10}, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_float_equal(stn_box_overlap(&cases[i].a, &cases[i].b), cases[i].overlap, 1e-5F);
        assert_float_equal(stn_box_overlap(&cases[i].b, &cases[i].a), cases[i].overlap, 1e-5F);
        assert_int_equal(stn_box_same_face(&cases[i].a, &cases[i].b), cases[i].same_face);
    }
}

/* A face of width 100 at x = 200 that is next seen elsewhere. */
static void what_ends_a_track_in_one_frame(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct stn_box to;
        bool lives;
    } cases[] = {
        {"still", {150, 50, 100, 100}, true},
        {"near the limit", {199, 50, 100, 100}, true},
        {"jump to the right", {201, 50, 100, 100}, false},
        {"jump down", {150, 101, 100, 100}, false},
        {"jump askew", {186, 86, 100, 100}, false},
        {"closer", {125, 25, 150, 150}, true},
        {"suddenly large", {110, 10, 180, 180}, false},
        {"suddenly small", {175, 75, 50, 50}, false},
        {"empty", {200, 100, 0, 0}, false},
        {"no number", {NAN, 50, 100, 100}, false},
        {"no size", {150, 50, NAN, 100}, false},
        {"endless", {150, 50, INFINITY, 100}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_tracker tracker;
        stn_tracker_init(&tracker);
        stn_tracker_begin(&tracker, 0);
        uint32_t id = detect(&tracker, 200, 100, 0);
        stn_tracker_begin(&tracker, STEP_US);
        if (stn_tracker_follow(&tracker, id, &cases[i].to, STEP_US) != cases[i].lives)
            fail_msg("%s", cases[i].name);
        assert_int_equal(tracker.count, cases[i].lives);
        if (!cases[i].lives)
            assert_int_not_equal(detect(&tracker, 200, 100, STEP_US), id);
    }
}

static void gaps_end_all_tracks(void **state)
{
    (void)state;
    static const struct {
        int64_t next_us;
        bool lives;
    } cases[] = {{1000000, true},  {1040000, true},  {1300000, true},
                 {1300001, false}, {9000000, false}, {999999, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_tracker tracker;
        stn_tracker_init(&tracker);
        stn_tracker_begin(&tracker, 1000000);
        uint32_t id = detect(&tracker, 200, 100, 1000000);
        detect(&tracker, 500, 100, 1000000);
        stn_tracker_begin(&tracker, cases[i].next_us);
        assert_int_equal(tracker.count, cases[i].lives ? 2 : 0);
        assert_int_equal(follow(&tracker, id, 200, 100, cases[i].next_us), cases[i].lives);
    }
}

/* Missed for a number of frames, then found again by the detector. */
static void losses(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int missed;
        float back_at;
        bool same;
    } cases[] = {
        {"one frame", 1, 200, true},        {"just in time", 6, 200, true},
        {"too late", 8, 200, false},        {"it had moved", 2, 240, true},
        {"somebody beside", 2, 255, false}, {"somebody elsewhere", 2, 500, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_tracker tracker;
        stn_tracker_init(&tracker);
        int64_t now_us = 0;
        stn_tracker_begin(&tracker, now_us);
        uint32_t id = detect(&tracker, 200, 100, now_us);
        for (int k = 0; k < cases[i].missed; k++) {
            now_us += STEP_US;
            stn_tracker_begin(&tracker, now_us);
            stn_tracker_miss(&tracker, id, now_us);
        }
        now_us += STEP_US;
        stn_tracker_begin(&tracker, now_us);
        if ((detect(&tracker, cases[i].back_at, 100, now_us) == id) != cases[i].same)
            fail_msg("%s", cases[i].name);
    }
}

static void a_miss_is_not_seen(void **state)
{
    (void)state;
    struct stn_tracker tracker;
    stn_tracker_init(&tracker);
    stn_tracker_begin(&tracker, 0);
    uint32_t id = detect(&tracker, 200, 100, 0);
    assert_true(tracker.tracks[0].seen);
    stn_tracker_begin(&tracker, STEP_US);
    assert_false(tracker.tracks[0].seen);
    stn_tracker_miss(&tracker, id, STEP_US);
    assert_false(tracker.tracks[0].seen);
    assert_int_equal(tracker.tracks[0].last_us, 0);
    assert_true(follow(&tracker, id, 200, 100, STEP_US));
    assert_true(tracker.tracks[0].seen);
    stn_tracker_miss(&tracker, 99, STEP_US);
    assert_false(follow(&tracker, 99, 200, 100, STEP_US));
    assert_int_equal(tracker.count, 1);
}

static void detections_refresh_but_do_not_double(void **state)
{
    (void)state;
    struct stn_tracker tracker;
    stn_tracker_init(&tracker);
    stn_tracker_begin(&tracker, 0);
    uint32_t id = detect(&tracker, 200, 100, 0);
    static const struct {
        float at, width;
    } others[] = {{200, 100}, {210, 130}, {190, 60}, {240, 100}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(detect(&tracker, others[i].at, others[i].width, 0), id);
    assert_int_equal(tracker.count, 1);
    assert_true(tracker.tracks[0].box.width == 100); /* the track's own box stays */
    assert_int_not_equal(detect(&tracker, 320, 100, 0), id);
    assert_int_equal(tracker.count, 2);
}

static void two_that_merge_are_both_over(void **state)
{
    (void)state;
    struct stn_tracker tracker;
    stn_tracker_init(&tracker);
    stn_tracker_begin(&tracker, 0);
    uint32_t left = detect(&tracker, 100, 100, 0), right = detect(&tracker, 230, 100, 0);
    uint32_t third = detect(&tracker, 500, 100, 0);
    float x_left = 100, x_right = 230;
    int64_t now_us = 0;
    bool both = true;
    while (both && now_us < 100 * STEP_US) {
        now_us += STEP_US;
        x_left += 10;
        x_right -= 10;
        stn_tracker_begin(&tracker, now_us);
        assert_true(follow(&tracker, third, 500, 100, now_us));
        both = follow(&tracker, left, x_left, 100, now_us) && follow(&tracker, right, x_right, 100, now_us);
    }
    assert_true(x_right - x_left < 50 && x_right - x_left > 0);
    assert_int_equal(tracker.count, 1);
    assert_int_equal(tracker.tracks[0].id, third);
    uint32_t next = detect(&tracker, x_left, 100, now_us);
    assert_true(next > third);
}

static void two_that_pass_at_a_distance_keep_their_ids(void **state)
{
    (void)state;
    struct stn_tracker tracker;
    stn_tracker_init(&tracker);
    stn_tracker_begin(&tracker, 0);
    struct stn_box upper = {0, 0, 100, 100}, lower = {600, 70, 100, 100};
    bool is_new;
    uint32_t a = stn_tracker_detect(&tracker, &upper, 0, &is_new);
    assert_true(is_new);
    uint32_t b = stn_tracker_detect(&tracker, &lower, 0, &is_new);
    assert_true(is_new && a != b);
    for (int64_t now_us = STEP_US; upper.x < 600; now_us += STEP_US) {
        upper.x += 20;
        lower.x -= 20;
        stn_tracker_begin(&tracker, now_us);
        assert_true(stn_tracker_follow(&tracker, a, &upper, now_us));
        assert_true(stn_tracker_follow(&tracker, b, &lower, now_us));
    }
    assert_int_equal(tracker.count, 2);
}

static void the_room_is_bounded(void **state)
{
    (void)state;
    struct stn_tracker tracker;
    stn_tracker_init(&tracker);
    stn_tracker_begin(&tracker, 0);
    for (int i = 0; i < STN_FACES_MAX; i++)
        assert_int_equal(detect(&tracker, (float)(200 * i), 100, 0), i + 1);
    assert_int_equal(detect(&tracker, 5000, 100, 0), 0);
    assert_int_equal(tracker.count, STN_FACES_MAX);
    stn_tracker_end(&tracker, 3);
    stn_tracker_end(&tracker, 3);
    assert_int_equal(tracker.count, STN_FACES_MAX - 1);
    assert_int_equal(detect(&tracker, 5000, 100, 0), STN_FACES_MAX + 1);
}

static void ids_are_never_used_twice(void **state)
{
    (void)state;
    struct stn_tracker tracker;
    stn_tracker_init(&tracker);
    stn_tracker_begin(&tracker, 0);
    assert_int_equal(detect(&tracker, 200, 100, 0), 1);
    stn_tracker_reset(&tracker);
    assert_int_equal(tracker.count, 0);
    assert_int_equal(detect(&tracker, 200, 100, 0), 2);
    tracker.next_id = UINT32_MAX;
    assert_int_equal(detect(&tracker, 500, 100, 0), UINT32_MAX);
    assert_int_not_equal(detect(&tracker, 800, 100, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlaps),
        cmocka_unit_test(what_ends_a_track_in_one_frame),
        cmocka_unit_test(gaps_end_all_tracks),
        cmocka_unit_test(losses),
        cmocka_unit_test(a_miss_is_not_seen),
        cmocka_unit_test(detections_refresh_but_do_not_double),
        cmocka_unit_test(two_that_merge_are_both_over),
        cmocka_unit_test(two_that_pass_at_a_distance_keep_their_ids),
        cmocka_unit_test(the_room_is_bounded),
        cmocka_unit_test(ids_are_never_used_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
