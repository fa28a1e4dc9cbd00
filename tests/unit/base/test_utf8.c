#include "base/utf8.h"

#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void test_validity(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"Anjali", true},
        {"Zoë 龍 अंजलि 😀", true},
        {"\x7F", true},
        {"\xC2\x80", true},
        {"\xDF\xBF", true},
        {"\xE0\xA0\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\x80", false},             /* a lone continuation */
        {"\xC3", false},             /* cut short */
        {"\xE2\x82", false},         /* cut short */
        {"\xF0\x9F\x98", false},     /* cut short */
        {"\xC3(", false},            /* no continuation */
        {"\xC0\xAF", false},         /* overlong */
        {"\xC1\xBF", false},         /* overlong */
        {"\xE0\x9F\xBF", false},     /* overlong */
        {"\xF0\x8F\xBF\xBF", false}, /* overlong */
        {"\xED\xA0\x80", false},     /* surrogate */
        {"\xED\xBF\xBF", false},     /* surrogate */
        {"\xF4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xF8\x88\x80\x80\x80", false},
        {"\xFF", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cm_utf8_valid(cases[i].text, strlen(cases[i].text)) != cases[i].valid)
            fail_msg("case %zu: \"%s\"", i, cases[i].text);
}

static void test_decoding_gives_the_character(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        uint32_t c;
    } cases[] = {{"a", 1, 'a'},   {"é", 2, 0xE9}, {"€", 3, 0x20AC}, {"\xF0\x9F\x98\x80", 4, 0x1F600},
                 {"\xFF", 0, 42}, {"", 0, 42}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t c = 42;
        assert_int_equal(cm_utf8_decode(cases[i].text, strlen(cases[i].text), &c), cases[i].length);
        assert_int_equal(c, cases[i].c);
    }
}

static void test_what_may_be_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool printable;
    } cases[] = {
        {"", true},
        {"O'Brien-Sharma, Jr.", true},
        {"Zoë", true},
        {"Zoe\xCC\x88", true}, /* combining */
        {"محمد", true},
        {"אבי", true},
        {"龍", true},
        {"ക്\xE2\x80\x8D", true},       /* Malayalam chillu: joiner after a virama */
        {"क्\xE2\x80\x8Cष", true},      /* Devanagari, non-joiner after a virama */
        {"അനില്\xE2\x80\x8D", true},    /* at the end of a name */
        {"ಸೂರ\xE2\x80\x8D್ಯ", true},    /* Kannada: joiner between a letter and a virama */
        {"ಸೂರ\xE2\x80\x8Dಯ", false},   /* without the virama it only hides */
        {"র\xE2\x80\x8D্যাম", true},    /* Bengali */
        {"علی\xE2\x80\x8Cرضا", true},  /* Persian: non-joiner between two letters */
        {"محمد\xE2\x80\x8Cرضا", true}, /* where it changes nothing people type it too */
        {"علی\xE2\x80\x8Dرضا", false}, /* a joiner is of no use there */
        {"علی\xE2\x80\x8C", false},
        {"علی\xE2\x80\x8C رضا", false},
        {"\xE2\x80\x8Cعلی", false},
        {"علی\xE2\x80\x8C\xE2\x80\x8Cرضا", false},
        {"ക്\xE2\x80\x8D\xE2\x80\x8D", false}, /* two together */
        {"ರ\xE2\x80\x8D\xE2\x80\x8D್ಯ", false},
        {"a\xE2\x80\x8D್ಯ", false},
        {"An\xE2\x80\x8Djali", false}, /* a joiner that only hides */
        {"\xE2\x80\x8C"
         "Anjali",
         false},
        {"Anjali\n", false},
        {"\tAnjali", false},
        {"An\x1B[31mjali", false},
        {"\x7F", false},
        {"\xC2\x9B"
         "31m",
         false},                       /* C1 control sequence introducer */
        {"\xC2\x85", false},           /* next line */
        {"Anjali\xE2\x80\xAE", false}, /* right-to-left override */
        {"\xE2\x80\x8F"
         "Anjali",
         false},                              /* right-to-left mark */
        {"\xE2\x81\xA6x\xE2\x81\xA9", false}, /* isolates */
        {"\xD8\x9C", false},                  /* Arabic letter mark */
        {"a\xE2\x80\x8B"
         "b",
         false}, /* zero-width space */
        {"a\xE2\x81\xA0"
         "b",
         false}, /* word joiner */
        {"\xEF\xBB\xBF"
         "a",
         false}, /* byte order mark */
        {"a\xE2\x80\xA8"
         "b",
         false},                     /* line separator */
        {"\xE3\x85\xA4", false},     /* Hangul filler */
        {"\xF3\xA0\x81\x81", false}, /* tag */
        {"\xEF\xBF\xBE", false},     /* noncharacter */
        {"\xF0\x9F\xBF\xBF", false}, /* noncharacter of another plane */
        {"\xC3", false},             /* not UTF-8 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cm_utf8_printable(cases[i].text, strlen(cases[i].text)) != cases[i].printable)
            fail_msg("case %zu: \"%s\"", i, cases[i].text);
    assert_false(cm_utf8_printable("a\0b", 3));
}

static void test_where_it_stops_being_printable(void **state)
{
    (void)state;
    assert_int_equal(cm_utf8_printable_length("ab\ncd", 5), 2);
    assert_int_equal(cm_utf8_printable_length("ರ\xE2\x80\x8D್ಯ\n", 13), 12);
    assert_int_equal(cm_utf8_printable_length("abc", 3), 3);
    assert_int_equal(cm_utf8_printable_length("", 0), 0);
    assert_int_equal(cm_utf8_count("Zoë龍", 7), 4);
    assert_int_equal(cm_utf8_count("\xFF\xE2\x82", 3), 3);
    assert_int_equal(cm_utf8_count_fitting("Zoë龍", 7, 6), 3);
    assert_int_equal(cm_utf8_count_fitting("Zoë龍", 7, 3), 2);
    assert_int_equal(cm_utf8_count_fitting("Zoë龍", 7, 0), 0);
}

static void test_escaping(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t out_size;
        const char *escaped;
    } cases[] = {
        {"plain Zoë", 64, "plain Zoë"},
        {"a\nb\r\tc", 64, "a\\nb\\r\\tc"},
        {"\x1B[31m", 64, "\\u{1b}[31m"},
        {"x\xE2\x80\xAEy", 64, "x\\u{202e}y"},
        {"M\xFCller", 64, "M\\xfcller"},
        {"\xE2\x82", 64, "\\xe2\\x82"},
        {"abc", 3, "ab"},
        {"aé", 3, "a"},   /* é does not fit whole */
        {"a\nb", 3, "a"}, /* nor does \n */
        {"a\xE2\x80\xAE", 9, "a"},
        {"abc", 1, ""},
        {"ര്\xE2\x80\x8D", 16, "ര്\xE2\x80\x8D"},
        {"ی\xE2\x80\x8Cر", 16, "ی\xE2\x80\x8Cر"},
        {"ی\xE2\x80\x8Cر", 7, "ی"}, /* the joiner would have nothing to part */
        {"ی\xE2\x80\x8Cx", 16, "ی\\u{200c}x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out = malloc(cases[i].out_size);
        size_t written = cm_utf8_escape(cases[i].text, strlen(cases[i].text), out, cases[i].out_size);
        assert_string_equal(out, cases[i].escaped);
        assert_int_equal(written, strlen(out));
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validity),           cmocka_unit_test(test_decoding_gives_the_character),
        cmocka_unit_test(test_what_may_be_a_name), cmocka_unit_test(test_where_it_stops_being_printable),
        cmocka_unit_test(test_escaping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
