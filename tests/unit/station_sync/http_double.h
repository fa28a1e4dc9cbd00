/*
 * A tiny HTTP(S) server on a thread of its own: answers each request with the bytes that the test gave, whatever they are.
 * One connection at a time, on 127.0.0.1.
 */
#ifndef TEST_HTTP_DOUBLE_H
#define TEST_HTTP_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>

struct http_double;

struct http_script {
    const char *answer; /* as sent; NULL: nothing, until the other side gives up */
    size_t repeat;      /* so many bytes of 'x' after it */
    bool close;         /* hang up after the answer */
    bool tls;           /* with a certificate of its own for 127.0.0.1 */
};

struct http_double *http_double_start(const struct http_script *script);
void http_double_stop(struct http_double *server); /* waits for the thread */
int http_double_port(const struct http_double *server);
/* All requests so far, as received, one after the other; valid until stop. Call it between requests. */
const char *http_double_seen(struct http_double *server);
int http_double_connections(struct http_double *server);
const char *http_double_certificate(const struct http_double *server); /* PEM */
const char *http_double_pin(const struct http_double *server);         /* sha256//… */

#endif
