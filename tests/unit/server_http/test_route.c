#include "http/http.h"

#include "unit.h"
#include <string.h>

static void handler(struct srv_call *call)
{
    (void)call;
}

static const struct srv_route routes[] = {
    {SRV_GET, "/", handler, SRV_ROLE_ANYONE, 0, NULL, 0},
    {SRV_GET, "/api/students?q&limit", handler, SRV_ROLE_STAFF, 0, NULL, 0},
    {SRV_POST, "/api/students", handler, SRV_ROLE_ADMIN, 100, NULL, 0},
    {SRV_POST, "/api/students/import", handler, SRV_ROLE_ADMIN, 100, NULL, 0},
    {SRV_GET, "/api/students/:id?month", handler, SRV_ROLE_STAFF, 0, NULL, 0},
    {SRV_PATCH, "/api/students/:id", handler, SRV_ROLE_ADMIN, 100, NULL, 0},
    {SRV_DELETE, "/api/students/:id", handler, SRV_ROLE_ADMIN, 0, NULL, 0},
    {SRV_POST, "/api/rolls/:class/:date/close", handler, SRV_ROLE_STAFF, 100, NULL, 0},
};
enum { COUNT = sizeof routes / sizeof routes[0], NONE = -1 };

struct param {
    const char *name, *value;
};

static const struct {
    enum srv_method method;
    const char *path;
    int status, route; /* row of the table */
    struct param params[2];
    const char *allow;
} cases[] = {
    {SRV_GET, "/", 200, 0, {{NULL, NULL}}, NULL},
    {SRV_POST, "/", 405, NONE, {{NULL, NULL}}, "GET, HEAD"},
    {SRV_GET, "", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "//", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students", 200, 1, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/API/students", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/%61pi/students", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_POST, "/api/students", 200, 2, {{NULL, NULL}}, NULL},
    {SRV_PUT, "/api/students", 405, NONE, {{NULL, NULL}}, "GET, HEAD, POST"},
    {SRV_POST, "/api/students/import", 200, 3, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/import", 200, 4, {{"id", "import"}}, NULL},
    {SRV_GET, "/api/students/12B-3", 200, 4, {{"id", "12B-3"}}, NULL},
    {SRV_PATCH, "/api/students/a%20b", 200, 5, {{"id", "a b"}}, NULL},
    {SRV_PUT, "/api/students/x", 405, NONE, {{NULL, NULL}}, "GET, HEAD, PATCH, DELETE"},
    {0, "/api/students/x", 405, NONE, {{NULL, NULL}}, "GET, HEAD, PATCH, DELETE"},
    {0, "/nowhere", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/a/b", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/a%2fb", 200, 4, {{"id", "a/b"}}, NULL}, /* one segment: an escape ends none */
    {SRV_GET, "/api%2fstudents", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_POST, "/api/rolls/5%2FA/2026-11-23/close", 200, 7, {{"class", "5/A"}, {"date", "2026-11-23"}}, NULL},
    {SRV_POST, "/api/rolls/5%2F2026-11-23/close", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/a%00b", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/a%0ab", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/a%7f", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/a%zz", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/a%4", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_GET, "/api/students/%C3%84", 200, 4, {{"id", "\xc3\x84"}}, NULL},
    {SRV_POST, "/api/rolls/5A/2026-11-23/close", 200, 7, {{"class", "5A"}, {"date", "2026-11-23"}}, NULL},
    {SRV_POST, "/api/rolls/5A//close", 404, NONE, {{NULL, NULL}}, NULL},
    {SRV_POST, "/api/rolls/5A/2026-11-23", 404, NONE, {{NULL, NULL}}, NULL},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_match match;
        print_message("%d %s\n", (int)cases[i].method, cases[i].path);
        srv_route_match(routes, COUNT, cases[i].method, cases[i].path, strlen(cases[i].path), &match);
        assert_int_equal(match.status, cases[i].status);
        if (cases[i].route == NONE)
            assert_null(match.route);
        else
            assert_ptr_equal(match.route, &routes[cases[i].route]);
        assert_string_equal(match.allow, cases[i].allow != NULL ? cases[i].allow : "");
        int params = 0;
        for (; params < 2 && cases[i].params[params].name != NULL; params++) {
            assert_int_equal(match.params[params].name_size, strlen(cases[i].params[params].name));
            assert_memory_equal(match.params[params].name, cases[i].params[params].name,
                                match.params[params].name_size);
            assert_string_equal(match.params[params].value, cases[i].params[params].value);
        }
        assert_int_equal(match.param_count, params);
    }
}

static void test_long_parameter(void **state)
{
    (void)state;
    char path[SRV_PARAM_SIZE + 64] = "/api/students/";
    size_t prefix = strlen(path);
    struct srv_match match;
    memset(path + prefix, 'x', SRV_PARAM_SIZE);
    srv_route_match(routes, COUNT, SRV_GET, path, prefix + SRV_PARAM_SIZE - 1, &match);
    assert_int_equal(match.status, 200);
    assert_int_equal(strlen(match.params[0].value), SRV_PARAM_SIZE - 1);
    srv_route_match(routes, COUNT, SRV_GET, path, prefix + SRV_PARAM_SIZE, &match);
    assert_int_equal(match.status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_long_parameter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
