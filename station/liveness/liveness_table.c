/*
 * The evidence: M measured on recordings, P published, S a starting value set by judgement.
 */
#include "liveness/liveness_table.h"
#include "liveness/blink_table.h"

/* One value a line, with its evidence beside it. */
/* clang-format off */
#define MS 1000
#define BOTH_MODELS                                                                                               \
    .presence_min = 0.5f,           /* S: the mesh tracks itself while its flag is > 0.5 */                       \
    .eye_span_max_share = 0.45f,    /* S: the face is then about 0.75 of the picture */                           \
    .luma_min = 40.0f,              /* S */                                                                       \
    .sharpness_min = 5.0f,           /* M: faces in focus measure 8 to 176, low where the camera is poor */          \
    .yaw_max_deg = 30.0f,           /* S: beyond, the far eye is hidden … */                                      \
    .pitch_max_deg = 35.0f,         /* S: … or the lids are seen from above or below */                           \
    .lids_low_us = 2000 * MS,       /* P: no blink lasts that long */                                             \
    .frame_rate_min = 9.5f,         /* M: 12 are enough; 10, less 5 % for a jittering camera */                   \
    .grace_us = 300 * MS,           /* S: a hand, a flicker of the landmarks */                                   \
    .gap_us = 300 * MS,             /* P: a whole blink fits into a longer gap */                                 \
    .stall_us = 1000 * MS,          /* S */                                                                       \
    .jump_widths = 0.5f,            /* S: 12 face widths a second at 24 frames */                                 \
    .usable_frames_min = 12,        /* S */                                                                       \
    .clear_share_min = 0.95f,       /* S */                                                                       \
    .no_face_us = 2000 * MS,        /* S */                                                                       \
    .face_us = 800 * MS,            /* S: as long as the eye baseline needs */                                    \
    .settled_us = 1500 * MS,        /* S */                                                                       \
    .settling_us = 10000 * MS,      /* S */                                                                       \
    .watching_us = 2500 * MS,       /* P: unasked, a third of a class does not blink within 3 to 5 s */           \
    .challenge_us = 10000 * MS,     /* P: even unasked 74 to 97 % blink within 10 s */                            \
    .attempt_us = 20000 * MS,       /* S */                                                                       \
    .token_us = 3000 * MS,          /* S */                                                                       \
    .evidence_us = 1500 * MS,       /* 1 s to the later embedding, and the time that it takes to compute */       \
    .veto_us = 500 * MS,            /* S: one frame's error of a cue accuses nobody */                            \
    .hold_still_us = 2000 * MS      /* S: long enough to be read */

static const struct stn_live_table mesh = {
    .blink = &stn_blink_table_mesh_values,
    .eye_span_min_px = 40.0f,       /* M: noise 1.6 % of the open eye at 42 px: d = 0.28 is 17 sigma */
    BOTH_MODELS,
};

static const struct stn_live_table dlib68 = {
    .blink = &stn_blink_table_dlib68_values,
    .presence_may_be_unknown = true,
    .eye_span_min_px = 60.0f,       /* M: noise 2.4 % at 78 px grows as 1/size: 3.1 % here, d = 0.30 is 9 sigma */
    BOTH_MODELS,
};
/* clang-format on */

const struct stn_live_table *stn_live_table_default(void)
{
    return &mesh;
}

const struct stn_live_table *stn_live_table_dlib68(void)
{
    return &dlib68;
}
