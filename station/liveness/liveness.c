/*
 * The machine of liveness.h. One frame goes through these steps, in this order:
 *
 *   continuity   is this still the same unbroken track? else everything seen is void
 *   obstacle     can this very frame be used? the window of quality grows or, after a grace, ends
 *   blink        the eyes (blink.c); a clean blink inside of the window becomes the evidence
 *   veto         a cue that says "not live" voids the evidence, and held it ends in ATTACK
 *   advance      the state's own transitions, its deadline, the deadline of the attempt
 *
 * Comparisons are written so that NaN fails them in the direction of "no evidence".
 */
#include "liveness/liveness.h"
#include "liveness/liveness_table.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* What a policy needs besides the clean blink. */
struct policy_needs {
    bool available; /* false: a cue that it needs does not exist in this version */
    enum stn_live_reason unavailable;
    bool cue[STN_CUE_KINDS];   /* must pass */
    enum stn_live_reason live; /* the reason of its LIVE */
};

static const struct policy_needs policies[] = {
    [STN_POLICY_STRICT] = {.available = false,
                           .unavailable = STN_REASON_NEEDS_CHALLENGE,
                           .cue = {[STN_CUE_IDENTITY] = true, [STN_CUE_TURN] = true},
                           .live = STN_REASON_CLEAN_BLINK},
    [STN_POLICY_PAD] = {.available = false,
                        .unavailable = STN_REASON_NEEDS_PAD_MODEL,
                        .cue = {[STN_CUE_IDENTITY] = true, [STN_CUE_PAD] = true},
                        .live = STN_REASON_CLEAN_BLINK},
    [STN_POLICY_BASIC] = {.available = true,
                          .cue = {[STN_CUE_IDENTITY] = true},
                          .live = STN_REASON_CLEAN_BLINK},
};

bool stn_policy_available(enum stn_policy policy)
{
    return policies[policy].available;
}

/* ---- small helpers ---- */

static bool terminal(enum stn_live_state state)
{
    return state == STN_LIVE_ATTACK || state == STN_LIVE_UNDECIDED;
}

static void enter(struct stn_live *live, enum stn_live_state state, enum stn_live_reason reason,
                  int64_t now_us)
{
    if (state != live->state)
        live->state_since_us = now_us;
    if (state != STN_LIVE_LIVE)
        live->live_until_us = -1;
    live->state = state;
    live->reason = reason;
}

static bool held(int64_t since_us, int64_t now_us, int64_t for_us)
{
    return since_us >= 0 && now_us - since_us >= for_us;
}

static void void_evidence(struct stn_live *live, bool keep_baseline)
{
    stn_blink_break(&live->blink, keep_baseline);
    live->evidence_us = live->evidence_start_us = -1;
}

static void close_window(struct stn_live *live)
{
    live->quality_since_us = live->bad_since_us = -1;
    live->usable_frames = live->clear_frames = live->seen_frames = 0;
}

/* Far below the range, so that sums of times never overflow. */
static bool time_possible(int64_t now_us)
{
    return now_us >= 0 && now_us < INT64_MAX / 2;
}

/* ---- continuity ---- */

static bool same_place(const struct stn_box *a, const struct stn_box *b, float widths)
{
    float dx = (a->x + a->width / 2) - (b->x + b->width / 2);
    float dy = (a->y + a->height / 2) - (b->y + b->height / 2);
    return hypotf(dx, dy) <= widths * a->width;
}

/* Why everything seen before this frame is void; NONE: it is not. */
static enum stn_live_reason continuity(const struct stn_live *live, const struct stn_live_input *in,
                                       const struct stn_live_table *t)
{
    if (!time_possible(in->now_us) || in->now_us < live->last_us)
        return STN_REASON_CLOCK_BACKWARDS;
    bool known = live->face_us >= 0;
    if (known && in->face != NULL && in->face->track_id != live->track_id)
        return STN_REASON_TRACK_BROKEN;
    if (live->last_us >= 0 && in->now_us - live->last_us > t->gap_us)
        return STN_REASON_FRAME_GAP;
    if (known && in->face == NULL && in->now_us - live->face_us > t->grace_us)
        return STN_REASON_TRACK_BROKEN;
    if (known && in->face != NULL && !same_place(&live->box, &in->face->box, t->jump_widths))
        return STN_REASON_TRACK_BROKEN;
    return STN_REASON_NONE;
}

static void remember_frame(struct stn_live *live, const struct stn_live_input *in,
                           enum stn_live_reason broken)
{
    if (live->last_us >= 0 && broken != STN_REASON_FRAME_GAP && broken != STN_REASON_CLOCK_BACKWARDS) {
        float step_us = (float)(in->now_us - live->last_us);
        float mean_us = isfinite(live->frame_rate) ? 1e6f / live->frame_rate : step_us;
        mean_us += (step_us - mean_us) * fminf(1.0f, step_us / 1e6f);
        live->frame_rate = 1e6f / mean_us;
    }
    live->last_us = in->now_us;
    if (broken == STN_REASON_TRACK_BROKEN || broken == STN_REASON_CLOCK_BACKWARDS)
        live->face_us = live->face_since_us = -1;
    if (in->face == NULL)
        return;
    live->track_id = in->face->track_id;
    live->box = in->face->box;
    live->face_us = in->now_us;
    if (live->face_since_us < 0)
        live->face_since_us = in->now_us;
    if (live->started_us < 0)
        live->started_us = in->now_us;
}

/* ---- one frame's quality ---- */

/* Why this frame carries no evidence; NONE: it does. */
static enum stn_live_reason obstacle_of(const struct stn_live *live, const struct stn_live_input *in,
                                        const struct stn_live_table *t)
{
    const struct stn_face *face = in->face;
    if (!in->camera_clear)
        return STN_REASON_CAMERA_NOT_CLEAR;
    if (face == NULL ||
        !(face->presence >= t->presence_min || (isnan(face->presence) && t->presence_may_be_unknown)))
        return STN_REASON_NO_FACE;
    if (!(face->eye_span_px >= t->eye_span_min_px))
        return STN_REASON_TOO_SMALL;
    if (in->frame_width > 0 && face->eye_span_px > t->eye_span_max_share * (float)in->frame_width)
        return STN_REASON_TOO_NEAR;
    if (!(face->luma >= t->luma_min))
        return STN_REASON_TOO_DARK;
    if (!(face->sharpness >= t->sharpness_min))
        return STN_REASON_BLURRED;
    if (!(fabsf(face->yaw_deg) <= t->yaw_max_deg && fabsf(face->pitch_deg) <= t->pitch_max_deg))
        return STN_REASON_TURNED_AWAY;
    if (stn_blink_down_us(&live->blink) >= t->lids_low_us)
        return STN_REASON_LOOKING_DOWN;
    if (!isfinite(face->ear[0]) || !isfinite(face->ear[1]) || stn_blink_too_narrow(&live->blink))
        return STN_REASON_EYES_NOT_MEASURABLE;
    if (live->frame_rate < t->frame_rate_min)
        return STN_REASON_TOO_SLOW;
    return STN_REASON_NONE;
}

static void grow_window(struct stn_live *live, const struct stn_live_input *in, enum stn_live_reason obstacle,
                        const struct stn_live_table *t)
{
    live->seen_frames++;
    if (in->camera_clear)
        live->clear_frames++;
    if (obstacle == STN_REASON_NONE) {
        live->usable_frames++;
        live->bad_since_us = -1;
        if (live->quality_since_us < 0)
            live->quality_since_us = in->now_us;
    } else if (live->bad_since_us < 0) {
        live->bad_since_us = in->now_us;
    }
    if (held(live->bad_since_us, in->now_us, t->grace_us)) {
        int64_t bad_since_us = live->bad_since_us;
        close_window(live);
        live->bad_since_us = bad_since_us;
    }
}

/* ---- evidence ---- */

static void weigh_blink(struct stn_live *live, const struct stn_blink_event *blink, int64_t now_us,
                        enum stn_live_reason obstacle, const struct stn_live_table *t)
{
    if (live->state != STN_LIVE_LIVE && live->evidence_us >= 0 && now_us - live->evidence_us > t->evidence_us)
        live->evidence_us = live->evidence_start_us = -1;
    if (terminal(live->state) || live->state == STN_LIVE_LIVE || blink->kind == STN_BLINK_NONE)
        return;
    if (blink->kind != STN_BLINK_CLEAN) {
        live->unclean_us = blink->end_us;
        return;
    }
    bool in_window = live->quality_since_us >= 0 && live->quality_since_us < blink->start_us;
    if (in_window && obstacle == STN_REASON_NONE && live->veto_since_us < 0 && live->evidence_us < 0) {
        live->evidence_us = blink->end_us;
        live->evidence_start_us = blink->start_us;
    }
}

/* Every condition of LIVE in one place. */
static bool evidence_complete(const struct stn_live *live, int64_t now_us, enum stn_live_reason obstacle,
                              const struct stn_live_table *t)
{
    const struct policy_needs *needs = &policies[live->policy];
    if (!needs->available || obstacle != STN_REASON_NONE || live->veto_since_us >= 0)
        return false;
    /* An embedding after the blink cannot be known in the frame in which it ends. */
    if (live->evidence_us < 0 || now_us <= live->evidence_us)
        return false;
    for (int kind = 0; kind < STN_CUE_KINDS; kind++)
        if (needs->cue[kind] && live->cues.result[kind] != STN_CUE_PASS)
            return false;
    return live->usable_frames >= t->usable_frames_min &&
           (float)live->clear_frames >= t->clear_share_min * (float)live->seen_frames;
}

/* ---- vetoes ---- */

static void weigh_vetoes(struct stn_live *live, int64_t now_us, const struct stn_live_table *t)
{
    int kind = 0;
    while (kind < STN_CUE_KINDS && live->cues.result[kind] != STN_CUE_VETO)
        kind++;
    if (kind == STN_CUE_KINDS) {
        live->veto_since_us = -1;
        return;
    }
    void_evidence(live, true);
    if (live->veto_since_us < 0)
        live->veto_since_us = now_us;
    enum stn_live_reason reason = kind == STN_CUE_IDENTITY ? STN_REASON_IDENTITY_CHANGED : STN_REASON_VETO;
    if (held(live->veto_since_us, now_us, t->veto_us))
        enter(live, STN_LIVE_ATTACK, reason, now_us);
    else if (live->state == STN_LIVE_LIVE)
        enter(live, STN_LIVE_WATCHING, reason, now_us);
}

/* ---- states ---- */

static void fall_back(struct stn_live *live, enum stn_live_reason broken, int64_t now_us, bool stalled)
{
    if (stalled || live->state == STN_LIVE_LIVE || broken == STN_REASON_CLOCK_BACKWARDS)
        enter(live, STN_LIVE_UNDECIDED, broken, now_us);
    else if (broken == STN_REASON_TRACK_BROKEN)
        enter(live, STN_LIVE_NO_FACE, broken, now_us);
    else if (live->state != STN_LIVE_NO_FACE)
        enter(live, STN_LIVE_SETTLING, broken, now_us);
}

static void advance_settling(struct stn_live *live, int64_t now_us, enum stn_live_reason obstacle,
                             const struct stn_live_table *t)
{
    const struct policy_needs *needs = &policies[live->policy];
    live->reason = obstacle != STN_REASON_NONE ? obstacle : STN_REASON_SETTLING;
    if (held(live->quality_since_us, now_us, t->settled_us) && isfinite(live->blink.baseline) &&
        live->veto_since_us < 0) {
        if (needs->available)
            enter(live, STN_LIVE_WATCHING, STN_REASON_WAITING_FOR_BLINK, now_us);
        else
            enter(live, STN_LIVE_UNDECIDED, needs->unavailable, now_us);
    } else if (held(live->state_since_us, now_us, t->settling_us)) {
        enter(live, STN_LIVE_UNDECIDED, obstacle != STN_REASON_NONE ? obstacle : STN_REASON_TIMEOUT, now_us);
    }
}

static enum stn_live_reason waiting_reason(const struct stn_live *live, int64_t now_us,
                                           enum stn_live_reason obstacle, const struct stn_live_table *t)
{
    if (obstacle != STN_REASON_NONE)
        return obstacle;
    if (live->evidence_us >= 0)
        return STN_REASON_IDENTITY_UNSURE;
    if (live->unclean_us >= 0 && !held(live->unclean_us, now_us, t->hold_still_us))
        return STN_REASON_BLINK_NOT_CLEAN;
    return STN_REASON_WAITING_FOR_BLINK;
}

/* WATCHING and CHALLENGE. */
static void advance_waiting(struct stn_live *live, int64_t now_us, enum stn_live_reason obstacle,
                            const struct stn_live_table *t)
{
    if (live->quality_since_us < 0) {
        enter(live, STN_LIVE_SETTLING, obstacle, now_us);
        return;
    }
    if (evidence_complete(live, now_us, obstacle, t)) {
        enter(live, STN_LIVE_LIVE, policies[live->policy].live, now_us);
        live->live_until_us = now_us + t->token_us;
        return;
    }
    live->reason = waiting_reason(live, now_us, obstacle, t);
    if (live->state == STN_LIVE_CHALLENGE) {
        if (held(live->state_since_us, now_us, t->challenge_us))
            enter(live, STN_LIVE_UNDECIDED, STN_REASON_TIMEOUT, now_us);
    } else if (held(live->state_since_us, now_us, t->watching_us) ||
               live->reason == STN_REASON_BLINK_NOT_CLEAN) {
        enter(live, STN_LIVE_CHALLENGE, live->reason, now_us);
    }
}

static void advance(struct stn_live *live, const struct stn_live_input *in, enum stn_live_reason obstacle,
                    const struct stn_live_table *t)
{
    int64_t now_us = in->now_us;
    switch (live->state) {
    case STN_LIVE_NO_FACE:
        live->reason = in->face != NULL ? STN_REASON_SETTLING : STN_REASON_NO_FACE;
        if (held(live->face_since_us, now_us, t->face_us))
            enter(live, STN_LIVE_SETTLING, STN_REASON_SETTLING, now_us);
        else if (held(live->state_since_us, now_us, t->no_face_us))
            enter(live, STN_LIVE_UNDECIDED, STN_REASON_NO_FACE, now_us);
        break;
    case STN_LIVE_SETTLING:
        advance_settling(live, now_us, obstacle, t);
        break;
    case STN_LIVE_WATCHING:
    case STN_LIVE_CHALLENGE:
        advance_waiting(live, now_us, obstacle, t);
        break;
    case STN_LIVE_LIVE:
        if (now_us >= live->live_until_us)
            enter(live, STN_LIVE_UNDECIDED, STN_REASON_EXPIRED, now_us);
        break;
    case STN_LIVE_ATTACK:
    case STN_LIVE_UNDECIDED:
        break;
    }
    if (live->state < STN_LIVE_LIVE && held(live->started_us, now_us, t->attempt_us))
        enter(live, STN_LIVE_UNDECIDED, obstacle != STN_REASON_NONE ? obstacle : STN_REASON_TIMEOUT, now_us);
}

/* ---- what the person is asked ---- */

static enum stn_prompt prompt_against(enum stn_live_reason obstacle)
{
    switch (obstacle) {
    case STN_REASON_TOO_SMALL:
        return STN_PROMPT_COME_CLOSER;
    case STN_REASON_TOO_NEAR:
        return STN_PROMPT_STEP_BACK;
    case STN_REASON_TOO_DARK:
        return STN_PROMPT_MORE_LIGHT;
    case STN_REASON_BLURRED:
    case STN_REASON_BLINK_NOT_CLEAN:
        return STN_PROMPT_HOLD_STILL;
    case STN_REASON_CAMERA_NOT_CLEAR: /* the person can do nothing about these */
    case STN_REASON_TOO_SLOW:
    case STN_REASON_NO_FACE:
        return STN_PROMPT_NONE;
    default:
        return STN_PROMPT_LOOK_AT_CAMERA;
    }
}

static enum stn_prompt prompt_after(enum stn_live_reason reason)
{
    switch (reason) {
    case STN_REASON_USED:
    case STN_REASON_NO_FACE:
    case STN_REASON_TRACK_BROKEN:
        return STN_PROMPT_NONE;
    case STN_REASON_NEEDS_CHALLENGE:
    case STN_REASON_NEEDS_PAD_MODEL:
    case STN_REASON_EYES_NOT_MEASURABLE: /* trying again will not help: a person confirms */
    case STN_REASON_TOO_SLOW:
        return STN_PROMPT_SEE_TEACHER;
    default:
        return STN_PROMPT_TRY_AGAIN;
    }
}

static enum stn_prompt prompt_of(const struct stn_live *live)
{
    switch (live->state) {
    case STN_LIVE_NO_FACE:
    case STN_LIVE_LIVE:
        return STN_PROMPT_NONE;
    case STN_LIVE_SETTLING:
    case STN_LIVE_WATCHING:
        return prompt_against(live->reason);
    case STN_LIVE_CHALLENGE:
        return live->reason == STN_REASON_WAITING_FOR_BLINK ? STN_PROMPT_BLINK : prompt_against(live->reason);
    case STN_LIVE_ATTACK:
        return STN_PROMPT_SEE_TEACHER;
    case STN_LIVE_UNDECIDED:
        return prompt_after(live->reason);
    }
    return STN_PROMPT_NONE;
}

static enum stn_verdict verdict_of(const struct stn_live *live)
{
    if (live->state == STN_LIVE_LIVE)
        return STN_VERDICT_LIVE;
    return live->state == STN_LIVE_ATTACK ? STN_VERDICT_ATTACK : STN_VERDICT_UNDECIDED;
}

/* ---- calls ---- */

static void begin_attempt(struct stn_live *live, int64_t now_us)
{
    close_window(live);
    live->state = STN_LIVE_NO_FACE;
    live->reason = STN_REASON_NONE;
    live->state_since_us = now_us;
    live->started_us = live->face_since_us = -1;
    live->evidence_us = live->evidence_start_us = live->unclean_us = -1;
    live->veto_since_us = live->live_until_us = -1;
    for (int kind = 0; kind < STN_CUE_KINDS; kind++) {
        live->cues.result[kind] = STN_CUE_ABSENT;
        live->cues.score[kind] = NAN;
    }
}

void stn_live_init(struct stn_live *live, enum stn_policy policy)
{
    assert((unsigned)policy < sizeof policies / sizeof policies[0]);
    memset(live, 0, sizeof *live);
    live->policy = policy;
    live->last_us = live->face_us = -1;
    live->frame_rate = NAN;
    stn_blink_init(&live->blink, stn_blink_table_mesh());
    begin_attempt(live, -1);
}

void stn_live_restart(struct stn_live *live, int64_t now_us)
{
    stn_blink_break(&live->blink, true);
    begin_attempt(live, now_us);
}

bool stn_live_consume(struct stn_live *live, int64_t now_us)
{
    if (live->state != STN_LIVE_LIVE || now_us < live->state_since_us || now_us >= live->live_until_us)
        return false;
    enter(live, STN_LIVE_UNDECIDED, STN_REASON_USED, now_us);
    return true;
}

static void process(struct stn_live *live, const struct stn_live_input *in, const struct stn_live_table *t,
                    struct stn_blink_event *ret_blink)
{
    int64_t now_us = in->now_us;
    enum stn_live_reason broken = continuity(live, in, t);
    bool stalled = broken == STN_REASON_FRAME_GAP && now_us - live->last_us > t->stall_us;
    if (live->state_since_us < 0)
        live->state_since_us = now_us;
    if (broken != STN_REASON_NONE) {
        void_evidence(live, broken == STN_REASON_FRAME_GAP);
        close_window(live);
        live->veto_since_us = -1;
    }
    remember_frame(live, in, broken);
    live->cues = in->cues;

    enum stn_live_reason obstacle = obstacle_of(live, in, t);
    if (obstacle == STN_REASON_CAMERA_NOT_CLEAR) {
        void_evidence(live, true);
        broken = broken != STN_REASON_NONE || live->state != STN_LIVE_LIVE ? broken : obstacle;
    }
    grow_window(live, in, obstacle, t);
    bool good_frame = obstacle == STN_REASON_NONE || obstacle == STN_REASON_TOO_SLOW;
    *ret_blink = stn_blink_step(&live->blink, in->face, in->frame_number, now_us, good_frame);
    weigh_blink(live, ret_blink, now_us, obstacle, t);
    if (terminal(live->state))
        return;
    if (broken != STN_REASON_NONE) {
        fall_back(live, broken, now_us, stalled);
        return;
    }
    weigh_vetoes(live, now_us, t);
    advance(live, in, obstacle, t);
}

struct stn_live_output stn_live_step(struct stn_live *live, const struct stn_live_input *in,
                                     const struct stn_live_table *table)
{
    struct stn_live_output out = {.blink = {.kind = STN_BLINK_NONE}};
    enum stn_live_state before = live->state;
    if (live->blink.table != table->blink)
        stn_blink_init(&live->blink, table->blink);
    if (!time_possible(in->now_us)) {
        void_evidence(live, true);
        if (!terminal(live->state))
            enter(live, STN_LIVE_UNDECIDED, STN_REASON_CLOCK_BACKWARDS, live->last_us);
    } else if (in->now_us != live->last_us) {
        process(live, in, table, &out.blink);
    }
    out.state = live->state;
    out.reason = live->reason;
    out.prompt = prompt_of(live);
    out.verdict = verdict_of(live);
    out.state_changed = live->state != before;
    return out;
}
