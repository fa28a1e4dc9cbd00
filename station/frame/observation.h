/*
 * What vision says about one frame: plain values, no pixels, no library types. Everything that decides (tracks,
 * liveness, recognition) reads these and nothing else, so that a recording, a camera and a simulation are alike.
 *
 * Units: pixels of the frame (origin top left, y down), degrees, microseconds. "image left" is the left edge of
 * the picture as stored; the person's own left eye is therefore on the image right.
 * A value that could not be measured is NaN: every comparison with it is false, so decisions must be written
 * such that a false comparison means "no evidence".
 */
#ifndef STN_OBSERVATION_H
#define STN_OBSERVATION_H

#include <stdint.h>

enum {
    STN_FACES_MAX = 8,       /* more faces in view are ignored, largest first */
    STN_CODE_TEXT_SIZE = 80, /* with the NUL */
};

struct stn_point {
    float x, y;
};

struct stn_box {
    float x, y, width, height;
};

/* Index of the five alignment points, in the order of dlib's 5-point model. */
enum stn_align_point {
    STN_ALIGN_LEFT_EYE_OUTER, /* the person's left: image right */
    STN_ALIGN_LEFT_EYE_INNER,
    STN_ALIGN_RIGHT_EYE_OUTER,
    STN_ALIGN_RIGHT_EYE_INNER,
    STN_ALIGN_NOSE_BASE,
    STN_ALIGN_POINTS,
};

enum stn_side { STN_RIGHT_EYE = 0, STN_LEFT_EYE = 1 }; /* the person's; the right eye is on the image left */

struct stn_face {
    uint32_t track_id;  /* one unbroken track; a jump, a loss or a merge starts a new id (tracker.h) */
    struct stn_box box; /* forehead to chin, ear to ear */
    float presence;     /* 0…1: the landmark model's own "this is a face" */
    struct stn_point align[STN_ALIGN_POINTS];
    struct stn_point eye_outer[2]; /* by enum stn_side */
    struct stn_point nose_bridge, nose_tip;
    float eye_span_px;  /* distance of the outer eye corners */
    float ear[2];       /* eye aspect ratio by enum stn_side (Soukupova & Cech 2016) */
    float yaw_deg;      /* + : the nose points to the image right; NaN when the pose is not trusted */
    float pitch_deg;    /* + : the nose points up */
    float roll_deg;     /* + : the head leans to the image right */
    float sharpness;    /* variance of the Laplacian of the face scaled to 128 px: a focus measure */
    float luma;         /* mean grey of the face box, 0…255 */
    float luma_clipped; /* share of face pixels > 245, 0…1 */
};

/* Measured on a small grey copy of the whole picture; judged by liveness/camera_state.h. */
struct stn_scene {
    float luma_mean;    /* 0…255 */
    float luma_range;   /* 99th minus 1st percentile */
    float flat_share;   /* share of 8x8 blocks with a standard deviation < 4 */
    float bright_share; /* share of pixels > 245 */
    float change;       /* mean absolute difference to the previous frame; NaN on the first */
    float reblur;       /* Crete 2007, 0 sharp … 1 blurred; at 1 Hz, NaN in between */
    float laplacian;    /* variance of the Laplacian at 320 px width; at 1 Hz, NaN in between */
    uint64_t hash;      /* of the small grey picture: equal pictures have equal hashes */
};

struct stn_stage_times { /* microseconds spent on this frame; 0 = the stage did not run */
    int32_t scene_us, detect_us, landmarks_us, quality_us, total_us; /* total: of all but the next */
    int32_t card_us;
};

struct stn_observation {
    uint64_t frame_number;
    int64_t captured_mono_us;
    int64_t captured_wall_ms;
    int width, height;
    struct stn_scene scene;
    struct stn_stage_times times;
    int face_count;
    struct stn_face faces[STN_FACES_MAX]; /* largest first */
    /* Of a QR code in the picture, where one was looked for; printable ASCII; empty: none. Anybody's text: to be parsed, never
     * shown. A card is a secret: wiped after use. */
    char code[STN_CODE_TEXT_SIZE];
};

#endif
