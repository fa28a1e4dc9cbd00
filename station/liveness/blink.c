/*
 * Blinks from relative eye aspect ratios.
 *
 * A fixed threshold on the eye aspect ratio fails, because the open eye measures 0.17 in one person and 0.36
 * in the next. So each eye is compared with its own baseline, the 60th percentile of its recent open samples:
 * q = EAR / baseline. A closing starts when q falls fast and below 1 - depth (of the eye as it was just before,
 * when that was opened wider than usual), and ends when half of the fall is regained. What stays closed longer than a blink is looking down or tiredness:
 * then the baseline is frozen until the eye is wide open again, or the drooping lid itself would become the
 * "open eye" and its twitches would be blinks. Low lids blink too (from low to shut and back), and a blink may lead
 * into looking down: both are told as plain blinks, never as evidence.
 *
 * Bending and tilting a print moves the landmarks of its eyelids too. A living face does not bend within a
 * blink of a quarter second, so a clean blink demands that nose and eyes stayed a rigid shape in one place
 * while both lids fell.
 *
 * Sources: Soukupova & Cech, CVWW 2016 (EAR); Al-gawwam & Benaissa 2018 (relative thresholds).
 */
#include "liveness/blink.h"
#include "liveness/blink_table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum phase { PHASE_OPEN, PHASE_CLOSING, PHASE_CLOSED_LONG };

enum { BASELINE_SAMPLES_MIN = 5 };

static const struct stn_blink_event no_event = {.kind = STN_BLINK_NONE};

/* The sample `age` steps back; 0 is the newest. */
static const struct stn_blink_sample *sample_back(const struct stn_blink *blink, int age)
{
    assert(age >= 0 && age < blink->count);
    return &blink->history[(blink->head - 1 - age + 2 * STN_BLINK_HISTORY) % STN_BLINK_HISTORY];
}

static struct stn_blink_sample *push(struct stn_blink *blink, const struct stn_blink_sample *sample)
{
    struct stn_blink_sample *slot = &blink->history[blink->head];
    *slot = *sample;
    blink->head = (blink->head + 1) % STN_BLINK_HISTORY;
    if (blink->count < STN_BLINK_HISTORY)
        blink->count++;
    return slot;
}

static void forget_baseline(struct stn_blink *blink)
{
    blink->head = blink->count = 0;
    blink->baseline = blink->baseline_eye[0] = blink->baseline_eye[1] = NAN;
    blink->ratio = NAN;
    blink->down_since_us = -1;
    blink->phase = PHASE_OPEN;
}

void stn_blink_init(struct stn_blink *blink, const struct stn_blink_table *table)
{
    assert(table != NULL);
    memset(blink, 0, sizeof *blink);
    blink->table = table;
    blink->last_us = blink->since_us = -1;
    blink->reopened_since_us = -1;
    forget_baseline(blink);
}

void stn_blink_break(struct stn_blink *blink, bool keep_baseline)
{
    blink->since_us = blink->last_us;
    blink->ratio = NAN;
    if (blink->phase == PHASE_CLOSING)
        blink->phase = PHASE_OPEN;
    blink->reopened_since_us = -1;
    if (!keep_baseline)
        forget_baseline(blink);
}

float stn_blink_ratio(const struct stn_blink *blink)
{
    return blink->ratio;
}

int64_t stn_blink_down_us(const struct stn_blink *blink)
{
    return blink->down_since_us < 0 ? 0 : blink->last_us - blink->down_since_us;
}

bool stn_blink_too_narrow(const struct stn_blink *blink)
{
    return blink->baseline < blink->table->narrow;
}

/* ---- baseline ---- */

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The percentile of one eye's open samples in the window, NaN when there are too few. */
static float open_percentile(const struct stn_blink *blink, int eye, int64_t now_us)
{
    float values[STN_BLINK_HISTORY];
    int n = 0;
    for (int age = 0; age < blink->count; age++) {
        const struct stn_blink_sample *s = sample_back(blink, age);
        if (now_us - s->at_us > blink->table->window_us)
            break;
        if (s->open)
            values[n++] = s->ear[eye];
    }
    if (n < BASELINE_SAMPLES_MIN)
        return NAN;
    qsort(values, (size_t)n, sizeof values[0], compare_floats);
    return values[(int)(blink->table->percentile * (float)(n - 1))];
}

static float limited(float from, float to, float fall, float rise)
{
    return fminf(fmaxf(to, from * (1.0f - fall)), from * (1.0f + rise));
}

static void move_baseline(struct stn_blink *blink, int64_t now_us, int64_t step_us)
{
    const struct stn_blink_table *t = blink->table;
    bool started = isfinite(blink->baseline);
    if (!started && (blink->count == 0 || now_us - sample_back(blink, blink->count - 1)->at_us < t->start_us))
        return;
    float seconds = (float)step_us / 1e6f;
    for (int eye = 0; eye < 2; eye++) {
        float target = open_percentile(blink, eye, now_us);
        float *b = &blink->baseline_eye[eye];
        if (!isfinite(target))
            continue;
        *b = started ? limited(*b, target, t->fall_per_s * seconds, t->rise_per_s * seconds) : target;
    }
    blink->baseline = (blink->baseline_eye[0] + blink->baseline_eye[1]) / 2.0f;
}

/* ---- one sample ---- */

static bool ear_plausible(float ear)
{
    return ear >= 0.0f && ear < 2.0f; /* false for NaN */
}

/* False: this face shows no eyes that can be compared. */
static bool measure(const struct stn_blink *blink, const struct stn_face *face, struct stn_blink_sample *ret)
{
    const struct stn_blink_table *t = blink->table;
    if (face == NULL || fabsf(face->yaw_deg) > t->yaw_max_deg)
        return false;
    if (!ear_plausible(face->ear[0]) || !ear_plausible(face->ear[1]))
        return false;
    ret->near_only = fabsf(face->yaw_deg) > t->yaw_both_deg;
    for (int eye = 0; eye < 2; eye++) {
        ret->ear[eye] = face->ear[eye];
        ret->ratio[eye] = face->ear[eye] / blink->baseline_eye[eye];
        ret->eye_outer[eye] = face->eye_outer[eye];
    }
    /* Nose to the image right: the eye on the image left, the person's right one, is the nearer. */
    int near_eye = face->yaw_deg > 0 ? STN_RIGHT_EYE : STN_LEFT_EYE;
    ret->q = ret->near_only ? ret->ratio[near_eye] : (ret->ratio[0] + ret->ratio[1]) / 2.0f;
    ret->nose_bridge = face->nose_bridge;
    ret->nose_tip = face->nose_tip;
    return true;
}

/* ---- rigidity gates ---- */

struct shape { /* the face at one sample, in the frame of its own eyes */
    float span;
    float tip_along, tip_across; /* nose tip from the middle of the eyes, in spans */
};

static struct shape shape_of(const struct stn_blink_sample *s)
{
    struct stn_point r = s->eye_outer[STN_RIGHT_EYE], l = s->eye_outer[STN_LEFT_EYE];
    float ax = l.x - r.x, ay = l.y - r.y;
    float span = hypotf(ax, ay);
    float tx = s->nose_tip.x - (l.x + r.x) / 2.0f, ty = s->nose_tip.y - (l.y + r.y) / 2.0f;
    return (struct shape){
        .span = span,
        .tip_along = (tx * ax + ty * ay) / (span * span),
        .tip_across = (ty * ax - tx * ay) / (span * span),
    };
}

struct range {
    float low, high;
};

/* NaN sticks: a range that met one is NaN and passes no gate. */
static void widen(struct range *range, float value)
{
    range->low = value < range->low ? value : isnan(value) ? NAN : range->low;
    range->high = value > range->high ? value : isnan(value) ? NAN : range->high;
}

static bool both_closed(const struct stn_blink_sample *s, float below)
{
    /* Turned away, the far eye says nothing. */
    return s->near_only ? s->q < below : s->ratio[0] < below && s->ratio[1] < below;
}

/* How far the lids fell within snap_us, or from one sample to the next where samples are rarer, at the fastest: a blink
 * snaps shut, a glance down lowers the lids. */
static float steepest_fall(const struct stn_blink *blink)
{
    float steepest = 0.0f;
    for (int age = 0; age + 1 < blink->count; age++) {
        const struct stn_blink_sample *s = sample_back(blink, age);
        if (s->at_us < blink->closing_since_us - blink->table->snap_us)
            break;
        for (int before = age + 1; before < blink->count; before++) {
            const struct stn_blink_sample *b = sample_back(blink, before);
            if (before > age + 1 && s->at_us - b->at_us > blink->table->snap_us)
                break;
            steepest = fmaxf(steepest, b->q - s->q);
        }
    }
    return steepest;
}

/* Over the closing that ends with the newest sample, and the moment before it. */
static bool is_clean(const struct stn_blink *blink)
{
    const struct stn_blink_table *t = blink->table;
    const struct stn_blink_sample *last = sample_back(blink, 0);
    struct shape end = shape_of(last);
    struct range span = {end.span, end.span}, along = {end.tip_along, end.tip_along},
                 across = {end.tip_across, end.tip_across};
    float moved = 0.0f;
    bool closed = false, before_seen = false;
    for (int age = 0; age < blink->count && !before_seen; age++) {
        const struct stn_blink_sample *s = sample_back(blink, age);
        if (!s->evidence || s->at_us <= blink->since_us)
            return false;
        struct shape shape = shape_of(s);
        widen(&span, shape.span);
        widen(&along, shape.tip_along);
        widen(&across, shape.tip_across);
        float from_end =
            hypotf(s->nose_bridge.x - last->nose_bridge.x, s->nose_bridge.y - last->nose_bridge.y);
        moved = from_end > moved || isnan(from_end) ? from_end : moved;
        closed = closed || both_closed(s, 1.0f - t->depth + t->both_closed_margin);
        before_seen = s->at_us <= blink->closing_since_us - t->still_before_us;
    }
    return before_seen && !blink->from_low && !blink->blemished && blink->lowest < 1.0f - t->depth &&
           closed && steepest_fall(blink) >= t->snap && moved < t->bridge_move * span.low &&
           along.high - along.low < t->tip_shift && across.high - across.low < t->tip_shift &&
           span.high < span.low * (1.0f + t->span_change);
}

/* ---- phases ---- */

/* The highest ratio of the last quarter second, before the newest sample; NaN when there was none. */
static float recent_peak(const struct stn_blink *blink, int64_t now_us)
{
    float peak = NAN;
    for (int age = 1; age < blink->count; age++) {
        const struct stn_blink_sample *s = sample_back(blink, age);
        if (s->at_us <= blink->since_us || now_us - s->at_us > blink->table->open_before_us)
            break;
        peak = fmaxf(peak, s->q);
    }
    return peak;
}

static bool closing_starts(struct stn_blink *blink, const struct stn_blink_sample *s)
{
    const struct stn_blink_table *t = blink->table;
    float peak = recent_peak(blink, s->at_us);
    bool was_open = peak > t->open_before && peak - s->q > t->fall;
    bool was_low = peak > t->low_before && peak <= t->open_before && peak - s->q > t->low_fall;
    if (!(was_open || was_low) || !(s->q < (1.0f - t->depth) * fmaxf(peak, 1.0f)))
        return false;
    blink->was_long = blink->phase == PHASE_CLOSED_LONG;
    blink->from_low = blink->was_long || was_low;
    blink->phase = PHASE_CLOSING;
    blink->closing_since_us = s->at_us;
    blink->closing_frame = s->frame;
    blink->peak = peak;
    blink->lowest = s->q;
    blink->blemished = false;
    blink->half_open_us = -1;
    return true;
}

static struct stn_blink_event finish_blink(struct stn_blink *blink, int64_t end_us, uint64_t end_frame,
                                           bool clean)
{
    blink->phase = blink->was_long ? PHASE_CLOSED_LONG : PHASE_OPEN;
    return (struct stn_blink_event){
        .kind = clean ? STN_BLINK_CLEAN : STN_BLINK_PLAIN,
        .start_us = blink->closing_since_us,
        .end_us = end_us,
        .first_frame = blink->closing_frame,
        .last_frame = end_frame,
        .depth = 1.0f - blink->lowest,
    };
}

static void wait_for_thaw(struct stn_blink *blink, const struct stn_blink_sample *s)
{
    const struct stn_blink_table *t = blink->table;
    if (!(s->q > t->thaw_ratio)) {
        blink->reopened_since_us = -1;
        return;
    }
    if (blink->reopened_since_us < 0)
        blink->reopened_since_us = s->at_us;
    if (s->at_us - blink->reopened_since_us >= t->thaw_us)
        blink->phase = PHASE_OPEN;
}

/* The lids did not come up in time. Had they come up for a part, it was a blink into lowered lids. */
static struct stn_blink_event give_up(struct stn_blink *blink)
{
    struct stn_blink_event event = no_event;
    if (blink->half_open_us >= 0)
        event = finish_blink(blink, blink->half_open_us, blink->half_open_frame, false);
    blink->phase = PHASE_CLOSED_LONG;
    blink->reopened_since_us = -1;
    return event;
}

/* step_us is the sample period: how much later than the truth a start or an end may be seen. */
static struct stn_blink_event closing(struct stn_blink *blink, const struct stn_blink_sample *s,
                                      int64_t step_us)
{
    const struct stn_blink_table *t = blink->table;
    int64_t lasted_us = s->at_us - blink->closing_since_us;
    if (lasted_us > t->longest_us + step_us)
        return give_up(blink);
    blink->lowest = fminf(blink->lowest, s->q);
    bool reopened = s->q > t->reopened;
    if (reopened && s->q > blink->lowest + (blink->peak - blink->lowest) / 2.0f) {
        if (lasted_us + step_us >= t->shortest_us)
            return finish_blink(blink, s->at_us, s->frame, is_clean(blink));
        blink->phase = blink->was_long ? PHASE_CLOSED_LONG : PHASE_OPEN;
    } else if (reopened && s->q - blink->lowest > t->low_fall && blink->half_open_us < 0) {
        blink->half_open_us = s->at_us;
        blink->half_open_frame = s->frame;
    }
    return no_event;
}

static struct stn_blink_event advance(struct stn_blink *blink, const struct stn_blink_sample *s,
                                      int64_t step_us)
{
    if (blink->phase == PHASE_CLOSING)
        return closing(blink, s, step_us);
    if (!closing_starts(blink, s) && blink->phase == PHASE_CLOSED_LONG)
        wait_for_thaw(blink, s);
    return no_event;
}

/* Lids low for long are looking down; for very long, the baseline was wrong or the person changed: begin
 * anew. */
static void watch_lids(struct stn_blink *blink, const struct stn_blink_sample *s)
{
    if (s->q >= blink->table->open_ratio && blink->phase != PHASE_CLOSED_LONG)
        blink->down_since_us = -1;
    else if (blink->down_since_us < 0)
        blink->down_since_us = s->at_us;
    else if (s->at_us - blink->down_since_us >= blink->table->resettle_us)
        forget_baseline(blink);
}

struct stn_blink_event stn_blink_step(struct stn_blink *blink, const struct stn_face *face, uint64_t frame,
                                      int64_t now_us, bool evidence)
{
    int64_t step_us = blink->last_us < 0 ? 0 : now_us - blink->last_us;
    if (blink->last_us >= 0 && step_us == 0)
        return no_event;
    if (step_us < 0) { /* times before and after cannot be compared */
        stn_blink_break(blink, false);
        blink->since_us = -1;
        step_us = 0;
    } else if (step_us > blink->table->gap_us) {
        stn_blink_break(blink, true);
        step_us = blink->table->gap_us;
    }
    blink->last_us = now_us;

    struct stn_blink_sample sample = {.at_us = now_us, .frame = frame};
    if (!measure(blink, face, &sample)) {
        blink->blemished = true;
        blink->ratio = NAN;
        if (blink->phase != PHASE_CLOSING) /* found again, the landmarks need a frame to settle */
            blink->since_us = now_us;
        return no_event;
    }
    sample.evidence = evidence && isfinite(face->yaw_deg);
    bool before_baseline = !isfinite(blink->baseline);
    struct stn_blink_sample *kept = push(blink, &sample);
    struct stn_blink_event event = no_event;
    if (!before_baseline)
        event = advance(blink, kept, step_us);
    kept->open = before_baseline || (kept->q >= blink->table->open_ratio && blink->phase == PHASE_OPEN);
    blink->ratio = kept->q;
    move_baseline(blink, now_us, step_us);
    if (!before_baseline)
        watch_lids(blink, kept);
    return event;
}
