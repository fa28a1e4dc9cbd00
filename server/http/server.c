#include "http/server.h"

#include "base/log.h"
#include "http/listen.h"
#include "http/tls.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_MAX = 64 };

static enum cm_code check_options(const struct srv_http_options *options, struct cm_err *err)
{
    bool tls = options->tls.certificate != NULL;
    if (options->threads < 1 || options->threads > THREADS_MAX)
        return cm_fail(err, CM_INVALID, "the number of threads must be 1 to %d", THREADS_MAX);
    if (tls != (options->tls.key != NULL))
        return cm_fail(err, CM_INVALID, "a certificate and its key are needed together");
    if (!tls && !options->plain_anywhere && !srv_address_is_loopback(options->address))
        return cm_fail(
            err, CM_INVALID,
            "without TLS only a loopback address is listened on, not %s: configure a certificate, or allow "
            "plain HTTP",
            options->address);
    return CM_OK;
}

static enum cm_code open_loops(struct srv_http *http, int count, struct cm_err *err)
{
    int fds[THREADS_MAX];
    enum cm_code code = srv_listen_bind(http->address, http->options.port, count, fds, &http->port, err);
    if (code != CM_OK)
        return code;
    for (int i = 0; i < count; i++) {
        if (code == CM_OK) {
            code = srv_loop_open(&http->loops[i], http, i, fds[i], err);
            http->loop_count = i + 1;
        } else {
            close(fds[i]);
        }
    }
    return code;
}

static enum cm_code open_parts(struct srv_http *http, struct cm_err *err)
{
    enum cm_code code = srv_addresses_create(http->connections_max, &http->addresses);
    if (code != CM_OK)
        return cm_fail(err, code, "out of memory");
    if (http->options.tls.certificate != NULL) {
        code = srv_tls_open(&http->options.tls, &http->tls, err);
        if (code != CM_OK)
            return code;
    }
    http->loops = calloc((size_t)http->options.threads, sizeof *http->loops);
    if (http->loops == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    return open_loops(http, http->options.threads, err);
}

enum cm_code srv_http_open(const struct srv_http_options *options, struct srv_http **ret_http,
                           struct cm_err *err)
{
    enum cm_code code = check_options(options, err);
    if (code != CM_OK)
        return code;
    struct srv_http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    http->options = *options;
    if (http->options.clock == NULL)
        http->options.clock = cm_clock_system();
    http->limits = options->limits != NULL ? *options->limits : srv_limits_default;
    snprintf(http->address, sizeof http->address, "%s", options->address);
    snprintf(http->trusted_proxy, sizeof http->trusted_proxy, "%s",
             options->trusted_proxy != NULL ? options->trusted_proxy : "");
    http->connections_max = srv_limits_descriptors(http->limits.connections);
    if (http->connections_max < http->limits.connections)
        cm_log(CM_LOG_WARN, "http", "fewer connections than configured: too few descriptors",
               CM_INT("connections", http->connections_max));
    code = open_parts(http, err);
    if (code != CM_OK) {
        srv_http_close(http);
        return code;
    }
    *ret_http = http;
    return CM_OK;
}

void srv_http_close(struct srv_http *http)
{
    if (http == NULL)
        return;
    for (int i = 0; i < http->loop_count; i++)
        srv_loop_close(&http->loops[i]);
    free(http->loops);
    srv_tls_close(http->tls);
    srv_addresses_destroy(http->addresses);
    free(http);
}

int srv_http_port(const struct srv_http *http)
{
    return http->port;
}

int srv_http_loops(const struct srv_http *http)
{
    return http->loop_count;
}

struct srv_loop *srv_http_loop(struct srv_http *http, int index)
{
    return &http->loops[index];
}

/* ---- running ---- */

struct runner {
    struct srv_loop *loop;
    pthread_t thread;
    enum cm_code code;
    struct cm_err err;
};

static void *run_loop(void *arg)
{
    struct runner *runner = arg;
    runner->code = srv_loop_run(runner->loop, &runner->err);
    return NULL;
}

enum cm_code srv_http_run(struct srv_http *http, struct cm_err *err)
{
    struct runner runners[THREADS_MAX];
    int started = 1;
    enum cm_code code = CM_OK;
    for (; started < http->loop_count && code == CM_OK; started++) {
        runners[started] = (struct runner){.loop = &http->loops[started]};
        if (pthread_create(&runners[started].thread, NULL, run_loop, &runners[started]) != 0) {
            code = cm_fail(err, CM_BACKEND, "a thread cannot be started");
            srv_http_stop(http);
            break;
        }
    }
    enum cm_code own = srv_loop_run(&http->loops[0], code == CM_OK ? err : NULL);
    if (code == CM_OK)
        code = own;
    for (int i = 1; i < started; i++) {
        pthread_join(runners[i].thread, NULL);
        if (code == CM_OK && runners[i].code != CM_OK)
            code = cm_fail(err, runners[i].code, "%s", runners[i].err.msg);
    }
    return code;
}

void srv_http_stop(struct srv_http *http)
{
    int running = 0;
    if (!atomic_compare_exchange_strong(&http->stop, &running, SRV_STOP_SAYING))
        return;
    for (int i = 0; i < http->loop_count; i++)
        srv_loop_stop(&http->loops[i]);
    atomic_store(&http->stop, SRV_STOP_SAID);
}

enum cm_code srv_http_reload_tls(struct srv_http *http, struct cm_err *err)
{
    if (http->tls == NULL)
        return cm_fail(err, CM_INVALID, "no certificate is configured");
    return srv_tls_reload(http->tls, err);
}

/* ---- numbers ---- */

static int64_t value_of(const _Atomic int64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void srv_http_stats(const struct srv_http *http, struct srv_http_stats *ret_stats)
{
    struct srv_http_stats sum = {0};
    for (int i = 0; i < http->loop_count; i++) {
        const struct srv_loop_stats *stats = &http->loops[i].stats;
        sum.connections += value_of(&stats->connections);
        sum.requests += value_of(&stats->requests);
        sum.bytes_in += value_of(&stats->bytes_in);
        sum.bytes_out += value_of(&stats->bytes_out);
        sum.refused += value_of(&stats->refused);
        sum.timeouts += value_of(&stats->timeouts);
        sum.streams += value_of(&stats->streams);
        for (int c = 0; c < 6; c++)
            sum.status_class[c] += value_of(&stats->status_class[c]);
    }
    *ret_stats = sum;
}
