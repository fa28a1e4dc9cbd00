/*
 * The HTTP layer with a few routes that do nothing useful, for tests over raw sockets.
 *
 *     http-test-server [port=N] [threads=N] [cert=FILE key=FILE] [proxy=ADDRESS] [<a field of struct srv_limits>=N]…
 *
 * Prints "port N" when it listens; SIGTERM stops it, SIGHUP loads the certificate again; at the end it prints one line of
 * numbers. Exit 0: everything was given back. /state says what it counts while it runs.
 */
#include "http/http.h"

#include "base/log.h"
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { ASSET_SIZE = 14848, BIG_SIZE = 64 * 1024, HUGE_SIZE = 8 * 1024 * 1024, PERIOD_MS = 5, LOOPS_MAX = 16 };

static struct srv_http *server;
static _Atomic int running_streams, gone_calls, open_waits, drained_calls;
static uint8_t asset_bytes[ASSET_SIZE], big_bytes[BIG_SIZE];
static const uint8_t packed_bytes[] = "these bytes stand for the packed ones";

static long number_of(const struct srv_call *call, const char *name, long otherwise)
{
    const char *text = srv_call_query(call, name);
    return text != NULL ? atol(text) : otherwise;
}

/* ---- answers that come at once ---- */

static void get_hello(struct srv_call *call)
{
    srv_answer(call, 200, "text/plain", "hello", 5);
}

static void echo(struct srv_call *call)
{
    size_t size;
    const uint8_t *body = srv_call_body(call, &size);
    srv_answer(call, 200, "application/octet-stream", body, size);
}

static void get_who(struct srv_call *call)
{
    char text[4096];
    const char *query = srv_call_query(call, "q"), *cookie = srv_call_cookie(call, "c");
    int size = snprintf(text, sizeof text,
                        "peer=%s\nsecure=%d\nhost=%s\npath=%s\nq=%s\ncookie=%s\nname=%s\nrole=%u\n",
                        srv_call_peer(call), srv_call_secure(call), srv_call_host(call), srv_call_path(call),
                        query != NULL ? query : "(none)", cookie != NULL ? cookie : "(none)",
                        srv_call_param(call, "name"), srv_call_identity(call)->role);
    srv_answer(call, 200, "text/plain", text, (size_t)size);
}

static void get_asset(struct srv_call *call)
{
    static const struct srv_asset asset = {.path = "/asset",
                                           .type = "text/javascript; charset=utf-8",
                                           .etag = "\"abc\"",
                                           .bytes = asset_bytes,
                                           .size = ASSET_SIZE,
                                           .gzip = packed_bytes,
                                           .gzip_size = sizeof packed_bytes - 1,
                                           .immutable = true};
    srv_asset_answer(call, &asset);
}

static void get_big(struct srv_call *call)
{
    srv_answer(call, 200, "application/octet-stream", big_bytes, BIG_SIZE);
}

static uint8_t *huge_body(void)
{
    uint8_t *body = malloc(HUGE_SIZE);
    assert(body != NULL);
    for (size_t i = 0; i < HUGE_SIZE; i += BIG_SIZE)
        memcpy(body + i, big_bytes, BIG_SIZE);
    return body;
}

static void get_huge(struct srv_call *call)
{
    srv_answer_take(call, 200, "application/octet-stream", huge_body(), HUGE_SIZE);
}

/* Whoever made the shared bytes lets go of them at once: what waits to be sent holds them. */
static void get_shared(struct srv_call *call)
{
    uint8_t *body = huge_body();
    struct srv_chunk *chunk = srv_chunk_create(body, HUGE_SIZE);
    assert(chunk != NULL);
    free(body);
    srv_answer_chunk(call, 200, "application/octet-stream", chunk);
    srv_chunk_unref(chunk);
}

static void get_nothing(struct srv_call *call)
{
    (void)call; /* the server notices */
}

static void get_header(struct srv_call *call)
{
    srv_answer_header(call, "X-Test", srv_call_query(call, "v"));
    srv_answer_header(call, "Cache-Control", "max-age=5");
    srv_answer_header(call, "Set-Cookie", "a=1");
    srv_answer_header(call, "Set-Cookie", "b=2");
    srv_answer(call, 200, "text/plain", "", 0);
}

static void get_state(struct srv_call *call)
{
    struct srv_http_stats stats;
    char text[512];
    srv_http_stats(server, &stats);
    int size = snprintf(
        text, sizeof text,
        "{\"connections\":%lld,\"streams\":%lld,\"refused\":%lld,\"timeouts\":%lld,\"requests\":%lld,"
        "\"running\":%d,\"gone\":%d,\"waits\":%d,\"drained\":%d}",
        (long long)stats.connections, (long long)stats.streams, (long long)stats.refused,
        (long long)stats.timeouts, (long long)stats.requests, running_streams, gone_calls, open_waits,
        drained_calls);
    srv_answer(call, 200, "application/json", text, (size_t)size);
}

/* ---- answers that come later ---- */

struct wait { /* on its loop */
    struct wait *next;
    struct srv_call *call;
    int64_t until_us;
};
static struct wait *waits[LOOPS_MAX];

static void get_slow(struct srv_call *call)
{
    struct wait *wait = malloc(sizeof *wait);
    int loop = srv_loop_index(srv_call_loop(call));
    assert(wait != NULL);
    *wait =
        (struct wait){waits[loop], call, cm_mono_us(cm_clock_system()) + number_of(call, "ms", 50) * 1000};
    waits[loop] = wait;
    srv_call_ref(call);
    open_waits++;
}

static void answer_wait(struct srv_call *call)
{
    gone_calls += srv_call_gone(call);
    srv_answer(call, 200, "text/plain", "slow", 4);
    srv_call_unref(call);
    open_waits--;
}

static void on_period(void *arg)
{
    struct wait **link = &waits[srv_loop_index(arg)];
    while (*link != NULL) {
        struct wait *wait = *link;
        if (wait->until_us > cm_mono_us(cm_clock_system()) && !srv_call_gone(wait->call)) {
            link = &wait->next;
            continue;
        }
        *link = wait->next;
        answer_wait(wait->call);
        free(wait);
    }
}

static void end_waits(void) /* the loops have ended: nobody takes these answers */
{
    for (int i = 0; i < LOOPS_MAX; i++)
        while (waits[i] != NULL) {
            struct wait *wait = waits[i];
            waits[i] = wait->next;
            answer_wait(wait->call);
            free(wait);
        }
}

/* Another thread answers through the loop. */
struct job {
    struct job *next;
    struct srv_call *call;
};
static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t jobs_come = PTHREAD_COND_INITIALIZER;
static struct job *jobs;
static bool jobs_over;

static void on_job_done(void *arg)
{
    struct job *job = arg;
    srv_answer(job->call, 200, "text/plain", "later", 5);
    srv_call_unref(job->call);
    free(job);
}

static void *work(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&jobs_lock);
    while (!jobs_over || jobs != NULL) {
        struct job *job = jobs;
        if (job == NULL) {
            pthread_cond_wait(&jobs_come, &jobs_lock);
            continue;
        }
        jobs = job->next;
        pthread_mutex_unlock(&jobs_lock);
        while (srv_loop_post(srv_call_loop(job->call), on_job_done, job) != CM_OK)
            ;
        pthread_mutex_lock(&jobs_lock);
    }
    pthread_mutex_unlock(&jobs_lock);
    return NULL;
}

static void get_later(struct srv_call *call)
{
    struct job *job = malloc(sizeof *job);
    assert(job != NULL);
    srv_call_ref(call);
    job->call = call;
    pthread_mutex_lock(&jobs_lock);
    job->next = jobs;
    jobs = job;
    pthread_cond_signal(&jobs_come);
    pthread_mutex_unlock(&jobs_lock);
}

/* ---- streams ---- */

struct feed { /* one stream that sends `left` pieces, or listens to /publish */
    struct feed *next, *prev;
    struct srv_stream *stream;
    long left, size;
    int loop;
};
static struct feed *listeners[LOOPS_MAX];

static void pump(struct feed *feed)
{
    while (feed->left > 0) {
        enum cm_code code = srv_stream_send(feed->stream, big_bytes, (size_t)feed->size);
        if (code == CM_AGAIN)
            return; /* on_drained goes on */
        if (code != CM_OK)
            return; /* on_closed comes */
        feed->left--;
    }
    if (feed->left == 0) {
        feed->left = -1;
        srv_stream_end(feed->stream);
    }
}

static void on_drained(void *arg)
{
    struct feed *feed = arg;
    drained_calls++;
    if (feed->size > 0)
        pump(feed);
}

static void on_closed(void *arg)
{
    struct feed *feed = arg;
    if (feed->next != NULL)
        feed->next->prev = feed->prev;
    if (feed->prev != NULL)
        feed->prev->next = feed->next;
    else if (listeners[feed->loop] == feed)
        listeners[feed->loop] = feed->next;
    running_streams--;
    free(feed);
}

static const struct srv_stream_events file_events = {.drained = on_drained, .closed = on_closed};
static const struct srv_stream_events feed_events = {
    .drained = on_drained, .closed = on_closed, .endless = true};

static struct feed *begin_feed(struct srv_call *call, const char *type,
                               const struct srv_stream_events *events)
{
    struct feed *feed = calloc(1, sizeof *feed);
    assert(feed != NULL);
    feed->loop = srv_loop_index(srv_call_loop(call));
    feed->left = number_of(call, "count", 0);
    feed->size = number_of(call, "size", 0);
    assert(feed->size <= BIG_SIZE);
    feed->stream = srv_stream_begin(call, 200, type, events, feed);
    if (feed->stream == NULL) {
        free(feed);
        return NULL;
    }
    running_streams++;
    return feed;
}

static void get_stream(struct srv_call *call)
{
    struct feed *feed = begin_feed(call, "application/octet-stream", &file_events);
    if (feed != NULL)
        pump(feed);
}

static void get_sse(struct srv_call *call)
{
    int loop = srv_loop_index(srv_call_loop(call));
    struct feed *feed = begin_feed(call, "text/event-stream", &feed_events);
    if (feed == NULL)
        return;
    feed->next = listeners[loop];
    if (feed->next != NULL)
        feed->next->prev = feed;
    listeners[loop] = feed;
    srv_stream_send(feed->stream, ": welcome\n\n", 11);
}

static void post_publish(struct srv_call *call)
{
    size_t size;
    const uint8_t *body = srv_call_body(call, &size);
    struct srv_chunk *chunk = srv_chunk_create(body, size);
    char text[32];
    int taken = 0;
    assert(chunk != NULL);
    for (struct feed *feed = listeners[srv_loop_index(srv_call_loop(call))]; feed != NULL; feed = feed->next)
        taken += srv_stream_send_chunk(feed->stream, chunk) == CM_OK;
    srv_chunk_unref(chunk);
    srv_answer(call, 200, "text/plain", text, (size_t)snprintf(text, sizeof text, "%d", taken));
}

static void get_cut(struct srv_call *call)
{
    struct feed *feed = begin_feed(call, "text/plain", &file_events);
    if (feed == NULL)
        return;
    srv_stream_send(feed->stream, "half", 4);
    srv_stream_cut(feed->stream);
}

/* ---- the table ---- */

static int authorize(void *app, struct srv_call *call, const struct srv_route *route,
                     struct srv_identity *ret_identity)
{
    const char *bearer = srv_call_header(call, "authorization"), *origin = srv_call_header(call, "origin");
    (void)app;
    if (origin != NULL && strcmp(origin, "http://evil.example") == 0) {
        srv_call_deny(call, "origin", "Not from there.", 0);
        return 403;
    }
    if (bearer != NULL && strcmp(bearer, "Bearer admin") == 0)
        ret_identity->role = SRV_ROLE_ADMIN;
    if (bearer != NULL && strcmp(bearer, "Bearer student") == 0)
        ret_identity->role = SRV_ROLE_STUDENT;
    if (bearer != NULL && strcmp(bearer, "Bearer slow-down") == 0) {
        srv_call_deny(call, "too_many_tries", "Wait a little.", 7);
        return 429;
    }
    return ret_identity->role != 0 || (route->roles & SRV_ROLE_ANYONE) != 0 ? 0 : 401;
}

#define ANY SRV_ROLE_ANYONE
static const struct srv_route routes[] = {
    {SRV_GET, "/?*", get_hello, ANY, 0, NULL, 0},
    {SRV_POST, "/?*", echo, ANY, 1024, NULL, 0},
    {SRV_POST, "/echo?*", echo, ANY, BIG_SIZE, NULL, 0},
    {SRV_PUT, "/echo?*", echo, ANY, BIG_SIZE, NULL, SRV_ORIGIN_ANY},
    {SRV_POST, "/json?*", echo, ANY, 1024, "application/json", 0},
    {SRV_GET, "/who?*", get_who, ANY, 0, NULL, 0},
    {SRV_GET, "/who/:name?*", get_who, ANY, 0, NULL, 0},
    {SRV_GET, "/private?q", get_who, SRV_ROLE_ADMIN, 0, NULL, 0},
    {SRV_POST, "/private?*", echo, SRV_ROLE_ADMIN, 1024, "application/json", 0},
    {SRV_GET, "/asset?*", get_asset, ANY, 0, NULL, 0},
    {SRV_GET, "/big?*", get_big, ANY, 0, NULL, 0},
    {SRV_GET, "/huge?*", get_huge, ANY, 0, NULL, 0},
    {SRV_GET, "/shared?*", get_shared, ANY, 0, NULL, 0},
    {SRV_GET, "/nothing?*", get_nothing, ANY, 0, NULL, 0},
    {SRV_GET, "/header?*", get_header, ANY, 0, NULL, 0},
    {SRV_GET, "/state?*", get_state, ANY, 0, NULL, 0},
    {SRV_GET, "/slow?*", get_slow, ANY, 0, NULL, 0},
    {SRV_GET, "/poll?*", get_slow, ANY, 0, NULL, SRV_LONG},
    {SRV_GET, "/later?*", get_later, ANY, 0, NULL, 0},
    {SRV_GET, "/stream?*", get_stream, ANY, 0, NULL, SRV_LONG},
    {SRV_GET, "/sse?*", get_sse, ANY, 0, NULL, SRV_LONG},
    {SRV_POST, "/publish?*", post_publish, ANY, BIG_SIZE, NULL, 0},
    {SRV_GET, "/cut?*", get_cut, ANY, 0, NULL, SRV_LONG},
};

/* ---- the program ---- */

static _Atomic int reload_wanted;

static void on_signal(int number)
{
    if (number == SIGHUP)
        reload_wanted = 1;
    else
        srv_http_stop(server);
}

static void on_reload_period(void *arg)
{
    (void)arg;
    if (atomic_exchange(&reload_wanted, 0) == 0)
        return;
    struct cm_err err;
    puts(srv_http_reload_tls(server, &err) == CM_OK ? "reloaded" : "reload failed");
    fflush(stdout);
}

static const char *value_of(const char *word, const char *name)
{
    size_t size = strlen(name);
    return strncmp(word, name, size) == 0 && word[size] == '=' ? word + size + 1 : NULL;
}

static bool set_limit(struct srv_limits *limits, const char *word)
{
    const struct {
        const char *name;
        int *at;
    } fields[] = {
        {"connections", &limits->connections},
        {"connections_per_address", &limits->connections_per_address},
        {"head_timeout_ms", &limits->head_timeout_ms},
        {"idle_timeout_ms", &limits->idle_timeout_ms},
        {"body_bytes_per_s", &limits->body_bytes_per_s},
        {"body_window_ms", &limits->body_window_ms},
        {"write_timeout_ms", &limits->write_timeout_ms},
        {"requests_per_connection", &limits->requests_per_connection},
        {"stop_timeout_ms", &limits->stop_timeout_ms},
    };
    const char *value = value_of(word, "write_queue_max");
    if (value != NULL)
        limits->write_queue_max = (size_t)atol(value);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0] && value == NULL; i++) {
        value = value_of(word, fields[i].name);
        if (value != NULL)
            *fields[i].at = atoi(value);
    }
    return value != NULL;
}

static bool set_option(struct srv_http_options *options, const char *word)
{
    const char *value;
    if ((value = value_of(word, "port")) != NULL)
        options->port = atoi(value);
    else if ((value = value_of(word, "threads")) != NULL)
        options->threads = atoi(value);
    else if ((value = value_of(word, "cert")) != NULL)
        options->tls.certificate = value;
    else if ((value = value_of(word, "key")) != NULL)
        options->tls.key = value;
    else if ((value = value_of(word, "address")) != NULL)
        options->address = value;
    else if ((value = value_of(word, "proxy")) != NULL)
        options->trusted_proxy = value;
    else if ((value = value_of(word, "files")) != NULL)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)atoi(value), (rlim_t)atoi(value)});
    return value != NULL;
}

static int run(void)
{
    struct cm_err err;
    pthread_t worker;
    for (int i = 0; i < srv_http_loops(server); i++)
        if (srv_loop_every(srv_http_loop(server, i), PERIOD_MS, on_period, srv_http_loop(server, i)) != CM_OK)
            return 1;
    if (srv_loop_every(srv_http_loop(server, 0), PERIOD_MS, on_reload_period, NULL) != CM_OK ||
        pthread_create(&worker, NULL, work, NULL) != 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, on_signal);
    signal(SIGHUP, on_signal);
    printf("port %d\n", srv_http_port(server));
    fflush(stdout);
    enum cm_code code = srv_http_run(server, &err);
    if (code != CM_OK)
        fprintf(stderr, "%s\n", err.msg);
    pthread_mutex_lock(&jobs_lock);
    jobs_over = true;
    pthread_cond_signal(&jobs_come);
    pthread_mutex_unlock(&jobs_lock);
    pthread_join(worker, NULL);
    end_waits();
    return code == CM_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct srv_limits limits = srv_limits_default;
    struct srv_http_options options = {.address = "127.0.0.1",
                                       .threads = 1,
                                       .routes = routes,
                                       .route_count = sizeof routes / sizeof routes[0],
                                       .limits = &limits,
                                       .authorize = authorize};
    struct cm_err err;
    struct srv_http_stats stats;
    for (int i = 1; i < argc; i++)
        if (!set_option(&options, argv[i]) && !set_limit(&limits, argv[i])) {
            fprintf(stderr, "unknown: %s\n", argv[i]);
            return 2;
        }
    for (size_t i = 0; i < ASSET_SIZE; i++)
        asset_bytes[i] = (uint8_t)('a' + i % 26);
    for (size_t i = 0; i < BIG_SIZE; i++)
        big_bytes[i] = (uint8_t)('A' + i % 26);
    if (srv_http_open(&options, &server, &err) != CM_OK) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    int status = run();
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    srv_http_stats(server, &stats);
    printf("end connections=%lld streams=%lld running=%d waits=%d\n", (long long)stats.connections,
           (long long)stats.streams, running_streams, open_waits);
    srv_http_close(server);
    return status != 0 || stats.connections != 0 || stats.streams != 0 || running_streams != 0 ||
           open_waits != 0;
}
