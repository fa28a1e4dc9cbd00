#include "unit.h"

#include "api/fold.h"
#include "api/nickname.h"
#include "base/utf8.h"
#include <string.h>

static void one_name_in_many_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"Asha Rao", "aSHA rAO", true},
        {"Zoë", "ZOE", true},
        {"Zoë", "Zoe\u0308", true},
        {"Ægir", "ægir", true},
        {"Þóra", "þÓRA", true},
        {"Œdipe", "œDIPE", true},
        {"Strauß", "STRAUSS", true},
        {"ΟΔΥΣΣΕΥΣ", "Οδυσσεύς", true}, /* a sigma has two small forms */
        {"Ёлка", "елка", true},
        {"\u0958\u093e\u0926\u0930", "\u0915\u093c\u093e\u0926\u0930", true},  /* Qādar: a nukta letter */
        {"\u09b0\u09be\u09df", "\u09b0\u09be\u09af\u09bc", true},              /* Rāy, Bengali */
        {"\u0a5b\u0a4b\u0a30\u0a3e", "\u0a1c\u0a3c\u0a4b\u0a30\u0a3e", true},  /* Zorā, Gurmukhi */
        {"\u0b95\u0bca", "\u0b95\u0bc6\u0bbe", true},                          /* ko, Tamil */
        {"\uff21\uff53\uff48\uff41", "asha", true},                            /* full width */
        {"\ufb01na", "fina", true},                                            /* a ligature */
        {"\u0915\u094d\u200d\u0937", "\u0915\u094d\u0937", true},              /* a joiner */
        {"\u0930\u093e\u092e", "\u0930\u092e", false},                         /* Rām is not Ram */
        {"\u0915\u093c\u093e\u0926\u0930", "\u0915\u093e\u0926\u0930", false}, /* nor Qādar Kādar */
        {"Asha", "Asher", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char a[SRV_FOLD_SIZE], b[SRV_FOLD_SIZE], key_a[CM_NAME_SIZE], key_b[CM_NAME_SIZE];
        srv_fold(cases[i].a, a);
        srv_fold(cases[i].b, b);
        if ((strcmp(a, b) == 0) != cases[i].same)
            fail_msg("%s and %s fold to %s and %s", cases[i].a, cases[i].b, a, b);
        srv_nickname_key(cases[i].a, key_a);
        srv_nickname_key(cases[i].b, key_b);
        if ((strcmp(key_a, key_b) == 0) != cases[i].same)
            fail_msg("%s and %s are seen as %s and %s", cases[i].a, cases[i].b, key_a, key_b);
    }
}

static void letters_that_look_alike(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key;
    } cases[] = {
        {"Bill", "biii"},
        {"  Ren\u00e9e\u2003 O'Neil ", "renee o'neii"},
        {"\u0141ukasz", "iukasz"},
        {"\u00d8ystein", "oystein"},
        {"\u0420\u0430\u0443\u0430", "paya"}, /* all Cyrillic */
        {"\u0301\u200d", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char key[CM_NAME_SIZE];
        srv_nickname_key(cases[i].name, key);
        assert_string_equal(key, cases[i].key);
    }
}

static void what_is_too_long_is_cut_between_letters(void **state)
{
    (void)state;
    char text[3 * SRV_FOLD_SIZE], folded[SRV_FOLD_SIZE], key[CM_NAME_SIZE];
    static const char *const letters[] = {"A", "\u00df", "\u0958", "\ufdfa", "\U0001f600"};
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        size_t length = strlen(letters[i]);
        for (size_t size = 0; size + length < sizeof text; size += length)
            strcpy(text + size, letters[i]);
        srv_fold(text, folded);
        assert_true(strlen(folded) > SRV_FOLD_SIZE - 8);
        assert_true(cm_utf8_valid(folded, strlen(folded)));
        srv_nickname_key(text, key);
        assert_true(strlen(key) > CM_NAME_SIZE - 8);
        assert_true(cm_utf8_valid(key, strlen(key)));
    }
    srv_fold("\xff\xfe", folded);
    assert_string_equal(folded, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_name_in_many_spellings),
        cmocka_unit_test(letters_that_look_alike),
        cmocka_unit_test(what_is_too_long_is_cut_between_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
