#include "stage.h"
#include "unit.h"
#include "vision/pipeline.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 640, HEIGHT = 480, STEP_US = 40000 };

struct fixture {
    struct stn_pipeline *pipeline;
    uint8_t *pixels;
    struct stn_frame frame;
    struct stn_observation seen;
    int64_t now_us;
    uint64_t number;
};

static int setup_model(void **state, enum stn_landmark_model model)
{
    struct fixture *fix = calloc(1, sizeof *fix);
    stage = (struct stage){.no_opinion = model == STN_LANDMARKS_DLIB68};
    struct stn_pipeline_options options = {model, "model"};
    fix->pixels = calloc(WIDTH, HEIGHT);
    /* The stage finds out what part of the picture it is shown from where `pool` points (stage.c). */
    fix->frame = (struct stn_frame){.width = WIDTH,
                                    .height = HEIGHT,
                                    .stride = WIDTH,
                                    .format = STN_PIXEL_GRAY8,
                                    .pixels = fix->pixels,
                                    .pool = (struct stn_frame_pool *)fix->pixels,
                                    .refs = 1};
    *state = fix;
    return stn_pipeline_open(&options, &fix->pipeline, NULL);
}

static int setup(void **state)
{
    return setup_model(state, STN_LANDMARKS_MESH);
}

static int setup_dlib68(void **state)
{
    return setup_model(state, STN_LANDMARKS_DLIB68);
}

static int teardown(void **state)
{
    struct fixture *fix = *state;
    stn_pipeline_close(fix->pipeline);
    free(fix->pixels);
    free(fix);
    return 0;
}

static struct actor *enter(float x, float y, float width)
{
    struct actor *actor = &stage.actors[stage.count++];
    *actor = (struct actor){.box = {x, y, width, width}, .hog_sees = true, .presence = 1};
    return actor;
}

static const struct stn_observation *run(struct fixture *fix)
{
    fix->frame.number = fix->number++;
    fix->frame.captured_mono_us = fix->now_us;
    fix->frame.captured_wall_ms = 5000 + fix->now_us / 1000;
    fix->now_us += STEP_US;
    assert_int_equal(stn_pipeline_run(fix->pipeline, &fix->frame, &fix->seen, NULL), CM_OK);
    return &fix->seen;
}

static const struct stn_observation *run_frames(struct fixture *fix, int frames)
{
    while (frames-- > 0)
        run(fix);
    return &fix->seen;
}

static void a_face_is_one_track_from_the_first_frame(void **state)
{
    struct fixture *fix = *state;
    struct actor *actor = enter(100, 100, 200);
    for (int i = 0; i < 50; i++) {
        const struct stn_observation *seen = run(fix);
        assert_int_equal(seen->frame_number, i);
        assert_int_equal(seen->captured_mono_us, i * STEP_US);
        assert_int_equal(seen->captured_wall_ms, 5000 + i * STEP_US / 1000);
        assert_int_equal(seen->width, WIDTH);
        assert_int_equal(seen->face_count, 1);
        assert_int_equal(seen->faces[0].track_id, 1);
        assert_true(seen->faces[0].box.x == actor->box.x);
        actor->box.x += 4;
    }
    assert_int_equal(stage.landmark_runs, 50);
    assert_int_equal(stage.focus_runs, 2);
    assert_true(stage.half_runs <= 5 && stage.full_runs == 0);
}

static void a_small_face_is_found_at_full_size(void **state)
{
    struct fixture *fix = *state;
    enter(100, 100, 100);
    assert_int_equal(run(fix)->face_count, 1);
    assert_int_equal(stage.half_runs, 1);
    assert_int_equal(stage.full_runs, 1);
    /* Later checks see it in its region. */
    run_frames(fix, 100);
    assert_int_equal(fix->seen.faces[0].track_id, 1);
    assert_true(stage.full_runs > 5);
}

static void one_who_comes_is_found_within_half_a_second(void **state)
{
    struct fixture *fix = *state;
    run_frames(fix, 50);
    assert_int_equal(fix->seen.face_count, 0);
    enter(100, 100, 90);
    int waited = 0;
    while (run(fix)->face_count == 0 && waited < 100)
        waited++;
    assert_true(waited * STEP_US <= 500000);
    enter(350, 100, 200);
    waited = 0;
    while (run(fix)->face_count < 2 && waited < 100)
        waited++;
    assert_true(waited * STEP_US <= 500000);
    assert_true(fix->seen.faces[0].box.width == 200); /* largest first */
    assert_int_equal(fix->seen.faces[1].track_id, 1);
}

static void a_false_detection_never_becomes_a_track(void **state)
{
    struct fixture *fix = *state;
    enter(100, 100, 200)->presence = 0.2F;
    for (int i = 0; i < 50; i++)
        assert_int_equal(run(fix)->face_count, 0);
}

static void two_detections_of_one_face_are_one_track(void **state)
{
    struct fixture *fix = *state;
    enter(100, 100, 200);
    enter(110, 105, 190);
    for (int i = 0; i < 50; i++)
        assert_int_equal(run(fix)->face_count, 1);
    assert_int_equal(fix->seen.faces[0].track_id, 1);
}

static void a_face_missed_for_a_moment_keeps_its_track(void **state)
{
    struct fixture *fix = *state;
    struct actor *actor = enter(100, 100, 200);
    run_frames(fix, 10);
    actor->presence = 0.3F;
    assert_int_equal(run(fix)->face_count, 0);
    actor->presence = 0.9F;
    assert_int_equal(run(fix)->faces[0].track_id, 1);
    actor->presence = 0.3F;
    run_frames(fix, 9);
    actor->presence = 0.9F;
    run_frames(fix, 10);
    assert_int_equal(fix->seen.face_count, 1);
    assert_int_equal(fix->seen.faces[0].track_id, 2);
}

static void a_jump_a_gap_and_a_reset_make_a_new_track(void **state)
{
    struct fixture *fix = *state;
    struct actor *actor = enter(100, 100, 200);
    run_frames(fix, 10);
    actor->box.x += 110;
    run_frames(fix, 10);
    assert_int_equal(fix->seen.face_count, 1);
    assert_int_equal(fix->seen.faces[0].track_id, 2);
    fix->now_us += 400000;
    run_frames(fix, 10);
    assert_int_equal(fix->seen.faces[0].track_id, 3);
    stn_pipeline_reset(fix->pipeline);
    assert_int_equal(run(fix)->faces[0].track_id, 4);
}

static void two_that_merge_get_new_tracks(void **state)
{
    struct fixture *fix = *state;
    struct actor *left = enter(50, 100, 200), *right = enter(400, 100, 200);
    assert_int_equal(run(fix)->face_count, 2);
    bool merged = false;
    for (int i = 0; i < 30; i++) {
        left->box.x += 8;
        right->box.x -= 8;
        run(fix);
        merged |= fix->seen.face_count < 2;
        for (int k = 0; merged && k < fix->seen.face_count; k++)
            assert_true(fix->seen.faces[k].track_id > 2);
    }
    assert_true(merged);
}

/* The landmark model is sure, but the detector does not see a face that is turned away: the track lives. When the model
 * wavers too, it ends. */
static void unconfirmed_tracks_need_a_sure_model(void **state)
{
    struct fixture *fix = *state;
    struct actor *actor = enter(100, 100, 200);
    run_frames(fix, 10);
    actor->hog_sees = false;
    run_frames(fix, 250);
    assert_int_equal(fix->seen.face_count, 1);
    assert_int_equal(fix->seen.faces[0].track_id, 1);
    actor->presence = 0.7F;
    run_frames(fix, 50);
    assert_int_equal(fix->seen.face_count, 0);
}

static void without_an_opinion_the_detector_keeps_the_track(void **state)
{
    struct fixture *fix = *state;
    struct actor *actor = enter(100, 100, 200);
    run_frames(fix, 100);
    assert_int_equal(fix->seen.faces[0].track_id, 1);
    actor->hog_sees = false;
    run_frames(fix, 5);
    assert_int_equal(fix->seen.face_count, 1);
    run_frames(fix, 20);
    assert_int_equal(fix->seen.face_count, 0);
    actor->hog_sees = true;
    run_frames(fix, 10);
    assert_int_equal(fix->seen.faces[0].track_id, 2);
}

static void more_faces_than_room_is_no_harm(void **state)
{
    struct fixture *fix = *state;
    for (int i = 0; i < ACTORS_MAX; i++)
        enter((float)(i % 6) * 105, (float)(i / 6) * 150, 100);
    for (int i = 0; i < 50; i++)
        assert_int_equal(run(fix)->face_count, STN_FACES_MAX);
    for (int i = 0; i < STN_FACES_MAX; i++)
        assert_true(fix->seen.faces[i].track_id <= STN_FACES_MAX);
}

static void a_failing_model_is_an_error_and_passes(void **state)
{
    struct fixture *fix = *state;
    enter(100, 100, 200);
    run_frames(fix, 5);
    stage.broken = true;
    struct cm_err err = CM_ERR_INIT;
    fix->seen.face_count = 77;
    fix->frame.captured_mono_us = fix->now_us;
    assert_int_equal(stn_pipeline_run(fix->pipeline, &fix->frame, &fix->seen, &err), CM_BACKEND);
    assert_string_equal(err.msg, "broken");
    assert_int_equal(fix->seen.face_count, 77);
    stage.broken = false;
    assert_int_equal(run(fix)->face_count, 1);
}

static void a_missing_model_is_named(void **state)
{
    (void)state;
    struct stn_pipeline_options options = {STN_LANDMARKS_MESH, NULL};
    struct stn_pipeline *pipeline = NULL;
    assert_int_equal(stn_pipeline_open(&options, &pipeline, NULL), CM_NOTFOUND);
    assert_null(pipeline);
    stn_pipeline_close(NULL);
}

int main(void)
{
#define WITH_MESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_MESH(a_face_is_one_track_from_the_first_frame),
        WITH_MESH(a_small_face_is_found_at_full_size),
        WITH_MESH(one_who_comes_is_found_within_half_a_second),
        WITH_MESH(a_false_detection_never_becomes_a_track),
        WITH_MESH(two_detections_of_one_face_are_one_track),
        WITH_MESH(a_face_missed_for_a_moment_keeps_its_track),
        WITH_MESH(a_jump_a_gap_and_a_reset_make_a_new_track),
        WITH_MESH(two_that_merge_get_new_tracks),
        WITH_MESH(unconfirmed_tracks_need_a_sure_model),
        cmocka_unit_test_setup_teardown(without_an_opinion_the_detector_keeps_the_track, setup_dlib68,
                                        teardown),
        WITH_MESH(more_faces_than_room_is_no_harm),
        WITH_MESH(a_failing_model_is_an_error_and_passes),
        cmocka_unit_test(a_missing_model_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
