#include "unit.h"

#include "crypt/box.h"
#include "crypt/seal.h"
#include "record/embedding.h"
#include "sync/message.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct cm_template templates[CM_SYNC_TEMPLATES_MAX], opened[CM_SYNC_TEMPLATES_MAX];
static struct cm_box box;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(cm_crypt_init(NULL), CM_OK);
    cm_box_create(&box);
    for (int i = 0; i < CM_SYNC_TEMPLATES_MAX; i++) {
        templates[i] = (struct cm_template){.student_id = "S1",
                                            .model = CM_EMBEDDING_MODEL,
                                            .quality = 0.5f,
                                            .created_wall_ms = 1795000000000 + i};
        templates[i].embedding[i] = 1.3f;
    }
    return 0;
}

static void templates_open_with_the_key_alone(void **state)
{
    static const size_t counts[] = {0, 1, 3, 15, 16, CM_SYNC_TEMPLATES_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct cm_buf sealed;
        struct cm_box other;
        size_t count = 99;
        cm_buf_init(&sealed, CM_SYNC_SEALED_MAX);
        cm_box_create(&other);
        assert_int_equal(cm_templates_seal(box.public_key, templates, counts[i], &sealed, NULL), CM_OK);
        struct cm_span span = {sealed.data, sealed.size};
        assert_int_equal(cm_templates_open(cm_box_open, &other, span, "S1", opened, &count, NULL),
                         CM_CORRUPT);
        assert_int_equal(count, 99);
        assert_int_equal(cm_templates_open(cm_box_open, &box, span, "S1", opened, &count, NULL), CM_OK);
        assert_int_equal(count, counts[i]);
        for (size_t k = 0; k < count; k++)
            assert_memory_equal(opened[k].embedding, templates[k].embedding, sizeof opened[k].embedding);
        sealed.data[sealed.size / 2] ^= 1;
        assert_int_equal(cm_templates_open(cm_box_open, &box, span, "S1", opened, &count, NULL), CM_CORRUPT);
        cm_buf_finish(&sealed);
    }
}

static void templates_of_another_student_are_refused_and_wiped(void **state)
{
    static const struct cm_template zeros[CM_SYNC_TEMPLATES_MAX];
    struct cm_buf sealed;
    size_t count = 0;
    (void)state;
    cm_buf_init(&sealed, CM_SYNC_SEALED_MAX);
    assert_int_equal(cm_templates_seal(box.public_key, templates, 2, &sealed, NULL), CM_OK);
    struct cm_span span = {sealed.data, sealed.size};
    assert_int_equal(cm_templates_open(cm_box_open, &box, span, "S2", opened, &count, NULL), CM_INVALID);
    assert_memory_equal(opened, zeros, sizeof zeros);
    cm_buf_finish(&sealed);
}

static void something_else_in_the_box_is_refused(void **state)
{
    static const struct {
        const char *what;
        uint8_t plain[8];
        size_t size;
    } cases[] = {
        {"nothing", {0}, 0},
        {"a number", {1}, 1},
        {"an array of numbers", {0x92, 1, 2}, 3},
        {"more than there may be", {0xdc, 0xff, 0xff}, 3},
        {"an array that is cut short", {0x91}, 1},
        {"something after it", {0x90, 0x90}, 2},
        {"a record that is none", {0x91, 0xc4, 1, 0x80}, 4},
    };
    uint8_t sealed[8 + CM_BOX_OVERHEAD];
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(cm_box_seal(box.public_key, cases[i].plain, cases[i].size, sealed, NULL), CM_OK);
        struct cm_span span = {sealed, cases[i].size + CM_BOX_OVERHEAD};
        if (cm_templates_open(cm_box_open, &box, span, "S1", opened, &count, NULL) != CM_INVALID)
            fail_msg("%s was taken", cases[i].what);
    }
    struct cm_span small = {sealed, CM_BOX_OVERHEAD - 1};
    assert_int_equal(cm_templates_open(cm_box_open, &box, small, "S1", opened, &count, NULL), CM_CORRUPT);
}

static void the_signing_key_of_a_station_opens(void **state)
{
    struct cm_keys *keys;
    uint8_t key[CM_BOX_KEY_SIZE], sealed[5 + CM_BOX_OVERHEAD], plain[5];
    (void)state;
    assert_int_equal(cm_keys_create(&keys, NULL), CM_OK);
    assert_int_equal(cm_box_key_of_signer(cm_keys_public(keys), key, NULL), CM_OK);
    assert_int_equal(cm_box_seal(key, (const uint8_t *)"hello", 5, sealed, NULL), CM_OK);
    assert_int_equal(cm_keys_box_open(keys, sealed, sizeof sealed, plain, NULL), CM_OK);
    assert_memory_equal(plain, "hello", 5);
    cm_keys_renew(keys);
    assert_int_equal(cm_keys_box_open(keys, sealed, sizeof sealed, plain, NULL), CM_CORRUPT);
    cm_keys_destroy(keys);
}

static void keys_that_are_none_are_refused(void **state)
{
    static const uint8_t zeros[CM_PUBLIC_KEY_SIZE];
    uint8_t key[CM_BOX_KEY_SIZE], sealed[1 + CM_BOX_OVERHEAD];
    struct cm_box again;
    (void)state;
    assert_int_equal(cm_box_key_of_signer(zeros, key, NULL), CM_INVALID);
    assert_int_equal(cm_box_seal(zeros, (const uint8_t *)"x", 1, sealed, NULL), CM_INVALID);
    cm_box_from_secret(box.secret_key, &again);
    assert_memory_equal(&again, &box, sizeof box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_open_with_the_key_alone),
        cmocka_unit_test(templates_of_another_student_are_refused_and_wiped),
        cmocka_unit_test(something_else_in_the_box_is_refused),
        cmocka_unit_test(the_signing_key_of_a_station_opens),
        cmocka_unit_test(keys_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
