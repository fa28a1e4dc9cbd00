#include "capture/capture.h"
#include "capture/pace.h"
#include "recordings.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { START_US = 7000000 };
#define START_MS INT64_C(1700000000000)

struct fixture {
    struct folder folder;
    struct cm_clock_manual clock;
    struct stn_capture *capture;
    struct cm_err err;
};

static int setup(void **state)
{
    struct fixture *fix = calloc(1, sizeof *fix);
    folder_make(&fix->folder);
    cm_clock_manual_init(&fix->clock, START_MS, START_US);
    *state = fix;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fix = *state;
    stn_capture_destroy(fix->capture);
    folder_remove(&fix->folder);
    free(fix);
    return 0;
}

static enum cm_code open_replay(struct fixture *fix, const char *name, const char *options)
{
    char spec[600];
    snprintf(spec, sizeof spec, "replay:%s%s?%s", fix->folder.path, name, options);
    stn_capture_destroy(fix->capture);
    fix->capture = NULL;
    assert_int_equal(stn_capture_create(spec, &fix->clock.base, &fix->capture, &fix->err), CM_OK);
    return stn_capture_open(fix->capture, &fix->err);
}

struct seen {
    int gray, width, height;
    uint64_t number;
    int64_t mono_us, wall_ms;
};

static enum cm_code next(struct fixture *fix, struct seen *ret_seen)
{
    struct stn_frame *frame = NULL;
    enum cm_code code = stn_capture_next(fix->capture, NULL, &frame, &fix->err);
    if (code == CM_OK)
        *ret_seen =
            (struct seen){frame->pixels[0],        frame->width,           frame->height, frame->number,
                          frame->captured_mono_us, frame->captured_wall_ms};
    stn_frame_unref(frame);
    return code;
}

static void expect(struct fixture *fix, int gray, uint64_t number, int64_t at_us)
{
    struct seen seen = {0};
    enum cm_code code = next(fix, &seen);
    if (code != CM_OK)
        fail_msg("picture %d: %s", (int)number, fix->err.msg);
    assert_int_equal(seen.gray, gray);
    assert_int_equal(seen.number, number);
    assert_int_equal(seen.mono_us, START_US + at_us);
    assert_int_equal(seen.wall_ms, START_MS + at_us / 1000);
}

static void expect_failure(struct fixture *fix, enum cm_code want, const char *mentions)
{
    struct seen seen;
    assert_int_equal(next(fix, &seen), want);
    if (strstr(fix->err.msg, mentions) == NULL)
        fail_msg("\"%s\" does not mention \"%s\"", fix->err.msg, mentions);
}

static void pictures_in_order_of_number_with_loop(void **state)
{
    struct fixture *fix = *state;
    write_pgm(&fix->folder, "f10.pgm", 20, 10, 100);
    write_pgm(&fix->folder, "f2.pgm", 30, 40, 20);
    write_pgm(&fix->folder, "f1.PGM", 1, 1, 10);
    write_text(&fix->folder, ".hidden.pgm", "x");
    write_text(&fix->folder, "notes.txt", "x");
    assert_int_equal(open_replay(fix, "", "speed=max&loop=1&fps=10"), CM_OK);
    struct stn_capture_info info;
    stn_capture_info(fix->capture, &info);
    assert_non_null(strstr(info.name, "(3 pictures)"));
    assert_true(info.recording && info.max_speed && info.fps == 10);
    static const int grays[] = {10, 20, 100};
    for (int i = 0; i < 7; i++)
        expect(fix, grays[i % 3], (uint64_t)i, i * 100000);
}

static void pictures_end_without_loop(void **state)
{
    struct fixture *fix = *state;
    write_pgm(&fix->folder, "a.pgm", 8, 8, 1);
    assert_int_equal(open_replay(fix, "", "speed=max"), CM_OK);
    struct seen seen;
    expect(fix, 1, 0, 0);
    assert_int_equal(next(fix, &seen), CM_EOF);
    assert_int_equal(next(fix, &seen), CM_EOF);
    /* Opened again it goes on in number and time. */
    assert_int_equal(stn_capture_open(fix->capture, &fix->err), CM_OK);
    expect(fix, 1, 1, STN_PACE_CUT_US);
}

static void a_bad_picture_is_passed(void **state)
{
    struct fixture *fix = *state;
    write_text(&fix->folder, "a.pgm", "garbage");
    write_pgm(&fix->folder, "b.pgm", 8, 8, 2);
    write_text(&fix->folder, "c.jpg", "");
    write_text(&fix->folder, "d.pgm", "P5\n60000 60000\n255\n");
    write_pgm(&fix->folder, "e.pgm", 8, 8, 5);
    assert_int_equal(open_replay(fix, "", "speed=max&fps=10"), CM_OK);
    expect_failure(fix, CM_INVALID, "a.pgm");
    expect(fix, 2, 0, 0);
    expect_failure(fix, CM_INVALID, "c.jpg");
    expect_failure(fix, CM_INVALID, "60000");
    expect(fix, 5, 1, 100000);
    struct seen seen;
    assert_int_equal(next(fix, &seen), CM_EOF);
}

static void a_loop_without_any_good_picture_does_not_spin(void **state)
{
    struct fixture *fix = *state;
    write_text(&fix->folder, "a.pgm", "garbage");
    assert_int_equal(open_replay(fix, "", "speed=max&loop=1"), CM_OK);
    expect_failure(fix, CM_INVALID, "a.pgm");
    expect_failure(fix, CM_INVALID, "gave no picture");
}

static void a_vanished_picture_is_named(void **state)
{
    struct fixture *fix = *state;
    write_pgm(&fix->folder, "a.pgm", 8, 8, 1);
    write_pgm(&fix->folder, "b.pgm", 8, 8, 2);
    assert_int_equal(open_replay(fix, "", "speed=max"), CM_OK);
    char path[600];
    snprintf(path, sizeof path, "%s/b.pgm", fix->folder.path);
    assert_int_equal(unlink(path), 0);
    expect(fix, 1, 0, 0);
    expect_failure(fix, CM_NOTFOUND, "b.pgm");
}

static void bad_places_have_their_sentence(void **state)
{
    struct fixture *fix = *state;
    struct folder *folder = &fix->folder;
    assert_int_equal(open_replay(fix, "", ""), CM_INVALID);
    assert_non_null(strstr(fix->err.msg, "holds no pictures"));
    assert_int_equal(open_replay(fix, "/nowhere.mp4", ""), CM_NOTFOUND);
    assert_non_null(strstr(fix->err.msg, "nowhere.mp4: No such file"));
    write_text(folder, "garbage.mp4", "this is no video");
    assert_int_equal(open_replay(fix, "/garbage.mp4", ""), CM_INVALID);
    assert_non_null(strstr(fix->err.msg, "garbage.mp4"));
    write_text(folder, "empty.mp4", "");
    assert_int_equal(open_replay(fix, "/empty.mp4", ""), CM_INVALID);
    write_pgm(folder, "a.pgm", 8, 8, 1);
    assert_int_equal(open_replay(fix, "/a.pgm", ""), CM_INVALID);
    assert_non_null(strstr(fix->err.msg, "is a picture"));
    assert_int_equal(open_replay(fix, "", ""), CM_INVALID);
    assert_non_null(strstr(fix->err.msg, "pictures and videos"));
    write_avi(folder, "v.avi", 1, 1);
    assert_int_equal(open_replay(fix, "/v.avi", "fps=10"), CM_INVALID);
    assert_non_null(strstr(fix->err.msg, "v.avi has its own rate"));
    /* What failed may be put right and opened again with the same handle. */
    assert_int_equal(open_replay(fix, "/late.avi", "speed=max"), CM_NOTFOUND);
    write_avi(folder, "late.avi", 1, 1);
    assert_int_equal(stn_capture_open(fix->capture, &fix->err), CM_OK);
    expect(fix, 0, 0, 0);
}

static void a_video_with_loop_makes_a_cut(void **state)
{
    struct fixture *fix = *state;
    write_avi(&fix->folder, "v.avi", 3, 3);
    assert_int_equal(open_replay(fix, "/v.avi", "speed=max&loop=1"), CM_OK);
    struct stn_capture_info info;
    stn_capture_info(fix->capture, &info);
    assert_string_equal(info.name, "v.avi (recording)");
    assert_true(info.fps == AVI_FPS);
    for (int i = 0; i < 3; i++)
        expect(fix, 10 * i, (uint64_t)i, i * 100000);
    for (int i = 0; i < 3; i++)
        expect(fix, 10 * i, (uint64_t)(3 + i), 200000 + STN_PACE_CUT_US + i * 100000);
}

static void a_folder_of_videos_plays_all(void **state)
{
    struct fixture *fix = *state;
    write_avi(&fix->folder, "2.avi", 2, 2);
    write_text(&fix->folder, "10.avi", "garbage");
    write_avi(&fix->folder, "30.avi", 1, 1);
    assert_int_equal(open_replay(fix, "", "speed=max"), CM_OK);
    expect(fix, 0, 0, 0);
    expect(fix, 10, 1, 100000);
    expect_failure(fix, CM_INVALID, "10.avi");
    expect(fix, 0, 2, 100000 + STN_PACE_CUT_US);
    struct seen seen;
    assert_int_equal(next(fix, &seen), CM_EOF);
}

static void a_truncated_video_says_so_once(void **state)
{
    struct fixture *fix = *state;
    write_avi(&fix->folder, "v.avi", 4, 20);
    assert_int_equal(open_replay(fix, "/v.avi", "speed=max"), CM_OK);
    for (int i = 0; i < 4; i++)
        expect(fix, 10 * i, (uint64_t)i, i * 100000);
    expect_failure(fix, CM_CORRUPT, "ended after 4 of 20 frames: the file is truncated");
    struct seen seen;
    assert_int_equal(next(fix, &seen), CM_EOF);

    assert_int_equal(open_replay(fix, "/v.avi", "speed=max&loop=1"), CM_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(next(fix, &seen), CM_OK);
    expect_failure(fix, CM_CORRUPT, "truncated");
    for (int i = 0; i < 9; i++)
        assert_int_equal(next(fix, &seen), CM_OK);
}

static void a_full_pool_loses_nothing_at_max_speed(void **state)
{
    struct fixture *fix = *state;
    enum { HELD = 8, COUNT = 10 };
    write_avi(&fix->folder, "v.avi", COUNT, COUNT);
    assert_int_equal(open_replay(fix, "/v.avi", "speed=max"), CM_OK);
    struct stn_frame *held[HELD], *more = NULL;
    for (int i = 0; i < HELD; i++)
        assert_int_equal(stn_capture_next(fix->capture, NULL, &held[i], &fix->err), CM_OK);
    assert_int_equal(stn_capture_next(fix->capture, NULL, &more, &fix->err), CM_AGAIN);
    assert_int_equal(stn_capture_next(fix->capture, NULL, &more, &fix->err), CM_AGAIN);
    assert_null(more);
    for (int i = 0; i < HELD; i++) {
        assert_int_equal(held[i]->pixels[0], 10 * i);
        stn_frame_unref(held[i]);
    }
    expect(fix, 80, 8, 800000);
    expect(fix, 90, 9, 900000);
}

/* Real speed with a clock that the test moves: it stands where the picture is due, or later. */
static void a_slow_reader_skips_at_real_speed(void **state)
{
    struct fixture *fix = *state;
    write_avi(&fix->folder, "v.avi", 9, 9);
    assert_int_equal(open_replay(fix, "/v.avi", ""), CM_OK);
    expect(fix, 0, 0, 0);
    cm_clock_manual_advance(&fix->clock, 100000);
    expect(fix, 10, 1, 100000);
    cm_clock_manual_advance(&fix->clock, 400000);
    expect(fix, 40, 4, 400000);
    expect(fix, 50, 5, 500000);
}

static void stills(void **state)
{
    struct fixture *fix = *state;
    write_avi(&fix->folder, "v.avi", 5, 5);
    char path[600];
    snprintf(path, sizeof path, "%s/v.avi", fix->folder.path);
    struct stn_frame_pool *pool = NULL;
    assert_int_equal(stn_frame_pool_create(1, 1 << 20, &pool, NULL), CM_OK);
    static const struct {
        double at_s;
        enum cm_code code;
        int gray;
    } cases[] = {
        {0, CM_OK, 0},         {0.1, CM_OK, 10},    {0.15, CM_OK, 20},      {0.4, CM_OK, 40},
        {0.5, CM_NOTFOUND, 0}, {-1, CM_INVALID, 0}, {1e300, CM_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_frame *frame = NULL;
        assert_int_equal(stn_capture_still(path, cases[i].at_s, pool, &frame, &fix->err), cases[i].code);
        if (frame != NULL)
            assert_int_equal(frame->pixels[0], cases[i].gray);
        stn_frame_unref(frame);
    }
    struct stn_frame *frame = NULL;
    assert_int_equal(stn_capture_still("/nowhere/v.avi", 0, pool, &frame, &fix->err), CM_NOTFOUND);
    assert_null(frame);
    stn_frame_pool_destroy(pool);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(pictures_in_order_of_number_with_loop),
        WITH_FOLDER(pictures_end_without_loop),
        WITH_FOLDER(a_bad_picture_is_passed),
        WITH_FOLDER(a_loop_without_any_good_picture_does_not_spin),
        WITH_FOLDER(a_vanished_picture_is_named),
        WITH_FOLDER(bad_places_have_their_sentence),
        WITH_FOLDER(a_video_with_loop_makes_a_cut),
        WITH_FOLDER(a_folder_of_videos_plays_all),
        WITH_FOLDER(a_truncated_video_says_so_once),
        WITH_FOLDER(a_full_pool_loses_nothing_at_max_speed),
        WITH_FOLDER(a_slow_reader_skips_at_real_speed),
        WITH_FOLDER(stills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
