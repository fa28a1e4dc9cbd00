/*
 * One connection: reads requests one after another, hands each on when it is whole, sends its answer, begins with the next.
 * A request that comes early (pipelining) waits in `rest`; beyond that the client is not read from. Loop thread; freed in
 * the close callback of its handle.
 */
#ifndef SRV_CONN_H
#define SRV_CONN_H

#include "http/call.h"
#include "http/out.h"
#include "http/waits.h"
#include <uv.h>

struct srv_tls_session;

enum srv_conn_state {
    SRV_CONN_HANDSHAKE, /* TLS */
    SRV_CONN_READING,   /* for a request, or within one */
    SRV_CONN_ANSWERING, /* the handler has it, or its answer is being sent */
    SRV_CONN_STREAMING,
    SRV_CONN_LAST,      /* the last answer is being sent */
    SRV_CONN_LINGERING, /* all is sent; the client hangs up now */
    SRV_CONN_CLOSING,
};

struct srv_stream {
    const struct srv_stream_events *events;
    void *arg;
    bool chunked, ended, open;
};

struct srv_address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d, IPv6 its /64 */
};

struct srv_conn {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
    } uv;
    struct srv_loop *loop;
    struct srv_conn *next, *prev; /* of the loop */
    enum srv_conn_state state;
    struct srv_call *call; /* being read, or waiting for its answer */
    struct srv_tls_session *tls;
    struct srv_wait read_wait, write_wait;
    struct srv_out out;
    struct srv_stream stream;
    uint8_t *rest; /* bytes of later requests */
    size_t rest_size;
    size_t body_at_wait; /* bytes of the body when its wait began */
    size_t lingered;
    int requests;
    bool reading, in_input, half_closed, counted_address;
    struct srv_address address;
    char peer[48];
};

enum { SRV_REST_MAX = 64 * 1024 }; /* bytes of later requests; then the client is not read from */

void srv_conn_accept(struct srv_loop *loop, uv_stream_t *listener);
void srv_conn_abort(struct srv_conn *conn);                      /* closes at once; again is harmless */
void srv_conn_drained(struct srv_conn *conn);                    /* everything queued has left */
void srv_conn_answered(struct srv_conn *conn, bool close_after); /* the answer was handed to out */
void srv_conn_streams(struct srv_conn *conn); /* a stream began: what comes in is of no interest */
void srv_conn_timed_out(struct srv_conn *conn, enum srv_wait_kind kind);
void srv_conn_stop(struct srv_conn *conn); /* the server stops: ends what can be ended */

/* Among the files of a connection. */
void srv_conn_read_on(struct srv_conn *conn);
void srv_conn_read_off(struct srv_conn *conn);
void srv_conn_wait(struct srv_conn *conn, enum srv_wait_kind kind);
void srv_conn_input(struct srv_conn *conn, const uint8_t *bytes,
                    size_t size); /* plain bytes, while it is READING */
void srv_conn_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
/* Wipes and frees bytes that were kept for later. */
void srv_conn_drop_rest(uint8_t *rest, size_t size);
void srv_conn_on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf);
bool srv_out_send_sealed(struct srv_conn *conn); /* what TLS has put into the loop's tls_out */

#endif
