#include "http/text.h"

#include "unit.h"
#include <string.h>

static void test_paths(void **state)
{
    static const struct {
        const char *path;
        bool ok;
    } cases[] = {
        {"/", true},        {"/a/b", true},         {"/a.b/..c/...", true},
        {"/%C3%84", true},  {"/a%20b", true},       {"", false},
        {"a", false},       {"*", false},           {"http://x/", false},
        {"/..", false},     {"/../x", false},       {"/a/..", false},
        {"/a/./b", false},  {"/.", false},          {"/%2e%2e/x", false},
        {"/.%2E/x", false}, {"/a%2f..%2fb", false}, {"/..%5cx", false},
        {"/..\\x", false},  {"/%00", false},        {"/a%00.js", false},
        {"/%", false},      {"/%4", false},         {"/%gg", false},
        {"/a b", false},    {"/\xc3\x84", false},   {"/\x7f", false},
        {"/a\tb", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].path);
        assert_int_equal(srv_text_path_ok(cases[i].path, strlen(cases[i].path)), cases[i].ok);
    }
    assert_false(srv_text_path_ok("/a\0b", 4));
}

static void test_hosts(void **state)
{
    static const char *const good[] = {"x", "school.example:8443", "[::1]:80", "127.0.0.1", "a_b-c"};
    static const char *const bad[] = {"", "a b", "a/b", "a@b", "a\"b", "<x>", "a,b", "a\tb"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(srv_text_host_ok(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(srv_text_host_ok(bad[i], strlen(bad[i])));
}

static void test_unescape(void **state)
{
    char text[8];
    (void)state;
    assert_true(srv_text_unescape("a%41%2f", 7, text, sizeof text));
    assert_string_equal(text, "aA/");
    assert_true(srv_text_unescape("", 0, text, 1));
    assert_string_equal(text, "");
    assert_false(srv_text_unescape("", 0, text, 0));
    assert_true(srv_text_unescape("1234567", 7, text, sizeof text));
    assert_false(srv_text_unescape("12345678", 8, text, sizeof text));
    assert_false(srv_text_unescape("%0", 2, text, sizeof text));
    assert_false(srv_text_unescape("%00", 3, text, sizeof text));
}

static void test_media(void **state)
{
    (void)state;
    assert_true(srv_text_media_is("application/json", "application/json"));
    assert_true(srv_text_media_is("Application/JSON; charset=utf-8", "application/json"));
    assert_true(srv_text_media_is("application/json ;x", "application/json"));
    assert_false(srv_text_media_is("application/jsonp", "application/json"));
    assert_false(srv_text_media_is("text/plain, application/json", "application/json"));
    assert_false(srv_text_media_is("", "application/json"));
}

static void test_gzip(void **state)
{
    (void)state;
    assert_true(srv_text_takes_gzip("gzip"));
    assert_true(srv_text_takes_gzip("deflate, GZIP;q=0.5, br"));
    assert_true(srv_text_takes_gzip("br;q=1.0 , gzip ;q=0.001"));
    assert_false(srv_text_takes_gzip(""));
    assert_false(srv_text_takes_gzip("identity"));
    assert_false(srv_text_takes_gzip("gzip;q=0"));
    assert_false(srv_text_takes_gzip("gzip;q=0.000, br"));
    assert_false(srv_text_takes_gzip("xgzip, gzipx"));
}

static void test_tags(void **state)
{
    (void)state;
    assert_true(srv_text_names_tag("\"abc\"", "\"abc\""));
    assert_true(srv_text_names_tag("\"x\", W/\"abc\"", "\"abc\""));
    assert_true(srv_text_names_tag("*", "\"abc\""));
    assert_false(srv_text_names_tag("\"ab\"", "\"abc\""));
    assert_false(srv_text_names_tag("abc", "\"abc\""));
    assert_false(srv_text_names_tag("", "\"abc\""));
}

static void test_ranges(void **state)
{
    static const struct {
        const char *range;
        uint64_t size;
        enum srv_range_result result;
        uint64_t first, last;
    } cases[] = {
        {"bytes=0-0", 10, SRV_RANGE_PART, 0, 0},   {"bytes=2-5", 10, SRV_RANGE_PART, 2, 5},
        {"bytes=2-", 10, SRV_RANGE_PART, 2, 9},    {"bytes=2-99", 10, SRV_RANGE_PART, 2, 9},
        {"bytes=-3", 10, SRV_RANGE_PART, 7, 9},    {"bytes=-99", 10, SRV_RANGE_PART, 0, 9},
        {"bytes=10-", 10, SRV_RANGE_BEYOND, 0, 0}, {"bytes=-0", 10, SRV_RANGE_BEYOND, 0, 0},
        {"bytes=0-", 0, SRV_RANGE_BEYOND, 0, 0},   {"bytes=-1", 0, SRV_RANGE_BEYOND, 0, 0},
        {"bytes=5-2", 10, SRV_RANGE_NONE, 0, 0},   {"bytes=0-1,3-4", 10, SRV_RANGE_NONE, 0, 0},
        {"bytes=", 10, SRV_RANGE_NONE, 0, 0},      {"bytes=-", 10, SRV_RANGE_NONE, 0, 0},
        {"bytes=a-b", 10, SRV_RANGE_NONE, 0, 0},   {"lines=0-1", 10, SRV_RANGE_NONE, 0, 0},
        {"bytes=0-1x", 10, SRV_RANGE_NONE, 0, 0},  {"bytes=99999999999999999999-", 10, SRV_RANGE_NONE, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t first = 0, last = 0;
        print_message("%s\n", cases[i].range);
        assert_int_equal(srv_text_range(cases[i].range, cases[i].size, &first, &last), cases[i].result);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(last, cases[i].last);
    }
}

static void test_numbers_and_dates(void **state)
{
    char text[32];
    (void)state;
    *srv_text_number(text, 0) = '\0';
    assert_string_equal(text, "0");
    *srv_text_number(text, UINT64_MAX) = '\0';
    assert_string_equal(text, "18446744073709551615");
    srv_text_date(784111777, text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    srv_text_date(INT64_MAX, text); /* a broken clock breaks no answer */
    assert_int_equal(strlen(text), 29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),    cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_unescape), cmocka_unit_test(test_media),
        cmocka_unit_test(test_gzip),     cmocka_unit_test(test_tags),
        cmocka_unit_test(test_ranges),   cmocka_unit_test(test_numbers_and_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
