/*
 * A request on its way through us: what was read, what matched, who asks, and what its answer adds. Taken from its loop's
 * pool with the first byte of a request, given back with the last reference: one is held by the connection until the
 * answer, one by the dispatcher while it works, the others by handlers that answer later. Loop thread.
 */
#ifndef SRV_CALL_H
#define SRV_CALL_H

#include "http/request.h"

struct srv_conn;

enum { SRV_ANSWER_HEADERS_MAX = 4096, SRV_DENY_TEXT = 160 };

struct srv_call {
    struct srv_request request;
    struct srv_loop *loop;
    struct srv_conn *conn; /* NULL: answered, or the client has gone */
    struct srv_call *next_free;
    int refs;
    bool answered; /* by the handler or by us; a second answer is a bug */
    bool secure;
    bool identified;  /* identity holds what the hook filled in */
    bool close_after; /* whatever the client wishes */
    uint64_t id;
    char peer[48];
    struct cm_buf more_headers; /* whole lines */
    uint32_t overrides;         /* of our own header lines, see answer.c */
    int deny_retry_s;
    char deny_code[48], deny_message[SRV_DENY_TEXT];
    struct srv_match match;
    struct srv_identity identity;
};

struct srv_call *srv_call_take(struct srv_conn *conn); /* NULL: no memory */
void srv_calls_free(struct srv_loop *loop);            /* what the pool holds */

/* The head is read: match, method, permission, body size and type. False: it was answered with the refusal. */
bool srv_call_judge(struct srv_call *call);
void srv_call_run(struct srv_call *call); /* the request is whole: the handler */
/* Answers what the parser refused. */
void srv_call_refuse(struct srv_call *call);

#endif
