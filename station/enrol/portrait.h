/*
 * From a picture of a student to an embedding: read, find the faces, landmarks, gates (quality.h), aligned chip, network.
 * A reader holds the models and belongs to one thread.
 */
#ifndef STN_PORTRAIT_H
#define STN_PORTRAIT_H

#include "enrol/quality.h"
#include "record/record.h"
#include "shim/face_shim.h"

struct stn_portrait_reader;

struct stn_portrait_options {
    enum stn_landmark_model landmarks; /* must be the one that marking uses: it aligns the chips */
    const char *landmarks_path;
    const char *embedder_path;
    const struct stn_quality_rules *rules; /* borrowed */
};

struct stn_portrait {
    int width, height;
    int face_count;
    struct stn_face face; /* the largest; not filled when there is none */
    struct stn_quality quality;
    float embedding[CM_EMBEDDING_DIM]; /* zero unless the quality passed: wipe it after use */
};

/* Reads the models (0.3 s). CM_NOTFOUND and CM_CORRUPT name the file that is missing or damaged. */
enum cm_code stn_portrait_open(const struct stn_portrait_options *options,
                               struct stn_portrait_reader **ret_reader, struct cm_err *err);
void stn_portrait_close(struct stn_portrait_reader *reader);

/* `source` is an image, or VIDEO@SECONDS for one picture of a video. `who` is for the sentence of a gate. CM_OK also when
 * a gate refuses the picture; failures are those of reading it. */
enum cm_code stn_portrait_read(struct stn_portrait_reader *reader, const char *source, const char *who,
                               struct stn_portrait *ret_portrait, struct cm_err *err);
/* The same for an image file that is in memory (a photo that the server sent); `name` is for messages. The frame is wiped. */
enum cm_code stn_portrait_of_image(struct stn_portrait_reader *reader, const uint8_t *bytes, size_t size,
                                   const char *name, const char *who, struct stn_portrait *ret_portrait,
                                   struct cm_err *err);
/* The same for a picture that is in memory. */
enum cm_code stn_portrait_of_frame(struct stn_portrait_reader *reader, const struct stn_frame *frame,
                                   const char *who, struct stn_portrait *ret_portrait, struct cm_err *err);

/* "clip.mp4@12.5" into the path (whose size is path_size) and 12.5. False when source is not of that form. Pure. */
bool stn_portrait_is_video(const char *source, char *ret_path, size_t path_size, double *ret_at_s);

#endif
