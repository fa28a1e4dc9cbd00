#include "vision/pipeline.h"
#include "vision/schedule.h"
#include "vision/tracker.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum {
    BOXES_MAX = 2 * STN_FACES_MAX,   /* detections looked at in one frame */
    RESULTS_MAX = 2 * STN_FACES_MAX, /* tracks followed, of which some end in this frame, and new ones */
    REGION_SHRINK_PX = 200,          /* half size shows faces from 160 px, with some room */
};

#define PRESENCE_MIN       0.5F
#define PRESENCE_SMOOTHING 0.1F
#define REGION_SCALE       2.2F /* of the face's box: the detector needs some of what is around a face */

/* How long a track may live without the detector, which misses turned faces, agreeing. */
static const struct model_rules {
    int64_t check_us;       /* interval of the detector while faces are tracked */
    int64_t unconfirmed_us; /* without a detection for this long the model itself must be sure: */
    float presence_sure;    /* smoothed presence */
    bool drifts;            /* following itself it slides off the face: begin anew at each detection */
} rules_of[] = {
    [STN_LANDMARKS_MESH] = {500000, 2000000, 0.9F, false},
    /* It has no opinion (NaN while tracking), so the detector alone keeps its tracks. */
    [STN_LANDMARKS_DLIB68] = {250000, 600000, 1.0F, true},
};

/* What is known of a track besides its boxes. */
struct watch {
    uint32_t id;
    int64_t confirmed_us; /* latest detection */
    float presence;       /* smoothed */
};

struct stn_pipeline {
    struct stn_detector *detector;
    struct stn_landmarker *landmarker;
    struct stn_scene_meter *meter;
    const struct model_rules *rules;
    struct stn_tracker tracker;
    struct stn_schedule schedule;
    struct watch watches[STN_FACES_MAX];
    int watch_count;
};

/* One frame's work. */
struct work {
    struct stn_pipeline *pipeline;
    const struct stn_frame *frame;
    int64_t now_us;
    struct stn_face faces[RESULTS_MAX];
    int face_count;
    struct stn_stage_times times;
};

enum cm_code stn_pipeline_open(const struct stn_pipeline_options *options, struct stn_pipeline **ret_pipeline,
                               struct cm_err *err)
{
    struct stn_pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    enum cm_code code =
        stn_landmarker_open(options->landmarks, options->landmarks_path, &pipeline->landmarker, err);
    if (code == CM_OK)
        code = stn_detector_open(&pipeline->detector, err);
    if (code == CM_OK)
        code = stn_scene_meter_open(&pipeline->meter, err);
    if (code != CM_OK) {
        stn_pipeline_close(pipeline);
        return code;
    }
    pipeline->rules = &rules_of[options->landmarks];
    stn_tracker_init(&pipeline->tracker);
    stn_schedule_init(&pipeline->schedule, pipeline->rules->check_us);
    *ret_pipeline = pipeline;
    return CM_OK;
}

void stn_pipeline_close(struct stn_pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    stn_scene_meter_close(pipeline->meter);
    stn_detector_close(pipeline->detector);
    stn_landmarker_close(pipeline->landmarker);
    free(pipeline);
}

void stn_pipeline_reset(struct stn_pipeline *pipeline)
{
    stn_tracker_reset(&pipeline->tracker);
    stn_schedule_init(&pipeline->schedule, pipeline->rules->check_us);
    pipeline->watch_count = 0;
}

static int64_t stopwatch_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct watch *find_watch(struct stn_pipeline *pipeline, uint32_t id)
{
    for (int i = 0; i < pipeline->watch_count; i++)
        if (pipeline->watches[i].id == id)
            return &pipeline->watches[i];
    return NULL;
}

static bool is_alive(const struct stn_tracker *tracker, uint32_t id)
{
    for (int i = 0; i < tracker->count; i++)
        if (tracker->tracks[i].id == id)
            return true;
    return false;
}

/* Watches of tracks that are over make room. */
static void drop_dead_watches(struct stn_pipeline *pipeline)
{
    int kept = 0;
    for (int i = 0; i < pipeline->watch_count; i++)
        if (is_alive(&pipeline->tracker, pipeline->watches[i].id))
            pipeline->watches[kept++] = pipeline->watches[i];
    pipeline->watch_count = kept;
}

static void confirm(struct stn_pipeline *pipeline, uint32_t id, int64_t now_us)
{
    struct watch *watch = find_watch(pipeline, id);
    if (watch != NULL)
        watch->confirmed_us = now_us;
}

static void start_watch(struct stn_pipeline *pipeline, const struct stn_face *face, int64_t now_us)
{
    drop_dead_watches(pipeline);
    if (pipeline->watch_count < STN_FACES_MAX)
        pipeline->watches[pipeline->watch_count++] =
            (struct watch){.id = face->track_id, .confirmed_us = now_us, .presence = face->presence};
}

/* Nobody vouches for this track any more. Written so that a presence of NaN is not sure. */
static bool is_doubtful(const struct stn_pipeline *pipeline, const struct watch *watch, int64_t now_us)
{
    return now_us - watch->confirmed_us > pipeline->rules->unconfirmed_us &&
           !(watch->presence >= pipeline->rules->presence_sure);
}

static enum cm_code find_landmarks(struct work *work, const struct stn_box *region, bool tracking,
                                   struct stn_face *ret_face, struct cm_err *err)
{
    int64_t start_us = stopwatch_us();
    enum cm_code code =
        stn_landmarker_run(work->pipeline->landmarker, work->frame, region, tracking, ret_face, err);
    work->times.landmarks_us += (int32_t)(stopwatch_us() - start_us);
    return code;
}

static void keep_face(struct work *work, const struct stn_face *face)
{
    if (work->face_count < RESULTS_MAX)
        work->faces[work->face_count++] = *face;
}

/* The landmark model goes on from where the face was. */
static enum cm_code follow_track(struct work *work, const struct stn_track *track, struct cm_err *err)
{
    struct stn_pipeline *pipeline = work->pipeline;
    struct stn_face face = {.track_id = track->id};
    enum cm_code code = find_landmarks(work, &track->box, true, &face, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    /* NaN is no opinion: then is_doubtful decides. */
    if (code == CM_NOTFOUND || face.presence < PRESENCE_MIN) {
        stn_tracker_miss(&pipeline->tracker, track->id, work->now_us);
        return CM_OK;
    }
    struct watch *watch = find_watch(pipeline, track->id);
    if (watch != NULL) {
        watch->presence += PRESENCE_SMOOTHING * (face.presence - watch->presence);
        if (is_doubtful(pipeline, watch, work->now_us)) {
            stn_tracker_end(&pipeline->tracker, track->id);
            return CM_OK;
        }
    }
    if (stn_tracker_follow(&pipeline->tracker, track->id, &face.box, work->now_us))
        keep_face(work, &face);
    return CM_OK;
}

static enum cm_code follow_tracks(struct work *work, struct cm_err *err)
{
    struct stn_tracker before = work->pipeline->tracker; /* tracks end while we walk */
    for (int i = 0; i < before.count; i++) {
        if (!is_alive(&work->pipeline->tracker, before.tracks[i].id))
            continue; /* merged with one that was followed before it */
        enum cm_code code = follow_track(work, &before.tracks[i], err);
        if (code != CM_OK)
            return code;
    }
    return CM_OK;
}

/* The track seen in this frame to which the box belongs; 0 none. */
static uint32_t seen_track_at(const struct stn_tracker *tracker, const struct stn_box *box)
{
    for (int i = 0; i < tracker->count; i++)
        if (tracker->tracks[i].seen && stn_box_same_face(&tracker->tracks[i].box, box))
            return tracker->tracks[i].id;
    return 0;
}

/* A detection on a track that was followed: the landmarks are found anew from the detector's box. */
static enum cm_code realign(struct work *work, uint32_t id, const struct stn_box *box, struct cm_err *err)
{
    struct stn_face face = {.track_id = id};
    enum cm_code code = find_landmarks(work, box, false, &face, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    if (!stn_tracker_follow(&work->pipeline->tracker, id, &face.box, work->now_us))
        return CM_OK;
    for (int i = 0; i < work->face_count; i++)
        if (work->faces[i].track_id == id)
            work->faces[i] = face;
    return CM_OK;
}

/* A detector's box either confirms a track or, when the landmark model agrees that this is a face, begins or
 * finds again one. */
static enum cm_code take_detection(struct work *work, const struct stn_box *box, struct cm_err *err)
{
    struct stn_pipeline *pipeline = work->pipeline;
    uint32_t id = seen_track_at(&pipeline->tracker, box);
    if (id != 0) {
        confirm(pipeline, id, work->now_us);
        return pipeline->rules->drifts ? realign(work, id, box, err) : CM_OK;
    }
    struct stn_face face = {0};
    enum cm_code code = find_landmarks(work, box, false, &face, err);
    if (code == CM_NOTFOUND || (code == CM_OK && !(face.presence >= PRESENCE_MIN)))
        return CM_OK;
    if (code != CM_OK)
        return code;
    id = seen_track_at(&pipeline->tracker, &face.box);
    if (id != 0)
        return CM_OK; /* the model was drawn to a face that has its track */
    bool is_new = false;
    face.track_id = stn_tracker_detect(&pipeline->tracker, &face.box, work->now_us, &is_new);
    if (face.track_id == 0)
        return CM_OK;
    if (is_new)
        start_watch(pipeline, &face, work->now_us);
    else
        confirm(pipeline, face.track_id, work->now_us);
    keep_face(work, &face);
    return CM_OK;
}

static enum cm_code detect(struct work *work, const struct stn_frame *picture, int shrink, int left, int top,
                           int *ret_count, struct cm_err *err)
{
    struct stn_box boxes[BOXES_MAX];
    int count = 0;
    int64_t start_us = stopwatch_us();
    enum cm_code code =
        stn_detector_run(work->pipeline->detector, picture, shrink, boxes, BOXES_MAX, &count, err);
    work->times.detect_us += (int32_t)(stopwatch_us() - start_us);
    for (int i = 0; code == CM_OK && i < count; i++) {
        boxes[i].x += (float)left;
        boxes[i].y += (float)top;
        code = take_detection(work, &boxes[i], err);
    }
    *ret_count = count;
    return code;
}

static enum cm_code scan(struct work *work, const struct stn_plan *plan, struct cm_err *err)
{
    int count = 0;
    enum cm_code code = detect(work, work->frame, plan->scan_shrink, 0, 0, &count, err);
    if (code == CM_OK && count == 0 && plan->then_full)
        code = detect(work, work->frame, 1, 0, 0, &count, err);
    return code;
}

/* A part of a frame as a frame of its own, over the same pixels; false when nothing of it is inside. */
static bool crop(const struct stn_frame *frame, const struct stn_box *box, struct stn_frame *ret_part,
                 int *ret_left, int *ret_top)
{
    float side = REGION_SCALE * fmaxf(box->width, box->height);
    float left = fmaxf(0, box->x + (box->width - side) / 2);
    float top = fmaxf(0, box->y + (box->height - side) / 2);
    float right = fminf((float)frame->width, box->x + (box->width + side) / 2);
    float bottom = fminf((float)frame->height, box->y + (box->height + side) / 2);
    if (!(right - left >= 1 && bottom - top >= 1))
        return false;
    *ret_left = (int)left;
    *ret_top = (int)top;
    int depth = frame->format == STN_PIXEL_BGR24 ? 3 : 1;
    *ret_part = *frame;
    ret_part->width = (int)right - *ret_left;
    ret_part->height = (int)bottom - *ret_top;
    ret_part->pixels += (size_t)*ret_top * (size_t)frame->stride + (size_t)(*ret_left * depth);
    return true;
}

static enum cm_code look_at_region(struct work *work, const struct stn_box *box, struct cm_err *err)
{
    struct stn_frame part;
    int left, top, count;
    if (!crop(work->frame, box, &part, &left, &top))
        return CM_OK;
    return detect(work, &part, box->width >= REGION_SHRINK_PX ? 2 : 1, left, top, &count, err);
}

/* Looks closely where tracks are that this frame did not show or, after a scan, that the scan did not
 * confirm. */
static enum cm_code look_at_regions(struct work *work, bool scanned, struct cm_err *err)
{
    struct stn_tracker before = work->pipeline->tracker;
    for (int i = 0; i < before.count; i++) {
        const struct stn_track *track = &before.tracks[i];
        const struct watch *watch = find_watch(work->pipeline, track->id);
        bool confirmed = watch != NULL && watch->confirmed_us == work->now_us;
        if (confirmed || !(scanned || !track->seen))
            continue;
        enum cm_code code = look_at_region(work, &track->box, err);
        if (code != CM_OK)
            return code;
    }
    return CM_OK;
}

static int count_unseen(const struct stn_tracker *tracker)
{
    int unseen = 0;
    for (int i = 0; i < tracker->count; i++)
        unseen += !tracker->tracks[i].seen;
    return unseen;
}

static enum cm_code find_faces(struct work *work, struct cm_err *err)
{
    struct stn_pipeline *pipeline = work->pipeline;
    int tracked_before = pipeline->tracker.count;
    stn_tracker_begin(&pipeline->tracker, work->now_us);
    enum cm_code code = follow_tracks(work, err);
    if (code != CM_OK)
        return code;
    struct stn_schedule_input in = {
        .now_us = work->now_us,
        .width = work->frame->width,
        .height = work->frame->height,
        .tracked = pipeline->tracker.count,
        .unseen = count_unseen(&pipeline->tracker),
        .ended = pipeline->tracker.count < tracked_before,
    };
    struct stn_plan plan = stn_schedule_next(&pipeline->schedule, &in);
    if (plan.scan_shrink > 0)
        code = scan(work, &plan, err);
    if (code == CM_OK && plan.regions)
        code = look_at_regions(work, plan.scan_shrink > 0, err);
    drop_dead_watches(pipeline);
    return code;
}

static int by_area_down(const void *a, const void *b)
{
    const struct stn_box *first = &((const struct stn_face *)a)->box;
    const struct stn_box *second = &((const struct stn_face *)b)->box;
    float difference = second->width * second->height - first->width * first->height;
    return (difference > 0) - (difference < 0);
}

/* Only what is alive after all tracks of the frame had their say. */
static void collect_faces(struct work *work, struct stn_observation *observation)
{
    qsort(work->faces, (size_t)work->face_count, sizeof work->faces[0], by_area_down);
    for (int i = 0; i < work->face_count && observation->face_count < STN_FACES_MAX; i++)
        if (is_alive(&work->pipeline->tracker, work->faces[i].track_id))
            observation->faces[observation->face_count++] = work->faces[i];
}

static enum cm_code measure_scene(struct work *work, struct stn_scene *ret_scene, struct cm_err *err)
{
    struct stn_pipeline *pipeline = work->pipeline;
    bool with_focus = stn_schedule_focus(&pipeline->schedule, work->now_us);
    int64_t start_us = stopwatch_us();
    enum cm_code code = stn_scene_meter_run(pipeline->meter, work->frame, with_focus, ret_scene, err);
    work->times.scene_us = (int32_t)(stopwatch_us() - start_us);
    return code;
}

enum cm_code stn_pipeline_run(struct stn_pipeline *pipeline, const struct stn_frame *frame,
                              struct stn_observation *ret_observation, struct cm_err *err)
{
    struct work work = {.pipeline = pipeline, .frame = frame, .now_us = frame->captured_mono_us};
    struct stn_observation observation = {
        .frame_number = frame->number,
        .captured_mono_us = frame->captured_mono_us,
        .captured_wall_ms = frame->captured_wall_ms,
        .width = frame->width,
        .height = frame->height,
    };
    int64_t start_us = stopwatch_us();
    enum cm_code code = measure_scene(&work, &observation.scene, err);
    if (code == CM_OK)
        code = find_faces(&work, err);
    if (code != CM_OK)
        return code;
    collect_faces(&work, &observation);
    work.times.total_us = (int32_t)(stopwatch_us() - start_us);
    observation.times = work.times;
    *ret_observation = observation;
    return CM_OK;
}
