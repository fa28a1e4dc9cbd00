#include "capture/folder.h"
#include "capture/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* "/home/x/media/" → "media": the last part of a path, for people. */
static void last_part(const char *path, char *part, size_t size)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    snprintf(part, size, "%.*s", (int)(end - start), path + start);
}

static enum cm_code list_files(const struct stn_capture_spec *spec, struct stn_file_list **ret_files,
                               bool *ret_folder, struct cm_err *err)
{
    struct stat info;
    if (stat(spec->path, &info) != 0)
        return cm_fail(err, errno == ENOENT || errno == ENOTDIR ? CM_NOTFOUND : CM_BACKEND,
                       "recording %s: %s", spec->path, strerror(errno));
    *ret_folder = S_ISDIR(info.st_mode);
    if (*ret_folder)
        return stn_file_list_folder(spec->path, ret_files, err);
    if (stn_file_kind_of(spec->path) == STN_FILE_IMAGE)
        return cm_fail(err, CM_INVALID, "%s is a picture: replay takes a video or a folder", spec->path);
    return stn_file_list_single(spec->path, ret_files, err);
}

enum cm_code stn_source_replay_open(const struct stn_capture_spec *spec, struct stn_source **ret_source,
                                    struct cm_err *err)
{
    struct stn_file_list *files = NULL;
    bool folder = false;
    enum cm_code code = list_files(spec, &files, &folder, err);
    if (code != CM_OK)
        return code;
    char part[200], name[256];
    last_part(spec->path, part, sizeof part);
    if (files->kind == STN_FILE_IMAGE) {
        snprintf(name, sizeof name, "%s (%zu pictures)", part, files->count);
        code = stn_source_images_open(files, name, spec->fps, ret_source, err);
    } else if (spec->fps > 0) {
        code = cm_fail(err, CM_INVALID, "fps=%g is for a folder of pictures: %s has its own rate", spec->fps,
                       part);
    } else {
        snprintf(name, sizeof name, folder ? "%s (recordings)" : "%s (recording)", part);
        code = stn_source_videos_open(files, name, ret_source, err);
    }
    if (code != CM_OK)
        stn_file_list_destroy(files);
    return code;
}
