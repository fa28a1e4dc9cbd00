/* What the files of the engine share; nobody else includes it. Everything is the engine thread's unless said otherwise. */
#ifndef STN_ENGINE_PRIVATE_H
#define STN_ENGINE_PRIVATE_H

#include "engine/capture_worker.h"
#include "engine/card_gate.h"
#include "engine/clock_watch.h"
#include "engine/coverage.h"
#include "engine/embed_worker.h"
#include "engine/engine.h"
#include "engine/marking.h"
#include "engine/photo_worker.h"
#include "engine/pin_gate.h"
#include "engine/vision_worker.h"
#include "sync/sync.h"

#include <stdatomic.h>
#include <uv.h>

enum { PENDING_MARKS_MAX = 64 };

struct kept_chip {
    uint32_t track_id; /* 0: free */
    int64_t captured_us;
    struct stn_chip chip;
};

/* What the store is used for. Each may fail alone: a full disk still takes an activity, by the ballast, but no mark. */
enum store_use { STORE_MARK, STORE_LOG, STORE_READ, STORE_USES };

/* A student who was recognised while the store could not write. Kept until it can: a mark is never lost for a full disk. */
struct pending_mark {
    char student_id[CM_ID_SIZE];
    struct stn_claim claim; /* never manual: a person is told, and tries again */
};

struct stn_engine {
    struct stn_engine_options options;
    char camera_spec[512], landmarks_path[1200], embedder_path[1200], class_id[CM_ID_SIZE], data_dir[256];

    pthread_t thread;
    uv_loop_t loop;
    uv_async_t wake; /* sent by workers and by stn_engine_stop */
    uv_timer_t tick;
    atomic_bool stop_asked; /* any thread */
    struct stn_inbox inbox;
    struct stn_mailbox mailbox;
    struct stn_capture *source; /* outlives every frame of its pool */
    struct stn_capture_worker *capture;
    struct stn_vision_worker *vision;
    struct stn_embed_worker *embed;

    struct stn_gallery *gallery;
    struct stn_lane *lane;
    struct stn_marking marking;
    struct kept_chip chips[STN_LANE_TRACKS_MAX];
    struct pending_mark pending[PENDING_MARKS_MAX];
    int pending_count;
    int64_t retry_us; /* when waiting marks are tried again */
    struct stn_card_gate card_gate;
    struct stn_pin_gate pin_gate;
    struct pin_job *pin_job; /* the one under way; NULL: none */
    struct stn_clock_watch clock_watch;
    struct stn_coverage coverage;

    bool vision_loaded, embedder_loaded;
    struct cm_err vision_err, embedder_err, gallery_err;
    bool lane_open;
    char lane_reason[256];
    bool over; /* "stopped" was said: nothing may follow */
    bool ready_said, source_was_open, lockstep, store_ok, source_ended, vision_failing;
    bool recording;  /* the source can end; a bad place in it is passed over */
    bool say_camera; /* the screen was told of a bad place: tell it the camera's state again */
    bool store_fails[STORE_USES];
    char source_text[256]; /* why the source failed; empty: it did not */
    double camera_fps;
    int embeds_in_flight;
    struct stn_message *waiting; /* lockstep: the first observation, until the models are there */
    bool
        observation_held; /* lockstep: the newest observation is not released before its embeddings are back */
    int32_t embed_us;
    int64_t started_mono_us, last_frame_mono_us, last_frame_wall_ms, last_captured_us, last_preview_us;
    int64_t roll_checked_us;
    float fps;
    uint64_t log_seq_seen;
    bool gallery_stale;
    int64_t gallery_retry_us;
    uint64_t roll_version; /* of the store, and the minute, when the roll was counted */
    int64_t roll_minute;
    struct stn_ev_roll roll;

    struct stn_sync *sync;           /* NULL: not paired */
    struct stn_photo_worker *photos; /* NULL until the first photo */
    int64_t paired_wall_ms;          /* of the pairing that sync runs with */
    uint64_t applied_seen;           /* pages from the server that the gallery has */
    char server[128];
    struct stn_ev_sync said;
    int exit_code;
    char stop_reason[256];
};

/* engine.c */
void engine_publish(struct stn_engine *engine, struct stn_event *event);
int64_t
engine_wall_ms(const struct stn_engine *engine); /* the recording's own time in lockstep, else the clock's */

/* engine_face.c: observations, embeddings and what the lane makes of them */
void engine_observe(struct stn_engine *engine, struct stn_frame *frame, struct stn_observation *seen,
                    bool blind);
void engine_embedding(struct stn_engine *engine, const struct stn_message *message);
void engine_face_idle(struct stn_engine *engine, int64_t now_us);
void engine_retry_marks(struct stn_engine *engine);
void engine_give_up_marks(struct stn_engine *engine); /* the end: says whose marks are lost */
void engine_source_failed(struct stn_engine *engine, const char *text);
/* Marks him, or keeps the mark until the store can write; says what came of it. */
void engine_mark(struct stn_engine *engine, const char *student_id, const struct stn_claim *claim);
void engine_refuse(struct stn_engine *engine, uint32_t track_id, const char *reason, const char *text,
                   float distance, float margin, float threshold);

/* engine_card.c, engine_pin.c: the lanes without a face */
void engine_see_code(struct stn_engine *engine, struct stn_observation *seen);
/* Card and PIN are open to him (lane/rule.h). */
bool engine_card_open(struct stn_engine *engine, const char *student_id);
void engine_watch_cards(struct stn_engine *engine); /* cards are looked for while some class has a session */
void engine_pin(struct stn_engine *engine, uint32_t number, const char *student_id, const char *pin);

/* engine_request.c: what a person wants */
void engine_request(struct stn_engine *engine, struct stn_request *request);
void engine_answer(struct stn_engine *engine, uint32_t number, bool done, const char *text);

/* engine_roster.c: gallery, lane, counters of the roll */
enum cm_code engine_load_gallery(struct stn_engine *engine, struct cm_err *err);
void engine_update_lane(struct stn_engine *engine); /* opens or closes the face lane and says so */
void engine_update_roll(struct stn_engine *engine, bool always);
void engine_follow_log(struct stn_engine *engine); /* another program enrolled or imported meanwhile */

/* engine_sync.c: the server */
void engine_sync_start(
    struct stn_engine *engine); /* or again, after a new pairing; nothing when not paired */
void engine_sync_follow(struct stn_engine *engine); /* each tick */
void engine_say_erased(struct stn_engine *engine);  /* by a command beside the engine */
void engine_sync_kick(struct stn_engine *engine);   /* something was logged */
void engine_sync_frame(struct stn_engine *engine, const struct stn_frame *frame);
void engine_sync_photo(struct stn_engine *engine, const struct stn_message *message);

/* engine_log.c: what goes to the store besides marks */
void engine_store_result(struct stn_engine *engine, enum store_use use, enum cm_code code,
                         const struct cm_err *err);
void engine_activity(struct stn_engine *engine, enum cm_activity_kind kind, const char *reason,
                     float distance);
void engine_watch_clock(struct stn_engine *engine);
void engine_cover(struct stn_engine *engine);
void engine_cover_end(struct stn_engine *engine);

#endif
