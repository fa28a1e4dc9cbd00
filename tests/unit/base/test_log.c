#include "base/log.h"

#include "unit.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2]; /* of the pipe that the log writes into */
static char seen[65536];

static int begin(void **state)
{
    (void)state;
    if (pipe(ends) != 0)
        return -1;
    cm_log_to_fd(ends[1], CM_LOG_STYLE_JOURNAL);
    cm_log_set_level(CM_LOG_INFO);
    return 0;
}

static int end(void **state)
{
    (void)state;
    cm_log_to_fd(STDERR_FILENO, CM_LOG_STYLE_AUTO);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What was logged so far; the mark after it keeps the read from waiting when that is nothing. */
static const char *take_seen(void)
{
    assert_int_equal(write(ends[1], "$", 1), 1);
    ssize_t size = read(ends[0], seen, sizeof seen - 1);
    assert_true(size > 0);
    seen[size - 1] = '\0';
    return seen;
}

static void test_fields(void **state)
{
    (void)state;
    static const struct {
        struct cm_log_field field;
        const char *text;
    } cases[] = {
        {{"k", CM_LOG_FIELD_INT, {.integer = INT64_MIN}}, "k=-9223372036854775808"},
        {{"k", CM_LOG_FIELD_REAL, {.real = 0.25}}, "k=0.25"},
        {{"k", CM_LOG_FIELD_REAL, {.real = 1e300}}, "k=1e+300"},
        {{"k", CM_LOG_FIELD_STR, {.str = "plain"}}, "k=plain"},
        {{"k", CM_LOG_FIELD_STR, {.str = "two words"}}, "k=\"two words\""},
        {{"k", CM_LOG_FIELD_STR, {.str = ""}}, "k=\"\""},
        {{"k", CM_LOG_FIELD_STR, {.str = NULL}}, "k=\"\""},
        {{"k", CM_LOG_FIELD_STR, {.str = "a=b"}}, "k=\"a=b\""},
        {{"k", CM_LOG_FIELD_STR, {.str = "say \"hi\" \\"}}, "k=\"say \\\"hi\\\" \\\\\""},
        {{"k", CM_LOG_FIELD_STR, {.str = "x\n<3>forged: line"}}, "k=\"x\\n<3>forged: line\""},
        {{"k", CM_LOG_FIELD_STR, {.str = "\x1B[2J"}}, "k=\"\\u{1b}[2J\""},
        {{"k", CM_LOG_FIELD_STR, {.str = "M\xFCller"}}, "k=\"M\\xfcller\""},
        {{"k",
          CM_LOG_FIELD_STR,
          {.str = "a\xE2\x80\xAE"
                  "b"}},
         "k=\"a\\u{202e}b\""},
        {{"k", CM_LOG_FIELD_STR, {.str = "Zoë"}}, "k=Zoë"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[256];
        snprintf(expected, sizeof expected, "<6>test: event %s\n", cases[i].text);
        cm_log_write(CM_LOG_INFO, "test", "event", &cases[i].field, 1);
        assert_string_equal(take_seen(), expected);
    }
}

static void test_levels_and_macros(void **state)
{
    (void)state;
    cm_log(CM_LOG_ERROR, "a", "one");
    cm_log(CM_LOG_WARN, "a", "two", CM_INT("n", 2));
    cm_log(CM_LOG_INFO, "a", "three\nlines", CM_STR("s", "x"), CM_REAL("r", 0.5), CM_INT("n", 3));
    cm_log(CM_LOG_DEBUG, "a", "unseen");
    cm_trace("a", "unseen", CM_INT("n", 4));
    assert_string_equal(take_seen(), "<3>a: one\n<4>a: two n=2\n<6>a: three\\nlines s=x r=0.5 n=3\n");
    cm_log_set_level(CM_LOG_DEBUG);
    cm_trace("a", "seen", CM_INT("n", 4));
    cm_log_set_level(CM_LOG_ERROR);
    cm_log(CM_LOG_WARN, "a", "unseen");
    assert_string_equal(take_seen(), "<7>a: seen n=4\n");
}

static void test_traced_components_pass(void **state)
{
    (void)state; /* main put CM_TRACE=vision,store into the environment */
    cm_trace("vision", "seen");
    cm_trace("store", "seen");
    cm_trace("stor", "unseen");
    cm_trace("visions", "unseen");
    cm_trace("", "unseen");
    assert_string_equal(take_seen(), "<7>vision: seen\n<7>store: seen\n");
    assert_true(cm_log_enabled(CM_LOG_DEBUG, "store"));
    assert_false(cm_log_enabled(CM_LOG_DEBUG, "ui"));
}

static void test_an_error_brings_its_sentence(void **state)
{
    (void)state;
    struct cm_err err;
    cm_fail(&err, CM_NOSPACE, "the disk of %s is full", "/data");
    cm_log_err(CM_LOG_ERROR, "store", "not written", &err);
    assert_string_equal(take_seen(),
                        "<3>store: not written code=no_space reason=\"the disk of /data is full\"\n");
}

static void test_long_lines_are_cut_between_characters(void **state)
{
    (void)state;
    char value[3000];
    for (size_t start = 0; start < 4; start++) { /* the cut falls on each byte of a character once */
        memset(value, 'x', start);
        for (size_t i = start; i + 2 < sizeof value - 1; i += 2)
            memcpy(value + i, "ë", 3);
        cm_log(CM_LOG_INFO, "test", "long", CM_STR("v", value), CM_INT("n", 1));
        const char *line = take_seen();
        size_t size = strlen(line);
        assert_true(size <= CM_LOG_LINE_MAX);
        assert_true(size > CM_LOG_LINE_MAX - 4);
        assert_string_equal(line + size - 4, "...\n");
        assert_ptr_equal(strchr(line, '\n'), line + size - 1);
        assert_null(strstr(line, "\\x"));
        assert_null(strstr(line, "n=1"));
    }
}

static void test_the_timed_style(void **state)
{
    (void)state;
    char date[16], clock[16], rest[64];
    cm_log_to_fd(ends[1], CM_LOG_STYLE_TIMED);
    cm_log(CM_LOG_WARN, "test", "event");
    assert_int_equal(sscanf(take_seen(), "%10[0-9-]T%12[0-9:.]Z %63[^\n]", date, clock, rest), 3);
    assert_int_equal(strlen(date), 10);
    assert_int_equal(strlen(clock), 12);
    assert_string_equal(rest, "warn test: event");
}

static void test_the_journal_is_recognised_by_its_stream(void **state)
{
    (void)state;
    struct stat info;
    char stream[64];
    assert_int_equal(fstat(ends[1], &info), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)info.st_dev,
             (unsigned long long)info.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    cm_log_to_fd(ends[1], CM_LOG_STYLE_AUTO);
    cm_log(CM_LOG_WARN, "test", "event");
    assert_string_equal(take_seen(), "<4>test: event\n");
    setenv("JOURNAL_STREAM", "8:1", 1); /* our stream was redirected */
    cm_log_to_fd(ends[1], CM_LOG_STYLE_AUTO);
    cm_log(CM_LOG_WARN, "test", "event");
    assert_int_not_equal(take_seen()[0], '<');
    unsetenv("JOURNAL_STREAM");
}

static void test_a_file_is_appended_to(void **state)
{
    (void)state;
    char path[4096], text[256] = "";
    struct stat info;
    struct cm_err err = CM_ERR_INIT;
    const char *parent = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/rollcall-test-log-%ld", parent != NULL ? parent : "/tmp", (long)getpid());
    for (int i = 0; i < 2; i++) { /* the second opens it anew */
        assert_int_equal(cm_log_to_file(path, NULL), CM_OK);
        cm_log(CM_LOG_INFO, "test", "event");
    }
    assert_int_equal(cm_log_to_file("/nonexistent/log", &err), CM_NOTFOUND);
    assert_string_equal(err.msg, "cannot open the log /nonexistent/log: No such file or directory");
    cm_log(CM_LOG_INFO, "test", "still there");
    cm_log_to_fd(ends[1], CM_LOG_STYLE_JOURNAL);

    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int lines = 0;
    while (fgets(text, sizeof text, file) != NULL)
        lines++;
    fclose(file);
    unlink(path);
    assert_int_equal(lines, 3);
    assert_non_null(strstr(text, "info test: still there\n"));
}

enum { THREADS = 4, LINES_PER_THREAD = 100 };

static void *log_lines(void *arg)
{
    for (int i = 0; i < LINES_PER_THREAD; i++)
        cm_log(CM_LOG_INFO, "thread", "event", CM_INT("thread", (intptr_t)arg), CM_INT("n", i));
    return NULL;
}

static void test_lines_of_threads_stay_whole(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_lines, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    char *rest = (char *)(uintptr_t)take_seen(), *line;
    int lines = 0, thread, number, next[THREADS] = {0};
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        assert_int_equal(sscanf(line, "<6>thread: event thread=%d n=%d", &thread, &number), 2);
        assert_in_range(thread, 0, THREADS - 1);
        assert_int_equal(number, next[thread]++);
        lines++;
    }
    assert_int_equal(lines, THREADS * LINES_PER_THREAD);
}

int main(void)
{
    setenv("CM_TRACE", "vision,store", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields, begin, end),
        cmocka_unit_test_setup_teardown(test_levels_and_macros, begin, end),
        cmocka_unit_test_setup_teardown(test_traced_components_pass, begin, end),
        cmocka_unit_test_setup_teardown(test_an_error_brings_its_sentence, begin, end),
        cmocka_unit_test_setup_teardown(test_long_lines_are_cut_between_characters, begin, end),
        cmocka_unit_test_setup_teardown(test_the_timed_style, begin, end),
        cmocka_unit_test_setup_teardown(test_the_journal_is_recognised_by_its_stream, begin, end),
        cmocka_unit_test_setup_teardown(test_a_file_is_appended_to, begin, end),
        cmocka_unit_test_setup_teardown(test_lines_of_threads_stay_whole, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
