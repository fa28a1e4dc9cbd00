#include "base/file.h"

#include "unit.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX / 2];

static const char *in_folder(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/rollcall-test-file-XXXXXX", parent != NULL ? parent : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"file", "pipe", "a/b/c", "a/b", "a", "folder", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove(in_folder(names[i]));
    return access(folder, F_OK) == 0 ? -1 : 0;
}

static int count_entries(void)
{
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

static void assert_holds(const char *name, const char *text)
{
    char *data = NULL;
    size_t size = 99;
    assert_int_equal(cm_file_read(in_folder(name), 1000, &data, &size, NULL), CM_OK);
    assert_string_equal(data, text);
    assert_int_equal(size, strlen(text));
    free(data);
}

static void test_written_then_read(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(cm_file_write(in_folder("file"), "first", 5, 0600, NULL), CM_OK);
    assert_holds("file", "first");
    assert_int_equal(stat(in_folder("file"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    mode_t before = umask(0077);
    assert_int_equal(cm_file_write(in_folder("file"), "second!", 7, 0644, NULL), CM_OK);
    umask(before);
    assert_holds("file", "second!");
    assert_int_equal(stat(in_folder("file"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0644);
    assert_int_equal(cm_file_write(in_folder("file"), "", 0, 0600, NULL), CM_OK);
    assert_holds("file", "");
    assert_int_equal(count_entries(), 1); /* nothing temporary is left */
}

static void test_reading_fails_clearly(void **state)
{
    (void)state;
    char expected[2 * PATH_MAX], *data = NULL;
    size_t size = 7;
    struct cm_err err = CM_ERR_INIT;

    assert_int_equal(cm_file_read(in_folder("none"), 10, &data, &size, &err), CM_NOTFOUND);
    snprintf(expected, sizeof expected, "cannot read %s: No such file or directory", in_folder("none"));
    assert_string_equal(err.msg, expected);

    assert_int_equal(cm_file_write(in_folder("file"), "12345678901", 11, 0600, NULL), CM_OK);
    assert_int_equal(cm_file_read(in_folder("file"), 10, &data, &size, &err), CM_INVALID);
    snprintf(expected, sizeof expected, "cannot read %s: larger than 10 bytes", in_folder("file"));
    assert_string_equal(err.msg, expected);

    assert_int_equal(cm_file_read(folder, 10, &data, &size, NULL), CM_INVALID);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(cm_file_read(in_folder("pipe"), 10, &data, &size, NULL), CM_INVALID);
    assert_null(data);
    assert_int_equal(size, 7);
}

static void test_a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    assert_int_equal(cm_file_write(in_folder("none/file"), "x", 1, 0600, NULL), CM_NOTFOUND);
    assert_int_equal(mkdir(in_folder("folder"), 0700), 0);
    int before = count_entries();
    assert_int_equal(cm_file_write(in_folder("folder"), "x", 1, 0600, NULL), CM_BACKEND); /* rename refuses */
    assert_int_equal(count_entries(), before);
}

static void test_folders_are_made(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(cm_file_make_folders(in_folder("a/b/c"), NULL), CM_OK);
    assert_int_equal(cm_file_make_folders(in_folder("a/b/c"), NULL), CM_OK);
    assert_int_equal(cm_file_make_folders(in_folder("a//b/c/"), NULL), CM_OK);
    assert_int_equal(stat(in_folder("a/b"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(cm_file_make_folders(in_folder("file/x"), NULL), CM_INVALID);
    assert_int_equal(cm_file_make_folders(in_folder("file"), NULL), CM_INVALID);
    assert_int_equal(cm_file_make_folders("", NULL), CM_INVALID);
    assert_int_equal(cm_file_make_folders("/", NULL), CM_OK);
}

static void test_codes_of_errno(void **state)
{
    (void)state;
    assert_int_equal(cm_file_code(ENOSPC), CM_NOSPACE);
    assert_int_equal(cm_file_code(EDQUOT), CM_NOSPACE);
    assert_int_equal(cm_file_code(ENOENT), CM_NOTFOUND);
    assert_int_equal(cm_file_code(EACCES), CM_BACKEND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_then_read),
        cmocka_unit_test(test_reading_fails_clearly),
        cmocka_unit_test(test_a_failed_write_leaves_the_old_file),
        cmocka_unit_test(test_folders_are_made),
        cmocka_unit_test(test_codes_of_errno),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
