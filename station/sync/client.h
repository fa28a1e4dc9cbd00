/*
 * The station's side of sync (design.md §5) as a machine without I/O: what to send next, and what an answer means for the
 * store and for the screen. Time, randomness and bytes are passed in; the only thing it touches is the store. The same
 * machine runs over libcurl in the engine (sync.h), in `sync --once`, and in a simulation with virtual time.
 *
 *     for each channel:  stn_sync_next ──request──▶ whoever carries it ──answer──▶ stn_sync_answer ──▶ effects
 *
 * - Channels are independent: each has at most one request under way, so a long poll never holds up a push.
 * - A request's body and path are borrowed until that channel's answer. Every request must be answered, be it by "no
 *   answer" (status 0); answering a channel that has no request under way is passed over (a duplicate).
 * - Every request may be sent twice, and every answer may be lost: what was committed is what counts, on both sides.
 * - Failures: full jitter from 1 s up to 5 min, Retry-After obeyed (up to an hour). The first success on any channel ends
 *   the waiting of the others. What a person must mend (fork, revoked token, certificate, a refusal) is tried again every
 *   5 to 10 minutes, and the status says what to do.
 * - Bounds: 500 events and 1 MiB a push, 1 MiB an answer (a photo 6 MiB), 256 KiB a frame, 8 jobs waiting.
 *
 * One thread: the one that owns the store. A store that cannot write loses nothing: the cursor and the acknowledged
 * sequence number stay as they were, and the same is fetched or sent again.
 */
#ifndef STN_SYNC_CLIENT_H
#define STN_SYNC_CLIENT_H

#include "base/err.h"
#include "record/record.h"
#include "store/store.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stn_sync_client;

struct stn_sync_now {
    int64_t mono_us; /* for waiting */
    int64_t wall_ms; /* for the screen and for comparing clocks */
};

struct stn_sync_options {
    struct stn_store *store; /* borrowed; it must be paired (stn_store_get_pairing) */
    const char *version;     /* of the program; copied */
    uint64_t seed;           /* of the jitter */
    int32_t wait_s;          /* of a long poll, 0 … 30; 0: `sync --once` and simulations that never wait */
    bool no_jobs;            /* nobody here computes templates: photos stay at the server */
};

/* CM_NOTFOUND: not paired. */
enum cm_code stn_sync_client_create(const struct stn_sync_options *options,
                                    struct stn_sync_client **ret_client, struct cm_err *err);
void stn_sync_client_destroy(struct stn_sync_client *client);

/* ---- requests ---- */
enum stn_sync_channel {
    STN_SYNC_UP,      /* events, then templates that were made here */
    STN_SYNC_DOWN,    /* changes: a long poll */
    STN_SYNC_JOB,     /* a photo to enrol from, and what came of it */
    STN_SYNC_PREVIEW, /* a camera frame, while somebody watches */
    STN_SYNC_CHANNELS
};

enum { STN_SYNC_PATH_SIZE = 512, STN_SYNC_ANSWER_MAX = 1 << 20, STN_SYNC_PHOTO_MAX = 6 << 20 };

struct stn_sync_request {
    enum stn_sync_channel channel;
    bool post;                /* else GET */
    const char *path;         /* "/sync/v1/changes?cursor=…"; borrowed like the body */
    const char *content_type; /* NULL without a body */
    const uint8_t *body;
    size_t size;
    int32_t timeout_ms; /* for all of it: a slow line is no dead line */
    int32_t stall_ms;   /* without a byte either way; 0: as timeout_ms */
    size_t answer_max;
};

/* The channel's next request, or false: nothing to send now, or one is under way. */
bool stn_sync_next(struct stn_sync_client *client, enum stn_sync_channel channel, struct stn_sync_now now,
                   struct stn_sync_request *ret_request);
/* When stn_sync_next should be asked again although nothing happens (monotonic, µs); INT64_MAX: not before something
 * happens: an answer, a new event, a frame, a job's result. */
int64_t stn_sync_due_us(const struct stn_sync_client *client, enum stn_sync_channel channel);

/* ---- answers ---- */
enum stn_sync_failure {
    STN_SYNC_ANSWERED,  /* status says */
    STN_SYNC_AWAY,      /* refused, unknown host, stalled, cut off: passes by itself */
    STN_SYNC_UNTRUSTED, /* the server's certificate is not the one that it should be */
    STN_SYNC_GARBLED,   /* not HTTP, or more than answer_max */
    STN_SYNC_CANCELED,  /* given up by ourselves, at the end */
};

struct stn_sync_answer {
    enum stn_sync_failure failure;
    int status;            /* HTTP; 0 unless answered */
    int32_t retry_after_s; /* 0: not said */
    const uint8_t *body;   /* borrowed until stn_sync_answer returns */
    size_t size;
    const char *text; /* of a failure, for people: "connection refused"; may be NULL */
};

struct stn_sync_photo { /* a photo to compute templates of: borrowed, copy it and wipe the copy after use */
    char job_id[40];
    char student_id[CM_ID_SIZE], name[CM_NAME_SIZE];
    const uint8_t *bytes;
    size_t size;
};

struct stn_sync_effects {
    bool status;    /* stn_sync_status says something new */
    bool roster;    /* classes, students or closures in the store changed */
    bool templates; /* the gallery must be made anew */
    bool erased;    /* somebody was erased: names go from the screen */
    bool photo;     /* stn_sync_photo holds one, until the next call */
    bool clock;     /* the server's time was compared with ours: status.clock_offset_ms */
    char text[192]; /* what changed, for the operator; empty: nothing to say */
    struct stn_sync_photo job;
};

/* ret_effects is written in any case. */
void stn_sync_answer(struct stn_sync_client *client, enum stn_sync_channel channel,
                     const struct stn_sync_answer *answer, struct stn_sync_now now,
                     struct stn_sync_effects *ret_effects);

/* ---- from the station ---- */
void stn_sync_set_camera(struct stn_sync_client *client, const char *word); /* "clear", "covered", … */

/* Counts anew what waits, so that the status is right also while nothing can be sent. */
void stn_sync_recount(struct stn_sync_client *client);

/* A frame is wanted now: somebody watches, the one before is gone, and 200 ms have passed. */
bool stn_sync_wants_frame(const struct stn_sync_client *client, struct stn_sync_now now);
/* Copies a JPEG. CM_INVALID: larger than 256 KiB, or none was wanted. */
enum cm_code stn_sync_put_frame(struct stn_sync_client *client, const uint8_t *jpeg, size_t size,
                                struct cm_err *err);

struct stn_sync_job_result {
    char job_id[40];
    bool ok;
    char reason[32];   /* a stable word: "ok", "no_face", "blurred", "duplicate", "station_failed", … */
    char message[256]; /* a sentence for the admin */
    float quality;     /* 0…1 */
    size_t count;      /* of templates; 0 unless ok */
    const struct cm_template *templates; /* borrowed for the call; sealed to the server's key */
};
/* What came of the photo; sent until the server answered, at most 8 times. After a minute without one the client reports
 * "station_failed" in its place, and passes over the one that comes later. */
void stn_sync_put_result(struct stn_sync_client *client, const struct stn_sync_job_result *result);

/* ---- what the screen shows ---- */
enum stn_sync_trouble {
    STN_SYNC_FINE,
    STN_SYNC_CONNECTING, /* not answered yet since the start */
    STN_SYNC_SERVER_AWAY,
    STN_SYNC_CERTIFICATE,
    STN_SYNC_REVOKED, /* the server does not know our token any more */
    STN_SYNC_FORKED,  /* the server has other events of this station than we */
    STN_SYNC_REFUSED, /* the server, or we, did not understand the other; or a broken log */
    STN_SYNC_STORE,   /* our store cannot write */
};
const char *
stn_sync_trouble_name(enum stn_sync_trouble trouble); /* a stable word: "fine", "server_away", … */

struct stn_sync_status {
    enum stn_sync_trouble trouble;
    char text[256];        /* of a trouble: what is wrong and what to do; empty when fine */
    int64_t since_wall_ms; /* of the trouble */
    uint64_t last_seq, acked_seq, forked_seq;
    uint64_t waiting;             /* events that the server does not have yet */
    int64_t last_contact_wall_ms; /* 0: never since the start */
    bool clock_known;
    int64_t clock_offset_ms; /* the server's clock minus ours */
    bool caught_up;          /* everything was pulled once since the start */
    bool watched;            /* frames are being sent */
    size_t uploads_waiting;  /* students whose templates are to go up */
    size_t uploads_refused;  /* the server does not know the student, or another has this face */
};
/* Borrowed, valid until the next call. */
const struct stn_sync_status *stn_sync_status(const struct stn_sync_client *client);
/* Nothing is left to do: all events and templates that can go up are there, and everything was pulled. */
bool stn_sync_idle(const struct stn_sync_client *client);

#endif
