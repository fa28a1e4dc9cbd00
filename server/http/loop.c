#include "http/loop.h"

#include "base/log.h"
#include "http/server.h"
#include "http/tls.h"
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKLOG = 4096,
    LINGER_MS = 2000,
    TICK_MAX_MS = 500,
    TICK_MIN_MS = 10,
    TLS_OUT_MAX = 16 * 1024 * 1024
};

struct srv_every {
    struct srv_every *next;
    uv_timer_t timer;
    srv_loop_fn *fn;
    void *arg;
};

/* ---- posts ---- */

static void append_post(struct srv_loop *loop, struct srv_post *post)
{
    *loop->posts_end = post;
    loop->posts_end = &post->next;
    if (loop->post_count++ == 0 && loop->wake_open)
        uv_async_send(&loop->wake);
}

enum cm_code srv_loop_post(struct srv_loop *loop, srv_loop_fn *fn, void *arg)
{
    struct srv_post *post = malloc(sizeof *post);
    if (post == NULL)
        return CM_NOMEM;
    *post = (struct srv_post){.fn = fn, .arg = arg, .ours = true};
    pthread_mutex_lock(&loop->lock);
    bool room = loop->post_count < SRV_POSTS_MAX;
    if (room)
        append_post(loop, post);
    pthread_mutex_unlock(&loop->lock);
    if (!room)
        free(post);
    return room ? CM_OK : CM_NOMEM;
}

void srv_loop_post_node(struct srv_loop *loop, struct srv_post *node, srv_loop_fn *fn, void *arg)
{
    *node = (struct srv_post){.fn = fn, .arg = arg};
    pthread_mutex_lock(&loop->lock);
    append_post(loop, node);
    pthread_mutex_unlock(&loop->lock);
}

static void run_posts(struct srv_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct srv_post *post = loop->posts;
    loop->posts = NULL;
    loop->posts_end = &loop->posts;
    loop->post_count = 0;
    pthread_mutex_unlock(&loop->lock);
    while (post != NULL) {
        const struct srv_post now = *post; /* a node is its poster's again */
        if (post->ours)
            free(post);
        now.fn(now.arg);
        post = now.next;
    }
}

/* ---- timers ---- */

static void on_every(uv_timer_t *timer)
{
    struct srv_every *every = timer->data;
    every->fn(every->arg);
}

enum cm_code srv_loop_every(struct srv_loop *loop, int period_ms, srv_loop_fn *fn, void *arg)
{
    struct srv_every *every = calloc(1, sizeof *every);
    if (every == NULL)
        return CM_NOMEM;
    every->fn = fn;
    every->arg = arg;
    uv_timer_init(&loop->uv, &every->timer);
    every->timer.data = every;
    every->next = loop->every;
    loop->every = every;
    uv_update_time(&loop->uv);
    uv_timer_start(&every->timer, on_every, (uint64_t)period_ms, (uint64_t)period_ms);
    return CM_OK;
}

static void on_every_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* ---- the end ---- */

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* The last connection has gone: nothing keeps the loop any more. */
static void end_loop(struct srv_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->wake_open = false;
    pthread_mutex_unlock(&loop->lock);
    close_handle((uv_handle_t *)&loop->wake);
    close_handle((uv_handle_t *)&loop->tick);
    while (loop->every != NULL) {
        struct srv_every *every = loop->every;
        loop->every = every->next;
        uv_close((uv_handle_t *)&every->timer, on_every_closed);
    }
}

void srv_loop_conn_closed(struct srv_loop *loop)
{
    bool woken_for_good =
        atomic_load(&loop->http->stop) == SRV_STOP_SAID; /* else srv_http_stop still uses our wake */
    if (loop->stopping && loop->conn_count == 0 && loop->wake_open && woken_for_good)
        end_loop(loop);
}

static void begin_stop(struct srv_loop *loop)
{
    if (loop->stopping)
        return;
    loop->stopping = true;
    loop->stop_by_ms = srv_loop_now(loop) + loop->http->limits.stop_timeout_ms;
    close_handle((uv_handle_t *)&loop->listener);
    for (struct srv_conn *conn = loop->conns, *next; conn != NULL; conn = next) {
        next = conn->next; /* connections are only freed in their close callback */
        srv_conn_stop(conn);
    }
    srv_loop_conn_closed(loop);
}

static void cut_all(struct srv_loop *loop)
{
    int cut = 0;
    for (struct srv_conn *conn = loop->conns; conn != NULL; conn = conn->next, cut++)
        srv_conn_abort(conn);
    if (cut > 0)
        cm_log(CM_LOG_WARN, "http", "connections cut at the end", CM_INT("count", cut));
}

void srv_loop_stop(struct srv_loop *loop)
{
    uv_async_send(&loop->wake);
}

static void on_wake(uv_async_t *wake)
{
    struct srv_loop *loop = wake->data;
    run_posts(loop);
    if (atomic_load(&loop->http->stop) != 0)
        begin_stop(loop);
}

static void on_tick(uv_timer_t *timer)
{
    struct srv_loop *loop = timer->data;
    int64_t now_ms = srv_loop_now(loop);
    for (struct srv_wait *wait; (wait = srv_waits_over(&loop->waits, now_ms)) != NULL;) {
        size_t at = wait->kind == SRV_WAIT_WRITE ? offsetof(struct srv_conn, write_wait)
                                                 : offsetof(struct srv_conn, read_wait);
        srv_conn_timed_out((struct srv_conn *)((char *)wait - at), wait->kind);
    }
    if (loop->stopping && now_ms >= loop->stop_by_ms)
        cut_all(loop);
    srv_loop_conn_closed(loop);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct srv_loop *loop = listener->data;
    if (status == 0)
        srv_conn_accept(loop, listener);
    else /* without descriptors libuv itself drops who waits, by one that it keeps spare */
        srv_count(&loop->stats.refused, 1);
}

/* ---- life ---- */

static void init_waits(struct srv_loop *loop)
{
    const struct srv_limits *limits = &loop->http->limits;
    srv_waits_init(&loop->waits, (const int64_t[SRV_WAIT_KINDS]){
                                     [SRV_WAIT_HEAD] = limits->head_timeout_ms,
                                     [SRV_WAIT_IDLE] = limits->idle_timeout_ms,
                                     [SRV_WAIT_BODY] = limits->body_window_ms,
                                     [SRV_WAIT_LINGER] = LINGER_MS,
                                     [SRV_WAIT_WRITE] = limits->write_timeout_ms,
                                 });
}

/* Fine enough for the shortest wait, coarse enough to sleep. */
static uint64_t tick_ms(const struct srv_loop *loop)
{
    int64_t shortest = loop->http->limits.stop_timeout_ms;
    for (int kind = 0; kind < SRV_WAIT_KINDS; kind++)
        if (loop->waits.length_ms[kind] < shortest)
            shortest = loop->waits.length_ms[kind];
    shortest /= 8;
    return shortest < TICK_MIN_MS ? TICK_MIN_MS : shortest > TICK_MAX_MS ? TICK_MAX_MS : (uint64_t)shortest;
}

static int open_handles(struct srv_loop *loop, int fd)
{
    int status = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (status != 0)
        return status;
    loop->wake_open = true;
    uv_timer_init(&loop->uv, &loop->tick);
    uv_tcp_init(&loop->uv, &loop->listener);
    loop->wake.data = loop->tick.data = loop->listener.data = loop;
    status = uv_tcp_open(&loop->listener, fd);
    if (status != 0)
        return status;
    loop->fd = -1;
    status = uv_listen((uv_stream_t *)&loop->listener, BACKLOG, on_connection);
    if (status == 0)
        status = uv_timer_start(&loop->tick, on_tick, tick_ms(loop), tick_ms(loop));
    return status;
}

enum cm_code srv_loop_open(struct srv_loop *loop, struct srv_http *http, int index, int fd,
                           struct cm_err *err)
{
    memset(loop, 0, sizeof *loop);
    loop->http = http;
    loop->index = index;
    loop->fd = fd;
    loop->date_s = INT64_MIN;
    loop->trace = cm_log_enabled(CM_LOG_DEBUG, "http");
    loop->posts_end = &loop->posts;
    pthread_mutex_init(&loop->lock, NULL);
    cm_buf_init(&loop->tls_out, TLS_OUT_MAX);
    init_waits(loop);
    loop->read_buffer = malloc(SRV_READ_SIZE);
    loop->plain = http->tls != NULL ? malloc(SRV_READ_SIZE + SRV_TLS_PLAIN_MORE) : NULL;
    if (loop->read_buffer == NULL || (http->tls != NULL && loop->plain == NULL))
        return cm_fail(err, CM_NOMEM, "out of memory");
    int status = uv_loop_init(&loop->uv);
    if (status != 0)
        return cm_fail(err, CM_BACKEND, "an event loop cannot be made: %s", uv_strerror(status));
    loop->started = true;
    status = open_handles(loop, fd);
    if (status == UV_EADDRINUSE)
        return cm_fail(err, CM_EXISTS, "%s port %d is in use by another program", http->address, http->port);
    if (status != 0)
        return cm_fail(err, CM_BACKEND, "%s port %d cannot be listened on: %s", http->address, http->port,
                       uv_strerror(status));
    return CM_OK;
}

enum cm_code srv_loop_run(struct srv_loop *loop, struct cm_err *err)
{
    if (atomic_load(&loop->http->stop) != 0)
        uv_async_send(&loop->wake);
    uv_update_time(&loop->uv);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int status = uv_loop_close(&loop->uv);
    loop->started = false;
    if (status != 0)
        return cm_fail(err, CM_BACKEND, "the event loop did not end: %s", uv_strerror(status));
    return CM_OK;
}

static void close_any(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* It was opened and never run. */
static void abandon(struct srv_loop *loop)
{
    loop->stopping = true;
    end_loop(loop);
    uv_walk(&loop->uv, close_any, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int status = uv_loop_close(&loop->uv);
    assert(status == 0);
    (void)status;
}

void srv_loop_close(struct srv_loop *loop)
{
    if (loop->http == NULL)
        return;
    if (loop->started && loop->wake.loop == NULL)
        uv_loop_close(&loop->uv); /* not one handle was made */
    else if (loop->started)
        abandon(loop);
    if (loop->fd >= 0)
        close(loop->fd);
    while (loop->posts != NULL)
        run_posts(loop);
    srv_calls_free(loop);
    cm_buf_finish(&loop->tls_out);
    free(loop->read_buffer);
    free(loop->plain);
    pthread_mutex_destroy(&loop->lock);
}

int srv_loop_index(const struct srv_loop *loop)
{
    return loop->index;
}
