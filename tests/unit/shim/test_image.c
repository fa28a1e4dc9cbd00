/* Image files: those that are read, and those that lie. */
#include "shim/face_shim.h"
#include "shim/media_shim.h"

#include "files.h"
#include "pictures.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    struct test_folder folder;
    struct stn_frame_pool *pool;
};

static int setup(void **state)
{
    static struct fixture fixture;
    stn_face_shim_init();
    *state = &fixture;
    return test_folder_create(&fixture.folder) ||
           stn_frame_pool_create(1, 1 << 20, &fixture.pool, NULL) != CM_OK;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    stn_frame_pool_destroy(fixture->pool);
    test_folder_remove(&fixture->folder);
    return 0;
}

/* 16x8, left half dark (30), right half light (230). */
static const uint8_t two_halves_jpeg[] = {
    0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10, 0x4A, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01, 0x00,
    0x01, 0x00, 0x00, 0xFF, 0xDB, 0x00, 0x43, 0x00, 0x0D, 0x09, 0x0A, 0x0B, 0x0A, 0x08, 0x0D, 0x0B, 0x0A,
    0x0B, 0x0E, 0x0E, 0x0D, 0x0F, 0x13, 0x20, 0x15, 0x13, 0x12, 0x12, 0x13, 0x27, 0x1C, 0x1E, 0x17, 0x20,
    0x2E, 0x29, 0x31, 0x30, 0x2E, 0x29, 0x2D, 0x2C, 0x33, 0x3A, 0x4A, 0x3E, 0x33, 0x36, 0x46, 0x37, 0x2C,
    0x2D, 0x40, 0x57, 0x41, 0x46, 0x4C, 0x4E, 0x52, 0x53, 0x52, 0x32, 0x3E, 0x5A, 0x61, 0x5A, 0x50, 0x60,
    0x4A, 0x51, 0x52, 0x4F, 0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x00, 0x08, 0x00, 0x10, 0x01, 0x01, 0x11, 0x00,
    0xFF, 0xC4, 0x00, 0x15, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x06, 0x07, 0xFF, 0xC4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01,
    0x00, 0x00, 0x3F, 0x00, 0x06, 0xBD, 0xBF, 0xFF, 0xD9,
};

/* "Turn me clockwise by a quarter", as a camera writes it: goes behind the first two bytes. */
static const uint8_t exif_rotate_90[] = {
    0xFF, 0xE1, 0x00, 0x22, 'E',  'x',  'i',  'f',  0x00, 0x00, 'M',  'M',
    0x00, 0x2A, 0x00, 0x00, 0x00, 0x08, 0x00, 0x01, 0x01, 0x12, 0x00, 0x03,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static const uint8_t gray_pgm[] = {'P', '5', '\n', '#',  ' ', 'c', '\n', '3', ' ', '2', '\n',
                                   '2', '5', '5',  '\n', 10,  20,  30,   40,  50,  60};

static const uint8_t bmp_2x1[] = {
    'B', 'M', 62,  0, 0, 0, 0, 0, 0, 0,       /* size */
    54,  0,   0,   0,                         /* where the pixels start */
    40,  0,   0,   0, 2, 0, 0, 0, 1, 0, 0, 0, /* header, width, height */
    1,   0,   24,  0, 0, 0, 0, 0,             /* planes, bits, not compressed */
    8,   0,   0,   0,                         /* bytes of pixels */
    0,   0,   0,   0, 0, 0, 0, 0,             /* pixels per metre */
    0,   0,   0,   0, 0, 0, 0, 0,             /* palette */
    255, 255, 255, 1, 2, 3, 0, 0,
};

static struct stn_frame *read_ok(struct fixture *fixture, const char *name, const void *bytes, size_t size)
{
    struct stn_frame *frame = NULL;
    struct cm_err err = CM_ERR_INIT;
    const char *path = test_folder_put(&fixture->folder, name, bytes, size);
    if (stn_image_read(path, fixture->pool, &frame, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(frame->format, STN_PIXEL_BGR24);
    return frame;
}

static int green(const struct stn_frame *frame, int x, int y)
{
    return frame->pixels[y * frame->stride + x * 3 + 1];
}

static void jpeg_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct stn_frame *frame = read_ok(fixture, "a.jpg", two_halves_jpeg, sizeof two_halves_jpeg);
    assert_int_equal(frame->width, 16);
    assert_int_equal(frame->height, 8);
    assert_in_range(green(frame, 2, 4), 20, 45);
    assert_in_range(green(frame, 13, 4), 215, 240);
    stn_frame_unref(frame);
}

static void exif_rotation_is_applied(void **state)
{
    struct fixture *fixture = *state;
    uint8_t rotated[sizeof two_halves_jpeg + sizeof exif_rotate_90];
    memcpy(rotated, two_halves_jpeg, 2);
    memcpy(rotated + 2, exif_rotate_90, sizeof exif_rotate_90);
    memcpy(rotated + 2 + sizeof exif_rotate_90, two_halves_jpeg + 2, sizeof two_halves_jpeg - 2);
    struct stn_frame *frame = read_ok(fixture, "a.jpg", rotated, sizeof rotated);
    assert_int_equal(frame->width, 8);
    assert_int_equal(frame->height, 16);
    assert_in_range(green(frame, 4, 2), 20, 45); /* clockwise: left becomes top */
    assert_in_range(green(frame, 4, 13), 215, 240);
    stn_frame_unref(frame);
}

static void pgm_and_bmp_are_read(void **state)
{
    struct fixture *fixture = *state;
    struct stn_frame *frame = read_ok(fixture, "a.pgm", gray_pgm, sizeof gray_pgm);
    assert_int_equal(frame->width, 3);
    assert_int_equal(frame->height, 2);
    assert_int_equal(green(frame, 2, 1), 60);
    stn_frame_unref(frame);

    frame = read_ok(fixture, "a.bmp", bmp_2x1, sizeof bmp_2x1);
    assert_int_equal(frame->width, 2);
    assert_int_equal(green(frame, 0, 0), 255);
    assert_int_equal(green(frame, 1, 0), 2);
    stn_frame_unref(frame);
}

/* A JPEG that claims 60,000 x 60,000 pixels: 10 GB once decoded. */
static const uint8_t jpeg_bomb[] = {
    0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x04, 0x00, 0x00, 0xFF, 0xC0, 0x00, 0x11, 0x08, 0xEA, 0x60,
    0xEA, 0x60, 0x03, 0x01, 0x22, 0x00, 0x02, 0x11, 0x01, 0x03, 0x11, 0x01, 0xFF, 0xDA, 0x00,
    0x0C, 0x03, 0x01, 0x00, 0x02, 0x11, 0x03, 0x11, 0x00, 0x3F, 0x00, 0x12, 0x34, 0xFF, 0xD9,
};
static const uint8_t png_bomb[] = {
    0x89, 'P',  'N',  'G', '\r', '\n', 0x1A, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0,
    0,    0xEA, 0x60, 0,   0,    0xEA, 0x60, 8,    2, 0, 0, 0,  0,   0,   0,   0,
};
static const uint8_t bmp_bomb[54] = {
    'B', 'M', 0, 0,    0,    0, 0, 0,    0,    0,    54,   0, 0, 0,  40,
    0,   0,   0, 0x60, 0xEA, 0, 0, 0xA0, 0x15, 0xFF, 0xFF, 1, 0, 24,
};
static const char pgm_bomb[] = "P5 60000 # wide\n60000 255\n";
static const char pgm_overflow[] = "P5 99999999999999999999 5 255\n";

static void bombs_are_refused_by_their_header(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *name;
        const void *bytes;
        size_t size;
        const char *says;
    } cases[] = {
        {"bomb.jpg", jpeg_bomb, sizeof jpeg_bomb, "60000 x 60000"},
        {"bomb.png", png_bomb, sizeof png_bomb, "60000 x 60000"},
        {"bomb.bmp", bmp_bomb, sizeof bmp_bomb, "60000 x 60000"},
        {"bomb.pgm", pgm_bomb, sizeof pgm_bomb - 1, "60000 x 60000"},
        {"overflow.pgm", pgm_overflow, sizeof pgm_overflow - 1, "x 5 pixels"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_frame *frame = NULL;
        struct cm_err err = CM_ERR_INIT;
        const char *path = test_folder_put(&fixture->folder, cases[i].name, cases[i].bytes, cases[i].size);
        assert_int_equal(stn_image_read(path, fixture->pool, &frame, &err), CM_INVALID);
        if (strstr(err.msg, cases[i].says) == NULL)
            fail_msg("%s: '%s' does not say '%s'", cases[i].name, err.msg, cases[i].says);
        assert_null(frame);
    }
}

static void damaged_files_give_invalid_and_print_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *name;
        const void *bytes;
        size_t size;
    } cases[] = {
        {"empty.jpg", NULL, 0},
        {"header.jpg", two_halves_jpeg, 3},
        {"tables.jpg", two_halves_jpeg, 89},
        {"half-a-scan.jpg", two_halves_jpeg, sizeof two_halves_jpeg - 3},
        {"header.png", png_bomb, 20},
        {"header.bmp", bmp_2x1, 12},
        {"header.pgm", gray_pgm, 2},
        {"half.pgm", gray_pgm, sizeof gray_pgm - 1},
        {"half.bmp", bmp_2x1, sizeof bmp_2x1 - 1},
        {"end.png", png_bomb, sizeof png_bomb},
        {"text.jpg", "This is no picture.", 19},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_frame *frame = NULL;
        struct cm_err err = CM_ERR_INIT;
        const char *path = test_folder_put(&fixture->folder, cases[i].name, cases[i].bytes, cases[i].size);
        const int saved = test_stderr_start(&fixture->folder);
        const enum cm_code code = stn_image_read(path, fixture->pool, &frame, &err);
        const long printed = test_stderr_stop(saved);
        if (code != CM_INVALID || printed != 0 || strstr(err.msg, cases[i].name) == NULL)
            fail_msg("%s: code %d, %ld bytes on stderr, '%s'", cases[i].name, code, printed, err.msg);
    }
}

/* Whatever byte is wrong: a code, and no crash. */
static void every_flipped_byte_is_survived(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof two_halves_jpeg; i++) {
        uint8_t damaged[sizeof two_halves_jpeg];
        memcpy(damaged, two_halves_jpeg, sizeof damaged);
        damaged[i] ^= 0xFF;
        const char *path = test_folder_put(&fixture->folder, "a.jpg", damaged, sizeof damaged);
        struct stn_frame *frame = NULL;
        const int saved = test_stderr_start(&fixture->folder);
        const enum cm_code code = stn_image_read(path, fixture->pool, &frame, NULL);
        (void)test_stderr_stop(saved); /* libjpeg's own warnings about odd tables */
        assert_true(code == CM_OK || code == CM_INVALID || code == CM_BACKEND);
        stn_frame_unref(frame);
    }
}

static void a_missing_file_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct stn_frame *frame = NULL;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(stn_image_read("/nonexistent/face.jpg", fixture->pool, &frame, &err), CM_NOTFOUND);
    assert_non_null(strstr(err.msg, "/nonexistent/face.jpg"));
}

static void a_folder_is_invalid(void **state)
{
    struct fixture *fixture = *state;
    struct stn_frame *frame = NULL;
    assert_int_equal(stn_image_read(fixture->folder.path, fixture->pool, &frame, NULL), CM_INVALID);
}

static void a_huge_file_is_refused_unread(void **state)
{
    struct fixture *fixture = *state;
    const char *path = test_folder_put(&fixture->folder, "huge.jpg", two_halves_jpeg, sizeof two_halves_jpeg);
    assert_int_equal(truncate(path, (64L << 20) + 1), 0);
    struct stn_frame *frame = NULL;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(stn_image_read(path, fixture->pool, &frame, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "64 MiB"));
}

static void an_empty_pool_says_again(void **state)
{
    struct fixture *fixture = *state;
    struct stn_frame *held = read_ok(fixture, "a.jpg", two_halves_jpeg, sizeof two_halves_jpeg);
    struct stn_frame *frame = NULL;
    assert_int_equal(stn_image_read(fixture->folder.file, fixture->pool, &frame, NULL), CM_AGAIN);
    stn_frame_unref(held);
}

/* ---- in memory ---- */

static void a_file_in_memory_is_read_like_one_on_disk(void **state)
{
    struct fixture *fixture = *state;
    struct stn_frame *frame = NULL;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(
        stn_image_decode(two_halves_jpeg, sizeof two_halves_jpeg, "the photo", fixture->pool, &frame, &err),
        CM_OK);
    assert_int_equal(frame->width, 16);
    assert_int_equal(frame->height, 8);
    stn_frame_unref(frame);
    for (size_t size = 0; size < sizeof two_halves_jpeg; size++) {
        frame = NULL;
        assert_int_equal(stn_image_decode(two_halves_jpeg, size, "the photo", fixture->pool, &frame, &err),
                         CM_INVALID);
        assert_null(frame);
        assert_memory_equal(err.msg, "the photo: ", 11);
    }
}

static void a_frame_becomes_a_jpeg_of_bounded_width(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int width, height, width_max, wanted_width, wanted_height;
    } cases[] = {
        {640, 480, 640, 640, 480}, {1280, 720, 640, 640, 360}, {16, 8, 640, 16, 8}, {2000, 1, 640, 640, 1}};
    static uint8_t jpeg[1 << 18];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_frame *picture = picture_create(cases[i].width, cases[i].height), *read = NULL;
        struct stn_frame_pool *pool = NULL;
        size_t size = 0;
        picture_noise(picture, 120, 40, 7);
        assert_int_equal(stn_frame_pool_create(1, 4 << 20, &pool, NULL), CM_OK);
        assert_int_equal(stn_jpeg_encode(picture, cases[i].width_max, 70, jpeg, sizeof jpeg, &size, NULL),
                         CM_OK);
        assert_int_equal(stn_image_decode(jpeg, size, "it", pool, &read, NULL), CM_OK);
        assert_int_equal(read->width, cases[i].wanted_width);
        assert_int_equal(read->height, cases[i].wanted_height);
        assert_int_equal(stn_jpeg_encode(picture, 640, 70, jpeg, 10, &size, NULL), CM_NOMEM);
        stn_frame_unref(read);
        stn_frame_pool_destroy(pool);
        picture_destroy(picture);
    }
    (void)fixture;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(jpeg_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(exif_rotation_is_applied, setup, teardown),
        cmocka_unit_test_setup_teardown(pgm_and_bmp_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(bombs_are_refused_by_their_header, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_files_give_invalid_and_print_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(every_flipped_byte_is_survived, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_file_is_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_is_invalid, setup, teardown),
        cmocka_unit_test_setup_teardown(a_huge_file_is_refused_unread, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_pool_says_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_in_memory_is_read_like_one_on_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frame_becomes_a_jpeg_of_bounded_width, setup, teardown),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
