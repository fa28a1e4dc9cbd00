#include "capture/folder.h"
#include "capture/source.h"
#include "shim/media_shim.h"

#include <stdio.h>
#include <stdlib.h>

struct videos {
    struct stn_source base;
    struct stn_file_list *files;
    size_t next;             /* index of the file to open when `video` is NULL */
    struct stn_video *video; /* NULL: between files */
    struct stn_video_info info;
    int64_t read_count; /* pictures of the open file */
    int64_t last_pts_us;
    bool rewound; /* what is wrong with the files was said in the first round */
};

static enum cm_code open_next(struct videos *videos, struct cm_err *err)
{
    if (videos->next == videos->files->count)
        return CM_EOF;
    const char *path = videos->files->paths[videos->next++];
    enum cm_code code = stn_video_open(path, &videos->video, &videos->info, err);
    if (code != CM_OK)
        return code;
    videos->base.fps = videos->info.fps;
    videos->base.frame_count = videos->info.frame_count;
    videos->read_count = 0;
    videos->last_pts_us = -1;
    return CM_OK;
}

static void close_current(struct videos *videos)
{
    stn_video_close(videos->video);
    videos->video = NULL;
}

/* The container's count is a hint, wrong by a few or, with a variable rate, by a lot. Only when the pictures
 * and their time both end before 95 % of what the file promised does something lack. */
static bool ended_early(const struct videos *videos)
{
    double promised = (double)videos->info.frame_count;
    if (promised <= 0 || (double)videos->read_count >= promised * 0.95 ||
        promised - (double)videos->read_count < 3)
        return false;
    if (videos->last_pts_us < 0 || !(videos->info.fps > 0))
        return true;
    return (double)videos->last_pts_us / 1e6 < promised / videos->info.fps * 0.95;
}

/* The end of one file: CM_OK when there was nothing wrong with it. */
static enum cm_code finish_current(struct videos *videos, struct cm_err *err)
{
    const char *path = videos->files->paths[videos->next - 1];
    close_current(videos);
    if (videos->read_count == 0)
        return cm_fail(err, CM_INVALID, "%s: not one picture could be decoded", path);
    if (!videos->rewound && ended_early(videos))
        return cm_fail(err, CM_CORRUPT, "%s ended after %lld of %lld frames: the file is truncated", path,
                       (long long)videos->read_count, (long long)videos->info.frame_count);
    return CM_OK;
}

static enum cm_code videos_read(struct stn_source *source, struct stn_frame_pool *pool,
                                struct stn_picture *ret_picture, struct cm_err *err)
{
    struct videos *videos = (struct videos *)source;
    for (;;) {
        enum cm_code code = videos->video != NULL ? CM_OK : open_next(videos, err);
        if (code != CM_OK)
            return code;
        struct stn_picture picture = {.first = videos->read_count == 0};
        code = stn_video_read(videos->video, pool, &picture.frame, &picture.pts_us, err);
        if (code == CM_OK) {
            videos->read_count++;
            videos->last_pts_us = picture.pts_us;
            *ret_picture = picture;
            return CM_OK;
        }
        if (code == CM_AGAIN)
            return code;
        if (code != CM_EOF) {
            close_current(videos);
            return code;
        }
        code = finish_current(videos, err);
        if (code != CM_OK)
            return code;
    }
}

static void videos_rewind(struct stn_source *source)
{
    struct videos *videos = (struct videos *)source;
    close_current(videos);
    videos->next = 0;
    videos->rewound = true;
}

static void videos_close(struct stn_source *source)
{
    struct videos *videos = (struct videos *)source;
    close_current(videos);
    stn_file_list_destroy(videos->files);
    free(videos);
}

enum cm_code stn_source_videos_open(struct stn_file_list *files, const char *name,
                                    struct stn_source **ret_source, struct cm_err *err)
{
    static const struct stn_source_ops ops = {videos_read, videos_rewind, videos_close};
    struct videos *videos = calloc(1, sizeof *videos);
    if (videos == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    videos->base = (struct stn_source){.ops = &ops, .recording = true, .cuts = true};
    snprintf(videos->base.name, sizeof videos->base.name, "%s", name);
    videos->files = files;
    /* The first file is opened now: that it is missing or no video is known at once. In a folder the others
     * may still be good: there the first read says it and goes on. */
    enum cm_code code = open_next(videos, err);
    if (code != CM_OK && files->count == 1) {
        free(videos);
        return code;
    }
    if (code != CM_OK)
        videos->next = 0;
    *ret_source = &videos->base;
    return CM_OK;
}
