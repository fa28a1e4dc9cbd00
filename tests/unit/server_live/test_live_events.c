/*
 * The event stream as a whole: the real HTTP server on two loops, a store in memory, events written by several threads,
 * clients that break off and come back with the last number that they had. Nothing may be missing, nothing may come twice.
 */
#include "unit.h"

#include "base/uuid.h"
#include "live/handlers.h"
#include "live/live.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPS = 2, CLIENTS = 8, WRITERS = 3, EACH = 300, EVENTS = WRITERS * EACH, DEADLINE_MS = 30000 };

struct fixture {
    struct cm_zone *zone;
    struct srv_app app;
    pthread_t thread;
    pthread_mutex_t write_mutex;
    struct cm_uuid_generator ids;
};
static struct fixture fixture;

/* ---- the server ---- */

static int admit(void *app, struct srv_call *call, const struct srv_route *route,
                 struct srv_identity *ret_identity)
{
    (void)app, (void)call, (void)route;
    *ret_identity = (struct srv_identity){.role = SRV_ROLE_ADMIN, .user = "admin", .session = {1}};
    return 0;
}

static const struct srv_route routes[] = {
    {SRV_GET, "/api/events", srv_live_events, SRV_ROLE_PERSON, 0, NULL, SRV_LONG},
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
    struct srv_session session = {.id = {1}, .user = "admin", .expires_wall_ms = INT64_MAX};
    struct cm_class class_ = {.id = "T1", .close_after_min = 1439, .weekdays = 127};
    struct srv_student student = {.base = {.id = "s1", .name = "Asha", .class_id = "T1"},
                                  .joined_date = 20200101};
    (void)arg;
    if (srv_store_put_user(store, &user, err) != CM_OK ||
        srv_store_put_session(store, &session, err) != CM_OK ||
        srv_store_put_class(store, &class_, err) != CM_OK)
        return err->code;
    return srv_store_put_student(store, &student, err);
}

static int set_up(void **state)
{
    struct fixture *f = &fixture;
    struct srv_app *app = &f->app;
    struct cm_err err = CM_ERR_INIT;
    *state = f;
    *app = (struct srv_app){.clock = cm_clock_system()};
    pthread_mutex_init(&f->write_mutex, NULL);
    assert_int_equal(cm_zone_open("UTC", &f->zone, &err), CM_OK);
    app->zone = f->zone;
    struct srv_store_options options = {.url = "memory:", .clock = app->clock, .zone = f->zone};
    assert_int_equal(srv_store_open(&options, &app->store, &err), CM_OK);
    assert_int_equal(srv_store_write(app->store, fill, NULL, &err), CM_OK);
    assert_int_equal(srv_live_open(app, &app->live, &err), CM_OK);
    struct srv_http_options http = {.address = "127.0.0.1",
                                    .threads = LOOPS,
                                    .routes = routes,
                                    .route_count = 1,
                                    .limits = &srv_limits_default,
                                    .clock = app->clock,
                                    .app = app,
                                    .authorize = admit};
    assert_int_equal(srv_http_open(&http, &app->http, &err), CM_OK);
    assert_int_equal(srv_live_start(app->live, &err), CM_OK);
    assert_int_equal(pthread_create(&f->thread, NULL, run_server, app->http), 0);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    srv_http_stop(f->app.http);
    pthread_join(f->thread, NULL);
    srv_live_stop(f->app.live);
    srv_http_close(f->app.http);
    srv_live_close(f->app.live);
    srv_store_close(f->app.store);
    cm_zone_close(f->zone);
    pthread_mutex_destroy(&f->write_mutex);
    return 0;
}

/* ---- events ---- */

struct append {
    struct cm_event event;
    uint64_t feed;
};

static enum cm_code append_own(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct append *append = arg;
    return srv_store_append_own(store, &append->event, &append->feed, err);
}

static void correct_once(void)
{
    struct append append = {.event = {.version = CM_RECORD_VERSION, .type = CM_EVENT_CORRECTION}};
    struct cm_correction *correction = &append.event.body.correction;
    int64_t now_ms = cm_wall_ms(fixture.app.clock);
    append.event.wall_ms = correction->corrected_wall_ms = now_ms;
    strcpy(correction->student_id, "s1");
    strcpy(correction->class_id, "T1");
    strcpy(correction->by, "test");
    correction->date = 20261123;
    correction->status = CM_ROLL_EXCUSED;
    pthread_mutex_lock(&fixture.write_mutex); /* one write at a time, as the writer does */
    cm_uuid7(&fixture.ids, now_ms, append.event.id);
    enum cm_code code = srv_store_write(fixture.app.store, append_own, &append, NULL);
    pthread_mutex_unlock(&fixture.write_mutex);
    if (code == CM_OK)
        srv_live_feed(fixture.app.live, append.feed, append.feed);
}

static void *write_some(void *arg)
{
    (void)arg;
    for (int i = 0; i < EACH; i++)
        correct_once();
    return NULL;
}

/* ---- a client ---- */

struct client {
    pthread_t thread;
    unsigned seed;
    uint64_t wanted; /* until this number has come */
    uint64_t last;   /* number of the newest that came */
    uint64_t hello;  /* the newest that there was when it connected */
    int reconnects, resets;
    char problem[120];
    char rest[65536];
    size_t size;
};

static int connect_to(const struct client *client)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)srv_http_port(fixture.app.http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[200];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        return -1;
    int size = snprintf(request, sizeof request,
                        "GET /api/events HTTP/1.1\r\nHost: test\r\nLast-Event-ID: %llu\r\n\r\n",
                        (unsigned long long)client->last);
    return send(fd, request, (size_t)size, MSG_NOSIGNAL) == size ? fd : -1;
}

/* Whole events in what came; the lengths of the chunks between them are passed over. */
static void take_events(struct client *client)
{
    char *from = client->rest, *end;
    client->rest[client->size] = '\0';
    while ((end = strstr(from, "\n\n")) != NULL) {
        *end = '\0';
        char *id = strstr(from, "id: ");
        uint64_t feed = id != NULL ? strtoull(id + 4, NULL, 10) : 0;
        if (strstr(from, "event: correction") != NULL) {
            if (feed != client->last + 1)
                snprintf(client->problem, sizeof client->problem, "after %llu came %llu",
                         (unsigned long long)client->last, (unsigned long long)feed);
            client->last = feed;
        }
        client->resets += strstr(from, "event: reset") != NULL;
        if (strstr(from, "event: hello") != NULL)
            client->hello = strtoull(strstr(from, "\"feed\":") + 7, NULL, 10);
        from = end + 2;
    }
    client->size -= (size_t)(from - client->rest);
    memmove(client->rest, from, client->size);
}

static bool read_some(struct client *client, int fd)
{
    struct pollfd poll_ = {.fd = fd, .events = POLLIN};
    if (poll(&poll_, 1, DEADLINE_MS) != 1)
        return false;
    ssize_t got = recv(fd, client->rest + client->size, sizeof client->rest - 1 - client->size, 0);
    if (got <= 0)
        return false;
    client->size += (size_t)got;
    take_events(client);
    return true;
}

static void *listen_to_all(void *arg)
{
    struct client *client = arg;
    while (client->last < client->wanted && client->problem[0] == '\0' && client->resets == 0) {
        int fd = connect_to(client), reads = rand_r(&client->seed) % 40;
        client->size = 0;
        if (fd < 0) {
            snprintf(client->problem, sizeof client->problem, "cannot connect");
            break;
        }
        bool more = true;
        while (more && reads-- >= 0 && client->last < client->wanted)
            more = read_some(client, fd);
        if (!more)
            snprintf(client->problem, sizeof client->problem, "nothing came after %llu",
                     (unsigned long long)client->last);
        close(fd);
        client->reconnects++;
    }
    return NULL;
}

static void nothing_is_missed_however_often_the_line_breaks(void **state)
{
    (void)state;
    static struct client clients[CLIENTS];
    pthread_t writers[WRITERS];
    memset(clients, 0, sizeof clients);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].seed = (unsigned)i + 1;
        clients[i].wanted = EVENTS;
        assert_int_equal(pthread_create(&clients[i].thread, NULL, listen_to_all, &clients[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_some, NULL), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        if (clients[i].problem[0] != '\0')
            fail_msg("client %d: %s", i, clients[i].problem);
        assert_int_equal(clients[i].resets, 0);
        assert_int_equal(clients[i].last, EVENTS);
    }
}

static void who_missed_too_much_is_told_to_load_anew(void **state)
{
    (void)state;
    static struct client client;
    static const uint64_t wrong[] = {0, 1000000}; /* too far back; of another store */
    for (int i = 0; i <= SRV_LIVE_REPLAY_MAX; i++)
        correct_once();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        do { /* until all of them are announced */
            memset(&client, 0, sizeof client);
            client.last = wrong[i];
            int fd = connect_to(&client);
            assert_true(fd >= 0);
            while (client.hello == 0 || (client.hello > SRV_LIVE_REPLAY_MAX && client.resets == 0))
                assert_true(read_some(&client, fd));
            close(fd);
        } while (client.hello <= SRV_LIVE_REPLAY_MAX);
        assert_int_equal(client.last, wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_missed_however_often_the_line_breaks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_missed_too_much_is_told_to_load_anew, set_up, tear_down),
    };
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
