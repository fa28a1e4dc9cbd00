/* The real HTTP server on two loops with live behind it, and a store in memory with the classes "T1"
 * and "T2", and a student of the first, "s1". Callers are the admin or, with a header "As", the coordinator of T1. */
#ifndef TEST_LIVE_FIXTURE_H
#define TEST_LIVE_FIXTURE_H

#include "unit.h"

#include "live/handlers.h"
#include "live/live.h"

#include <pthread.h>
#include <stdatomic.h>

enum { FIXTURE_LOOPS = 2, FIXTURE_DEADLINE_MS = 30000 };

struct live_fixture {
    struct cm_zone *zone;
    struct srv_app app;
    pthread_t thread;
    atomic_bool store_fails; /* it says of no session whether it is still there */
};
extern struct live_fixture fixture;

int live_fixture_set_up(void **state);
int live_fixture_tear_down(void **state);

/* Sends a GET, whose path and further header lines (each with its CR LF) are given. A descriptor, or -1. */
int live_fixture_get(const char *path, const char *headers);
/* Whether the server closes the connection before the deadline; what comes until then is thrown away. */
bool live_fixture_ends(int fd);

#endif
