#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum cm_code cm_file_code(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
        return CM_NOTFOUND;
    case ENOSPC:
    case EDQUOT:
        return CM_NOSPACE;
    case ENOMEM:
        return CM_NOMEM;
    default:
        return CM_BACKEND;
    }
}

static enum cm_code fail_errno(struct cm_err *err, const char *what, const char *path)
{
    int error = errno;
    return cm_fail(err, cm_file_code(error), "cannot %s %s: %s", what, path, strerror(error));
}

static enum cm_code read_open(int fd, const char *path, size_t max, char **ret_data, size_t *ret_size,
                              struct cm_err *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return fail_errno(err, "read", path);
    if (!S_ISREG(info.st_mode))
        return cm_fail(err, CM_INVALID, "cannot read %s: not a regular file", path);
    if ((uint64_t)info.st_size > max)
        return cm_fail(err, CM_INVALID, "cannot read %s: larger than %zu bytes", path, max);
    size_t want = (size_t)info.st_size, size = 0;
    char *data = malloc(want + 1);
    if (data == NULL)
        return cm_fail(err, CM_NOMEM, "cannot read %s: out of memory", path);
    while (size < want) {
        ssize_t got = read(fd, data + size, want - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            enum cm_code code = fail_errno(err, "read", path);
            free(data);
            return code;
        }
        if (got == 0)
            break; /* it was cut meanwhile */
        size += (size_t)got;
    }
    data[size] = '\0';
    *ret_data = data;
    if (ret_size != NULL)
        *ret_size = size;
    return CM_OK;
}

enum cm_code cm_file_read(const char *path, size_t max, char **ret_data, size_t *ret_size, struct cm_err *err)
{
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* O_NONBLOCK: a FIFO must not hold us */
    if (fd < 0)
        return fail_errno(err, "read", path);
    enum cm_code code = read_open(fd, path, max, ret_data, ret_size, err);
    close(fd);
    return code;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

static void folder_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(out, PATH_MAX, ".");
    else if (slash == path)
        snprintf(out, PATH_MAX, "/");
    else
        snprintf(out, PATH_MAX, "%.*s", (int)(slash - path), path);
}

static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return done;
}

enum cm_code cm_file_write(const char *path, const void *data, size_t size, mode_t mode, struct cm_err *err)
{
    static const char suffix[] = ".XXXXXX";
    char temporary[PATH_MAX], folder[PATH_MAX];
    if (strlen(path) + sizeof suffix > sizeof temporary)
        return cm_fail(err, CM_INVALID, "cannot write: the path is too long");
    snprintf(temporary, sizeof temporary, "%s%s", path, suffix);
    folder_of(path, folder);

    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "write", path);
    enum cm_code code = CM_OK;
    if (!write_all(fd, data, size) || fchmod(fd, mode) != 0 || fsync(fd) != 0)
        code = fail_errno(err, "write", path);
    if (close(fd) != 0 && code == CM_OK)
        code = fail_errno(err, "write", path);
    if (code == CM_OK && rename(temporary, path) != 0)
        code = fail_errno(err, "write", path);
    if (code != CM_OK) {
        unlink(temporary);
        return code;
    }
    if (!sync_folder(folder))
        return fail_errno(err, "sync the folder of", path);
    return CM_OK;
}

static enum cm_code make_folder(const char *path, struct cm_err *err)
{
    if (mkdir(path, 0700) == 0)
        return CM_OK;
    int error = errno;
    struct stat info;
    if (stat(path, &info) ==
        0) { /* first: a read-only file system refuses before it says that the folder exists */
        if (S_ISDIR(info.st_mode))
            return CM_OK;
        return cm_fail(err, CM_INVALID, "cannot make the folder %s: something else has that name", path);
    }
    errno = error;
    return fail_errno(err, "make the folder", path);
}

enum cm_code cm_file_make_folders(const char *path, struct cm_err *err)
{
    char partial[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof partial)
        return cm_fail(err, CM_INVALID, "cannot make a folder: its path is %s",
                       length == 0 ? "empty" : "too long");
    memcpy(partial, path, length + 1);
    for (size_t i = 1; i < length; i++) {
        if (partial[i] != '/')
            continue;
        partial[i] = '\0';
        enum cm_code code = make_folder(partial, err);
        if (code != CM_OK)
            return code;
        partial[i] = '/';
    }
    return make_folder(partial, err);
}
