/*
 * One recording or picture through the same vision and the same lane as `run`, in one thread, without a store: for
 * `analyse`, for measuring and for tests. Deterministic: the same file and models give the same result.
 */
#ifndef STN_ANALYSE_H
#define STN_ANALYSE_H

#include "base/clock.h"
#include "engine/lane.h"
#include "shim/face_shim.h"
#include "vision/pipeline.h"

enum { STN_ANALYSE_BLINKS_MAX = 4096, STN_ANALYSE_PROMPTS_MAX = 256 };

struct stn_analyse_blink {
    uint64_t first_frame, last_frame;
    bool clean;
};

struct stn_analyse_prompt {
    uint64_t frame;
    enum stn_prompt prompt;
};

struct stn_analysis {
    uint64_t frames, frames_with_face;
    int blink_count;
    struct stn_analyse_blink blinks[STN_ANALYSE_BLINKS_MAX];
    int prompt_count;
    struct stn_analyse_prompt prompts[STN_ANALYSE_PROMPTS_MAX];
    enum stn_verdict verdict; /* live as soon as one attempt was; else attack when one was; else undecided */
    char reason[48];          /* of the verdict: the deciding attempt's, else the last one's */
    int student;              /* in the gallery; -1 nobody was accepted */
    float distance;           /* of the accepted, else of the nearest that was measured; NaN none */
    int64_t marked_at_frame;  /* -1 never */
    int tracks;
    struct {
        int64_t detect, landmarks, texture, embed, total; /* microseconds over all frames */
        uint64_t embeddings;
    } time_us;
};

struct stn_analyse_options {
    struct stn_pipeline *pipeline; /* is reset first */
    struct stn_embedder *embedder;
    const struct stn_lane_options *lane;
    const struct cm_clock *clock; /* for stage times only */
    double fps; /* > 0: as if the camera gave this many frames a second (others are left out) */
    void (*progress)(void *arg, uint64_t frame, uint64_t of); /* of 0: unknown; NULL: none */
    void *arg;
};

/* CM_CORRUPT: the file ended early; *ret_analysis is filled with what there was. ret_analysis is large: not on a stack. */
enum cm_code stn_analyse(const char *path, const struct stn_analyse_options *options,
                         struct stn_analysis *ret_analysis, struct cm_err *err);

#endif
