/* The whole picture: scene statistics, previews and face chips of generated pictures. */
#include "shim/face_shim.h"

#include "pictures.h"
#include "unit.h"

#include <math.h>
#include <string.h>

struct fixture {
    struct stn_frame *frame;
    struct stn_scene_meter *meter;
};

static int setup(void **state)
{
    static struct fixture fixture;
    stn_face_shim_init();
    fixture.frame = picture_create(640, 480);
    *state = &fixture;
    return fixture.frame == NULL || stn_scene_meter_open(&fixture.meter, NULL) != CM_OK;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    stn_scene_meter_close(fixture->meter);
    picture_destroy(fixture->frame);
    return 0;
}

static struct stn_scene measure(struct fixture *fixture, bool with_focus)
{
    struct stn_scene scene;
    struct cm_err err = CM_ERR_INIT;
    if (stn_scene_meter_run(fixture->meter, fixture->frame, with_focus, &scene, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return scene;
}

static void covered_lens_is_flat_and_dark(void **state)
{
    struct fixture *fixture = *state;
    picture_fill(fixture->frame, 12, 12, 12);
    const struct stn_scene scene = measure(fixture, false);
    assert_float_equal(scene.luma_mean, 12, 0.5);
    assert_float_equal(scene.luma_range, 0, 0);
    assert_float_equal(scene.flat_share, 1, 0);
    assert_float_equal(scene.bright_share, 0, 0);
    assert_true(isnan(scene.change));
    assert_true(isnan(scene.reblur) && isnan(scene.laplacian));
}

static void overexposed_picture_is_bright(void **state)
{
    struct fixture *fixture = *state;
    picture_fill(fixture->frame, 250, 250, 250);
    const struct stn_scene scene = measure(fixture, false);
    assert_float_equal(scene.bright_share, 1, 0);
    assert_float_equal(scene.luma_mean, 250, 0.5);
}

static void texture_is_not_flat(void **state)
{
    struct fixture *fixture = *state;
    picture_checkers(fixture->frame, 16);
    const struct stn_scene scene = measure(fixture, false);
    assert_float_equal(scene.flat_share, 0, 0);
    assert_true(scene.luma_range > 200);
    assert_float_equal(scene.luma_mean, 127.5, 3);
}

static void equal_pictures_have_equal_hashes_and_no_change(void **state)
{
    struct fixture *fixture = *state;
    picture_noise(fixture->frame, 120, 60, 1);
    const struct stn_scene first = measure(fixture, false);
    const struct stn_scene same = measure(fixture, false);
    assert_true(first.hash == same.hash);
    assert_float_equal(same.change, 0, 0);

    picture_noise(fixture->frame, 120, 60, 2);
    const struct stn_scene other = measure(fixture, false);
    assert_true(other.hash != first.hash);
    assert_true(other.change > 1);

    picture_fill(fixture->frame, 0, 0, 0);
    (void)measure(fixture, false);
    picture_fill(fixture->frame, 40, 40, 40);
    assert_float_equal(measure(fixture, false).change, 40, 0.01);
}

static void focus_tells_edges_from_waves(void **state)
{
    struct fixture *fixture = *state;
    picture_checkers(fixture->frame, 24);
    const struct stn_scene sharp = measure(fixture, true);
    picture_wave(fixture->frame, 160);
    const struct stn_scene blurred = measure(fixture, true);
    assert_true(sharp.reblur < 0.35F);
    assert_true(blurred.reblur > 0.6F);
    assert_true(sharp.laplacian > 20 * blurred.laplacian);
}

static void a_flat_picture_counts_as_blurred(void **state)
{
    struct fixture *fixture = *state;
    picture_fill(fixture->frame, 90, 90, 90);
    const struct stn_scene scene = measure(fixture, true);
    assert_float_equal(scene.reblur, 1, 0);
    assert_float_equal(scene.laplacian, 0, 0);
}

static void preview_is_rgb_and_averages(void **state)
{
    struct fixture *fixture = *state;
    picture_fill(fixture->frame, 10, 20, 30);
    uint8_t rgb[4 * 3 * 3 + 1] = {0};
    rgb[36] = 0xAB; /* what lies behind the preview */
    assert_int_equal(stn_preview_scale(fixture->frame, 4, 3, rgb, NULL), CM_OK);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(rgb[3 * i], 30);
        assert_int_equal(rgb[3 * i + 1], 20);
        assert_int_equal(rgb[3 * i + 2], 10);
    }
    assert_int_equal(rgb[36], 0xAB);

    picture_checkers(fixture->frame, 1);
    assert_int_equal(stn_preview_scale(fixture->frame, 4, 3, rgb, NULL), CM_OK);
    assert_in_range(rgb[0], 126, 129);
}

static void preview_may_enlarge(void **state)
{
    struct fixture *fixture = *state;
    picture_fill(fixture->frame, 1, 2, 3);
    uint8_t *rgb = test_malloc(1000 * 700 * 3);
    assert_int_equal(stn_preview_scale(fixture->frame, 1000, 700, rgb, NULL), CM_OK);
    assert_int_equal(rgb[1000 * 700 * 3 - 1], 1);
    test_free(rgb);
}

static void preview_refuses_impossible_sizes(void **state)
{
    struct fixture *fixture = *state;
    uint8_t rgb[3];
    static const struct {
        int width, height;
    } cases[] = {{0, 1}, {1, 0}, {-1, 4}, {5000, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(stn_preview_scale(fixture->frame, cases[i].width, cases[i].height, rgb, NULL),
                         CM_INVALID);
}

/* Points of an upright face whose outer eye corners are 90 px apart. */
static const struct stn_point upright[STN_ALIGN_POINTS] = {
    {365, 200}, {340, 202}, {275, 200}, {300, 202}, {320, 250},
};

static void chip_is_cut_in_rgb(void **state)
{
    struct fixture *fixture = *state;
    picture_fill(fixture->frame, 10, 20, 30);
    static struct stn_chip chip;
    assert_int_equal(stn_chip_extract(fixture->frame, upright, &chip, NULL), CM_OK);
    const uint8_t *middle = chip.rgb + 3 * (75 * STN_CHIP_SIDE + 75);
    assert_int_equal(middle[0], 30);
    assert_int_equal(middle[1], 20);
    assert_int_equal(middle[2], 10);
}

static void chip_puts_the_eyes_where_the_network_wants_them(void **state)
{
    struct fixture *fixture = *state;
    picture_fill(fixture->frame, 0, 0, 0);
    for (int y = 195; y <= 205; y++) /* a white square on the left eye's outer corner */
        memset(fixture->frame->pixels + y * fixture->frame->stride + 360 * 3, 255, 11 * 3);
    static struct stn_chip chip;
    assert_int_equal(stn_chip_extract(fixture->frame, upright, &chip, NULL), CM_OK);
    const int x = (int)((0.25 + 0.8596) / 1.5 * STN_CHIP_SIDE),
              y = (int)((0.25 + 0.2135) / 1.5 * STN_CHIP_SIDE);
    assert_true(chip.rgb[3 * (y * STN_CHIP_SIDE + x)] > 200);
    assert_int_equal(chip.rgb[3 * (y * STN_CHIP_SIDE + (STN_CHIP_SIDE - x))], 0);
}

static void chip_of_a_gray_picture_is_gray(void **state)
{
    (void)state;
    static uint8_t pixels[480 * 640];
    memset(pixels, 77, sizeof pixels);
    const struct stn_frame frame = {
        .width = 640, .height = 480, .stride = 640, .format = STN_PIXEL_GRAY8, .pixels = pixels};
    static struct stn_chip chip;
    assert_int_equal(stn_chip_extract(&frame, upright, &chip, NULL), CM_OK);
    const uint8_t *middle = chip.rgb + 3 * (75 * STN_CHIP_SIDE + 75);
    assert_true(middle[0] == 77 && middle[1] == 77 && middle[2] == 77);
}

static void chip_refuses_points_that_are_no_face(void **state)
{
    struct fixture *fixture = *state;
    static const struct stn_point cases[][STN_ALIGN_POINTS] = {
        {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}},
        {{NAN, 200}, {340, 202}, {275, 200}, {300, 202}, {320, 250}},
        {{365, 200}, {340, 202}, {275, 200}, {300, 202}, {320, INFINITY}},
        {{1e9F, 200}, {340, 202}, {275, 200}, {300, 202}, {320, 250}},
    };
    static struct stn_chip chip;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(stn_chip_extract(fixture->frame, cases[i], &chip, NULL), CM_INVALID);
}

static void chip_may_reach_beyond_the_picture(void **state)
{
    struct fixture *fixture = *state;
    static const struct stn_point corner[STN_ALIGN_POINTS] = {{40, 2}, {20, 3}, {-50, 2}, {-30, 3}, {-5, 50}};
    static struct stn_chip chip;
    assert_int_equal(stn_chip_extract(fixture->frame, corner, &chip, NULL), CM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(covered_lens_is_flat_and_dark, setup, teardown),
        cmocka_unit_test_setup_teardown(overexposed_picture_is_bright, setup, teardown),
        cmocka_unit_test_setup_teardown(texture_is_not_flat, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_pictures_have_equal_hashes_and_no_change, setup, teardown),
        cmocka_unit_test_setup_teardown(focus_tells_edges_from_waves, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flat_picture_counts_as_blurred, setup, teardown),
        cmocka_unit_test_setup_teardown(preview_is_rgb_and_averages, setup, teardown),
        cmocka_unit_test_setup_teardown(preview_may_enlarge, setup, teardown),
        cmocka_unit_test_setup_teardown(preview_refuses_impossible_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(chip_is_cut_in_rgb, setup, teardown),
        cmocka_unit_test_setup_teardown(chip_puts_the_eyes_where_the_network_wants_them, setup, teardown),
        cmocka_unit_test_setup_teardown(chip_of_a_gray_picture_is_gray, setup, teardown),
        cmocka_unit_test_setup_teardown(chip_refuses_points_that_are_no_face, setup, teardown),
        cmocka_unit_test_setup_teardown(chip_may_reach_beyond_the_picture, setup, teardown),
    };
    return cmocka_run_group_tests_name("scene", tests, NULL, NULL);
}
