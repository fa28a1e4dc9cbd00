#include "unit.h"

#include "live/jobs.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cm_clock_manual clock_;
static struct srv_jobs *jobs;
static struct srv_station everywhere = {.id = "all"};
static struct srv_station only_b = {.id = "b", .class_count = 1, .classes = {"10-B"}};

static int set_up(void **state)
{
    (void)state;
    cm_clock_manual_init(&clock_, 1764000000000, 0);
    assert_int_equal(srv_jobs_create(&clock_.base, &jobs, NULL), CM_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    srv_jobs_destroy(jobs);
    return 0;
}

static enum cm_code add(const char *student_id, const char *class_id, struct srv_job *ret_job)
{
    struct srv_student student = {.created_wall_ms = 77};
    snprintf(student.base.id, sizeof student.base.id, "%s", student_id);
    snprintf(student.base.class_id, sizeof student.base.class_id, "%s", class_id);
    uint8_t *photo = malloc(100);
    memset(photo, 7, 100);
    enum cm_code code = srv_jobs_add(jobs, &student, "admin", photo, 100, ret_job, NULL);
    if (code != CM_OK)
        free(photo);
    return code;
}

static void a_photo_goes_to_one_station_that_serves_the_class(void **state)
{
    (void)state;
    struct srv_job job, found[4], other;
    uint8_t *photo = NULL;
    size_t size = 0;
    assert_int_equal(add("s1", "10-A", &job), CM_OK);
    assert_int_equal(srv_jobs_for(jobs, &only_b, found, 4), 0);
    assert_int_equal(srv_jobs_for(jobs, &everywhere, found, 4), 1);
    assert_string_equal(found[0].id, job.id);
    assert_int_equal(found[0].student_created_wall_ms, 77);
    assert_int_equal(srv_jobs_take(jobs, job.id, "all", &photo, &size, &job, NULL), CM_OK);
    assert_int_equal(size, 100);
    assert_int_equal(photo[99], 7);
    free(photo);
    assert_int_equal(job.state, SRV_JOB_TAKEN);
    assert_int_equal(srv_jobs_for(jobs, &everywhere, found, 4), 0);
    assert_int_equal(srv_jobs_take(jobs, job.id, "b", &photo, &size, &other, NULL), CM_NOTFOUND);
    photo = NULL; /* the first download broke */
    assert_int_equal(srv_jobs_take(jobs, job.id, "all", &photo, &size, &other, NULL), CM_OK);
    assert_int_equal(photo[99], 7);
    free(photo);
}

static void only_who_took_it_ends_it(void **state)
{
    (void)state;
    struct srv_job job, ended;
    struct srv_job result = {.state = SRV_JOB_DONE, .template_count = 1, .quality = 0.8F};
    uint8_t *photo = NULL;
    size_t size = 0;
    add("s1", "10-B", &job);
    assert_int_equal(srv_jobs_end(jobs, job.id, "b", &result, &ended, NULL), CM_NOTFOUND);
    srv_jobs_take(jobs, job.id, "b", &photo, &size, &job, NULL);
    free(photo);
    assert_int_equal(srv_jobs_end(jobs, job.id, "all", &result, &ended, NULL), CM_NOTFOUND);
    assert_int_equal(srv_jobs_end(jobs, job.id, "b", &result, &ended, NULL), CM_OK);
    assert_int_equal(ended.state, SRV_JOB_DONE);
    assert_int_equal(srv_jobs_end(jobs, job.id, "b", &result, &ended, NULL), CM_NOTFOUND);
    assert_true(srv_jobs_get(jobs, job.id, &ended)); /* it can be asked for a while */
    assert_int_equal(ended.template_count, 1);
    assert_int_equal(srv_jobs_take(jobs, job.id, "b", &photo, &size, &job, NULL), CM_NOTFOUND);
}

static void what_takes_too_long_ends_and_is_forgotten_later(void **state)
{
    (void)state;
    struct srv_job job, ended;
    add("s1", "10-B", &job);
    cm_clock_manual_advance(&clock_, SRV_LIVE_JOB_TIMEOUT_MS * 1000LL - 1);
    assert_false(srv_jobs_time_out(jobs, &ended));
    assert_int_equal(add("s1", "10-B", &ended), CM_EXISTS);
    cm_clock_manual_advance(&clock_, 1);
    assert_true(srv_jobs_time_out(jobs, &ended));
    assert_string_equal(ended.id, job.id);
    assert_int_equal(ended.state, SRV_JOB_TIMED_OUT);
    assert_false(srv_jobs_time_out(jobs, &ended));
    assert_int_equal(add("s1", "10-B", &ended), CM_OK);
    cm_clock_manual_advance(&clock_, SRV_JOBS_KEPT_MS * 1000LL);
    while (srv_jobs_time_out(jobs, &ended))
        ;
    assert_false(srv_jobs_get(jobs, job.id, &ended));
}

static void there_is_a_bound(void **state)
{
    (void)state;
    struct srv_job job, ended;
    char id[16];
    for (int i = 0; i < SRV_LIVE_JOBS_MAX; i++) {
        snprintf(id, sizeof id, "s%d", i);
        assert_int_equal(add(id, "10-B", &job), CM_OK);
    }
    assert_int_equal(add("one more", "10-B", &job), CM_NOMEM);
    cm_clock_manual_advance(&clock_, SRV_LIVE_JOB_TIMEOUT_MS * 1000LL);
    assert_true(srv_jobs_time_out(jobs, &ended)); /* the place of one that ended is taken */
    assert_int_equal(add("one more", "10-B", &job), CM_OK);
    assert_false(srv_jobs_get(jobs, ended.id, &ended));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_photo_goes_to_one_station_that_serves_the_class, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_who_took_it_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_takes_too_long_ends_and_is_forgotten_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_a_bound, set_up, tear_down),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
