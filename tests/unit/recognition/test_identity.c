#include "unit.h"

#include "recognition/identity.h"
#include <math.h>
#include <string.h>

static const struct stn_identity_rules rules = {
    .threshold = 0.45f, .margin_min = 0.06f, .same_person_max = 0.45f};

/* Samples are written directly: what is decided here is what matches say, not how they came about. */
static void add(struct stn_identity *identity, int64_t at_us, int student, float distance,
                float second_distance)
{
    struct stn_identity_sample *sample = &identity->samples[identity->count++];
    sample->captured_us = at_us;
    sample->embedding[0] = 1.4f;
    sample->match = (struct stn_match){.student = student,
                                       .distance = distance,
                                       .second = isinf(second_distance) ? -1 : student + 1,
                                       .second_distance = second_distance};
}

static void decisions(void **state)
{
    (void)state;
    static const struct decision_case {
        struct {
            int student;
            float distance, second_distance;
        } frames[4];
        int count;
        enum stn_identity_kind kind;
        int student;
        float distance, margin;
    } cases[] = {
        {{{0}}, 0, STN_IDENTITY_NOTHING, -1, NAN, NAN},
        {{{7, .30f, .60f}}, 1, STN_IDENTITY_UNSURE, 7, .30f, .30f},
        {{{7, .30f, .60f}, {7, .35f, .60f}}, 2, STN_IDENTITY_KNOWN, 7, .35f, .25f},
        {{{7, .45f, .60f}, {7, .45f, .60f}}, 2, STN_IDENTITY_KNOWN, 7, .45f, .15f}, /* at the threshold */
        /* one beyond the threshold needs three within */
        {{{7, .30f, .60f}, {7, .46f, .60f}}, 2, STN_IDENTITY_UNSURE, 7, .30f, .30f},
        {{{7, .30f, .60f}, {9, .60f, .61f}, {7, .31f, .60f}}, 3, STN_IDENTITY_UNSURE, 7, .31f, .29f},
        {{{9, .60f, .61f}, {7, .30f, .60f}, {7, .31f, .60f}, {7, .32f, .60f}},
         4,
         STN_IDENTITY_KNOWN,
         7,
         .32f,
         .28f},
        {{{7, .60f, .70f}, {7, .60f, .70f}, {7, .44f, .70f}}, 3, STN_IDENTITY_UNSURE, 7, .44f, .26f},
        /* frames that name two students, and a look-alike in one of them */
        {{{7, .30f, .60f}, {8, .31f, .60f}}, 2, STN_IDENTITY_UNSURE, 7, .31f, .29f},
        {{{7, .30f, .60f}, {7, .31f, .60f}, {7, .30f, .60f}, {8, .30f, .60f}},
         4,
         STN_IDENTITY_UNSURE,
         7,
         .31f,
         .29f},
        {{{7, .40f, .45f}, {7, .30f, .60f}}, 2, STN_IDENTITY_UNSURE, 7, .40f, .05f},
        /* only one student enrolled: no margin to ask for */
        {{{7, .30f, INFINITY}, {7, .30f, INFINITY}}, 2, STN_IDENTITY_KNOWN, 7, .30f, INFINITY},
        /* nobody within the threshold; the latest says how far */
        {{{7, .60f, .70f}, {7, .61f, .70f}}, 2, STN_IDENTITY_UNSURE, -1, .61f, .09f},
        {{{7, .60f, .70f}, {8, .60f, .61f}, {9, .70f, .75f}}, 3, STN_IDENTITY_UNKNOWN, -1, .70f, .05f},
        {{{-1, INFINITY, INFINITY}, {-1, INFINITY, INFINITY}},
         2,
         STN_IDENTITY_UNSURE,
         -1,
         INFINITY,
         INFINITY},
        {{{-1, INFINITY, INFINITY}, {-1, INFINITY, INFINITY}, {-1, INFINITY, INFINITY}},
         3,
         STN_IDENTITY_UNKNOWN,
         -1,
         INFINITY,
         INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct decision_case *c = &cases[i];
        struct stn_identity identity;
        stn_identity_init(&identity);
        for (int k = 0; k < c->count; k++)
            add(&identity, k, c->frames[k].student, c->frames[k].distance, c->frames[k].second_distance);
        struct stn_identity_result result = stn_identity_decide(&identity, &rules);
        assert_int_equal(result.kind, c->kind);
        assert_int_equal(result.student, c->student);
        if (c->count == 0 || isinf(c->distance))
            continue;
        assert_float_equal(result.distance, c->distance, 1e-6);
        if (isinf(c->margin))
            assert_true(isinf(result.margin));
        else
            assert_float_equal(result.margin, c->margin, 1e-6);
    }
}

static void nobody_is_known_before_the_threshold_is_set(void **state)
{
    (void)state;
    struct stn_identity identity;
    stn_identity_init(&identity);
    for (int i = 0; i < 3; i++)
        add(&identity, i, 7, 0, 1); /* the very picture that was enrolled */
    assert_int_equal(stn_identity_decide(&identity, &stn_identity_rules_default).kind, STN_IDENTITY_UNKNOWN);
}

static void an_attempt_has_room_for_so_many(void **state)
{
    (void)state;
    struct stn_gallery *gallery = NULL;
    struct stn_identity identity;
    float embedding[CM_EMBEDDING_DIM] = {1.4f};
    assert_int_equal(stn_gallery_create(&gallery, NULL), CM_OK);
    assert_int_equal(stn_gallery_add(gallery, "S1", embedding, NULL), CM_OK);
    stn_identity_init(&identity);
    for (int i = 0; i < STN_IDENTITY_SAMPLES; i++)
        assert_true(stn_identity_add(&identity, i, embedding, gallery));
    assert_false(stn_identity_add(&identity, 9, embedding, gallery));
    assert_int_equal(identity.count, STN_IDENTITY_SAMPLES);
    struct stn_identity_result result = stn_identity_decide(&identity, &rules);
    assert_int_equal(result.kind, STN_IDENTITY_KNOWN);
    assert_string_equal(stn_gallery_student_id(gallery, result.student), "S1");

    stn_identity_init(&identity);
    static const struct stn_identity zero;
    assert_memory_equal(&identity, &zero, sizeof zero);
    stn_gallery_destroy(gallery);
}

static void swaps(void **state)
{
    (void)state;
    /* a blink from 1000 to 1200 ms, evidence within 1000 ms */
    enum { START = 1000, END = 1200, WINDOW = 1000 };
    static const struct swap_case {
        struct {
            int at_ms;
            float place; /* along one axis: the distance of two frames is the difference */
        } frames[4];
        int count;
        enum stn_swap swap;
    } cases[] = {
        {{{0}}, 0, STN_SWAP_OPEN},
        {{{900, 1.0f}}, 1, STN_SWAP_OPEN},
        {{{1300, 1.0f}}, 1, STN_SWAP_OPEN},
        {{{900, 1.0f}, {1300, 1.2f}}, 2, STN_SWAP_SAME},
        {{{1300, 1.0f}, {900, 1.2f}}, 2, STN_SWAP_SAME},  /* embeddings may arrive in any order */
        {{{1000, 1.0f}, {1200, 1.0f}}, 2, STN_SWAP_SAME}, /* the blink's own ends */
        {{{0, 1.0f}, {2200, 1.0f}}, 2, STN_SWAP_SAME},
        {{{-1, 1.0f}, {1300, 1.0f}}, 2, STN_SWAP_OPEN}, /* too long before */
        {{{900, 1.0f}, {2201, 1.0f}}, 2, STN_SWAP_OPEN},
        {{{1100, 1.0f}, {1150, 1.0f}}, 2, STN_SWAP_OPEN}, /* within the blink: neither before nor after */
        {{{900, 1.0f}, {1300, 1.5f}}, 2, STN_SWAP_DIFFERENT},
        {{{900, 1.0f}, {1300, 1.2f}, {1400, 1.5f}}, 3, STN_SWAP_DIFFERENT}, /* any two of them */
        {{{900, 1.0f}, {950, 1.6f}}, 2, STN_SWAP_DIFFERENT}, /* at once, nothing else is needed */
        {{{900, 1.0f}, {1300, NAN}}, 2, STN_SWAP_DIFFERENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stn_identity identity;
        stn_identity_init(&identity);
        for (int k = 0; k < cases[i].count; k++) {
            add(&identity, cases[i].frames[k].at_ms * 1000, 7, 0.3f, 0.6f);
            identity.samples[k].embedding[0] = cases[i].frames[k].place;
        }
        assert_int_equal(stn_identity_swap(&identity, &rules, START * 1000, END * 1000, WINDOW * 1000),
                         cases[i].swap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions),
        cmocka_unit_test(nobody_is_known_before_the_threshold_is_set),
        cmocka_unit_test(an_attempt_has_room_for_so_many),
        cmocka_unit_test(swaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
