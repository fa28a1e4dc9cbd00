/* What live is made of; wiring. */
#ifndef SRV_LIVE_PRIVATE_H
#define SRV_LIVE_PRIVATE_H

#include "live/camera.h"
#include "live/hub.h"
#include "live/jobs.h"
#include "live/now.h"
#include "live/pulls.h"

#include <pthread.h>

struct srv_live {
    struct srv_app *app;
    struct srv_seats *seats;
    struct srv_hub *hub;
    struct srv_now *now;
    struct srv_pulls *pulls;
    struct srv_cameras *cameras;
    struct srv_jobs *jobs;
    pthread_t thread; /* the pump and the sweeper (live.c) */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool running, stopping, has_work, has_changes; /* guarded by the mutex */
    uint64_t last_change;                          /* of the store, that pulls were woken for; the thread's */
};

/* ---- JSON ---- */
/* As the caller may see it. */
json_t *srv_live_station_json(struct srv_live *live, const struct srv_identity *who,
                              const struct srv_station *station);
json_t *srv_live_job_json(struct srv_live *live, const struct srv_job *job);

#endif
