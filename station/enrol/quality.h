/*
 * Is a picture good enough to enrol from? Gates, in the order in which a person would mend them: exactly one face, whole
 * in the picture, large enough, facing the camera, well lit, sharp. The first that fails gives a sentence that says what
 * to do better. Pure.
 *
 * A template is made once and matched for years, so the gates ask for more than marking does. They are no proof that the
 * picture shows a living person: who enrols looks at whom he enrols.
 */
#ifndef STN_QUALITY_H
#define STN_QUALITY_H

#include "frame/observation.h"
#include <stddef.h>

enum stn_gate {
    STN_GATE_PASSED,
    STN_GATE_UNREADABLE, /* no picture to judge: said by those who read it */
    STN_GATE_NO_FACE,
    STN_GATE_SEVERAL_FACES,
    STN_GATE_CUT_OFF, /* part of the face is outside of the picture */
    STN_GATE_TOO_SMALL,
    STN_GATE_TURNED, /* to a side */
    STN_GATE_RAISED, /* looks up or down */
    STN_GATE_TILTED,
    STN_GATE_TOO_DARK,
    STN_GATE_TOO_BRIGHT,
    STN_GATE_OVEREXPOSED, /* parts of the face are white */
    STN_GATE_BLURRED,
    STN_GATES,
};

struct
    stn_quality_rules { /* a picture passes with values from min to max, both included; evidence in quality.c */
    float presence_min;
    float outside_max; /* share of the face's box outside of the picture */
    float eye_span_min_px;
    float yaw_max_deg, pitch_max_deg, roll_max_deg; /* to either side */
    float luma_min, luma_max;
    float clipped_max;
    float sharpness_min;
    /* from here on the score gains nothing more */
    float eye_span_good_px, luma_good, sharpness_good;
};
extern const struct stn_quality_rules stn_quality_rules_default;

enum { STN_QUALITY_TEXT_SIZE = 200 };

struct stn_quality {
    enum stn_gate gate;
    float score;                      /* 0…1, 0 when a gate failed */
    char text[STN_QUALITY_TEXT_SIZE]; /* what to do better; empty when passed */
};

/* `face` is the largest of face_count (NULL when there is none) in a picture of width x height. `who` is the student's
 * name or id, for the sentence. Values that are NaN fail their gate. */
struct stn_quality stn_quality_judge(const struct stn_face *face, int face_count, int width, int height,
                                     const char *who, const struct stn_quality_rules *rules);

const char *stn_gate_name(enum stn_gate gate); /* "too_small": for logs and JSON */

#endif
