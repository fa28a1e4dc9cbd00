/* The face lane over made-up people: what they do is a table, what the lane decides is checked. */
#include "engine/lane.h"

#include "unit.h"

#include <math.h>
#include <string.h>

enum { PERIOD_US = 41667, PEOPLE = 3 }; /* 24 frames a second */

/* Persons are unit vectors of their own: any two of them are 1.41 apart, one from himself 0.1 at most. */
static void embedding_of(int person, uint32_t variation, float out[CM_EMBEDDING_DIM])
{
    memset(out, 0, CM_EMBEDDING_DIM * sizeof *out);
    out[person] = 1.0f;
    out[64 + variation % 32] = 0.05f;
}

struct world {
    struct stn_gallery *gallery;
    struct stn_lane *lane;
    int64_t now_us;
    uint64_t frame;
    /* what the camera sees */
    int faces;
    uint32_t track[STN_FACES_MAX];
    int looks_like[STN_FACES_MAX]; /* person in front of the camera, by index of the face */
    float ear_ratio[STN_FACES_MAX];
    bool dark, embeddings_fail, embeddings_never;
    uint32_t variation;
    /* what happened */
    int accepts, refusals, activities[CM_ACTIVITY_KINDS], embeds, clean_blinks, locks, unlocks;
    int accepted_student;
    struct stn_accept accept;
    char reason[48];
};

static void start(struct world *world, enum stn_policy policy, int enrolled)
{
    memset(world, 0, sizeof *world);
    world->now_us = 1000000;
    world->faces = 1;
    world->accepted_student = -1;
    for (int i = 0; i < STN_FACES_MAX; i++) {
        world->track[i] = (uint32_t)i + 1;
        world->looks_like[i] = i;
        world->ear_ratio[i] = 1.0f;
    }
    assert_int_equal(stn_gallery_create(&world->gallery, NULL), CM_OK);
    for (int person = 0; person < enrolled; person++) {
        float embedding[CM_EMBEDDING_DIM];
        char id[2] = {(char)('a' + person), '\0'};
        embedding_of(person, 7, embedding);
        assert_int_equal(stn_gallery_add(world->gallery, id, embedding, NULL), CM_OK);
    }
    struct stn_lane_options options = {.policy = policy,
                                       .live_table = stn_live_table_default(),
                                       .rules = &stn_lane_rules_default,
                                       .identity = stn_identity_rules_default,
                                       .gallery = world->gallery};
    options.identity.threshold = 0.45f;
    assert_int_equal(stn_lane_create(&options, &world->lane, NULL), CM_OK);
}

static void finish(struct world *world)
{
    stn_lane_destroy(world->lane);
    stn_gallery_destroy(world->gallery);
}

static struct stn_face face_of(const struct world *world, int i)
{
    float x = 100.0f + 250.0f * (float)i;
    struct stn_face face = {
        .track_id = world->track[i],
        .box = {x, 100, 160, 180},
        .presence = 0.99f,
        .eye_outer = {{x + 30, 160}, {x + 130, 160}},
        .nose_bridge = {x + 80, 165},
        .nose_tip = {x + 80, 200},
        .eye_span_px = 100,
        .ear = {0.30f * world->ear_ratio[i], 0.30f * world->ear_ratio[i]},
        .sharpness = 800,
        .luma = 120,
    };
    /* a living head is never quite still: a little of everything, the same in every run */
    float wobble = 0.2f * sinf((float)world->frame * 0.7f);
    face.nose_tip.x += wobble;
    face.ear[0] += 0.001f * wobble;
    return face;
}

static void act(struct world *world, const struct stn_action *action)
{
    float embedding[CM_EMBEDDING_DIM];
    int person = -1;
    switch (action->kind) {
    case STN_ACT_EMBED_KEPT:
    case STN_ACT_EMBED_NOW:
        world->embeds++;
        for (int i = 0; i < STN_FACES_MAX; i++)
            if (world->track[i] == action->track_id)
                person = world->looks_like[i];
        if (world->embeddings_never)
            break;
        if (person >= 0)
            embedding_of(person, world->variation++, embedding);
        stn_lane_embedding(world->lane, action->track_id, action->captured_us,
                           world->embeddings_fail || person < 0 ? NULL : embedding);
        break;
    case STN_ACT_ACCEPT:
        world->accepts++;
        world->accept = action->u.accept;
        world->accepted_student = action->u.accept.student;
        break;
    case STN_ACT_REFUSE:
        world->refusals++;
        strncpy(world->reason, action->u.refuse.reason, sizeof world->reason - 1);
        break;
    case STN_ACT_ACTIVITY:
        world->activities[action->u.activity.kind]++;
        break;
    case STN_ACT_BLINK:
        world->clean_blinks += action->u.blink.kind == STN_BLINK_CLEAN;
        break;
    case STN_ACT_LOCKED:
        world->locks++;
        break;
    case STN_ACT_UNLOCKED:
        world->unlocks++;
        break;
    default:
        break;
    }
}

static void show_frame(struct world *world)
{
    struct stn_observation seen = {
        .frame_number = world->frame,
        .captured_mono_us = world->now_us,
        .captured_wall_ms = 1000000 + world->now_us / 1000,
        .width = 640,
        .height = 480,
        .scene = {.luma_mean = world->dark ? 5 : 120,
                  .luma_range = world->dark ? 10 : 220,
                  .flat_share = world->dark ? 1.0f : 0.2f,
                  .change = 2,
                  .reblur = NAN,
                  .laplacian = NAN,
                  .hash = world->frame + 1},
        .face_count = world->faces,
    };
    for (int i = 0; i < world->faces; i++)
        seen.faces[i] = face_of(world, i);
    struct stn_actions actions = {.count = 0};
    stn_lane_observe(world->lane, &seen, &actions);
    for (int i = 0; i < actions.count; i++)
        act(world, &actions.list[i]);
    world->frame++;
    world->now_us += PERIOD_US;
}

static void wait_s(struct world *world, double seconds)
{
    for (int i = (int)(seconds * 24); i > 0; i--)
        show_frame(world);
}

/* All faces of the mask blink; who is before the camera may change while the eyes are closed. */
static void blink_and_become(struct world *world, unsigned faces, int person)
{
    static const float shape[] = {0.6f, 0.2f, 0.15f, 0.2f, 0.6f, 1.0f};
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        if (s == 3 && person >= 0)
            world->looks_like[0] = person;
        for (int i = 0; i < STN_FACES_MAX; i++)
            if (faces & 1u << i)
                world->ear_ratio[i] = shape[s];
        show_frame(world);
    }
}

static void blink(struct world *world, unsigned faces)
{
    blink_and_become(world, faces, -1);
}

static void test_blink_and_match_is_one_mark(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    wait_s(&world, 3.5);
    blink(&world, 1);
    wait_s(&world, 1);
    assert_int_equal(world.accepts, 1);
    assert_int_equal(world.accepted_student, 0);
    assert_true(world.accept.first_try);
    assert_true(world.accept.eye_contact);
    assert_in_range(world.accept.blink_ms, 50, 500);
    assert_true(world.accept.distance <= world.accept.threshold);
    assert_true(world.embeds <= 3);
    for (int i = 0; i < 10; i++) {
        wait_s(&world, 2);
        blink(&world, 1);
    }
    assert_int_equal(world.accepts, 1); /* one mark a track, however long he stays and blinks */
    assert_int_equal(world.refusals, 0);
    finish(&world);
}

static void test_mark_has_the_time_of_the_blink(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 1);
    wait_s(&world, 3.5);
    int64_t from_us = world.now_us;
    blink(&world, 1);
    int64_t to_us = world.now_us;
    wait_s(&world, 1);
    assert_in_range(world.accept.captured_us, from_us, to_us);
    assert_int_equal(world.accept.captured_wall_ms, 1000000 + world.accept.captured_us / 1000);
    finish(&world);
}

static void test_never_without_what_it_needs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum stn_policy policy;
        int person, enrolled;
        bool blinks, embeddings_fail, embeddings_never, dark;
        const char *reason; /* of the last refusal; NULL: none is made */
    } cases[] = {
        {"no blink", STN_POLICY_BASIC, 0, 2, false, false, false, false, "timeout"},
        {"a stranger", STN_POLICY_BASIC, 2, 2, true, false, false, false, "unknown_face"},
        {"a stranger who does not blink", STN_POLICY_BASIC, 2, 2, false, false, false, false, "unknown_face"},
        {"embeddings fail", STN_POLICY_BASIC, 0, 2, true, true, false, false, "timeout"},
        {"embeddings never come", STN_POLICY_BASIC, 0, 2, true, false, true, false, "timeout"},
        {"the camera is dark", STN_POLICY_BASIC, 0, 2, true, false, false, true, NULL},
        {"strict", STN_POLICY_STRICT, 0, 2, true, false, false, false, "needs_challenge"},
        {"pad", STN_POLICY_PAD, 0, 2, true, false, false, false, "needs_pad_model"},
        {"nobody is enrolled", STN_POLICY_BASIC, 0, 0, true, false, false, false, "unknown_face"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world world;
        print_message("  %s\n", cases[i].name);
        start(&world, cases[i].policy, cases[i].enrolled);
        world.looks_like[0] = cases[i].person;
        world.embeddings_fail = cases[i].embeddings_fail;
        world.embeddings_never = cases[i].embeddings_never;
        world.dark = cases[i].dark;
        for (int round = 0; round < 6; round++) {
            wait_s(&world, 3);
            if (cases[i].blinks)
                blink(&world, 1);
        }
        assert_int_equal(world.accepts, 0);
        if (cases[i].reason != NULL)
            assert_string_equal(world.reason, cases[i].reason);
        else
            assert_int_equal(world.refusals, 0);
        finish(&world);
    }
}

static void test_stranger_is_one_activity(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    world.looks_like[0] = 2;
    wait_s(&world, 20);
    assert_int_equal(world.activities[CM_ACTIVITY_UNKNOWN_FACE],
                     1); /* one episode, however often he is looked at */
    assert_true(world.refusals >= 2);
    world.faces = 0;
    wait_s(&world, 3);
    world.faces = 1;
    world.track[0] = 77; /* he comes again: a new episode */
    wait_s(&world, 6);
    assert_int_equal(world.activities[CM_ACTIVITY_UNKNOWN_FACE], 2);
    finish(&world);
}

static void test_swap_after_the_blink_is_an_attack(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    wait_s(&world, 3.5);
    blink_and_become(&world, 1, 1); /* a live helper blinks; then it is another's photo, on the same track */
    wait_s(&world, 3);
    assert_int_equal(world.accepts, 0);
    assert_int_equal(world.activities[CM_ACTIVITY_SPOOF_SUSPECTED], 1);
    assert_string_equal(world.reason, "identity_changed");
    finish(&world);
}

static void test_helper_before_the_blink_is_an_attack(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    world.looks_like[0] = 1; /* the photo is matched first, the helper blinks and stays */
    wait_s(&world, 3.5);
    world.looks_like[0] = 0;
    blink(&world, 1);
    wait_s(&world, 3);
    assert_int_equal(world.accepts, 0);
    finish(&world);
}

static void test_new_track_needs_a_new_blink(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    wait_s(&world, 3.5);
    world.embeddings_never = true; /* recognition is slow: the evidence stands, the answer is open */
    blink(&world, 1);
    world.embeddings_never = false;
    world.track[0] = 50; /* the track broke */
    wait_s(&world, 2);
    assert_int_equal(world.accepts, 0);
    wait_s(&world, 2);
    blink(&world, 1);
    wait_s(&world, 1);
    assert_int_equal(world.accepts, 1);
    finish(&world);
}

static void test_look_alikes_are_not_told_apart(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 1);
    float twin[CM_EMBEDDING_DIM];
    embedding_of(0, 9, twin);
    twin[100] = 0.05f; /* a second student, nearer than the margin */
    assert_int_equal(stn_gallery_add(world.gallery, "twin", twin, NULL), CM_OK);
    wait_s(&world, 3.5);
    blink(&world, 1);
    wait_s(&world, 6);
    assert_int_equal(world.accepts, 0);
    assert_string_equal(world.reason, "not_sure");
    finish(&world);
}

static void test_two_people_are_two_marks(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    world.faces = 2;
    wait_s(&world, 3.5);
    blink(&world, 1);
    wait_s(&world, 1);
    assert_int_equal(world.accepts, 1);
    assert_int_equal(world.accepted_student, 0);
    blink(&world, 2);
    wait_s(&world, 1);
    assert_int_equal(world.accepts, 2);
    assert_int_equal(world.accepted_student, 1);
    finish(&world);
}

static void test_unanswered_prompts_are_suspicious_then_lock(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    wait_s(&world, 60);
    assert_int_equal(world.activities[CM_ACTIVITY_SPOOF_SUSPECTED], 1);
    while (world.locks == 0 && world.frame < 24 * 200)
        show_frame(&world);
    assert_int_equal(world.refusals, stn_lane_rules_default.failed_tries_max);
    assert_int_equal(world.activities[CM_ACTIVITY_LOCKOUT], 1);
    assert_true(stn_lane_locked(world.lane));
    int refusals = world.refusals;
    wait_s(&world, 14);
    blink(&world, 1); /* nobody is marked while it is locked */
    wait_s(&world, 14);
    assert_int_equal(world.accepts, 0);
    assert_int_equal(world.refusals, refusals);
    wait_s(&world, 6);
    assert_int_equal(world.unlocks, 1);
    assert_false(stn_lane_locked(world.lane));
    blink(&world, 1);
    wait_s(&world, 1);
    assert_int_equal(world.accepts, 1);
    assert_false(world.accept.first_try);
    finish(&world);
}

/* Somebody enrols or imports while the lane is locked, and while a marked student still stands there. */
static void test_new_gallery_lifts_no_lock(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    while (world.locks == 0 && world.frame < 24 * 200)
        show_frame(&world);
    stn_lane_set_gallery(world.lane, world.gallery, 0.45f);
    wait_s(&world, 5);
    blink(&world, 1);
    wait_s(&world, 5);
    assert_true(stn_lane_locked(world.lane));
    assert_int_equal(world.accepts, 0);
    assert_int_equal(world.activities[CM_ACTIVITY_SPOOF_SUSPECTED], 1);
    finish(&world);

    start(&world, STN_POLICY_BASIC, 2);
    wait_s(&world, 3.5);
    blink(&world, 1);
    wait_s(&world, 1);
    stn_lane_set_gallery(world.lane, world.gallery, 0.45f);
    for (int i = 0; i < 5; i++) {
        wait_s(&world, 3);
        blink(&world, 1);
    }
    assert_int_equal(world.accepts, 1);
    finish(&world);
}

/* A poster beside the door, or people who pass by, must not lock the class out. */
static void test_strangers_who_try_nothing_lock_nothing(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    world.looks_like[0] = 2;
    wait_s(&world, 120);
    assert_int_equal(world.locks, 0);
    assert_int_equal(world.activities[CM_ACTIVITY_UNKNOWN_FACE], 1);
    finish(&world);
}

static void test_camera_trouble_is_one_activity(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    wait_s(&world, 2);
    assert_int_equal(stn_lane_camera(world.lane), STN_CAMERA_CLEAR);
    world.dark = true;
    world.faces = 0;
    wait_s(&world, 10);
    assert_true(stn_lane_camera(world.lane) != STN_CAMERA_CLEAR);
    int reports = world.activities[CM_ACTIVITY_CAMERA_COVERED] + world.activities[CM_ACTIVITY_CAMERA_DARK];
    assert_int_equal(reports, 1);
    world.dark = false;
    wait_s(&world, 5);
    assert_int_equal(stn_lane_camera(world.lane), STN_CAMERA_CLEAR);
    finish(&world);
}

static void test_crowd_stays_within_bounds(void **state)
{
    (void)state;
    struct world world;
    start(&world, STN_POLICY_BASIC, 2);
    world.faces = STN_FACES_MAX;
    for (uint32_t frame = 0; frame < 24 * 20; frame++) { /* everybody is new all the time */
        for (int i = 0; i < STN_FACES_MAX; i++)
            world.track[i] = 1 + (uint32_t)i + 100 * (frame / 3);
        show_frame(&world);
    }
    assert_int_equal(world.accepts, 0);
    finish(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blink_and_match_is_one_mark),
        cmocka_unit_test(test_mark_has_the_time_of_the_blink),
        cmocka_unit_test(test_never_without_what_it_needs),
        cmocka_unit_test(test_stranger_is_one_activity),
        cmocka_unit_test(test_swap_after_the_blink_is_an_attack),
        cmocka_unit_test(test_helper_before_the_blink_is_an_attack),
        cmocka_unit_test(test_new_track_needs_a_new_blink),
        cmocka_unit_test(test_look_alikes_are_not_told_apart),
        cmocka_unit_test(test_two_people_are_two_marks),
        cmocka_unit_test(test_unanswered_prompts_are_suspicious_then_lock),
        cmocka_unit_test(test_new_gallery_lifts_no_lock),
        cmocka_unit_test(test_strangers_who_try_nothing_lock_nothing),
        cmocka_unit_test(test_camera_trouble_is_one_activity),
        cmocka_unit_test(test_crowd_stays_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
