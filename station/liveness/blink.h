/*
 * Blinks of one track, from eye aspect ratios relative to the person's own open eye (liveness: see the method
 * and its evidence in blink.c). Pure, independent of the frame rate: every length is in microseconds of
 * capture time.
 *
 * `blink`        a closing and reopening of 50–500 ms: what `analyse` reports.
 * `clean blink`  a blink during which both eyes closed and the face did not move or bend (rigidity gates):
 * the only kind that counts as evidence of life, because bending and tilting a print makes plain blinks.
 */
#ifndef STN_BLINK_H
#define STN_BLINK_H

#include "frame/observation.h"
#include <stdbool.h>
#include <stdint.h>

enum { STN_BLINK_HISTORY = 160 }; /* samples of open-eye history: 4 s at 40 frames a second */

enum stn_blink_kind { STN_BLINK_NONE, STN_BLINK_PLAIN, STN_BLINK_CLEAN };

struct stn_blink_table; /* thresholds, one set per landmark model: blink_table.h */
const struct stn_blink_table *stn_blink_table_mesh(void);
const struct stn_blink_table *stn_blink_table_dlib68(void);

struct stn_blink_event {
    enum stn_blink_kind kind;
    int64_t start_us, end_us; /* capture times of the first closing and the first open sample */
    uint64_t first_frame, last_frame;
    float depth; /* 1 - lowest EAR ratio */
};

struct stn_blink_sample {
    int64_t at_us;
    uint64_t frame;
    float ear[2];   /* per eye, as measured */
    float ratio[2]; /* per eye, over its own baseline; NaN before the baseline */
    float q;        /* combined ratio of the eyes that count at this yaw */
    bool open;      /* may move the baseline */
    bool evidence;  /* the caller vouched for the frame */
    bool near_only; /* turned: the farther eye does not count */
    struct stn_point eye_outer[2], nose_bridge, nose_tip;
};

struct stn_blink { /* plain values; filled by stn_blink_init */
    const struct stn_blink_table *table;
    struct stn_blink_sample history[STN_BLINK_HISTORY]; /* ring of recent samples */
    int head, count;                                    /* head: where the next one goes */
    float baseline;                                     /* mean of both eyes; NaN until 0.8 s were seen */
    float baseline_eye[2];
    float ratio;      /* of the last sample; NaN: not measurable */
    int phase;        /* private to blink.c */
    int64_t last_us;  /* of the last call; -1: none */
    int64_t since_us; /* samples at or before this time are no evidence any more */
    int64_t closing_since_us;
    uint64_t closing_frame;
    float peak, lowest;   /* of the closing under way: the ratio that it fell from, and the lowest since */
    bool from_low;        /* it fell from lids that were low already: it cannot be clean */
    bool was_long;        /* it began within a long closure */
    bool blemished;       /* a sample of it could not be measured: it cannot be clean */
    int64_t half_open_us; /* when the lids had come up again, though not by half; -1: not yet */
    uint64_t half_open_frame;
    int64_t reopened_since_us;
    int64_t down_since_us; /* since when the lids are low (looking down, tired); -1: they are not */
};

void stn_blink_init(struct stn_blink *blink, const struct stn_blink_table *table);
/* One sample. face NULL: the face was not seen in this frame. `evidence` false: the frame is measured, but a
 * blink over it is no clean one (blurred, too far). Beyond 30 degrees of yaw nothing is measured. A time that
 * does not advance is ignored; one that goes back, or a gap > 300 ms, voids what was seen. */
struct stn_blink_event stn_blink_step(struct stn_blink *blink, const struct stn_face *face, uint64_t frame,
                                      int64_t now_us, bool evidence);
/* All evidence is void (track broken, frame gap); the baseline is kept only when keep_baseline. */
void stn_blink_break(struct stn_blink *blink, bool keep_baseline);
/* EAR over baseline of the last sample, NaN before the baseline. */
float stn_blink_ratio(const struct stn_blink *blink);
/* For how long the lids have been low without a blink, at the last sample; 0: they are not. */
int64_t stn_blink_down_us(const struct stn_blink *blink);
/* The open eye is too narrow to see a lid move (glare, squint, far). False before the baseline. */
bool stn_blink_too_narrow(const struct stn_blink *blink);

#endif
