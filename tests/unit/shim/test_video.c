/* Video files. A YUV4MPEG2 file is a video that a test can write by hand. */
#include "shim/face_shim.h"
#include "shim/media_shim.h"

#include "files.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 64, HEIGHT = 48, FRAMES = 5, PICTURE_BYTES = WIDTH * HEIGHT * 3 / 2 };

struct fixture {
    struct test_folder folder;
    struct stn_frame_pool *pool;
    uint8_t bytes[64 + FRAMES * (6 + PICTURE_BYTES)];
    size_t size;
};

/* Frame n is grey, with a luma of 40 + 20 n in a range of 16 to 235. */
static void write_video(struct fixture *fixture, int width, int height)
{
    fixture->size =
        (size_t)sprintf((char *)fixture->bytes, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", width, height);
    for (int n = 0; n < FRAMES; n++) {
        memcpy(fixture->bytes + fixture->size, "FRAME\n", 6);
        memset(fixture->bytes + fixture->size + 6, 40 + 20 * n, WIDTH * HEIGHT);
        memset(fixture->bytes + fixture->size + 6 + WIDTH * HEIGHT, 128, WIDTH * HEIGHT / 2);
        fixture->size += 6 + PICTURE_BYTES;
    }
}

static int gray_of(int n)
{
    return (40 + 20 * n - 16) * 255 / 219;
}

static int setup(void **state)
{
    static struct fixture fixture;
    stn_face_shim_init();
    write_video(&fixture, WIDTH, HEIGHT);
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

static struct stn_video *open_ok(struct fixture *fixture, size_t size, struct stn_video_info *ret_info)
{
    struct stn_video *video = NULL;
    struct cm_err err = CM_ERR_INIT;
    const char *path = test_folder_put(&fixture->folder, "v.y4m", fixture->bytes, size);
    if (stn_video_open(path, &video, ret_info, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return video;
}

static void pictures_come_in_order_with_their_times(void **state)
{
    struct fixture *fixture = *state;
    struct stn_video_info info;
    struct stn_video *video = open_ok(fixture, fixture->size, &info);
    assert_int_equal(info.width, WIDTH);
    assert_int_equal(info.height, HEIGHT);
    assert_float_equal(info.fps, 10, 0.01);
    for (int n = 0; n < FRAMES; n++) {
        struct stn_frame *frame = NULL;
        int64_t pts_us = -2;
        assert_int_equal(stn_video_read(video, fixture->pool, &frame, &pts_us, NULL), CM_OK);
        assert_int_equal(pts_us, n * 100000);
        assert_int_equal(frame->format, STN_PIXEL_BGR24);
        assert_in_range(frame->pixels[20 * frame->stride + 30], gray_of(n) - 3, gray_of(n) + 3);
        stn_frame_unref(frame);
    }
    struct stn_frame *frame = NULL;
    int64_t pts_us = -2;
    assert_int_equal(stn_video_read(video, fixture->pool, &frame, &pts_us, NULL), CM_EOF);
    assert_int_equal(stn_video_read(video, fixture->pool, &frame, &pts_us, NULL), CM_EOF);
    assert_null(frame);
    assert_int_equal(pts_us, -2);
    stn_video_close(video);
}

static void an_empty_pool_loses_no_picture(void **state)
{
    struct fixture *fixture = *state;
    struct stn_video_info info;
    struct stn_video *video = open_ok(fixture, fixture->size, &info);
    struct stn_frame *first = NULL, *second = NULL;
    int64_t pts_us;
    assert_int_equal(stn_video_read(video, fixture->pool, &first, &pts_us, NULL), CM_OK);
    assert_int_equal(stn_video_read(video, fixture->pool, &second, &pts_us, NULL), CM_AGAIN);
    assert_int_equal(stn_video_read(video, fixture->pool, &second, &pts_us, NULL), CM_AGAIN);
    assert_null(second);
    stn_frame_unref(first);
    assert_int_equal(stn_video_read(video, fixture->pool, &second, &pts_us, NULL), CM_OK);
    assert_int_equal(pts_us, 100000);
    assert_in_range(second->pixels[0], gray_of(1) - 3, gray_of(1) + 3);
    stn_frame_unref(second);
    stn_video_close(video);
}

static void a_truncated_video_ends_early(void **state)
{
    struct fixture *fixture = *state;
    struct stn_video_info info;
    struct stn_video *video = open_ok(fixture, fixture->size - 2 * PICTURE_BYTES - 1000, &info);
    int count = 0;
    enum cm_code code;
    const int saved = test_stderr_start(&fixture->folder);
    for (;; count++) {
        struct stn_frame *frame = NULL;
        int64_t pts_us;
        code = stn_video_read(video, fixture->pool, &frame, &pts_us, NULL);
        if (code != CM_OK)
            break;
        stn_frame_unref(frame);
    }
    assert_int_equal(test_stderr_stop(saved), 0);
    assert_int_equal(code, CM_EOF);
    assert_int_equal(count, 2);
    stn_video_close(video);
}

static void check_refused(struct fixture *fixture, const char *path, enum cm_code expected, const char *says)
{
    struct stn_video *video = NULL;
    struct stn_video_info info;
    struct cm_err err = CM_ERR_INIT;
    const int saved = test_stderr_start(&fixture->folder);
    const enum cm_code code = stn_video_open(path, &video, &info, &err);
    const long printed = test_stderr_stop(saved);
    if (code != expected || printed != 0 || strstr(err.msg, says) == NULL || strchr(err.msg, '\n') != NULL)
        fail_msg("%s: code %d, %ld bytes on stderr, '%s'", path, code, printed, err.msg);
    assert_null(video);
}

static void files_that_are_no_video_are_refused(void **state)
{
    struct fixture *fixture = *state;
    uint8_t garbage[4096];
    uint32_t seed = 7;
    for (size_t i = 0; i < sizeof garbage; i++) {
        seed = seed * 1664525U + 1013904223U;
        garbage[i] = (uint8_t)(seed >> 24);
    }
    static const uint8_t mp4_start[] = {0,   0,   0, 24, 'f', 't', 'y', 'p', 'i', 's', 'o',
                                        'm', 0,   0, 2,  0,   'i', 's', 'o', 'm', 'm', 'p',
                                        '4', '2', 0, 0,  16,  0,   'm', 'd', 'a', 't'};
    struct test_folder *folder = &fixture->folder;
    check_refused(fixture, test_folder_put(folder, "empty.mp4", NULL, 0), CM_INVALID, "empty.mp4");
    check_refused(fixture, test_folder_put(folder, "noise.mp4", garbage, sizeof garbage), CM_INVALID,
                  "noise.mp4");
    check_refused(fixture, test_folder_put(folder, "cut.mp4", mp4_start, sizeof mp4_start), CM_INVALID,
                  "cut.mp4");
    check_refused(fixture, "/nonexistent/v.mp4", CM_NOTFOUND, "/nonexistent/v.mp4");
    check_refused(fixture, folder->path, CM_INVALID, folder->path);
    check_refused(fixture, "http://127.0.0.1:9/v.mp4", CM_NOTFOUND, "http:");
}

static void a_playlist_is_not_followed(void **state)
{
    struct fixture *fixture = *state;
    static const char playlist[] =
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/secret.ts\n";
    const char *path = test_folder_put(&fixture->folder, "list.m3u8", playlist, sizeof playlist - 1);
    check_refused(fixture, path, CM_INVALID, "list.m3u8");
}

static void a_video_that_is_too_large_is_refused(void **state)
{
    struct fixture *fixture = *state;
    write_video(fixture, 5000, 48);
    const char *path = test_folder_put(&fixture->folder, "wide.y4m", fixture->bytes, fixture->size);
    check_refused(fixture, path, CM_INVALID, "5000 x 48");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pictures_come_in_order_with_their_times, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_pool_loses_no_picture, setup, teardown),
        cmocka_unit_test_setup_teardown(a_truncated_video_ends_early, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_are_no_video_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_playlist_is_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_video_that_is_too_large_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests_name("video", tests, NULL, NULL);
}
