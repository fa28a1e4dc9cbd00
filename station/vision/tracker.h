/*
 * Which face is which from frame to frame. Pure: boxes and times in, track ids out. A track is unbroken or it is over:
 * a box that jumps by more than half a face width in one frame, a loss of more than `lost_us`, two faces that merge, or a
 * frame gap > 300 ms end it, and whoever is there next gets a new id (evidence is bound to ids: liveness.h).
 */
#ifndef STN_TRACKER_H
#define STN_TRACKER_H

#include "frame/observation.h"
#include <stdbool.h>
#include <stdint.h>

struct stn_track {
    uint32_t id;              /* never 0, never used twice in a run */
    struct stn_box box;
    int64_t first_us, last_us; /* first and latest frame in which the face was seen */
    bool seen;                /* in the newest frame */
};

struct stn_tracker { /* plain values */
    struct stn_track tracks[STN_FACES_MAX];
    int count;
    uint32_t next_id;
    int64_t last_us;
};

void stn_tracker_init(struct stn_tracker *tracker);
/* Starts a frame: drops tracks that are over; with a gap since the last frame, all of them. */
void stn_tracker_begin(struct stn_tracker *tracker, int64_t now_us);
/* The landmark model followed track `id` to `box` (presence good). False: it jumped or merged; the track is over. */
bool stn_tracker_follow(struct stn_tracker *tracker, uint32_t id, const struct stn_box *box, int64_t now_us);
/* The landmark model lost it in this frame. */
void stn_tracker_miss(struct stn_tracker *tracker, uint32_t id, int64_t now_us);
/* A detector's box: the id of the live track it belongs to, or of a new one (0: no room). *ret_new tells which. */
uint32_t stn_tracker_detect(struct stn_tracker *tracker, const struct stn_box *box, int64_t now_us, bool *ret_new);

float stn_box_overlap(const struct stn_box *a, const struct stn_box *b); /* intersection over union */

#endif
