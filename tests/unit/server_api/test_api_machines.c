#include "unit.h"

#include "doubles.h"
#include "schema.h"
#include "school.h"
#include <string.h>

static void health(void **state)
{
    (void)state;
    assert_int_equal(call(&nobody, "GET", "/healthz", NULL), 200);
    assert_string_equal(text_at("status"), "ok");
    assert_int_equal(int_at("uptime_s"), 3600);
    assert_int_equal(int_at("store.writes_waiting"), 0);
    writer_is_full = true;
    assert_int_equal(call(&nobody, "GET", "/healthz", NULL), 503);
    assert_string_equal(text_at("status"), "writer_stalled");
    writer_is_full = false;
    assert_int_equal(call(&nobody, "GET", "/healthz", NULL), 200);
}

static void a_writer_that_stands_still(void **state)
{
    (void)state;
    writer_stands_still = true;
    assert_int_equal(call(&nobody, "GET", "/healthz", NULL), 200); /* asked */
    cm_clock_manual_advance(&school.clock, 4900 * 1000);
    assert_int_equal(call(&nobody, "GET", "/healthz", NULL), 200);
    cm_clock_manual_advance(&school.clock, 200 * 1000);
    assert_int_equal(call(&nobody, "GET", "/healthz", NULL), 503);
    writer_goes_on();
    assert_int_equal(call(&nobody, "GET", "/healthz", NULL), 200);
}

static void metrics_are_for_this_machine(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *header, *value;
        int status;
    } cases[] = {
        {"127.0.0.1", NULL, NULL, 200},
        {"::1", NULL, NULL, 200},
        {"::ffff:127.0.0.1", NULL, NULL, 200},
        {"192.168.1.7", NULL, NULL, 403},
        {"127.0.0.1", "x-forwarded-for", "203.0.113.9", 403}, /* a proxy in front of us */
        {"127.0.0.1", "forwarded", "for=203.0.113.9", 403},
        {"203.0.113.9", "x-forwarded-for", "127.0.0.1", 403},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        call_from(cases[i].peer, cases[i].header, cases[i].value);
        assert_int_equal(call(&nobody, "GET", "/metrics", NULL), cases[i].status);
    }
    call_from("127.0.0.1", NULL, NULL);
    assert_int_equal(call(&nobody, "GET", "/metrics", NULL), 200);
    assert_non_null(strstr(answer.text, "# TYPE rollcall_http_requests_total counter\n"
                                        "rollcall_http_requests_total 7\n"));
    assert_non_null(strstr(answer.text, "rollcall_http_answers_total{status=\"2xx\"} 5\n"));
}

static void the_description(void **state)
{
    (void)state;
    assert_int_equal(call(&nobody, "GET", "/api/openapi.json", NULL), 200);
    assert_string_equal(text_at("openapi"), "3.1.0");
    assert_true(json_equal(answer.json, openapi()));
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(health),
        SCHOOL_TEST(a_writer_that_stands_still),
        SCHOOL_TEST(metrics_are_for_this_machine),
        SCHOOL_TEST(the_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
