/*
 * The HTTP server: llhttp on libuv streams, with or without TLS, behind a table of routes. Nothing of libuv, llhttp or
 * OpenSSL passes this header.
 *
 * - A route is one row: method, pattern, handler, who may call it, how large a body may be. Path, method, body size and
 *   permission are judged when the headers are complete, before any body is read; the handler sees a whole request.
 * - A handler runs on the thread of the connection's loop and must not block. It answers exactly once: at once, or later
 *   after srv_call_ref, also when the client has gone meanwhile (the answer is then dropped).
 * - One loop is one thread with its own listening socket (SO_REUSEPORT). A call, its connection and its stream belong to
 *   that thread; from another one only srv_loop_post and srv_loop_post_node may be used.
 * - Limits: see struct srv_limits. Nothing here grows without a bound.
 * - Errors that the server itself answers have the body {"error":{"code":"…","message":"…"}}.
 */
#ifndef SRV_HTTP_H
#define SRV_HTTP_H

#include "base/clock.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- who calls (filled by the authorize hook; plain values) ---- */
enum srv_role { /* bits, so that a route can name several */
                SRV_ROLE_ADMIN = 1,
                SRV_ROLE_COORDINATOR = 2,
                SRV_ROLE_STUDENT = 4,
                SRV_ROLE_STATION = 8,
                SRV_ROLE_ANYONE = 16, /* no session needed */
                SRV_ROLE_STAFF = SRV_ROLE_ADMIN | SRV_ROLE_COORDINATOR,
                SRV_ROLE_PERSON = SRV_ROLE_STAFF | SRV_ROLE_STUDENT,
};
enum { SRV_IDENTITY_CLASSES_MAX = 32, SRV_IDENTITY_NAME_SIZE = 481 };
struct srv_identity {
    uint32_t role;                     /* one bit; 0: nobody */
    char user[64];                     /* user name, or the station's id */
    char name[SRV_IDENTITY_NAME_SIZE]; /* for "by" in corrections */
    char student_id[64];               /* of a student */
    uint8_t session[16];               /* zeros for a station */
    bool by_cookie;                    /* else bearer */
    bool must_change_password;
    int class_count; /* of a coordinator, of a station */
    char classes[SRV_IDENTITY_CLASSES_MAX][64];
};

/* ---- routes ---- */
enum srv_method { SRV_GET = 1, SRV_POST, SRV_PUT, SRV_PATCH, SRV_DELETE }; /* GET answers HEAD too */

struct srv_call;
typedef void srv_handler_fn(struct srv_call *call);

enum srv_route_flags {
    SRV_PASSWORD_MAY_BE_OLD = 1, /* also with a one-time password that must be changed first */
    SRV_ORIGIN_ANY = 2, /* a write that needs no same-origin check although cookies may come with it */
    SRV_LONG = 4,       /* long poll or stream: the idle limit does not apply */
    SRV_SECRET =
        8, /* the body gets its whole memory at once, so that no part of it stays behind when it is wiped */
};

struct srv_route {
    enum srv_method method;
    /* "/api/students/:id/attendance?month": ":id" matches one non-empty segment; after the "?" are the parameters that the
     * query may have, with "&" between them. Any other is answered 400. "?*": anything, which is passed over. */
    const char *pattern;
    srv_handler_fn *handler;
    uint32_t roles;
    size_t body_max;       /* 0: no body */
    const char *body_type; /* media type that a body must have, without parameters; NULL: any */
    uint32_t flags;
};

enum { SRV_PARAMS_MAX = 6, SRV_PARAM_SIZE = 256 };
struct srv_match {
    const struct srv_route *route; /* NULL: none */
    int status;                    /* 200, 404, 405 */
    char allow[64];                /* with 405: "GET, HEAD, POST" */
    int param_count;
    struct {
        const char *name; /* into the pattern */
        size_t name_size;
        char value[SRV_PARAM_SIZE]; /* percent-decoded, "/" too; never empty, no control characters */
    } params[SRV_PARAMS_MAX];
};
/* Pure. path is the raw path of the request without its query. */
void srv_route_match(const struct srv_route *routes, size_t count, enum srv_method method, const char *path,
                     size_t path_size, struct srv_match *ret_match);

/* ---- the server ---- */
struct srv_limits {
    int connections;
    int connections_per_address; /* IPv6: per /64; 0: any number. Loopback and the trusted proxy are not counted */
    int head_timeout_ms;         /* from the first byte of a request to the end of its headers */
    int idle_timeout_ms;         /* between requests */
    int body_bytes_per_s;        /* slower over body_window_ms: 408 */
    int write_timeout_ms;        /* a client that takes nothing for so long is cut */
    int requests_per_connection;
    size_t write_queue_max; /* bytes waiting for one client */
    int stop_timeout_ms;    /* graceful: answers in flight get so long */
    int body_window_ms;     /* the stretch over which body_bytes_per_s is judged */
};
extern const struct srv_limits srv_limits_default;

struct srv_tls_files { /* PEM; both or neither */
    const char *certificate, *key;
};

struct srv_http;
struct srv_loop;

struct srv_http_options {
    const char *address; /* "127.0.0.1", "::", … */
    int port;            /* 0: any free one */
    int threads;
    const struct srv_route *routes;
    size_t route_count;
    const struct srv_limits *limits;
    struct srv_tls_files tls;
    bool plain_anywhere;          /* without TLS only loopback is listened on, unless this says so */
    const struct cm_clock *clock; /* NULL: the machine's */
    /* Address of a proxy in front of us; NULL: none. Only from there do X-Forwarded-For (its last hop) and
     * X-Forwarded-Proto count for srv_call_peer and srv_call_secure. */
    const char *trusted_proxy;
    void *app; /* srv_call_app */
    /* Loop thread, headers complete; at once. Fills the identity and returns 0, or a status (401, 403, 429, …) after it
     * set the error with srv_call_deny. Asked for every route that is not for anyone, and for writes on those that are
     * (unless SRV_ORIGIN_ANY), so that a write from another origin can be refused; there 0 with role 0 lets anybody in.
     * Elsewhere a role that is not among the route's is refused here too (403). NULL: only routes for anyone work. */
    int (*authorize)(void *app, struct srv_call *call, const struct srv_route *route,
                     struct srv_identity *ret_identity);
};

/* Binds and listens (the port is known then), loads the certificate. CM_EXISTS: the address is taken. CM_INVALID: the
 * certificate, or plain HTTP on an address that is not loopback. */
enum cm_code srv_http_open(const struct srv_http_options *options, struct srv_http **ret_http,
                           struct cm_err *err);
int srv_http_port(const struct srv_http *http);
/* Runs until srv_http_stop; the caller's thread is loop 0, the others are started. SIGPIPE must be ignored. */
enum cm_code srv_http_run(struct srv_http *http, struct cm_err *err);
/* Graceful; any thread, async-signal-safe, again is harmless. Not any more when srv_http_close begins: take signal handlers
 * away before. */
void srv_http_stop(struct srv_http *http);
enum cm_code srv_http_reload_tls(struct srv_http *http,
                                 struct cm_err *err); /* any thread; on failure the old one stays */
void srv_http_close(struct srv_http *http);

struct srv_http_stats { /* any thread; sums over the loops */
    int64_t connections, requests, bytes_in, bytes_out, refused, timeouts, streams;
    int64_t status_class[6]; /* [2]: 2xx … */
};
void srv_http_stats(const struct srv_http *http, struct srv_http_stats *ret_stats);

/* ---- loops: work from other threads, timers ---- */
int srv_http_loops(const struct srv_http *http);
struct srv_loop *srv_http_loop(struct srv_http *http, int index);
int srv_loop_index(const struct srv_loop *loop);
typedef void srv_loop_fn(void *arg);
/* Runs fn(arg) on the loop's thread; any thread. Every posted fn runs, in order; after the loops have ended within
 * srv_http_close, before which everything that posts must have ended. CM_NOMEM: not taken. */
enum cm_code srv_loop_post(struct srv_loop *loop, srv_loop_fn *fn, void *arg);
/* The same where it must not fail, in the same order: the node is the poster's, one for each post under way, usually a member
 * of what arg points to. It is not touched any more when fn begins. Any number: the poster bounds them. */
struct srv_post {
    struct srv_post *next;
    srv_loop_fn *fn;
    void *arg;
    bool ours; /* private: to be freed */
};
void srv_loop_post_node(struct srv_loop *loop, struct srv_post *node, srv_loop_fn *fn, void *arg);
/* Calls fn(arg) on the loop's thread every period_ms from now until the server stops; before srv_http_run or on the
 * loop's thread. */
enum cm_code srv_loop_every(struct srv_loop *loop, int period_ms, srv_loop_fn *fn, void *arg);

/* ---- a call: the request (pointers are valid until the answer) ---- */
void *srv_call_app(const struct srv_call *call);
struct srv_loop *srv_call_loop(const struct srv_call *call);
const struct srv_route *srv_call_route(const struct srv_call *call);
const struct srv_identity *srv_call_identity(const struct srv_call *call); /* role 0 when nobody is known */
const char *srv_call_path(const struct srv_call *call);                    /* as it came, without the query */
const char *srv_call_param(const struct srv_call *call,
                           const char *name); /* of the route's pattern: never NULL */
const char *srv_call_query(const struct srv_call *call, const char *name); /* decoded; NULL when not there */
const char *srv_call_header(const struct srv_call *call,
                            const char *name); /* lower-case name, not "cookie"; NULL when not there */
const char *srv_call_cookie(const struct srv_call *call, const char *name);  /* NULL when not there */
const uint8_t *srv_call_body(const struct srv_call *call, size_t *ret_size); /* NUL after it */
const char *srv_call_peer(const struct srv_call *call); /* the client's address as text, no port */
bool srv_call_secure(const struct srv_call *call); /* TLS here, or in front of us as a trusted proxy says */
const char *srv_call_host(const struct srv_call *call); /* of the Host header */

/* ---- answers ---- */
void srv_call_ref(struct srv_call *call);
void srv_call_unref(struct srv_call *call);
bool srv_call_gone(const struct srv_call *call); /* the client hung up */
/* More headers for the answer; copied. Before it. One of the usual ones (Cache-Control, Content-Security-Policy, …)
 * replaces ours. A value with control characters, or one too many (4 kB), is left out and logged. */
void srv_answer_header(struct srv_call *call, const char *name, const char *value);
void srv_answer(struct srv_call *call, int status, const char *type, const void *body,
                size_t size); /* copies */
void srv_answer_take(struct srv_call *call, int status, const char *type, uint8_t *body,
                     size_t size); /* body from malloc; freed when sent */
void srv_answer_secret(struct srv_call *call, int status, const char *type, uint8_t *body,
                       size_t size); /* the same, wiped before it is freed */
struct srv_chunk;                    /* bytes shared by many answers and streams; counted, any thread */
struct srv_chunk *srv_chunk_create(const void *bytes, size_t size); /* NULL: no memory */
struct srv_chunk *srv_chunk_ref(struct srv_chunk *chunk);
void srv_chunk_unref(struct srv_chunk *chunk);
/* Nothing is copied; adds its own reference while bytes wait. */
void srv_answer_chunk(struct srv_call *call, int status, const char *type, struct srv_chunk *chunk);
void srv_answer_error(struct srv_call *call, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* In the authorize hook: what the refusal will say. retry_after_s > 0 adds Retry-After. */
void srv_call_deny(struct srv_call *call, const char *code, const char *message, int retry_after_s);

/* ---- streams: an answer without an end (server-sent events, MJPEG, large exports); chunked ---- */
struct srv_stream;

struct srv_stream_events {
    void (*drained)(void *arg); /* what had to wait has left; may be NULL. Not after srv_stream_end */
    void (*closed)(
        void *arg); /* the last call for this stream, whoever ended it; never from within srv_stream_… */
    /* When the server stops: the stream may be ended where it is (events, pictures). Else it is cut, so that nobody takes
     * what came of a file for all of it. */
    bool endless;
};
/* The call is answered by this. NULL when the client has gone, or asked by HEAD: closed is then not called. A stream is the
 * last answer of its connection. Until `closed` the pointer is valid, then no more. */
struct srv_stream *srv_stream_begin(struct srv_call *call, int status, const char *type,
                                    const struct srv_stream_events *events, void *arg);
/* Loop thread. CM_AGAIN: it would wait beyond the limit, nothing was taken (what alone is larger is
 * taken when nothing waits). CM_CANCELED: the client has gone, or the stream was ended; closed comes. */
enum cm_code srv_stream_send(struct srv_stream *stream, const void *bytes, size_t size);
enum cm_code srv_stream_send_chunk(struct srv_stream *stream,
                                   struct srv_chunk *chunk); /* adds its own reference */
size_t srv_stream_waiting(const struct srv_stream *stream);
void srv_stream_end(struct srv_stream *stream); /* sends what waits, then ends the answer properly */
void srv_stream_cut(struct srv_stream *stream); /* closes the connection at once */

/* ---- static files, made at build time (packaging/cmake) ---- */
struct srv_asset {
    const char *path;     /* "/assets/admin.js" */
    const char *type;     /* media type with charset */
    const char *etag;     /* with its quotes */
    const uint8_t *bytes; /* as it is */
    size_t size;
    const uint8_t *gzip; /* NULL: not worth it */
    size_t gzip_size;
    bool immutable; /* asked for by ?v=hash: may be kept for a year */
};
/* Answers GET and HEAD with ETag, If-None-Match, Range and Accept-Encoding. */
void srv_asset_answer(struct srv_call *call, const struct srv_asset *asset);

#endif
