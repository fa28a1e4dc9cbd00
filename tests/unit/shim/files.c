#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int test_folder_create(struct test_folder *folder)
{
    const char *root = getenv("TMPDIR");
    snprintf(folder->path, sizeof folder->path, "%s/rollcall-shim-XXXXXX", root != NULL ? root : "/tmp");
    return mkdtemp(folder->path) != NULL ? 0 : -1;
}

void test_folder_remove(struct test_folder *folder)
{
    DIR *dir = opendir(folder->path);
    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(folder->path);
}

const char *test_folder_put(struct test_folder *folder, const char *name, const void *bytes, size_t size)
{
    snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name);
    FILE *file = fopen(folder->file, "wb");
    if (file == NULL)
        return NULL;
    const size_t written = size > 0 ? fwrite(bytes, 1, size, file) : 0;
    return fclose(file) == 0 && written == size ? folder->file : NULL;
}

int test_stderr_start(struct test_folder *folder)
{
    char path[256];
    snprintf(path, sizeof path, "%s/stderr", folder->path);
    fflush(stderr);
    const int saved = dup(STDERR_FILENO);
    const int caught = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
    dup2(caught, STDERR_FILENO);
    close(caught);
    return saved;
}

long test_stderr_stop(int saved)
{
    fflush(stderr);
    const long size = lseek(STDERR_FILENO, 0, SEEK_END);
    dup2(saved, STDERR_FILENO);
    close(saved);
    return size;
}
