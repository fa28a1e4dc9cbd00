/* Photos on their way to a station for enrolment: in memory alone, bounded, wiped when they end. Any thread. */
#ifndef SRV_LIVE_JOBS_H
#define SRV_LIVE_JOBS_H

#include "live/live.h"

enum { SRV_JOBS_KEPT_MS = 10 * 60 * 1000 }; /* how long the end of a job can be asked for */

struct srv_jobs;
enum cm_code srv_jobs_create(const struct cm_clock *clock, struct srv_jobs **ret_jobs, struct cm_err *err);
void srv_jobs_destroy(struct srv_jobs *jobs);

/* As live.h says of srv_live_job_…. */
enum cm_code srv_jobs_add(struct srv_jobs *jobs, const struct srv_student *student, const char *by,
                          uint8_t *photo, size_t size, struct srv_job *ret_job, struct cm_err *err);
bool srv_jobs_get(struct srv_jobs *jobs, const char *id, struct srv_job *ret_job);
int srv_jobs_for(struct srv_jobs *jobs, const struct srv_station *station, struct srv_job *ret_jobs,
                 int capacity);
enum cm_code srv_jobs_take(struct srv_jobs *jobs, const char *id, const char *station_id, uint8_t **ret_photo,
                           size_t *ret_size, struct srv_job *ret_job, struct cm_err *err);
enum cm_code srv_jobs_end(struct srv_jobs *jobs, const char *id, const char *station_id,
                          const struct srv_job *result, struct srv_job *ret_job, struct cm_err *err);
/* Ends one that took too long; false: none did. */
bool srv_jobs_time_out(struct srv_jobs *jobs, struct srv_job *ret_job);

#endif
