/*
 * One request of a station that writes: pairing, a push of events, templates, the end of an enrolment by photo.
 *
 *     struct srv_work work;
 *     srv_work_init(&work, core, verb, station, body, size);
 *     if (srv_work_begin(&work))                  // loop thread: decodes and verifies; true: something is to be written
 *         code = srv_store_write(store, srv_work_run, &work, &err);      // or by the writer thread, which for the verbs
 *                                                                        // that have one does srv_work_prepare before
 *     …                                           // after the commit, or its failure:
 *         srv_work_end(&work, code, &err);        // loop thread: work.reply is the answer, work.effects what to tell
 *     srv_work_finish(&work);
 *
 * Every verb may be given the same request any number of times: the second changes nothing and is answered like the first
 * (but for pairing, whose code is used up). A crash between any two steps loses at most the answer.
 */
#ifndef SRV_SYNC_WORK_H
#define SRV_SYNC_WORK_H

#include "sync/core.h"

enum srv_work_verb { SRV_WORK_PAIR, SRV_WORK_EVENTS, SRV_WORK_TEMPLATES, SRV_WORK_ENROL };

struct srv_effects {    /* after srv_work_end */
    uint64_t feed_last; /* up to where the feed is new; 0: it is not */
    bool changes;       /* stations have something to pull */
    bool paired;
    bool stations;             /* the list of stations shows something new */
    char class_id[CM_ID_SIZE]; /* of the student whose templates changed */
    struct cm_job_answer job;  /* ENROL: how it ended; reason "" when it did not */
    /* of a push, as the station says of itself; valid when `said` */
    bool said;
    uint64_t last_seq, acked_seq; /* of its log; what of it is here now */
    int64_t wall_ms;
    char version[CM_SYNC_VERSION_SIZE], camera[CM_SYNC_CAMERA_SIZE];
};

enum srv_faces_verdict {
    SRV_FACES_FINE,
    SRV_FACES_UNKNOWN,
    SRV_FACES_DUPLICATE,
    SRV_FACES_WITHDRAWN,
    SRV_FACES_NO_CONSENT
};
struct srv_faces { /* templates on their way into the store (faces.h) */
    struct cm_template templates[CM_SYNC_TEMPLATES_MAX];
    size_t count;
    char student_id[CM_ID_SIZE];
    /* whose faces they are, where somebody else had the id before: */
    int64_t student_created_wall_ms; /* of a photo: of the record that he had; 0: of none */
    int64_t erased_wall_ms;          /* else the last erasure of the id that the station knew of; 0: none */
    int64_t
        unenrolled_wall_ms; /* the last time that they were taken away, as known where they were made; 0: never */
    int64_t consent_wall_ms; /* the word of consent under which they were made; 0: none */
    enum srv_faces_verdict verdict;
    /* the nearest face of somebody else, as it was at a change of the store (srv_store_each_change) */
    struct srv_nearest {
        bool known;
        uint64_t change;
        float square; /* of the distance */
        char id[CM_ID_SIZE];
    } nearest;
    char class_id[CM_ID_SIZE], other_id[CM_ID_SIZE];
    float distance;
    int64_t withdrawn_wall_ms; /* of FINE: the last withdrawal, this one if it is one; 0: none */
    size_t own_count;          /* of DUPLICATE and WITHDRAWN: what the store has of the student */
    struct cm_template own[CM_SYNC_TEMPLATES_MAX];
};

struct srv_work {
    struct srv_sync_core *core;
    enum srv_work_verb verb;
    struct srv_station station; /* who asks, as he was when he asked; of PAIR: whom the code names */
    const uint8_t *body;
    size_t size;
    char job_student_id[CM_ID_SIZE]; /* ENROL: of the job, as srv_job has it */
    int64_t job_student_created_wall_ms, job_student_unenrolled_wall_ms, job_student_consent_wall_ms;
    char peer[64]; /* EVENTS: the address, for people; the caller sets it after init */
    struct srv_sync_reply reply;
    struct srv_effects effects;

    /* private to the verbs */
    union {
        struct {
            struct cm_pair_request request;
            char token[CM_SYNC_TOKEN_SIZE];
            uint8_t token_hash[32];
            enum { SRV_PAIRED, SRV_PAIR_NO_CODE, SRV_PAIR_OTHER_KEY, SRV_PAIR_KNOWN_LOG } outcome;
        } pair;
        struct {
            struct cm_push message;
            struct srv_append append;
            bool broken;        /* found so before, or by the store … */
            bool may_raise;     /* … before, and nothing is to be written but the activity */
            bool refused_raise; /* … by the store, and it becomes an activity */
            bool revoked;
            char reason[128];
            uint64_t own_feed; /* of the activity */
        } push;
        struct {                     /* TEMPLATES and ENROL */
            struct srv_faces *faces; /* wiped and freed by finish */
            struct cm_job_result result;
            bool may_raise;
            uint64_t own_feed;
        } enrol;
    } u;
};

/* station: NULL for PAIR; copied. body is borrowed until finish. */
void srv_work_init(struct srv_work *work, struct srv_sync_core *core, enum srv_work_verb verb,
                   const struct srv_station *station, const uint8_t *body, size_t size);
bool srv_work_begin(struct srv_work *work);
/* Within a read of the store, before run: what takes long to look at, so that run need not. May be left out. */
bool srv_work_prepares(enum srv_work_verb verb); /* whether the verb has that */
void srv_work_prepare(struct srv_store *store, struct srv_work *work);
srv_store_fn srv_work_run; /* arg: the work; may run more than once */
void srv_work_end(struct srv_work *work, enum cm_code code, const struct cm_err *err);
void srv_work_finish(struct srv_work *work);

/* The steps of each verb, for work.c. */
bool srv_pair_begin(struct srv_work *work);
enum cm_code srv_pair_run(struct srv_store *store, struct srv_work *work, struct cm_err *err);
void srv_pair_end(struct srv_work *work);
bool srv_push_begin(struct srv_work *work);
enum cm_code srv_push_run(struct srv_store *store, struct srv_work *work, struct cm_err *err);
void srv_push_end(struct srv_work *work);
bool srv_enrol_begin(struct srv_work *work);
enum cm_code srv_enrol_run(struct srv_store *store, struct srv_work *work, struct cm_err *err);
void srv_enrol_end(struct srv_work *work);

#endif
