/* A full disk: nothing is lost or half written, what was refused can be done again, and what must go through does. */
#include "store/ballast.h"
#include "store_fixture.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct cm_consent given = {.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair"};

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static enum cm_code append_until_refused(struct fixture *f, int *number, int most, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (int i = 0; i < most && code == CM_OK; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%06d", *number);
        code = fixture_append_mark(f->store, id, NULL, err);
        if (code == CM_OK)
            ++*number;
    }
    return code;
}

static bool count_entry(void *arg, const struct cm_roll_entry *entry)
{
    (void)entry;
    ++*(int *)arg;
    return true;
}

static void expect_marks(struct fixture *f, int marks)
{
    int count = 0;
    fixture_check(f);
    assert_int_equal(stn_store_each_roll(f->store, FIXTURE_DATE, count_entry, &count, NULL), CM_OK);
    assert_int_equal(count, marks);
}

/* The limit on a file's size refuses writes as a full disk does, anywhere and without privileges; odd limits make the
 * write that meets it a partial one. */
static void a_write_that_meets_a_limit_changes_nothing(void **state)
{
    static const int extra[] = {0, 4096, 3 * 4096, 5000, 20000 + 1};
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < sizeof extra / sizeof extra[0]; i++) {
        struct fixture f;
        struct cm_err err = CM_ERR_INIT;
        struct stat st;
        int marks = 0;
        fixture_init(&f);
        fixture_open(&f);
        assert_int_equal(append_until_refused(&f, &marks, 5, &err), CM_OK);
        assert_int_equal(stat(fixture_path(&f, "store/data.mdb"), &st), 0);
        limit_file_size((rlim_t)(st.st_size + extra[i]));
        assert_int_equal(append_until_refused(&f, &marks, 200, &err), CM_NOSPACE);
        assert_non_null(strstr(err.msg, "full"));
        expect_marks(&f, marks);
        assert_int_equal(append_until_refused(&f, &marks, 1, &err), CM_NOSPACE);
        limit_file_size(RLIM_INFINITY);
        assert_int_equal(append_until_refused(&f, &marks, 5, &err), CM_OK);
        expect_marks(&f, marks);
        fixture_reopen(&f);
        expect_marks(&f, marks);
        fixture_finish(&f);
    }
}

/* ---- a disk of our own: a small tmpfs in a mount namespace of a child ---- */

enum { EXIT_SKIP = 77, DISK_BYTES = 24 * 1024 * 1024 };

static bool mount_small_disk(const char *dir)
{
    char options[64];
    snprintf(options, sizeof options, "size=%d,mode=0700", DISK_BYTES);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", dir, "tmpfs", 0, options) == 0;
}

static void fill_disk(const struct fixture *f)
{
    static uint8_t block[4096];
    int fd = open(fixture_path(f, "filler"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    while (fd >= 0 && write(fd, block, sizeof block) == (ssize_t)sizeof block)
        continue;
    close(fd);
}

/* CHECK ends the child with the line that failed: cmocka's own assertions belong to the parent. */
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                          \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)

static enum cm_code append_activity(struct fixture *f)
{
    struct cm_activity activity = fixture_activity("the disk is full");
    return stn_store_append_activity(f->store, &activity, NULL);
}

static void live_on_a_full_disk(struct fixture *f)
{
    struct cm_template templates[2];
    struct cm_err err = CM_ERR_INIT;
    uint64_t events;
    int marks = 0, recorded = 0;
    fixture_templates("s1", templates, 2);
    CHECK(fixture_try_open(f, false, 0, &err) == CM_OK);
    CHECK(stn_store_put_templates(f->store, "s1", templates, 2, &given, NULL) == CM_OK);
    CHECK(append_until_refused(f, &marks, 5, &err) == CM_OK);
    CHECK(access(fixture_path(f, "ballast"), F_OK) == 0);
    fill_disk(f);

    CHECK(append_until_refused(f, &marks, 200, &err) == CM_NOSPACE);
    CHECK(access(fixture_path(f, "ballast"), F_OK) == 0); /* not for marks */
    while (access(fixture_path(f, "ballast"), F_OK) == 0) {
        CHECK(append_activity(f) == CM_OK);
        CHECK(++recorded < 1000);
    }
    CHECK(append_activity(f) == CM_OK); /* there is more room in it than for one */
    CHECK(append_until_refused(f, &marks, 1, &err) == CM_NOSPACE);
    CHECK(stn_store_erase_templates(f->store, "s1", &err) == CM_OK);
    CHECK(stn_store_check(f->store, &events, &err) == CM_OK);

    stn_store_close(f->store); /* a restart does not give the ballast's room away either */
    CHECK(fixture_try_open(f, false, 0, &err) == CM_OK);
    CHECK(append_until_refused(f, &marks, 1, &err) == CM_NOSPACE);
    CHECK(append_activity(f) == CM_OK);

    CHECK(unlink(fixture_path(f, "filler")) == 0);
    CHECK(append_until_refused(f, &marks, 5, &err) == CM_OK);
    CHECK(access(fixture_path(f, "ballast"), F_OK) == 0);
    CHECK(stn_store_check(f->store, &events, &err) == CM_OK);
    stn_store_close(f->store);
    f->store = NULL;
}

/* LMDB maps its lock file and writes into it: on a full disk that must be an error as well, not SIGBUS. */
static void start_on_a_full_disk(struct fixture *f)
{
    struct cm_err err = CM_ERR_INIT;
    fill_disk(f);
    CHECK(fixture_try_open(f, false, 0, &err) == CM_NOSPACE);
    CHECK(unlink(fixture_path(f, "filler")) == 0);
    CHECK(fixture_try_open(f, false, 0, &err) == CM_OK);
    stn_store_close(f->store);
    f->store = NULL;
}

static void run_on_small_disk(void (*body)(struct fixture *f))
{
    struct fixture f;
    int status;
    fixture_init(&f);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!mount_small_disk(f.dir))
            _exit(EXIT_SKIP);
        body(&f);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    fixture_finish(&f);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == EXIT_SKIP)
        skip(); /* no mount namespaces here */
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void the_ballast_is_for_what_must_go_through(void **state)
{
    (void)state;
    run_on_small_disk(live_on_a_full_disk);
}

static void a_first_start_on_a_full_disk_is_an_error(void **state)
{
    (void)state;
    run_on_small_disk(start_on_a_full_disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_meets_a_limit_changes_nothing),
        cmocka_unit_test(the_ballast_is_for_what_must_go_through),
        cmocka_unit_test(a_first_start_on_a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
