#include "http/limits.h"
#include "http/waits.h"

#include "unit.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* ---- addresses ---- */

static struct srv_address key_of(const char *text, char ret_text[48])
{
    struct sockaddr_storage from;
    struct srv_address key;
    memset(&from, 0, sizeof from);
    if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&from)->sin_addr) == 1)
        from.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&from)->sin6_addr) == 1)
        from.ss_family = AF_INET6;
    srv_address_of(&from, ret_text, &key);
    return key;
}

static void test_address_text_and_key(void **state)
{
    char a[48], b[48];
    struct srv_address one = key_of("192.0.2.7", a), two = key_of("::ffff:192.0.2.7", b);
    (void)state;
    assert_string_equal(a, "192.0.2.7");
    assert_string_equal(b, "192.0.2.7");
    assert_memory_equal(&one, &two, sizeof one);
    one = key_of("2001:db8:1:2:3::1", a);
    two = key_of("2001:db8:1:2:ffff::9", b);
    assert_string_equal(a, "2001:db8:1:2:3::1");
    assert_memory_equal(&one, &two, sizeof one); /* one /64 is one client */
    two = key_of("2001:db8:1:3::1", b);
    assert_memory_not_equal(&one, &two, sizeof one);
    assert_true(srv_address_is_loopback("127.0.0.1"));
    assert_true(srv_address_is_loopback("::1"));
    assert_false(srv_address_is_loopback("192.0.2.7"));
    assert_false(srv_address_is_loopback("0.0.0.0"));
}

static void test_per_address(void **state)
{
    struct srv_addresses *addresses;
    char text[48];
    struct srv_address a = key_of("192.0.2.1", text), b = key_of("192.0.2.2", text);
    (void)state;
    assert_int_equal(srv_addresses_create(10, &addresses), CM_OK);
    assert_true(srv_addresses_add(addresses, &a, 2));
    assert_true(srv_addresses_add(addresses, &a, 2));
    assert_false(srv_addresses_add(addresses, &a, 2));
    assert_true(srv_addresses_add(addresses, &b, 2));
    srv_addresses_remove(addresses, &a);
    assert_true(srv_addresses_add(addresses, &a, 2));
    assert_false(srv_addresses_add(addresses, &a, 2));
    assert_true(srv_addresses_add(addresses, &a, 0)); /* no limit */
    srv_addresses_destroy(addresses);
}

/* Against a plain array, with entries that come and go at random. */
static void test_table_keeps_count(void **state)
{
    enum { ADDRESSES = 64, STEPS = 20000, MAX = 100 };
    struct srv_addresses *addresses;
    int counts[ADDRESSES] = {0}, total = 0;
    uint32_t seed = 12345;
    (void)state;
    assert_int_equal(srv_addresses_create(MAX, &addresses), CM_OK);
    for (int i = 0; i < STEPS; i++) {
        seed = seed * 1664525u + 1013904223u;
        int which = (int)(seed >> 16) % ADDRESSES;
        struct srv_address address = {.bytes = {[15] = (uint8_t)which}};
        if ((seed >> 8 & 1) != 0 && total < MAX) {
            bool taken = srv_addresses_add(addresses, &address, 3);
            assert_int_equal(taken, counts[which] < 3);
            counts[which] += taken;
            total += taken;
        } else if (counts[which] > 0) {
            srv_addresses_remove(addresses, &address);
            counts[which]--;
            total--;
        }
    }
    srv_addresses_destroy(addresses);
}

/* ---- waits ---- */

static void test_waits(void **state)
{
    struct srv_waits waits;
    struct srv_wait a = {0}, b = {0}, c = {0};
    (void)state;
    srv_waits_init(&waits, (const int64_t[SRV_WAIT_KINDS]){[SRV_WAIT_HEAD] = 10, [SRV_WAIT_IDLE] = 100});
    assert_null(srv_waits_over(&waits, 1000));
    srv_wait_begin(&waits, &a, SRV_WAIT_HEAD, 0);
    srv_wait_begin(&waits, &b, SRV_WAIT_HEAD, 1);
    srv_wait_begin(&waits, &c, SRV_WAIT_IDLE, 0);
    assert_null(srv_waits_over(&waits, 9));
    assert_ptr_equal(srv_waits_over(&waits, 11), &a);
    assert_false(srv_waiting(&a));
    srv_wait_begin(&waits, &b, SRV_WAIT_HEAD, 5); /* begins again */
    assert_null(srv_waits_over(&waits, 14));
    srv_wait_end(&b);
    srv_wait_end(&b);
    assert_null(srv_waits_over(&waits, 99));
    assert_ptr_equal(srv_waits_over(&waits, 100), &c);
    srv_wait_begin(&waits, &a, SRV_WAIT_BODY, 100); /* a length of 0 still is one */
    assert_null(srv_waits_over(&waits, 100));
    assert_ptr_equal(srv_waits_over(&waits, 101), &a);
    assert_null(srv_waits_over(&waits, INT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_text_and_key),
        cmocka_unit_test(test_per_address),
        cmocka_unit_test(test_table_keeps_count),
        cmocka_unit_test(test_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
