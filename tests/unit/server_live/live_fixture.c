#include "live_fixture.h"

#include "store/store_ops.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct live_fixture fixture;

/* ---- a store that can fail ---- */

static struct srv_store_ops ops;
static const struct srv_store_ops *real_ops;

static enum cm_code read_or_fail(struct srv_store *store, srv_store_fn *fn, void *arg, struct cm_err *err)
{
    return atomic_load(&fixture.store_fails) ? cm_fail(err, CM_BACKEND, "no answer")
                                             : real_ops->read(store, fn, arg, err);
}

static enum cm_code session_or_fail(struct srv_store *store, const uint8_t id[16],
                                    struct srv_session *ret_session, struct cm_err *err)
{
    return atomic_load(&fixture.store_fails) ? cm_fail(err, CM_BACKEND, "no answer")
                                             : real_ops->get_session(store, id, ret_session, err);
}

static void make_fallible(struct srv_store *store)
{
    real_ops = store->ops;
    ops = *real_ops;
    ops.read = read_or_fail;
    ops.get_session = session_or_fail;
    store->ops = &ops;
    atomic_store(&fixture.store_fails, false);
}

/* ---- the server ---- */

static int admit(void *app, struct srv_call *call, const struct srv_route *route,
                 struct srv_identity *ret_identity)
{
    (void)app, (void)route;
    *ret_identity = (struct srv_identity){.role = SRV_ROLE_ADMIN, .user = "admin", .session = {1}};
    if (srv_call_header(call, "as") != NULL)
        *ret_identity = (struct srv_identity){.role = SRV_ROLE_COORDINATOR,
                                              .user = "coordinator",
                                              .session = {2},
                                              .class_count = 1,
                                              .classes = {"T1"}};
    return 0;
}

static const struct srv_route routes[] = {
    {SRV_GET, "/api/events", srv_live_events, SRV_ROLE_PERSON, 0, NULL, SRV_LONG},
    {SRV_GET, "/api/stations/:id/live", srv_live_video, SRV_ROLE_STAFF, 0, NULL, SRV_LONG},
};

static void *run_server(void *arg)
{
    struct cm_err err = CM_ERR_INIT;
    srv_http_run(arg, &err);
    return NULL;
}

static enum cm_code fill(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_user user = {.name = "admin", .role = SRV_ROLE_ADMIN};
    struct srv_user other = {
        .name = "coordinator", .role = SRV_ROLE_COORDINATOR, .class_count = 1, .classes = {"T1"}};
    struct srv_session session = {.id = {1}, .user = "admin", .expires_wall_ms = INT64_MAX};
    struct srv_session others = {.id = {2}, .user = "coordinator", .expires_wall_ms = INT64_MAX};
    struct cm_class class_ = {.id = "T1", .close_after_min = 1439, .weekdays = 127};
    struct cm_class second = {.id = "T2", .close_after_min = 1439, .weekdays = 127};
    struct srv_station station = {.id = "door", .name = "Door", .paired = true};
    struct srv_student student = {.base = {.id = "s1", .name = "Asha", .class_id = "T1"},
                                  .joined_date = 20200101};
    (void)arg;
    if (srv_store_put_user(store, &user, err) != CM_OK || srv_store_put_user(store, &other, err) != CM_OK ||
        srv_store_put_session(store, &session, err) != CM_OK ||
        srv_store_put_session(store, &others, err) != CM_OK ||
        srv_store_put_class(store, &class_, err) != CM_OK ||
        srv_store_put_class(store, &second, err) != CM_OK ||
        srv_store_put_station(store, &station, err) != CM_OK)
        return err->code;
    return srv_store_put_student(store, &student, err);
}

int live_fixture_set_up(void **state)
{
    struct live_fixture *f = &fixture;
    struct srv_app *app = &f->app;
    struct cm_err err = CM_ERR_INIT;
    *state = f;
    *app = (struct srv_app){.clock = cm_clock_system()};
    assert_int_equal(cm_zone_open("UTC", &f->zone, &err), CM_OK);
    app->zone = f->zone;
    struct srv_store_options options = {.url = "memory:", .clock = app->clock, .zone = f->zone};
    assert_int_equal(srv_store_open(&options, &app->store, &err), CM_OK);
    make_fallible(app->store);
    assert_int_equal(srv_store_write(app->store, fill, NULL, &err), CM_OK);
    assert_int_equal(srv_live_open(app, &app->live, &err), CM_OK);
    srv_live_limit_streams(app->live, 1000, 1000); /* all clients are one session */
    struct srv_http_options http = {.address = "127.0.0.1",
                                    .threads = FIXTURE_LOOPS,
                                    .routes = routes,
                                    .route_count = sizeof routes / sizeof routes[0],
                                    .limits = &srv_limits_default,
                                    .clock = app->clock,
                                    .app = app,
                                    .authorize = admit};
    assert_int_equal(srv_http_open(&http, &app->http, &err), CM_OK);
    assert_int_equal(srv_live_start(app->live, &err), CM_OK);
    assert_int_equal(pthread_create(&f->thread, NULL, run_server, app->http), 0);
    return 0;
}

int live_fixture_tear_down(void **state)
{
    struct live_fixture *f = *state;
    srv_http_stop(f->app.http);
    pthread_join(f->thread, NULL);
    srv_live_stop(f->app.live);
    srv_http_close(f->app.http);
    srv_live_close(f->app.live);
    srv_store_close(f->app.store);
    cm_zone_close(f->zone);
    return 0;
}

int live_fixture_get(const char *path, const char *headers)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)srv_http_port(fixture.app.http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[300];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        return -1;
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n", path, headers);
    return send(fd, request, (size_t)size, MSG_NOSIGNAL) == size ? fd : -1;
}

bool live_fixture_ends(int fd)
{
    char bytes[4096];
    struct pollfd poll_ = {.fd = fd, .events = POLLIN};
    ssize_t got;
    do
        got = poll(&poll_, 1, FIXTURE_DEADLINE_MS) == 1 ? recv(fd, bytes, sizeof bytes, 0) : -1;
    while (got > 0);
    return got == 0;
}
