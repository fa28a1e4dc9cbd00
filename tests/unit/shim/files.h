/* Files for tests: a temporary folder, and what is printed on stderr while something runs. */
#ifndef TEST_SHIM_FILES_H
#define TEST_SHIM_FILES_H

#include <stddef.h>

struct test_folder {
    char path[128];
    char file[256]; /* the last path that test_folder_put() returned */
};

/* 0, or -1 when no folder can be made under $TMPDIR or /tmp. */
int test_folder_create(struct test_folder *folder);
void test_folder_remove(struct test_folder *folder);
/* Writes a file; the path is valid until the next call. NULL on failure. */
const char *test_folder_put(struct test_folder *folder, const char *name, const void *bytes, size_t size);

/* From start to stop, stderr goes to a file of the folder; stop returns how many bytes arrived there. */
int test_stderr_start(struct test_folder *folder);
long test_stderr_stop(int saved);

#endif
