/*
 * 200,000 random frames, with a memory of everything that was shown: whenever the machine says LIVE, this second, slower
 * and simpler reading of the rules must agree. It knows nothing of the machine's fields.
 */
#include "liveness/liveness.h"

#include "actor.h"
#include "unit.h"

#include <math.h>
#include <string.h>

enum {
    STEPS = 200 * 1000,
    MEMORY = 1024, /* frames */
};

struct shown {
    struct stn_live_input in;
    struct stn_face face;
    struct stn_live_output out;
    bool restarted; /* just before this frame */
};

struct memory {
    struct shown frames[MEMORY];
    int count; /* of all; the last MEMORY are kept */
};

static const struct shown *recall(const struct memory *memory, int back)
{
    int n = memory->count - 1 - back;
    return n < 0 || back >= MEMORY ? NULL : &memory->frames[n % MEMORY];
}

/* ---- the oracle ---- */

static bool good(const struct shown *s)
{
    return s->in.camera_clear && s->in.face != NULL && s->face.presence >= 0.5f &&
           s->face.eye_span_px >= 40 && s->face.eye_span_px <= 0.45f * 640 && s->face.luma >= 40 &&
           s->face.sharpness >= 5 && fabsf(s->face.yaw_deg) <= 30 && fabsf(s->face.pitch_deg) <= 35 &&
           s->face.ear[0] >= 0 && s->face.ear[1] >= 0;
}

/* Is s, coming after before, the same unbroken track? */
static bool unbroken(const struct shown *before, const struct shown *s)
{
    if (s->restarted || s->in.now_us < before->in.now_us || s->in.now_us - before->in.now_us > 300 * 1000)
        return false;
    if (before->in.face == NULL || s->in.face == NULL)
        return true;
    return before->face.track_id == s->face.track_id &&
           fabsf(before->face.box.x - s->face.box.x) <= 0.5f * s->face.box.width + 1;
}

static bool any_veto(const struct stn_cues *cues)
{
    return cues->result[0] == STN_CUE_VETO || cues->result[1] == STN_CUE_VETO ||
           cues->result[2] == STN_CUE_VETO;
}

/* Both eyes fell in a face that kept still, between the two times. */
static bool blink_was_real(const struct memory *memory, const struct stn_blink_event *blink)
{
    float lowest[2] = {9, 9}, highest[2] = {0, 0};
    float left = 1e9f, right = -1e9f;
    for (int back = 0; recall(memory, back) != NULL; back++) {
        const struct shown *s = recall(memory, back);
        if (s->in.now_us < blink->start_us - 300 * 1000)
            break;
        bool within = s->in.now_us >= blink->start_us && s->in.now_us <= blink->end_us;
        if (within && !good(s))
            return false;
        for (int eye = 0; eye < 2 && s->in.face != NULL; eye++) {
            highest[eye] = fmaxf(highest[eye], s->face.ear[eye]);
            if (within)
                lowest[eye] = fminf(lowest[eye], s->face.ear[eye]);
        }
        if (within) {
            left = fminf(left, s->face.nose_bridge.x);
            right = fmaxf(right, s->face.nose_bridge.x);
        }
    }
    return lowest[0] < 0.93f * highest[0] && lowest[1] < 0.93f * highest[1] && right - left < 25;
}

struct window { /* from a good frame until now */
    int64_t good_since_us;
    int usable, seen, clear;
};

/* NULL: LIVE is justified; else why it is not. */
static const char *objection(const struct memory *memory, enum stn_policy policy)
{
    const struct shown *now = recall(memory, 0);
    if (policy != STN_POLICY_BASIC)
        return "policy";
    if (!good(now))
        return "the frame is not good";
    if (now->in.cues.result[STN_CUE_IDENTITY] != STN_CUE_PASS || any_veto(&now->in.cues))
        return "identity or veto";
    const struct stn_blink_event *blink = NULL;
    struct window window = {.good_since_us = now->in.now_us}, reaching = window;
    int64_t bad_until_us = -1; /* the last frame of the present run of bad ones */
    for (int back = 0;; back++) {
        const struct shown *s = recall(memory, back), *before = recall(memory, back + 1);
        reaching.usable += good(s);
        reaching.seen++;
        reaching.clear += s->in.camera_clear;
        reaching.good_since_us = s->in.now_us;
        if (good(s)) {
            window = reaching;
            bad_until_us = -1;
        } else if (bad_until_us < 0) {
            bad_until_us = s->in.now_us;
        }
        if (bad_until_us >= 0 && bad_until_us - s->in.now_us >= 300 * 1000)
            break;
        if (back > 0 && s->out.blink.kind == STN_BLINK_CLEAN && now->in.now_us - s->in.now_us <= 1500 * 1000)
            blink = &s->out.blink; /* the earliest is the accepted one, but any will do for what is checked */
        if ((any_veto(&s->in.cues) || !s->in.camera_clear) && blink == NULL)
            return "a veto or a bad picture after the blink";
        if (before == NULL || !unbroken(before, s))
            break;
    }
    if (blink == NULL)
        return "no clean blink in the unbroken time before";
    if (window.usable < 12)
        return "fewer than 12 usable frames";
    if (window.clear * 100 < window.seen * 95)
        return "camera not clear";
    if (now->in.now_us - window.good_since_us < 1500 * 1000)
        return "quality not kept for 1.5 s";
    if (blink->start_us < window.good_since_us)
        return "the blink began before the quality";
    return blink_was_real(memory, blink) ? NULL : "no blink to be seen in the frames";
}

/* ---- random people, cameras and mishaps ---- */

struct world {
    struct actor_random random;
    int64_t now_us;
    int blink_left;  /* frames */
    int mishap_left; /* frames */
    int mishap;
    float shift;
    uint32_t track_id;
    enum stn_cue_result identity;
};

static bool chance(struct world *world, uint32_t one_in)
{
    return actor_random_below(&world->random, one_in) == 0;
}

static void spoil(struct world *world, struct stn_live_input *in, struct stn_face *face)
{
    switch (world->mishap) {
    case 1:
        in->face = NULL;
        break;
    case 2:
        in->camera_clear = false;
        break;
    case 3:
        face->sharpness = NAN;
        break;
    case 4:
        face->ear[actor_random_below(&world->random, 2)] = NAN;
        break;
    case 5:
        face->yaw_deg = (float)actor_random_below(&world->random, 120) - 60.0f;
        break;
    case 6:
        face->luma = (float)actor_random_below(&world->random, 80);
        break;
    case 7:
        world->shift += 30;
        break;
    case 8:
        memset(face, (int)actor_random_below(&world->random, 256), sizeof *face);
        break;
    case 9:
        face->nose_tip.x += (float)actor_random_below(&world->random, 20);
        break;
    case 10:
        in->cues.result[actor_random_below(&world->random, STN_CUE_KINDS)] = STN_CUE_VETO;
        break;
    case 11:
        in->now_us = (int64_t)(((uint64_t)actor_random_below(&world->random, UINT32_MAX) << 32) |
                               actor_random_below(&world->random, UINT32_MAX));
        break;
    default:
        face->eye_span_px = 30;
        break;
    }
}

static void move_time(struct world *world)
{
    world->now_us += 20 * 1000 + actor_random_below(&world->random, 60 * 1000);
    if (chance(world, 700))
        world->now_us += actor_random_below(&world->random, 1500 * 1000);
    if (chance(world, 2000))
        world->now_us -= actor_random_below(&world->random, 5000 * 1000);
    if (chance(world, 300))
        world->track_id++;
}

/* Fills *in and *face, to which in->face may point. */
static void next_frame(struct world *world, const struct stn_live *live, struct stn_live_input *in,
                       struct stn_face *face)
{
    move_time(world);
    if (world->blink_left == 0 && chance(world, 40))
        world->blink_left = 2 + (int)actor_random_below(&world->random, 5);
    float open = world->blink_left > 0 ? 0.55f : 1.0f;
    if (world->blink_left > 0)
        world->blink_left--;
    struct actor_head head = {.move_x = world->shift / 100.0f};
    *face = actor_face(open + 0.01f * actor_random_noise(&world->random),
                       open + 0.01f * actor_random_noise(&world->random), &head);
    face->track_id = world->track_id;
    if (chance(world, 10))
        world->identity = (enum stn_cue_result)actor_random_below(&world->random, 3);
    if (live->evidence_us < 0)
        world->identity = STN_CUE_UNSURE;
    *in = (struct stn_live_input){
        .face = face,
        .now_us = world->now_us,
        .camera_clear = true,
        .frame_width = 640,
        .cues = {.result = {[STN_CUE_IDENTITY] = world->identity}},
    };
    if (world->mishap_left == 0 && chance(world, 60)) {
        world->mishap_left = 1 + (int)actor_random_below(&world->random, 12);
        world->mishap = 1 + (int)actor_random_below(&world->random, 12);
        world->shift = 0;
    }
    if (world->mishap_left > 0) {
        world->mishap_left--;
        spoil(world, in, face);
    }
}

static void remember(struct memory *memory, const struct stn_live_input *in, const struct stn_face *face,
                     const struct stn_live_output *out, bool restarted)
{
    struct shown *slot = &memory->frames[memory->count++ % MEMORY];
    *slot = (struct shown){.in = *in, .face = *face, .out = *out, .restarted = restarted};
}

static void test_live_is_always_justified(void **state)
{
    (void)state;
    static struct memory memory;
    memset(&memory, 0, sizeof memory);
    struct world world = {.random = {.state = 20240607}, .now_us = 1, .track_id = 1};
    struct stn_live live;
    int lives = 0, consumed = 0;
    bool restarted = false, token_used = false;
    int64_t live_us = 0;
    enum stn_policy policy = STN_POLICY_BASIC;
    stn_live_init(&live, policy);
    for (int n = 0; n < STEPS; n++) {
        struct stn_live_input in;
        struct stn_face face;
        next_frame(&world, &live, &in, &face);
        struct stn_live_output out = stn_live_step(&live, &in, stn_live_table_default());
        remember(&memory, &in, &face, &out, restarted);
        restarted = false;
        if (out.verdict == STN_VERDICT_LIVE && out.state_changed) {
            const char *why_not = objection(&memory, policy);
            if (why_not != NULL)
                fail_msg("step %d: %s", n, why_not);
            lives++;
            live_us = in.now_us;
            token_used = false;
        }
        if (out.verdict == STN_VERDICT_LIVE) {
            const struct shown *before = recall(&memory, 1);
            assert_true(out.state_changed || (in.camera_clear && unbroken(before, recall(&memory, 0))));
            assert_true(in.now_us - live_us < 3000 * 1000);
            assert_false(any_veto(&in.cues));
        }
        if (chance(&world, 4)) {
            bool used = stn_live_consume(&live, in.now_us);
            assert_true(!used || (out.verdict == STN_VERDICT_LIVE && !token_used));
            token_used = token_used || used;
            consumed += used;
        }
        if (live.state >= STN_LIVE_ATTACK && chance(&world, 8)) {
            stn_live_restart(&live, in.now_us);
            restarted = true;
        }
        if (chance(&world, 1500)) {
            policy = chance(&world, 4)   ? STN_POLICY_STRICT
                     : chance(&world, 4) ? STN_POLICY_PAD
                                         : STN_POLICY_BASIC;
            stn_live_init(&live, policy);
            restarted = true;
        }
    }
    print_message("%d times live, %d tokens used\n", lives, consumed);
    assert_true(lives > 300); /* else this would say nothing */
    assert_true(consumed > 200 && consumed <= lives);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_live_is_always_justified)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
