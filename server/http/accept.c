#include "http/conn.h"

#include "http/server.h"
#include "http/tls.h"
#include <stdlib.h>
#include <string.h>

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
    srv_conn_wait(conn, conn->tls != NULL ? SRV_WAIT_HEAD : SRV_WAIT_IDLE);
    srv_conn_read_on(conn);
}
