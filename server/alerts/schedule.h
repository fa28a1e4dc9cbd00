/*
 * When the nightly job runs: at the start, for nights that were missed; at 00:00 by the school's clock, for the day that
 * ended; and every hour, for classes that were held and for what was corrected since. One at a time, part by part through
 * the writer, so that marks never wait for more than a part. A run that failed is logged and tried again after a minute.
 */
#ifndef SRV_SCHEDULE_H
#define SRV_SCHEDULE_H

#include "alerts/night.h"
#include "base/clock.h"
#include "store/writer.h"

enum {
    SRV_SCHEDULE_LOOK_MS = 5 * 1000, /* how often it looks whether it is time */
    SRV_SCHEDULE_HOUR_MS = 60 * 60 * 1000,
    SRV_SCHEDULE_RETRY_MS = 60 * 1000,
};

/* Pure: when it ran, and whether it is time again. {0}: it never did. */
struct srv_schedule_times {
    int32_t done_date;      /* the school's date at the last run that ended well */
    int64_t done_wall_ms;   /* of that run */
    int64_t failed_wall_ms; /* of a run that failed since; 0 none */
};
bool srv_schedule_is_time(const struct srv_schedule_times *times, const struct cm_zone *zone, int64_t now_ms);

struct srv_schedule;
struct srv_schedule_options {
    struct srv_store *store;
    struct srv_writer *writer;
    const struct cm_clock *clock;
    const struct cm_zone *zone;
    const char *coordinator_phone; /* NULL or "": none */
    /* On the loop, after a run that made alerts, or changed which classes are held; may be NULL. */
    void (*changed)(void *arg, const struct srv_night_totals *totals);
    void *arg;
};
enum cm_code srv_schedule_open(const struct srv_schedule_options *options, struct srv_schedule **ret_schedule,
                               struct cm_err *err);
/* Looks from now on, on that loop. Before it runs. */
enum cm_code srv_schedule_start(struct srv_schedule *schedule, struct srv_loop *loop, struct cm_err *err);
/* Before the writer is stopped; any thread: no part is begun any more. NULL is fine, as below. */
void srv_schedule_stop(struct srv_schedule *schedule);
/* After the loop has ended and before the writer is destroyed (its last `done` has been called): frees it. */
void srv_schedule_close(struct srv_schedule *schedule);

#endif
