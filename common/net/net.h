/*
 * Requests to other machines without waiting: libcurl's multi interface on a uv loop. What a request says is its owner's, who
 * sets options on the easy handle between cm_net_prepare and cm_net_start; what all of them have in common is here.
 *
 * - Certificates are checked, TLS is 1.2 or newer, redirects are not followed, the environment's proxies decide nothing, no
 *   signal is raised.
 * - An answer of more than body_max bytes ends its transfer. What was received is wiped when its owner has seen it.
 * - A transfer that could not even begin ends like one that failed. An end is told exactly once, on the loop, never from
 *   within cm_net_start.
 *
 * A net and its transfers belong to the thread of their loop.
 */
#ifndef CM_NET_H
#define CM_NET_H

#include "base/buf.h"
#include "base/err.h"
#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

struct cm_net;
struct cm_transfer;

enum { CM_NET_TEXT_SIZE = CURL_ERROR_SIZE };

struct cm_transfer_end { /* borrowed until the callback returns */
    bool refused;        /* it could not even begin */
    bool too_large;      /* the answer */
    CURLcode result;
    int status;            /* of the protocol, the last that came; 0: none */
    int32_t retry_after_s; /* 0: not said */
    bool left;             /* bytes of the request, or of a command, may have reached the other side */
    const uint8_t *body;   /* NULL while empty */
    size_t size;
    const char *text; /* of a failure, for a person */
};

struct cm_transfer { /* the owner's; {0} at first. Not to be moved while active */
    CURL *easy;      /* options may be set between prepare and start; keeps its connections */
    bool active;
    bool bad; /* it cannot be made: it will end as refused. The owner may say so too before cm_net_start */
    void (*done)(struct cm_transfer *transfer,
                 const struct cm_transfer_end *end); /* may prepare and start it again */
    /* private */
    struct cm_net *net;
    struct cm_transfer *next;
    struct curl_slist *headers;
    struct cm_buf body;
    bool refused, too_large;
    char error[CURL_ERROR_SIZE];
};

/* connections: how many are kept for later. The first call starts libcurl: before other threads run. */
enum cm_code cm_net_open(uv_loop_t *loop, long connections, struct cm_net **ret_net, struct cm_err *err);
/* Ends what is under way without a callback, and what the transfers hold; run the loop afterwards, it frees the rest. NULL is
 * fine. */
void cm_net_close(struct cm_net *net);

/* Begins a request: the common options are set, those of the one before are gone. */
void cm_net_prepare(struct cm_net *net, struct cm_transfer *transfer, size_t body_max, long timeout_ms);
/* "Name: value"; copied. Without memory the transfer will end as refused. */
void cm_transfer_header(struct cm_transfer *transfer, const char *line);
/* An option that must hold: where it cannot be set, the transfer will end as refused. */
#define cm_transfer_set(transfer, option, value)                                                             \
    ((transfer)->bad |=                                                                                      \
     (transfer)->easy != NULL && curl_easy_setopt((transfer)->easy, (option), (value)) != CURLE_OK)
void cm_net_start(struct cm_net *net, struct cm_transfer *transfer);
/* Ends it without a callback, and gives back what it holds. Fine when it never began, or was ended. */
void cm_transfer_drop(struct cm_transfer *transfer);

#endif
