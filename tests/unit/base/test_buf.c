#include "base/buf.h"

#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void assert_content(const struct cm_buf *buf, const char *text)
{
    assert_int_equal(buf->size, strlen(text));
    assert_string_equal((const char *)buf->data, text);
    assert_true(buf->size < buf->capacity);
    assert_true(buf->capacity <= buf->max + 1);
}

static void test_appends_and_stays_a_string(void **state)
{
    (void)state;
    struct cm_buf buf;
    cm_buf_init(&buf, 1000);
    assert_int_equal(cm_buf_append(&buf, "abc", 3), CM_OK);
    assert_content(&buf, "abc");
    assert_int_equal(cm_buf_append_text(&buf, "de"), CM_OK);
    assert_content(&buf, "abcde");
    assert_int_equal(cm_buf_appendf(&buf, "-%d-%s", 42, "x"), CM_OK);
    assert_content(&buf, "abcde-42-x");
    cm_buf_reset(&buf);
    assert_content(&buf, "");
    cm_buf_finish(&buf);
    assert_null(buf.data);
}

static void test_the_maximum_is_reached_and_never_passed(void **state)
{
    (void)state;
    struct cm_buf buf;
    cm_buf_init(&buf, 5);
    assert_int_equal(cm_buf_append_text(&buf, "abcd"), CM_OK);
    assert_int_equal(cm_buf_append_text(&buf, "ef"), CM_NOMEM);
    assert_content(&buf, "abcd");
    assert_int_equal(cm_buf_appendf(&buf, "%s", "ef"), CM_NOMEM);
    assert_content(&buf, "abcd");
    assert_int_equal(cm_buf_append(&buf, "x", SIZE_MAX), CM_NOMEM);
    assert_int_equal(cm_buf_append_text(&buf, "e"), CM_OK);
    assert_content(&buf, "abcde");
    cm_buf_finish(&buf);

    cm_buf_init(&buf, 0);
    assert_int_equal(cm_buf_append(&buf, "", 0), CM_OK);
    assert_int_equal(cm_buf_append_text(&buf, "a"), CM_NOMEM);
    cm_buf_finish(&buf);
}

static void test_grows_by_many_small_steps(void **state)
{
    (void)state;
    struct cm_buf buf;
    cm_buf_init(&buf, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(cm_buf_append(&buf, "0123456789" + i % 10, 1), CM_OK);
    assert_int_equal(buf.size, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buf.data[i], '0' + i % 10);
    assert_int_equal(cm_buf_append(&buf, "x", 1), CM_NOMEM);
    cm_buf_finish(&buf);
}

static void test_take_hands_the_memory_over(void **state)
{
    (void)state;
    struct cm_buf buf;
    size_t size = 99;
    cm_buf_init(&buf, 100);
    assert_null(cm_buf_take(&buf, &size));
    assert_int_equal(size, 0);
    assert_int_equal(cm_buf_append_text(&buf, "mine"), CM_OK);
    char *text = (char *)cm_buf_take(&buf, &size);
    assert_string_equal(text, "mine");
    assert_int_equal(size, 4);
    assert_null(buf.data);
    assert_int_equal(cm_buf_append_text(&buf, "next"), CM_OK);
    assert_content(&buf, "next");
    cm_buf_finish(&buf);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends_and_stays_a_string),
        cmocka_unit_test(test_the_maximum_is_reached_and_never_passed),
        cmocka_unit_test(test_grows_by_many_small_steps),
        cmocka_unit_test(test_take_hands_the_memory_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
