/*
 * Which face is which from frame to frame. Pure: boxes and times in, track ids out. A track is unbroken or it
 * is over: a box that jumps by more than half a face width in one frame or changes its size at once, a loss
 * of more than 0.3 s, two faces that merge, or a frame gap > 0.3 s end it, and whoever is there next gets a
 * new id (evidence is bound to ids: liveness.h).
 *
 * A frame goes: begin; for each track that lived, follow or miss; detect for each box that the detector
 * found. A track may end by what happens to another one (merge): look at what is alive after all of that.
 */
#ifndef STN_TRACKER_H
#define STN_TRACKER_H

#include "frame/observation.h"
#include <stdbool.h>
#include <stdint.h>

struct stn_track {
    uint32_t id; /* never 0, never used twice in a run */
    struct stn_box box;
    int64_t first_us, last_us; /* first and latest frame in which the face was seen */
    bool seen;                 /* in the newest frame */
};

struct stn_tracker { /* plain values */
    struct stn_track tracks[STN_FACES_MAX];
    int count;
    uint32_t next_id;
    int64_t last_us; /* the newest frame; -1 none */
};

void stn_tracker_init(struct stn_tracker *tracker);
/* Ends all tracks; ids go on. */
void stn_tracker_reset(struct stn_tracker *tracker);
/* Starts a frame: drops tracks that are over; with a gap since the last frame or a step back in time, all of
 * them. */
void stn_tracker_begin(struct stn_tracker *tracker, int64_t now_us);
/* The landmark model followed track `id` to `box` (presence good). False: it jumped or merged; the track is
 * over. */
bool stn_tracker_follow(struct stn_tracker *tracker, uint32_t id, const struct stn_box *box, int64_t now_us);
/* The landmark model lost it in this frame. */
void stn_tracker_miss(struct stn_tracker *tracker, uint32_t id, int64_t now_us);
/* A face found by detection: the id of the live track it belongs to, or of a new one (0: no room). *ret_new
 * tells which. Give the landmark model's box of it, so that the next step is compared with its like. */
uint32_t stn_tracker_detect(struct stn_tracker *tracker, const struct stn_box *box, int64_t now_us,
                            bool *ret_new);
/* Ends one track; an unknown id is fine. */
void stn_tracker_end(struct stn_tracker *tracker, uint32_t id);

float stn_box_overlap(const struct stn_box *a,
                      const struct stn_box *b); /* intersection over union; 0 for NaN */
/* Two boxes, perhaps by different models, are of one face. */
bool stn_box_same_face(const struct stn_box *a, const struct stn_box *b);

#endif
