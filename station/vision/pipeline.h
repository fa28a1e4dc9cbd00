/*
 * From a frame to an observation: scene, detection, landmarks, tracks. One pipeline belongs to one thread,
 * the vision worker (or the command that analyses a file). It keeps no frame; time comes from the frames; the
 * same frames and models give the same observations (but for struct stn_stage_times).
 *
 * Schedule: the landmark model follows each face from frame to frame; the detector runs when nobody is
 * tracked, twice a second while somebody is, and when a face was just lost (schedule.h). Only what the
 * landmark model too calls a face becomes a track, and a track that the detector has not shown for a while
 * stays only while that model is sure.
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
/* The frame's captured_mono_us is the time. An error says that this frame could not be judged (CM_BACKEND,
 * CM_NOMEM); the pipeline goes on with the next. Sharpness and light of a face are measured with its
 * landmarks: quality_us is 0. */
enum cm_code stn_pipeline_run(struct stn_pipeline *pipeline, const struct stn_frame *frame,
                              struct stn_observation *ret_observation, struct cm_err *err);
/* Forgets all tracks (a new source, a long pause). */
void stn_pipeline_reset(struct stn_pipeline *pipeline);

#endif
