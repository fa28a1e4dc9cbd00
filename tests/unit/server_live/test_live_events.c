/*
 * The event stream as a whole: the real HTTP server on two loops, a store in memory, events written by several threads,
 * clients that break off and come back with the last number that they had. Nothing may be missing, nothing may come twice.
 */
#include "live_fixture.h"

#include "base/uuid.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 8, WRITERS = 3, EACH = 300, EVENTS = WRITERS * EACH };

static pthread_mutex_t write_mutex = PTHREAD_MUTEX_INITIALIZER; /* one write at a time, as the writer does */
static struct cm_uuid_generator ids;

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
    pthread_mutex_lock(&write_mutex);
    cm_uuid7(&ids, now_ms, append.event.id);
    enum cm_code code = srv_store_write(fixture.app.store, append_own, &append, NULL);
    pthread_mutex_unlock(&write_mutex);
    if (code == CM_OK)
        srv_live_feed(fixture.app.live, append.feed);
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
    char header[60];
    snprintf(header, sizeof header, "Last-Event-ID: %llu\r\n", (unsigned long long)client->last);
    return live_fixture_get("/api/events", header);
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
    if (poll(&poll_, 1, FIXTURE_DEADLINE_MS) != 1)
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

static void a_stream_ends_when_nobody_can_say_who_reads_it(void **state)
{
    (void)state;
    static struct client client;
    memset(&client, 0, sizeof client);
    correct_once();
    int fd = live_fixture_get("/api/events", "Connection: close\r\n");
    while (client.hello == 0 && client.last == 0)
        assert_true(read_some(&client, fd));
    atomic_store(&fixture.store_fails, true);
    correct_once(); /* the store is another now, and who reads is looked up again */
    assert_true(live_fixture_ends(fd));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_missed_however_often_the_line_breaks, live_fixture_set_up,
                                        live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(who_missed_too_much_is_told_to_load_anew, live_fixture_set_up,
                                        live_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_stream_ends_when_nobody_can_say_who_reads_it, live_fixture_set_up,
                                        live_fixture_tear_down),
    };
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
