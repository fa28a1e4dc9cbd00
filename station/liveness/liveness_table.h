/*
 * The thresholds of liveness.c: data, one constant set per landmark model. What each value rests on is
 * written beside it in liveness_table.c.
 */
#ifndef STN_LIVENESS_TABLE_H
#define STN_LIVENESS_TABLE_H

#include "liveness/liveness.h"

struct stn_live_table {
    const struct stn_blink_table *blink;

    /* a usable frame */
    float presence_min;
    bool presence_may_be_unknown; /* the model has no such flag: NaN passes */
    float eye_span_min_px;
    float eye_span_max_share; /* of the frame's width */
    float luma_min;
    float sharpness_min;
    float yaw_max_deg, pitch_max_deg;
    int64_t lids_low_us; /* lids low for this long: looking down */
    float frame_rate_min;

    /* the window of evidence */
    int64_t grace_us;  /* a window survives unusable frames for this long */
    int64_t gap_us;    /* a longer gap between frames voids the evidence … */
    int64_t stall_us;  /* … and this long ends the attempt */
    float jump_widths; /* a face that moves further in one frame, in widths of its box, is another one */
    int usable_frames_min;
    float clear_share_min;

    /* deadlines */
    int64_t no_face_us;    /* NO_FACE → UNDECIDED */
    int64_t face_us;       /* NO_FACE → SETTLING */
    int64_t settled_us;    /* SETTLING → WATCHING: quality kept this long */
    int64_t settling_us;   /* SETTLING → UNDECIDED */
    int64_t watching_us;   /* WATCHING → CHALLENGE */
    int64_t challenge_us;  /* CHALLENGE → UNDECIDED */
    int64_t attempt_us;    /* every state before LIVE → UNDECIDED */
    int64_t token_us;      /* LIVE → UNDECIDED */
    int64_t evidence_us;   /* a blink waits this long for the cues */
    int64_t veto_us;       /* a veto held this long is an attack */
    int64_t hold_still_us; /* how long the person is told why the blink did not count */
};

#endif
