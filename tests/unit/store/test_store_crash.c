/* kill -9 at any moment: what was reported as marked is there afterwards, and nothing is half there. */
#include "store_fixture.h"
#include "unit.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct cm_consent given = {.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair"};

enum { KILLS = 60, MARKS_MAX = 400 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void student_id(char id[CM_ID_SIZE], uint64_t number)
{
    snprintf(id, CM_ID_SIZE, "s%06llu", (unsigned long long)number);
}

/* The child: marks students one after the other and reports each after the store said that it is done. It also writes
 * templates and erases them now and then, so that kills fall into those as well. */
static void mark_until_killed(struct fixture *f, uint64_t first, int report_fd)
{
    struct cm_err err = CM_ERR_INIT;
    struct cm_template templates[2];
    if (fixture_try_open(f, false, 64 * 1024, &err) != CM_OK)
        _exit(2);
    for (uint64_t i = first; i < first + MARKS_MAX; i++) {
        struct cm_roll_entry entry;
        char id[CM_ID_SIZE];
        student_id(id, i);
        if (fixture_append_mark(f->store, id, &entry, &err) != CM_OK)
            _exit(3);
        if (write(report_fd, &i, sizeof i) != (ssize_t)sizeof i)
            _exit(4);
        fixture_templates(id, templates, 2);
        if (i % 3 == 0 && stn_store_put_templates(f->store, id, templates, 2, &given, &err) != CM_OK)
            _exit(5);
        if (i % 6 == 0 && stn_store_erase_templates(f->store, id, &err) != CM_OK)
            _exit(6);
    }
    _exit(0);
}

/* Waits until the child has reported `wanted` marks, then a little of the time that the next one takes. */
static uint64_t follow(int fd, uint64_t first, int wanted, long extra_ns)
{
    uint64_t reported = first, value;
    while (wanted > 0 && read(fd, &value, sizeof value) == (ssize_t)sizeof value) {
        reported = value + 1;
        wanted--;
    }
    struct pollfd nothing = {.fd = -1};
    struct timespec extra = {.tv_nsec = extra_ns};
    ppoll(&nothing, 1, &extra, NULL);
    return reported;
}

static uint64_t drain(int fd, uint64_t reported)
{
    uint64_t value;
    while (read(fd, &value, sizeof value) == (ssize_t)sizeof value)
        reported = value + 1;
    return reported;
}

static bool count_entry(void *arg, const struct cm_roll_entry *entry)
{
    (void)entry;
    ++*(uint64_t *)arg;
    return true;
}

static bool any_template(void *arg, const struct cm_template *template_)
{
    (void)arg;
    return template_ != NULL;
}

/* Returns how many marks there are: the reported ones and at most one more, whose report did not get out. */
static uint64_t expect_whole(struct fixture *f, uint64_t reported)
{
    struct cm_err err = CM_ERR_INIT;
    uint64_t marks = 0, events;
    size_t damaged = 1;
    fixture_open(f);
    if (stn_store_check(f->store, &events, &err) != CM_OK)
        fail_msg("after a kill: %s", err.msg);
    assert_int_equal(stn_store_each_roll(f->store, FIXTURE_DATE, count_entry, &marks, NULL), CM_OK);
    if (marks != reported && marks != reported + 1)
        fail_msg("%llu marks were reported, %llu are there", (unsigned long long)reported,
                 (unsigned long long)marks);
    for (uint64_t i = 0; i < marks; i++) {
        struct cm_roll_entry entry;
        char id[CM_ID_SIZE];
        student_id(id, i);
        assert_int_equal(stn_store_get_roll(f->store, FIXTURE_DATE, "10-B", id, &entry, NULL), CM_OK);
        assert_true(entry.mark_seq > 0);
    }
    assert_int_equal(stn_store_each_template(f->store, any_template, NULL, &damaged, NULL), CM_OK);
    assert_int_equal(damaged, 0);
    assert_int_equal(access(fixture_path(f, "station.key.new"), F_OK),
                     -1); /* no half written keys lie about */
    fixture_close(f);
    return marks;
}

static void what_was_reported_survives_kill_9(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t random = 0x2545f4914f6cdd1d, marks = 0;
    fixture_init(&f);
    for (int i = 0; i < KILLS; i++) {
        int pipe_fds[2], status;
        assert_int_equal(pipe(pipe_fds), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(pipe_fds[0]);
            mark_until_killed(&f, marks, pipe_fds[1]);
        }
        close(pipe_fds[1]);
        int wanted = (int)(next_random(&random) % 4); /* 0: while it is still opening */
        uint64_t reported = follow(pipe_fds[0], marks, wanted, (long)(next_random(&random) % 20000000));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        reported = drain(pipe_fds[0], reported);
        close(pipe_fds[0]);
        if (!WIFSIGNALED(status))
            fail_msg("the child ended by itself: %d", WEXITSTATUS(status));
        marks = expect_whole(&f, reported);
    }
    assert_true(marks > KILLS);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_reported_survives_kill_9),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
