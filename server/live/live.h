/*
 * What pages see without asking again: the event feed as server-sent events, the cameras that somebody watches, the state
 * of stations now, and photos on their way to a station for enrolment. All in memory, bounded, gone with the process.
 *
 * Threads: srv_live_… may be called on any thread unless said otherwise; streams belong to their loop.
 */
#ifndef SRV_LIVE_H
#define SRV_LIVE_H

#include "app/app.h"
#include <jansson.h>

enum {
    SRV_LIVE_REPLAY_MAX =
        2000, /* events sent again after Last-Event-ID; beyond: "reset", the page loads anew */
    SRV_LIVE_CLIENTS_MAX = 20000,
    SRV_LIVE_PER_SESSION = 8, /* streams (events, cameras) of one session; more: 429 */
    SRV_LIVE_PER_USER = 16,
    SRV_LIVE_JOBS_MAX = 64, /* photos on their way */
    SRV_LIVE_JOB_TIMEOUT_MS = 120 * 1000,
    SRV_LIVE_PHOTO_MAX = 5 * 1024 * 1024,
    SRV_LIVE_FRAME_MAX = 256 * 1024,
    SRV_LIVE_WATCH_MS = 15 * 1000, /* a station stops sending frames so long after the last watcher left */
};

/* In this order: open; open the HTTP server and set app->http; start; run the loops; stop; close the HTTP server; close.
 * Between stop and close nothing is posted to a loop any more, and what was posted may still run. */
enum cm_code srv_live_open(struct srv_app *app, struct srv_live **ret_live, struct cm_err *err);
/* Other limits than SRV_LIVE_PER_SESSION and SRV_LIVE_PER_USER; before the loops run. */
void srv_live_limit_streams(struct srv_live *live, int per_session, int per_user);
enum cm_code srv_live_start(struct srv_live *live,
                            struct cm_err *err); /* before the loops run: thread and timers */
void srv_live_stop(struct srv_live *live);       /* after the loops have ended */
void srv_live_close(struct srv_live *live);
/* What changed since the last time goes to the store: when stations were last seen, and how they were. Every minute. */
void srv_live_save(struct srv_live *live);
/* The same once more, when the loops and the writer have ended. */
void srv_live_save_last(struct srv_live *live);

/* After a commit: feed items up to last are there. Every open page that may see them gets them in ≤ 1 s. */
void srv_live_feed(struct srv_live *live, uint64_t last);
/* Something else changed ("students", "classes", "calendar", "settings", "stations", "roll", "users", "enrolment"): pages
 * that show it load it again. Ephemeral, without an id. detail (may be NULL) is added as data; borrowed. class_id NULL: for
 * staff of all classes. */
void srv_live_changed(struct srv_live *live, const char *what, const char *class_id, json_t *detail);

/* ---- stations now ---- */
struct srv_station_now {
    bool online; /* a pull or push within the last 60 s */
    int64_t last_seen_wall_ms;
    uint64_t last_seq, acked_seq; /* the newest event of its log, as it said; what of it was here then */
    int64_t clock_offset_ms;
    char camera[32]; /* camera state: "clear", "covered", … */
    char version[16];
    char address[64];
    bool watched;
};
void srv_live_station_seen(struct srv_live *live, const char *station_id, const struct srv_station_now *now);
bool srv_live_station_now(struct srv_live *live, const char *station_id, struct srv_station_now *ret_now);

/* ---- commands for a station, taken by its pull (long poll) ---- */
/* A pull registers first, then looks whether there is something already: so no change falls between the two. */
typedef void srv_live_wake_fn(void *arg); /* on the loop thread that registered */
/* Registers one waiting pull; wakes at the next change or command, once. Loop thread, also for srv_live_unwait: after that
 * it is not woken any more. Returns a ticket > 0, or 0: too many wait already. */
uint64_t srv_live_wait(struct srv_live *live, const char *station_id, struct srv_loop *loop,
                       srv_live_wake_fn *wake, void *arg);
void srv_live_unwait(struct srv_live *live, uint64_t ticket);
void srv_live_changes(struct srv_live *live); /* after a commit that made changes */
/* Should the station send frames now? A pull that waits is woken when the answer changes. */
bool srv_live_wants_frames(struct srv_live *live, const char *station_id);
/* A frame for those who watch; copied. */
void srv_live_frame(struct srv_live *live, const char *station_id, const uint8_t *jpeg, size_t size);

/* ---- enrolment by photo ---- */
enum srv_job_state { SRV_JOB_WAITING, SRV_JOB_TAKEN, SRV_JOB_DONE, SRV_JOB_REFUSED, SRV_JOB_TIMED_OUT };
struct srv_job {
    char id[40]; /* UUID */
    char student_id[CM_ID_SIZE], class_id[CM_ID_SIZE], by[CM_NAME_SIZE];
    enum srv_job_state state;
    char station_id[40]; /* who took it */
    char reason[32];     /* stable word of a refusal: "no_face", "duplicate", … */
    char message[CM_TEXT_SIZE];
    int32_t template_count;
    float quality;
    int64_t created_wall_ms;
    int64_t student_created_wall_ms; /* of his record: if he is erased, whoever has the id next is another */
    int64_t
        student_unenrolled_wall_ms; /* as it was: if he is un-enrolled meanwhile, the photo does not undo it */
    int64_t student_consent_wall_ms; /* the same of a consent that is withdrawn meanwhile */
};
/* Takes over the photo (malloc), which is wiped when the job ends. CM_NOMEM: too many. */
enum cm_code srv_live_job_create(struct srv_live *live, const struct srv_student *student, const char *by,
                                 uint8_t *photo, size_t size, struct srv_job *ret_job, struct cm_err *err);
bool srv_live_job_get(struct srv_live *live, const char *id, struct srv_job *ret_job);
/* Ids of jobs that wait for a station that serves the class; up to capacity. */
int srv_live_jobs_for(struct srv_live *live, const struct srv_station *station, struct srv_job *ret_jobs,
                      int capacity);
/* Gives a copy of the photo (the caller wipes and frees it) and marks the job as taken. The station that took it may have it
 * again until the job ends: a download may break. CM_NOTFOUND: not there any more, or another station's. */
enum cm_code srv_live_job_take(struct srv_live *live, const char *id, const char *station_id,
                               uint8_t **ret_photo, size_t *ret_size, struct cm_err *err);
/* The end of a job; pages that show it are told. Only by the station that took it: else CM_NOTFOUND. */
enum cm_code srv_live_job_end(struct srv_live *live, const char *id, const char *station_id,
                              const struct srv_job *result, struct cm_err *err);

#endif
