/* How answers are put together. Loop thread. */
#ifndef SRV_ANSWER_H
#define SRV_ANSWER_H

#include "http/call.h"
#include "http/out.h"

enum { SRV_LENGTH_CHUNKED = -1, SRV_LENGTH_UNTIL_CLOSE = -2 };

/* Writes the head into the loop's head_out; returns its size. type may be NULL. */
size_t srv_answer_head(struct srv_call *call, int status, const char *type, int64_t length, bool close);
/* Must the connection end with this answer? */
bool srv_answer_is_last(const struct srv_call *call);
/* Counts, traces and takes the call from its connection, which is returned. NULL: the client has gone, or it was answered
 * before. Afterwards the connection's reference to the call is the caller's to drop. */
struct srv_conn *srv_answer_begin(struct srv_call *call, int status);
/* A whole answer. length is what Content-Length says: of HEAD and of 304 the body that would be. */
void srv_answer_send(struct srv_call *call, int status, const char *type, const struct srv_part *body);

#endif
