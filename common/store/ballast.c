#include "store/ballast.h"

#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static bool room_enough(int fd)
{
    struct statvfs disk;
    return fstatvfs(fd, &disk) == 0 &&
           (uint64_t)disk.f_bavail * disk.f_frsize >= (uint64_t)CM_BALLAST_BYTES + CM_BALLAST_LEAST_FREE;
}

enum cm_code cm_ballast_lay(const char *path, bool *ret_gone, struct cm_err *err)
{
    struct stat st;
    enum cm_code code = CM_OK;
    if (stat(path, &st) == 0 && st.st_size >= CM_BALLAST_BYTES) {
        *ret_gone = false;
        return CM_OK;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return cm_fail(err, cm_file_code(errno), "cannot create %s: %s", path, strerror(errno));
    bool room = room_enough(fd);
    int status = room ? posix_fallocate(fd, 0, CM_BALLAST_BYTES) : 0;
    if (status != 0 && cm_file_code(status) != CM_NOSPACE && status != EFBIG)
        code = cm_fail(err, CM_BACKEND, "cannot fill %s: %s", path, strerror(status));
    close(fd);
    if (!room || status != 0)
        unlink(path);
    if (code == CM_OK)
        *ret_gone = !room || status != 0;
    return code;
}

bool cm_ballast_drop(const char *path)
{
    return unlink(path) == 0;
}
