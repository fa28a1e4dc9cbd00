#include "http/conn.h"

#include "http/server.h"
#include "http/tls.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- reading on and off ---- */

void srv_conn_read_on(struct srv_conn *conn)
{
    if (conn->reading || conn->half_closed || conn->state == SRV_CONN_CLOSING)
        return;
    if (uv_read_start(&conn->uv.stream, srv_conn_on_alloc, srv_conn_on_read) == 0)
        conn->reading = true;
    else
        srv_conn_abort(conn);
}

void srv_conn_read_off(struct srv_conn *conn)
{
    if (conn->reading)
        uv_read_stop(&conn->uv.stream);
    conn->reading = false;
}

void srv_conn_wait(struct srv_conn *conn, enum srv_wait_kind kind)
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
    srv_conn_drop_rest(conn->rest, conn->rest_size);
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
    srv_conn_wait(conn, SRV_WAIT_LINGER);
    srv_conn_read_on(conn);
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
        srv_conn_input(conn, rest, size);
    srv_conn_drop_rest(rest, size);
    if (conn->state == SRV_CONN_READING &&
        (conn->half_closed || (conn->loop->stopping && conn->call == NULL))) {
        srv_conn_abort(conn); /* nothing more comes, or is wanted */
        return;
    }
    if (conn->state == SRV_CONN_READING && conn->call == NULL)
        srv_conn_wait(conn, SRV_WAIT_IDLE);
    if (conn->state == SRV_CONN_READING ||
        (conn->state == SRV_CONN_ANSWERING && conn->rest_size < SRV_REST_MAX))
        srv_conn_read_on(conn);
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
    srv_conn_drop_rest(conn->rest, conn->rest_size);
    conn->rest = NULL;
    conn->rest_size = 0;
    srv_conn_read_on(conn); /* to see it hang up */
}

/* ---- time ---- */

static void body_too_slow(struct srv_conn *conn)
{
    struct srv_call *call = conn->call;
    const struct srv_limits *limits = &conn->loop->http->limits;
    size_t came = call->request.body.size - conn->body_at_wait;
    if ((int64_t)came * 1000 >= (int64_t)limits->body_bytes_per_s * limits->body_window_ms) {
        conn->body_at_wait = call->request.body.size;
        srv_conn_wait(conn, SRV_WAIT_BODY);
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
        if (conn->stream.events->endless)
            srv_stream_end(&conn->stream);
        else
            srv_stream_cut(&conn->stream);
        break;
    default:
        break;
    }
}
