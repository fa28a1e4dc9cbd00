/* The HTTP server, as the doubles play it. */
#ifndef TEST_DOUBLES_H
#define TEST_DOUBLES_H

#include "http/http.h"
#include <stdbool.h>

enum { HEADERS_MAX = 2048, QUERIES_MAX = 12 };

struct srv_call {
    struct srv_app *app;
    const struct srv_identity *who;
    struct srv_match match;
    char path[1024], query_names[QUERIES_MAX][64], query_values[QUERIES_MAX][512];
    int query_count;
    const char *body;
    const char *peer, *header_name, *header_value;
    int references;
    /* the answer */
    bool answered;
    int status;
    char type[80], headers[HEADERS_MAX];
    char *text;
    size_t size, capacity;
};

extern int answered_from_kept; /* answers so far that shared bytes of an earlier one */

/* Runs what was posted to the loop. */
void pump(void);
extern bool writer_is_full;
extern bool writer_stands_still; /* keeps one write, until writer_goes_on */
void writer_goes_on(void);

#endif
