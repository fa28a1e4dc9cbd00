#include "capture/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const struct {
    const char *ending;
    enum stn_file_kind kind;
} endings[] = {
    {".jpg", STN_FILE_IMAGE}, {".jpeg", STN_FILE_IMAGE}, {".png", STN_FILE_IMAGE},  {".bmp", STN_FILE_IMAGE},
    {".pgm", STN_FILE_IMAGE}, {".mp4", STN_FILE_VIDEO},  {".m4v", STN_FILE_VIDEO},  {".mov", STN_FILE_VIDEO},
    {".avi", STN_FILE_VIDEO}, {".mkv", STN_FILE_VIDEO},  {".webm", STN_FILE_VIDEO}, {".mpg", STN_FILE_VIDEO},
    {".ogv", STN_FILE_VIDEO}, {".ts", STN_FILE_VIDEO},
};

enum stn_file_kind stn_file_kind_of(const char *name)
{
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(ending, endings[i].ending) == 0)
            return endings[i].kind;
    return STN_FILE_OTHER;
}

static bool add_path(struct stn_file_list *list, const char *folder, const char *name)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        char **paths = realloc(list->paths, capacity * sizeof *paths);
        if (paths == NULL)
            return false;
        list->paths = paths;
        list->capacity = capacity;
    }
    char *path = NULL;
    if (folder == NULL)
        path = strdup(name);
    else if (asprintf(&path, "%s/%s", folder, name) < 0)
        path = NULL;
    if (path == NULL)
        return false;
    list->paths[list->count++] = path;
    return true;
}

enum cm_code stn_file_list_single(const char *path, struct stn_file_list **ret_list, struct cm_err *err)
{
    struct stn_file_list *list = calloc(1, sizeof *list);
    if (list == NULL || !add_path(list, NULL, path)) {
        stn_file_list_destroy(list);
        return cm_fail(err, CM_NOMEM, "out of memory for %s", path);
    }
    list->kind = stn_file_kind_of(path);
    *ret_list = list;
    return CM_OK;
}

static bool is_regular(DIR *dir, const char *name)
{
    struct stat info;
    return fstatat(dirfd(dir), name, &info, 0) == 0 && S_ISREG(info.st_mode);
}

static enum cm_code add_entry(struct stn_file_list *list, DIR *dir, const char *folder, const char *name,
                              struct cm_err *err)
{
    enum stn_file_kind kind = stn_file_kind_of(name);
    if (name[0] == '.' || kind == STN_FILE_OTHER || !is_regular(dir, name))
        return CM_OK;
    if (list->count > 0 && list->kind != kind)
        return cm_fail(err, CM_INVALID, "%s holds pictures and videos: name a folder with one kind only",
                       folder);
    if (list->count == STN_FOLDER_FILES_MAX)
        return cm_fail(err, CM_INVALID, "%s holds more than %d recordings", folder, STN_FOLDER_FILES_MAX);
    list->kind = kind;
    if (!add_path(list, folder, name))
        return cm_fail(err, CM_NOMEM, "out of memory for the files of %s", folder);
    return CM_OK;
}

static int by_name(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

enum cm_code stn_file_list_folder(const char *path, struct stn_file_list **ret_list, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    struct stn_file_list *list = NULL;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return cm_fail(err, errno == ENOENT ? CM_NOTFOUND : CM_BACKEND, "folder %s: %s", path,
                       strerror(errno));
    list = calloc(1, sizeof *list);
    if (list == NULL) {
        code = cm_fail(err, CM_NOMEM, "out of memory for the files of %s", path);
        goto out;
    }
    struct dirent *entry;
    while (code == CM_OK && (entry = readdir(dir)) != NULL)
        code = add_entry(list, dir, path, entry->d_name, err);
    if (code == CM_OK && list->count == 0)
        code = cm_fail(err, CM_INVALID,
                       "%s holds no pictures (jpg, png, bmp, pgm) and no videos (mp4, webm, avi, …)", path);
    if (code != CM_OK)
        goto out;
    qsort(list->paths, list->count, sizeof list->paths[0], by_name);
    *ret_list = list;
    list = NULL;
out:
    stn_file_list_destroy(list);
    closedir(dir);
    return code;
}

void stn_file_list_destroy(struct stn_file_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    free(list);
}
