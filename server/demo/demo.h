/*
 * A filled store for trials, benchmarks and pictures: classes of up to 38, students with names, stations with valid event
 * chains, days with present, late and absent students, spans of illness, corrections, closed rolls, activities.
 *
 * The same options and seed give the same students and days (the stations' keys are random, as keys must be). Everything
 * goes through the verbs of the store, as if it had happened: nothing here knows how a roll is derived.
 */
#ifndef SRV_DEMO_H
#define SRV_DEMO_H

#include "base/localdate.h"
#include "store/store.h"

enum { SRV_DEMO_STUDENTS_MAX = 100000, SRV_DEMO_DAYS_MAX = 1000, SRV_DEMO_CLASS_SIZE = 38 };

struct srv_demo_options {
    int32_t students, days; /* school days, the last of them that of now_wall_ms, as far as it has gone */
    uint64_t seed;
    int64_t now_wall_ms;
    const struct cm_zone *zone;
};

/* CM_EXISTS: the store has students already, and nothing was written. */
enum cm_code srv_demo_fill(struct srv_store *store, const struct srv_demo_options *options,
                           srv_store_progress_fn *progress, void *arg, struct cm_err *err);

#endif
