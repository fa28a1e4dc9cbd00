/* The handlers over real sockets: who is let in, what is told to whom, and polls that wait and are woken. */
#include "unit.h"

#include "auth/auth.h"
#include "live/live.h"
#include "record/embedding.h"
#include "sync/handlers.h"
#include "sync/message.h"
#include "sync/sync.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define STATION   SRV_ROLE_STATION
#define ID        "0190a000-0000-7000-8000-000000000001"
#define MSGPACK   "application/msgpack"
#define SOON_MS   1000
#define SECRET    "0123456789abcdef0123456789abcdef-secret"
#define JPEG      "\xff\xd8\xff\xe0 a picture"
#define JPEG_SIZE (sizeof JPEG - 1)

static const struct srv_route routes[] = {
    {SRV_POST, "/sync/v1/pair", srv_sync_pair, SRV_ROLE_ANYONE, 4096, MSGPACK, SRV_ORIGIN_ANY},
    {SRV_POST, "/sync/v1/events", srv_sync_events, STATION, 1 << 20, MSGPACK, 0},
    {SRV_GET, "/sync/v1/hash?seq", srv_sync_hash, STATION, 0, NULL, 0},
    {SRV_GET, "/sync/v1/changes?cursor&wait&last&camera&version&frames&wall_ms", srv_sync_changes, STATION, 0,
     NULL, SRV_LONG},
    {SRV_POST, "/sync/v1/templates", srv_sync_templates, STATION, 1 << 16, MSGPACK, 0},
    {SRV_POST, "/sync/v1/preview", srv_sync_preview, STATION, 1 << 18, "image/jpeg", 0},
    {SRV_GET, "/sync/v1/jobs/:job/photo", srv_sync_job_photo, STATION, 0, NULL, 0},
    {SRV_POST, "/sync/v1/jobs/:job/result", srv_sync_job_result, STATION, 1 << 16, MSGPACK, 0},
};

/* ---- the server ---- */

static struct srv_app app;
static struct cm_zone *zone;
static pthread_t thread;
static struct cm_keys *keys;
static struct srv_station station;
static char token[CM_SYNC_TOKEN_SIZE];
static uint8_t server_key[CM_BOX_KEY_SIZE];

static enum cm_code served; /* by the thread */

static void *serve(void *arg)
{
    (void)arg;
    served = srv_http_run(app.http, NULL);
    return NULL;
}

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    app = (struct srv_app){.clock = cm_clock_system()};
    assert_int_equal(cm_zone_open("Asia/Kolkata", &zone, NULL), CM_OK);
    app.zone = zone;
    struct srv_store_options store = {.url = "memory:", .clock = app.clock, .zone = zone};
    assert_int_equal(srv_store_open(&store, &app.store, NULL), CM_OK);
    assert_int_equal(srv_writer_create(app.store, &app.writer, NULL), CM_OK);
    struct srv_auth_options auth = {
        .store = app.store, .writer = app.writer, .clock = app.clock, .secret_key = SECRET};
    assert_int_equal(srv_auth_open(&auth, &app.auth, NULL), CM_OK);
    assert_int_equal(srv_live_open(&app, &app.live, NULL), CM_OK);
    assert_int_equal(srv_sync_open(&app, &app.sync, NULL), CM_OK);
    struct srv_http_options http = {.address = "127.0.0.1",
                                    .threads = 1,
                                    .routes = routes,
                                    .route_count = sizeof routes / sizeof routes[0],
                                    .limits = &srv_limits_default,
                                    .app = &app,
                                    .authorize = srv_auth_authorize};
    assert_int_equal(srv_http_open(&http, &app.http, NULL), CM_OK);
    assert_int_equal(srv_live_start(app.live, NULL), CM_OK);
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
    assert_int_equal(cm_keys_create(&keys, NULL), CM_OK);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    srv_http_stop(app.http);
    pthread_join(thread, NULL);
    assert_int_equal(served, CM_OK);
    srv_writer_destroy(app.writer);
    srv_live_stop(app.live);
    srv_sync_stop(app.sync);
    srv_http_close(app.http);
    srv_sync_close(app.sync);
    srv_live_close(app.live);
    srv_auth_close(app.auth);
    srv_store_close(app.store);
    cm_zone_close(zone);
    cm_keys_destroy(keys);
    return 0;
}

/* ---- a client ---- */

struct reply {
    int status;
    char head[2048];
    uint8_t body[64 * 1024];
    size_t size;
};

static void read_reply(int fd, struct reply *ret)
{
    static char bytes[sizeof ret->head + sizeof ret->body];
    size_t size = 0;
    ssize_t n;
    do { /* a read with a time limit is not begun anew when the kernel's work for the loop's ring breaks it off */
        n = read(fd, bytes + size, sizeof bytes - 1 - size);
        size += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    close(fd);
    bytes[size] = '\0';
    char *end = strstr(bytes, "\r\n\r\n");
    if (end == NULL)
        fail_msg("no answer");
    *end = '\0';
    snprintf(ret->head, sizeof ret->head, "%.*s", (int)sizeof ret->head - 1, bytes);
    ret->status = atoi(bytes + strlen("HTTP/1.1 "));
    ret->size = size - (size_t)(end + 4 - bytes);
    memcpy(ret->body, end + 4, ret->size);
}

static int send_request(const char *method, const char *path, const char *type, const void *body, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)srv_http_port(app.http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 20};
    char head[1024];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int n = snprintf(head, sizeof head,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n",
                     method, path, token);
    if (body != NULL)
        n += snprintf(head + n, sizeof head - (size_t)n, "Content-Type: %s\r\nContent-Length: %zu\r\n", type,
                      size);
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    assert_int_equal(write(fd, head, (size_t)n), n);
    if (body != NULL)
        assert_int_equal(write(fd, body, size), size);
    return fd;
}

static void ask(const char *method, const char *path, const char *type, const void *body, size_t size,
                struct reply *ret)
{
    read_reply(send_request(method, path, type, body, size), ret);
}

static int ask_message(const char *path, enum cm_message_kind kind, const void *message, struct reply *ret)
{
    struct cm_buf body;
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    assert_int_equal(cm_message_encode(kind, message, &body, NULL), CM_OK);
    ask("POST", path, MSGPACK, body.data, body.size, ret);
    cm_buf_finish(&body);
    return ret->status;
}

static void read_message(const struct reply *reply, enum cm_message_kind kind, void *ret_message)
{
    assert_non_null(strstr(reply->head, MSGPACK));
    assert_int_equal(cm_message_decode(kind, reply->body, reply->size, ret_message, NULL), CM_OK);
}

/* ---- what people do ---- */

static enum cm_code put_roster(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct cm_class class_ = {
        .id = "A", .start_minute = 540, .late_after_min = 10, .close_after_min = 60, .weekdays = 31};
    struct srv_student student = {.base = {.id = "S1", .name = "Asha", .class_id = "A"},
                                  .joined_date = 20261101};
    snprintf(student.base.name, sizeof student.base.name, "%s", (const char *)arg);
    struct cm_event event = {
        .version = CM_RECORD_VERSION, .type = CM_EVENT_CONSENT, .id = {0xc0}, .wall_ms = 1};
    event.body.consent =
        (struct cm_consent){.student_id = "S1", .state = CM_CONSENT_GIVEN, .said_wall_ms = event.wall_ms};
    enum cm_code code = srv_store_put_class(store, &class_, err);
    if (code == CM_OK)
        code = srv_store_put_student(store, &student, err);
    return code == CM_OK ? srv_store_append_own(store, &event, NULL, err) : code;
}

static void change_roster(const char *name)
{
    char copy[32];
    snprintf(copy, sizeof copy, "%s", name);
    assert_int_equal(srv_store_write(app.store, put_roster, copy, NULL), CM_OK);
    srv_live_changes(app.live);
}

static enum cm_code put_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    char *code = arg;
    enum cm_code result = srv_store_put_station(store, &station, err);
    if (result == CM_OK && code != NULL)
        result = srv_auth_make_code(store, "pair", station.id, cm_wall_ms(app.clock), 10, code, err);
    return result;
}

static void pair(void)
{
    struct cm_pair_request request = {.version = "1"};
    struct cm_pair_answer answer;
    static struct reply reply;
    station = (struct srv_station){.id = ID,
                                   .name = "Gate",
                                   .class_count = 1,
                                   .classes = {"A"},
                                   .created_wall_ms = cm_wall_ms(app.clock)};
    char code[SRV_CODE_TEXT_SIZE];
    assert_int_equal(srv_store_write(app.store, put_station, code, NULL), CM_OK);
    snprintf(request.code, sizeof request.code, "%s", code);
    memcpy(request.public_key, cm_keys_public(keys), sizeof request.public_key);
    token[0] = '\0';
    assert_int_equal(ask_message("/sync/v1/pair", CM_MESSAGE_PAIR_REQUEST, &request, &reply), 200);
    read_message(&reply, CM_MESSAGE_PAIR_ANSWER, &answer);
    memcpy(token, answer.token, sizeof token);
    memcpy(server_key, answer.server_key, sizeof server_key);
    assert_int_equal(srv_store_get_station(app.store, ID, &station, NULL), CM_OK);
}

static char cursor[CM_SYNC_CURSOR_SIZE];
static struct cm_changes changes;
static struct reply poll_reply;
static int64_t seen_before_ms; /* of the poll that was sent last: when the server had seen the station */

static int64_t last_seen_ms(void)
{
    struct srv_station_now seen;
    return srv_live_station_now(app.live, ID, &seen) ? seen.last_seen_wall_ms : 0;
}

static int begin_poll(int wait_s, bool frames)
{
    char path[400];
    seen_before_ms = last_seen_ms();
    while (cm_wall_ms(app.clock) <= seen_before_ms) /* so that this poll is told from the one before */
        ;
    snprintf(path, sizeof path,
             "/sync/v1/changes?cursor=%s&wait=%d&last=7&camera=clear&version=1&frames=%d&wall_ms=1", cursor,
             wait_s, frames);
    return send_request("GET", path, NULL, NULL, 0);
}

static void end_poll(int fd)
{
    read_reply(fd, &poll_reply);
    assert_int_equal(poll_reply.status, 200);
    read_message(&poll_reply, CM_MESSAGE_CHANGES, &changes);
    memcpy(cursor, changes.cursor, sizeof cursor);
}

static void pull_all(void)
{
    cursor[0] = '\0';
    do
        end_poll(begin_poll(0, false));
    while (changes.more);
}

static int64_t now_ms(void)
{
    return cm_mono_us(app.clock) / 1000;
}

static void passed(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
}

/* Until the server has got the poll that was sent last (it has seen the station since), and its loop has been through with
 * it: the poll found nothing, and waits. */
static void until_it_waits(void)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};
    int64_t deadline_ms = now_ms() + 10 * 1000;
    static atomic_bool through;
    atomic_store(&through, false);
    while (last_seen_ms() <= seen_before_ms) {
        assert_true(now_ms() < deadline_ms);
        nanosleep(&moment, NULL);
    }
    assert_int_equal(srv_loop_post(srv_http_loop(app.http, 0), passed, &through), CM_OK);
    while (!atomic_load(&through)) {
        assert_true(now_ms() < deadline_ms);
        nanosleep(&moment, NULL);
    }
}

/* ---- tests ---- */

static void only_paired_stations_are_let_in(void **state)
{
    static struct reply reply;
    (void)state;
    pair();
    ask("GET", "/sync/v1/changes?last=0", NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 200);
    ask("GET", "/sync/v1/changes", NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 400); /* how much waits at the station would not be known */
    ask("GET", "/sync/v1/hash?seq=0", NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 200);
    ask("GET", "/sync/v1/hash?seq=x", NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 400);
    ask("GET", "/sync/v1/changes?last=0&wait=99", NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 400);
    ask("GET", "/sync/v1/changes?last=0&cursor=nonsense", NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 400);
    station.revoked = true;
    assert_int_equal(srv_store_write(app.store, put_station, NULL, NULL), CM_OK);
    ask("GET", "/sync/v1/changes", NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 401);
    token[0] ^= 1;
    ask("GET", "/sync/v1/hash?seq=0", NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 401);
}

static void wrong_codes_are_slowed_down(void **state)
{
    struct cm_pair_request request = {.code = "AAAA-AAAA", .version = "1"};
    static struct reply reply;
    int status = 401;
    (void)state;
    memcpy(request.public_key, cm_keys_public(keys), sizeof request.public_key);
    for (int i = 0; i < 40 && status == 401; i++)
        status = ask_message("/sync/v1/pair", CM_MESSAGE_PAIR_REQUEST, &request, &reply);
    assert_int_equal(status, 429);
    assert_non_null(strcasestr(reply.head, "retry-after"));
}

static void a_poll_is_woken_by_a_change(void **state)
{
    (void)state;
    pair();
    pull_all();
    int fd = begin_poll(10, false);
    until_it_waits();
    int64_t before_ms = now_ms();
    change_roster("Asha");
    end_poll(fd);
    assert_true(now_ms() - before_ms < SOON_MS);
    assert_true(changes.count >= 2);
    struct srv_station_now seen;
    assert_true(srv_live_station_now(app.live, ID, &seen));
    assert_int_equal(seen.last_seq, 7);
    assert_string_equal(seen.camera, "clear");
}

static void a_poll_ends_when_its_time_is_over(void **state)
{
    (void)state;
    pair();
    pull_all();
    int64_t before_ms = now_ms();
    end_poll(begin_poll(1, false));
    assert_int_equal(changes.count, 0);
    assert_true(now_ms() - before_ms >= 900);
    assert_true(now_ms() - before_ms < 3000);
}

static void changes_of_others_wake_nobody(void **state)
{
    (void)state;
    pair();
    pull_all();
    snprintf(station.id, sizeof station.id, "another");
    memset(station.token_hash, 0, sizeof station.token_hash);
    int64_t before_ms = now_ms();
    int fd = begin_poll(1, false);
    until_it_waits();
    assert_int_equal(srv_store_write(app.store, put_station, NULL, NULL), CM_OK); /* another station's row */
    srv_live_changes(app.live);
    end_poll(fd);
    assert_int_equal(changes.count, 0);
    assert_true(now_ms() - before_ms >= 900);
}

static void who_hangs_up_is_forgotten(void **state)
{
    (void)state;
    pair();
    pull_all();
    close(begin_poll(20, false));
    close(begin_poll(20, false));
    until_it_waits();
    change_roster("Asha"); /* and what waits at the end goes with the server */
    begin_poll(20, false);
    until_it_waits();
}

static enum cm_code revoke_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    (void)arg;
    station.revoked = true;
    return srv_store_put_station(store, &station, err);
}

static void a_revocation_ends_a_poll(void **state)
{
    (void)state;
    pair();
    pull_all();
    int fd = begin_poll(10, false);
    until_it_waits();
    int64_t before_ms = now_ms();
    assert_int_equal(srv_store_write(app.store, revoke_within, NULL, NULL), CM_OK);
    srv_live_changes(app.live);
    read_reply(fd, &poll_reply);
    assert_int_equal(poll_reply.status, 401);
    assert_true(now_ms() - before_ms < SOON_MS);
}

static void a_photo_goes_to_the_station_and_templates_come_back(void **state)
{
    static struct reply reply;
    struct srv_job job;
    struct srv_student student;
    struct cm_template face = {.student_id = "S1", .model = CM_EMBEDDING_MODEL, .quality = 0.8f};
    struct cm_job_result result = {.ok = true, .reason = "ok", .quality = 0.8f, .template_count = 1};
    struct cm_job_answer answer;
    struct cm_buf sealed;
    char path[200];
    (void)state;
    pair();
    change_roster("Asha");
    pull_all();
    int fd = begin_poll(10, false);
    until_it_waits();
    uint8_t *photo = malloc(JPEG_SIZE);
    memcpy(photo, JPEG, JPEG_SIZE);
    int64_t before_ms = now_ms();
    assert_int_equal(srv_store_get_student(app.store, "S1", &student, NULL), CM_OK);
    assert_int_equal(srv_live_job_create(app.live, &student, "admin", photo, JPEG_SIZE, &job, NULL), CM_OK);
    end_poll(fd);
    assert_true(now_ms() - before_ms < SOON_MS);
    assert_int_equal(changes.job_count, 1);
    assert_string_equal(changes.jobs[0].id, job.id);
    assert_string_equal(changes.jobs[0].student_id, "S1");
    snprintf(path, sizeof path, "/sync/v1/jobs/%s/photo", job.id);
    ask("GET", path, NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.size, JPEG_SIZE);
    assert_memory_equal(reply.body, JPEG, JPEG_SIZE);
    ask("GET", path, NULL, NULL, 0, &reply); /* again: the download may have broken */
    assert_int_equal(reply.status, 200);
    assert_memory_equal(reply.body, JPEG, JPEG_SIZE);

    face.embedding[5] = 1.35f;
    cm_buf_init(&sealed, CM_SYNC_SEALED_MAX);
    assert_int_equal(cm_templates_seal(server_key, &face, 1, &sealed, NULL), CM_OK);
    result.sealed = (struct cm_span){sealed.data, sealed.size};
    snprintf(path, sizeof path, "/sync/v1/jobs/%s/result", job.id);
    for (int i = 0; i < 2; i++) { /* the second time the answer was lost */
        assert_int_equal(ask_message(path, CM_MESSAGE_JOB_RESULT, &result, &reply), 200);
        read_message(&reply, CM_MESSAGE_JOB_ANSWER, &answer);
        assert_true(answer.ok);
    }
    cm_buf_finish(&sealed);
    assert_true(srv_live_job_get(app.live, job.id, &job));
    assert_int_equal(job.state, SRV_JOB_DONE);
    snprintf(path, sizeof path, "/sync/v1/jobs/%s/photo", job.id);
    ask("GET", path, NULL, NULL, 0, &reply);
    assert_int_equal(reply.status, 404);
    assert_int_equal(srv_store_get_student(app.store, "S1", &student, NULL), CM_OK);
    assert_int_equal(student.template_count, 1);
}

static void a_frame_is_no_frame_unless_it_is_one(void **state)
{
    static struct reply reply;
    struct cm_preview_answer answer;
    (void)state;
    pair();
    ask("POST", "/sync/v1/preview", "image/jpeg", "GIF89a", 6, &reply);
    assert_int_equal(reply.status, 400);
    ask("POST", "/sync/v1/preview", "image/jpeg", JPEG, JPEG_SIZE, &reply);
    assert_int_equal(reply.status, 200);
    read_message(&reply, CM_MESSAGE_PREVIEW_ANSWER, &answer);
    assert_false(answer.watching); /* nobody does: stop */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_paired_stations_are_let_in),
        TEST(wrong_codes_are_slowed_down),
        TEST(a_poll_is_woken_by_a_change),
        TEST(a_poll_ends_when_its_time_is_over),
        TEST(changes_of_others_wake_nobody),
        TEST(who_hangs_up_is_forgotten),
        TEST(a_revocation_ends_a_poll),
        TEST(a_photo_goes_to_the_station_and_templates_come_back),
        TEST(a_frame_is_no_frame_unless_it_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
