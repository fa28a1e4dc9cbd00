/* Where a program finds its settings and its folder, on a real disk. */
#include "unit.h"

#include "config/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
    char data[128];
    int32_t port;
};
static const struct cm_option options[] = {
    CM_OPTION_PATH(struct settings, data, "thing", "data", "", "Folder"),
    CM_OPTION_INT(struct settings, port, "thing", "port", "1", 0, 65535, "Port"),
};
static const struct cm_config_schema schema = CM_CONFIG_SCHEMA(struct settings, options);
static const struct cm_config_program program = {&schema, "thing", "rollcall-thing"};

static char home[] = "/tmp/rollcall-program-XXXXXX";
static char usual[96]; /* the folder in it */

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int make_home(void **state)
{
    char path[128];
    (void)state;
    if (mkdtemp(home) == NULL)
        return -1;
    static const char *const steps[] = {"/.local", "/.local/share", "/.local/share/rollcall-thing", "/other"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        snprintf(path, sizeof path, "%s%s", home, steps[i]);
        if (mkdir(path, 0700) != 0)
            return -1;
    }
    snprintf(usual, sizeof usual, "%s/.local/share/rollcall-thing", home);
    return 0;
}

static int remove_home(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", home);
    return system(command);
}

static int at_home(void **state)
{
    (void)state;
    unsetenv("XDG_DATA_HOME");
    return setenv("HOME", home, 1);
}

static struct settings load(const char *path, const char *data_dir)
{
    struct settings settings;
    struct cm_err err = CM_ERR_INIT;
    memset(&settings, 0, sizeof settings);
    if (cm_config_load_program(&program, path, data_dir, &settings, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return settings;
}

static void data_are_in_the_users_folder(void **state)
{
    (void)state;
    assert_string_equal(load(NULL, NULL).data, usual);
    setenv("XDG_DATA_HOME", "/elsewhere", 1);
    assert_string_equal(load(NULL, NULL).data, "/elsewhere/rollcall-thing");
    assert_string_equal(load(NULL, "/told").data, "/told");
}

static void the_file_is_in_the_data_folder(void **state)
{
    (void)state;
    char path[192], other[128];
    snprintf(path, sizeof path, "%s/thing.conf", usual);
    put_file(path, "[thing]\nport = 2\n");
    assert_int_equal(load(NULL, NULL).port, 2);
    snprintf(other, sizeof other, "%s/other", home);
    snprintf(path, sizeof path, "%s/thing.conf", other);
    put_file(path, "[thing]\nport = 3\ndata = /said\n");
    assert_int_equal(load(NULL, other).port, 3); /* of the folder that was told, which stays the folder */
    assert_string_equal(load(NULL, other).data, other);
    assert_string_equal(load(path, NULL).data, "/said"); /* of a file that was told */
}

static void nowhere_to_go(void **state)
{
    (void)state;
    struct settings settings = {.port = 0};
    struct cm_err err = CM_ERR_INIT;
    char deep[256];
    unsetenv("HOME");
    assert_int_equal(cm_config_load_program(&program, NULL, NULL, &settings, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "HOME is not set"));
    assert_string_equal(load(NULL, "/told").data, "/told");
    memset(deep, 'a', sizeof deep - 1);
    deep[0] = '/';
    deep[sizeof deep - 1] = '\0';
    setenv("HOME", deep, 1);
    assert_int_equal(cm_config_load_program(&program, NULL, NULL, &settings, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "too long"));
    assert_int_equal(cm_config_load_program(&program, "/nowhere.conf", NULL, &settings, &err), CM_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(data_are_in_the_users_folder, at_home),
        cmocka_unit_test_setup(the_file_is_in_the_data_folder, at_home),
        cmocka_unit_test_setup(nowhere_to_go, at_home),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
