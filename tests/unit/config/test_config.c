#include "config/config.h"

#include "unit.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum policy { POLICY_STRICT, POLICY_PAD, POLICY_BASIC };

struct settings {
    int32_t before; /* no option names it */
    char camera[64];
    int32_t port;
    bool headless;
    enum policy policy;
    double budget;
    char data[128];
    int32_t keep_min;
};

static const char *const policies[] = {"strict", "pad", "basic", NULL};
static const struct cm_option options[] = {
    CM_OPTION_STRING(struct settings, camera, "camera", "source", "pattern", "Where frames come from"),
    CM_OPTION_INT(struct settings, port, "server", "port", "8080", 1, 65535, "Port to listen on"),
    CM_OPTION_BOOL(struct settings, headless, "ui", "headless", "no", "Run without the interface"),
    CM_OPTION_CHOICE(struct settings, policy, "liveness", "policy", "strict", policies, "What proves life"),
    CM_OPTION_REAL(struct settings, budget, "liveness", "far-budget", "0.001", 0.0, 0.5,
                   "False accepts allowed"),
    CM_OPTION_PATH(struct settings, data, "store", "data", "/var/lib/rollcall", "Folder of the data"),
    CM_OPTION_MINUTES(struct settings, keep_min, "store", "keep", "30d", 0, 527040, "Age that logs reach"),
};
static const struct cm_config_schema schema = CM_CONFIG_SCHEMA(struct settings, options);

#define LONG                                                                                                 \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"     \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static enum cm_code parse(const char *text, size_t size, struct settings *settings, struct cm_err *err)
{
    char *exact = calloc(size > 0 ? size : 1, 1); /* the sanitizer sees a read past the end */
    memcpy(exact, text, size);
    enum cm_code code = cm_config_parse(&schema, "/etc/rollcall/station.ini", exact, size, settings, err);
    free(exact);
    return code;
}

static void test_defaults(void **state)
{
    (void)state;
    struct settings settings = {.before = 7};
    assert_int_equal(parse("", 0, &settings, NULL), CM_OK);
    assert_int_equal(settings.before, 7);
    assert_string_equal(settings.camera, "pattern");
    assert_int_equal(settings.port, 8080);
    assert_false(settings.headless);
    assert_int_equal(settings.policy, POLICY_STRICT);
    assert_true(settings.budget == 0.001);
    assert_string_equal(settings.data, "/var/lib/rollcall");
    assert_int_equal(settings.keep_min, 43200);
}

static void test_a_file_of_everything(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBF# comment\r\n"
                               "; another\r\n"
                               "\r\n"
                               "[camera]\r\n"
                               "source = replay:/v/a=b.mp4?speed=max&loop=1 ; comment\r\n"
                               "  [server]  # comment\n"
                               "\tport=1\n"
                               "[ui]\n"
                               "# " LONG "\n"
                               "headless: ON\n"
                               "[liveness]\n"
                               "policy = basic\n"
                               "far-budget = 2.5e-1\n"
                               "[store]\n"
                               "data = rollcall data\n"
                               "[store]\n"
                               "keep = 1h30m";
    struct settings settings = {0};
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(parse(text, sizeof text - 1, &settings, &err), CM_OK);
    assert_string_equal(settings.camera, "replay:/v/a=b.mp4?speed=max&loop=1");
    assert_int_equal(settings.port, 1);
    assert_true(settings.headless);
    assert_int_equal(settings.policy, POLICY_BASIC);
    assert_true(settings.budget == 0.25);
    assert_string_equal(settings.data, "/etc/rollcall/rollcall data");
    assert_int_equal(settings.keep_min, 90);
}

static void test_mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *msg; /* after the file's name */
    } cases[] = {
        {"[server]\nprot = 1\n", "2: there is no setting \"prot\" in [server]; did you mean \"port\"?"},
        {"[server]\nPORT = 1\n", "2: there is no setting \"PORT\" in [server]; did you mean \"port\"?"},
        {"[liveness]\nx = 1\n", "2: there is no setting \"x\" in [liveness]; there are: policy, far-budget"},
        {"[sever]\n", "1: there is no section [sever]; did you mean \"server\"?"},
        {"\n[what]\n", "2: there is no section [what]; there are: camera, server, ui, liveness, store"},
        {"port = 1\n", "1: a setting before the first [section]"},
        {"[server]\nport = 1\nport = 1\n", "3: port: set before in this file"},
        {"[server]\nport = 1\n[ui]\n[server]\nport = 2\n", "5: port: set before in this file"},
        {"[server]\nport = 0\n", "2: port: \"0\" is not a whole number from 1 to 65535"},
        {"[server]\nport = 65536\n", "2: port: \"65536\" is not a whole number from 1 to 65535"},
        {"[server]\nport = 8080x\n", "2: port: \"8080x\" is not a whole number from 1 to 65535"},
        {"[server]\nport = \n", "2: port: \"\" is not a whole number from 1 to 65535"},
        {"[server]\nport = 99999999999999999999\n",
         "2: port: \"99999999999999999999\" is not a whole number from 1 to 65535"},
        {"[server]\nport = 80 # the usual\n", "2: port: \"80 # the usual\" is not a whole number from 1 to "
                                              "65535 (a comment after a value begins with ;)"},
        {"[ui]\nheadless = maybe\n", "2: headless: \"maybe\" is not yes or no"},
        {"[liveness]\npolicy = Basic\n", "2: policy: \"Basic\" is not one of strict, pad, basic"},
        {"[liveness]\nfar-budget = 0.6\n", "2: far-budget: \"0.6\" is not a number from 0 to 0.5"},
        {"[liveness]\nfar-budget = nan\n", "2: far-budget: \"nan\" is not a number from 0 to 0.5"},
        {"[liveness]\nfar-budget = 0x1p-2\n", "2: far-budget: \"0x1p-2\" is not a number from 0 to 0.5"},
        {"[liveness]\nfar-budget = 0,1\n", "2: far-budget: \"0,1\" is not a number from 0 to 0.5"},
        {"[store]\nkeep = 30m1h\n",
         "2: keep: \"30m1h\" is not a time from 0m to 366d, such as 90m, 1h30m or 7d"},
        {"[store]\nkeep = 1h30\n",
         "2: keep: \"1h30\" is not a time from 0m to 366d, such as 90m, 1h30m or 7d"},
        {"[store]\nkeep = -1\n", "2: keep: \"-1\" is not a time from 0m to 366d, such as 90m, 1h30m or 7d"},
        {"[store]\nkeep = 999999999d\n",
         "2: keep: \"999999999d\" is not a time from 0m to 366d, such as 90m, 1h30m or 7d"},
        {"[camera]\nsource = 1234567890123456789012345678901234567890123456789012345678901234\n",
         "2: source: \"123456789012345678901234567890123456789012345678901234567890123\" is not text of up "
         "to 63 "
         "bytes without control characters"},
        {"[camera]\nsource = a\x1B[2J\n",
         "2: source: \"a\\u{1b}[2J\" is not text of up to 63 bytes without control characters"},
        {"[camera]\nsource = M\xFCller\n", "2: this is not UTF-8 text"},
        {"[camera\nsource = x\n", "1: expected [section], key = value or a comment"},
        {"[camera] source = x\n", "1: text after a section; put the setting on a line of its own"},
        {"[camera]\nsource\n[server]\nport=0\n", "2: expected [section], key = value or a comment"},
        {"[server]\nport = 1\n  8080\n", "3: expected [section], key = value or a comment"},
        {"[camera]\n\nsource = " LONG "\n",
         "3: the line is too long (190 bytes at most; the environment takes longer values)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings = {.port = 4711}, untouched = settings;
        struct cm_err err = CM_ERR_INIT;
        char expected[sizeof err.msg];
        snprintf(expected, sizeof expected, "/etc/rollcall/station.ini:%s", cases[i].msg);
        assert_int_equal(parse(cases[i].text, strlen(cases[i].text), &settings, &err), CM_INVALID);
        assert_string_equal(err.msg, expected);
        assert_memory_equal(&settings, &untouched, sizeof settings);
    }
    struct settings settings = {0};
    assert_int_equal(parse("[ui]\n\0\n", 7, &settings, NULL), CM_INVALID);
}

static void test_the_longest_line_is_taken_whole(void **state)
{
    (void)state;
    char text[256] = "[store]\ndata = /";
    struct settings settings = {0};
    struct cm_err err = CM_ERR_INIT;
    memset(text + strlen(text), 'x', 126); /* the member's 127 bytes */
    memset(text + strlen(text), ' ', 8 + CM_CONFIG_LINE_MAX - strlen(text));
    assert_int_equal(parse(text, strlen(text), &settings, &err), CM_OK);
    assert_int_equal(strlen(settings.data), 127);
    strcat(text, " ");
    assert_int_equal(parse(text, strlen(text), &settings, &err), CM_INVALID);
}

static void test_the_environment_wins(void **state)
{
    (void)state;
    static const struct {
        const char *variable;
        enum cm_code code;
        const char *msg;
    } cases[] = {
        {"ROLLCALL_SERVER_PORT=99", CM_OK, ""},
        {"ROLLCALL_LIVENESS_FAR_BUDGET=0.1", CM_OK, ""},
        {"ROLLCALL_STORE_DATA=here", CM_OK, ""},
        {"ROLLCALL_SOMETHING_ELSE=1", CM_OK, ""},
        {"ROLLCALL_SERVERS=1", CM_OK, ""},
        {"ROLLCALL_SERVER_PORT=x", CM_INVALID,
         "environment variable ROLLCALL_SERVER_PORT: port: \"x\" is not a whole number from 1 to 65535"},
        {"ROLLCALL_SERVER_PROT=1", CM_INVALID,
         "environment variable ROLLCALL_SERVER_PROT: there is no setting \"prot\" in [server]; did you mean "
         "\"port\"?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char variable[128], other[] = "PATH=/bin";
        snprintf(variable, sizeof variable, "%s", cases[i].variable);
        char *environment[] = {other, variable, NULL};
        struct settings settings = {0};
        struct cm_err err = CM_ERR_INIT;
        const struct cm_config_source source = {.environment = environment};
        assert_int_equal(cm_config_load(&schema, &source, &settings, &err), cases[i].code);
        assert_string_equal(err.msg, cases[i].msg);
        if (i == 0)
            assert_int_equal(settings.port, 99);
        if (i == 1)
            assert_true(settings.budget == 0.1);
        if (i == 2)
            assert_string_equal(settings.data, "here");
        if (cases[i].code != CM_OK)
            assert_int_equal(settings.port, 0);
    }
}

static void test_the_command_line(void **state)
{
    (void)state;
    struct settings settings = {0};
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(cm_config_set(&schema, &settings, "store", "data", "here", "--data", &err), CM_OK);
    assert_string_equal(settings.data, "here");
    assert_int_equal(cm_config_set(&schema, &settings, "server", "port", "0", "--port", &err), CM_INVALID);
    assert_string_equal(err.msg, "--port: port: \"0\" is not a whole number from 1 to 65535");
    assert_int_equal(cm_config_set(&schema, &settings, "store", "date", "x", "--set store.date", &err),
                     CM_INVALID);
    assert_string_equal(err.msg,
                        "--set store.date: there is no setting \"date\" in [store]; did you mean \"data\"?");
    assert_int_equal(cm_config_set(&schema, &settings, "stare", "data", "x", "--set", &err), CM_INVALID);
    assert_string_equal(err.msg, "--set: there is no section [stare]; did you mean \"store\"?");
}

static void test_files_that_are_not_there_or_not_readable(void **state)
{
    (void)state;
    char folder[PATH_MAX / 2], path[PATH_MAX], expected[2 * PATH_MAX];
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/rollcall-test-config-XXXXXX", parent != NULL ? parent : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/station.ini", folder);

    struct settings settings = {0};
    struct cm_err err = CM_ERR_INIT;
    struct cm_config_source source = {.path = path};
    assert_int_equal(cm_config_load(&schema, &source, &settings, &err), CM_OK);
    assert_int_equal(settings.port, 8080);
    source.path_required = true;
    assert_int_equal(cm_config_load(&schema, &source, &settings, &err), CM_NOTFOUND);
    snprintf(expected, sizeof expected, "cannot read %s: No such file or directory", path);
    assert_string_equal(err.msg, expected);

    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("[server]\nport = 81\n[store]\ndata = d\n", file);
    fclose(file);
    assert_int_equal(cm_config_load(&schema, &source, &settings, &err), CM_OK);
    assert_int_equal(settings.port, 81);
    snprintf(expected, sizeof expected, "%s/d", folder);
    assert_string_equal(settings.data, expected);

    source.path = folder;
    assert_int_equal(cm_config_load(&schema, &source, &settings, &err), CM_INVALID);
    snprintf(expected, sizeof expected, "cannot read %s: not a regular file", folder);
    assert_string_equal(err.msg, expected);

    if (geteuid() != 0) { /* root reads everything */
        source.path = path;
        source.path_required = false;
        assert_int_equal(chmod(path, 0), 0);
        assert_int_equal(cm_config_load(&schema, &source, &settings, &err), CM_BACKEND);
        snprintf(expected, sizeof expected, "cannot read %s: Permission denied", path);
        assert_string_equal(err.msg, expected);
    }
    unlink(path);
    rmdir(folder);
}

static char *describe(const struct settings *settings)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    cm_config_describe(&schema, settings, out);
    fclose(out);
    return text;
}

static void test_the_description_is_a_file(void **state)
{
    (void)state;
    static const char first[] =
        "[camera]\n"
        "\n"
        "# Where frames come from\n"
        "# text of up to 63 bytes without control characters; default pattern; or "
        "ROLLCALL_CAMERA_SOURCE in the environment\n"
        "#source = pattern\n"
        "\n"
        "[server]\n"
        "\n"
        "# Port to listen on\n"
        "# a whole number from 1 to 65535; default 8080; or ROLLCALL_SERVER_PORT in the "
        "environment\n"
        "#port = 8080\n";
    char *text = describe(NULL);
    assert_memory_equal(text, first, sizeof first - 1);
    struct settings settings = {0}, again = {0};
    assert_int_equal(parse(text, strlen(text), &settings, NULL), CM_OK);
    assert_int_equal(settings.port, 8080);
    free(text);

    settings.port = 81;
    settings.headless = true;
    settings.policy = POLICY_PAD;
    settings.budget = 1.0 / 3;
    settings.keep_min = 61;
    strcpy(settings.data, "/d");
    text = describe(&settings);
    assert_non_null(strstr(text, "\nport = 81\n"));
    assert_non_null(strstr(text, "\n#source = pattern\n"));
    assert_int_equal(parse(text, strlen(text), &again, NULL), CM_OK);
    assert_int_equal(again.port, 81);
    assert_true(again.headless);
    assert_int_equal(again.policy, POLICY_PAD);
    assert_true(again.budget == 1.0 / 3);
    assert_int_equal(again.keep_min, 61);
    assert_string_equal(again.data, "/d");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_a_file_of_everything),
        cmocka_unit_test(test_mistakes_are_named_with_their_line),
        cmocka_unit_test(test_the_longest_line_is_taken_whole),
        cmocka_unit_test(test_the_environment_wins),
        cmocka_unit_test(test_the_command_line),
        cmocka_unit_test(test_files_that_are_not_there_or_not_readable),
        cmocka_unit_test(test_the_description_is_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
