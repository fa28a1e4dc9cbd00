/* The real models on generated pictures: shapes, flags and repeatability. Faces are in the replay tests. */
#include "shim/face_shim.h"

#include "pictures.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stn_frame *frame;

static int setup(void **state)
{
    (void)state;
    stn_face_shim_init();
    frame = picture_create(640, 480);
    if (frame != NULL)
        picture_noise(frame, 128, 40, 5);
    return frame == NULL;
}

static int teardown(void **state)
{
    (void)state;
    picture_destroy(frame);
    return 0;
}

/* Skips the test where the file is not there. */
static const char *model_path(const char *name)
{
    static char path[512];
    const char *models = getenv("ROLLCALL_MODELS");
    if (models == NULL)
        skip();
    snprintf(path, sizeof path, "%s/%s", models, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        skip();
    fclose(file);
    return path;
}

static void the_detector_finds_nobody_in_noise(void **state)
{
    (void)state;
    struct stn_detector *detector = NULL;
    assert_int_equal(stn_detector_open(&detector, NULL), CM_OK);
    struct stn_box boxes[STN_FACES_MAX];
    for (int shrink = 1; shrink <= 2; shrink++) {
        int count = -1;
        assert_int_equal(stn_detector_run(detector, frame, shrink, boxes, STN_FACES_MAX, &count, NULL),
                         CM_OK);
        assert_int_equal(count, 0);
    }
    int count = -1;
    assert_int_equal(stn_detector_run(detector, frame, 3, boxes, STN_FACES_MAX, &count, NULL), CM_INVALID);
    assert_int_equal(count, -1);
    stn_detector_close(detector);
}

static void a_picture_smaller_than_the_window_has_no_faces(void **state)
{
    (void)state;
    struct stn_detector *detector = NULL;
    struct stn_frame *tiny = picture_create(3, 2);
    assert_int_equal(stn_detector_open(&detector, NULL), CM_OK);
    struct stn_box box;
    int count = -1;
    assert_int_equal(stn_detector_run(detector, tiny, 2, &box, 1, &count, NULL), CM_OK);
    assert_int_equal(count, 0);
    stn_detector_close(detector);
    picture_destroy(tiny);
}

static void check_regions(struct stn_landmarker *landmarker)
{
    static const struct {
        struct stn_box box;
        enum cm_code code;
    } cases[] = {
        {{200, 100, 150, 180}, CM_OK},
        {{-60, -60, 100, 100}, CM_OK}, /* partly outside */
        {{0, 0, 640, 480}, CM_OK},
        {{639, 479, 5, 5}, CM_OK},
        {{700, 100, 50, 50}, CM_NOTFOUND},
        {{-200, 100, 150, 150}, CM_NOTFOUND},
        {{100, 100, 0, 50}, CM_INVALID},
        {{100, 100, 50, -5}, CM_INVALID},
        {{NAN, 100, 50, 50}, CM_INVALID},
        {{100, 100, INFINITY, 50}, CM_INVALID},
        {{3e38F, 3e38F, 3e38F, 3e38F}, CM_NOTFOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_face face = {.track_id = 77};
        struct cm_err err = CM_ERR_INIT;
        const enum cm_code code = stn_landmarker_run(landmarker, frame, &cases[i].box, false, &face, &err);
        if (code != cases[i].code)
            fail_msg("case %zu: code %d, '%s'", i, code, err.msg);
        assert_int_equal(face.track_id, 77);
    }
}

static void the_mesh_sees_no_face_in_noise(void **state)
{
    (void)state;
    struct stn_landmarker *landmarker = NULL;
    const char *path = model_path("facemesh.onnx");
    assert_int_equal(stn_landmarker_open(STN_LANDMARKS_MESH, path, &landmarker, NULL), CM_OK);
    check_regions(landmarker);
    const struct stn_box region = {200, 100, 150, 180};
    struct stn_face first = {0}, second = {0};
    assert_int_equal(stn_landmarker_run(landmarker, frame, &region, false, &first, NULL), CM_OK);
    assert_int_equal(stn_landmarker_run(landmarker, frame, &region, false, &second, NULL), CM_OK);
    assert_true(first.presence < 0.5F);
    assert_memory_equal(&first, &second, sizeof first);
    stn_landmarker_close(landmarker);
}

static void dlib68_has_no_flag_of_its_own(void **state)
{
    (void)state;
    struct stn_landmarker *landmarker = NULL;
    const char *path = model_path("shape_predictor_68_face_landmarks.dat");
    assert_int_equal(stn_landmarker_open(STN_LANDMARKS_DLIB68, path, &landmarker, NULL), CM_OK);
    check_regions(landmarker);
    const struct stn_box region = {200, 100, 150, 180};
    struct stn_face face = {0};
    assert_int_equal(stn_landmarker_run(landmarker, frame, &region, false, &face, NULL), CM_OK);
    assert_float_equal(face.presence, 1, 0);
    assert_int_equal(stn_landmarker_run(landmarker, frame, &region, true, &face, NULL), CM_OK);
    assert_true(isnan(face.presence));
    stn_landmarker_close(landmarker);
}

static void the_network_repeats_itself(void **state)
{
    (void)state;
    struct stn_embedder *embedder = NULL;
    const char *path = model_path("dlib_face_recognition_resnet_model_v1.dat");
    assert_int_equal(stn_embedder_open(path, &embedder, NULL), CM_OK);
    static struct stn_chip chip;
    memset(chip.rgb, 100, sizeof chip.rgb);
    float first[STN_EMBEDDING_DIM], second[STN_EMBEDDING_DIM];
    assert_int_equal(stn_embedder_run(embedder, &chip, first, NULL), CM_OK);
    assert_int_equal(stn_embedder_run(embedder, &chip, second, NULL), CM_OK);
    assert_memory_equal(first, second, sizeof first);
    double squares = 0;
    for (int i = 0; i < STN_EMBEDDING_DIM; i++)
        squares += (double)first[i] * (double)first[i];
    assert_true(squares > 0.5 && squares < 4);
    stn_embedder_close(embedder);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    stn_detector_close(NULL);
    stn_landmarker_close(NULL);
    stn_embedder_close(NULL);
    stn_scene_meter_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_detector_finds_nobody_in_noise, setup, teardown),
        cmocka_unit_test_setup_teardown(a_picture_smaller_than_the_window_has_no_faces, setup, teardown),
        cmocka_unit_test_setup_teardown(the_mesh_sees_no_face_in_noise, setup, teardown),
        cmocka_unit_test_setup_teardown(dlib68_has_no_flag_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(the_network_repeats_itself, setup, teardown),
        cmocka_unit_test(closing_nothing_is_fine),
    };
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
