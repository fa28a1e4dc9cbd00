#include "http/conn.h"

#include "base/log.h"
#include "http/server.h"
#include "http/tls.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    REST_MAX = SRV_READ_SIZE, /* of later requests; then the client is not read from */
    LINGER_MAX = 1024 * 1024, /* thrown away while the client has yet to see the last answer */
};

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf);
static void conn_input(struct srv_conn *conn, const uint8_t *bytes, size_t size);

/* ---- reading on and off ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    const struct srv_conn *conn = handle->data;
    (void)suggested;
    *buf = uv_buf_init(conn->loop->read_buffer, SRV_READ_SIZE);
}

static void read_on(struct srv_conn *conn)
{
    if (conn->reading || conn->half_closed || conn->state == SRV_CONN_CLOSING)
        return;
    if (uv_read_start(&conn->uv.stream, on_alloc, on_read) == 0)
        conn->reading = true;
    else
        srv_conn_abort(conn);
}

static void read_off(struct srv_conn *conn)
{
    if (conn->reading)
        uv_read_stop(&conn->uv.stream);
    conn->reading = false;
}

static void wait_for(struct srv_conn *conn, enum srv_wait_kind kind)
{
    srv_wait_begin(&conn->loop->waits, &conn->read_wait, kind, srv_loop_now(conn->loop));
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct srv_conn *conn = handle->data;
    struct srv_loop *loop = conn->loop;
    struct srv_http *http = loop->http;
    if (conn->stream.open && conn->stream.events->closed != NULL)
        conn->stream.events->closed(conn->stream.arg);
    if (conn->stream.open)
        srv_count(&loop->stats.streams, -1);
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        loop->conns = conn->next;
    loop->conn_count--;
    atomic_fetch_sub(&http->connections, 1);
    srv_count(&loop->stats.connections, -1);
    if (conn->counted_address)
        srv_addresses_remove(http->addresses, &conn->address);
    srv_out_finish(&conn->out);
    srv_tls_session_destroy(conn->tls);
    free(conn->rest);
    free(conn);
    srv_loop_conn_closed(loop);
}

void srv_conn_abort(struct srv_conn *conn)
{
    if (conn->state == SRV_CONN_CLOSING)
        return;
    conn->state = SRV_CONN_CLOSING;
    srv_wait_end(&conn->read_wait);
    srv_wait_end(&conn->write_wait);
    if (conn->call != NULL) {
        struct srv_call *call = conn->call;
        conn->call = NULL;
        call->conn = NULL;
        srv_call_unref(call);
    }
    uv_close(&conn->uv.handle, on_closed);
}

/* All is sent. A close now could make the kernel throw the answer away when the client is still sending, so only our side
 * is shut and the client is awaited. */
static void linger(struct srv_conn *conn)
{
    uv_os_fd_t fd;
    if (conn->half_closed || uv_fileno(&conn->uv.handle, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
        srv_conn_abort(conn);
        return;
    }
    conn->state = SRV_CONN_LINGERING;
    wait_for(conn, SRV_WAIT_LINGER);
    read_on(conn);
}

/* The last answer is with out: close when it has left. */
static void finish(struct srv_conn *conn)
{
    conn->state = SRV_CONN_LAST;
    srv_wait_end(&conn->read_wait);
    if (conn->tls != NULL) {
        srv_tls_goodbye(conn->tls);
        if (!srv_out_send_sealed(conn))
            return;
    }
    if (conn->out.first == NULL)
        linger(conn);
}

/* ---- one request after another ---- */

static void next_request(struct srv_conn *conn)
{
    conn->state = SRV_CONN_READING;
    if (conn->in_input) /* whoever feeds us goes on by itself */
        return;
    uint8_t *rest = conn->rest;
    size_t size = conn->rest_size;
    conn->rest = NULL;
    conn->rest_size = 0;
    if (size > 0)
        conn_input(conn, rest, size);
    free(rest);
    if (conn->state == SRV_CONN_READING &&
        (conn->half_closed || (conn->loop->stopping && conn->call == NULL))) {
        srv_conn_abort(conn); /* nothing more comes, or is wanted */
        return;
    }
    if (conn->state == SRV_CONN_READING && conn->call == NULL)
        wait_for(conn, SRV_WAIT_IDLE);
    if (conn->state == SRV_CONN_READING || (conn->state == SRV_CONN_ANSWERING && conn->rest_size < REST_MAX))
        read_on(conn);
}

void srv_conn_answered(struct srv_conn *conn, bool close_after)
{
    if (conn->state == SRV_CONN_CLOSING)
        return;
    srv_wait_end(&conn->read_wait);
    if (close_after)
        finish(conn);
    else if (conn->out.first == NULL)
        next_request(conn);
    else
        conn->state = SRV_CONN_ANSWERING;
}

void srv_conn_drained(struct srv_conn *conn)
{
    switch (conn->state) {
    case SRV_CONN_LAST:
        linger(conn);
        break;
    case SRV_CONN_ANSWERING:
        if (conn->call == NULL)
            next_request(conn);
        break;
    case SRV_CONN_STREAMING:
        if (conn->stream.events->drained != NULL)
            conn->stream.events->drained(conn->stream.arg);
        break;
    default: /* "100 Continue", or the TLS handshake, has left */
        break;
    }
}

void srv_conn_streams(struct srv_conn *conn)
{
    conn->state = SRV_CONN_STREAMING;
    srv_wait_end(&conn->read_wait);
    srv_count(&conn->loop->stats.streams, 1);
    free(conn->rest);
    conn->rest = NULL;
    conn->rest_size = 0;
    read_on(conn); /* to see it hang up */
}

/* ---- input ---- */

static struct srv_call *begin_call(struct srv_conn *conn)
{
    conn->call = srv_call_take(conn);
    if (conn->call == NULL) {
        srv_conn_abort(conn);
        return NULL;
    }
    conn->requests++;
    wait_for(conn, SRV_WAIT_HEAD);
    return conn->call;
}

/* The head is good and may have its body. */
static enum srv_request_step expect_body(struct srv_conn *conn, struct srv_call *call, bool more_is_here)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    enum srv_request_step step = srv_request_expect_body(&call->request, call->match.route->body_max);
    if (step != SRV_STEP_MORE)
        return step;
    conn->body_at_wait = 0;
    wait_for(conn, SRV_WAIT_BODY);
    if (call->request.expects_continue && !more_is_here) {
        struct srv_part part = {go_on, sizeof go_on - 1, SRV_PART_STATIC, NULL};
        (void)srv_out_send(conn, &part, 1);
    }
    return step;
}

/* Takes what belongs to the request that is being read; returns how much. */
static size_t take_bytes(struct srv_conn *conn, const uint8_t *bytes, size_t size)
{
    struct srv_call *call = conn->call != NULL ? conn->call : begin_call(conn);
    size_t used = 0;
    if (call == NULL)
        return size;
    enum srv_request_step step = srv_request_feed(&call->request, bytes, size, &used);
    if (step == SRV_STEP_HEAD) {
        if (!srv_call_judge(call))
            return used;
        step = expect_body(conn, call, used < size);
    }
    if (step == SRV_STEP_BAD) {
        srv_call_refuse(call);
    } else if (step == SRV_STEP_DONE) {
        conn->state = SRV_CONN_ANSWERING;
        srv_wait_end(&conn->read_wait);
        srv_call_run(call);
    }
    return used;
}

static void keep_rest(struct srv_conn *conn, const uint8_t *bytes, size_t size)
{
    uint8_t *rest = realloc(conn->rest, conn->rest_size + size);
    if (rest == NULL) {
        srv_conn_abort(conn);
        return;
    }
    memcpy(rest + conn->rest_size, bytes, size);
    conn->rest = rest;
    conn->rest_size += size;
    if (conn->rest_size >= REST_MAX)
        read_off(conn);
}

static void conn_input(struct srv_conn *conn, const uint8_t *bytes, size_t size)
{
    conn->in_input = true;
    while (conn->state == SRV_CONN_READING && size > 0) {
        size_t used = take_bytes(conn, bytes, size);
        bytes += used;
        size -= used;
    }
    conn->in_input = false;
    if (conn->state == SRV_CONN_ANSWERING && size > 0)
        keep_rest(conn, bytes, size);
    else if (conn->state == SRV_CONN_READING && conn->call == NULL)
        wait_for(conn, SRV_WAIT_IDLE);
}

static void input_over(struct srv_conn *conn)
{
    const struct srv_call *call = conn->call;
    bool answer_pending = conn->state == SRV_CONN_ANSWERING || conn->state == SRV_CONN_LAST;
    if (answer_pending && call != NULL && (call->match.route->flags & SRV_LONG) != 0)
        answer_pending = false; /* nobody waits for it any more */
    if (!answer_pending) {
        srv_conn_abort(conn);
        return;
    }
    conn->half_closed = true; /* it may have shut its side only, and still want the answer */
    read_off(conn);
}

/* TLS: what came is decrypted, and what that makes us say is sent. */
static void sealed_input(struct srv_conn *conn, const uint8_t *bytes, size_t size)
{
    struct srv_loop *loop = conn->loop;
    size_t plain_size = 0;
    enum cm_code code = srv_tls_open_bytes(conn->tls, bytes, size, loop->plain,
                                           SRV_READ_SIZE + SRV_TLS_PLAIN_MORE, &plain_size);
    if (!srv_out_send_sealed(conn))
        return;
    if (code == CM_INVALID) {
        srv_conn_abort(conn);
        return;
    }
    if (code != CM_AGAIN && conn->state == SRV_CONN_HANDSHAKE) {
        conn->state = SRV_CONN_READING;
        wait_for(conn, SRV_WAIT_IDLE);
    }
    if (plain_size > 0 && conn->state == SRV_CONN_ANSWERING)
        keep_rest(conn, loop->plain, plain_size);
    else if (plain_size > 0)
        conn_input(conn, loop->plain, plain_size);
    if (code == CM_EOF && conn->state != SRV_CONN_CLOSING)
        input_over(conn);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    struct srv_conn *conn = stream->data;
    const uint8_t *bytes = (const uint8_t *)buf->base;
    if (size == 0)
        return;
    if (size == UV_EOF) {
        input_over(conn);
        return;
    }
    if (size < 0) {
        srv_conn_abort(conn);
        return;
    }
    srv_count(&conn->loop->stats.bytes_in, size);
    if (conn->state == SRV_CONN_LINGERING || conn->state == SRV_CONN_LAST) {
        conn->lingered += (size_t)size;
        if (conn->lingered > LINGER_MAX)
            srv_conn_abort(conn);
    } else if (conn->tls != NULL) {
        sealed_input(conn, bytes, (size_t)size);
    } else if (conn->state == SRV_CONN_ANSWERING) {
        keep_rest(conn, bytes, (size_t)size);
    } else if (conn->state == SRV_CONN_READING) {
        conn_input(conn, bytes, (size_t)size);
    }
}

/* ---- time ---- */

static void body_too_slow(struct srv_conn *conn)
{
    struct srv_call *call = conn->call;
    const struct srv_limits *limits = &conn->loop->http->limits;
    size_t came = call->request.body.size - conn->body_at_wait;
    if ((int64_t)came * 1000 >= (int64_t)limits->body_bytes_per_s * limits->body_window_ms) {
        conn->body_at_wait = call->request.body.size;
        wait_for(conn, SRV_WAIT_BODY);
        return;
    }
    srv_count(&conn->loop->stats.timeouts, 1);
    call->close_after = true;
    srv_answer_error(call, 408, "timeout", "The body came too slowly.");
}

static void write_stuck(struct srv_conn *conn)
{
    size_t left = uv_stream_get_write_queue_size(&conn->uv.stream);
    if (left < conn->out.seen_by_timeout) { /* it takes some, if slowly */
        conn->out.seen_by_timeout = left;
        srv_wait_begin(&conn->loop->waits, &conn->write_wait, SRV_WAIT_WRITE, srv_loop_now(conn->loop));
        return;
    }
    srv_count(&conn->loop->stats.timeouts, 1);
    srv_conn_abort(conn);
}

void srv_conn_timed_out(struct srv_conn *conn, enum srv_wait_kind kind)
{
    switch (kind) {
    case SRV_WAIT_HEAD:
        srv_count(&conn->loop->stats.timeouts, 1);
        if (conn->state == SRV_CONN_READING && conn->call != NULL) {
            conn->call->close_after = true;
            srv_answer_error(conn->call, 408, "timeout", "The request came too slowly.");
        } else {
            srv_conn_abort(conn);
        }
        break;
    case SRV_WAIT_BODY:
        body_too_slow(conn);
        break;
    case SRV_WAIT_WRITE:
        write_stuck(conn);
        break;
    default:
        srv_conn_abort(conn);
    }
}

void srv_conn_stop(struct srv_conn *conn)
{
    struct srv_call *call = conn->call;
    switch (conn->state) {
    case SRV_CONN_HANDSHAKE:
        srv_conn_abort(conn);
        break;
    case SRV_CONN_READING:
        if (call == NULL)
            srv_conn_abort(conn);
        break;
    case SRV_CONN_ANSWERING:
        if (call == NULL || (call->match.route->flags & SRV_LONG) == 0)
            break;
        srv_call_ref(call); /* a long poll: its handler would wait on */
        srv_answer_error(call, 503, "stopping", "The server is being stopped.");
        call->answered = false; /* to the handler the client has gone */
        srv_call_unref(call);
        break;
    case SRV_CONN_STREAMING:
        srv_stream_end(&conn->stream);
        break;
    default:
        break;
    }
}

/* ---- the beginning ---- */

static bool say_who(struct srv_conn *conn)
{
    struct sockaddr_storage from;
    int size = sizeof from;
    struct srv_http *http = conn->loop->http;
    if (uv_tcp_getpeername(&conn->uv.tcp, (struct sockaddr *)&from, &size) != 0)
        return false; /* it has gone already */
    srv_address_of(&from, conn->peer, &conn->address);
    if (srv_address_is_loopback(conn->peer) || strcmp(conn->peer, http->trusted_proxy) == 0)
        return true;
    conn->counted_address =
        srv_addresses_add(http->addresses, &conn->address, http->limits.connections_per_address);
    return conn->counted_address;
}

/* One too many: told so where that costs nothing. */
static void turn_away(struct srv_conn *conn)
{
    static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\n"
                               "Connection: close\r\n\r\n";
    uv_buf_t buf = uv_buf_init((char *)full, sizeof full - 1);
    if (conn->loop->http->tls == NULL)
        (void)uv_try_write(&conn->uv.stream, &buf, 1);
    srv_count(&conn->loop->stats.refused, 1);
    srv_conn_abort(conn);
}

static struct srv_conn *conn_create(struct srv_loop *loop)
{
    struct srv_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL)
        return NULL;
    conn->loop = loop;
    conn->state = loop->http->tls != NULL ? SRV_CONN_HANDSHAKE : SRV_CONN_READING;
    if (uv_tcp_init(&loop->uv, &conn->uv.tcp) != 0) {
        free(conn);
        return NULL;
    }
    conn->uv.handle.data = conn;
    conn->next = loop->conns;
    if (loop->conns != NULL)
        loop->conns->prev = conn;
    loop->conns = conn;
    loop->conn_count++;
    atomic_fetch_add(&loop->http->connections, 1);
    srv_count(&loop->stats.connections, 1);
    return conn;
}

void srv_conn_accept(struct srv_loop *loop, uv_stream_t *listener)
{
    struct srv_http *http = loop->http;
    struct srv_conn *conn = conn_create(loop);
    if (conn == NULL)
        return;
    if (uv_accept(listener, &conn->uv.stream) != 0) {
        srv_conn_abort(conn);
        return;
    }
    if (!say_who(conn) || atomic_load(&http->connections) > http->connections_max) {
        turn_away(conn);
        return;
    }
    uv_tcp_nodelay(&conn->uv.tcp, 1);
    if (http->tls != NULL) {
        conn->tls = srv_tls_session_create(http->tls, &loop->tls_out);
        if (conn->tls == NULL) {
            srv_conn_abort(conn);
            return;
        }
    }
    wait_for(conn, conn->tls != NULL ? SRV_WAIT_HEAD : SRV_WAIT_IDLE);
    read_on(conn);
}
