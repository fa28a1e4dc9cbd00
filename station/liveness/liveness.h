/*
 * Is this a live person, here, now? One pure state machine per track: observations and times in; state, prompt,
 * verdict, reason and scores out. No clock, no memory of its own, no I/O. It fails closed: whatever goes wrong ends
 * in `undecided` with a reason; there is no path from an error to `live`.
 *
 *             face ok 0.8 s           quality kept for 1.5 s
 *  NO_FACE ───────────────▶ SETTLING ───────────────▶ WATCHING ──evidence complete──▶ LIVE (a token: one identity,
 *     ▲ track lost             │                         │ 2.5 s without a blink         3 s, consumed by one mark)
 *     │                        ▼                         ▼
 *     ├──────────────────── UNDECIDED ◀── deadline ── CHALLENGE ("please blink"; turns come with a later cue)
 *     └──────────────────── ATTACK    ◀── a veto held ≥ 0.5 s, from any state
 *
 * Two rules come before all cues: absence of a sign of attack is never evidence of life; and evidence belongs to one
 * unbroken track and one identity (track lost, a jump, two faces merging, camera not clear, a gap > 300 ms: all void).
 *
 * Cues plug in as values of struct stn_cues: each says pass, veto, unsure or absent. The machine knows their order
 * and what each policy needs, not how they are computed.
 */
#ifndef STN_LIVENESS_H
#define STN_LIVENESS_H

#include "frame/observation.h"
#include "liveness/blink.h"
#include <stdbool.h>
#include <stdint.h>

enum stn_policy {
    STN_POLICY_STRICT, /* clean blink and a passed turn challenge; the default without a PAD model */
    STN_POLICY_PAD,    /* blink or challenge, and the PAD model in its pass band */
    STN_POLICY_BASIC,  /* clean blink; only where a person chose it, and shown on the screen */
};

enum stn_live_state {
    STN_LIVE_NO_FACE,
    STN_LIVE_SETTLING,
    STN_LIVE_WATCHING,
    STN_LIVE_CHALLENGE,
    STN_LIVE_LIVE,
    STN_LIVE_ATTACK,
    STN_LIVE_UNDECIDED,
};

enum stn_verdict { STN_VERDICT_UNDECIDED, STN_VERDICT_LIVE, STN_VERDICT_ATTACK };

/* What the person is asked to do; words are the interface's. */
enum stn_prompt {
    STN_PROMPT_NONE,
    STN_PROMPT_LOOK_AT_CAMERA,
    STN_PROMPT_COME_CLOSER,
    STN_PROMPT_STEP_BACK,
    STN_PROMPT_MORE_LIGHT,
    STN_PROMPT_HOLD_STILL,
    STN_PROMPT_BLINK,
    STN_PROMPT_ONE_AT_A_TIME,
    STN_PROMPT_TRY_AGAIN,
    STN_PROMPT_SEE_TEACHER,
};

/* Why the state is what it is. Each has a sentence (stn_live_reason_text) and a stable word (…_name). */
enum stn_live_reason {
    STN_REASON_NONE,
    STN_REASON_NO_FACE,
    STN_REASON_SETTLING,
    STN_REASON_TOO_SMALL,        /* outer eye corners too close together: come closer */
    STN_REASON_TOO_DARK,
    STN_REASON_BLURRED,
    STN_REASON_TURNED_AWAY,
    STN_REASON_LOOKING_DOWN,
    STN_REASON_EYES_NOT_MEASURABLE,
    STN_REASON_WAITING_FOR_BLINK,
    STN_REASON_BLINK_NOT_CLEAN,  /* a blink was seen but the head moved with it */
    STN_REASON_CLEAN_BLINK,      /* the reason of live under basic */
    STN_REASON_TIMEOUT,
    STN_REASON_TRACK_BROKEN,
    STN_REASON_FRAME_GAP,
    STN_REASON_TOO_SLOW,         /* fewer than 10 evaluated frames a second: a blink may fall between them */
    STN_REASON_CLOCK_BACKWARDS,
    STN_REASON_CAMERA_NOT_CLEAR,
    STN_REASON_IDENTITY_CHANGED, /* swap: before and after the blink are not the same person */
    STN_REASON_NEEDS_CHALLENGE,  /* strict: turn challenges do not exist in this version, nobody can be live */
    STN_REASON_NEEDS_PAD_MODEL,  /* pad: no PAD model */
    STN_REASON_VETO,             /* a cue held its veto */
    STN_REASON_EXPIRED,          /* the live token was not used in time */
    STN_REASON_COUNT
};

enum stn_cue_result { STN_CUE_ABSENT, STN_CUE_UNSURE, STN_CUE_PASS, STN_CUE_VETO };

enum stn_cue_kind {  /* in the order in which vetoes are considered */
    STN_CUE_IDENTITY, /* the same person before and after (recognition reports it) */
    STN_CUE_PAD,      /* the PAD model */
    STN_CUE_TURN,     /* a passed turn challenge */
    STN_CUE_KINDS
};

struct stn_cues {
    enum stn_cue_result result[STN_CUE_KINDS];
    float score[STN_CUE_KINDS]; /* NaN when absent */
};

/* All thresholds, with their evidence beside them in liveness_table.c. */
struct stn_live_table;
const struct stn_live_table *stn_live_table_default(void);

struct stn_live_input {
    const struct stn_face *face; /* NULL: the track was not seen in this frame */
    int64_t now_us;              /* the frame's capture time, monotonic */
    bool camera_clear;           /* liveness/camera_state.h says the picture can be judged */
    int frame_width;
    struct stn_cues cues;
};

/* The machine of one track. Plain values: copy, compare and log them at will. */
struct stn_live {
    enum stn_policy policy;
    enum stn_live_state state;
    enum stn_live_reason reason;
    int64_t state_since_us;
    int64_t started_us;       /* of this attempt; -1 before the first face */
    int64_t last_us;
    int64_t quality_since_us; /* since when every frame was usable; -1: not now */
    int64_t veto_since_us;    /* -1: no veto */
    int64_t live_until_us;    /* expiry of the token */
    int64_t evidence_us;      /* when the accepted blink ended; -1: none */
    int64_t evidence_start_us;
    int usable_frames;        /* in this attempt */
    int clear_frames, seen_frames;
    float frame_rate;         /* evaluated frames a second, smoothed */
    struct stn_blink blink;   /* blink.h */
    struct stn_cues cues;
};

struct stn_live_output {
    enum stn_live_state state;
    enum stn_prompt prompt;
    enum stn_verdict verdict;
    enum stn_live_reason reason;
    struct stn_blink_event blink; /* .kind != NONE when a blink was completed by this frame */
    bool state_changed;
};

void stn_live_init(struct stn_live *live, enum stn_policy policy);
/* One frame. After ATTACK and UNDECIDED the machine stays there until stn_live_restart. */
struct stn_live_output stn_live_step(struct stn_live *live, const struct stn_live_input *in,
                                     const struct stn_live_table *table);
/* A new attempt on the same track: all evidence is void, the person's eye baseline is kept. */
void stn_live_restart(struct stn_live *live, int64_t now_us);
/* Uses the token up: true exactly once per LIVE, only while it is valid. */
bool stn_live_consume(struct stn_live *live, int64_t now_us);

const char *stn_live_state_name(enum stn_live_state state);
const char *stn_policy_name(enum stn_policy policy);
bool stn_policy_parse(const char *word, enum stn_policy *ret_policy);
const char *stn_verdict_name(enum stn_verdict verdict);
const char *stn_prompt_name(enum stn_prompt prompt);
const char *stn_prompt_text(enum stn_prompt prompt); /* the words that the person reads */
const char *stn_live_reason_name(enum stn_live_reason reason);
const char *stn_live_reason_text(enum stn_live_reason reason); /* one sentence for staff */

#endif
