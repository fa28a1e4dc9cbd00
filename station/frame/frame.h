/*
 * A frame: one picture with the facts that travel with it. Frames live in a pool of fixed size and are counted:
 * the producer gets one with a count of 1, every further holder refs it, the last unref returns it to the pool.
 * Pixels are written once by the producer before anybody else sees the frame and are read-only afterwards, so
 * readers on several threads need no lock. Thread safe: ref, unref, acquire.
 */
#ifndef STN_FRAME_H
#define STN_FRAME_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

enum stn_pixel_format {
    STN_PIXEL_BGR24 = 1, /* 3 bytes a pixel: blue, green, red */
    STN_PIXEL_GRAY8 = 2,
};

enum {
    STN_FRAME_SIDE_MAX = 4096, /* a source that claims more is refused before anything is allocated */
};

struct stn_frame_pool;

struct stn_frame {
    int width, height; /* pixels */
    int stride;        /* bytes from one row to the next, >= width * bytes per pixel */
    enum stn_pixel_format format;
    uint64_t number; /* counts from 0 per source, also over frames that were dropped later */
    int64_t captured_mono_us;
    int64_t
        captured_wall_ms; /* when the light fell on the sensor; becomes the mark's time, never rewritten */
    uint8_t *pixels;      /* stride * height bytes, owned by the pool */
    struct stn_frame_pool *pool; /* private to frame.c, like refs */
    int refs;
};

/* count frames, each of at most bytes_max bytes; buffers are allocated on first use. */
enum cm_code stn_frame_pool_create(int count, size_t bytes_max, struct stn_frame_pool **ret_pool,
                                   struct cm_err *err);
/* All frames must be back; NULL is fine. */
void stn_frame_pool_destroy(struct stn_frame_pool *pool);

/* A free frame with room for this picture and a count of 1. CM_AGAIN when every frame is in use (a slow
 * reader: the caller drops the picture and counts it), CM_INVALID when the picture exceeds the pool's bound. */
enum cm_code stn_frame_acquire(struct stn_frame_pool *pool, int width, int height,
                               enum stn_pixel_format format, struct stn_frame **ret_frame,
                               struct cm_err *err);
struct stn_frame *stn_frame_ref(struct stn_frame *frame);
void stn_frame_unref(struct stn_frame *frame); /* NULL is fine */

#endif
