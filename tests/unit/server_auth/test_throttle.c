#include "auth/throttle.h"

#include "unit.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct srv_throttle *throttle;
static int64_t now_ms;

static int make(void **state)
{
    (void)state;
    static const uint8_t key[16] = "0123456789abcde";
    throttle = malloc(sizeof(*throttle));
    srv_throttle_init(throttle, key);
    now_ms = 1000 * 1000;
    return 0;
}

static int drop(void **state)
{
    (void)state;
    free(throttle);
    return 0;
}

static int try_(const char *account, const char *address)
{
    return srv_throttle_try(throttle, "login", account, address, now_ms);
}

/* Each row: after so many seconds without a try, a try is let in or told how long to wait. */
static void an_account_from_one_address_waits_longer_and_longer(void **state)
{
    (void)state;
    static const struct {
        int after_s, wait_s;
    } rows
        [] =
            {
                {0, 0},   {0, 0},   {0, 0},   {0, 0}, /* four are free */
                {0, 2},   {1, 1},   {1, 0},           /* 2 s, then the fifth */
                {0, 4},   {4, 0},   {0, 8},   {8, 0},   {0, 16},  {16, 0},  {0, 32},
                {32, 0},  {0, 64},  {64, 0},  {0, 128}, {128, 0}, {0, 256}, {256, 0},
                {0, 512}, {512, 0}, {0, 900}, {900, 0}, {0, 900}, /* no longer */
            };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        now_ms += rows[i].after_s * 1000;
        int wait_s = try_("anna", "192.0.2.1");
        if (wait_s != rows[i].wait_s)
            fail_msg("row %zu: %d s, not %d s", i, wait_s, rows[i].wait_s);
    }
}

static void a_try_that_waits_is_not_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(try_("anna", "192.0.2.1"), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(try_("anna", "192.0.2.1"), 2);
    now_ms += 2000;
    assert_int_equal(try_("anna", "192.0.2.1"), 0);
}

static void a_stranger_does_not_lock_the_owner_out(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        try_("admin", "203.0.113.9");
        now_ms += 100;
    }
    assert_int_not_equal(try_("admin", "203.0.113.9"), 0);
    assert_int_equal(try_("admin", "192.0.2.1"), 0);
}

static void many_accounts_from_one_address_wait_shortly(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        assert_int_equal(try_(name, "192.0.2.1"), 0);
    }
    assert_int_equal(try_("another", "192.0.2.1"), 2);
    assert_int_equal(try_("another", "192.0.2.2"), 0);
    for (int i = 0; i < 10; i++) { /* never more than half a minute: a whole school may be there */
        now_ms += 30000;
        snprintf(name, sizeof(name), "more%d", i);
        assert_int_equal(try_(name, "192.0.2.1"), 0);
    }
    assert_int_equal(try_("again", "192.0.2.1"), 30);
}

static void success_forgets_the_account_and_gives_the_address_its_try_back(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < 500; i++) { /* a school's morning behind one address */
        snprintf(name, sizeof(name), "pupil%d", i);
        assert_int_equal(try_(name, "192.0.2.1"), 0);
        srv_throttle_succeeded(throttle, "login", name, "192.0.2.1", now_ms);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(try_("anna", "192.0.2.1"), 0);
    assert_int_equal(try_("anna", "192.0.2.1"), 2);
    now_ms += 2000;
    assert_int_equal(try_("anna", "192.0.2.1"), 0);
    srv_throttle_succeeded(throttle, "login", "anna", "192.0.2.1", now_ms);
    for (int i = 0; i < 4; i++)
        assert_int_equal(try_("anna", "192.0.2.1"), 0);
    assert_int_equal(try_("anna", "192.0.2.1"), 2);
}

static void an_hour_forgets(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        try_("anna", "192.0.2.1");
    assert_int_equal(try_("anna", "192.0.2.1"), 2);
    now_ms += 3600 * 1000;
    for (int i = 0; i < 4; i++)
        assert_int_equal(try_("anna", "192.0.2.1"), 0);
}

static void addresses_count_as_a_customer_has_them(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true}, {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},           {"192.0.2.1", "192.0.2.2", false},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        now_ms += 7200 * 1000;
        for (int k = 0; k < 4; k++)
            assert_int_equal(try_("anna", cases[i].one), 0);
        if ((try_("anna", cases[i].other) != 0) != cases[i].same)
            fail_msg("%s and %s", cases[i].one, cases[i].other);
    }
}

static void doors_are_counted_apart(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        try_("anna", "192.0.2.1");
    assert_int_equal(try_("anna", "192.0.2.1"), 2);
    assert_int_equal(srv_throttle_try(throttle, "reset", "anna", "192.0.2.1", now_ms), 0);
}

static void sessions_without_end_slow_down(void **state)
{
    (void)state;
    int begun = 0;
    for (int s = 0; s < 12 * 3600; s++) {
        begun += srv_throttle_session(throttle, "anna", now_ms) == 0;
        if (s < 199)
            assert_int_equal(begun, s + 1);
        now_ms += 1000;
    }
    assert_in_range(begun, 800, 1000);
    assert_int_equal(srv_throttle_session(throttle, "ben", now_ms), 0);
}

/* A flood from everywhere does not make the table forget who is waiting. */
static void the_table_keeps_whoever_waits_longest(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        try_("admin", "203.0.113.9");
        now_ms += 900 * 1000;
    }
    try_("admin", "203.0.113.9");
    int before = try_("admin", "203.0.113.9");
    assert_int_equal(before, 900);
    char address[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        try_("x", address);
    }
    assert_int_equal(try_("admin", "203.0.113.9"), 900);
}

/* Four tries from each of a thousand addresses would be four thousand an hour. */
static void guessing_from_everywhere_slows_down_and_locks_nobody_out(void **state)
{
    (void)state;
    char address[32];
    int tried = 0;
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 1000; i++) {
            snprintf(address, sizeof(address), "10.0.%d.%d", i >> 8, i & 255);
            tried += try_("anna", address) == 0;
        }
    assert_in_range(tried, 1000, 1100);
    assert_int_equal(try_("anna", "10.0.3.1"), 30);
    assert_int_equal(try_("anna", "192.0.2.1"), 0); /* her own, from a new address */
    assert_int_equal(try_("ben", "10.0.3.1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_account_from_one_address_waits_longer_and_longer, make, drop),
        cmocka_unit_test_setup_teardown(a_try_that_waits_is_not_counted, make, drop),
        cmocka_unit_test_setup_teardown(a_stranger_does_not_lock_the_owner_out, make, drop),
        cmocka_unit_test_setup_teardown(many_accounts_from_one_address_wait_shortly, make, drop),
        cmocka_unit_test_setup_teardown(success_forgets_the_account_and_gives_the_address_its_try_back, make,
                                        drop),
        cmocka_unit_test_setup_teardown(an_hour_forgets, make, drop),
        cmocka_unit_test_setup_teardown(addresses_count_as_a_customer_has_them, make, drop),
        cmocka_unit_test_setup_teardown(doors_are_counted_apart, make, drop),
        cmocka_unit_test_setup_teardown(sessions_without_end_slow_down, make, drop),
        cmocka_unit_test_setup_teardown(the_table_keeps_whoever_waits_longest, make, drop),
        cmocka_unit_test_setup_teardown(guessing_from_everywhere_slows_down_and_locks_nobody_out, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
