/*
 * The evidence: M measured on recordings, P published, S a starting value set by judgement.
 */
#include "liveness/blink_table.h"
#include "liveness/blink.h"

/* One value a line, with its evidence beside it. */
/* clang-format off */
#define MS 1000
#define BOTH_MODELS                                                                                                \
    .open_before = 0.83f,        /* M: a lid falls in 80 to 150 ms; what comes down slower is looking down */      \
    .open_before_us = 250 * MS,                                                                                    \
    .reopened = 0.75f,           /* S */                                                                           \
    .shortest_us = 50 * MS,      /* P: blinks last 100 to 400 ms … */                                              \
    .longest_us = 500 * MS,      /* P: … and what is longer than 500 ms is closure */                              \
    .open_ratio = 0.80f,         /* S */                                                                           \
    .percentile = 0.60f,         /* M: the median sinks with squints */                                            \
    .window_us = 4000 * MS,      /* S */                                                                           \
    .start_us = 800 * MS,        /* S: longer than any blink */                                                    \
    .fall_per_s = 0.10f,         /* S: a slow squint is followed, a closure of seconds is not */                   \
    .rise_per_s = 0.25f,         /* S */                                                                           \
    .narrow = 0.15f,             /* M: open eyes measure 0.17 to 0.36 */                                           \
    .thaw_ratio = 0.86f,         /* M: without the freeze one closure of 5.4 s gave 4 blinks */                    \
    .thaw_us = 100 * MS,                                                                                           \
    .resettle_us = 8000 * MS,    /* S */                                                                           \
    .gap_us = 300 * MS,          /* P: a whole blink fits into a longer gap */                                     \
    .yaw_both_deg = 20.0f,       /* S: the far eye is foreshortened … */                                           \
    .yaw_max_deg = 30.0f,        /* S: … then hidden */                                                            \
    .both_closed_margin = 0.15f, /* S */                                                                           \
    .snap = 0.17f,               /* M: 57 real blinks 0.20 and more, a slow glance down 0.15 */                    \
    .snap_us = 100 * MS,         /* M: lids close in one to three frames of 24 a second */                         \
    .still_before_us = 400 * MS, /* M: without it 1 of 49 stills bent and waved by simulation had a clean blink */ \
    .bridge_move = 0.12f,        /* M: real blinks mostly 0.01 to 0.10 in that time, waved stills 0.36 and more */ \
    .tip_shift = 0.06f,          /* M: 0.01 to 0.06, and 0.03 to 0.4 */                                            \
    .span_change = 0.08f         /* M: 0.01 to 0.06, and 0.08 to 0.9 */

const struct stn_blink_table stn_blink_table_mesh_values = {
    .depth = 0.25f,      /* M: closed lids measure 0.50 to 0.75 of the open eye; noise is 0.7 to 1.7 % */
    .fall = 0.20f,       /* M: no blink from open eyes is lost up to here; lids that follow a turn fall by 0.15 */
    .low_fall = 0.12f,   /* M: 7 sigma */
    .low_before = 0.75f, /* M: lids half lowered measure 0.72 to 0.80 */
    BOTH_MODELS,
};

const struct stn_blink_table stn_blink_table_dlib68_values = {
    .depth = 0.30f,      /* M: noise 2.4 % of the open eye, and lids that follow a tilted print */
    .fall = 0.13f,
    .low_fall = 0.13f,
    .low_before = 0.83f, /* too noisy to see low lids blink */
    BOTH_MODELS,
};
/* clang-format on */

const struct stn_blink_table *stn_blink_table_mesh(void)
{
    return &stn_blink_table_mesh_values;
}

const struct stn_blink_table *stn_blink_table_dlib68(void)
{
    return &stn_blink_table_dlib68_values;
}
