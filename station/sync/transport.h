/*
 * Carries the client's requests over HTTP: libcurl's multi interface on the owner's uv loop. No curl type leaves this
 * file's source.
 *
 * - https only, verified against the system's certificates, those given (PEM), or the pinned public key; http:// only to
 *   this machine, or where the settings allow it. Redirects are not followed, other protocols not spoken.
 * - At most one request a channel. Nothing ever waits: not for a name, a connection or an answer.
 * - Bodies beyond the request's answer_max end it (GARBLED). What was received is wiped after the callback.
 * - The token goes into one header and nowhere else.
 */
#ifndef STN_SYNC_TRANSPORT_H
#define STN_SYNC_TRANSPORT_H

#include "base/err.h"
#include "sync/client.h"
#include <stdbool.h>
#include <uv.h>

struct stn_transport;

struct stn_transport_options {
    uv_loop_t *loop;          /* borrowed until it ran dry after stn_transport_close */
    const char *url;          /* as stn_transport_check_url made it */
    const char *token;        /* NULL: none (pairing) */
    const char *ca_pem, *pin; /* NULL or empty: the system's certificates */
    bool allow_plain;
};

/* What a person typed into "https://host[:port][/path]" without a slash at its end; https is assumed where no scheme is given.
 * CM_INVALID with what is wrong: another scheme, plain http where it is not allowed, a password or query in it. */
enum cm_code stn_transport_check_url(const char *typed, bool allow_plain, char *ret_url, size_t size,
                                     struct cm_err *err);
/* "sha256//" and base64 of 32 bytes, as curl has it. */
enum cm_code stn_transport_check_pin(const char *pin, struct cm_err *err);

/* Everything is copied. The first call starts libcurl: before other threads run. */
enum cm_code stn_transport_open(const struct stn_transport_options *options,
                                struct stn_transport **ret_transport, struct cm_err *err);
/* Ends what is under way without a callback; run the loop afterwards, it frees the rest. NULL is fine. */
void stn_transport_close(struct stn_transport *transport);

/* Called on the loop, once for each request, never from within stn_transport_send. */
typedef void stn_transport_answer_fn(void *arg, enum stn_sync_channel channel,
                                     const struct stn_sync_answer *answer);
/* The request's body must stay until the callback. The channel must be free. A request that cannot even begin is answered
 * (AWAY) like one that failed. */
void stn_transport_send(struct stn_transport *transport, const struct stn_sync_request *request,
                        stn_transport_answer_fn *on_answer, void *arg);

#endif
