/*
 * Can the camera's picture be judged? Pure: scene measurements and time in, state out, with hysteresis (enter
 * after 15 of 20 frames, leave after 2 s clear; covered needs 3 s before it is reported). While the state is
 * not CLEAR there is no evidence, no verdict, and the time does not count as coverage. Thresholds and their
 * evidence: camera_state.c.
 */
#ifndef STN_CAMERA_STATE_H
#define STN_CAMERA_STATE_H

#include "frame/observation.h"
#include <stdbool.h>
#include <stdint.h>

enum stn_camera_state {
    STN_CAMERA_STARTING,
    STN_CAMERA_CLEAR,
    STN_CAMERA_COVERED,
    STN_CAMERA_DARK,
    STN_CAMERA_FROZEN,
    STN_CAMERA_LOST,  /* no frame for 1 s, no first one for 10 s, or the source said so */
    STN_CAMERA_ENDED, /* a recording's end */
};

struct stn_camera_watch { /* plain values */
    enum stn_camera_state state;
    enum stn_camera_state candidate; /* the bad state that the votes are for; CLEAR: none */
    uint32_t votes;                  /* last 20 frames, one bit each: the candidate was seen */
    int64_t clear_since_us;          /* since when no frame was bad; -1: the last one was */
    int64_t last_frame_us;           /* -1: none yet */
    int64_t still_since_us;          /* since when the picture hardly changes; -1: it does */
    int64_t same_since_us;           /* since when it is the very same picture; -1: it is not */
    int64_t episode_since_us;        /* start of the present state */
    uint64_t last_hash;
    bool reported; /* this episode was already given out as activity */
};

struct stn_camera_output {
    enum stn_camera_state state;
    bool judgeable; /* this very frame may be used as evidence */
    bool state_changed;
    bool report; /* true once per episode: write it to the log as activity */
};

void stn_camera_watch_init(struct stn_camera_watch *watch, int64_t now_us);
/* A frame. The first good one makes STARTING to CLEAR. A NaN in the scene makes the frame not judgeable. */
struct stn_camera_output stn_camera_watch_frame(struct stn_camera_watch *watch, const struct stn_scene *scene,
                                                int64_t now_us);
/* No frame until now_us: becomes LOST after 1 s. */
struct stn_camera_output stn_camera_watch_idle(struct stn_camera_watch *watch, int64_t now_us);
/* The source said that there will be no more frames (ended: a recording's end) or that it is gone (LOST at
 * once). */
struct stn_camera_output stn_camera_watch_stop(struct stn_camera_watch *watch, bool ended, int64_t now_us);

const char *stn_camera_state_name(enum stn_camera_state state); /* "clear", "covered", … */
const char *stn_camera_state_text(enum stn_camera_state state); /* a sentence with what to do */

#endif
