#include "stage.h"

#include "shim/face_shim.h"
#include "vision/tracker.h"

#include <math.h>
#include <stdlib.h>

struct stage stage;

struct stn_detector {
    int unused;
};
struct stn_landmarker {
    int unused;
};
struct stn_scene_meter {
    int unused;
};

enum cm_code stn_detector_open(struct stn_detector **ret_detector, struct cm_err *err)
{
    (void)err;
    *ret_detector = calloc(1, sizeof **ret_detector);
    return CM_OK;
}

void stn_detector_close(struct stn_detector *detector)
{
    free(detector);
}

/* Where the frame begins that the stage is drawn on: a region is a frame whose pixels begin further on. */
static struct stn_point offset_of(const struct stn_frame *frame)
{
    ptrdiff_t bytes = frame->pixels - (const uint8_t *)frame->pool;
    return (struct stn_point){(float)(bytes % frame->stride), (float)(bytes / frame->stride)};
}

static bool inside(const struct stn_box *box, const struct stn_frame *frame)
{
    return box->x >= 0 && box->y >= 0 && box->x + box->width <= (float)frame->width &&
           box->y + box->height <= (float)frame->height;
}

enum cm_code stn_detector_run(struct stn_detector *detector, const struct stn_frame *frame, int shrink,
                              struct stn_box *boxes, int capacity, int *ret_count, struct cm_err *err)
{
    (void)detector;
    (void)err;
    int *runs = shrink == 1 ? &stage.full_runs : &stage.half_runs;
    (*runs)++;
    struct stn_point offset = offset_of(frame);
    int count = 0;
    for (int i = 0; i < stage.count && count < capacity; i++) {
        struct stn_box box = stage.actors[i].box;
        box.x -= offset.x;
        box.y -= offset.y;
        if (stage.actors[i].hog_sees && box.width >= (float)(80 * shrink) && inside(&box, frame))
            boxes[count++] = box;
    }
    *ret_count = count;
    return CM_OK;
}

enum cm_code stn_landmarker_open(enum stn_landmark_model model, const char *path,
                                 struct stn_landmarker **ret_landmarker, struct cm_err *err)
{
    (void)model;
    if (path == NULL)
        return cm_fail(err, CM_NOTFOUND, "no model");
    *ret_landmarker = calloc(1, sizeof **ret_landmarker);
    return CM_OK;
}

void stn_landmarker_close(struct stn_landmarker *landmarker)
{
    free(landmarker);
}

enum cm_code stn_landmarker_run(struct stn_landmarker *landmarker, const struct stn_frame *frame,
                                const struct stn_box *region, bool tracking, struct stn_face *ret_face,
                                struct cm_err *err)
{
    (void)landmarker;
    (void)frame;
    stage.landmark_runs++;
    if (stage.broken)
        return cm_fail(err, CM_BACKEND, "broken");
    const struct actor *nearest = NULL;
    float best = 0;
    for (int i = 0; i < stage.count; i++) {
        float overlap = stn_box_overlap(region, &stage.actors[i].box);
        if (overlap > best) {
            best = overlap;
            nearest = &stage.actors[i];
        }
    }
    struct stn_face face = {.track_id = ret_face->track_id, .box = nearest != NULL ? nearest->box : *region};
    face.presence = nearest != NULL ? nearest->presence : 0;
    if (stage.no_opinion)
        face.presence = tracking ? NAN : 1;
    *ret_face = face;
    return CM_OK;
}

enum cm_code stn_scene_meter_open(struct stn_scene_meter **ret_meter, struct cm_err *err)
{
    (void)err;
    *ret_meter = calloc(1, sizeof **ret_meter);
    return CM_OK;
}

void stn_scene_meter_close(struct stn_scene_meter *meter)
{
    free(meter);
}

enum cm_code stn_scene_meter_run(struct stn_scene_meter *meter, const struct stn_frame *frame,
                                 bool with_focus, struct stn_scene *ret_scene, struct cm_err *err)
{
    (void)meter;
    (void)frame;
    (void)err;
    stage.focus_runs += with_focus;
    *ret_scene = (struct stn_scene){.luma_mean = 100, .reblur = with_focus ? 0.3F : NAN};
    return CM_OK;
}
