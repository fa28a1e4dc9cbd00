/* One thread's loop: its listener, its connections, work posted to it, its timers, and memory that its connections share. */
#ifndef SRV_LOOP_H
#define SRV_LOOP_H

#include "http/call.h"
#include "http/conn.h"
#include "http/waits.h"
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

enum {
    SRV_READ_SIZE = 64 * 1024,
    SRV_HEAD_OUT_SIZE = 2048 + SRV_ANSWER_HEADERS_MAX,
    SRV_POSTS_MAX = 1 << 17,   /* waiting for one loop, but for nodes */
    SRV_CALLS_KEPT = 128,      /* in the pool */
    SRV_CALL_KEEPS = 8 * 1024, /* bytes of head and body memory each */
};

/* Written by the loop's thread alone, read by any. */
struct srv_loop_stats {
    _Atomic int64_t connections, requests, bytes_in, bytes_out, refused, timeouts, streams;
    _Atomic int64_t status_class[6];
};
static inline void srv_count(_Atomic int64_t *counter, int64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

struct srv_loop {
    struct srv_http *http;
    int index;
    uv_loop_t uv;
    uv_tcp_t listener;
    uv_async_t wake;
    uv_timer_t tick;
    int fd; /* the listening socket until the listener has it; -1 */
    bool stopping, started;
    int64_t stop_by_ms;
    struct srv_conn *conns;
    int conn_count;
    struct srv_call *free_calls;
    int free_call_count;
    uint64_t next_call;
    struct srv_waits waits;
    struct srv_every *every;

    pthread_mutex_t lock; /* posts, wake_open */
    struct srv_post *posts, **posts_end;
    int post_count;
    bool wake_open;

    int64_t date_s;
    char date[30];
    bool trace;
    char *read_buffer; /* SRV_READ_SIZE: bytes just read */
    uint8_t *plain;    /* TLS: decrypted; NULL without */
    struct cm_buf tls_out;
    char head_out[SRV_HEAD_OUT_SIZE];
    struct srv_loop_stats stats;
};

static inline int64_t srv_loop_now(const struct srv_loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

enum cm_code srv_loop_open(struct srv_loop *loop, struct srv_http *http, int index, int fd,
                           struct cm_err *err);
enum cm_code srv_loop_run(struct srv_loop *loop, struct cm_err *err); /* until it is stopped and empty */
void srv_loop_stop(struct srv_loop *loop);                            /* async-signal-safe */
void srv_loop_close(struct srv_loop *loop);       /* no thread runs it any more; runs what was posted */
void srv_loop_conn_closed(struct srv_loop *loop); /* maybe the last one */

#endif
