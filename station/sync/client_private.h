/* What the files of the client share; nobody else includes it. */
#ifndef STN_SYNC_CLIENT_PRIVATE_H
#define STN_SYNC_CLIENT_PRIVATE_H

#include "base/buf.h"
#include "store/store_sync.h"
#include "sync/client.h"
#include "sync/message.h"

enum { JOBS_MAX = CM_SYNC_JOBS_MAX, DONE_MAX = 16, SEND_RESULT_MAX = 8, FETCH_PHOTO_MAX = 8 };

enum waiting { NOT_WAITING, WAITING_FOR_SERVER, WAITING_FOR_A_PERSON, WAITING_A_MOMENT };

struct channel {
    bool under_way;
    struct cm_buf body;
    char path[STN_SYNC_PATH_SIZE];
    int64_t not_before_us;
    enum waiting waiting;
    int failures; /* in a row */
    struct stn_sync_now sent;
    enum stn_sync_trouble trouble;
    char text[256];
};

enum job_stage { JOB_WANTED, JOB_WORKING, JOB_RESULT };

struct job {
    struct cm_job job;
    enum job_stage stage;
    int tries;       /* of the stage */
    int64_t late_us; /* WORKING: who computes is not heard of any more from then on */
    struct cm_buf result;
};

struct stn_sync_client {
    struct stn_store *store;
    char version[CM_SYNC_VERSION_SIZE], camera[CM_SYNC_CAMERA_SIZE];
    char url[STN_SERVER_URL_SIZE];
    uint8_t server_key[CM_BOX_KEY_SIZE];
    int32_t wait_s;
    bool no_jobs;
    int64_t paired_wall_ms;
    bool over; /* the station was paired anew: client_is_current */
    uint64_t random;
    struct channel channels[STN_SYNC_CHANNELS];
    struct stn_sync_status status;
    struct stn_sync_note noted; /* as other processes read it */
    int64_t noted_us;           /* monotonic */
    bool answered;              /* by anybody, since the start */

    bool pushing; /* UP: events, else templates */
    uint64_t first_seq, sent_seq;
    int gaps; /* in a row */
    struct stn_upload upload;
    struct cm_template templates[CM_SYNC_TEMPLATES_MAX];

    bool more;
    bool polled;               /* DOWN: the request under way may rest at the server */
    uint64_t acked_when_asked; /* DOWN: status.acked_seq when the request under way was made */

    struct job jobs[JOBS_MAX];
    int job_count;
    char done[DONE_MAX][CM_SYNC_JOB_ID_SIZE]; /* a ring: jobs that an older answer may still name */
    int done_next;

    bool frame_ready;
    int64_t frame_us;

    struct cm_push push; /* scratch */
    struct cm_changes changes;
};

/* client.c */
void client_succeeded(struct stn_sync_client *client, enum stn_sync_channel channel, struct stn_sync_now now);
/* Any answer but one that the call has a meaning for. */
void client_failed(struct stn_sync_client *client, enum stn_sync_channel channel,
                   const struct stn_sync_answer *answer, struct stn_sync_now now);
/* Tries again after full jitter, at least retry_after_s. */
void client_back_off(struct stn_sync_client *client, enum stn_sync_channel channel,
                     enum stn_sync_trouble trouble, int32_t retry_after_s, struct stn_sync_now now,
                     const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* The server has other events under our numbers, from seq on: nothing is pushed until the station is paired anew. */
void client_forked(struct stn_sync_client *client, uint64_t seq, struct stn_sync_now now);
/* A person must mend it: tries again every 5 to 10 minutes. */
void client_stop(struct stn_sync_client *client, enum stn_sync_channel channel, enum stn_sync_trouble trouble,
                 struct stn_sync_now now, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void client_rest(struct stn_sync_client *client, enum stn_sync_channel channel, int64_t us,
                 struct stn_sync_now now);
void client_compare_clocks(struct stn_sync_client *client, enum stn_sync_channel channel, int64_t time_ms,
                           bool polled, struct stn_sync_now now, struct stn_sync_effects *effects);
/* False: another process paired the station anew; this client is over. */
bool client_is_current(struct stn_sync_client *client);
void client_count_uploads(struct stn_sync_client *client);
void client_count_events(struct stn_sync_client *client);

/* client_up.c, client_down.c, client_job.c: whether there is a request (its path and body are in the channel), and what an
 * answer means. An answer here was given by the server: its status says. */
bool up_next(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_request *request);
void up_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer, struct stn_sync_now now,
               struct stn_sync_effects *effects);
bool down_next(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_request *request);
void down_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer,
                 struct stn_sync_now now, struct stn_sync_effects *effects);
bool job_next(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_request *request);
void job_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer, struct stn_sync_now now,
                struct stn_sync_effects *effects);
void job_failed(struct stn_sync_client *client);
int64_t job_due_us(const struct stn_sync_client *client);
void job_add(struct stn_sync_client *client, const struct cm_job *job);
bool preview_next(struct stn_sync_client *client, struct stn_sync_now now, struct stn_sync_request *request);
void preview_answer(struct stn_sync_client *client, const struct stn_sync_answer *answer,
                    struct stn_sync_now now);

#endif
