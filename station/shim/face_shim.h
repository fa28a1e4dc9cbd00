/*
 * Faces, by OpenCV and dlib, behind plain C. The only C++ of the product besides the other shims.
 *
 * - Handles are opaque. One handle, one thread at a time (dlib's objects are not thread safe); two threads open two.
 * - No exception leaves: each entry returns a code and a sentence. A failed open leaves nothing behind.
 * - Policy (thresholds, schedules, retries) is not here but in vision/, enrol/ and recognition/.
 * - Results go into the caller's memory; nothing that is returned points into a handle.
 */
#ifndef STN_FACE_SHIM_H
#define STN_FACE_SHIM_H

#include "base/err.h"
#include "frame/frame.h"
#include "frame/observation.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pins OpenCV and BLAS to one thread each and silences their chatter on stderr. Once, first thing in main. */
void stn_face_shim_init(void);

/* ---- detection: dlib's HOG detector (in the library, no model file) ---- */
struct stn_detector;
enum cm_code stn_detector_open(struct stn_detector **ret_detector, struct cm_err *err);
void stn_detector_close(struct stn_detector *detector);
/* Finds faces of >= 80 px on the picture scaled by 1/shrink (shrink 1 or 2; 2 finds faces >= 160 px and costs a
 * quarter). Boxes are in pixels of the frame, forehead to chin, largest first. */
enum cm_code stn_detector_run(struct stn_detector *detector, const struct stn_frame *frame, int shrink,
                              struct stn_box *boxes, int capacity, int *ret_count, struct cm_err *err);

/* ---- landmarks: two models behind one interface ---- */
enum stn_landmark_model {
    STN_LANDMARKS_MESH,   /* MediaPipe Face Mesh converted to ONNX (Apache-2.0); the default */
    STN_LANDMARKS_DLIB68, /* dlib's 68 points (training data exclude commercial use) */
};
struct stn_landmarker;
enum cm_code stn_landmarker_open(enum stn_landmark_model model, const char *path,
                                 struct stn_landmarker **ret_landmarker, struct cm_err *err);
void stn_landmarker_close(struct stn_landmarker *landmarker);
/* Landmarks of the face in `region` (a detector's box, or the box of the face in the previous frame when
 * `tracking`). Fills everything of *ret_face but track_id. presence tells whether there is a face at all: the
 * mesh gives its own flag; the 68-point model, which has none, gives 1 right after a detection and NaN when
 * tracking (then only a detection may keep the track). CM_NOTFOUND when region lies outside of the picture.
 * Pass the previous face's box unchanged when tracking: by it the mesh remembers how that head leans. A box that it
 * does not know costs a second run of the model. */
enum cm_code stn_landmarker_run(struct stn_landmarker *landmarker, const struct stn_frame *frame,
                                const struct stn_box *region, bool tracking, struct stn_face *ret_face,
                                struct cm_err *err);

/* ---- embedding: dlib's ResNet, 128 floats of length about 1.3; distance is Euclidean ---- */
enum { STN_EMBEDDING_DIM = 128, STN_CHIP_SIDE = 150 };
#define STN_EMBEDDING_MODEL "dlib_resnet_v1"

struct stn_chip { /* an aligned face, RGB rows without padding */
    uint8_t rgb[STN_CHIP_SIDE * STN_CHIP_SIDE * 3];
};
/* Cuts the aligned chip (padding 0.25) out of the frame. Needs no handle; any thread. */
enum cm_code stn_chip_extract(const struct stn_frame *frame, const struct stn_point align[STN_ALIGN_POINTS],
                              struct stn_chip *ret_chip, struct cm_err *err);

struct stn_embedder;
enum cm_code stn_embedder_open(const char *path, struct stn_embedder **ret_embedder, struct cm_err *err);
void stn_embedder_close(struct stn_embedder *embedder);
enum cm_code stn_embedder_run(struct stn_embedder *embedder, const struct stn_chip *chip,
                              float ret_embedding[STN_EMBEDDING_DIM], struct cm_err *err);

/* ---- the whole picture ---- */
struct stn_scene_meter; /* remembers the previous small picture */
enum cm_code stn_scene_meter_open(struct stn_scene_meter **ret_meter, struct cm_err *err);
void stn_scene_meter_close(struct stn_scene_meter *meter);
/* with_focus also fills reblur and laplacian (1.5 ms: once a second). */
enum cm_code stn_scene_meter_run(struct stn_scene_meter *meter, const struct stn_frame *frame,
                                 bool with_focus, struct stn_scene *ret_scene, struct cm_err *err);

/* Scales the frame into an RGB picture of exactly width x height (area averaging), for previews. */
enum cm_code stn_preview_scale(const struct stn_frame *frame, int width, int height, uint8_t *rgb,
                               struct cm_err *err);

#ifdef __cplusplus
}
#endif
#endif
