/* The real HTTP server on two loops with live behind it, and a store in memory with one class, "T1", and one student, "s1". */
#ifndef TEST_LIVE_FIXTURE_H
#define TEST_LIVE_FIXTURE_H

#include "unit.h"

#include "live/handlers.h"
#include "live/live.h"

#include <pthread.h>

enum { FIXTURE_LOOPS = 2, FIXTURE_DEADLINE_MS = 30000 };

struct live_fixture {
    struct cm_zone *zone;
    struct srv_app app;
    pthread_t thread;
};
extern struct live_fixture fixture;

int live_fixture_set_up(void **state);
int live_fixture_tear_down(void **state);

/* Sends a GET, whose path and further header lines (each with its CR LF) are given. A descriptor, or -1. */
int live_fixture_get(const char *path, const char *headers);

#endif
