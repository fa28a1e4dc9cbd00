/* The queues between the engine's threads, with real threads: also built under the thread sanitizer. */
#include "engine/inbox.h"
#include "engine/mailbox.h"

#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { FRAMES = 2000 };

struct camera {
    struct stn_mailbox mailbox;
    struct stn_frame_pool *pool;
};

static void *deliver(void *arg)
{
    struct camera *camera = arg;
    for (uint64_t number = 0; number < FRAMES;) {
        struct stn_frame *frame = NULL;
        enum cm_code code = stn_frame_acquire(camera->pool, 8, 8, STN_PIXEL_GRAY8, &frame, NULL);
        if (code == CM_AGAIN) { /* all are in use */
            sched_yield();
            continue;
        }
        if (code != CM_OK)
            break;
        frame->number = number++;
        if (!stn_mailbox_put(&camera->mailbox, frame))
            return NULL;
    }
    stn_mailbox_end(&camera->mailbox);
    return NULL;
}

static void receive(bool lockstep, uint64_t *ret_taken, uint64_t *ret_dropped)
{
    struct camera camera;
    pthread_t thread;
    uint64_t taken = 0, last = 0;
    stn_mailbox_init(&camera.mailbox);
    stn_mailbox_set_lockstep(&camera.mailbox, lockstep);
    assert_int_equal(stn_frame_pool_create(8, 4096, &camera.pool, NULL), CM_OK);
    pthread_create(&thread, NULL, deliver, &camera);
    for (struct stn_frame *frame; stn_mailbox_take(&camera.mailbox, &frame) == CM_OK; taken++) {
        assert_true(taken == 0 || frame->number > last); /* in order, none twice */
        last = frame->number;
        stn_frame_unref(frame);
    }
    pthread_join(thread, NULL);
    assert_int_equal(last, FRAMES - 1); /* the newest always arrives */
    *ret_taken = taken;
    *ret_dropped = stn_mailbox_dropped(&camera.mailbox);
    stn_mailbox_finish(&camera.mailbox);
    stn_frame_pool_destroy(camera.pool);
}

static void test_newest_wins_and_drops_are_counted(void **state)
{
    (void)state;
    uint64_t taken, dropped;
    receive(false, &taken, &dropped);
    assert_int_equal(taken + dropped, FRAMES);
}

static void test_lockstep_drops_nothing(void **state)
{
    (void)state;
    uint64_t taken, dropped;
    receive(true, &taken, &dropped);
    assert_int_equal(taken, FRAMES);
    assert_int_equal(dropped, 0);
}

static void test_close_wakes_both_sides(void **state)
{
    (void)state;
    struct camera camera;
    pthread_t thread;
    struct stn_frame *frame = NULL;
    stn_mailbox_init(&camera.mailbox);
    stn_mailbox_set_lockstep(&camera.mailbox, true);
    assert_int_equal(stn_frame_pool_create(4, 4096, &camera.pool, NULL), CM_OK);
    pthread_create(&thread, NULL, deliver, &camera); /* blocks at its second frame */
    stn_mailbox_close(&camera.mailbox);
    pthread_join(thread, NULL);
    assert_int_equal(stn_mailbox_take(&camera.mailbox, &frame), CM_CANCELED);
    stn_mailbox_finish(&camera.mailbox);
    stn_frame_pool_destroy(camera.pool);
}

static void count_wakes(void *arg)
{
    __atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
}

static void test_inbox_is_bounded(void **state)
{
    (void)state;
    struct stn_inbox inbox;
    struct stn_message *message = test_calloc(1, sizeof *message);
    int wakes = 0, posted = 0;
    assert_int_equal(stn_inbox_init(&inbox, count_wakes, &wakes, NULL), CM_OK);
    message->kind = STN_MSG_SOURCE_FAILED;
    while (posted < 10 * STN_INBOX_MAX && stn_inbox_post(&inbox, message))
        posted++;
    assert_int_equal(posted, STN_INBOX_MAX);
    assert_int_equal(wakes, posted);
    int taken = 0;
    while (stn_inbox_take(&inbox, message))
        taken++;
    assert_int_equal(taken, posted);
    stn_inbox_close(&inbox);
    assert_false(stn_inbox_post(&inbox, message));
    stn_inbox_finish(&inbox);
    test_free(message);
}

static void count_wake(void *arg)
{
    ++*(int *)arg;
}

/* Requests cannot take the places of the workers' messages. */
static void only_so_many_requests_wait(void **state)
{
    (void)state;
    struct stn_inbox inbox;
    struct stn_message message;
    struct stn_request request = {.kind = STN_REQ_PIN, .u.pin = {.pin = "4711"}};
    int woken = 0;
    assert_int_equal(stn_inbox_init(&inbox, count_wake, &woken, NULL), CM_OK);
    for (int i = 0; i < STN_INBOX_REQUESTS; i++)
        assert_true(stn_inbox_post_request(&inbox, &request));
    assert_false(stn_inbox_post_request(&inbox, &request));
    assert_int_equal(woken, STN_INBOX_REQUESTS);
    message = (struct stn_message){.kind = STN_MSG_SOURCE_ENDED};
    assert_true(stn_inbox_post(&inbox, &message));
    assert_true(stn_inbox_take(&inbox, &message));
    assert_string_equal(message.u.request.u.pin.pin, "4711");
    assert_string_equal(inbox.ring[0].u.request.u.pin.pin, ""); /* nothing of it stays */
    assert_true(stn_inbox_post_request(&inbox, &request));
    stn_inbox_close(&inbox);
    assert_false(stn_inbox_post_request(&inbox, &request));
    stn_inbox_finish(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_wins_and_drops_are_counted),
        cmocka_unit_test(test_lockstep_drops_nothing),
        cmocka_unit_test(test_close_wakes_both_sides),
        cmocka_unit_test(only_so_many_requests_wait),
        cmocka_unit_test(test_inbox_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
