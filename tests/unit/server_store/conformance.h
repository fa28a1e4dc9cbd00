/* What every backend of the store must do: cases by domain, each a file, and what several of them need. */
#ifndef TEST_CONFORMANCE_H
#define TEST_CONFORMANCE_H

#include "unit.h"
#include "world.h"

struct conformance_case {
    const char *name; /* NULL: the end of the table */
    void (*run)(struct world *world);
};
extern const struct conformance_case conformance_people[], conformance_roster[], conformance_events[],
    conformance_rolls[], conformance_sessions[], conformance_erased[];

struct pair {
    const char *name, *value;
};
enum cm_code put_setting(struct srv_store *store, void *arg, struct cm_err *err); /* arg: a pair */

struct spans { /* what was visited, as text */
    char text[256];
};

/* 10-A from 09:00, late after 09:10, closing at 10:00, with S-1, S-2 and S-3 from Monday on. */
void set_up_class(struct world *w);
/* "S-1=present S-2=none "; until the next call. */
const char *roll_of(struct srv_store *store, const char *class_id, int32_t date);
/* "2!:S-1 7:10-A@20260105 ": kind, erasure, id, date of what changed since; until the next call. */
const char *changes_after(struct srv_store *store, uint64_t after);
enum cm_code append_event(struct srv_store *store, void *arg, struct cm_err *err); /* arg: a cm_event */

#endif
