/*
 * TLS 1.2 and 1.3 by OpenSSL. A session reads from bytes that it is given and writes into a buffer: it knows no socket.
 * The context may be replaced while sessions run (any thread); each keeps the one that it began with.
 */
#ifndef SRV_TLS_H
#define SRV_TLS_H

#include "base/buf.h"
#include "http/http.h"

struct srv_tls;
struct srv_tls_session;

/* CM_INVALID: a file is not there, is no certificate or key, or they do not belong together. */
enum cm_code srv_tls_open(const struct srv_tls_files *files, struct srv_tls **ret_tls, struct cm_err *err);
enum cm_code srv_tls_reload(struct srv_tls *tls, struct cm_err *err); /* on failure the old one stays */
void srv_tls_close(struct srv_tls *tls);

/* out: where everything goes that the client is to get. NULL: no memory. */
struct srv_tls_session *srv_tls_session_create(struct srv_tls *tls, struct cm_buf *out);
void srv_tls_session_destroy(struct srv_tls_session *session);
/* Takes bytes from the client: ret_plain (room ≥ size + SRV_TLS_PLAIN_MORE) is what they say. CM_AGAIN: fine, but the
 * handshake is not over; CM_EOF: the client said goodbye (after ret_size bytes); CM_INVALID: garbage, close. out may have
 * got something in every case. */
enum { SRV_TLS_PLAIN_MORE = 20 * 1024 };
enum cm_code srv_tls_open_bytes(struct srv_tls_session *session, const uint8_t *bytes, size_t size,
                                uint8_t *ret_plain, size_t room, size_t *ret_size);
bool srv_tls_seal(struct srv_tls_session *session, const uint8_t *bytes, size_t size, struct cm_buf *out);
void srv_tls_goodbye(struct srv_tls_session *session);

#endif
