#include "capture/capture.h"
#include "capture/pattern.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct stn_frame *draw(struct stn_frame_pool *pool, int width, int height, uint64_t number)
{
    struct stn_frame *frame = NULL;
    assert_int_equal(stn_frame_acquire(pool, width, height, STN_PIXEL_BGR24, &frame, NULL), CM_OK);
    stn_pattern_draw(frame, number);
    return frame;
}

static int changed_pixels(const struct stn_frame *a, const struct stn_frame *b)
{
    int changed = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++)
            changed += memcmp(a->pixels + y * a->stride + 3 * x, b->pixels + y * b->stride + 3 * x, 3) != 0;
    return changed;
}

static void pattern_moves_and_repeats(void **state)
{
    (void)state;
    struct stn_frame_pool *pool = NULL;
    assert_int_equal(stn_frame_pool_create(4, 1 << 20, &pool, NULL), CM_OK);
    struct stn_frame *first = draw(pool, 64, 48, 0), *second = draw(pool, 64, 48, 1);
    struct stn_frame *again = draw(pool, 64, 48, 32), *tiny = draw(pool, 1, 1, 123456789);
    assert_true(changed_pixels(first, second) > 64 * 48 / 4);
    assert_int_equal(changed_pixels(first, again), 0); /* 32 steps of 2 px are once around */
    stn_frame_unref(first);
    stn_frame_unref(second);
    stn_frame_unref(again);
    stn_frame_unref(tiny);
    stn_frame_pool_destroy(pool);
}

/* A clock that moves on by one period of the pattern whenever it is asked: nothing ever waits. */
struct stepping_clock {
    struct cm_clock base;
    int64_t *now_us;
};

static int64_t step_mono_us(const struct cm_clock *clock)
{
    return *((const struct stepping_clock *)clock)->now_us += 40000;
}

static int64_t step_wall_ms(const struct cm_clock *clock)
{
    return *((const struct stepping_clock *)clock)->now_us / 1000;
}

static void pattern_source_counts_and_ends(void **state)
{
    (void)state;
    int64_t now_us = 0;
    struct stepping_clock clock = {{.mono_us = step_mono_us, .wall_ms = step_wall_ms}, &now_us};
    struct stn_capture *capture = NULL;
    struct stn_capture_info info;
    assert_int_equal(stn_capture_create("pattern?fps=25&frames=3", &clock.base, &capture, NULL), CM_OK);
    assert_int_equal(stn_capture_open(capture, NULL), CM_OK);
    stn_capture_info(capture, &info);
    assert_string_equal(info.name, "test pattern");
    assert_true(info.fps == 25);
    assert_false(info.max_speed);
    int64_t last_us = -1;
    struct stn_frame *frame = NULL;
    enum cm_code code;
    int count = 0;
    for (; (code = stn_capture_next(capture, NULL, &frame, NULL)) == CM_OK; count++) {
        assert_int_equal(frame->width, STN_PATTERN_WIDTH);
        assert_int_equal(frame->height, STN_PATTERN_HEIGHT);
        assert_true(frame->captured_mono_us > last_us);
        last_us = frame->captured_mono_us;
        stn_frame_unref(frame);
    }
    assert_int_equal(code, CM_EOF);
    assert_true(count >= 2 && count <= 3);
    stn_capture_destroy(capture);
}

static void stop_ends_the_wait(void **state)
{
    (void)state;
    struct cm_clock_manual clock;
    cm_clock_manual_init(&clock, 0, 0);
    struct stn_capture *capture = NULL;
    struct stn_frame *frame = NULL;
    atomic_bool stop = true;
    assert_int_equal(stn_capture_create("pattern", &clock.base, &capture, NULL), CM_OK);
    assert_int_equal(stn_capture_next(capture, &stop, &frame, NULL), CM_INVALID); /* not open */
    assert_int_equal(stn_capture_open(capture, NULL), CM_OK);
    assert_int_equal(stn_capture_next(capture, &stop, &frame, NULL), CM_CANCELED);
    assert_null(frame);
    stn_capture_destroy(capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_moves_and_repeats),
        cmocka_unit_test(pattern_source_counts_and_ends),
        cmocka_unit_test(stop_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
