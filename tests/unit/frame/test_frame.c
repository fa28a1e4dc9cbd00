#include "frame/frame.h"
#include "unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { POOL = 3, SIDE = 32 };

static int setup(void **state)
{
    struct stn_frame_pool *pool = NULL;
    enum cm_code code = stn_frame_pool_create(POOL, SIDE * SIDE * 3, &pool, NULL);
    *state = pool;
    return code;
}

static int teardown(void **state)
{
    stn_frame_pool_destroy(*state);
    return 0;
}

static struct stn_frame *take(struct stn_frame_pool *pool)
{
    struct stn_frame *frame = NULL;
    assert_int_equal(stn_frame_acquire(pool, SIDE, SIDE, STN_PIXEL_BGR24, &frame, NULL), CM_OK);
    return frame;
}

static void pool_refuses_what_makes_no_sense(void **state)
{
    (void)state;
    static const struct {
        int count;
        size_t bytes;
    } cases[] = {{0, 100}, {-1, 100}, {100000, 100}, {1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_frame_pool *pool = NULL;
        struct cm_err err = CM_ERR_INIT;
        assert_int_equal(stn_frame_pool_create(cases[i].count, cases[i].bytes, &pool, &err), CM_INVALID);
        assert_null(pool);
        assert_true(err.msg[0] != '\0');
    }
    stn_frame_pool_destroy(NULL);
    stn_frame_unref(NULL);
}

static void acquire_checks_the_size(void **state)
{
    static const struct {
        int width, height;
        enum stn_pixel_format format;
        enum cm_code code;
    } cases[] = {
        {SIDE, SIDE, STN_PIXEL_BGR24, CM_OK},
        {SIDE, SIDE, STN_PIXEL_GRAY8, CM_OK},
        {1, 1, STN_PIXEL_GRAY8, CM_OK},
        {SIDE + 1, SIDE, STN_PIXEL_BGR24, CM_INVALID},
        {0, SIDE, STN_PIXEL_BGR24, CM_INVALID},
        {SIDE, -1, STN_PIXEL_BGR24, CM_INVALID},
        {STN_FRAME_SIDE_MAX + 1, 1, STN_PIXEL_GRAY8, CM_INVALID},
        {60000, 60000, STN_PIXEL_BGR24, CM_INVALID},
        {SIDE, SIDE, (enum stn_pixel_format)7, CM_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_frame *frame = NULL;
        enum cm_code code =
            stn_frame_acquire(*state, cases[i].width, cases[i].height, cases[i].format, &frame, NULL);
        assert_int_equal(code, cases[i].code);
        if (code != CM_OK) {
            assert_null(frame);
            continue;
        }
        int depth = cases[i].format == STN_PIXEL_BGR24 ? 3 : 1;
        assert_true(frame->stride >= cases[i].width * depth);
        memset(frame->pixels, 0x5a, (size_t)frame->stride * (size_t)frame->height);
        stn_frame_unref(frame);
    }
}

static void empty_pool_says_again_until_a_frame_is_back(void **state)
{
    struct stn_frame *frames[POOL], *more = NULL;
    for (int i = 0; i < POOL; i++)
        frames[i] = take(*state);
    assert_int_equal(stn_frame_acquire(*state, 8, 8, STN_PIXEL_GRAY8, &more, NULL), CM_AGAIN);
    assert_null(more);
    stn_frame_unref(frames[1]);
    frames[1] = take(*state);
    for (int i = 0; i < POOL; i++)
        stn_frame_unref(frames[i]);
}

static void frame_returns_with_the_last_holder(void **state)
{
    struct stn_frame *first = take(*state), *second = take(*state), *third = take(*state), *none = NULL;
    assert_ptr_equal(stn_frame_ref(first), first);
    stn_frame_unref(first);
    assert_int_equal(stn_frame_acquire(*state, 8, 8, STN_PIXEL_GRAY8, &none, NULL), CM_AGAIN);
    stn_frame_unref(first);
    first = take(*state);
    stn_frame_unref(first);
    stn_frame_unref(second);
    stn_frame_unref(third);
}

static void facts_of_the_last_picture_are_gone(void **state)
{
    struct stn_frame *frame = take(*state);
    frame->number = 7;
    frame->captured_mono_us = 8;
    frame->captured_wall_ms = 9;
    stn_frame_unref(frame);
    frame = take(*state);
    assert_int_equal(frame->number, 0);
    assert_int_equal(frame->captured_mono_us, 0);
    assert_int_equal(frame->captured_wall_ms, 0);
    assert_int_equal(frame->refs, 1);
    stn_frame_unref(frame);
}

/* One producer, two readers: each reader sees the pixels that the producer wrote and nothing of the next picture. */
enum { ROUNDS = 2000, READERS = 2 };

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct stn_frame *frame[READERS];
    int torn;
};

struct reader {
    struct mailbox *box;
    int index;
};

static void *read_frames(void *arg)
{
    struct reader *reader = arg;
    struct mailbox *box = reader->box;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&box->lock);
        while (box->frame[reader->index] == NULL)
            pthread_cond_wait(&box->changed, &box->lock);
        struct stn_frame *frame = box->frame[reader->index];
        box->frame[reader->index] = NULL;
        pthread_cond_broadcast(&box->changed);
        pthread_mutex_unlock(&box->lock);

        bool torn = false;
        for (int i = 0; i < frame->stride * frame->height; i++)
            torn |= frame->pixels[i] != (uint8_t)frame->number;
        stn_frame_unref(frame);
        if (torn) {
            pthread_mutex_lock(&box->lock);
            box->torn++;
            pthread_mutex_unlock(&box->lock);
        }
    }
    return NULL;
}

static void post(struct mailbox *box, int index, struct stn_frame *frame)
{
    pthread_mutex_lock(&box->lock);
    while (box->frame[index] != NULL)
        pthread_cond_wait(&box->changed, &box->lock);
    box->frame[index] = frame;
    pthread_cond_broadcast(&box->changed);
    pthread_mutex_unlock(&box->lock);
}

static void readers_on_threads_see_whole_pictures(void **state)
{
    (void)state;
    struct stn_frame_pool *pool = NULL;
    assert_int_equal(stn_frame_pool_create(8, SIDE * SIDE, &pool, NULL), CM_OK);
    struct mailbox box = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct reader readers[READERS];
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){&box, i};
        assert_int_equal(pthread_create(&threads[i], NULL, read_frames, &readers[i]), 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct stn_frame *frame = NULL;
        /* At most six are out: one per mailbox, one per reader, and this one. */
        assert_int_equal(stn_frame_acquire(pool, SIDE, SIDE, STN_PIXEL_GRAY8, &frame, NULL), CM_OK);
        frame->number = (uint64_t)round;
        memset(frame->pixels, round, (size_t)frame->stride * (size_t)frame->height);
        for (int i = 0; i < READERS; i++)
            post(&box, i, stn_frame_ref(frame));
        stn_frame_unref(frame);
    }
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(box.torn, 0);
    stn_frame_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_refuses_what_makes_no_sense),
        cmocka_unit_test_setup_teardown(acquire_checks_the_size, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_pool_says_again_until_a_frame_is_back, setup, teardown),
        cmocka_unit_test_setup_teardown(frame_returns_with_the_last_holder, setup, teardown),
        cmocka_unit_test_setup_teardown(facts_of_the_last_picture_are_gone, setup, teardown),
        cmocka_unit_test(readers_on_threads_see_whole_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
