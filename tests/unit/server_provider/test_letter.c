#include "unit.h"

#include "provider/letter.h"
#include <string.h>

static void words_are_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"Asha Rao", "Asha Rao"},
        {"  Asha \t\n  Rao  ", "Asha Rao"},
        {"a\r\nBcc: b@example.org", "a Bcc: b@example.org"},
        {"", "-"},
        {" \t\n", "-"},
        {"प्रिया", "प्रिया"},
        {"a\xff"
         "b",
         "a b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_letter letter = {0};
        srv_letter_set(&letter, SRV_WORD_STUDENT, cases[i].text);
        assert_string_equal(letter.words[SRV_WORD_STUDENT], cases[i].word);
    }
    struct srv_letter letter = {0};
    char text[400];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "ä", 3);
    srv_letter_set(&letter, SRV_WORD_DATES, text);
    assert_int_equal(strlen(letter.words[SRV_WORD_DATES]), 254); /* between characters */
}

static void orders_of_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int count; /* -1: refused */
    } cases[] = {
        {"", 0},
        {" ", 0},
        {"student", 1},
        {"recipient, student ,days,dates,class,school,code", 7},
        {"student,student", 2},
        {"pupil", -1},
        {"student,", -1},
        {",student", -1},
        {"student student", -1},
        {"student,,days", -1},
        {"code,code,code,code,code,code,code,code,code,code,code", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum srv_word words[SRV_WORD_LIST_MAX];
        int count = -1;
        print_message("case \"%s\"\n", cases[i].text);
        assert_int_equal(srv_word_list(cases[i].text, words, &count), cases[i].count >= 0);
        assert_int_equal(count, cases[i].count);
    }
    enum srv_word words[SRV_WORD_LIST_MAX];
    int count;
    assert_true(srv_word_list("days,student", words, &count));
    assert_int_equal(words[0], SRV_WORD_DAYS);
    assert_int_equal(words[1], SRV_WORD_STUDENT);
}

static void texts_are_filled(void **state)
{
    (void)state;
    struct srv_letter letter = {.kind = SRV_LETTER_ABSENCE};
    struct cm_buf out;
    for (int i = 0; i < SRV_WORDS; i++)
        srv_letter_set(&letter, (enum srv_word)i, "x{{student}}x");
    for (int kind = 0; kind < SRV_LETTER_KINDS; kind++) {
        cm_buf_init(&out, 4096);
        assert_int_equal(srv_letter_fill(&letter, srv_letter_texts[kind].body, &out), CM_OK);
        assert_non_null(out.data);
        cm_buf_finish(&out);
    }
    srv_letter_set(&letter, SRV_WORD_STUDENT, "Asha");
    srv_letter_set(&letter, SRV_WORD_DAYS, "{{student}}"); /* what a word says is not filled again */
    cm_buf_init(&out, 4096);
    assert_int_equal(srv_letter_fill(&letter, "{{student}}: {{days}} {{none}} {{", &out), CM_OK);
    assert_string_equal((char *)out.data, "Asha: {{student}} {{none}} {{");
    cm_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_one_line),
        cmocka_unit_test(orders_of_words),
        cmocka_unit_test(texts_are_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
