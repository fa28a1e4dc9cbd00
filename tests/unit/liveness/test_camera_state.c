#include "liveness/camera_state.h"

#include "unit.h"

#include <math.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct rig {
    struct stn_camera_watch watch;
    struct stn_camera_output out;
    int64_t now_us;
    uint64_t hash;
    int reports, changes;
};

static const struct stn_scene clear_scene = {
    .luma_mean = 120, .luma_range = 230, .flat_share = 0.2f, .bright_share = 0.02f, .change = 2.0f};
static const struct stn_scene taped_scene = {
    .luma_mean = 90, .luma_range = 12, .flat_share = 1.0f, .bright_share = 0, .change = 1.2f};
static const struct stn_scene capped_scene = {
    .luma_mean = 4, .luma_range = 3, .flat_share = 1.0f, .bright_share = 0, .change = 0.4f};
static const struct stn_scene dark_scene = {
    .luma_mean = 15, .luma_range = 60, .flat_share = 0.7f, .bright_share = 0, .change = 1.5f};

static void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    rig->now_us = 3 * 1000 * 1000;
    stn_camera_watch_init(&rig->watch, rig->now_us);
}

static void take(struct rig *rig, struct stn_camera_output out)
{
    rig->out = out;
    rig->reports += out.report;
    rig->changes += out.state_changed;
}

/* One frame, 50 ms later, that differs from all before it. */
static void show(struct rig *rig, const struct stn_scene *scene)
{
    struct stn_scene copy = *scene;
    copy.hash = ++rig->hash;
    rig->now_us += 50 * 1000;
    take(rig, stn_camera_watch_frame(&rig->watch, &copy, rig->now_us));
}

static void show_for(struct rig *rig, const struct stn_scene *scene, int frames)
{
    for (int i = 0; i < frames; i++)
        show(rig, scene);
}

static void test_first_good_frame_is_judged(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    assert_int_equal(rig.watch.state, STN_CAMERA_STARTING);
    show(&rig, &clear_scene);
    assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
    assert_true(rig.out.judgeable && rig.out.state_changed && !rig.out.report);
}

static void test_bad_scenes(void **state)
{
    (void)state;
    static const struct {
        const struct stn_scene *scene;
        enum stn_camera_state state;
        int report_after; /* frames from the beginning */
    } cases[] = {
        {&taped_scene, STN_CAMERA_COVERED, 15 + 60},
        {&capped_scene, STN_CAMERA_COVERED, 15 + 60}, /* dark too, but it is somebody's doing */
        {&dark_scene, STN_CAMERA_DARK, 15},
    };
    for (int i = 0; i < LENGTH(cases); i++) {
        struct rig rig;
        rig_init(&rig);
        show_for(&rig, &clear_scene, 40);
        show(&rig, cases[i].scene);
        assert_false(rig.out.judgeable); /* at once, long before the state changes */
        assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
        show_for(&rig, cases[i].scene, 13);
        assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
        show(&rig, cases[i].scene);
        assert_int_equal(rig.out.state, cases[i].state);
        show_for(&rig, cases[i].scene, cases[i].report_after - 15 - 1);
        int before = cases[i].report_after == 15 ? 1 : 0;
        assert_int_equal(rig.reports, before);
        show_for(&rig, cases[i].scene, 200);
        assert_int_equal(rig.reports, 1); /* once per episode */
        show_for(&rig, &clear_scene, 40);
        assert_int_equal(rig.out.state, cases[i].state); /* 1.95 s clear */
        assert_false(rig.out.judgeable);
        show(&rig, &clear_scene);
        assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
        assert_true(rig.out.judgeable);
        show_for(&rig, cases[i].scene, 200);
        assert_int_equal(rig.reports, 2);
    }
}

static void test_hand_passing_is_not_reported(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    show_for(&rig, &clear_scene, 40);
    show_for(&rig, &taped_scene, 40); /* 2 s */
    assert_int_equal(rig.out.state, STN_CAMERA_COVERED);
    show_for(&rig, &clear_scene, 60);
    assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
    assert_int_equal(rig.reports, 0);
}

static void test_flicker_does_not_change_the_state(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    show_for(&rig, &clear_scene, 40);
    int changes = rig.changes;
    for (int i = 0; i < 100; i++) {
        show(&rig, &dark_scene);
        assert_false(rig.out.judgeable);
        show(&rig, &clear_scene);
        assert_true(rig.out.judgeable);
    }
    assert_int_equal(rig.changes, changes);
}

static void test_one_bad_state_follows_another(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    show_for(&rig, &dark_scene, 40);
    assert_int_equal(rig.out.state, STN_CAMERA_DARK);
    show_for(&rig, &capped_scene, 100);
    assert_int_equal(rig.out.state, STN_CAMERA_COVERED);
    assert_int_equal(rig.reports, 2);
}

static void test_same_picture_is_frozen_after_a_second(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    show_for(&rig, &clear_scene, 40);
    struct stn_scene same = clear_scene;
    same.hash = rig.hash;
    same.change = 0;
    for (int ms = 50; ms < 1000; ms += 50) {
        take(&rig, stn_camera_watch_frame(&rig.watch, &same, rig.now_us + ms * 1000));
        assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
        assert_true(rig.out.judgeable); /* a camera may repeat a frame or two */
    }
    rig.now_us += 1000 * 1000;
    take(&rig, stn_camera_watch_frame(&rig.watch, &same, rig.now_us));
    assert_int_equal(rig.out.state, STN_CAMERA_FROZEN);
    assert_true(rig.out.report && !rig.out.judgeable);
    show_for(&rig, &clear_scene, 39);
    assert_int_equal(rig.out.state, STN_CAMERA_FROZEN);
    show_for(&rig, &clear_scene, 2);
    assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
    assert_int_equal(rig.reports, 1);
}

/* Compression makes a stopped stream differ by a trace. */
static void test_almost_the_same_picture_is_frozen_after_two(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    struct stn_scene still = clear_scene;
    still.change = 0.04f;
    show(&rig, &clear_scene);
    show_for(&rig, &still, 39);
    assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
    show(&rig, &still);
    assert_int_equal(rig.out.state, STN_CAMERA_FROZEN);
}

/* A photo held still before a real camera: its noise changes every frame. */
static void test_still_scene_with_noise_is_clear(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    struct stn_scene still = clear_scene;
    still.change = 0.3f;
    show_for(&rig, &still, 1200);
    assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
    assert_int_equal(rig.reports, 0);
}

static void test_lost(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    take(&rig, stn_camera_watch_idle(&rig.watch, rig.now_us + 900 * 1000));
    assert_int_equal(rig.out.state, STN_CAMERA_STARTING);
    show_for(&rig, &clear_scene, 40);
    take(&rig, stn_camera_watch_idle(&rig.watch, rig.now_us + 999 * 1000));
    assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
    assert_false(rig.out.judgeable); /* there is no frame to judge */
    take(&rig, stn_camera_watch_idle(&rig.watch, rig.now_us + 1000 * 1000));
    assert_int_equal(rig.out.state, STN_CAMERA_LOST);
    assert_true(rig.out.report && rig.out.state_changed);
    take(&rig, stn_camera_watch_idle(&rig.watch, rig.now_us + 9000 * 1000));
    assert_true(!rig.out.report && !rig.out.state_changed);
    rig.now_us += 10000 * 1000;
    show(&rig, &clear_scene); /* back: not trusted before 2 s */
    assert_int_equal(rig.out.state, STN_CAMERA_LOST);
    assert_false(rig.out.judgeable);
    show_for(&rig, &clear_scene, 40);
    assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
}

static void test_never_a_frame_is_lost_too(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    take(&rig, stn_camera_watch_idle(&rig.watch, rig.now_us + 9999 * 1000));
    assert_int_equal(rig.out.state, STN_CAMERA_STARTING); /* a busy machine takes a while to begin */
    take(&rig, stn_camera_watch_idle(&rig.watch, rig.now_us + 10000 * 1000));
    assert_int_equal(rig.out.state, STN_CAMERA_LOST);
}

static void test_told_lost_or_ended(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    show_for(&rig, &clear_scene, 5);
    take(&rig, stn_camera_watch_stop(&rig.watch, false, rig.now_us));
    assert_int_equal(rig.out.state, STN_CAMERA_LOST);
    assert_true(rig.out.report);
    rig_init(&rig);
    show_for(&rig, &clear_scene, 5);
    take(&rig, stn_camera_watch_stop(&rig.watch, true, rig.now_us));
    assert_int_equal(rig.out.state, STN_CAMERA_ENDED);
    assert_false(rig.out.report); /* nothing to review */
    take(&rig, stn_camera_watch_idle(&rig.watch, rig.now_us + 9000 * 1000));
    assert_int_equal(rig.out.state, STN_CAMERA_ENDED);
}

static void test_unmeasured_scene_is_not_judged(void **state)
{
    (void)state;
    static const size_t fields[] = {offsetof(struct stn_scene, luma_mean),
                                    offsetof(struct stn_scene, luma_range),
                                    offsetof(struct stn_scene, flat_share)};
    for (int i = 0; i < LENGTH(fields); i++) {
        struct rig rig;
        rig_init(&rig);
        struct stn_scene scene = clear_scene;
        float nan_value = NAN;
        memcpy((char *)&scene + fields[i], &nan_value, sizeof nan_value);
        show_for(&rig, &scene, 100);
        assert_int_equal(rig.out.state, STN_CAMERA_STARTING);
        assert_false(rig.out.judgeable);
        show(&rig, &clear_scene);
        assert_true(rig.out.judgeable);
        show(&rig, &scene);
        assert_false(rig.out.judgeable);
    }
    /* The first frame of a source has no change. */
    struct rig rig;
    rig_init(&rig);
    struct stn_scene first = clear_scene;
    first.change = NAN;
    show(&rig, &first);
    assert_true(rig.out.judgeable);
}

static void test_clock_backwards(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    show_for(&rig, &dark_scene, 40);
    rig.now_us -= 2000 * 1000;
    show_for(&rig, &clear_scene, 39);
    assert_int_equal(rig.out.state, STN_CAMERA_DARK);
    show_for(&rig, &clear_scene, 3);
    assert_int_equal(rig.out.state, STN_CAMERA_CLEAR);
}

static void test_words(void **state)
{
    (void)state;
    for (int i = 0; i <= STN_CAMERA_ENDED; i++) {
        assert_true(strlen(stn_camera_state_name((enum stn_camera_state)i)) > 2);
        assert_true(strlen(stn_camera_state_text((enum stn_camera_state)i)) > 10);
    }
    assert_string_equal(stn_camera_state_name((enum stn_camera_state)99), "?");
    assert_string_equal(stn_camera_state_text((enum stn_camera_state) - 1), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_good_frame_is_judged),
        cmocka_unit_test(test_bad_scenes),
        cmocka_unit_test(test_hand_passing_is_not_reported),
        cmocka_unit_test(test_flicker_does_not_change_the_state),
        cmocka_unit_test(test_one_bad_state_follows_another),
        cmocka_unit_test(test_same_picture_is_frozen_after_a_second),
        cmocka_unit_test(test_almost_the_same_picture_is_frozen_after_two),
        cmocka_unit_test(test_still_scene_with_noise_is_clear),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_never_a_frame_is_lost_too),
        cmocka_unit_test(test_told_lost_or_ended),
        cmocka_unit_test(test_unmeasured_scene_is_not_judged),
        cmocka_unit_test(test_clock_backwards),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
