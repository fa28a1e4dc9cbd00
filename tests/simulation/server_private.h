/* What the files of the server's side share. */
#ifndef SIM_SERVER_PRIVATE_H
#define SIM_SERVER_PRIVATE_H

#include "simulation/server_side.h"
#include "sync/pull.h"
#include "sync/work.h"

enum { SIM_JOBS_MAX = 16 };

struct sim_job { /* what live keeps in memory of a photo: gone with the process */
    char id[CM_SYNC_JOB_ID_SIZE], student_id[CM_ID_SIZE], station_id[40];
    int64_t student_created_wall_ms;
    bool taken, ended;
};

struct sim_server {
    struct srv_store *store;
    struct cm_zone *zone;
    const struct cm_clock *clock;
    struct srv_sync_core core;
    struct sim_job jobs[SIM_JOBS_MAX];
    int job_count;
};

/* A request that writes, from its body to its answer. station NULL: pairing; job NULL unless it ends one. */
void sim_server_work(struct sim_server *server, enum srv_work_verb verb, const struct srv_station *station,
                     struct sim_job *job, const struct sim_request *request, struct sim_reply *ret_reply);

#endif
