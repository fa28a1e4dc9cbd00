#include "http/conn.h"

#include "http/server.h"
#include "http/tls.h"
#include <stdlib.h>
#include <string.h>

enum { LINGER_MAX = 1024 * 1024 }; /* thrown away while the client has yet to see the last answer */

void srv_conn_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    const struct srv_conn *conn = handle->data;
    (void)suggested;
    *buf = uv_buf_init(conn->loop->read_buffer, SRV_READ_SIZE);
}

static struct srv_call *begin_call(struct srv_conn *conn)
{
    conn->call = srv_call_take(conn);
    if (conn->call == NULL) {
        srv_conn_abort(conn);
        return NULL;
    }
    conn->requests++;
    srv_conn_wait(conn, SRV_WAIT_HEAD);
    return conn->call;
}

/* The head is good and may have its body. */
static enum srv_request_step expect_body(struct srv_conn *conn, struct srv_call *call, bool more_is_here)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const struct srv_route *route = call->match.route;
    enum srv_request_step step =
        srv_request_expect_body(&call->request, route->body_max, (route->flags & SRV_SECRET) != 0);
    if (step != SRV_STEP_MORE)
        return step;
    conn->body_at_wait = 0;
    srv_conn_wait(conn, SRV_WAIT_BODY);
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

void srv_conn_drop_rest(uint8_t *rest, size_t size)
{
    if (size > 0)
        explicit_bzero(rest, size);
    free(rest);
}

static void keep_rest(struct srv_conn *conn, const uint8_t *bytes, size_t size)
{
    uint8_t *rest = malloc(conn->rest_size + size);
    if (rest == NULL) {
        srv_conn_abort(conn);
        return;
    }
    if (conn->rest_size > 0)
        memcpy(rest, conn->rest, conn->rest_size);
    memcpy(rest + conn->rest_size, bytes, size);
    srv_conn_drop_rest(conn->rest, conn->rest_size);
    conn->rest = rest;
    conn->rest_size += size;
    if (conn->rest_size >= SRV_REST_MAX)
        srv_conn_read_off(conn);
}

void srv_conn_input(struct srv_conn *conn, const uint8_t *bytes, size_t size)
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
        srv_conn_wait(conn, SRV_WAIT_IDLE);
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
    srv_conn_read_off(conn);
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
        srv_conn_wait(conn, SRV_WAIT_IDLE);
    }
    if (plain_size > 0 && conn->state == SRV_CONN_ANSWERING)
        keep_rest(conn, loop->plain, plain_size);
    else if (plain_size > 0)
        srv_conn_input(conn, loop->plain, plain_size);
    if (plain_size > 0)
        explicit_bzero(loop->plain, plain_size);
    if (code == CM_EOF && conn->state != SRV_CONN_CLOSING)
        input_over(conn);
}

static void take_read(struct srv_conn *conn, const uint8_t *bytes, size_t size)
{
    if (conn->state == SRV_CONN_LINGERING || conn->state == SRV_CONN_LAST) {
        conn->lingered += size;
        if (conn->lingered > LINGER_MAX)
            srv_conn_abort(conn);
    } else if (conn->tls != NULL) {
        sealed_input(conn, bytes, size);
    } else if (conn->state == SRV_CONN_ANSWERING) {
        keep_rest(conn, bytes, size);
    } else if (conn->state == SRV_CONN_READING) {
        srv_conn_input(conn, bytes, size);
    }
}

void srv_conn_on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    struct srv_conn *conn = stream->data;
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
    take_read(conn, (const uint8_t *)buf->base, (size_t)size);
    explicit_bzero(buf->base,
                   (size_t)size); /* there may have been a password; all connections share this memory */
}
