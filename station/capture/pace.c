#include "capture/pace.h"

#define FPS_MIN    0.1
#define FPS_MAX    240.0
#define PTS_MAX_US INT64_C(1000000000000000) /* 30 years: beyond is damage, and sums stay in range */

void stn_pace_init(struct stn_pace *pace, bool max_speed)
{
    *pace = (struct stn_pace){
        .max_speed = max_speed, .last_at_us = -1, .first_of_recording = true, .skipped_late_us = INT64_MAX};
    stn_pace_set_rate(pace, STN_PACE_FPS_DEFAULT);
}

void stn_pace_set_rate(struct stn_pace *pace, double fps)
{
    if (!(fps >= FPS_MIN && fps <= FPS_MAX))
        fps = STN_PACE_FPS_DEFAULT;
    pace->period_us = (int64_t)(1e6 / fps);
}

void stn_pace_begin(struct stn_pace *pace, bool cut)
{
    bool pending = pace->first_of_recording && pace->after_cut;
    pace->first_of_recording = true;
    pace->after_cut = cut || pending;
}

void stn_pace_resume(struct stn_pace *pace)
{
    stn_pace_begin(pace, true);
    /* At max speed time goes on from the last picture: the clock may be behind it. */
    if (!pace->max_speed)
        pace->anchored = false;
}

struct stn_pace_slot stn_pace_place(struct stn_pace *pace, int64_t pts_us)
{
    if (pts_us > PTS_MAX_US)
        pts_us = -1;
    int64_t at_us = pace->last_at_us < 0 ? 0 : pace->last_at_us + pace->period_us;
    if (pace->first_of_recording) {
        if (pace->last_at_us >= 0 && pace->after_cut)
            at_us = pace->last_at_us + STN_PACE_CUT_US;
        pace->pts_zero_us = at_us - (pts_us > 0 ? pts_us : 0);
        pace->first_of_recording = false;
    } else if (pts_us >= 0) {
        int64_t claimed_us = pace->pts_zero_us + pts_us;
        if (claimed_us > pace->last_at_us && claimed_us <= pace->last_at_us + STN_PACE_LEAP_US)
            at_us = claimed_us;
        else if (claimed_us > at_us)
            pace->pts_zero_us = at_us - pts_us; /* after a leap go on from here */
    }
    pace->last_at_us = at_us;
    return (struct stn_pace_slot){.number = pace->next_number++, .at_us = at_us};
}

/* The picture at at_us is due now. */
static void anchor(struct stn_pace *pace, int64_t at_us, int64_t now_mono_us)
{
    pace->anchor_mono_us = now_mono_us - at_us;
    pace->anchored = true;
}

enum stn_pace_verdict stn_pace_judge(struct stn_pace *pace, const struct stn_pace_slot *slot,
                                     int64_t now_mono_us, int64_t *ret_wait_us)
{
    if (!pace->anchored)
        anchor(pace, slot->at_us, now_mono_us);
    int64_t late_us = now_mono_us - (pace->anchor_mono_us + slot->at_us);
    if (late_us < 0) {
        *ret_wait_us = -late_us;
        return STN_PACE_WAIT;
    }
    if (late_us > pace->period_us) {
        bool helps = late_us < pace->skipped_late_us;
        if (helps && late_us <= STN_PACE_AWAY_US) {
            pace->skipped_late_us = late_us;
            return STN_PACE_SKIP;
        }
        anchor(pace, slot->at_us, now_mono_us);
    }
    pace->skipped_late_us = INT64_MAX;
    return STN_PACE_DUE;
}

void stn_pace_stamp(struct stn_pace *pace, const struct stn_pace_slot *slot, int64_t now_mono_us,
                    int64_t now_wall_ms, int64_t *ret_mono_us, int64_t *ret_wall_ms)
{
    if (pace->max_speed) {
        if (!pace->anchored) {
            anchor(pace, slot->at_us, now_mono_us);
            pace->anchor_wall_ms = now_wall_ms - slot->at_us / 1000;
        }
        *ret_mono_us = pace->anchor_mono_us + slot->at_us;
        *ret_wall_ms = pace->anchor_wall_ms + slot->at_us / 1000;
        return;
    }
    /* The wall clock is asked anew for each picture: when it is set, the marks of the recording follow it. */
    int64_t due_us = pace->anchor_mono_us + slot->at_us;
    *ret_mono_us = due_us;
    *ret_wall_ms = now_wall_ms - (now_mono_us - due_us) / 1000;
}
