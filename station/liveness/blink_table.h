/*
 * The thresholds of blink.c: data, one constant set per landmark model. What each value rests on is written
 * beside it in blink_table.c. Ratios q are eye aspect ratios over the person's own open eye; lengths across
 * the face are in distances between the outer eye corners.
 */
#ifndef STN_BLINK_TABLE_H
#define STN_BLINK_TABLE_H

#include <stdint.h>

struct stn_blink_table {
    float depth;            /* a closing starts when q < 1 - depth … */
    float fall;             /* … and q fell at least by this … */
    float open_before;      /* … from above this … */
    int64_t open_before_us; /* … not longer ago than this */
    float
        low_fall; /* lids that were low already (looking down) can blink too, but never cleanly: by this … */
    float low_before; /* … from above this */
    float reopened;   /* it ends when q is above this and half of the depth is regained */
    int64_t shortest_us, longest_us;

    float open_ratio;  /* samples with q at or above this move the baseline */
    float percentile;  /* the baseline is this percentile … */
    int64_t window_us; /* … of the open samples of this long */
    int64_t start_us;  /* it needs this long to exist */
    float fall_per_s, rise_per_s;
    float narrow; /* a baseline below this cannot show a blink */

    float thaw_ratio;    /* after a long closure the baseline stays frozen until q is above this … */
    int64_t thaw_us;     /* … for this long */
    int64_t resettle_us; /* lids low for this long: the baseline starts anew */
    int64_t gap_us;      /* a longer time between two samples voids what was seen */

    float yaw_both_deg; /* beyond: only the nearer eye counts */
    float yaw_max_deg;  /* beyond: nothing is measured */

    float snap;      /* a clean blink falls at least by this … */
    int64_t snap_us; /* … within this */

    /* rigidity gates of a clean blink, from before the closing to the first open sample */
    int64_t still_before_us;
    float both_closed_margin; /* the more open eye gets below 1 - depth + this */
    float bridge_move;
    float tip_shift;   /* of the nose tip against the eyes, along and across their line */
    float span_change; /* of the eye distance, relative */
};

extern const struct stn_blink_table stn_blink_table_mesh_values, stn_blink_table_dlib68_values;

#endif
