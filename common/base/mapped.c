#include "base/mapped.h"

#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

void cm_mapped_forget(int fd)
{
    struct stat st;
    char line[PATH_MAX + 128], mode[5];
    uintptr_t from, to;
    uintmax_t inode;
    FILE *maps = fstat(fd, &st) == 0 ? fopen("/proc/self/maps", "re") : NULL;
    if (maps == NULL)
        return;
    /* The device is not compared: overlay file systems show another one there. Of a shared mapping it would do no harm. */
    while (fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %" SCNuMAX, &from, &to, mode, &inode) == 4 &&
            mode[3] == 's' && inode == st.st_ino)
            madvise((void *)from, to - from, MADV_DONTNEED); /* NOLINT(performance-no-int-to-ptr) */
    fclose(maps);
}
