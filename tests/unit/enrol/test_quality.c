#include "unit.h"

#include "enrol/portrait.h"
#include "enrol/quality.h"
#include <math.h>
#include <string.h>

static const struct stn_face good = {.box = {200, 150, 240, 280},
                                     .presence = 0.99f,
                                     .eye_span_px = 140,
                                     .yaw_deg = 2,
                                     .pitch_deg = -4,
                                     .roll_deg = 1,
                                     .sharpness = 210,
                                     .luma = 130,
                                     .luma_clipped = 0.001f};

static const struct stn_quality_rules *const rules = &stn_quality_rules_default;

static struct stn_quality judge(const struct stn_face *face, int face_count)
{
    return stn_quality_judge(face, face_count, 640, 640, "Asha", rules);
}

static void a_good_picture_passes(void **state)
{
    (void)state;
    struct stn_quality quality = judge(&good, 1);
    assert_int_equal(quality.gate, STN_GATE_PASSED);
    assert_string_equal(quality.text, "");
    assert_true(quality.score > 0.9f && quality.score <= 1);
}

static void no_face_and_too_many(void **state)
{
    (void)state;
    struct stn_quality quality = judge(NULL, 0);
    assert_int_equal(quality.gate, STN_GATE_NO_FACE);
    assert_string_equal(quality.text,
                        "no face was found: take a picture of Asha from the front, near and in good light");
    quality = judge(&good, 2);
    assert_int_equal(quality.gate, STN_GATE_SEVERAL_FACES);
    assert_string_equal(quality.text, "2 faces in the picture: crop it so that only Asha is seen");
    assert_float_equal(quality.score, 0, 0);
}

/* One value of a good face at a time: at its limit it passes, a little beyond it does not, and NaN does not. */
static void each_gate_at_its_limit(void **state)
{
    (void)state;
    struct stn_face face = good;
    const struct {
        float *value;
        float limit, step; /* step leads out */
        enum stn_gate gate;
    } cases[] = {
        {&face.presence, rules->presence_min, -0.01f, STN_GATE_NO_FACE},
        {&face.eye_span_px, rules->eye_span_min_px, -0.1f, STN_GATE_TOO_SMALL},
        {&face.yaw_deg, rules->yaw_max_deg, 0.1f, STN_GATE_TURNED},
        {&face.yaw_deg, -rules->yaw_max_deg, -0.1f, STN_GATE_TURNED},
        {&face.pitch_deg, rules->pitch_max_deg, 0.1f, STN_GATE_RAISED},
        {&face.pitch_deg, -rules->pitch_max_deg, -0.1f, STN_GATE_RAISED},
        {&face.roll_deg, rules->roll_max_deg, 0.1f, STN_GATE_TILTED},
        {&face.roll_deg, -rules->roll_max_deg, -0.1f, STN_GATE_TILTED},
        {&face.luma, rules->luma_min, -0.1f, STN_GATE_TOO_DARK},
        {&face.luma, rules->luma_max, 0.1f, STN_GATE_TOO_BRIGHT},
        {&face.luma_clipped, rules->clipped_max, 0.01f, STN_GATE_OVEREXPOSED},
        {&face.sharpness, rules->sharpness_min, -0.1f, STN_GATE_BLURRED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        face = good;
        *cases[i].value = cases[i].limit;
        struct stn_quality quality = judge(&face, 1);
        assert_int_equal(quality.gate, STN_GATE_PASSED);
        assert_true(quality.score > 0 && quality.score < 1);
        *cases[i].value = cases[i].limit + cases[i].step;
        quality = judge(&face, 1);
        assert_int_equal(quality.gate, cases[i].gate);
        assert_true(strlen(quality.text) > 20);
        assert_float_equal(quality.score, 0, 0);
        *cases[i].value = NAN;
        assert_int_not_equal(judge(&face, 1).gate, STN_GATE_PASSED);
    }
}

static void a_face_at_the_edge(void **state)
{
    (void)state;
    static const struct {
        struct stn_box box;
        enum stn_gate gate;
    } cases[] = {
        {{-20, 100, 200, 240}, STN_GATE_PASSED},  /* a tenth is outside */
        {{-60, 100, 200, 240}, STN_GATE_CUT_OFF}, /* three tenths */
        {{100, 560, 200, 240}, STN_GATE_CUT_OFF}, {{700, 100, 200, 240}, STN_GATE_CUT_OFF}, /* all of it */
        {{100, 100, 0, 0}, STN_GATE_CUT_OFF}, /* no box at all */
        {{NAN, 100, 200, 240}, STN_GATE_CUT_OFF},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_face face = good;
        face.box = cases[i].box;
        assert_int_equal(judge(&face, 1).gate, cases[i].gate);
    }
}

static void the_score_prefers_the_better_picture(void **state)
{
    (void)state;
    struct stn_face smaller = good, turned = good, soft = good, dark = good;
    smaller.eye_span_px = 50;
    turned.yaw_deg = 20;
    soft.sharpness = 20;
    dark.luma = 40;
    float best = judge(&good, 1).score;
    assert_true(judge(&smaller, 1).score < best);
    assert_true(judge(&turned, 1).score < best);
    assert_true(judge(&soft, 1).score < best);
    assert_true(judge(&dark, 1).score < best);
}

static void up_and_down_are_told_apart(void **state)
{
    (void)state;
    struct stn_face face = good;
    face.pitch_deg = 40;
    assert_non_null(strstr(judge(&face, 1).text, "looks up"));
    face.pitch_deg = -40;
    assert_non_null(strstr(judge(&face, 1).text, "looks down"));
}

static void names_of_gates(void **state)
{
    (void)state;
    for (int gate = 0; gate < STN_GATES; gate++) {
        assert_non_null(stn_gate_name(gate));
        for (int other = 0; other < gate; other++)
            assert_string_not_equal(stn_gate_name(gate), stn_gate_name(other));
    }
    assert_string_equal(stn_gate_name(STN_GATE_TOO_SMALL), "too_small");
    assert_string_equal(stn_gate_name(STN_GATES), "?");
}

static void pictures_of_videos(void **state)
{
    (void)state;
    static const struct {
        const char *source, *path; /* NULL: an image */
        double at_s;
    } cases[] = {
        {"clip.mp4@12", "clip.mp4", 12},
        {"clip.mp4@12.25", "clip.mp4", 12.25},
        {"a@b/clip.mp4@0", "a@b/clip.mp4", 0},
        {"clip.mp4@0.5", "clip.mp4", 0.5},
        {"clip.mp4@7.", "clip.mp4", 7},
        {"clip.mp4", NULL, 0},
        {"face@2x.jpg", NULL, 0},
        {"clip.mp4@", NULL, 0},
        {"clip.mp4@-1", NULL, 0},
        {"clip.mp4@1,5", NULL, 0},
        {"clip.mp4@nan", NULL, 0},
        {"clip.mp4@1e9", NULL, 0},
        {"clip.mp4@12345678", NULL, 0},
        {"@5", NULL, 0},
        {"", NULL, 0},
        {"a/path/that/has/no/room.mp4@5", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[16] = "untouched";
        double at_s = -1;
        bool is_video = stn_portrait_is_video(cases[i].source, path, sizeof path, &at_s);
        assert_int_equal(is_video, cases[i].path != NULL);
        assert_string_equal(path, is_video ? cases[i].path : "untouched");
        assert_float_equal(at_s, is_video ? cases[i].at_s : -1, 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_picture_passes),
        cmocka_unit_test(no_face_and_too_many),
        cmocka_unit_test(each_gate_at_its_limit),
        cmocka_unit_test(a_face_at_the_edge),
        cmocka_unit_test(the_score_prefers_the_better_picture),
        cmocka_unit_test(up_and_down_are_told_apart),
        cmocka_unit_test(names_of_gates),
        cmocka_unit_test(pictures_of_videos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
