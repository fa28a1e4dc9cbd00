/* Frames of a camera, and pulls that wait: the real HTTP server on two loops. */
#include "live_fixture.h"

#include "live/private.h"

#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_SIZE = 200 * 1024 };

static uint8_t frame[FRAME_SIZE] = {0xff, 0xd8, 0xff};

static void send_frame(uint8_t mark)
{
    memset(frame + 3, mark, sizeof frame - 3);
    srv_live_frame(fixture.app.live, "door", frame, sizeof frame);
}

static void come_online(void)
{
    struct srv_station_now now = {.camera = "clear"};
    srv_live_station_seen(fixture.app.live, "door", &now);
}

/* Reads until the byte has come so often; what came last. */
static bool read_mark(int fd, uint8_t mark, size_t times)
{
    static uint8_t bytes[65536];
    while (times > 0) {
        struct pollfd poll_ = {.fd = fd, .events = POLLIN};
        ssize_t got = poll(&poll_, 1, FIXTURE_DEADLINE_MS) == 1 ? recv(fd, bytes, sizeof bytes, 0) : 0;
        if (got <= 0)
            return false;
        for (ssize_t i = 0; i < got && times > 0; i++)
            times -= bytes[i] == mark;
    }
    return true;
}

static void wait_until_wanted(bool wanted)
{
    for (int i = 0; srv_live_wants_frames(fixture.app.live, "door") != wanted; i++) {
        assert_true(i < FIXTURE_DEADLINE_MS);
        poll(NULL, 0, 1);
    }
}

static void a_page_gets_frames_while_it_watches(void **state)
{
    (void)state;
    come_online();
    assert_false(srv_live_wants_frames(fixture.app.live, "door"));
    int fd = live_fixture_get("/api/stations/door/live", "");
    assert_true(fd >= 0);
    wait_until_wanted(true);
    send_frame(0x81);
    assert_true(read_mark(fd, 0x81, FRAME_SIZE - 3));
    send_frame(0x82);
    assert_true(read_mark(fd, 0x82, FRAME_SIZE - 3));
    close(fd);
    assert_true(
        srv_live_wants_frames(fixture.app.live, "door")); /* for a while: the page may only be loading anew */
}

static void a_slow_page_gets_the_newest_and_holds_nothing_up(void **state)
{
    (void)state;
    come_online();
    int slow = live_fixture_get("/api/stations/door/live", ""),
        quick = live_fixture_get("/api/stations/door/live", "");
    wait_until_wanted(true);
    for (int i = 0; i < 100; i++) { /* 20 MB that slow does not take */
        send_frame((uint8_t)(0x80 + i % 2));
        assert_true(read_mark(quick, (uint8_t)(0x80 + i % 2), FRAME_SIZE - 3));
    }
    send_frame(0x90);
    assert_true(read_mark(slow, 0x90, FRAME_SIZE - 3));
    close(slow);
    close(quick);
}

static void what_is_no_picture_is_dropped(void **state)
{
    (void)state;
    static const uint8_t html[] = "<html>";
    come_online();
    int fd = live_fixture_get("/api/stations/door/live", "");
    wait_until_wanted(true);
    srv_live_frame(fixture.app.live, "door", html, sizeof html);
    send_frame(0x81);
    static uint8_t bytes[4096];
    size_t size = 0;
    while (memchr(bytes, 0x81, size) == NULL && size < sizeof bytes) {
        ssize_t got = recv(fd, bytes + size, sizeof bytes - size, 0);
        assert_true(got > 0);
        size += (size_t)got;
    }
    assert_null(memmem(bytes, size, "<html>", 6));
    close(fd);
}

/* Not a quarter of a minute later, as when a page went away without a word. */
static void frames_end_with_stop(void **state)
{
    (void)state;
    come_online();
    int fd = live_fixture_get("/api/stations/door/live", "");
    wait_until_wanted(true);
    send_frame(0x81);
    assert_true(read_mark(fd, 0x81, 1));
    srv_cameras_ask(fixture.app.live->cameras, "door", false);
    close(fd);
    for (int i = 0; srv_live_wants_frames(fixture.app.live, "door"); i++) {
        assert_true(i < 1500);
        send_frame(0x81); /* which finds out that nobody is there */
        poll(NULL, 0, 1);
    }
}

static void a_station_that_is_not_there_has_no_picture(void **state)
{
    (void)state;
    char answer[32] = "";
    int fd = live_fixture_get("/api/stations/door/live", "");
    assert_true(recv(fd, answer, sizeof answer - 1, 0) > 12);
    assert_memory_equal(answer, "HTTP/1.1 503", 12);
    close(fd);
}

static void watching_ends_when_nobody_can_say_who_watches(void **state)
{
    (void)state;
    come_online();
    int fd = live_fixture_get("/api/stations/door/live", "Connection: close\r\n");
    wait_until_wanted(true);
    atomic_store(&fixture.store_fails, true);
    assert_true(live_fixture_ends(fd));
    close(fd);
}

static enum cm_code revoke_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_station station;
    if (srv_store_get_station(store, arg, &station, err) != CM_OK)
        return err->code;
    station.revoked = true;
    return srv_store_put_station(store, &station, err);
}

static void watching_ends_with_the_station(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    come_online();
    int fd = live_fixture_get("/api/stations/door/live", "Connection: close\r\n");
    wait_until_wanted(true);
    assert_int_equal(srv_store_write(fixture.app.store, revoke_station, "door", &err), CM_OK);
    assert_true(live_fixture_ends(fd));
    close(fd);
}

static enum cm_code assign(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_station station;
    const char *class_id = arg;
    if (srv_store_get_station(store, "door", &station, err) != CM_OK)
        return err->code;
    station.class_count = 1;
    strcpy(station.classes[0], class_id);
    return srv_store_put_station(store, &station, err);
}

static void a_coordinator_stops_watching_a_station_that_serves_his_class_no_more(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    come_online();
    assert_int_equal(srv_store_write(fixture.app.store, assign, "T1", &err), CM_OK);
    int fd = live_fixture_get("/api/stations/door/live", "As: coordinator\r\nConnection: close\r\n");
    wait_until_wanted(true);
    send_frame(0x81);
    assert_true(read_mark(fd, 0x81, FRAME_SIZE - 3));
    assert_int_equal(srv_store_write(fixture.app.store, assign, "T2", &err), CM_OK);
    assert_true(live_fixture_ends(fd));
    close(fd);
}

/* ---- pulls that wait ---- */

static atomic_int woken;
static atomic_int registered;
static uint64_t tickets[2];

static void count_wake(void *arg)
{
    (void)arg;
    atomic_fetch_add(&woken, 1);
}

static void wait_on_loop(void *arg)
{
    int index = (int)(intptr_t)arg;
    tickets[index] = srv_live_wait(fixture.app.live, index == 0 ? "door" : "gate",
                                   srv_http_loop(fixture.app.http, index), count_wake, NULL);
    atomic_fetch_add(&registered, 1);
}

static void unwait_on_loop(void *arg)
{
    srv_live_unwait(fixture.app.live, tickets[(intptr_t)arg]);
    atomic_fetch_sub(&registered, 1);
}

static void on_both_loops(srv_loop_fn *fn, int wanted)
{
    for (intptr_t i = 0; i < FIXTURE_LOOPS; i++)
        assert_int_equal(srv_loop_post(srv_http_loop(fixture.app.http, (int)i), fn, (void *)i), CM_OK);
    for (int i = 0; atomic_load(&registered) != wanted; i++) {
        assert_true(i < FIXTURE_DEADLINE_MS);
        poll(NULL, 0, 1);
    }
}

static void wait_until_woken(int times)
{
    for (int i = 0; atomic_load(&woken) < times; i++) {
        assert_true(i < FIXTURE_DEADLINE_MS);
        poll(NULL, 0, 1);
    }
}

static void a_pull_is_woken_once_and_only_while_it_waits(void **state)
{
    (void)state;
    uint8_t *photo = calloc(1, 100);
    struct srv_job job;
    const struct srv_student student = {.base = {.id = "s1", .class_id = "T1"}};
    atomic_store(&woken, 0);
    atomic_store(&registered, 0);
    on_both_loops(wait_on_loop, 2);
    assert_int_equal(srv_live_job_create(fixture.app.live, &student, "admin", photo, 100, &job, NULL), CM_OK);
    wait_until_woken(2);
    on_both_loops(unwait_on_loop, 0); /* they are gone already: harmless */
    on_both_loops(wait_on_loop, 2);
    on_both_loops(unwait_on_loop, 0);
    srv_live_changes(fixture.app.live); /* nobody waits any more */
    on_both_loops(wait_on_loop, 2);     /* whatever was posted before has run by then */
    on_both_loops(unwait_on_loop, 0);
    assert_int_equal(atomic_load(&woken), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_gets_frames_while_it_watches, live_fixture_set_up,
                                        live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_slow_page_gets_the_newest_and_holds_nothing_up, live_fixture_set_up,
                                        live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_picture_is_dropped, live_fixture_set_up,
                                        live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(frames_end_with_stop, live_fixture_set_up, live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_station_that_is_not_there_has_no_picture, live_fixture_set_up,
                                        live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(watching_ends_when_nobody_can_say_who_watches, live_fixture_set_up,
                                        live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(watching_ends_with_the_station, live_fixture_set_up,
                                        live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_coordinator_stops_watching_a_station_that_serves_his_class_no_more,
                                        live_fixture_set_up, live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_pull_is_woken_once_and_only_while_it_waits, live_fixture_set_up,
                                        live_fixture_tear_down),
    };
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
