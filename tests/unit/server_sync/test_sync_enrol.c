#include "fixture.h"

#include <math.h>

static struct cm_templates_answer answer;
static struct srv_effects effects;

static int64_t erased_ms, unenrolled_ms; /* what the station says with the next ones */

static int send_face(struct fixture *f, const char *id, const struct cm_template *templates, size_t count)
{
    struct srv_work *work = malloc(sizeof *work);
    struct cm_buf sealed, body;
    struct cm_templates_push message = {.erased_ms = erased_ms, .unenrolled_ms = unenrolled_ms};
    cm_buf_init(&sealed, CM_SYNC_SEALED_MAX);
    cm_buf_init(&body, CM_SYNC_SMALL_MAX);
    assert_int_equal(cm_templates_seal(f->core.box.public_key, templates, count, &sealed, NULL), CM_OK);
    snprintf(message.student_id, sizeof message.student_id, "%s", id);
    message.sealed = (struct cm_span){sealed.data, sealed.size};
    assert_int_equal(cm_message_encode(CM_MESSAGE_TEMPLATES_PUSH, &message, &body, NULL), CM_OK);
    int status = do_work(f, work, SRV_WORK_TEMPLATES, &body);
    assert_int_equal(cm_message_decode(CM_MESSAGE_TEMPLATES_ANSWER, work->reply.body.data,
                                       work->reply.body.size, &answer, NULL),
                     CM_OK);
    if (answer.sealed.size > 0) { /* it opens for the station */
        struct cm_template own[CM_SYNC_TEMPLATES_MAX];
        size_t own_count;
        assert_int_equal(
            cm_templates_open(cm_keys_box_open, f->keys, answer.sealed, id, own, &own_count, NULL), CM_OK);
        assert_int_equal(own_count, 1);
    }
    effects = work->effects;
    srv_work_finish(work);
    free(work);
    cm_buf_finish(&sealed);
    cm_buf_finish(&body);
    return status;
}

static int32_t count_of(struct fixture *f, const char *id)
{
    struct srv_student student;
    assert_int_equal(srv_store_get_student(f->store, id, &student, NULL), CM_OK);
    return student.template_count;
}

static void roster(struct fixture *f)
{
    put_class(f, "A");
    put_class(f, "B");
    put_student(f, "S1", "A");
    put_student(f, "S2", "B");
}

static void templates_are_taken_and_again_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct cm_template face;
    uint64_t before, after;
    roster(f);
    make_face(1, "S1", &face);
    assert_int_equal(send_face(f, "S1", &face, 1), 200);
    assert_true(effects.changes);
    assert_int_equal(count_of(f, "S1"), 1);
    assert_int_equal(srv_store_last_change(f->store, &before, NULL), CM_OK);
    assert_int_equal(send_face(f, "S1", &face, 1), 200);
    assert_int_equal(srv_store_last_change(f->store, &after, NULL), CM_OK);
    assert_int_equal(before, after);
    assert_int_equal(send_face(f, "S1", NULL, 0), 200); /* enrolled no more */
    assert_int_equal(count_of(f, "S1"), 0);
}

/* The station's clock may say what it likes: what was made without knowing of the withdrawal does not undo it. */
static void a_withdrawal_holds(void **state)
{
    struct fixture *f = *state;
    static const int64_t skews_ms[] = {-86400000, 0, 86400000};
    struct cm_template face;
    roster(f);
    make_face(1, "S1", &face);
    for (size_t i = 0; i < sizeof skews_ms / sizeof skews_ms[0]; i++) {
        struct srv_student student;
        put_faces(f, "S1", 1);
        cm_clock_manual_advance(&f->clock, 60 * INT64_C(1000000));
        take_faces(f, "S1");
        assert_int_equal(srv_store_get_student(f->store, "S1", &student, NULL), CM_OK);
        assert_true(student.unenrolled_wall_ms > unenrolled_ms);
        face.created_wall_ms = cm_wall_ms(f->core.clock) + skews_ms[i];
        assert_int_equal(send_face(f, "S1", &face, 1), 409);
        assert_int_equal(answer.problem, CM_SYNC_WITHDRAWN);
        assert_int_equal(answer.sealed.size, 0);
        assert_int_equal(count_of(f, "S1"), 0);
        assert_false(effects.changes);
        put_faces(f, "S1", 3); /* enrolled anew elsewhere: that stays, and is said */
        assert_int_equal(send_face(f, "S1", &face, 1), 409);
        assert_true(answer.sealed.size > 0);
        unenrolled_ms = student.unenrolled_wall_ms; /* it is told, and takes new ones */
        assert_int_equal(send_face(f, "S1", &face, 1), 200);
        assert_int_equal(count_of(f, "S1"), 1);
    }
    unenrolled_ms = 0;
}

static void a_withdrawal_holds_when_the_clock_was_set_back(void **state)
{
    struct fixture *f = *state;
    struct srv_student before, after;
    roster(f);
    put_faces(f, "S1", 1);
    take_faces(f, "S1");
    assert_int_equal(srv_store_get_student(f->store, "S1", &before, NULL), CM_OK);
    put_faces(f, "S1", 1);
    cm_clock_manual_init(&f->clock, NOW_MS - 3600000, 1000000);
    take_faces(f, "S1");
    assert_int_equal(srv_store_get_student(f->store, "S1", &after, NULL), CM_OK);
    assert_true(after.unenrolled_wall_ms > before.unenrolled_wall_ms);
}

static void a_face_of_any_class_is_found(void **state)
{
    struct fixture *f = *state;
    struct cm_template face;
    roster(f);
    put_faces(f, "S2", 7);
    make_face(7, "S1", &face);
    face.embedding[8] = 0.39f; /* so far from S2's */
    assert_int_equal(send_face(f, "S1", &face, 1), 409);
    assert_int_equal(answer.problem, CM_SYNC_DUPLICATE);
    assert_string_equal(answer.other_id, "S2");
    assert_int_equal(answer.sealed.size, 0);
    assert_int_equal(count_of(f, "S1"), 0);
    assert_int_equal(count_activities(f, CM_ACTIVITY_DUPLICATE_FACE), 1);
    put_faces(f, "S1", 3);
    assert_int_equal(send_face(f, "S1", &face, 1), 409);
    assert_true(answer.sealed.size > 0); /* what he has instead */
    assert_int_equal(count_activities(f, CM_ACTIVITY_DUPLICATE_FACE), 1);
    face.embedding[8] = 0.41f;
    assert_int_equal(send_face(f, "S1", &face, 1), 200);
}

static void another_has_it_now(struct fixture *f)
{
    put_faces(f, "S2", 7);
}

static void another_has_it_no_more(struct fixture *f)
{
    put_faces(f, "S2", 3);
}

static void another_is_erased(struct fixture *f)
{
    erase(f, "S2");
}

static void many_came(struct fixture *f)
{
    char id[16];
    for (int i = 0; i < 70; i++) {
        snprintf(id, sizeof id, "M%d", i);
        put_student(f, id, "B");
    }
    put_faces(f, "M69", 7);
}

/* All faces are compared beside the writer: what changes between that and the write counts all the same. */
static void one_face_enrolled_twice_at_once(void **state)
{
    struct fixture *f = *state;
    struct cm_template face;
    roster(f);
    make_face(7, "S1", &face);
    between = another_has_it_now;
    assert_int_equal(send_face(f, "S1", &face, 1), 409);
    assert_string_equal(answer.other_id, "S2");
    assert_int_equal(count_of(f, "S1"), 0);
    between = another_has_it_no_more;
    assert_int_equal(send_face(f, "S1", &face, 1), 200);
    assert_int_equal(send_face(f, "S1", NULL, 0), 200);
    unenrolled_ms = answer.unenrolled_ms;
    put_faces(f, "S2", 7);
    between = another_is_erased;
    assert_int_equal(send_face(f, "S1", &face, 1), 200);
    assert_int_equal(send_face(f, "S1", NULL, 0), 200);
    assert_true(answer.unenrolled_ms > unenrolled_ms);
    assert_int_equal(send_face(f, "S1", NULL, 0), 200); /* its answer was lost: the same is said again */
    unenrolled_ms = answer.unenrolled_ms;
    between = many_came; /* more than are looked at one by one */
    assert_int_equal(send_face(f, "S1", &face, 1), 409);
    assert_string_equal(answer.other_id, "M69");
    unenrolled_ms = 0;
}

static void students_of_others_are_unknown(void **state)
{
    struct fixture *f = *state;
    struct cm_template face;
    roster(f);
    make_face(1, "S2", &face);
    assert_int_equal(send_face(f, "S2", &face, 1), 404); /* of a class that this station does not serve */
    assert_int_equal(answer.problem, CM_SYNC_UNKNOWN);
    assert_int_equal(count_of(f, "S2"), 0);
    make_face(1, "S9", &face);
    assert_int_equal(send_face(f, "S9", &face, 1), 404);
}

static int64_t give_again(struct fixture *f) /* when it was erased */
{
    int64_t at_ms = cm_wall_ms(f->core.clock);
    erase(f, "S1");
    cm_clock_manual_advance(&f->clock, 60 * INT64_C(1000000));
    put_student(f, "S1", "A");
    return at_ms;
}

/* The station's clock is behind, and ahead: what it knows decides. */
static void an_id_that_is_given_again_takes_the_faces_of_who_has_it_now(void **state)
{
    struct fixture *f = *state;
    static const int64_t skews_ms[] = {-600000, 0, 600000};
    roster(f);
    for (size_t i = 0; i < sizeof skews_ms / sizeof skews_ms[0]; i++) {
        struct cm_template face;
        int64_t before_ms = erased_ms, at_ms = give_again(f);
        make_face(1, "S1", &face);
        face.created_wall_ms = cm_wall_ms(f->core.clock) + skews_ms[i];
        assert_int_equal(send_face(f, "S1", &face, 1), 404); /* it does not know of the erasure yet */
        assert_int_equal(answer.problem, CM_SYNC_UNKNOWN);
        assert_int_equal(count_of(f, "S1"), 0);
        erased_ms = at_ms + 1; /* of a store that was put back since */
        assert_int_equal(send_face(f, "S1", &face, 1), 404);
        erased_ms = at_ms;
        assert_int_equal(send_face(f, "S1", &face, 1), 200);
        assert_int_equal(count_of(f, "S1"), 1);
        assert_true(at_ms > before_ms);
    }
    erased_ms = 0;
}

static void what_is_no_face_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cm_template face;
    roster(f);
    make_face(1, "S1", &face);
    snprintf(face.model, sizeof face.model, "other");
    assert_int_equal(send_face(f, "S1", &face, 1), 422);
    make_face(1, "S1", &face);
    face.embedding[1] = 100;
    assert_int_equal(send_face(f, "S1", &face, 1), 422);
    make_face(1, "S1", &face);
    face.embedding[1] = 0.01f;
    assert_int_equal(send_face(f, "S1", &face, 1), 422);
    make_face(1, "S1", &face);
    face.quality = 2;
    assert_int_equal(send_face(f, "S1", &face, 1), 422);
    make_face(1, "S2", &face);
    assert_int_equal(send_face(f, "S1", &face, 1), 422); /* of another student */
    assert_int_equal(count_of(f, "S1"), 0);
}

static struct cm_job_answer send_result(struct fixture *f, bool ok, int face_number)
{
    struct srv_work *work = malloc(sizeof *work);
    struct cm_buf sealed, body;
    struct cm_template face;
    struct cm_job_answer job;
    struct cm_job_result result = {.ok = ok, .message = "as seen", .quality = 0.5f, .template_count = 1};
    snprintf(result.reason, sizeof result.reason, ok ? "ok" : "no_face");
    cm_buf_init(&sealed, CM_SYNC_SEALED_MAX);
    cm_buf_init(&body, CM_SYNC_SMALL_MAX);
    make_face(face_number, "S1", &face);
    assert_int_equal(cm_templates_seal(f->core.box.public_key, &face, 1, &sealed, NULL), CM_OK);
    result.sealed = (struct cm_span){sealed.data, ok ? sealed.size : 0};
    assert_int_equal(cm_message_encode(CM_MESSAGE_JOB_RESULT, &result, &body, NULL), CM_OK);
    assert_int_equal(do_work(f, work, SRV_WORK_ENROL, &body), 200);
    assert_int_equal(
        cm_message_decode(CM_MESSAGE_JOB_ANSWER, work->reply.body.data, work->reply.body.size, &job, NULL),
        CM_OK);
    srv_work_finish(work);
    free(work);
    cm_buf_finish(&sealed);
    cm_buf_finish(&body);
    return job;
}

static void the_id_goes_to_another(struct fixture *f)
{
    (void)give_again(f);
}

static void a_photo_is_of_the_student_for_whom_it_was_made(void **state)
{
    struct fixture *f = *state;
    roster(f);
    between = the_id_goes_to_another;
    struct cm_job_answer job = send_result(f, true, 1);
    assert_false(job.ok);
    assert_string_equal(job.reason, "unknown_student");
    assert_int_equal(count_of(f, "S1"), 0);
    job = send_result(f, true, 1); /* one of his own */
    assert_true(job.ok);
    assert_int_equal(count_of(f, "S1"), 1);
}

static void he_is_unenrolled(struct fixture *f)
{
    take_faces(f, "S1");
}

static void a_photo_from_before_a_withdrawal_does_not_undo_it(void **state)
{
    struct fixture *f = *state;
    roster(f);
    put_faces(f, "S1", 1);
    between = he_is_unenrolled;
    struct cm_job_answer job = send_result(f, true, 1);
    assert_false(job.ok);
    assert_string_equal(job.reason, "withdrawn");
    assert_non_null(strstr(job.message, "take a new photo")); /* which the page shows */
    assert_int_equal(count_of(f, "S1"), 0);
    job = send_result(f, true, 1);
    assert_true(job.ok);
}

static void a_photo_ends_well_or_says_why(void **state)
{
    struct fixture *f = *state;
    roster(f);
    struct cm_job_answer job = send_result(f, false, 1);
    assert_false(job.ok);
    assert_string_equal(job.reason, "no_face");
    put_faces(f, "S2", 7);
    job = send_result(f, true, 7);
    assert_false(job.ok);
    assert_string_equal(job.reason, "duplicate");
    job = send_result(f, true, 1);
    assert_true(job.ok);
    assert_int_equal(count_of(f, "S1"), 1);
    erase(f, "S1");
    job = send_result(f, true, 1);
    assert_false(job.ok);
    assert_string_equal(job.reason, "unknown_student");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(templates_are_taken_and_again_changes_nothing),
        TEST(a_withdrawal_holds),
        TEST(a_withdrawal_holds_when_the_clock_was_set_back),
        TEST(a_photo_from_before_a_withdrawal_does_not_undo_it),
        TEST(a_face_of_any_class_is_found),
        TEST(one_face_enrolled_twice_at_once),
        TEST(students_of_others_are_unknown),
        TEST(an_id_that_is_given_again_takes_the_faces_of_who_has_it_now),
        TEST(what_is_no_face_is_refused),
        TEST(a_photo_is_of_the_student_for_whom_it_was_made),
        TEST(a_photo_ends_well_or_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
