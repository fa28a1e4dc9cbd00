/*
 * What a kind of source gives to capture.c: pictures in order, as fast as they are asked for. Pace, numbers
 * and times are capture.c's. Private to this folder.
 */
#ifndef STN_CAPTURE_SOURCE_H
#define STN_CAPTURE_SOURCE_H

#include "capture/spec.h"
#include "frame/frame.h"
#include <stdbool.h>

struct stn_source;

struct stn_picture {
    struct stn_frame *frame; /* the caller's */
    int64_t pts_us;          /* from the start of its recording; -1 unknown */
    bool first;              /* of its recording */
};

struct stn_source_ops {
    /* CM_EOF at the end of everything. CM_AGAIN: the pool is empty, no picture is lost. Any other code
     * concerns one file or picture, the next call goes on behind it. */
    enum cm_code (*read)(struct stn_source *source, struct stn_frame_pool *pool,
                         struct stn_picture *ret_picture, struct cm_err *err);
    void (*rewind)(struct stn_source *source); /* the next read gives the first picture again */
    void (*close)(struct stn_source *source);
};

struct stn_source { /* embedded first in each kind's own struct */
    const struct stn_source_ops *ops;
    char name[256];      /* for people */
    double fps;          /* of the recording that is being read; 0 unknown */
    int64_t frame_count; /* of it: a hint; 0 unknown */
    bool recording;
    bool cuts; /* a rewind is a cut (see pace.h) */
};

/* Looks what the path is: a video, a folder of pictures, a folder of videos. */
enum cm_code stn_source_replay_open(const struct stn_capture_spec *spec, struct stn_source **ret_source,
                                    struct cm_err *err);

struct stn_file_list; /* folder.h */
/* Both take the list over when they succeed. */
enum cm_code stn_source_videos_open(struct stn_file_list *files, const char *name,
                                    struct stn_source **ret_source, struct cm_err *err);
enum cm_code stn_source_images_open(struct stn_file_list *files, const char *name, double fps,
                                    struct stn_source **ret_source, struct cm_err *err);
enum cm_code stn_source_pattern_open(const struct stn_capture_spec *spec, struct stn_source **ret_source,
                                     struct cm_err *err);

#endif
