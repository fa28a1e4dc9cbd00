#include "unit.h"

#include "notify/pace.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
static struct srv_pace *pace;
static struct srv_pace_now now;

static int start(void **state)
{
    static const struct srv_pace_limits limits = {.rate_per_s = 4, .people_per_day = 3, .pair_ms = 6000};
    (void)state;
    now = (struct srv_pace_now){.mono_ms = 1000000, .wall_ms = INT64_C(1795404100000)};
    return srv_pace_create(&limits, &pace, NULL);
}

static int stop(void **state)
{
    (void)state;
    srv_pace_destroy(pace);
    return 0;
}

static void pass(int64_t ms)
{
    now.mono_ms += ms;
    now.wall_ms += ms;
}

static void send_to(const char *address)
{
    assert_int_equal(srv_pace_may(pace, address, now), SRV_PACE_GO);
    srv_pace_begin(pace, address, now);
}

static void one_at_a_time_to_an_address(void **state)
{
    (void)state;
    send_to("+911");
    pass(10 * MINUTE);
    assert_int_equal(srv_pace_may(pace, "+911", now), SRV_PACE_BUSY); /* it is still under way */
    assert_int_equal(srv_pace_may(pace, "+912", now), SRV_PACE_GO);
    srv_pace_end(pace, "+911");
    send_to("+911");
    srv_pace_end(pace, "+911");
    pass(5999);
    assert_int_equal(srv_pace_may(pace, "+911", now), SRV_PACE_BUSY);
    pass(1);
    send_to("+911");
}

static void so_many_a_second(void **state)
{
    (void)state;
    send_to("+911");
    send_to("+912");
    send_to("+913");
    srv_pace_end(pace, "+911");
    pass(6000);
    for (int i = 0; i < 3; i++) { /* 4 at once, then one each quarter of a second */
        srv_pace_end(pace, "+912");
        srv_pace_end(pace, "+913");
    }
    send_to("+911");
    send_to("+912");
    send_to("+913");
    srv_pace_end(pace, "+911");
    srv_pace_end(pace, "+912");
    srv_pace_end(pace, "+913");
    pass(6000);
    send_to("+911");
    send_to("+912");
    send_to("+913");
    assert_int_equal(srv_pace_may(pace, "+914", now), SRV_PACE_QUOTA);
}

static void the_rate(void **state)
{
    (void)state;
    struct srv_pace *own;
    static const struct srv_pace_limits limits = {.rate_per_s = 2, .people_per_day = 1000, .pair_ms = 6000};
    char address[16];
    int sent = 0;
    assert_int_equal(srv_pace_create(&limits, &own, NULL), CM_OK);
    for (int ms = 0; ms < 10000; ms += 10, pass(10)) {
        snprintf(address, sizeof address, "+91%d", ms);
        if (srv_pace_may(own, address, now) == SRV_PACE_GO) {
            srv_pace_begin(own, address, now);
            sent++;
        }
    }
    assert_in_range(sent, 20, 22); /* 2 a second, and 2 that were saved up */
    srv_pace_destroy(own);
}

static void so_many_people_in_24_hours(void **state)
{
    (void)state;
    send_to("+911");
    pass(HOUR);
    send_to("+912");
    pass(HOUR);
    send_to("+913");
    srv_pace_end(pace, "+911");
    srv_pace_end(pace, "+912");
    srv_pace_end(pace, "+913");
    pass(HOUR);
    assert_int_equal(srv_pace_may(pace, "+914", now), SRV_PACE_QUOTA);
    assert_int_equal(srv_pace_may(pace, "+912", now), SRV_PACE_GO); /* who had one may have more */
    pass(20 * HOUR + 59 * MINUTE);
    assert_int_equal(srv_pace_may(pace, "+914", now), SRV_PACE_QUOTA);
    pass(MINUTE); /* the first is 24 hours ago */
    send_to("+914");
    pass(MINUTE);
    assert_int_equal(srv_pace_may(pace, "+911", now), SRV_PACE_QUOTA);
}

static void what_did_not_begin_counts_nowhere(void **state)
{
    (void)state;
    send_to("+911");
    send_to("+912");
    send_to("+913");
    assert_int_equal(srv_pace_may(pace, "+914", now), SRV_PACE_QUOTA);
    srv_pace_take_back(pace, "+912");
    send_to("+914");
    srv_pace_end(pace, "+914");
    pass(7000);
    send_to("+914"); /* who had one keeps it */
    srv_pace_take_back(pace, "+914");
    assert_int_equal(srv_pace_may(pace, "+912", now), SRV_PACE_QUOTA);
    assert_int_equal(srv_pace_may(pace, "+914", now), SRV_PACE_GO);
    srv_pace_take_back(pace, "+919"); /* nobody */
}

static void a_restart_forgets_nobody(void **state)
{
    (void)state;
    srv_pace_was_sent(pace, "+911", now.wall_ms - 23 * HOUR, now);
    srv_pace_was_sent(pace, "+912", now.wall_ms - HOUR, now);
    srv_pace_was_sent(pace, "+913", now.wall_ms - HOUR, now);
    srv_pace_was_sent(pace, "+914", now.wall_ms - 25 * HOUR, now); /* does not count */
    srv_pace_was_sent(pace, "", now.wall_ms, now);
    assert_int_equal(srv_pace_may(pace, "+914", now), SRV_PACE_QUOTA);
    assert_int_equal(srv_pace_may(pace, "+911", now), SRV_PACE_GO);
    pass(HOUR);
    assert_int_equal(srv_pace_may(pace, "+914", now), SRV_PACE_GO);
}

/* Against a list that is searched from one end to the other. */
static void many_people_come_and_go(void **state)
{
    (void)state;
    enum { PEOPLE = 400, LIMIT = 150 };
    static const struct srv_pace_limits limits = {.rate_per_s = 80, .people_per_day = LIMIT, .pair_ms = 0};
    struct srv_pace *own;
    int64_t last[PEOPLE] = {0};
    char address[16];
    assert_int_equal(srv_pace_create(&limits, &own, NULL), CM_OK);
    srand(7);
    for (int i = 0; i < 20000; i++) {
        int who = rand() % PEOPLE, count = 0;
        pass(rand() % (2 * MINUTE) +
             11000); /* long enough for the rate, and to look again who is of yesterday */
        for (int k = 0; k < PEOPLE; k++)
            count += last[k] != 0 && now.wall_ms - last[k] < 24 * HOUR;
        bool known = last[who] != 0 && now.wall_ms - last[who] < 24 * HOUR;
        snprintf(address, sizeof address, "+91%d", who);
        enum srv_pace_answer answer = srv_pace_may(own, address, now);
        if (answer == SRV_PACE_GO && !known)
            assert_true(count < LIMIT);
        if (known || count < LIMIT)
            assert_int_equal(answer, SRV_PACE_GO);
        if (answer == SRV_PACE_GO) {
            srv_pace_begin(own, address, now);
            srv_pace_end(own, address);
            last[who] = now.wall_ms;
        }
    }
    srv_pace_destroy(own);
}

static void backoff(void **state)
{
    (void)state;
    assert_int_equal(srv_backoff_ms(1, 30000, 3600000, UINT32_MAX), 30000);
    assert_int_equal(srv_backoff_ms(2, 30000, 3600000, UINT32_MAX), 60000);
    assert_int_equal(srv_backoff_ms(5, 30000, 3600000, UINT32_MAX), 480000);
    assert_int_equal(srv_backoff_ms(100, 30000, 3600000, UINT32_MAX), 3600000);
    assert_int_equal(srv_backoff_ms(INT32_MAX, 30000, 3600000, UINT32_MAX), 3600000);
    assert_int_equal(srv_backoff_ms(5, 30000, 3600000, UINT32_MAX / 2), 240000 - 1);
    assert_int_equal(srv_backoff_ms(5, 30000, 3600000, 0), 1000);
    assert_int_equal(srv_backoff_ms(0, 1000, 3600000, UINT32_MAX), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_at_a_time_to_an_address, start, stop),
        cmocka_unit_test_setup_teardown(so_many_a_second, start, stop),
        cmocka_unit_test(the_rate),
        cmocka_unit_test_setup_teardown(so_many_people_in_24_hours, start, stop),
        cmocka_unit_test_setup_teardown(what_did_not_begin_counts_nowhere, start, stop),
        cmocka_unit_test_setup_teardown(a_restart_forgets_nobody, start, stop),
        cmocka_unit_test(many_people_come_and_go),
        cmocka_unit_test(backoff),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
