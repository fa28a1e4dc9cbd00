#include "base/uuid.h"

#include "unit.h"
#include <sodium.h>
#include <string.h>

static const uint8_t ones[CM_UUID_RANDOM_SIZE] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

static void test_layout(void **state)
{
    (void)state;
    /* The example of RFC 9562, appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F, here with its top random bit clear. */
    static const uint8_t random[CM_UUID_RANDOM_SIZE] = {0x0C, 0xC3, 0x18, 0xC4, 0xDC,
                                                        0x0C, 0x0C, 0x07, 0x39, 0x8F};
    struct cm_uuid_generator generator = {0};
    uint8_t id[16];
    char text[CM_UUID_TEXT_SIZE];
    cm_uuid7_from(&generator, 1645557742000, random, id);
    assert_string_equal(cm_uuid_text(id, text), "017f22e2-79b0-74c3-98c4-dc0c0c07398f");
}

static void test_times_are_taken_into_range(void **state)
{
    (void)state;
    static const uint8_t random[CM_UUID_RANDOM_SIZE] = {0};
    char text[CM_UUID_TEXT_SIZE];
    uint8_t id[16];
    struct cm_uuid_generator generator = {0};
    cm_uuid7_from(&generator, -5, random, id);
    assert_string_equal(cm_uuid_text(id, text), "00000000-0000-7000-8000-000000000000");
    cm_uuid7_from(&generator, INT64_MAX, random, id);
    assert_string_equal(cm_uuid_text(id, text), "ffffffff-ffff-7000-8000-000000000000");
}

static void test_ascending_within_a_millisecond(void **state)
{
    (void)state;
    struct cm_uuid_generator generator = {0};
    uint8_t before[16], id[16];
    cm_uuid7_from(&generator, 1000, ones, before); /* the largest start, then the largest steps */
    for (int i = 0; i < 100000; i++) {
        cm_uuid7_from(&generator, 1000, ones, id);
        if (memcmp(before, id, sizeof id) >= 0)
            fail_msg("id %d is not greater", i);
        assert_int_equal(id[6] >> 4, 7);
        assert_int_equal(id[8] >> 6, 2);
        assert_memory_equal(id, before, 6);
        memcpy(before, id, sizeof id);
    }
    cm_uuid7_from(&generator, 1001, ones, id);
    assert_true(memcmp(before, id, sizeof id) < 0);
}

static void test_random_ids_differ(void **state)
{
    (void)state;
    struct cm_uuid_generator one = {0}, other = {0};
    uint8_t a[16], b[16];
    cm_uuid7(&one, 1000, a);
    cm_uuid7(&other, 1000, b);
    assert_memory_not_equal(a, b, sizeof a);
    cm_uuid7(&one, 500, b); /* the clock was set back */
    assert_true(memcmp(b, a, sizeof a) < 0);
}

static void test_parsing_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cm_code code;
    } cases[] = {
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", CM_OK},
        {"017F22E2-79B0-7CC3-98C4-DC0C0C07398F", CM_OK},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398", CM_INVALID},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", CM_INVALID},
        {"017f22e279b07cc398c4dc0c0c07398f", CM_INVALID},
        {"017f22e2-79b0-7cc3-98c4dc0c0c07398f", CM_INVALID},
        {"{17f22e2-79b0-7cc3-98c4-dc0c0c07398f", CM_INVALID},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398g", CM_INVALID},
        {" 17f22e2-79b0-7cc3-98c4-dc0c0c07398f", CM_INVALID},
        {"", CM_INVALID},
        {"0", CM_INVALID},
        {"017f22e2", CM_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t id[16] = {0};
        char text[CM_UUID_TEXT_SIZE];
        assert_int_equal(cm_uuid_parse(cases[i].text, id, NULL), cases[i].code);
        assert_string_equal(cm_uuid_text(id, text),
                            cases[i].code == CM_OK ? cases[0].text : "00000000-0000-0000-0000-000000000000");
    }
}

static int start_sodium(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_times_are_taken_into_range),
        cmocka_unit_test(test_ascending_within_a_millisecond),
        cmocka_unit_test(test_random_ids_differ),
        cmocka_unit_test(test_parsing_is_strict),
    };
    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
