/*
 * Reading video files and images, by OpenCV (FFmpeg), behind plain C. Same conventions as face_shim.h.
 * Files lie: sizes are checked in the header before anything is decoded, frame counts and rates are hints.
 */
#ifndef STN_MEDIA_SHIM_H
#define STN_MEDIA_SHIM_H

#include "base/err.h"
#include "frame/frame.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stn_video;
struct stn_video_info {
    int width, height;
    double fps;          /* 0 when the file does not say */
    int64_t frame_count; /* a hint; 0 when unknown */
};
/* CM_NOTFOUND no such file, CM_INVALID not a video or larger than STN_FRAME_SIDE_MAX. */
enum cm_code stn_video_open(const char *path, struct stn_video **ret_video, struct stn_video_info *ret_info,
                            struct cm_err *err);
void stn_video_close(struct stn_video *video);
/* Decodes the next picture straight into a frame of the pool (number and times are the caller's to fill).
 * *ret_pts_us: presentation time from the file's start, or -1 when the container gives none.
 * CM_EOF at the end; CM_AGAIN when the pool is empty (call again: no picture is lost). A truncated file ends
 * early with CM_EOF: the caller compares with frame_count. */
enum cm_code stn_video_read(struct stn_video *video, struct stn_frame_pool *pool,
                            struct stn_frame **ret_frame, int64_t *ret_pts_us, struct cm_err *err);

/* JPEG, PNG, BMP or PGM, EXIF rotation applied, as BGR24. The size in the file's header is checked first: a
 * picture of 60,000 x 60,000 is CM_INVALID with its size in the message and costs nothing. Files > 64 MiB are
 * refused. */
enum cm_code stn_image_read(const char *path, struct stn_frame_pool *pool, struct stn_frame **ret_frame,
                            struct cm_err *err);
/* The same for a file that is in memory; `name` is for messages. OpenCV's copies of the pixels are wiped. */
enum cm_code stn_image_decode(const uint8_t *bytes, size_t size, const char *name,
                              struct stn_frame_pool *pool, struct stn_frame **ret_frame, struct cm_err *err);

/* The frame as a JPEG file, scaled down so that it is at most width_max wide; nothing is drawn into it. CM_NOMEM: larger
 * than capacity. */
enum cm_code stn_jpeg_encode(const struct stn_frame *frame, int width_max, int quality, uint8_t *bytes,
                             size_t capacity, size_t *ret_size, struct cm_err *err);

#ifdef __cplusplus
}
#endif
#endif
