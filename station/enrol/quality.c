#include "enrol/quality.h"

#include <math.h>
#include <stdio.h>

/*
 * Each value with what was measured (our detector and mesh; the distance is that of the embedding to another picture of the
 * same person: median 0.24 for 20 studio portraits, and in brackets what one change does to it).
 *
 * eye span   portraits scaled until 62, 47, 39, 31 px are left: 0.243, 0.247, 0.248, 0.272. The detector wants a face of 80
 *            px, which is about 45.
 * yaw        of 1,108 press photos 5 % are beyond 25 and 1.5 % beyond 30; pairs with one from 25 to 30: 0.459, from 0 to
 *            20: 0.42.
 * pitch      a level head measures 0 to -10; pairs with one from 20 to 25: 0.490. Heads bent over a phone: -27.
 * luma       portraits darkened to 36…81: 0.253, to 18…41: 0.284. Dark skin in good studio light is 62 to 92, and must pass
 *            in worse light.
 * clipped    overexposed so that up to 0.56 of the face is white: 0.266 (worst 0.394), up to 0.8: 0.321 (0.491).
 * sharpness  Gaussian blur of sigma 2, 3, 4, 5: 14…56, 7…29, 5…18, 4…13 and 0.267, 0.319, 0.369, 0.400. Press photos of
 *            250 px: 1 % are below 12.7. Webcam video: 17 to 45. Portraits: 144 and more.
 */
const struct stn_quality_rules stn_quality_rules_default = {
    .presence_min = 0.5f,
    .outside_max = 0.2f,
    .eye_span_min_px = 40,
    .yaw_max_deg = 30,
    .pitch_max_deg = 25,
    .roll_max_deg = 30,
    .luma_min = 30,
    .luma_max = 220,
    .clipped_max = 0.25f,
    .sharpness_min = 12,
    .eye_span_good_px = 90,
    .luma_good = 60,
    .sharpness_good = 100,
};

static const char *const names[STN_GATES] = {
    [STN_GATE_PASSED] = "passed",         [STN_GATE_UNREADABLE] = "unreadable",
    [STN_GATE_NO_FACE] = "no_face",       [STN_GATE_SEVERAL_FACES] = "several_faces",
    [STN_GATE_CUT_OFF] = "cut_off",       [STN_GATE_TOO_SMALL] = "too_small",
    [STN_GATE_TURNED] = "turned",         [STN_GATE_RAISED] = "raised",
    [STN_GATE_TILTED] = "tilted",         [STN_GATE_TOO_DARK] = "too_dark",
    [STN_GATE_TOO_BRIGHT] = "too_bright", [STN_GATE_OVEREXPOSED] = "overexposed",
    [STN_GATE_BLURRED] = "blurred",
};

const char *stn_gate_name(enum stn_gate gate)
{
    return gate >= 0 && gate < STN_GATES ? names[gate] : "?";
}

static float outside_share(const struct stn_box *box, int width, int height)
{
    if (!isfinite(box->x + box->y + box->width + box->height)) /* fminf and fmaxf would pass over it */
        return NAN;
    float inside_x = fminf(box->x + box->width, (float)width) - fmaxf(box->x, 0);
    float inside_y = fminf(box->y + box->height, (float)height) - fmaxf(box->y, 0);
    return 1 - fmaxf(inside_x, 0) * fmaxf(inside_y, 0) / (box->width * box->height);
}

/* Comparisons are written so that NaN fails. */
static enum stn_gate gate_of(const struct stn_face *face, int face_count, int width, int height,
                             const struct stn_quality_rules *rules)
{
    if (face_count == 0 || face == NULL || !(face->presence >= rules->presence_min))
        return STN_GATE_NO_FACE;
    if (face_count > 1)
        return STN_GATE_SEVERAL_FACES;
    if (!(outside_share(&face->box, width, height) <= rules->outside_max))
        return STN_GATE_CUT_OFF;
    if (!(face->eye_span_px >= rules->eye_span_min_px))
        return STN_GATE_TOO_SMALL;
    if (!(fabsf(face->yaw_deg) <= rules->yaw_max_deg))
        return STN_GATE_TURNED;
    if (!(fabsf(face->pitch_deg) <= rules->pitch_max_deg))
        return STN_GATE_RAISED;
    if (!(fabsf(face->roll_deg) <= rules->roll_max_deg))
        return STN_GATE_TILTED;
    if (!(face->luma >= rules->luma_min))
        return STN_GATE_TOO_DARK;
    if (!(face->luma <= rules->luma_max))
        return STN_GATE_TOO_BRIGHT;
    if (!(face->luma_clipped <= rules->clipped_max))
        return STN_GATE_OVEREXPOSED;
    if (!(face->sharpness >= rules->sharpness_min))
        return STN_GATE_BLURRED;
    return STN_GATE_PASSED;
}

static void explain(enum stn_gate gate, const struct stn_face *face, int face_count, const char *who,
                    const struct stn_quality_rules *rules, char *text, size_t size)
{
    switch (gate) {
    case STN_GATE_NO_FACE:
        snprintf(text, size, "no face was found: take a picture of %s from the front, near and in good light",
                 who);
        break;
    case STN_GATE_SEVERAL_FACES:
        snprintf(text, size, "%d faces in the picture: crop it so that only %s is seen", face_count, who);
        break;
    case STN_GATE_CUT_OFF:
        snprintf(text, size, "the face is cut off by the edge: take it with some room around the head");
        break;
    case STN_GATE_TOO_SMALL:
        snprintf(text, size,
                 "the face is too small, %.0f pixels from eye to eye of at least %.0f: go nearer, or use a "
                 "larger picture",
                 (double)face->eye_span_px, (double)rules->eye_span_min_px);
        break;
    case STN_GATE_TURNED:
        snprintf(text, size, "the head is turned to the side: look straight into the camera");
        break;
    case STN_GATE_RAISED:
        snprintf(text, size, "the head looks %s: hold the camera at the height of the eyes",
                 face->pitch_deg > 0 ? "up" : "down");
        break;
    case STN_GATE_TILTED:
        snprintf(text, size, "the head leans to the side: hold it, and the camera, upright");
        break;
    case STN_GATE_TOO_DARK:
        snprintf(text, size, "the face is too dark: put the light in front, not behind");
        break;
    case STN_GATE_TOO_BRIGHT:
        snprintf(text, size, "the face is too bright: less light on it, or a shorter exposure");
        break;
    case STN_GATE_OVEREXPOSED:
        snprintf(text, size, "parts of the face are white: no flash and no direct sun on it");
        break;
    case STN_GATE_BLURRED:
        snprintf(text, size, "the face is blurred: hold still, clean the lens, let the camera focus");
        break;
    case STN_GATE_PASSED:
    case STN_GATE_UNREADABLE:
    case STN_GATES:
        break;
    }
}

/* 0 at min, 1 at good. */
static float rise(float value, float min, float good)
{
    return fminf(1, fmaxf(0, (value - min) / (good - min)));
}

/* The product of what makes a template better, each between a half (just passed) and one. */
static float score_of(const struct stn_face *face, const struct stn_quality_rules *rules)
{
    float size = rise(face->eye_span_px, rules->eye_span_min_px, rules->eye_span_good_px);
    float sharp = rise(face->sharpness, rules->sharpness_min, rules->sharpness_good);
    float front =
        1 - fmaxf(fabsf(face->yaw_deg) / rules->yaw_max_deg, fabsf(face->pitch_deg) / rules->pitch_max_deg);
    float light = rise(face->luma, rules->luma_min, rules->luma_good);
    return (1 + size) / 2 * (1 + sharp) / 2 * (1 + front) / 2 * (1 + light) / 2;
}

struct stn_quality stn_quality_judge(const struct stn_face *face, int face_count, int width, int height,
                                     const char *who, const struct stn_quality_rules *rules)
{
    struct stn_quality quality = {.gate = gate_of(face, face_count, width, height, rules)};
    if (quality.gate == STN_GATE_PASSED)
        quality.score = score_of(face, rules);
    else
        explain(quality.gate, face, face_count, who, rules, quality.text, sizeof quality.text);
    return quality;
}
