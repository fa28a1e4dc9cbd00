#include "rig.h"

#include "unit.h"

#include <math.h>
#include <string.h>

void rig_init(struct rig *rig, enum stn_policy policy)
{
    memset(rig, 0, sizeof *rig);
    stn_live_init(&rig->live, policy);
    rig->table = stn_live_table_default();
    rig->now_us = 10 * 1000 * 1000;
    rig->step_ms = 40;
    rig->identity = IDENTITY_MATCHES;
    rig->camera_clear = true;
    rig->face = actor_face(1.0f, 1.0f, NULL);
    rig->face_seen = true;
    rig->lids = 1.0f;
}

/* As recognition does it: nothing is known before there is evidence, and the answer comes frames later. */
static enum stn_cue_result identity_of(const struct rig *rig)
{
    bool known = rig->live.evidence_us >= 0 && rig->now_us - rig->live.evidence_us >= 200 * 1000;
    switch (rig->identity) {
    case IDENTITY_MATCHES:
        return known ? STN_CUE_PASS : STN_CUE_UNSURE;
    case IDENTITY_DIFFERS:
        return rig->live.state == STN_LIVE_NO_FACE || rig->live.state == STN_LIVE_SETTLING ? STN_CUE_UNSURE
                                                                                           : STN_CUE_VETO;
    case IDENTITY_UNSURE:
        return STN_CUE_UNSURE;
    case IDENTITY_ABSENT:
        break;
    }
    return STN_CUE_ABSENT;
}

void rig_step_with(struct rig *rig, float open, const struct stn_cues *cues)
{
    struct stn_face face = rig->face;
    face.ear[0] *= open;
    face.ear[1] *= open;
    struct stn_live_input in = {
        .face = rig->face_seen ? &face : NULL,
        .now_us = rig->now_us,
        .frame_number = rig->frame++,
        .camera_clear = rig->camera_clear,
        .frame_width = 640,
        .cues = *cues,
    };
    rig->out = stn_live_step(&rig->live, &in, rig->table);
    rig->reasons_seen |= UINT32_C(1) << rig->out.reason;
    rig->states_seen |= UINT32_C(1) << rig->out.state;
    rig->prompts_seen |= UINT32_C(1) << rig->out.prompt;
    rig->clean += rig->out.blink.kind == STN_BLINK_CLEAN;
    rig->plain += rig->out.blink.kind == STN_BLINK_PLAIN;
}

void rig_step(struct rig *rig, float open)
{
    rig->now_us += (int64_t)rig->step_ms * 1000;
    struct stn_cues cues = {.score = {NAN, NAN, NAN}};
    cues.result[STN_CUE_IDENTITY] = identity_of(rig);
    rig_step_with(rig, open, &cues);
}

void rig_watch(struct rig *rig, int ms)
{
    for (int64_t end_us = rig->now_us + (int64_t)ms * 1000; rig->now_us < end_us;)
        rig_step(rig, rig->lids);
}

/* 200 ms closed. */
void rig_blink(struct rig *rig)
{
    for (int64_t end_us = rig->now_us + 200 * 1000; rig->now_us < end_us;)
        rig_step(rig, 0.6f);
    rig_step(rig, 1.0f);
}

void rig_nodding_blink(struct rig *rig)
{
    float tip_y = rig->face.nose_tip.y;
    rig->face.nose_tip.y += 10.0f;
    rig_blink(rig);
    rig->face.nose_tip.y = tip_y;
    rig_step(rig, 1.0f);
}

void rig_until(struct rig *rig, enum stn_live_state state, int at_most_ms)
{
    for (int64_t end_us = rig->now_us + (int64_t)at_most_ms * 1000; rig->out.state != state;) {
        assert_true(rig->now_us < end_us);
        rig_step(rig, 1.0f);
    }
}

void rig_until_watching(struct rig *rig)
{
    rig_until(rig, STN_LIVE_WATCHING, 1700);
}

void rig_until_live(struct rig *rig)
{
    rig_until_watching(rig);
    rig_watch(rig, 500);
    rig_blink(rig);
    rig_until(rig, STN_LIVE_LIVE, 400);
}

void rig_expect(const struct rig *rig, enum stn_live_state state, enum stn_live_reason reason)
{
    if (rig->out.state != state || rig->out.reason != reason)
        fail_msg("%s, %s; expected %s, %s", stn_live_state_name(rig->out.state),
                 stn_live_reason_name(rig->out.reason), stn_live_state_name(state),
                 stn_live_reason_name(reason));
    enum stn_verdict verdict = state == STN_LIVE_LIVE     ? STN_VERDICT_LIVE
                               : state == STN_LIVE_ATTACK ? STN_VERDICT_ATTACK
                                                          : STN_VERDICT_UNDECIDED;
    assert_int_equal(rig->out.verdict, verdict);
}
