/*
 * A small school in a store in memory, and calls to the handlers as the HTTP server would make them: the route is looked
 * up in the real table, roles are judged, writes run at once, and what the handler answers is kept. The HTTP server itself
 * and the live streams are doubles (doubles.c); everything else is the real thing.
 *
 * Monday 2026-11-23, 12:00 in Kolkata, unless the clock is moved. Classes "10-B" (09:00, late after 10 min, over after 60;
 * Monday to Saturday) with the students s1 Asha, s2 Ravi, s3 Meena, and "9-A" with s4 Imran.
 */
#ifndef TEST_SCHOOL_H
#define TEST_SCHOOL_H

#include "api/cache.h"
#include "app/app.h"
#include <jansson.h>

struct school {
    struct srv_app app;
    struct cm_clock_manual clock;
    struct cm_zone *zone;
};
extern struct school school;

enum { SCHOOL_TODAY = 20261123 };
/* The instant of a time of day, of today. */
int64_t school_at(int hour, int minute);

int school_open(void **state); /* for cmocka */
int school_close(void **state);

/* A station "door" for all classes is made with the first. */
uint64_t school_mark(const char *student_id, const char *class_id, int32_t date, int64_t captured_ms);
/* The station could judge, or not, in that span. */
void school_coverage(int64_t from_ms, int64_t to_ms, bool able);
uint64_t school_activity(enum cm_activity_kind kind, const char *student_id, const char *other_id);
void school_enrol(const char *student_id);

/* ---- who calls ---- */
extern const struct srv_identity the_admin, the_coordinator /* of 10-B */, s1, s4, nobody;

/* ---- calls ---- */
struct answer {
    int status;
    char type[80];
    char headers[2048]; /* "name: value\n" */
    char *text;         /* with a NUL */
    size_t size;
    json_t *json; /* NULL: it is none */
};
extern struct answer answer; /* of the last call */

/* target: "/api/students?q=as". body NULL: none. Returns the status. Every JSON answer is held against the schema that
 * the API's description has for it. */
int call(const struct srv_identity *who, const char *method, const char *target, const char *body);
/* Where the next calls come from; "127.0.0.1" at first. header NULL: none. */
void call_from(const char *peer, const char *header_name, const char *header_value);

/* "items.0.name" of the last answer; NULL: not there. */
const json_t *at(const char *path);
const char *text_at(const char *path); /* "(none)" where there is no text */
int64_t int_at(const char *path);      /* -999 where there is no number */
double real_at(const char *path);      /* NaN */
bool null_at(const char *path);
size_t size_at(const char *path); /* of a list */

/* ---- what the doubles saw since the last call ---- */
struct told {
    int changes, changed, feed;
    char what[32], class_id[64]; /* of the last "changed" */
};
extern struct told told;

#endif
