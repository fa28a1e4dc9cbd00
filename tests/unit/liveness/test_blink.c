#include "liveness/blink.h"

#include "actor.h"
#include "unit.h"

#include <math.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum { FIRST_US = 5 * 1000 * 1000 };

static const int all_rates[] = {24, 12, 8};

/* ---- scripts of the lids ---- */

#define BLINK_AT(ms)                                                                                         \
    {ms, 1.0f}, {(ms) + 90, 0.62f}, {(ms) + 170, 0.62f},                                                     \
    {                                                                                                        \
        (ms) + 300, 1.0f                                                                                     \
    }

static const struct actor_key still[] = {{0, 1.0f}};
static const struct actor_key one_blink[] = {BLINK_AT(2500)};
static const struct actor_key three_blinks[] = {BLINK_AT(1500), BLINK_AT(3000), BLINK_AT(4500)};
static const struct actor_key double_blink[] = {BLINK_AT(2500), BLINK_AT(2900)};
static const struct actor_key deep_blink[] = {{2500, 1.0f}, {2580, 0.1f}, {2660, 0.1f}, {2800, 1.0f}};
static const struct actor_key slow_blink[] = {{2500, 1.0f}, {2600, 0.6f}, {2900, 0.6f}, {3010, 1.0f}};
static const struct actor_key wide_eyed_blink[] = {{2000, 1.0f},  {2500, 1.15f}, {2600, 0.77f},
                                                   {2640, 0.77f}, {2760, 1.1f},  {4000, 1.1f}};
/* As a man in a recording did: lids that sink over a third of a second and come up again, never closed. */
static const struct actor_key glance_down[] = {
    {2500, 1.0f}, {2840, 0.66f}, {2960, 0.69f}, {3240, 0.86f}, {3400, 1.0f}};
static const struct actor_key shallow[] = {{2500, 1.0f}, {2580, 0.85f}, {2660, 0.85f}, {2800, 1.0f}};
static const struct actor_key closed_long[] = {{2500, 1.0f}, {2600, 0.6f}, {4100, 0.6f}, {4200, 1.0f}};
/* The lids of a sleeper twitch: none of it is a blink, nor is the moment of waking. */
static const struct actor_key closed_with_twitches[] = {
    {2500, 1.0f},  {2600, 0.60f}, {3000, 0.68f}, {3300, 0.60f}, {4000, 0.70f}, {4200, 0.61f}, {5000, 0.72f},
    {5200, 0.62f}, {6000, 0.66f}, {6200, 0.60f}, {7000, 0.70f}, {7300, 0.60f}, {7900, 0.60f}, {8000, 1.0f}};
static const struct actor_key looking_down_slowly[] = {
    {2000, 1.0f}, {2800, 0.72f}, {4500, 0.72f}, {5200, 1.0f}};
static const struct actor_key looking_down_fast[] = {
    {2000, 1.0f}, {2080, 0.78f}, {4500, 0.78f}, {4600, 1.0f}};
static const struct actor_key blink_while_down[] = {{2000, 1.0f},  {2500, 0.79f}, {3200, 0.79f},
                                                    {3280, 0.63f}, {3340, 0.63f}, {3460, 0.80f},
                                                    {4500, 0.80f}, {5000, 1.0f}};
static const struct actor_key blink_into_down[] = {{2500, 1.0f},  {2560, 0.63f}, {2660, 0.63f},
                                                   {2800, 0.79f}, {4500, 0.79f}, {5000, 1.0f}};
static const struct actor_key squint[] = {{1500, 1.0f}, {2200, 0.85f}, {6000, 0.85f}};

/* ---- scripts of the head ---- */

enum move { REST, STOPPED_JUST_BEFORE, NOD, TURN, SHIFT, NEARER, PRINT_WAVED, PRINT_BENT, DRIFT };

static struct actor_head head_at(enum move move, int at_ms)
{
    struct actor_head head = {0};
    float wave = sinf((float)at_ms / 1000.0f * 6.2832f / 0.9f);
    switch (move) {
    case REST:
        break;
    case STOPPED_JUST_BEFORE: /* 300 ms before the lids of one_blink fall */
        head.tip_across = at_ms < 2200 ? 0.08f : 0.0f;
        break;
    case NOD:
        head.tip_across = 0.06f * sinf((float)at_ms / 1000.0f * 6.2832f * 1.5f);
        break;
    case TURN:
        head.tip_along = 0.06f * sinf((float)at_ms / 1000.0f * 6.2832f * 1.5f);
        break;
    case SHIFT:
        head.move_x = 0.3f * wave;
        break;
    case NEARER:
        head.scale_change = 0.12f * wave;
        break;
    case PRINT_WAVED:
        head.move_x = 0.2f * wave;
        head.tip_across = 0.14f * wave;
        break;
    case PRINT_BENT:
        head.tip_along = 0.14f * wave;
        head.scale_change = -0.08f * wave * wave;
        break;
    case DRIFT: /* people sway: this much is allowed */
        head.move_x = 0.03f * wave;
        head.tip_across = 0.005f * wave;
        break;
    }
    return head;
}

/* Bending and tilting changes what the landmarks take for eyelids: in step with the movement. */
static float print_lids_at(int at_ms)
{
    return 0.85f + 0.25f * sinf((float)at_ms / 1000.0f * 6.2832f / 0.9f);
}

/* ---- running ---- */

struct take {
    const struct actor_key *keys;
    int key_count;
    enum move move;
    bool dlib68;
    bool left_eye_only, right_eye_only; /* the other stays open */
    float yaw_deg;
    float noise;    /* of the ratio, standard deviation */
    float open_ear; /* 0: ACTOR_EAR */
    int length_ms;  /* 0: 7000 */
    void (*spoil)(struct stn_face *face, int at_ms);
    bool no_evidence;
    bool print;
};

struct result {
    int plain, clean;
    struct stn_blink_event last;
    struct stn_blink blink;
};

static struct stn_face face_of(const struct take *take, int at_ms, struct actor_random *random)
{
    float open = take->print ? print_lids_at(at_ms) : actor_open_at(take->keys, take->key_count, at_ms);
    struct actor_head head = head_at(take->move, at_ms);
    head.yaw_deg = take->yaw_deg;
    float right = take->left_eye_only ? 1.0f : open, left = take->right_eye_only ? 1.0f : open;
    right += take->noise * actor_random_noise(random);
    left += take->noise * actor_random_noise(random);
    struct stn_face face = actor_face(right, left, &head);
    for (int eye = 0; eye < 2 && take->open_ear > 0; eye++)
        face.ear[eye] *= take->open_ear / ACTOR_EAR;
    if (take->spoil != NULL)
        take->spoil(&face, at_ms);
    return face;
}

static struct result run_at(const struct take *take, int rate)
{
    struct result result = {0};
    struct actor_random random = {.state = 7};
    stn_blink_init(&result.blink, take->dlib68 ? stn_blink_table_dlib68() : stn_blink_table_mesh());
    int length_ms = take->length_ms > 0 ? take->length_ms : 7000;
    for (int n = 0; n * 1000 / rate < length_ms; n++) {
        int at_ms = n * 1000 / rate;
        struct stn_face face = face_of(take, at_ms, &random);
        struct stn_blink_event event =
            stn_blink_step(&result.blink, face.track_id == 0 ? NULL : &face, (uint64_t)n,
                           FIRST_US + (int64_t)n * 1000000 / rate, !take->no_evidence);
        if (event.kind == STN_BLINK_NONE)
            continue;
        result.last = event;
        result.plain += event.kind == STN_BLINK_PLAIN;
        result.clean += event.kind == STN_BLINK_CLEAN;
    }
    return result;
}

static void nan_eye_in_blink(struct stn_face *face, int at_ms)
{
    if (at_ms >= 2600 && at_ms <= 2700)
        face->ear[0] = NAN;
}
static void nan_nose_in_blink(struct stn_face *face, int at_ms)
{
    if (at_ms >= 2600 && at_ms <= 2700)
        face->nose_tip.y = NAN;
}
static void nan_bridge_in_blink(struct stn_face *face, int at_ms)
{
    if (at_ms >= 2600 && at_ms <= 2700)
        face->nose_bridge.x = NAN;
}
static void nan_everything(struct stn_face *face, int at_ms)
{
    (void)at_ms;
    memset(face, 0xff, sizeof *face);
    face->track_id = 1;
}
static void nan_yaw(struct stn_face *face, int at_ms)
{
    (void)at_ms;
    face->yaw_deg = NAN;
}
static void negative_ear(struct stn_face *face, int at_ms)
{
    (void)at_ms;
    face->ear[0] = -face->ear[0];
}
static void lost_in_blink(struct stn_face *face, int at_ms)
{
    if (at_ms >= 2600 && at_ms <= 2700)
        face->track_id = 0;
}
static void lost_then_low(struct stn_face *face, int at_ms)
{
    if (at_ms >= 2350 && at_ms < 2550)
        face->track_id = 0; /* found again with lids down: nobody saw them fall */
}

#define KEYS(name) .keys = name, .key_count = LENGTH(name)
enum { ANY_RATE = 0 };

static const struct {
    const char *name;
    struct take take;
    int rate; /* ANY_RATE: all three */
    int plain, clean;
} cases[] = {
    {"open eyes", {KEYS(still)}, ANY_RATE, 0, 0},
    {"a blink", {KEYS(one_blink)}, ANY_RATE, 0, 1},
    {"a blink with the mesh's noise", {KEYS(one_blink), .noise = 0.007f}, ANY_RATE, 0, 1},
    {"a blink, swaying", {KEYS(one_blink), .move = DRIFT}, ANY_RATE, 0, 1},
    {"three blinks", {KEYS(three_blinks)}, ANY_RATE, 0, 3},
    {"two in a row", {KEYS(double_blink)}, 24, 0, 2},
    {"a deep blink", {KEYS(deep_blink)}, ANY_RATE, 0, 1},
    {"a deep blink, 68 points", {KEYS(deep_blink), .dlib68 = true, .noise = 0.024f}, ANY_RATE, 0, 1},
    {"half a second", {KEYS(slow_blink)}, ANY_RATE, 0, 1},
    {"from eyes wider than usual", {KEYS(wide_eyed_blink)}, 24, 1, 0},
    {"narrow eyes", {KEYS(one_blink), .open_ear = 0.18f}, ANY_RATE, 0, 1},
    {"wide eyes", {KEYS(one_blink), .open_ear = 0.40f}, ANY_RATE, 0, 1},
    {"lids that dip by a seventh", {KEYS(shallow)}, ANY_RATE, 0, 0},
    {"closed for 1.5 s", {KEYS(closed_long)}, ANY_RATE, 0, 0},
    {"asleep", {KEYS(closed_with_twitches), .length_ms = 10000}, ANY_RATE, 0, 0},
    {"looking down slowly", {KEYS(looking_down_slowly)}, ANY_RATE, 0, 0},
    {"looking down fast", {KEYS(looking_down_fast)}, ANY_RATE, 0, 0},
    {"a blink while looking down", {KEYS(blink_while_down)}, 24, 1, 0},
    {"the same at half the rate", {KEYS(blink_while_down)}, 12, 1, 0},
    {"a blink into looking down", {KEYS(blink_into_down)}, 24, 1, 0},
    {"a glance down, slow", {KEYS(glance_down)}, 24, 1, 0},
    {"a squint", {KEYS(squint)}, ANY_RATE, 0, 0},
    {"a minute of noise", {KEYS(still), .noise = 0.007f, .length_ms = 60000}, ANY_RATE, 0, 0},
    {"a minute of noise, 68 points",
     {KEYS(still), .noise = 0.031f, .dlib68 = true, .length_ms = 60000},
     ANY_RATE,
     0,
     0},

    {"a wink", {KEYS(one_blink), .right_eye_only = true}, ANY_RATE, 0, 0},
    {"a strong wink", {KEYS(deep_blink), .left_eye_only = true}, ANY_RATE, 1, 0},
    {"nodding", {KEYS(one_blink), .move = NOD}, ANY_RATE, 1, 0},
    {"still for too short", {KEYS(one_blink), .move = STOPPED_JUST_BEFORE}, ANY_RATE, 1, 0},
    {"turning", {KEYS(one_blink), .move = TURN}, ANY_RATE, 1, 0},
    {"walking past", {KEYS(one_blink), .move = SHIFT}, ANY_RATE, 1, 0},
    {"coming nearer", {KEYS(one_blink), .move = NEARER}, 24, 1, 0},
    {"a frame that nobody vouches for", {KEYS(one_blink), .no_evidence = true}, ANY_RATE, 1, 0},

    {"nearer eye at 25 degrees", {KEYS(one_blink), .yaw_deg = 25, .right_eye_only = true}, ANY_RATE, 0, 1},
    {"farther eye at 25 degrees", {KEYS(deep_blink), .yaw_deg = 25, .left_eye_only = true}, ANY_RATE, 0, 0},
    {"nearer eye at -25 degrees", {KEYS(one_blink), .yaw_deg = -25, .left_eye_only = true}, ANY_RATE, 0, 1},
    {"farther eye at -25 degrees",
     {KEYS(deep_blink), .yaw_deg = -25, .right_eye_only = true},
     ANY_RATE,
     0,
     0},
    {"31 degrees", {KEYS(one_blink), .yaw_deg = 31}, ANY_RATE, 0, 0},
    {"-31 degrees", {KEYS(one_blink), .yaw_deg = -31}, ANY_RATE, 0, 0},
    {"unknown yaw", {KEYS(one_blink), .spoil = nan_yaw}, ANY_RATE, 1, 0},

    {"an eye not measured in the blink", {KEYS(one_blink), .spoil = nan_eye_in_blink}, 24, 1, 0},
    {"nose tip not measured in the blink", {KEYS(one_blink), .spoil = nan_nose_in_blink}, 24, 1, 0},
    {"nose bridge not measured in the blink", {KEYS(one_blink), .spoil = nan_bridge_in_blink}, 24, 1, 0},
    {"the face lost in the blink", {KEYS(one_blink), .spoil = lost_in_blink}, 24, 1, 0},
    {"found again with lids down", {KEYS(one_blink), .spoil = lost_then_low}, 24, 0, 0},
    {"nothing but NaN", {KEYS(one_blink), .spoil = nan_everything}, ANY_RATE, 0, 0},
    {"negative ratios", {KEYS(one_blink), .spoil = negative_ear}, ANY_RATE, 0, 0},
};

static void test_cases(void **state)
{
    (void)state;
    int wrong = 0;
    for (int i = 0; i < LENGTH(cases); i++) {
        for (int r = 0; r < LENGTH(all_rates); r++) {
            if (cases[i].rate != ANY_RATE && cases[i].rate != all_rates[r])
                continue;
            struct result result = run_at(&cases[i].take, all_rates[r]);
            if (result.plain == cases[i].plain && result.clean == cases[i].clean)
                continue;
            wrong++;
            print_error("%s at %d fps: %d plain and %d clean, expected %d and %d\n", cases[i].name,
                        all_rates[r], result.plain, result.clean, cases[i].plain, cases[i].clean);
        }
    }
    assert_int_equal(wrong, 0);
}

/* A print's "blinks" are many and never clean. */
static void test_prints_never_blink_cleanly(void **state)
{
    (void)state;
    static const enum move moves[] = {PRINT_WAVED, PRINT_BENT};
    for (int m = 0; m < LENGTH(moves); m++) {
        struct take take = {.print = true, .move = moves[m], .length_ms = 60000, .noise = 0.007f};
        for (int r = 0; r < LENGTH(all_rates); r++)
            assert_int_equal(run_at(&take, all_rates[r]).clean, 0);
        assert_true(run_at(&take, 24).plain > 20); /* else this would say nothing */
    }
}

static void test_event_tells_when(void **state)
{
    (void)state;
    struct take take = {KEYS(one_blink)};
    struct stn_blink_event event = run_at(&take, 24).last;
    /* The lids pass 0.75 at 2559 ms and half way up at 2805 ms. */
    assert_int_equal(event.first_frame, 62);
    assert_int_equal(event.last_frame, 66);
    assert_int_equal(event.start_us, FIRST_US + 62 * 1000000 / 24);
    assert_int_equal(event.end_us, FIRST_US + 66 * 1000000 / 24);
    assert_true(fabsf(event.depth - 0.38f) < 0.01f);
}

/* Many people and rhythms: what is found must not depend on the frame rate. */
static void test_independent_of_rate(void **state)
{
    (void)state;
    struct actor_random random = {.state = 42};
    for (int person = 0; person < 60; person++) {
        int at = 2000 + (int)actor_random_below(&random, 500),
            fall = 70 + (int)actor_random_below(&random, 50);
        int shut = 60 + (int)actor_random_below(&random, 100),
            rise = 100 + (int)actor_random_below(&random, 100);
        float low = 0.30f + (float)actor_random_below(&random, 35) / 100.0f;
        struct actor_key keys[] = {
            {at, 1.0f}, {at + fall, low}, {at + fall + shut, low}, {at + fall + shut + rise, 1.0f}};
        struct take take = {KEYS(keys), .open_ear = 0.18f + (float)actor_random_below(&random, 20) / 100.0f,
                            .noise = 0.007f};
        for (int r = 0; r < 2; r++)
            assert_int_equal(run_at(&take, all_rates[r]).clean, 1);
    }
}

/* ---- time ---- */

struct stage {
    struct stn_blink blink;
    int64_t now_us;
    uint64_t frame;
    int blinks, clean;
};

static void stage_init(struct stage *stage)
{
    memset(stage, 0, sizeof *stage);
    stn_blink_init(&stage->blink, stn_blink_table_mesh());
    stage->now_us = FIRST_US;
}

static void show(struct stage *stage, float open, int step_ms)
{
    struct stn_face face = actor_face(open, open, NULL);
    stage->now_us += (int64_t)step_ms * 1000;
    struct stn_blink_event event = stn_blink_step(&stage->blink, &face, stage->frame++, stage->now_us, true);
    stage->blinks += event.kind != STN_BLINK_NONE;
    stage->clean += event.kind == STN_BLINK_CLEAN;
}

static void show_for(struct stage *stage, float open, int frames)
{
    for (int i = 0; i < frames; i++)
        show(stage, open, 40);
}

static void test_baseline_needs_its_time(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    show_for(&stage, 1.0f, 20);
    assert_true(isnan(stn_blink_ratio(&stage.blink)));
    show_for(&stage, 1.0f, 2);
    assert_true(fabsf(stage.blink.baseline - ACTOR_EAR) < 1e-4f);
    show(&stage, 1.0f, 40);
    assert_true(fabsf(stn_blink_ratio(&stage.blink) - 1.0f) < 1e-4f);
}

static void test_gap_voids(void **state)
{
    (void)state;
    static const struct {
        int gap_ms, blinks;
    } gaps[] = {{280, 1}, {320, 0}};
    for (int i = 0; i < LENGTH(gaps); i++) {
        struct stage stage;
        stage_init(&stage);
        show_for(&stage, 1.0f, 40);
        show_for(&stage, 0.6f, 2);
        show(&stage, 0.6f, gaps[i].gap_ms);
        show_for(&stage, 1.0f, 10);
        assert_int_equal(stage.blinks, gaps[i].blinks);
        assert_true(isfinite(stage.blink.baseline)); /* it is the same person */
    }
}

static void test_falling_in_a_gap_is_no_blink(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    show_for(&stage, 1.0f, 40);
    show(&stage, 0.6f, 320);
    show_for(&stage, 0.6f, 2);
    show_for(&stage, 1.0f, 10);
    assert_int_equal(stage.blinks, 0);
}

static void test_same_time_twice_is_ignored(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    for (int i = 0; i < 100; i++) {
        float open = i >= 50 && i < 54 ? 0.6f : 1.0f;
        show(&stage, open, 40);
        show(&stage, 0.1f, 0);
    }
    assert_int_equal(stage.clean, 1);
}

static void test_clock_backwards_begins_anew(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    show_for(&stage, 1.0f, 40);
    show_for(&stage, 0.6f, 2);
    show(&stage, 0.6f, -1000);
    assert_true(isnan(stage.blink.baseline));
    show_for(&stage, 1.0f, 10);
    assert_int_equal(stage.blinks, 0);
    show_for(&stage, 1.0f, 30);
    show_for(&stage, 0.6f, 4);
    show_for(&stage, 1.0f, 10);
    assert_int_equal(stage.clean, 1); /* and goes on at the earlier time */
}

static void test_break_voids(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        struct stage stage;
        stage_init(&stage);
        show_for(&stage, 1.0f, 40);
        show_for(&stage, 0.6f, 2);
        stn_blink_break(&stage.blink, keep != 0);
        assert_true(isnan(stn_blink_ratio(&stage.blink)));
        assert_int_equal(isfinite(stage.blink.baseline) != 0, keep);
        show_for(&stage, 0.6f, 2);
        show_for(&stage, 1.0f, 30);
        assert_int_equal(stage.blinks, 0);
        show_for(&stage, 0.6f, 4);
        show_for(&stage, 1.0f, 10);
        assert_int_equal(stage.clean, 1);
    }
}

static void test_low_lids_are_timed_and_end_in_a_new_baseline(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    show_for(&stage, 1.0f, 40);
    assert_int_equal(stn_blink_down_us(&stage.blink), 0);
    show_for(&stage, 0.7f, 60);
    assert_true(stn_blink_down_us(&stage.blink) >= 2000 * 1000);
    assert_true(fabsf(stage.blink.baseline - ACTOR_EAR) < 0.002f); /* frozen */
    show_for(&stage, 0.7f, 200);
    assert_int_equal(stn_blink_down_us(&stage.blink), 0);
    assert_true(fabsf(stage.blink.baseline - 0.7f * ACTOR_EAR) < 0.002f);
    assert_int_equal(stage.blinks, 0);
}

/* Lids that droop after a long closure do not become the open eye, or their twitches would be blinks. */
static void test_drooping_lids_do_not_thaw_the_baseline(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    show_for(&stage, 1.0f, 125);
    show_for(&stage, 0.6f, 25);
    show_for(&stage, 0.83f, 125);
    assert_true(fabsf(stage.blink.baseline - ACTOR_EAR) < 0.002f);
    show_for(&stage, 1.0f, 10);
    show_for(&stage, 0.83f, 125);
    assert_true(stage.blink.baseline < 0.9f * ACTOR_EAR); /* thawed: a squint is followed */
}

static void test_baseline_follows_slowly(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    show_for(&stage, 1.0f, 125);
    show_for(&stage, 0.85f, 150); /* 6 s */
    assert_true(fabsf(stage.blink.baseline - 0.85f * ACTOR_EAR) < 0.005f);
    float before = stage.blink.baseline;
    show_for(&stage, 1.6f, 25); /* 1 s: at most a quarter */
    assert_true(stage.blink.baseline <= before * 1.26f);
}

static void test_narrow_eyes_are_told(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    assert_false(stn_blink_too_narrow(&stage.blink));
    show_for(&stage, 0.45f, 40); /* 0.135 */
    assert_true(stn_blink_too_narrow(&stage.blink));
}

/* More samples than the ring holds, at 250 frames a second: no blink may be found where there is none. */
static void test_high_rate(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage);
    for (int i = 0; i < 2000; i++)
        show(&stage, 1.0f, 4);
    assert_int_equal(stage.blinks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_prints_never_blink_cleanly),
        cmocka_unit_test(test_event_tells_when),
        cmocka_unit_test(test_independent_of_rate),
        cmocka_unit_test(test_baseline_needs_its_time),
        cmocka_unit_test(test_gap_voids),
        cmocka_unit_test(test_falling_in_a_gap_is_no_blink),
        cmocka_unit_test(test_same_time_twice_is_ignored),
        cmocka_unit_test(test_clock_backwards_begins_anew),
        cmocka_unit_test(test_break_voids),
        cmocka_unit_test(test_low_lids_are_timed_and_end_in_a_new_baseline),
        cmocka_unit_test(test_drooping_lids_do_not_thaw_the_baseline),
        cmocka_unit_test(test_baseline_follows_slowly),
        cmocka_unit_test(test_narrow_eyes_are_told),
        cmocka_unit_test(test_high_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
