/*
 * The camera's state from the measurements of the whole picture.
 *
 * Thresholds, and what 240 live frames and the same frames degraded by simulation measured (2nd to 98th
 * percentile):
 *
 *   covered  flat share >= 0.90 and range <= 40    live: flat 0.06–0.33, range 210–255; hand, tape, cap: 1.0
 * and 3–24 dark     mean < 35 and range < 90              live: mean 97–155; dark: mean 8–27, range 52–76
 *   frozen   the same picture for 1 s, or a        live: change >= 1.09, no duplicate in 200 frames; frozen:
 * 0 change < 0.05 for 2 s lost     no frame for 1 s
 *
 * A lens cap is both covered and dark: covered comes first, for a covered lens is somebody's doing. A picture
 * that stands still is not covered or dark, so frozen comes last. A still photo before a real camera is not
 * frozen: the sensor's noise changes every frame.
 */
#include "liveness/camera_state.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum {
    VOTES_WINDOW = 20,
    VOTES_NEEDED = 15,
    LEAVE_US = 2000 * 1000,          /* also outlasts the hunting of the exposure after dark (1.5 s) */
    COVERED_REPORT_US = 3000 * 1000, /* a hand passing is not worth an entry in the log */
    SAME_US = 1000 * 1000,
    STILL_US = 2000 * 1000,
    LOST_US = 1000 * 1000,
    FIRST_FRAME_US = 10000 * 1000, /* cameras and busy machines take a while to begin */
};
static const float covered_flat_min = 0.90f, covered_range_max = 40.0f;
static const float dark_mean_max = 35.0f, dark_range_max = 90.0f;
static const float still_change_max = 0.05f;

void stn_camera_watch_init(struct stn_camera_watch *watch, int64_t now_us)
{
    memset(watch, 0, sizeof *watch);
    watch->state = STN_CAMERA_STARTING;
    watch->candidate = STN_CAMERA_CLEAR;
    watch->clear_since_us = watch->still_since_us = watch->same_since_us = -1;
    watch->last_frame_us = -1;
    watch->episode_since_us = now_us;
}

static void enter(struct stn_camera_watch *watch, enum stn_camera_state state, int64_t now_us)
{
    watch->state = state;
    watch->episode_since_us = now_us;
    watch->reported = false;
    watch->candidate = STN_CAMERA_CLEAR;
    watch->votes = 0;
}

static struct stn_camera_output output(struct stn_camera_watch *watch, enum stn_camera_state before,
                                       bool judgeable, int64_t now_us)
{
    bool bad = watch->state != STN_CAMERA_CLEAR && watch->state != STN_CAMERA_STARTING &&
               watch->state != STN_CAMERA_ENDED;
    int64_t wait_us = watch->state == STN_CAMERA_COVERED ? COVERED_REPORT_US : 0;
    bool over_now = watch->clear_since_us >= 0; /* good frames already, only the state lingers */
    bool report = bad && !over_now && !watch->reported && now_us - watch->episode_since_us >= wait_us;
    watch->reported = watch->reported || report;
    return (struct stn_camera_output){
        .state = watch->state,
        .judgeable = judgeable,
        .state_changed = watch->state != before,
        .report = report,
    };
}

/* Follows how long the picture has been the same; true when it is frozen. */
static bool is_frozen(struct stn_camera_watch *watch, const struct stn_scene *scene, int64_t now_us)
{
    bool first = watch->last_frame_us < 0;
    if (first || scene->hash != watch->last_hash)
        watch->same_since_us = -1;
    else if (watch->same_since_us < 0)
        watch->same_since_us = watch->last_frame_us;
    if (first || !(scene->change < still_change_max))
        watch->still_since_us = -1;
    else if (watch->still_since_us < 0)
        watch->still_since_us = watch->last_frame_us;
    watch->last_hash = scene->hash;
    return (watch->same_since_us >= 0 && now_us - watch->same_since_us >= SAME_US) ||
           (watch->still_since_us >= 0 && now_us - watch->still_since_us >= STILL_US);
}

static bool measured(const struct stn_scene *scene)
{
    return isfinite(scene->flat_share) && isfinite(scene->luma_range) && isfinite(scene->luma_mean);
}

/* What this one frame looks like. */
static enum stn_camera_state look(struct stn_camera_watch *watch, const struct stn_scene *scene,
                                  int64_t now_us)
{
    bool frozen = is_frozen(watch, scene, now_us);
    if (scene->flat_share >= covered_flat_min && scene->luma_range <= covered_range_max)
        return STN_CAMERA_COVERED;
    if (scene->luma_mean < dark_mean_max && scene->luma_range < dark_range_max)
        return STN_CAMERA_DARK;
    return frozen ? STN_CAMERA_FROZEN : STN_CAMERA_CLEAR;
}

static int count_votes(uint32_t votes)
{
    return __builtin_popcount(votes & ((UINT32_C(1) << VOTES_WINDOW) - 1));
}

/* A bad frame: enough of the same kind and the state is entered. */
static void vote(struct stn_camera_watch *watch, enum stn_camera_state seen, int64_t now_us)
{
    if (seen != STN_CAMERA_CLEAR && seen != watch->candidate) {
        watch->candidate = seen;
        watch->votes = 0;
    }
    watch->votes = watch->votes << 1 | (seen != STN_CAMERA_CLEAR);
    /* Frozen has waited its own second already. */
    int needed = watch->candidate == STN_CAMERA_FROZEN ? 1 : VOTES_NEEDED;
    if (watch->candidate != STN_CAMERA_CLEAR && watch->candidate != watch->state &&
        count_votes(watch->votes) >= needed)
        enter(watch, watch->candidate, now_us);
}

static void maybe_clear(struct stn_camera_watch *watch, int64_t now_us)
{
    if (watch->clear_since_us < 0)
        watch->clear_since_us = now_us;
    if (watch->state == STN_CAMERA_CLEAR)
        return;
    if (watch->state == STN_CAMERA_STARTING || now_us - watch->clear_since_us >= LEAVE_US)
        enter(watch, STN_CAMERA_CLEAR, now_us);
}

struct stn_camera_output stn_camera_watch_frame(struct stn_camera_watch *watch, const struct stn_scene *scene,
                                                int64_t now_us)
{
    enum stn_camera_state before = watch->state;
    if (now_us < watch->last_frame_us) { /* times before and after cannot be compared */
        watch->last_frame_us = watch->clear_since_us = -1;
        watch->episode_since_us = now_us;
    }
    enum stn_camera_state seen = look(watch, scene, now_us);
    bool usable = measured(scene) && seen == STN_CAMERA_CLEAR;
    watch->last_frame_us = now_us;
    vote(watch, seen, now_us);
    if (usable)
        maybe_clear(watch, now_us);
    else
        watch->clear_since_us = -1;
    return output(watch, before, usable && watch->state == STN_CAMERA_CLEAR, now_us);
}

struct stn_camera_output stn_camera_watch_idle(struct stn_camera_watch *watch, int64_t now_us)
{
    enum stn_camera_state before = watch->state;
    int64_t since_us = watch->last_frame_us >= 0 ? watch->last_frame_us : watch->episode_since_us;
    int64_t wait_us = watch->last_frame_us >= 0 ? LOST_US : FIRST_FRAME_US;
    bool over = before == STN_CAMERA_ENDED || before == STN_CAMERA_LOST;
    if (!over && now_us - since_us >= wait_us)
        return stn_camera_watch_stop(watch, false, now_us);
    return output(watch, before, false, now_us);
}

struct stn_camera_output stn_camera_watch_stop(struct stn_camera_watch *watch, bool ended, int64_t now_us)
{
    enum stn_camera_state before = watch->state;
    enum stn_camera_state state = ended ? STN_CAMERA_ENDED : STN_CAMERA_LOST;
    if (before != state)
        enter(watch, state, now_us);
    watch->clear_since_us = watch->still_since_us = watch->same_since_us = -1;
    return output(watch, before, false, now_us);
}

static const struct {
    const char *name, *text;
} words[] = {
    [STN_CAMERA_STARTING] = {"starting", "The camera is starting."},
    [STN_CAMERA_CLEAR] = {"clear", "The camera sees well."},
    [STN_CAMERA_COVERED] = {"covered", "The camera is covered: uncover the lens."},
    [STN_CAMERA_DARK] = {"dark", "It is too dark for the camera: switch on the light."},
    [STN_CAMERA_FROZEN] = {"frozen",
                           "The camera's picture stands still: unplug the camera and plug it in again."},
    [STN_CAMERA_LOST] = {"lost", "The camera gives no picture: check that it is plugged in."},
    [STN_CAMERA_ENDED] = {"ended", "The recording is over."},
};

const char *stn_camera_state_name(enum stn_camera_state state)
{
    return (size_t)state < sizeof words / sizeof words[0] ? words[state].name : "?";
}

const char *stn_camera_state_text(enum stn_camera_state state)
{
    return (size_t)state < sizeof words / sizeof words[0] ? words[state].text : "?";
}
