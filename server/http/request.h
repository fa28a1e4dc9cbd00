/*
 * One request as it is read: raw bytes in, a checked head and a body out. Knows no socket, no route and no loop.
 *
 * The head (request line and fields) is gathered line by line under our own rules, and is parsed by llhttp only when it is
 * whole: so spans are never split, a client that sends byte by byte sees what every other sees, and both checks must agree
 * where the head ends. Refused here, with the connection closed after the answer: lines that do not end in CR LF, folded
 * lines, control characters, versions other than 1.0 and 1.1, no or several Host (1.1), doubled fields where one counts,
 * Transfer-Encoding other than exactly "chunked", a target that is no plain path, trailers, and whatever llhttp's strict
 * mode refuses.
 *
 * Memory of the struct is the owner's; it is used again for the next request without being freed. Not thread safe.
 */
#ifndef SRV_REQUEST_H
#define SRV_REQUEST_H

#include "base/buf.h"
#include "http/http.h"
#include <llhttp.h>

#if LLHTTP_VERSION_MAJOR < 9 && !LLHTTP_STRICT_MODE
#error "llhttp 8 is loose by default: LLHTTP_STRICT_MODE=1 must be defined"
#endif

enum {
    SRV_LINE_MAX = 8 * 1024,         /* request line: 414 */
    SRV_FIELD_BYTES_MAX = 16 * 1024, /* all fields: 431 */
    SRV_FIELDS_MAX = 64,             /* 431 */
    SRV_QUERY_MAX = 32,              /* name=value pairs: 400 */
    SRV_COOKIES_MAX = 32,            /* those after them are not seen */
    SRV_BLANK_LINES_MAX = 4,         /* before the request line */
    SRV_CHUNK_OVERHEAD_MAX =
        64 * 1024 /* sizes and extensions of chunks, beside 8 bytes for each of the body */
};

struct srv_pair { /* both end in NUL */
    const char *name, *value;
};

enum srv_request_step {
    SRV_STEP_MORE, /* all bytes were taken, more are needed */
    SRV_STEP_HEAD, /* the head is there: judge it, then srv_request_expect_body */
    SRV_STEP_DONE, /* the request is whole; bytes after it were not taken */
    SRV_STEP_BAD,  /* status says why; nothing more can be read from this connection */
};

struct srv_request {
    llhttp_t parser;
    struct cm_buf head; /* NUL-cut in place once it is whole */
    struct cm_buf body;

    /* while the head is read */
    size_t line_start, request_line_size;
    int blank_lines;
    bool head_done;

    /* valid from SRV_STEP_HEAD on */
    enum srv_method method; /* 0: none of ours */
    bool head_only;         /* HEAD */
    bool keep_alive, has_body, chunked, expects_continue, expects_other;
    int minor; /* HTTP/1.minor */
    uint64_t content_length;
    char *path; /* without the query */
    size_t path_size;
    char *query; /* NULL: none; cut up at the first srv_request_query */
    const char *host;
    int field_count, query_count /* -1: not cut up yet */, cookie_count;
    struct srv_pair fields[SRV_FIELDS_MAX]; /* names in lower case; in order; without cookie */
    struct srv_pair queries[SRV_QUERY_MAX], cookies[SRV_COOKIES_MAX];

    /* the body */
    uint64_t body_raw_size; /* with what chunks add */
    uint8_t last_raw;

    int status; /* of SRV_STEP_BAD */
    const char *problem;

    /* llhttp's spans while it parses the head */
    const char *span_name, *span_value;
    size_t span_name_size, span_value_size, target_size;
    const char *target;
};

void srv_request_init(struct srv_request *request);
void srv_request_finish(struct srv_request *request);
/* For the next one; keeps at most keep bytes of memory each for head and body. The body is wiped. */
void srv_request_reset(struct srv_request *request, size_t keep);

/* Reads on. ret_used is how many of the bytes were taken. */
enum srv_request_step srv_request_feed(struct srv_request *request, const uint8_t *bytes, size_t size,
                                       size_t *ret_used);
/* After SRV_STEP_HEAD: the body may have max bytes. MORE, DONE (there is none) or BAD. at_once: it gets its memory now and
 * never moves, so that wiping it leaves no copy behind. */
enum srv_request_step srv_request_expect_body(struct srv_request *request, size_t max, bool at_once);

/* NULL when not there; the first of several. The name in lower case. */
const char *srv_request_header(const struct srv_request *request, const char *name);
const char *srv_request_last_header(const struct srv_request *request, const char *name);
const char *srv_request_query(struct srv_request *request, const char *name);
/* The first name in the query that is not among those in `names` ("a&b"); NULL: there is none. */
const char *srv_request_query_beyond(struct srv_request *request, const char *names);
const char *srv_request_cookie(const struct srv_request *request, const char *name);

#endif
