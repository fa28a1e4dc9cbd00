#include "vision/tracker.h"

#include <math.h>
#include <stddef.h>

enum {
    GAP_US = 300000,  /* between two frames, as liveness demands: in between anything may have happened */
    LOST_US = 300000, /* unseen this long is gone: the same reason, for one face */
};

/* In face widths: a head does not move further between two frames of a camera, the landmark model's aim may.
 */
#define JUMP_WIDTHS 0.5F
/* A face that is suddenly this much larger or smaller is another one. */
#define JUMP_SCALE 1.6F
/* Two boxes that share this much (intersection over union) are aimed at one face. */
#define MERGE_OVERLAP 0.5F
/* A detector's box frames the same face differently from the landmark model's: less must do. */
#define SAME_FACE_OVERLAP 0.2F

void stn_tracker_init(struct stn_tracker *tracker)
{
    *tracker = (struct stn_tracker){.next_id = 1, .last_us = -1};
}

void stn_tracker_reset(struct stn_tracker *tracker)
{
    tracker->count = 0;
    tracker->last_us = -1;
}

static float overlap_1d(float a, float a_length, float b, float b_length)
{
    float length = fminf(a + a_length, b + b_length) - fmaxf(a, b);
    return length > 0 ? length : 0;
}

static float shared_area(const struct stn_box *a, const struct stn_box *b)
{
    return overlap_1d(a->x, a->width, b->x, b->width) * overlap_1d(a->y, a->height, b->y, b->height);
}

float stn_box_overlap(const struct stn_box *a, const struct stn_box *b)
{
    if (!isfinite(a->x + a->y + b->x + b->y)) /* fminf and fmaxf would pass over a NaN */
        return 0;
    float both = shared_area(a, b);
    float either = a->width * a->height + b->width * b->height - both;
    float overlap = both / either;
    return overlap > 0 ? overlap : 0; /* also for empty boxes */
}

/* The middle of each lies within the other: boxes of one face, whatever their sizes. */
static bool centred_alike(const struct stn_box *a, const struct stn_box *b)
{
    float dx = fabsf(a->x + a->width / 2 - b->x - b->width / 2);
    float dy = fabsf(a->y + a->height / 2 - b->y - b->height / 2);
    return dx < fminf(a->width, b->width) / 2 && dy < fminf(a->height, b->height) / 2;
}

bool stn_box_same_face(const struct stn_box *a, const struct stn_box *b)
{
    return centred_alike(a, b) || stn_box_overlap(a, b) > SAME_FACE_OVERLAP;
}

/* Every comparison is false for NaN: a box that is not one is a jump. */
static bool stays(const struct stn_box *from, const struct stn_box *to)
{
    float dx = to->x + to->width / 2 - from->x - from->width / 2;
    float dy = to->y + to->height / 2 - from->y - from->height / 2;
    float scale = to->width / from->width;
    return hypotf(dx, dy) <= JUMP_WIDTHS * from->width && scale <= JUMP_SCALE && scale >= 1 / JUMP_SCALE;
}

static struct stn_track *find(struct stn_tracker *tracker, uint32_t id)
{
    for (int i = 0; i < tracker->count; i++)
        if (tracker->tracks[i].id == id)
            return &tracker->tracks[i];
    return NULL;
}

static void end(struct stn_tracker *tracker, struct stn_track *track)
{
    struct stn_track *last = &tracker->tracks[--tracker->count];
    for (; track < last; track++)
        track[0] = track[1];
}

void stn_tracker_end(struct stn_tracker *tracker, uint32_t id)
{
    struct stn_track *track = find(tracker, id);
    if (track != NULL)
        end(tracker, track);
}

void stn_tracker_begin(struct stn_tracker *tracker, int64_t now_us)
{
    bool gap = tracker->last_us >= 0 && (now_us < tracker->last_us || now_us - tracker->last_us > GAP_US);
    if (gap)
        tracker->count = 0;
    for (int i = tracker->count - 1; i >= 0; i--) {
        tracker->tracks[i].seen = false;
        if (now_us - tracker->tracks[i].last_us > LOST_US)
            end(tracker, &tracker->tracks[i]);
    }
    tracker->last_us = now_us;
}

/* The box of this track is new: a second track on the same face means that nobody knows any more who is who.
 */
static bool merged(struct stn_tracker *tracker, struct stn_track *track)
{
    for (int i = 0; i < tracker->count; i++) {
        struct stn_track *other = &tracker->tracks[i];
        if (other == track || !(stn_box_overlap(&other->box, &track->box) > MERGE_OVERLAP))
            continue;
        uint32_t other_id = other->id;
        end(tracker, track);
        end(tracker, find(tracker, other_id));
        return true;
    }
    return false;
}

bool stn_tracker_follow(struct stn_tracker *tracker, uint32_t id, const struct stn_box *box, int64_t now_us)
{
    struct stn_track *track = find(tracker, id);
    if (track == NULL)
        return false;
    if (!stays(&track->box, box)) {
        end(tracker, track);
        return false;
    }
    track->box = *box;
    track->last_us = now_us;
    track->seen = true;
    return !merged(tracker, track);
}

void stn_tracker_miss(struct stn_tracker *tracker, uint32_t id, int64_t now_us)
{
    struct stn_track *track = find(tracker, id);
    if (track == NULL)
        return;
    track->seen = false;
    if (now_us - track->last_us > LOST_US)
        end(tracker, track);
}

static uint32_t start(struct stn_tracker *tracker, const struct stn_box *box, int64_t now_us)
{
    if (tracker->count == STN_FACES_MAX)
        return 0;
    struct stn_track *track = &tracker->tracks[tracker->count++];
    *track = (struct stn_track){
        .id = tracker->next_id++, .box = *box, .first_us = now_us, .last_us = now_us, .seen = true};
    if (tracker->next_id == 0)
        tracker->next_id = 1;
    return track->id;
}

uint32_t stn_tracker_detect(struct stn_tracker *tracker, const struct stn_box *box, int64_t now_us,
                            bool *ret_new)
{
    *ret_new = false;
    for (int i = 0; i < tracker->count; i++) {
        struct stn_track *track = &tracker->tracks[i];
        if (track->seen && stn_box_same_face(&track->box, box)) {
            track->last_us = now_us; /* its own box is the better one */
            return track->id;
        }
    }
    /* Not seen in this frame: the face is back when it is where it was, else whoever is there is new. */
    for (int i = tracker->count - 1; i >= 0; i--) {
        struct stn_track *track = &tracker->tracks[i];
        if (track->seen || !stn_box_same_face(&track->box, box))
            continue;
        if (stays(&track->box, box)) {
            track->box = *box;
            track->last_us = now_us;
            track->seen = true;
            return track->id;
        }
        end(tracker, track);
    }
    uint32_t id = start(tracker, box, now_us);
    *ret_new = id != 0;
    return id;
}
