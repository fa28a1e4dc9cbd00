#include "engine/lane.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct stn_lane_rules stn_lane_rules_default = {
    .cooldown_us = 5000000,
    .lockout_us = 30000000,
    .failed_tries_max = 5,
    .timeouts_until_suspect =
        3, /* three times ten seconds: at 8 blinks a minute 2 % of living people, asked for it far fewer */
    .keep_every_us = 300000,
    .evidence_window_us = 1000000,
    .sample_gap_us = 500000,
    .eye_contact_deg = 12.0f,
    .eyes_open_ratio = 0.85f,
};

/* A face that was not seen for this long has left; the vision's tracker has given its id up long before. */
static const int64_t track_forgotten_us = 1500000;

struct lane_track {
    uint32_t id; /* 0: free */
    struct stn_live live;
    struct stn_live_output out;
    struct stn_identity identity;
    struct stn_face face;
    bool seen;
    int64_t last_seen_us;
    int64_t kept_us;      /* capture time of the kept chip; -1 none */
    int64_t asked_us;     /* capture time of the newest embedding that was asked for; -1 none */
    int64_t before_us;    /* capture time of the newest one that lies before a blink */
    int64_t after_for_us; /* the evidence for which the frame after the blink was asked; -1 none */
    int embeddings_asked, embeddings_pending;
    int64_t attempt_us; /* when this attempt began: older embeddings are not of it */
    int attempts, refusals, timeouts;
    int64_t resting_until_us; /* INT64_MAX: accepted, never asked again */
    enum stn_prompt resting_prompt;
    int64_t quiet_until_us; /* a new attempt that asks for nothing yet */
    bool resting, spoof_reported, unknown_reported, policy_refused;
    bool eye_contact; /* at the accepted blink */
    int64_t evidence_wall_ms;
};

struct stn_lane {
    struct stn_lane_options options;
    struct stn_camera_watch camera;
    struct lane_track tracks[STN_LANE_TRACKS_MAX];
    int64_t now_us; /* of the newest frame */
    int failures;
    int64_t locked_until_us; /* -1: open */
    bool started;
};

enum cm_code stn_lane_create(const struct stn_lane_options *options, struct stn_lane **ret_lane,
                             struct cm_err *err)
{
    struct stn_lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the face lane");
    lane->options = *options;
    lane->locked_until_us = -1;
    *ret_lane = lane;
    return CM_OK;
}

void stn_lane_destroy(struct stn_lane *lane)
{
    if (lane == NULL)
        return;
    explicit_bzero(lane, sizeof *lane); /* it holds embeddings */
    free(lane);
}

static struct stn_action *act(struct stn_actions *actions, enum stn_action_kind kind, uint32_t track_id,
                              int64_t captured_us)
{
    assert(actions->count < STN_LANE_ACTIONS_MAX);
    struct stn_action *action = &actions->list[actions->count++];
    memset(action, 0, sizeof *action);
    action->kind = kind;
    action->track_id = track_id;
    action->captured_us = captured_us;
    return action;
}

static void activity(struct stn_actions *actions, const struct lane_track *track, int64_t now_us,
                     enum cm_activity_kind kind, const char *reason, float distance)
{
    struct stn_action *action = act(actions, STN_ACT_ACTIVITY, track != NULL ? track->id : 0, now_us);
    action->u.activity.kind = kind;
    action->u.activity.reason = reason;
    action->u.activity.distance = distance;
}

/* ---- tracks ---- */

static void new_attempt(struct lane_track *track, int64_t now_us)
{
    if (track->attempts > 0)
        stn_live_restart(&track->live, now_us);
    stn_identity_init(&track->identity);
    track->attempts++;
    track->attempt_us = now_us;
    track->kept_us = track->asked_us = track->before_us = track->after_for_us = -1;
    track->embeddings_asked = 0;
    track->resting = false;
}

static struct lane_track *find_track(struct stn_lane *lane, uint32_t id)
{
    for (int i = 0; i < STN_LANE_TRACKS_MAX; i++)
        if (lane->tracks[i].id == id)
            return &lane->tracks[i];
    return NULL;
}

static struct lane_track *track_for(struct stn_lane *lane, uint32_t id, int64_t now_us)
{
    struct lane_track *track = find_track(lane, id);
    if (track != NULL)
        return track;
    track = find_track(lane, 0);
    if (track == NULL)
        return NULL;
    memset(track, 0, sizeof *track);
    track->id = id;
    stn_live_init(&track->live, lane->options.policy);
    new_attempt(track, now_us);
    return track;
}

static void forget_track(struct lane_track *track, int64_t now_us, struct stn_actions *actions)
{
    act(actions, STN_ACT_DROP_TRACK, track->id, now_us);
    stn_identity_init(&track->identity);
    track->id = 0;
}

static void rest(struct lane_track *track, int64_t until_us, enum stn_prompt prompt)
{
    track->resting = true;
    track->resting_until_us = until_us;
    track->resting_prompt = prompt;
}

/* ---- ends of an attempt ---- */

static void lock_lane(struct stn_lane *lane, int64_t now_us, struct stn_actions *actions)
{
    lane->locked_until_us = now_us + lane->options.rules->lockout_us;
    lane->failures = 0;
    activity(actions, NULL, now_us, CM_ACTIVITY_LOCKOUT, "too many failed tries in a row", NAN);
    act(actions, STN_ACT_LOCKED, 0, now_us)->u.locked_until_us = lane->locked_until_us;
}

static void refuse(struct stn_lane *lane, struct lane_track *track, int64_t now_us, const char *reason,
                   const char *text, enum stn_prompt prompt, struct stn_actions *actions)
{
    struct stn_identity_result who = stn_identity_decide(&track->identity, &lane->options.identity);
    struct stn_action *action = act(actions, STN_ACT_REFUSE, track->id, now_us);
    action->u.refuse = (struct stn_refuse){
        .reason = reason,
        .text = text,
        .verdict = track->out.verdict,
        .distance = who.distance,
        .margin = who.margin,
        .threshold = lane->options.identity.threshold,
    };
    track->refusals++;
    rest(track, now_us + lane->options.rules->cooldown_us, prompt);
}

static void failed_try(struct stn_lane *lane, int64_t now_us, struct stn_actions *actions)
{
    if (++lane->failures >= lane->options.rules->failed_tries_max)
        lock_lane(lane, now_us, actions);
}

static void end_unknown(struct stn_lane *lane, struct lane_track *track, int64_t now_us,
                        struct stn_actions *actions)
{
    bool live = track->live.evidence_us >= 0;
    refuse(lane, track, now_us, "unknown_face", "nobody of the class is close enough to this face",
           STN_PROMPT_SEE_TEACHER, actions);
    if (!track->unknown_reported) {
        struct stn_identity_result who = stn_identity_decide(&track->identity, &lane->options.identity);
        activity(actions, track, now_us, CM_ACTIVITY_UNKNOWN_FACE, "no match within the budget",
                 who.distance);
        track->unknown_reported = true;
    }
    if (live) /* a passer-by or a poster tries nothing, and must not lock the class out */
        failed_try(lane, now_us, actions);
}

static void report_spoof(struct lane_track *track, int64_t now_us, const char *reason,
                         struct stn_actions *actions)
{
    if (track->spoof_reported)
        return;
    activity(actions, track, now_us, CM_ACTIVITY_SPOOF_SUSPECTED, reason, NAN);
    track->spoof_reported = true;
}

static void end_attack(struct stn_lane *lane, struct lane_track *track, int64_t now_us,
                       struct stn_actions *actions)
{
    const char *reason = stn_live_reason_name(track->out.reason);
    refuse(lane, track, now_us, reason, stn_live_reason_text(track->out.reason), STN_PROMPT_SEE_TEACHER,
           actions);
    track->resting_until_us = now_us + lane->options.rules->lockout_us; /* lockout of that track */
    report_spoof(track, now_us, reason, actions);
    failed_try(lane, now_us, actions);
}

static bool is_policy_reason(enum stn_live_reason reason)
{
    return reason == STN_REASON_NEEDS_CHALLENGE || reason == STN_REASON_NEEDS_PAD_MODEL;
}

/* The attempt ended without a verdict. Whoever walked away, or stood before a camera that could not see, did not fail. */
static void end_undecided(struct stn_lane *lane, struct lane_track *track, int64_t now_us,
                          struct stn_actions *actions)
{
    enum stn_live_reason reason = track->out.reason;
    const char *word = stn_live_reason_name(reason), *sentence = stn_live_reason_text(reason);
    if (is_policy_reason(reason)) {
        if (!track->policy_refused)
            refuse(lane, track, now_us, word, sentence, STN_PROMPT_SEE_TEACHER, actions);
        track->policy_refused = true;
        rest(track, now_us + lane->options.rules->cooldown_us, STN_PROMPT_SEE_TEACHER);
        return;
    }
    bool tried = reason == STN_REASON_TIMEOUT || reason == STN_REASON_EXPIRED ||
                 reason == STN_REASON_WAITING_FOR_BLINK || reason == STN_REASON_BLINK_NOT_CLEAN;
    if (!tried) {
        rest(track, now_us, STN_PROMPT_NONE); /* start again with the next frame */
        return;
    }
    if (reason == STN_REASON_EXPIRED)
        refuse(lane, track, now_us, "not_sure", "the frames do not agree on one student with enough margin",
               STN_PROMPT_TRY_AGAIN, actions);
    else
        refuse(lane, track, now_us, word, sentence, STN_PROMPT_TRY_AGAIN, actions);
    if (reason != STN_REASON_EXPIRED) {
        /* Not asked again for a while; but should he blink unasked, that is as good as ever. */
        track->quiet_until_us = track->resting_until_us;
        rest(track, now_us, STN_PROMPT_TRY_AGAIN);
    }
    if (reason != STN_REASON_EXPIRED && ++track->timeouts >= lane->options.rules->timeouts_until_suspect)
        report_spoof(track, now_us, "asked to blink several times, never did", actions);
    failed_try(lane, now_us, actions);
}

static void end_accept(struct stn_lane *lane, struct lane_track *track, const struct stn_identity_result *who,
                       int64_t now_us, struct stn_actions *actions)
{
    if (!stn_live_consume(&track->live, now_us))
        return;
    struct stn_action *action = act(actions, STN_ACT_ACCEPT, track->id, now_us);
    action->u.accept = (struct stn_accept){
        .student = who->student,
        .captured_us = track->live.evidence_us,
        .captured_wall_ms = track->evidence_wall_ms,
        .evidence_end_us = track->live.evidence_us,
        .distance = who->distance,
        .margin = who->margin,
        .threshold = lane->options.identity.threshold,
        .blink_ms = (int32_t)((track->live.evidence_us - track->live.evidence_start_us) / 1000),
        .first_try = track->refusals == 0,
        .eye_contact = track->eye_contact,
    };
    rest(track, INT64_MAX, STN_PROMPT_NONE);
    lane->failures = 0;
}

/* ---- embeddings ---- */

static void ask_now(struct lane_track *track, int64_t now_us, struct stn_actions *actions)
{
    act(actions, STN_ACT_EMBED_NOW, track->id, now_us);
    track->asked_us = now_us;
    track->embeddings_asked++;
    track->embeddings_pending++;
}

static bool may_ask(const struct lane_track *track)
{
    return track->embeddings_asked < STN_IDENTITY_SAMPLES;
}

static bool eyes_open(const struct stn_lane *lane, const struct lane_track *track)
{
    return stn_blink_ratio(&track->live.blink) >= lane->options.rules->eyes_open_ratio;
}

static bool usable(const struct lane_track *track)
{
    return track->seen && track->live.quality_since_us >= 0;
}

/* A blink was accepted: make sure that there is an embedding from before it. */
static void secure_before(struct stn_lane *lane, struct lane_track *track, struct stn_actions *actions)
{
    int64_t start_us = track->live.evidence_start_us, window_us = lane->options.rules->evidence_window_us;
    bool have = track->asked_us >= start_us - window_us && track->asked_us <= start_us;
    bool kept = track->kept_us >= start_us - window_us && track->kept_us <= start_us;
    if (have || !kept || !may_ask(track))
        return;
    act(actions, STN_ACT_EMBED_KEPT, track->id, track->kept_us);
    track->embeddings_asked++;
    track->embeddings_pending++;
}

static void schedule_embeddings(struct stn_lane *lane, struct lane_track *track, int64_t now_us,
                                struct stn_actions *actions)
{
    const struct stn_lane_rules *rules = lane->options.rules;
    if (!usable(track) || !eyes_open(lane, track))
        return;
    bool evidence = track->live.evidence_us >= 0;
    if (evidence && track->after_for_us != track->live.evidence_us && may_ask(track)) {
        track->after_for_us = track->live.evidence_us;
        ask_now(track, now_us, actions);
        return;
    }
    if (!evidence && (track->kept_us < 0 || now_us - track->kept_us >= rules->keep_every_us)) {
        act(actions, STN_ACT_KEEP_CHIP, track->id, now_us);
        track->kept_us = now_us;
    }
    if (track->embeddings_pending > 0 || !may_ask(track))
        return;
    if (track->live.state != STN_LIVE_WATCHING && track->live.state != STN_LIVE_CHALLENGE &&
        track->live.state != STN_LIVE_LIVE)
        return;
    if (track->asked_us < 0) {
        ask_now(track, now_us, actions);
        return;
    }
    /* A stranger needs three frames to be called one; a live face whose frames do not yet agree needs more. */
    struct stn_identity_result who = stn_identity_decide(&track->identity, &lane->options.identity);
    bool stranger = who.kind == STN_IDENTITY_UNSURE && who.student < 0;
    bool undecided = track->live.state == STN_LIVE_LIVE && who.kind == STN_IDENTITY_UNSURE;
    if ((stranger || undecided) && now_us - track->asked_us >= rules->sample_gap_us)
        ask_now(track, now_us, actions);
}

static enum stn_cue_result identity_cue(const struct stn_lane *lane, const struct lane_track *track)
{
    int64_t start_us = track->live.evidence_us >= 0 ? track->live.evidence_start_us : INT64_MAX / 2;
    int64_t end_us = track->live.evidence_us >= 0 ? track->live.evidence_us : INT64_MAX / 2;
    switch (stn_identity_swap(&track->identity, &lane->options.identity, start_us, end_us,
                              lane->options.rules->evidence_window_us)) {
    case STN_SWAP_SAME:
        return STN_CUE_PASS;
    case STN_SWAP_DIFFERENT:
        return STN_CUE_VETO;
    case STN_SWAP_OPEN:
        break;
    }
    return track->identity.count > 0 ? STN_CUE_UNSURE : STN_CUE_ABSENT;
}

/* ---- a frame ---- */

static void step_live(struct stn_lane *lane, struct lane_track *track, const struct stn_observation *seen,
                      const struct stn_face *face, bool clear, struct stn_actions *actions)
{
    struct stn_live_input in = {
        .face = face,
        .frame_number = seen->frame_number,
        .now_us = seen->captured_mono_us,
        .camera_clear = clear,
        .frame_width = seen->width,
    };
    for (int i = 0; i < STN_CUE_KINDS; i++)
        in.cues.score[i] = NAN;
    in.cues.result[STN_CUE_IDENTITY] = identity_cue(lane, track);
    int64_t evidence_before_us = track->live.evidence_us;
    track->out = stn_live_step(&track->live, &in, lane->options.live_table);
    if (track->out.blink.kind != STN_BLINK_NONE)
        act(actions, STN_ACT_BLINK, track->id, in.now_us)->u.blink = track->out.blink;
    if (track->resting)
        return;
    if (face != NULL && track->live.evidence_us >= 0 && track->live.evidence_us != evidence_before_us) {
        track->eye_contact = fabsf(face->yaw_deg) <= lane->options.rules->eye_contact_deg;
        track->evidence_wall_ms = seen->captured_wall_ms;
        secure_before(lane, track, actions);
    }
}

static void conclude(struct stn_lane *lane, struct lane_track *track, int64_t now_us,
                     struct stn_actions *actions)
{
    struct stn_identity_result who = stn_identity_decide(&track->identity, &lane->options.identity);
    switch (track->out.state) {
    case STN_LIVE_ATTACK:
        end_attack(lane, track, now_us, actions);
        return;
    case STN_LIVE_UNDECIDED:
        end_undecided(lane, track, now_us, actions);
        return;
    case STN_LIVE_LIVE:
        if (who.kind == STN_IDENTITY_KNOWN) {
            end_accept(lane, track, &who, now_us, actions);
            return;
        }
        break;
    default:
        break;
    }
    if (who.kind == STN_IDENTITY_UNKNOWN)
        end_unknown(lane, track, now_us, actions);
}

static void observe_track(struct stn_lane *lane, struct lane_track *track, const struct stn_observation *seen,
                          const struct stn_face *face, bool clear, struct stn_actions *actions)
{
    int64_t now_us = seen->captured_mono_us;
    track->seen = face != NULL;
    if (face != NULL) {
        track->face = *face;
        track->last_seen_us = now_us;
    }
    bool resting = stn_lane_locked(lane) || (track->resting && now_us < track->resting_until_us);
    if (!resting && track->resting)
        new_attempt(track, now_us);
    step_live(lane, track, seen, face, clear, actions); /* blinks are told of also while nothing is decided */
    if (resting)
        return;
    schedule_embeddings(lane, track, now_us, actions);
    conclude(lane, track, now_us, actions);
}

static const struct stn_face *face_of(const struct stn_observation *seen, uint32_t id)
{
    for (int i = 0; i < seen->face_count; i++)
        if (seen->faces[i].track_id == id)
            return &seen->faces[i];
    return NULL;
}

static void report_camera(const struct stn_camera_output *camera, int64_t now_us, struct stn_actions *actions)
{
    static const enum cm_activity_kind kinds[] = {
        [STN_CAMERA_COVERED] = CM_ACTIVITY_CAMERA_COVERED,
        [STN_CAMERA_DARK] = CM_ACTIVITY_CAMERA_DARK,
        [STN_CAMERA_FROZEN] = CM_ACTIVITY_CAMERA_FROZEN,
        [STN_CAMERA_LOST] = CM_ACTIVITY_CAMERA_LOST,
        [STN_CAMERA_ENDED] = 0,
    };
    if (camera->state_changed)
        act(actions, STN_ACT_CAMERA, 0, now_us)->u.camera = camera->state;
    if (camera->report && kinds[camera->state] != 0)
        activity(actions, NULL, now_us, kinds[camera->state], stn_camera_state_text(camera->state), NAN);
}

static void unlock_when_due(struct stn_lane *lane, int64_t now_us, struct stn_actions *actions)
{
    if (lane->locked_until_us < 0 || now_us < lane->locked_until_us)
        return;
    lane->locked_until_us = -1;
    act(actions, STN_ACT_UNLOCKED, 0, now_us);
    for (int i = 0; i < STN_LANE_TRACKS_MAX; i++) {
        struct lane_track *track = &lane->tracks[i];
        if (track->id != 0 && track->resting_until_us != INT64_MAX)
            rest(track, now_us, STN_PROMPT_NONE);
    }
}

static void start_watch(struct stn_lane *lane, int64_t now_us)
{
    if (!lane->started)
        stn_camera_watch_init(&lane->camera, now_us);
    lane->started = true;
}

void stn_lane_observe(struct stn_lane *lane, const struct stn_observation *seen, struct stn_actions *actions)
{
    int64_t now_us = seen->captured_mono_us;
    lane->now_us = now_us;
    start_watch(lane, now_us);
    struct stn_camera_output camera = stn_camera_watch_frame(&lane->camera, &seen->scene, now_us);
    report_camera(&camera, now_us, actions);
    unlock_when_due(lane, now_us, actions);
    for (int i = 0; i < seen->face_count; i++)
        track_for(lane, seen->faces[i].track_id, now_us);
    for (int i = 0; i < STN_LANE_TRACKS_MAX; i++) {
        struct lane_track *track = &lane->tracks[i];
        if (track->id == 0)
            continue;
        const struct stn_face *face = face_of(seen, track->id);
        if (face == NULL && now_us - track->last_seen_us > track_forgotten_us)
            forget_track(track, now_us, actions);
        else
            observe_track(lane, track, seen, face, camera.judgeable, actions);
    }
}

void stn_lane_set_gallery(struct stn_lane *lane, const struct stn_gallery *gallery, float threshold)
{
    lane->options.gallery = gallery;
    lane->options.identity.threshold = threshold;
    for (int i = 0; i < STN_LANE_TRACKS_MAX; i++) {
        struct lane_track *track = &lane->tracks[i];
        if (track->id == 0)
            continue;
        stn_identity_init(&track->identity); /* its indices are of the old gallery */
        if (!track->resting)
            rest(track, lane->now_us, STN_PROMPT_NONE); /* begins again with the next frame */
    }
}

void stn_lane_source_lost(struct stn_lane *lane, int64_t now_us, struct stn_actions *actions)
{
    start_watch(lane, now_us);
    struct stn_camera_output camera = stn_camera_watch_stop(&lane->camera, false, now_us);
    report_camera(&camera, now_us, actions);
}

void stn_lane_idle(struct stn_lane *lane, int64_t now_us, struct stn_actions *actions)
{
    start_watch(lane, now_us);
    struct stn_camera_output camera = stn_camera_watch_idle(&lane->camera, now_us);
    report_camera(&camera, now_us, actions);
    unlock_when_due(lane, now_us, actions);
}

void stn_lane_embedding(struct stn_lane *lane, uint32_t track_id, int64_t captured_us, const float *embedding)
{
    struct lane_track *track = track_id != 0 ? find_track(lane, track_id) : NULL;
    if (track == NULL)
        return; /* it left meanwhile */
    if (track->embeddings_pending > 0)
        track->embeddings_pending--;
    if (embedding == NULL && track->asked_us == captured_us)
        track->asked_us = -1; /* it says nothing: another frame may be asked for */
    if (embedding != NULL && !track->resting && captured_us >= track->attempt_us)
        stn_identity_add(&track->identity, captured_us, embedding, lane->options.gallery);
}

/* ---- for the screen ---- */

static enum stn_prompt prompt_of(const struct stn_lane *lane, const struct lane_track *track)
{
    bool quiet = track->resting || lane->now_us < track->quiet_until_us;
    return quiet ? track->resting_prompt : track->out.prompt;
}

static enum stn_check match_check(const struct stn_identity_result *who)
{
    if (who->kind == STN_IDENTITY_UNKNOWN)
        return STN_CHECK_FAILED;
    return who->student >= 0 ? STN_CHECK_OK : STN_CHECK_WAITING;
}

static void view_track(const struct stn_lane *lane, const struct lane_track *track,
                       struct stn_track_view *view)
{
    struct stn_identity_result who = stn_identity_decide(&track->identity, &lane->options.identity);
    *view = (struct stn_track_view){
        .track_id = track->id,
        .box = track->face.box,
        .eyes = {track->face.eye_outer[0], track->face.eye_outer[1]},
        .state = track->out.state,
        .reason = track->out.reason,
        .prompt = prompt_of(lane, track),
        .face_ok = track->live.quality_since_us >= 0 ? STN_CHECK_OK : STN_CHECK_WAITING,
        .looking = fabsf(track->face.yaw_deg) <= lane->options.rules->eye_contact_deg ? STN_CHECK_OK
                                                                                      : STN_CHECK_WAITING,
        .blink = track->live.evidence_us >= 0 ? STN_CHECK_OK : STN_CHECK_WAITING,
        .match = match_check(&who),
        .distance = who.distance,
        .margin = who.margin,
        .ear_ratio = stn_blink_ratio(&track->live.blink),
        .yaw_deg = track->face.yaw_deg,
    };
    strncpy(view->student_id, stn_gallery_student_id(lane->options.gallery, who.student),
            sizeof view->student_id - 1);
}

int stn_lane_tracks(const struct stn_lane *lane, struct stn_track_view tracks[STN_FACES_MAX])
{
    int count = 0;
    for (int i = 0; i < STN_LANE_TRACKS_MAX && count < STN_FACES_MAX; i++)
        if (lane->tracks[i].id != 0 && lane->tracks[i].seen)
            view_track(lane, &lane->tracks[i], &tracks[count++]);
    return count;
}

/* The nearest person who is still being looked at gets the large sentence. */
enum stn_prompt stn_lane_prompt(const struct stn_lane *lane)
{
    const struct lane_track *nearest = NULL;
    if (stn_lane_locked(lane))
        return STN_PROMPT_NONE;
    for (int i = 0; i < STN_LANE_TRACKS_MAX; i++) {
        const struct lane_track *track = &lane->tracks[i];
        if (track->id == 0 || !track->seen || track->resting_until_us == INT64_MAX)
            continue;
        if (nearest == NULL || track->face.box.width > nearest->face.box.width)
            nearest = track;
    }
    if (nearest == NULL)
        return STN_PROMPT_NONE;
    return prompt_of(lane, nearest);
}

enum stn_camera_state stn_lane_camera(const struct stn_lane *lane)
{
    return lane->camera.state;
}

bool stn_lane_locked(const struct stn_lane *lane)
{
    return lane->locked_until_us >= 0;
}
