/*
 * The face lane: all decisions between an observation and "this student was here". Pure: observations, embeddings and
 * times in, actions out; no clock, no thread, no store, no pixels. `run` drives it from threads, `analyse` from a loop,
 * a simulation from a table; all see the same decisions.
 *
 * Per track: a liveness machine (liveness.h) and the embeddings of the attempt (identity.h). An attempt ends with exactly
 * one ACCEPT or REFUSE; then the track rests (after ACCEPT for good, after REFUSE for cooldown_us; after an unanswered
 * "please blink" it is only not asked again for that long). Evidence is bound to
 * one track and one identity: an embedding before and one after the accepted blink, within a second of it, must be the
 * same person.
 *
 * The lane asks for embeddings by actions and gets them by stn_lane_embedding, whenever they are ready; it never waits.
 * At most STN_IDENTITY_SAMPLES an attempt.
 */
#ifndef STN_LANE_H
#define STN_LANE_H

#include "engine/event.h"
#include "frame/observation.h"
#include "liveness/camera_state.h"
#include "liveness/liveness.h"
#include "recognition/identity.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    STN_LANE_TRACKS_MAX = 2 * STN_FACES_MAX,
    STN_LANE_ACTIONS_MAX = 8 * STN_LANE_TRACKS_MAX + 8, /* no track wants more than eight things in a frame */
};

enum stn_action_kind {
    STN_ACT_KEEP_CHIP, /* cut the track's chip out of this frame and keep it (replaces the one kept before) */
    STN_ACT_EMBED_KEPT, /* embed the kept chip */
    STN_ACT_EMBED_NOW,  /* cut the chip out of this frame and embed it */
    STN_ACT_DROP_TRACK, /* the track is over: forget its chip */
    STN_ACT_BLINK,
    STN_ACT_ACCEPT, /* a live student: mark him */
    STN_ACT_REFUSE,
    STN_ACT_ACTIVITY,
    STN_ACT_CAMERA, /* the camera's state changed */
    STN_ACT_LOCKED,
    STN_ACT_UNLOCKED,
};

struct stn_accept {
    int student;                           /* index in the gallery */
    int64_t captured_us, captured_wall_ms; /* of the accepted blink's end */
    int64_t evidence_end_us;
    float distance, margin, threshold;
    int32_t blink_ms;
    bool first_try, eye_contact;
};

struct stn_refuse {
    const char *reason; /* a stable word, static */
    const char *text;   /* a sentence for staff, static; names nobody */
    enum stn_verdict verdict;
    float distance, margin, threshold;
};

struct stn_action {
    enum stn_action_kind kind;
    uint32_t track_id;
    int64_t captured_us; /* of the frame that it concerns */
    union {
        struct stn_accept accept;
        struct stn_refuse refuse;
        struct stn_blink_event blink;
        struct {
            enum cm_activity_kind kind;
            const char *reason; /* static */
            float distance;
        } activity;
        enum stn_camera_state camera;
        int64_t locked_until_us;
    } u;
};

struct stn_actions {
    struct stn_action list[STN_LANE_ACTIONS_MAX];
    int count;
};

struct stn_lane_rules {  /* design.md §8, as data */
    int64_t cooldown_us; /* a track is not asked again for this long */
    int64_t lockout_us;
    int failed_tries_max;       /* in a row, then the lane locks */
    int timeouts_until_suspect; /* unanswered "please blink" attempts of one track, then `spoof_suspected` */
    int64_t keep_every_us;      /* how often the chip before a possible blink is renewed */
    int64_t evidence_window_us; /* embeddings must lie this close to the blink */
    int64_t sample_gap_us;      /* between two embeddings that should agree */
    float eye_contact_deg;      /* yaw and pitch within this of straight ahead */
    float eyes_open_ratio;
};
extern const struct stn_lane_rules stn_lane_rules_default;

struct stn_lane;

struct stn_lane_options {
    enum stn_policy policy;
    const struct stn_live_table *live_table;
    const struct stn_lane_rules *rules;
    struct stn_identity_rules identity; /* with the threshold set */
    const struct stn_gallery *gallery;  /* borrowed; stn_lane_set_gallery gives another */
};

enum cm_code stn_lane_create(const struct stn_lane_options *options, struct stn_lane **ret_lane,
                             struct cm_err *err);
void stn_lane_destroy(struct stn_lane *lane);

/* Another gallery and its threshold, between two frames. Attempts under way start again, for they were judged against other
 * people; locks, rests, episodes and the camera's state stay. */
void stn_lane_set_gallery(struct stn_lane *lane, const struct stn_gallery *gallery, float threshold);

/* A frame. Appends to *actions (the caller clears it). */
void stn_lane_observe(struct stn_lane *lane, const struct stn_observation *seen, struct stn_actions *actions);
/* The source failed: the camera is lost at once. */
void stn_lane_source_lost(struct stn_lane *lane, int64_t now_us, struct stn_actions *actions);
/* No frame for a while: the camera may be lost. */
void stn_lane_idle(struct stn_lane *lane, int64_t now_us, struct stn_actions *actions);
/* The result of an EMBED action; embedding NULL: it failed (then nothing is known of that frame). */
void stn_lane_embedding(struct stn_lane *lane, uint32_t track_id, int64_t captured_us,
                        const float *embedding);

/* What the screen shows, as of the newest frame. Names are not filled. */
int stn_lane_tracks(const struct stn_lane *lane, struct stn_track_view tracks[STN_FACES_MAX]);
enum stn_prompt stn_lane_prompt(const struct stn_lane *lane);
enum stn_camera_state stn_lane_camera(const struct stn_lane *lane);
bool stn_lane_locked(const struct stn_lane *lane);

#endif
