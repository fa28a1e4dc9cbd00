/*
 * When is which picture of a recording due? Pure: the recording's time stamps and the clock's time go in;
 * numbers, times and verdicts come out.
 *
 * Recording time counts from the first picture over all that is played: a loop and the next file of a folder
 * go on where the last one ended. Time stamps are hints: one that is missing, repeated, going back or leaping
 * is replaced by "one period after the last".
 *
 * Between two recordings lies a cut of STN_PACE_CUT_US: longer than the gap that ends every track, so that
 * nothing that was seen in one recording counts as evidence in the next.
 */
#ifndef STN_CAPTURE_PACE_H
#define STN_CAPTURE_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    STN_PACE_CUT_US = 400000,
    STN_PACE_LEAP_US = 10000000, /* a time stamp this far ahead is damage */
    STN_PACE_AWAY_US = 5000000,  /* a reader this late was away (suspend): go on from here, skip nothing */
};
#define STN_PACE_FPS_DEFAULT 25.0

enum stn_pace_verdict {
    STN_PACE_DUE,  /* hand it out */
    STN_PACE_WAIT, /* not yet */
    STN_PACE_SKIP, /* more than a period late: take the next one */
};

struct stn_pace { /* plain values; the fields are private to pace.c */
    bool max_speed;
    int64_t period_us;
    int64_t last_at_us; /* recording time of the latest picture, -1 before the first */
    bool first_of_recording, after_cut;
    int64_t pts_zero_us; /* recording time of time stamp 0 */
    bool anchored;
    int64_t anchor_mono_us, anchor_wall_ms; /* the clock at recording time 0 */
    int64_t skipped_late_us;                /* how late the picture was that was skipped just before */
    uint64_t next_number;
};

struct stn_pace_slot {
    uint64_t number;
    int64_t at_us; /* recording time */
};

void stn_pace_init(struct stn_pace *pace, bool max_speed);
/* A rate that makes no sense (0, NaN, below 1/10 or above 240 a second) becomes STN_PACE_FPS_DEFAULT. */
void stn_pace_set_rate(struct stn_pace *pace, double fps);
/* The next picture begins a recording; `cut` when it has nothing to do with the one before. */
void stn_pace_begin(struct stn_pace *pace, bool cut);
/* The source was opened again: what is next is due at once. */
void stn_pace_resume(struct stn_pace *pace);
/* Gives the next picture its number and its recording time; pts_us -1: it has no time stamp. */
struct stn_pace_slot stn_pace_place(struct stn_pace *pace, int64_t pts_us);
/* Real speed only. Skipping happens only while it helps: when decoding itself is slower than the recording,
 * the recording is played slower instead of showing nothing. */
enum stn_pace_verdict stn_pace_judge(struct stn_pace *pace, const struct stn_pace_slot *slot,
                                     int64_t now_mono_us, int64_t *ret_wait_us);
/* The captured times of a picture that is due. */
void stn_pace_stamp(struct stn_pace *pace, const struct stn_pace_slot *slot, int64_t now_mono_us,
                    int64_t now_wall_ms, int64_t *ret_mono_us, int64_t *ret_wall_ms);

#endif
