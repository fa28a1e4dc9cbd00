/* The table of routes, read as a table. */
#include "unit.h"

#include "routes/routes.h"
#include "sync/message.h"
#include <stdio.h>
#include <string.h>

static bool path_is(const struct srv_route *route, const char *path)
{
    size_t size = strcspn(route->pattern, "?");
    return strlen(path) == size && memcmp(route->pattern, path, size) == 0;
}

static void no_row_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < srv_route_count; i++)
        for (size_t k = i + 1; k < srv_route_count; k++)
            if (srv_routes[i].method == srv_routes[k].method &&
                strcspn(srv_routes[i].pattern, "?") == strcspn(srv_routes[k].pattern, "?") &&
                strncmp(srv_routes[i].pattern, srv_routes[k].pattern, strcspn(srv_routes[i].pattern, "?")) ==
                    0)
                fail_msg("%s is there twice", srv_routes[i].pattern);
}

/* "/api/x/:id" where the pattern before it is "/api/x/:name": a call would find only one of them. */
static void no_row_hides_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < srv_route_count; i++) {
        const struct srv_route *route = &srv_routes[i];
        char path[256];
        size_t used = 0;
        for (const char *at = route->pattern; *at != '\0' && *at != '?';) {
            if (*at == ':') {
                path[used++] = 'x';
                at += strcspn(at, "/?");
            } else {
                path[used++] = *at++;
            }
        }
        struct srv_match match;
        srv_route_match(srv_routes, srv_route_count, route->method, path, used, &match);
        assert_int_equal(match.status, 200);
        assert_string_equal(match.route->pattern, route->pattern);
    }
}

static void bodies_are_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < srv_route_count; i++) {
        const struct srv_route *route = &srv_routes[i];
        bool writes = route->method == SRV_POST || route->method == SRV_PUT || route->method == SRV_PATCH;
        print_message("route %s\n", route->pattern);
        assert_true(writes ? route->body_max > 0 : route->method == SRV_DELETE || route->body_max == 0);
        assert_true(route->body_max <= 8u << 20);
        assert_non_null(route->handler);
    }
}

static void almost_all_ask_who_comes(void **state)
{
    (void)state;
    static const char *const open_to_anyone[] = {
        "/",
        "/admin", /* an empty page: what it shows comes from /api */
        "/student-dashboard",
        "/assets/:file",
        "/favicon.ico",
        "/api/auth/login",
        "/api/auth/reset/request",
        "/api/auth/reset/confirm",
        "/sync/v1/pair",
        "/webhooks/whatsapp", /* wants a token, or a signature */
        "/healthz",
        "/metrics", /* asks itself */
        "/api/openapi.json",
    };
    for (size_t i = 0; i < srv_route_count; i++) {
        const struct srv_route *route = &srv_routes[i];
        bool listed = false;
        for (size_t k = 0; k < sizeof open_to_anyone / sizeof open_to_anyone[0]; k++)
            listed |= path_is(route, open_to_anyone[k]);
        assert_int_not_equal(route->roles, 0);
        if (((route->roles & SRV_ROLE_ANYONE) != 0) != listed)
            fail_msg("%s: open to anyone, or not?", route->pattern);
        bool of_stations = strncmp(route->pattern, "/sync/", 6) == 0 && !listed;
        assert_int_equal(route->roles == SRV_ROLE_STATION, of_stations);
    }
}

/* A student never reaches what belongs to others but through ":id", which the handlers judge. */
static void what_a_student_reaches(void **state)
{
    (void)state;
    static const char *const his[] = {
        "/api/auth/logout",
        "/api/auth/change-password",
        "/api/me",
        "/api/me/profile",
        "/api/leaderboard",
        "/api/students/:id",
        "/api/calendar",
        "/api/students/:id/attendance",
        "/api/events",
        "/api/students/:id/trend",
        "/api/students/:id/export",
        "/api/students/:id/history",
        "/api/students/:id/disputes",
    };
    for (size_t i = 0; i < srv_route_count; i++) {
        bool listed = false;
        for (size_t k = 0; k < sizeof his / sizeof his[0]; k++)
            listed |= path_is(&srv_routes[i], his[k]);
        if ((srv_routes[i].roles & SRV_ROLE_STUDENT) != 0 && !listed)
            fail_msg("%s is new for students: say so here, and test it", srv_routes[i].pattern);
    }
}

/* What a station says with a pull, it may say: one word that its row lacks would stop every station. */
static void a_pull_is_understood(void **state)
{
    (void)state;
    char whole[256] = "/sync/v1/changes";
    const struct srv_route *row = NULL;
    for (size_t i = 0; i < srv_route_count; i++)
        if (path_is(&srv_routes[i], whole))
            row = &srv_routes[i];
    for (int i = 0; i < CM_PULL_NAMES; i++)
        strcat(strcat(whole, i == 0 ? "?" : "&"), cm_pull_names[i]);
    assert_non_null(row);
    assert_string_equal(row->pattern, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_twice),           cmocka_unit_test(no_row_hides_another),
        cmocka_unit_test(bodies_are_bounded),     cmocka_unit_test(almost_all_ask_who_comes),
        cmocka_unit_test(what_a_student_reaches), cmocka_unit_test(a_pull_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
