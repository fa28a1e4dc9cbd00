/*
 * Blinks of one track, from eye aspect ratios relative to the person's own open eye (liveness: see the method and its
 * evidence in blink.c). Pure, independent of the frame rate: every length is in microseconds of capture time.
 *
 * `blink`        a closing and reopening of 50–500 ms: what `analyse` reports.
 * `clean blink`  a blink during which both eyes closed and the face did not move or bend (rigidity gates): the only kind
 *                that counts as evidence of life, because bending and tilting a print makes plain blinks.
 */
#ifndef STN_BLINK_H
#define STN_BLINK_H

#include "frame/observation.h"
#include <stdbool.h>
#include <stdint.h>

enum { STN_BLINK_HISTORY = 160 }; /* samples of open-eye history: 4 s at 40 frames a second */

enum stn_blink_kind { STN_BLINK_NONE, STN_BLINK_PLAIN, STN_BLINK_CLEAN };

struct stn_blink_table; /* thresholds, one set per landmark model: blink_table.c */
const struct stn_blink_table *stn_blink_table_mesh(void);
const struct stn_blink_table *stn_blink_table_dlib68(void);

struct stn_blink_event {
    enum stn_blink_kind kind;
    int64_t start_us, end_us;   /* capture times of the first closing and the first open sample */
    uint64_t first_frame, last_frame;
    float depth;                /* 1 - lowest EAR ratio */
};

struct stn_blink_sample {
    int64_t at_us;
    float ear;                  /* combined */
    float ratio[2];             /* per eye, over its own baseline */
    uint64_t frame;
    struct stn_point eye_outer[2], nose_bridge, nose_tip;
};

struct stn_blink { /* plain values; zeroed by stn_blink_init */
    const struct stn_blink_table *table;
    struct stn_blink_sample history[STN_BLINK_HISTORY]; /* ring of recent samples */
    int head, count;
    float baseline;             /* NaN until 0.8 s of open samples were seen */
    float baseline_eye[2];
    int phase;                  /* private to blink.c */
    int64_t closing_since_us;
    float lowest;
    int64_t reopened_since_us;
    int64_t down_since_us;      /* since when the lids are low without a blink (looking down); -1 */
};

void stn_blink_init(struct stn_blink *blink, const struct stn_blink_table *table);
/* One sample. `evidence` false: the frame may move the baseline but no blink may count (turned away, blurred). */
struct stn_blink_event stn_blink_step(struct stn_blink *blink, const struct stn_face *face, uint64_t frame,
                                      int64_t now_us, bool evidence);
/* All evidence is void (track broken, frame gap); the baseline is kept only when keep_baseline. */
void stn_blink_break(struct stn_blink *blink, bool keep_baseline);
/* EAR over baseline of the last sample, NaN before the baseline. */
float stn_blink_ratio(const struct stn_blink *blink);

#endif
