#include "unit.h"

#include "recognition/gallery.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A point on a circle of the model's length: people are told apart by the angle, in degrees. */
static void face_at(float degrees, float embedding[CM_EMBEDDING_DIM])
{
    memset(embedding, 0, CM_EMBEDDING_DIM * sizeof *embedding);
    embedding[3] = 1.4f * cosf(degrees * (float)M_PI / 180);
    embedding[100] = 1.4f * sinf(degrees * (float)M_PI / 180);
}

static float distance_of(float degrees)
{
    return 2 * 1.4f * sinf(fabsf(degrees) / 2 * (float)M_PI / 180);
}

static struct stn_gallery *gallery_of(const char *const *ids, const float *degrees, size_t count)
{
    struct stn_gallery *gallery = NULL;
    assert_int_equal(stn_gallery_create(&gallery, NULL), CM_OK);
    for (size_t i = 0; i < count; i++) {
        float embedding[CM_EMBEDDING_DIM];
        face_at(degrees[i], embedding);
        assert_int_equal(stn_gallery_add(gallery, ids[i], embedding, NULL), CM_OK);
    }
    return gallery;
}

static void the_nearest_and_the_nearest_other(void **state)
{
    (void)state;
    static const char *const ids[] = {"A", "A", "B", "C", "B"};
    static const float degrees[] = {0, 20, 40, 90, 60};
    static const struct {
        float at;
        const char *except, *student, *second;
        float distance, second_distance; /* as degrees */
    } cases[] = {
        {1, NULL, "A", "B", 1, 39},  /* not A's own other template */
        {19, NULL, "A", "B", 1, 21}, /* B's nearer one */
        {31, NULL, "B", "A", 9, 11}, {76, NULL, "C", "B", 14, 16}, {40, NULL, "B", "A", 0, 20},
        {19, "A", "B", "C", 21, 71}, {19, "B", "A", "C", 1, 71},   {19, "nobody", "A", "B", 1, 21},
    };
    /* Whatever the order in which they were added. */
    for (int turn = 0; turn < 5; turn++) {
        const char *turned_ids[5];
        float turned[5];
        for (int i = 0; i < 5; i++) {
            turned_ids[i] = ids[(i * 2 + turn) % 5];
            turned[i] = degrees[(i * 2 + turn) % 5];
        }
        struct stn_gallery *gallery = gallery_of(turned_ids, turned, 5);
        assert_int_equal(stn_gallery_students(gallery), 3);
        assert_int_equal(stn_gallery_templates(gallery), 5);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            float probe[CM_EMBEDDING_DIM];
            face_at(cases[i].at, probe);
            struct stn_match match = stn_gallery_match_except(gallery, probe, cases[i].except);
            assert_string_equal(stn_gallery_student_id(gallery, match.student), cases[i].student);
            assert_string_equal(stn_gallery_student_id(gallery, match.second), cases[i].second);
            assert_float_equal(match.distance, distance_of(cases[i].distance), 1e-4);
            assert_float_equal(match.second_distance, distance_of(cases[i].second_distance), 1e-4);
        }
        stn_gallery_destroy(gallery);
    }
}

static void too_few_students(void **state)
{
    (void)state;
    float probe[CM_EMBEDDING_DIM];
    face_at(10, probe);

    struct stn_gallery *gallery = gallery_of(NULL, NULL, 0);
    struct stn_match match = stn_gallery_match(gallery, probe);
    assert_int_equal(match.student, -1);
    assert_int_equal(match.second, -1);
    assert_true(isinf(match.distance) && isinf(match.second_distance));
    assert_string_equal(stn_gallery_student_id(gallery, match.student), "");
    stn_gallery_destroy(gallery);

    gallery = gallery_of((const char *const[]){"A", "A"}, (const float[]){0, 20}, 2);
    match = stn_gallery_match(gallery, probe);
    assert_int_equal(match.student, 0);
    assert_int_equal(match.second, -1);
    assert_true(isinf(match.second_distance));
    match = stn_gallery_match_except(gallery, probe, "A");
    assert_int_equal(match.student, -1);
    stn_gallery_destroy(gallery);
    stn_gallery_destroy(NULL);
}

static void damaged_templates_are_refused(void **state)
{
    (void)state;
    static const float scales[] = {0, 0.1f, 0.3f, 3, 1e30f, INFINITY, NAN};
    struct stn_gallery *gallery = gallery_of(NULL, NULL, 0);
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        struct cm_err err = CM_ERR_INIT;
        float embedding[CM_EMBEDDING_DIM];
        face_at(45, embedding);
        for (int k = 0; k < CM_EMBEDDING_DIM; k++)
            embedding[k] *= scales[i];
        assert_int_equal(stn_gallery_add(gallery, "S1", embedding, &err), CM_INVALID);
        assert_string_equal(err.msg, "a template of student S1 is damaged: enrol the student again");
    }
    assert_int_equal(stn_gallery_students(gallery), 0);
    stn_gallery_destroy(gallery);
}

static void ids_are_never_cut_short(void **state)
{
    (void)state;
    char longest[CM_ID_SIZE], too_long[CM_ID_SIZE + 1], probe_id[CM_ID_SIZE];
    memset(longest, 'x', sizeof longest);
    longest[CM_ID_SIZE - 1] = '\0';
    memset(too_long, 'x', sizeof too_long);
    too_long[CM_ID_SIZE] = '\0';
    float embedding[CM_EMBEDDING_DIM];
    face_at(0, embedding);
    struct stn_gallery *gallery = gallery_of(NULL, NULL, 0);
    assert_int_equal(stn_gallery_add(gallery, longest, embedding, NULL), CM_OK);
    assert_int_equal(stn_gallery_add(gallery, too_long, embedding, NULL), CM_INVALID);
    assert_int_equal(stn_gallery_add(gallery, "", embedding, NULL), CM_INVALID);
    assert_int_equal(stn_gallery_templates(gallery), 1);
    snprintf(probe_id, sizeof probe_id, "%s", stn_gallery_student_id(gallery, 0));
    assert_string_equal(probe_id, longest);
    stn_gallery_destroy(gallery);
}

static void a_large_gallery(void **state)
{
    (void)state;
    enum { STUDENTS = 300, EACH = 3 };
    struct stn_gallery *gallery = gallery_of(NULL, NULL, 0);
    for (int i = 0; i < STUDENTS * EACH; i++) {
        char id[16];
        float embedding[CM_EMBEDDING_DIM];
        snprintf(id, sizeof id, "S%d", i / EACH);
        face_at((float)i * 0.1f, embedding);
        assert_int_equal(stn_gallery_add(gallery, id, embedding, NULL), CM_OK);
    }
    assert_int_equal(stn_gallery_students(gallery), STUDENTS);
    assert_int_equal(stn_gallery_templates(gallery), STUDENTS * EACH);
    for (int i = 0; i < STUDENTS; i++) {
        float probe[CM_EMBEDDING_DIM];
        face_at((float)(i * EACH + 1) * 0.1f, probe);
        assert_int_equal(stn_gallery_match(gallery, probe).student, i);
    }
    stn_gallery_destroy(gallery);
}

static void a_probe_that_is_no_number_matches_nobody(void **state)
{
    (void)state;
    struct stn_gallery *gallery = gallery_of((const char *const[]){"A"}, (const float[]){0}, 1);
    float probe[CM_EMBEDDING_DIM];
    face_at(0, probe);
    probe[7] = NAN;
    struct stn_match match = stn_gallery_match(gallery, probe);
    assert_int_equal(match.student, -1);
    assert_true(isinf(match.distance));
    stn_gallery_destroy(gallery);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_and_the_nearest_other),
        cmocka_unit_test(too_few_students),
        cmocka_unit_test(damaged_templates_are_refused),
        cmocka_unit_test(ids_are_never_cut_short),
        cmocka_unit_test(a_large_gallery),
        cmocka_unit_test(a_probe_that_is_no_number_matches_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
