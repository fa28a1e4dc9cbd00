/*
 * The recordings of a folder: regular files whose names end like a picture's or a video's, in order of name
 * (with numbers in the order of their value: frame2 before frame10). Hidden files and all others are passed
 * over.
 */
#ifndef STN_CAPTURE_FOLDER_H
#define STN_CAPTURE_FOLDER_H

#include "base/err.h"
#include <stddef.h>

enum { STN_FOLDER_FILES_MAX = 200000 };

enum stn_file_kind { STN_FILE_OTHER, STN_FILE_IMAGE, STN_FILE_VIDEO };

struct stn_file_list {
    char **paths;
    size_t count, capacity;
    enum stn_file_kind kind;
};

enum stn_file_kind stn_file_kind_of(const char *name);

/* A list of this one file. */
enum cm_code stn_file_list_single(const char *path, struct stn_file_list **ret_list, struct cm_err *err);
/* CM_INVALID when the folder holds neither pictures nor videos, or both. */
enum cm_code stn_file_list_folder(const char *path, struct stn_file_list **ret_list, struct cm_err *err);
void stn_file_list_destroy(struct stn_file_list *list);

#endif
