/*
 * When to look for faces, and how closely. Pure: capture times and what the tracks did go in, a plan for this
 * frame comes out. The landmark model follows faces by itself from frame to frame; the detector costs twice as
 * much on a small picture and six times on a large one (0.07 us per pixel looked at on a fast core, five times
 * that on a small board) and is therefore rationed:
 *
 * - search: nobody is tracked. At most 10 times a second, less often on large pictures, so that an empty room
 *   costs a tenth of a fast core, a third of a slow one. Half size first (faces from 160 px), full size (from
 *   80 px) every other time.
 * - check: somebody is tracked. At `check_us`, half size over the whole picture for newcomers; a tracked face
 *   that this does not show is looked for in its own region.
 * - look after a face that was just lost: in its region only.
 *
 * A small picture (shorter side < 400 px) has no faces that half size could find: there it is always full size.
 */
#ifndef STN_SCHEDULE_H
#define STN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct stn_schedule { /* plain values */
    int64_t check_us;
    int64_t last_scan_us;    /* whole picture; -1: not yet */
    int64_t last_regions_us; /* -1: not yet */
    int64_t scan_wait_us;    /* what the last search cost, as time until the next */
    int64_t last_focus_us;
    bool full_next;
};

struct stn_schedule_input {
    int64_t now_us;
    int width, height;
    int tracked; /* tracks alive */
    int unseen;  /* of these: not seen in this frame */
    bool ended;  /* a track ended in this frame */
};

struct stn_plan {
    int scan_shrink; /* whole picture at 1/shrink; 0: no */
    bool then_full;  /* when that finds nothing, full size in this same frame */
    bool regions; /* look at the region of each track that is unseen or, with a scan, was not confirmed by it
                   */
};

void stn_schedule_init(struct stn_schedule *schedule, int64_t check_us);
struct stn_plan stn_schedule_next(struct stn_schedule *schedule, const struct stn_schedule_input *in);
/* True once a second: measure the focus in this frame. */
bool stn_schedule_focus(struct stn_schedule *schedule, int64_t now_us);

/* When to look for a card in the picture: three times a second, later while frames wait (the faces come first), but once a
 * second at least: who has nothing but a card must not depend on how busy the door is. */
struct stn_card_schedule {
    int64_t last_us; /* -1: not yet */
};
void stn_card_schedule_init(struct stn_card_schedule *schedule);
/* True: look at this frame. */
bool stn_card_schedule_next(struct stn_card_schedule *schedule, int64_t now_us, bool late);

#endif
