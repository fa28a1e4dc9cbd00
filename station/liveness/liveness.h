/*
 * Is this a live person, here, now? One pure state machine per track: observations and times in; state,
 prompt,
 * verdict, reason and scores out. No clock, no memory of its own, no I/O. It fails closed: whatever goes
 wrong ends
 * in `undecided` with a reason; there is no path from an error to `live`.
 *
 *             face ok 0.8 s           quality kept for 1.5 s
 *  NO_FACE ───────────────▶ SETTLING ───────────────▶ WATCHING ──evidence complete──▶ LIVE (a token: one
 identity,
 *     ▲ track lost             │                         │ 2.5 s without a blink,        3 s, consumed by one
 mark) │                        │                         │ or one that was not clean
 *     │                        ▼                         ▼
 *     ├──────────────────── UNDECIDED ◀── deadline ── CHALLENGE ("please blink"; turns come with a later cue)
 *     └──────────────────── ATTACK    ◀── a veto held ≥ 0.5 s, from any state
 *
 * Two rules come before all cues: absence of a sign of attack is never evidence of life; and evidence belongs
 to one
 * unbroken track and one identity (track lost, a jump, two faces merging, camera not clear, a gap > 300 ms:
 all void).
 *
 * Evidence is complete when a clean blink lies in a window of good frames and the cues that the policy needs
 pass. The
 * blink may come first: it is kept for 1.5 s (evidence_us) while recognition compares the person before and
 after it.
 * WATCHING and CHALLENGE fall back to SETTLING when the frames stop being usable; a deadline over the whole
 attempt bounds
 * that. In LIVE, whatever voids evidence voids the token.
 *
 * Cues plug in as values of struct stn_cues: each says pass, veto, unsure or absent. The machine knows their
 order
 * and what each policy needs, not how they are computed. A veto voids the evidence at once, and held for 0.5
 s it is an
 * attack; the caller keeps a cue's result until it has a newer one.
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
    STN_REASON_TOO_SMALL, /* outer eye corners too close together: come closer */
    STN_REASON_TOO_DARK,
    STN_REASON_BLURRED,
    STN_REASON_TURNED_AWAY,
    STN_REASON_LOOKING_DOWN,
    STN_REASON_EYES_NOT_MEASURABLE,
    STN_REASON_WAITING_FOR_BLINK,
    STN_REASON_BLINK_NOT_CLEAN, /* a blink was seen but the head moved with it */
    STN_REASON_CLEAN_BLINK,     /* the reason of live under basic */
    STN_REASON_TIMEOUT,
    STN_REASON_TRACK_BROKEN,
    STN_REASON_FRAME_GAP,
    STN_REASON_TOO_SLOW, /* fewer than 10 evaluated frames a second: a blink may fall between them */
    STN_REASON_CLOCK_BACKWARDS,
    STN_REASON_CAMERA_NOT_CLEAR,
    STN_REASON_IDENTITY_CHANGED, /* swap: before and after the blink are not the same person */
    STN_REASON_NEEDS_CHALLENGE, /* strict: turn challenges do not exist in this version, nobody can be live */
    STN_REASON_NEEDS_PAD_MODEL, /* pad: no PAD model */
    STN_REASON_VETO,            /* a cue held its veto */
    STN_REASON_EXPIRED,         /* the live token was not used in time */
    STN_REASON_USED,            /* the live token was used for a mark; a new one needs a new attempt */
    STN_REASON_TOO_NEAR,        /* the face fills the picture */
    STN_REASON_IDENTITY_UNSURE, /* a clean blink was seen, recognition has not yet said that it is one person
                                 */
    STN_REASON_COUNT
};

enum stn_cue_result { STN_CUE_ABSENT, STN_CUE_UNSURE, STN_CUE_PASS, STN_CUE_VETO };

enum stn_cue_kind { /* in the order in which vetoes are considered */
                    /* The same person in a frame before and a frame after the blink, each within 1 s of it
                     * (recognition reports it). PASS answers for the evidence at live->evidence_us and no
                     * other: the caller goes back to UNSURE when evidence_us changes. */
                    STN_CUE_IDENTITY,
                    STN_CUE_PAD,  /* the PAD model */
                    STN_CUE_TURN, /* a passed turn challenge */
                    STN_CUE_KINDS
};

struct stn_cues {
    enum stn_cue_result result[STN_CUE_KINDS];
    float score[STN_CUE_KINDS]; /* NaN when absent */
};

/* All thresholds, with their evidence beside them in liveness_table.c. One set per landmark model. */
struct stn_live_table;
const struct stn_live_table *stn_live_table_default(void); /* for the mesh */
const struct stn_live_table *stn_live_table_dlib68(void);

struct stn_live_input {
    const struct stn_face *face; /* NULL: the track was not seen in this frame */
    int64_t now_us;              /* the frame's capture time, monotonic, >= 0 */
    uint64_t frame_number;       /* returned in blink events */
    bool camera_clear;           /* liveness/camera_state.h says the picture can be judged */
    int frame_width;
    struct stn_cues cues;
};

/* The machine of one track. Plain values: copy, compare and log them at will; change them only through calls.
 */
struct stn_live {
    enum stn_policy policy;
    enum stn_live_state state;
    enum stn_live_reason reason;
    int64_t state_since_us; /* -1 before the first frame, as all times here */
    int64_t started_us;     /* of this attempt; -1 before its first face */
    int64_t last_us;
    int64_t quality_since_us; /* since when the frames are usable; -1: not now */
    int64_t bad_since_us;     /* since when they are not; a window survives a short spell; -1: usable */
    int64_t veto_since_us;    /* -1: no veto */
    int64_t live_until_us;    /* expiry of the token */
    /* The accepted blink: its end and its start; -1: none. From here recognition has 1.5 s to make the
     * IDENTITY cue PASS or VETO, by embedding a frame before and a frame after the blink. Another blink does
     * not replace it. */
    int64_t evidence_us;
    int64_t evidence_start_us;
    int64_t unclean_us; /* when the last blink that was not clean ended; -1: none in this attempt */
    int usable_frames;  /* in the present window */
    int clear_frames, seen_frames;
    float frame_rate;      /* evaluated frames a second, smoothed; NaN before the second frame */
    uint32_t track_id;     /* 0: no face yet */
    struct stn_box box;    /* of the last face */
    int64_t face_us;       /* when it was seen */
    int64_t face_since_us; /* since when it was seen without a break */
    struct stn_blink blink;
    struct stn_cues cues;
};

struct stn_live_output {
    enum stn_live_state state;
    enum stn_prompt prompt;
    enum stn_verdict verdict;
    enum stn_live_reason reason;
    struct stn_blink_event blink; /* .kind != NONE when a blink was completed by this frame, in every state */
    bool state_changed;
};

void stn_live_init(struct stn_live *live, enum stn_policy policy);
/* One frame. After ATTACK and UNDECIDED the machine stays there until stn_live_restart (blinks are still
 * reported). A frame with the time of the one before is ignored. The verdict is LIVE only while a token can
 * be consumed. */
struct stn_live_output stn_live_step(struct stn_live *live, const struct stn_live_input *in,
                                     const struct stn_live_table *table);
/* A new attempt on the same track: all evidence is void, the person's eye baseline is kept. */
void stn_live_restart(struct stn_live *live, int64_t now_us);
/* Uses the token up: true exactly once per LIVE, only while it is valid. The machine is then UNDECIDED
 * (USED); evidence_us and evidence_start_us stay for the mark's record. */
bool stn_live_consume(struct stn_live *live, int64_t now_us);

const char *stn_live_state_name(enum stn_live_state state);
const char *stn_policy_name(enum stn_policy policy);
/* False: a cue that the policy needs does not exist in this version, so that it calls nobody live. */
bool stn_policy_available(enum stn_policy policy);
bool stn_policy_parse(const char *word, enum stn_policy *ret_policy);
const char *stn_verdict_name(enum stn_verdict verdict);
const char *stn_prompt_name(enum stn_prompt prompt);
const char *stn_prompt_text(enum stn_prompt prompt); /* the words that the person reads */
const char *stn_live_reason_name(enum stn_live_reason reason);
const char *stn_live_reason_text(enum stn_live_reason reason); /* one sentence for staff */

#endif
