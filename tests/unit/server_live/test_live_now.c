#include "unit.h"

#include "live/now.h"

#include <stdio.h>
#include <string.h>

static struct cm_clock_manual clock_;
static struct srv_now *now;

static int set_up(void **state)
{
    (void)state;
    cm_clock_manual_init(&clock_, 1764000000000, 0);
    assert_int_equal(srv_now_create(&clock_.base, &now, NULL), CM_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    srv_now_destroy(now);
    return 0;
}

static struct srv_station_now seen_as(const char *camera, uint64_t waiting)
{
    struct srv_station_now seen = {.last_seq = 100 + waiting, .acked_seq = 100, .version = "0.1.0"};
    snprintf(seen.camera, sizeof seen.camera, "%s", camera);
    return seen;
}

static void pages_are_told_what_changed_and_no_more(void **state)
{
    (void)state;
    static const struct {
        const char *camera;
        uint64_t waiting;
        bool news;
    } cases[] = {
        {"clear", 0, true},    /* comes online */
        {"clear", 0, false},   /* the same again */
        {"covered", 0, true},  /* the camera */
        {"covered", 70, true}, /* something to send */
        {"covered", 20, false}, {"covered", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_station_now seen = seen_as(cases[i].camera, cases[i].waiting);
        if (srv_now_seen(now, "one", &seen) != cases[i].news)
            fail_msg("case %zu", i);
    }
}

static void a_station_is_online_for_a_minute(void **state)
{
    (void)state;
    struct srv_station_now seen = seen_as("clear", 3), got;
    assert_false(srv_now_get(now, "one", &got));
    srv_now_seen(now, "one", &seen);
    cm_clock_manual_advance(&clock_, SRV_NOW_ONLINE_MS * 1000LL);
    assert_true(srv_now_get(now, "one", &got));
    assert_true(got.online);
    assert_false(srv_now_sweep(now));
    cm_clock_manual_advance(&clock_, 1000);
    assert_true(srv_now_get(now, "one", &got));
    assert_false(got.online);
    assert_int_equal(got.last_seq, 103);
    assert_true(srv_now_sweep(now)); /* told once */
    assert_false(srv_now_sweep(now));
    assert_true(srv_now_seen(now, "one", &seen)); /* and when it comes back */
}

static void what_was_seen_is_taken_once(void **state)
{
    (void)state;
    struct srv_now_change changes[4];
    struct srv_station_now seen = seen_as("clear", 0);
    for (int i = 0; i < 6; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        srv_now_seen(now, id, &seen);
    }
    assert_int_equal(srv_now_take_changed(now, changes, 4), 4);
    assert_int_equal(srv_now_take_changed(now, changes, 4), 2);
    assert_string_equal(changes[1].station_id, "s5");
    assert_int_equal(srv_now_take_changed(now, changes, 4), 0);
}

static void there_is_a_bound(void **state)
{
    (void)state;
    struct srv_station_now seen = seen_as("clear", 0), got;
    char id[16];
    for (int i = 0; i <= SRV_NOW_STATIONS_MAX; i++) {
        snprintf(id, sizeof id, "%d", i);
        srv_now_seen(now, id, &seen);
    }
    assert_true(srv_now_get(now, "0", &got));
    assert_false(srv_now_get(now, id, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_are_told_what_changed_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_station_is_online_for_a_minute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_seen_is_taken_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_a_bound, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
