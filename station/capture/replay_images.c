#include "capture/folder.h"
#include "capture/source.h"
#include "shim/media_shim.h"

#include <stdio.h>
#include <stdlib.h>

#define FPS_DEFAULT 24.0

struct images {
    struct stn_source base;
    struct stn_file_list *files;
    size_t next;
};

static enum cm_code images_read(struct stn_source *source, struct stn_frame_pool *pool,
                                struct stn_picture *ret_picture, struct cm_err *err)
{
    struct images *images = (struct images *)source;
    if (images->next == images->files->count)
        return CM_EOF;
    struct stn_picture picture = {.pts_us = -1, .first = images->next == 0};
    enum cm_code code = stn_image_read(images->files->paths[images->next], pool, &picture.frame, err);
    if (code == CM_AGAIN)
        return code;
    images->next++;
    if (code == CM_OK)
        *ret_picture = picture;
    return code;
}

static void images_rewind(struct stn_source *source)
{
    ((struct images *)source)->next = 0;
}

static void images_close(struct stn_source *source)
{
    struct images *images = (struct images *)source;
    stn_file_list_destroy(images->files);
    free(images);
}

enum cm_code stn_source_images_open(struct stn_file_list *files, const char *name, double fps,
                                    struct stn_source **ret_source, struct cm_err *err)
{
    static const struct stn_source_ops ops = {images_read, images_rewind, images_close};
    struct images *images = calloc(1, sizeof *images);
    if (images == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    /* No cut at a rewind: one picture in a loop is a still held before the camera. */
    images->base = (struct stn_source){.ops = &ops, .recording = true, .fps = fps > 0 ? fps : FPS_DEFAULT};
    snprintf(images->base.name, sizeof images->base.name, "%s", name);
    images->files = files;
    *ret_source = &images->base;
    return CM_OK;
}
