#include "liveness/liveness.h"

#include "rig.h"
#include "unit.h"

#include <math.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- the way to live ---- */

static void test_the_way_to_a_mark(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_step(&rig, 1.0f);
    rig_expect(&rig, STN_LIVE_NO_FACE, STN_REASON_SETTLING);
    rig_until(&rig, STN_LIVE_SETTLING, 900);
    rig_expect(&rig, STN_LIVE_SETTLING, STN_REASON_SETTLING);
    rig_until_watching(&rig);
    rig_expect(&rig, STN_LIVE_WATCHING, STN_REASON_WAITING_FOR_BLINK);
    rig_watch(&rig, 2600);
    rig_expect(&rig, STN_LIVE_CHALLENGE, STN_REASON_WAITING_FOR_BLINK);
    assert_int_equal(rig.out.prompt, STN_PROMPT_BLINK);
    rig_blink(&rig);
    rig_expect(&rig, STN_LIVE_CHALLENGE, STN_REASON_IDENTITY_UNSURE);
    assert_int_equal(rig.out.blink.kind, STN_BLINK_CLEAN);
    assert_int_equal(rig.live.evidence_us, rig.now_us);
    assert_int_equal(rig.live.evidence_start_us, rig.now_us - 200 * 1000);
    rig_watch(&rig, 200);
    rig_expect(&rig, STN_LIVE_LIVE, STN_REASON_CLEAN_BLINK);
    assert_true(rig.out.state_changed);
    assert_true(stn_live_consume(&rig.live, rig.now_us));
    assert_false(stn_live_consume(&rig.live, rig.now_us));
    rig_step(&rig, 1.0f);
    rig_expect(&rig, STN_LIVE_UNDECIDED, STN_REASON_USED);
    assert_int_equal(rig.out.prompt, STN_PROMPT_NONE);
    rig_watch(&rig, 30000); /* and it stays so, however often the person blinks */
    rig_blink(&rig);
    rig_watch(&rig, 500);
    rig_expect(&rig, STN_LIVE_UNDECIDED, STN_REASON_USED);
    assert_int_equal(rig.clean, 2);
}

static void test_both_landmark_models_and_rates(void **state)
{
    (void)state;
    static const int steps_ms[] = {16, 41, 83, 100};
    for (int i = 0; i < 2 * LENGTH(steps_ms); i++) {
        struct rig rig;
        rig_init(&rig, STN_POLICY_BASIC);
        rig.step_ms = steps_ms[i / 2];
        if (i % 2 == 1) {
            rig.table = stn_live_table_dlib68();
            rig.face.presence = NAN; /* that model has no opinion */
        }
        rig_until_live(&rig);
    }
}

/* A blink while the machine settles counts, once settled: nobody must blink twice. */
static void test_early_blink_is_kept(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_watch(&rig, 1000);
    rig_blink(&rig);
    assert_int_equal(rig.clean, 1);
    assert_int_not_equal(rig.out.state, STN_LIVE_LIVE);
    rig_until(&rig, STN_LIVE_LIVE, 600);
    assert_true(rig.now_us - rig.live.quality_since_us >= 1500 * 1000);
}

static void test_evidence_expires_and_the_next_blink_counts(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig.identity = IDENTITY_UNSURE;
    rig_until_watching(&rig);
    rig_watch(&rig, 300);
    rig_blink(&rig);
    int64_t first_us = rig.live.evidence_us;
    rig_watch(&rig, 800);
    rig_blink(&rig); /* does not replace the evidence that recognition is at work on */
    assert_int_equal(rig.live.evidence_us, first_us);
    rig_watch(&rig, 600);
    assert_int_equal(rig.live.evidence_us, -1);
    rig.identity = IDENTITY_MATCHES;
    rig_watch(&rig, 500);
    assert_int_not_equal(rig.out.state, STN_LIVE_LIVE);
    rig_blink(&rig);
    rig_until(&rig, STN_LIVE_LIVE, 400);
}

static void test_identity_cannot_be_known_as_the_blink_ends(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    struct stn_cues pass = {.result = {[STN_CUE_IDENTITY] = STN_CUE_PASS}};
    rig_until_watching(&rig);
    for (int i = 0; i < 5; i++)
        rig_step(&rig, 0.6f);
    rig.now_us += 40 * 1000;
    rig_step_with(&rig, 1.0f, &pass);
    assert_int_equal(rig.out.blink.kind, STN_BLINK_CLEAN);
    rig_expect(&rig, STN_LIVE_WATCHING, STN_REASON_IDENTITY_UNSURE);
    rig.now_us += 40 * 1000;
    rig_step_with(&rig, 1.0f, &pass);
    rig_expect(&rig, STN_LIVE_LIVE, STN_REASON_CLEAN_BLINK);
}

/* Whatever else passes: without this one there is no life. */
static void test_no_identity_no_life(void **state)
{
    (void)state;
    static const enum identity kinds[] = {IDENTITY_UNSURE, IDENTITY_ABSENT};
    for (int i = 0; i < LENGTH(kinds); i++) {
        struct rig rig;
        rig_init(&rig, STN_POLICY_BASIC);
        rig.identity = kinds[i];
        rig_until_watching(&rig);
        for (int n = 0; n < 10; n++) {
            rig_watch(&rig, 800);
            rig_blink(&rig);
        }
        assert_int_equal(rig.states_seen & 1u << STN_LIVE_LIVE, 0);
    }
}

static void test_strict_and_pad_refuse_promptly(void **state)
{
    (void)state;
    static const struct {
        enum stn_policy policy;
        enum stn_live_reason reason;
    } cases[] = {{STN_POLICY_STRICT, STN_REASON_NEEDS_CHALLENGE},
                 {STN_POLICY_PAD, STN_REASON_NEEDS_PAD_MODEL}};
    for (int i = 0; i < LENGTH(cases); i++) {
        struct rig rig;
        rig_init(&rig, cases[i].policy);
        rig_watch(&rig, 1700);
        rig_expect(&rig, STN_LIVE_UNDECIDED, cases[i].reason);
        assert_int_equal(rig.out.prompt, STN_PROMPT_SEE_TEACHER);
        rig_blink(&rig);
        rig_watch(&rig, 500);
        rig_expect(&rig, STN_LIVE_UNDECIDED, cases[i].reason);
        assert_int_equal(rig.clean, 1); /* blinks are reported all the same */
        /* Not even when every cue claims to pass. */
        rig_init(&rig, cases[i].policy);
        struct stn_cues pass = {.result = {STN_CUE_PASS, STN_CUE_PASS, STN_CUE_PASS}};
        for (int n = 0; n < 200; n++) {
            rig.now_us += 40 * 1000;
            rig_step_with(&rig, n % 40 < 5 ? 0.6f : 1.0f, &pass);
            assert_int_not_equal(rig.out.verdict, STN_VERDICT_LIVE);
        }
    }
}

/* ---- the token ---- */

static void test_token_expires(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_until_live(&rig);
    int64_t live_us = rig.now_us;
    rig_watch(&rig, 2900);
    rig_expect(&rig, STN_LIVE_LIVE, STN_REASON_CLEAN_BLINK);
    struct stn_live copy = rig.live;
    assert_true(stn_live_consume(&copy, live_us + 2999 * 1000));
    copy = rig.live;
    assert_false(stn_live_consume(&copy, live_us + 3000 * 1000));
    assert_false(stn_live_consume(&copy, live_us - 1));
    rig_watch(&rig, 200);
    rig_expect(&rig, STN_LIVE_UNDECIDED, STN_REASON_EXPIRED);
    assert_false(stn_live_consume(&rig.live, live_us + 1000));
}

static void test_nothing_to_consume_before_live(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    assert_false(stn_live_consume(&rig.live, rig.now_us));
    rig_until_watching(&rig);
    assert_false(stn_live_consume(&rig.live, rig.now_us));
}

static void test_restart_needs_everything_anew_but_keeps_the_eyes(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_until_live(&rig);
    float baseline = rig.live.blink.baseline;
    stn_live_restart(&rig.live, rig.now_us);
    assert_false(stn_live_consume(&rig.live, rig.now_us));
    assert_true(rig.live.blink.baseline == baseline);
    assert_int_equal(rig.live.evidence_us, -1);
    int64_t restarted_us = rig.now_us;
    rig_step(&rig, 1.0f);
    rig_expect(&rig, STN_LIVE_NO_FACE, STN_REASON_SETTLING);
    rig_until_live(&rig);
    assert_true(rig.now_us - restarted_us >= 1500 * 1000);
}

/* ---- what voids evidence, before and after LIVE ---- */

static void cause_gap(struct rig *rig)
{
    rig->now_us += 310 * 1000;
    rig_step(rig, rig->lids);
}
static void cause_stall(struct rig *rig)
{
    rig->now_us += 1100 * 1000;
    rig_step(rig, rig->lids);
}
static void cause_other_track(struct rig *rig)
{
    rig->face.track_id = 2;
    rig_step(rig, rig->lids);
}
static void cause_jump(struct rig *rig)
{
    rig->face.box.x += 0.6f * rig->face.box.width;
    rig_step(rig, rig->lids);
}
static void cause_box_of_nan(struct rig *rig)
{
    rig->face.box.x = NAN;
    rig_step(rig, rig->lids);
    rig->face.box.x = 100;
}
static void cause_lost_face(struct rig *rig)
{
    rig->face_seen = false;
    rig_watch(rig, 320);
    rig->face_seen = true;
}
static void cause_covered_frame(struct rig *rig)
{
    rig->camera_clear = false;
    rig_step(rig, rig->lids);
    rig->camera_clear = true;
}
static void cause_clock_backwards(struct rig *rig)
{
    rig->now_us -= 5000 * 1000;
    rig_step(rig, rig->lids);
}
static void cause_negative_time(struct rig *rig)
{
    struct stn_cues cues = {0};
    int64_t now_us = rig->now_us;
    rig->now_us = -5;
    rig_step_with(rig, rig->lids, &cues);
    rig->now_us = now_us;
}
static void cause_absurd_time(struct rig *rig)
{
    struct stn_cues cues = {0};
    int64_t now_us = rig->now_us;
    rig->now_us = INT64_MAX;
    rig_step_with(rig, rig->lids, &cues);
    rig->now_us = now_us;
}

static const struct {
    const char *name;
    void (*cause)(struct rig *rig);
    enum stn_live_state from_watching;
    enum stn_live_reason reason;
} breaks[] = {
    {"gap", cause_gap, STN_LIVE_SETTLING, STN_REASON_FRAME_GAP},
    {"stall", cause_stall, STN_LIVE_UNDECIDED, STN_REASON_FRAME_GAP},
    {"other track", cause_other_track, STN_LIVE_NO_FACE, STN_REASON_TRACK_BROKEN},
    {"jump", cause_jump, STN_LIVE_NO_FACE, STN_REASON_TRACK_BROKEN},
    {"box of NaN", cause_box_of_nan, STN_LIVE_NO_FACE, STN_REASON_TRACK_BROKEN},
    {"lost face", cause_lost_face, STN_LIVE_NO_FACE, STN_REASON_TRACK_BROKEN},
    {"covered frame", cause_covered_frame, STN_LIVE_WATCHING, STN_REASON_CAMERA_NOT_CLEAR},
    {"clock backwards", cause_clock_backwards, STN_LIVE_UNDECIDED, STN_REASON_CLOCK_BACKWARDS},
    {"negative time", cause_negative_time, STN_LIVE_UNDECIDED, STN_REASON_CLOCK_BACKWARDS},
    {"absurd time", cause_absurd_time, STN_LIVE_UNDECIDED, STN_REASON_CLOCK_BACKWARDS},
};

static void test_breaks_void_pending_evidence(void **state)
{
    (void)state;
    for (int i = 0; i < LENGTH(breaks); i++) {
        struct rig rig;
        rig_init(&rig, STN_POLICY_BASIC);
        rig_until_watching(&rig);
        rig_blink(&rig);
        assert_true(rig.live.evidence_us >= 0);
        breaks[i].cause(&rig);
        print_message("%s\n", breaks[i].name);
        rig_expect(&rig, breaks[i].from_watching, breaks[i].reason);
        assert_int_equal(rig.live.evidence_us, -1);
        rig_watch(&rig, 1400);
        assert_int_equal(rig.states_seen & 1u << STN_LIVE_LIVE, 0);
    }
}

static void test_breaks_void_the_token(void **state)
{
    (void)state;
    for (int i = 0; i < LENGTH(breaks); i++) {
        struct rig rig;
        rig_init(&rig, STN_POLICY_BASIC);
        rig_until_live(&rig);
        int64_t live_us = rig.now_us;
        breaks[i].cause(&rig);
        print_message("%s\n", breaks[i].name);
        rig_expect(&rig, STN_LIVE_UNDECIDED, breaks[i].reason);
        assert_false(stn_live_consume(&rig.live, live_us + 100 * 1000));
    }
}

static void test_breaks_within_the_blink(void **state)
{
    (void)state;
    for (int i = 0; i < LENGTH(breaks); i++) {
        struct rig rig;
        rig_init(&rig, STN_POLICY_BASIC);
        rig_until_watching(&rig);
        rig.lids = 0.6f;
        rig_step(&rig, rig.lids);
        breaks[i].cause(&rig);
        rig_step(&rig, rig.lids);
        rig.lids = 1.0f;
        rig_watch(&rig, 1000);
        if (rig.clean != 0 || (rig.states_seen & 1u << STN_LIVE_LIVE) != 0)
            fail_msg("%s", breaks[i].name);
    }
}

/* Nothing but a restart leads out of ATTACK and UNDECIDED. */
static void test_breaks_do_not_forgive(void **state)
{
    (void)state;
    static const enum stn_cue_kind ends[] = {STN_CUE_KINDS,
                                             STN_CUE_PAD}; /* KINDS: no veto, the token expires */
    for (int i = 0; i < LENGTH(ends) * LENGTH(breaks); i++) {
        struct rig rig;
        rig_init(&rig, STN_POLICY_BASIC);
        rig_until_live(&rig);
        enum stn_cue_kind veto = ends[i % LENGTH(ends)];
        for (int n = 0; n < 80; n++) {
            struct stn_cues cues = {.result = {[STN_CUE_IDENTITY] = STN_CUE_PASS}};
            if (veto != STN_CUE_KINDS)
                cues.result[veto] = STN_CUE_VETO;
            rig.now_us += 40 * 1000;
            rig_step_with(&rig, 1.0f, &cues);
        }
        enum stn_live_state end = rig.out.state;
        assert_int_equal(end, veto != STN_CUE_KINDS ? STN_LIVE_ATTACK : STN_LIVE_UNDECIDED);
        breaks[i / LENGTH(ends)].cause(&rig);
        assert_int_equal(rig.out.state, end);
        rig_watch(&rig, 3000);
        rig_blink(&rig);
        rig_watch(&rig, 1000);
        assert_int_equal(rig.out.state, end);
    }
}

static void test_short_miss_of_the_face_is_no_break(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_until_watching(&rig);
    rig.face_seen = false;
    rig_watch(&rig, 160);
    rig.face_seen = true;
    rig_step(&rig, 1.0f);
    rig_expect(&rig, STN_LIVE_WATCHING, STN_REASON_WAITING_FOR_BLINK);
    rig_watch(&rig, 500);
    rig_blink(&rig);
    rig_until(&rig, STN_LIVE_LIVE, 400);
}

static void test_flickering_camera_cannot_be_live(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_until_watching(&rig);
    for (int i = 0; i < 5; i++) { /* 5 of 60 frames: less than 95 % clear */
        rig.camera_clear = false;
        rig_step(&rig, 1.0f);
        rig.camera_clear = true;
        rig_step(&rig, 1.0f);
    }
    rig_watch(&rig, 500);
    rig_blink(&rig);
    rig_watch(&rig, 300);
    assert_int_equal(rig.clean, 1);
    assert_int_not_equal(rig.out.state, STN_LIVE_LIVE);
}

static void test_same_frame_twice_changes_nothing(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_until_watching(&rig);
    struct stn_live before = rig.live;
    struct stn_cues veto = {.result = {STN_CUE_VETO, STN_CUE_VETO, STN_CUE_VETO}};
    rig_step_with(&rig, 0.1f, &veto);
    assert_memory_equal(&before, &rig.live, sizeof before);
    assert_false(rig.out.state_changed);
}

/* ---- vetoes ---- */

static void test_vetoes(void **state)
{
    (void)state;
    static const struct {
        enum stn_cue_kind kind;
        enum stn_live_reason reason;
    } cases[] = {{STN_CUE_IDENTITY, STN_REASON_IDENTITY_CHANGED},
                 {STN_CUE_PAD, STN_REASON_VETO},
                 {STN_CUE_TURN, STN_REASON_VETO}};
    static const enum stn_live_state from[] = {STN_LIVE_NO_FACE, STN_LIVE_SETTLING, STN_LIVE_WATCHING,
                                               STN_LIVE_CHALLENGE, STN_LIVE_LIVE};
    for (int i = 0; i < LENGTH(cases) * LENGTH(from); i++) {
        struct rig rig;
        rig_init(&rig, STN_POLICY_BASIC);
        rig_step(&rig, 1.0f);
        if (from[i % LENGTH(from)] == STN_LIVE_LIVE)
            rig_until_live(&rig);
        else
            rig_until(&rig, from[i % LENGTH(from)], 5000);
        struct stn_cues cues = {.result = {[STN_CUE_IDENTITY] = STN_CUE_PASS}};
        cues.result[cases[i / LENGTH(from)].kind] = STN_CUE_VETO;
        for (int n = 0; n < 13; n++) { /* 0 to 480 ms */
            rig.now_us += 40 * 1000;
            rig_step_with(&rig, 1.0f, &cues);
            assert_int_equal(rig.out.verdict, STN_VERDICT_UNDECIDED); /* the token is void at the first one */
            assert_false(stn_live_consume(&rig.live, rig.now_us));
        }
        rig.now_us += 40 * 1000;
        rig_step_with(&rig, 1.0f, &cues);
        rig_expect(&rig, STN_LIVE_ATTACK, cases[i / LENGTH(from)].reason);
        rig_watch(&rig, 2000); /* it stays when the veto goes */
        rig_blink(&rig);
        rig_watch(&rig, 500);
        rig_expect(&rig, STN_LIVE_ATTACK, cases[i / LENGTH(from)].reason);
        stn_live_restart(&rig.live, rig.now_us);
        rig_until_live(&rig);
    }
}

static void test_short_veto_costs_the_evidence_only(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_until_watching(&rig);
    rig_blink(&rig);
    struct stn_cues veto = {.result = {[STN_CUE_PAD] = STN_CUE_VETO}};
    rig.now_us += 40 * 1000;
    rig_step_with(&rig, 1.0f, &veto);
    assert_int_equal(rig.live.evidence_us, -1);
    rig_watch(&rig, 700);
    assert_int_equal(rig.out.state, STN_LIVE_WATCHING);
    rig_blink(&rig);
    rig_until(&rig, STN_LIVE_LIVE, 400);
}

/* A live helper blinks, then a photo of somebody else is matched. */
static void test_swap(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, STN_POLICY_BASIC);
    rig_until_watching(&rig);
    rig_blink(&rig);
    rig.identity = IDENTITY_DIFFERS;
    rig_watch(&rig, 700);
    rig_expect(&rig, STN_LIVE_ATTACK, STN_REASON_IDENTITY_CHANGED);
    assert_int_equal(rig.states_seen & 1u << STN_LIVE_LIVE, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_way_to_a_mark),
        cmocka_unit_test(test_both_landmark_models_and_rates),
        cmocka_unit_test(test_early_blink_is_kept),
        cmocka_unit_test(test_evidence_expires_and_the_next_blink_counts),
        cmocka_unit_test(test_identity_cannot_be_known_as_the_blink_ends),
        cmocka_unit_test(test_no_identity_no_life),
        cmocka_unit_test(test_strict_and_pad_refuse_promptly),
        cmocka_unit_test(test_token_expires),
        cmocka_unit_test(test_nothing_to_consume_before_live),
        cmocka_unit_test(test_restart_needs_everything_anew_but_keeps_the_eyes),
        cmocka_unit_test(test_breaks_void_pending_evidence),
        cmocka_unit_test(test_breaks_void_the_token),
        cmocka_unit_test(test_breaks_within_the_blink),
        cmocka_unit_test(test_breaks_do_not_forgive),
        cmocka_unit_test(test_short_miss_of_the_face_is_no_break),
        cmocka_unit_test(test_flickering_camera_cannot_be_live),
        cmocka_unit_test(test_same_frame_twice_changes_nothing),
        cmocka_unit_test(test_vetoes),
        cmocka_unit_test(test_short_veto_costs_the_evidence_only),
        cmocka_unit_test(test_swap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
