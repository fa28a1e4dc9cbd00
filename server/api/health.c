/* GET /healthz, GET /metrics */
#include "api/handlers.h"

#include "api/cache_private.h"
#include "auth/auth.h"
#include "base/log.h"
#include <stdlib.h>
#include <string.h>

/* ---- is the writer alive? ---- */

enum { WRITER_DEADLINE_US = 5 * 1000 * 1000 };

struct sign {               /* of life */
    struct srv_write write; /* first */
    struct srv_api *api;
    const struct srv_writer *writer;
};

static enum cm_code do_nothing(struct srv_store *store, void *arg, struct cm_err *err)
{
    (void)store, (void)arg, (void)err;
    return CM_OK;
}

static void got_sign(struct srv_write *write, enum cm_code code, const struct cm_err *err)
{
    struct sign *sign = (struct sign *)write;
    if (code != CM_OK)
        cm_log_err(CM_LOG_ERROR, "api", "the writer cannot commit", err);
    struct srv_writer_stats writer;
    srv_writer_stats(sign->writer, &writer);
    pthread_mutex_lock(&sign->api->lock);
    sign->api->asked_mono_us = 0;
    sign->api->failed_at_good = code != CM_OK ? writer.good + 1 : 0;
    pthread_mutex_unlock(&sign->api->lock);
    free(sign);
}

/* Not with the lock held: the answer may come at once. */
static bool ask(struct srv_call *call, struct srv_api *api)
{
    struct sign *sign = calloc(1, sizeof *sign);
    if (sign != NULL) {
        sign->write.run = do_nothing;
        sign->write.done = got_sign;
        sign->write.loop = srv_call_loop(call);
        sign->api = api;
        sign->writer = srv_app_of(call)->writer;
        if (srv_writer_submit(srv_app_of(call)->writer, &sign->write) == CM_OK)
            return true;
    }
    free(sign);
    pthread_mutex_lock(&api->lock);
    api->asked_mono_us = 0;
    pthread_mutex_unlock(&api->lock);
    return false;
}

bool srv_api_writer_alive(struct srv_call *call)
{
    const struct srv_app *app = srv_app_of(call);
    struct srv_api *api = app->api;
    if (api == NULL)
        return true;
    int64_t now_us = cm_mono_us(app->clock);
    struct srv_writer_stats writer;
    srv_writer_stats(app->writer, &writer);
    pthread_mutex_lock(&api->lock);
    bool on_its_way = api->asked_mono_us != 0;
    bool failed = api->failed_at_good == writer.good + 1; /* and nothing was committed since */
    bool late = on_its_way && now_us - api->asked_mono_us >= WRITER_DEADLINE_US;
    if (!on_its_way)
        api->asked_mono_us = now_us;
    pthread_mutex_unlock(&api->lock);
    bool asked = on_its_way || ask(call, api);
    return asked && !late && !failed;
}

/* ---- for the one who watches the machine ---- */

static const char *health_word(bool reads, bool low, bool writes)
{
    return !reads ? "store_unreadable" : low ? "disk_low" : writes ? "ok" : "writer_stalled";
}

void srv_api_health(struct srv_call *call)
{
    const struct srv_app *app = srv_app_of(call);
    struct srv_store_stats stats = {.events = 0};
    struct srv_writer_stats writer;
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    bool reads = srv_store_stats(app->store, &stats, &err) == CM_OK;
    bool low = reads && stats.disk_low;
    srv_writer_stats(app->writer, &writer); /* before a sign of life is asked for, which would count too */
    bool writes = srv_api_writer_alive(call);
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_reply_text(&out, "status", health_word(reads, low, writes));
    srv_reply_text(&out, "version", ROLLCALL_VERSION);
    srv_reply_int(&out, "uptime_s", (srv_api_now(app) - app->started_wall_ms) / 1000);
    srv_reply_begin(&out, "store");
    srv_reply_int(&out, "events", (int64_t)stats.events);
    srv_reply_int(&out, "bytes_used", (int64_t)stats.bytes_used);
    if (stats.bytes_free_on_disk == UINT64_MAX) /* a store in memory */
        srv_reply_null(&out, "bytes_free_on_disk");
    else
        srv_reply_int(&out, "bytes_free_on_disk", (int64_t)stats.bytes_free_on_disk);
    srv_reply_int(&out, "writes_waiting", writer.waiting);
    srv_reply_end(&out);
    srv_reply_end(&out);
    srv_answer_header(call, "cache-control", "no-store");
    srv_reply_answer(call, reads && writes && !low ? 200 : 503, &out);
}

/* ---- numbers for Prometheus ---- */

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strncmp(address, "::ffff:127.", 11) == 0;
}

/* What a proxy on this machine passes on is not from this machine. */
static bool is_passed_on(const struct srv_call *call)
{
    return srv_call_header(call, "x-forwarded-for") != NULL || srv_call_header(call, "forwarded") != NULL ||
           srv_call_header(call, "x-real-ip") != NULL || srv_call_header(call, "via") != NULL;
}

static bool may_see_metrics(struct srv_call *call)
{
    struct srv_identity who = {.role = 0};
    if (is_loopback(srv_call_peer(call)) && !is_passed_on(call))
        return true;
    return srv_auth_authorize(srv_call_app(call), call, srv_call_route(call), &who) == 0 &&
           who.role == SRV_ROLE_ADMIN;
}

struct metric {
    const char *name, *type, *help;
    double value;
};

static void put_metrics(struct cm_buf *text, const struct metric *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cm_buf_appendf(text, "# HELP rollcall_%s %s\n# TYPE rollcall_%s %s\nrollcall_%s %.15g\n",
                       metrics[i].name, metrics[i].help, metrics[i].name, metrics[i].type, metrics[i].name,
                       metrics[i].value);
}

static void put_statuses(struct cm_buf *text, const struct srv_http_stats *http)
{
    cm_buf_append_text(text, "# HELP rollcall_http_answers_total Answers by class of status.\n"
                             "# TYPE rollcall_http_answers_total counter\n");
    for (int i = 1; i <= 5; i++)
        cm_buf_appendf(text, "rollcall_http_answers_total{status=\"%dxx\"} %lld\n", i,
                       (long long)http->status_class[i]);
}

struct station_counts {
    const struct srv_app *app;
    int64_t stations, revoked;
};

static bool count_station(void *arg, const struct srv_station *station)
{
    struct station_counts *counts = arg;
    counts->stations += !station->revoked;
    counts->revoked += station->revoked;
    return true;
}

static void put_all(struct cm_buf *text, const struct srv_app *app)
{
    struct srv_store_stats store = {.events = 0};
    struct srv_writer_stats writer = {.commits = 0};
    struct srv_http_stats http = {.requests = 0};
    struct station_counts stations = {.app = app};
    uint64_t feed = 0;
    srv_store_stats(app->store, &store, NULL);
    srv_store_feed_last(app->store, &feed, NULL);
    srv_store_each_station(app->store, count_station, &stations, NULL);
    srv_writer_stats(app->writer, &writer);
    srv_http_stats(app->http, &http);
    const struct metric metrics[] = {
        {"uptime_seconds", "gauge", "Since the start.",
         (double)(srv_api_now(app) - app->started_wall_ms) / 1000.0},
        {"http_requests_total", "counter", "Requests.", (double)http.requests},
        {"http_connections", "gauge", "Open connections.", (double)http.connections},
        {"http_streams", "gauge", "Open streams.", (double)http.streams},
        {"http_received_bytes_total", "counter", "Bytes received.", (double)http.bytes_in},
        {"http_sent_bytes_total", "counter", "Bytes sent.", (double)http.bytes_out},
        {"http_refused_total", "counter", "Connections refused.", (double)http.refused},
        {"http_timeouts_total", "counter", "Connections ended by a limit of time.", (double)http.timeouts},
        {"store_events", "gauge", "Events in the store.", (double)store.events},
        {"store_feed", "gauge", "Number of the newest event of the feed.", (double)feed},
        {"store_used_bytes", "gauge", "Bytes that the store uses.", (double)store.bytes_used},
        {"disk_free_bytes", "gauge", "Bytes free on the store's disk.", (double)store.bytes_free_on_disk},
        {"writer_commits_total", "counter", "Synced commits.", (double)writer.commits},
        {"writer_jobs_total", "counter", "Writes within them.", (double)writer.jobs},
        {"writer_waiting", "gauge", "Writes that wait.", (double)writer.waiting},
        {"writer_last_commit_seconds", "gauge", "How long the last commit took.",
         (double)writer.last_commit_us / 1e6},
        {"stations", "gauge", "Stations that are not revoked.", (double)stations.stations},
        {"stations_revoked", "gauge", "Stations that are revoked.", (double)stations.revoked},
    };
    put_metrics(text, metrics, sizeof metrics / sizeof metrics[0]);
    put_statuses(text, &http);
}

void srv_api_metrics(struct srv_call *call)
{
    struct cm_buf text;
    if (!may_see_metrics(call)) {
        srv_answer_error(call, 403, "forbidden", "the metrics are for this machine, or for an admin's token");
        return;
    }
    cm_buf_init(&text, 64 * 1024);
    put_all(&text, srv_app_of(call));
    size_t size = 0;
    uint8_t *bytes = cm_buf_take(&text, &size);
    srv_answer_take(call, 200, "text/plain; version=0.0.4; charset=utf-8", bytes, size);
}
