/* What the files with handlers share. */
#ifndef SRV_SYNC_PRIVATE_H
#define SRV_SYNC_PRIVATE_H

#include "app/app.h"
#include "live/live.h"
#include "sync/core.h"
#include "sync/sync.h"

enum {
    SRV_SYNC_LOOPS_MAX = 64,
    SRV_SYNC_TICK_MS = 250,        /* how exactly a poll ends */
    SRV_SYNC_TOLD_MAX = 512,       /* stations */
    SRV_SYNC_ROLL_EVERY_MS = 1000, /* rolls alone end a station's poll at most so often */
    SRV_SYNC_TELL_AGAIN_MS = 5000, /* the same job or wish for frames ends a poll at most so often */
};

struct srv_poll;

struct srv_told { /* what a station's last answer said, beside changes */
    char station_id[40];
    bool frames;
    int job_count;
    char jobs[CM_SYNC_JOBS_MAX][CM_SYNC_JOB_ID_SIZE];
    int64_t at_mono_ms;
    int64_t rolls_mono_ms; /* when it last got rolls; 0: never */
};

struct srv_sync {
    struct srv_app *app;
    struct srv_sync_core core;
    struct {
        struct srv_poll *polls; /* that wait; the loop's thread */
        bool ticking;
    } loops[SRV_SYNC_LOOPS_MAX];
    pthread_mutex_t lock; /* of: */
    struct srv_told told[SRV_SYNC_TOLD_MAX];
    int told_next;
};

/* The station that calls. False: it is gone or revoked, and the call is answered. */
bool srv_sync_caller(struct srv_call *call, struct srv_station *ret_station);
void srv_sync_send(struct srv_call *call, struct srv_sync_reply *reply);
/* What it said of itself: its log's newest event, camera and version; the rest is filled in. */
void srv_sync_seen(struct srv_call *call, const struct srv_station *station, int64_t wall_ms,
                   const struct srv_station_now *said);

void srv_polls_drop(struct srv_sync *sync); /* all, at the end */

#endif
