/*
 * From a frame to an observation: scene, detection, landmarks, tracks. One pipeline belongs to one thread, the vision
 * worker (or the command that analyses a file). It keeps no frame; time comes from the frames; the same frames and
 * models give the same observations.
 *
 * Schedule: the landmark model tracks each face from frame to frame; the detector runs twice a second, on every frame
 * while there is no face, and when a track was lost. Half size first, full size when nothing was found (every other time).
 */
#ifndef STN_PIPELINE_H
#define STN_PIPELINE_H

#include "frame/observation.h"
#include "shim/face_shim.h"

struct stn_pipeline;

struct stn_pipeline_options {
    enum stn_landmark_model landmarks;
    const char *landmarks_path;
};

/* Reads the models (about 0.1 s). CM_NOTFOUND / CM_CORRUPT with the path when one is missing or damaged. */
enum cm_code stn_pipeline_open(const struct stn_pipeline_options *options, struct stn_pipeline **ret_pipeline,
                               struct cm_err *err);
void stn_pipeline_close(struct stn_pipeline *pipeline);
enum cm_code stn_pipeline_run(struct stn_pipeline *pipeline, const struct stn_frame *frame,
                              struct stn_observation *ret_observation, struct cm_err *err);
/* Forgets all tracks (a new source, a long pause). */
void stn_pipeline_reset(struct stn_pipeline *pipeline);

#endif
