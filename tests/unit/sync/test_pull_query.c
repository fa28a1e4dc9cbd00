#include "unit.h"

#include "sync/message.h"
#include <stdio.h>
#include <string.h>

static void a_query_comes_back_the_same(void **state)
{
    const struct cm_pull pull = {.cursor = "ab12.7f.99",
                                 .wait_s = 25,
                                 .last_seq = 123456,
                                 .camera = "clear",
                                 .version = "1.0",
                                 .frames = true,
                                 .wall_ms = 1795000000000,
                                 .rolls = true};
    struct cm_pull again = {.cursor = ""};
    struct cm_buf buf, twice;
    char copy[1024], *rest;
    (void)state;
    cm_buf_init(&buf, sizeof copy - 1);
    cm_buf_init(&twice, sizeof copy - 1);
    assert_int_equal(cm_pull_query(&pull, &buf), CM_OK);
    strcpy(copy, (const char *)buf.data);
    for (char *pair = strtok_r(copy, "&", &rest); pair != NULL; pair = strtok_r(NULL, "&", &rest)) {
        char *value = strchr(pair, '=');
        assert_non_null(value);
        *value++ = '\0';
        assert_int_equal(cm_pull_set(&again, pair, value, NULL), CM_OK);
    }
    assert_int_equal(cm_pull_query(&again, &twice), CM_OK);
    assert_string_equal((const char *)buf.data, (const char *)twice.data);
    cm_buf_finish(&buf);
    cm_buf_finish(&twice);
}

static void odd_characters_are_escaped(void **state)
{
    const struct cm_pull pull = {.camera = "a&b=c d\xc3\xa9"};
    struct cm_buf buf;
    (void)state;
    cm_buf_init(&buf, 1024);
    assert_int_equal(cm_pull_query(&pull, &buf), CM_OK);
    assert_non_null(strstr((char *)buf.data, "&camera=a%26b%3Dc%20d%C3%A9&"));
    cm_buf_finish(&buf);
}

static void bad_values_are_refused(void **state)
{
    static const struct {
        const char *name, *value;
        enum cm_code code;
    } cases[] = {
        {"wait", "30", CM_OK},
        {"wait", "31", CM_INVALID},
        {"wait", "-1", CM_INVALID},
        {"wait", "", CM_INVALID},
        {"wait", "1x", CM_INVALID},
        {"wait", " 1", CM_INVALID},
        {"frames", "1", CM_OK},
        {"frames", "2", CM_INVALID},
        {"last", "9223372036854775807", CM_OK},
        {"last", "9223372036854775808", CM_INVALID},
        {"wall_ms", "0", CM_OK},
        {"wall_ms", "253402300799999", CM_OK},
        {"wall_ms", "253402300800000", CM_INVALID}, /* of the year 10000 */
        {"camera", "0123456789012345678901234567890", CM_OK},
        {"camera", "01234567890123456789012345678901", CM_INVALID},
        {"other", "1", CM_NOTFOUND},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_pull pull = {.cursor = ""};
        enum cm_code code = cm_pull_set(&pull, cases[i].name, cases[i].value, NULL);
        if (code != cases[i].code)
            fail_msg("%s=%s gives %s", cases[i].name, cases[i].value, cm_code_name(code));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_comes_back_the_same),
        cmocka_unit_test(odd_characters_are_escaped),
        cmocka_unit_test(bad_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
