#include "unit.h"

#include "ui/text.h"
#include <string.h>

static void test_next_gives_only_what_may_stand_in_a_cell(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t expected[6];
    } cases[] = {
        {"ab", {'a', 'b'}},
        {"\x1b[2J", {STN_TEXT_BAD, '[', '2', 'J'}},
        {"a\nb", {'a', STN_TEXT_BAD, 'b'}},
        {"\xc2\x9b", {STN_TEXT_BAD}},                                 /* C1: CSI in eight bits */
        {"\xff\xc3", {STN_TEXT_BAD, STN_TEXT_BAD}},                   /* no UTF-8; cut short */
        {"\xc0\xaf", {STN_TEXT_BAD, STN_TEXT_BAD}},                   /* overlong */
        {"\xed\xa0\x80", {STN_TEXT_BAD, STN_TEXT_BAD, STN_TEXT_BAD}}, /* surrogate */
        {"a\xe2\x80\xae"
         "b",
         {'a', 'b'}}, /* right-to-left override: gone */
        {"a\xe2\x80\x8b\xef\xbb\xbf"
         "b",
         {'a', 'b'}},                     /* zero width space, byte order mark */
        {"\xee\x80\x80", {STN_TEXT_BAD}}, /* private use */
        {"é", {0xe9}},
        {"王", {0x738b}},
        {"", {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *at = cases[i].text;
        for (size_t k = 0; k < 6 && cases[i].expected[k]; k++)
            assert_int_equal(stn_text_next(&at), cases[i].expected[k]);
        assert_int_equal(stn_text_next(&at), 0);
        assert_int_equal(stn_text_next(&at), 0);
    }
}

static void test_columns(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int columns;
    } cases[] = {
        {"Asha", 4}, {"आशा", 3}, {"王小明", 6}, {"e\xcc\x81", 1}, {"한", 2}, {"✓ … ▀", 5}, {"", 0}, {"ｱ", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(stn_text_columns(cases[i].text), cases[i].columns);
}

static void test_ascii(void **state)
{
    (void)state;
    assert_int_equal(stn_text_ascii('x'), 'x');
    assert_int_equal(stn_text_ascii(0xe9), 'e');
    assert_int_equal(stn_text_ascii(0xff), 'y');
    assert_int_equal(stn_text_ascii(0xc0), 'A');
    assert_int_equal(stn_text_ascii(0x2713), 'v');
    assert_int_equal(stn_text_ascii(0x738b), '?');
}

static void test_wrap(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int columns;
        const char *lines[5];
    } cases[] = {
        {"please blink", 20, {"please blink"}},
        {"please blink", 12, {"please blink"}},
        {"please blink", 11, {"please", "blink"}},
        {"please blink", 6, {"please", "blink"}},
        {"please blink", 4, {"plea", "se", "blin", "k"}},
        {"  a   b  ", 1, {"a", "b"}},
        {"王小明", 4, {"王小", "明"}},
        {"王小", 1, {"", ""}}, /* nothing fits: dropped, not endless */
        {"", 5, {""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text;
        char line[64];
        for (size_t k = 0; text; k++) {
            assert_true(k < 5 && cases[i].lines[k]);
            text = stn_text_wrap(text, cases[i].columns, line, sizeof line);
            assert_string_equal(line, cases[i].lines[k]);
        }
    }
    char small[4];
    assert_null(stn_text_wrap("abcdefgh", 8, small, sizeof small));
    assert_string_equal(small, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_gives_only_what_may_stand_in_a_cell),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
