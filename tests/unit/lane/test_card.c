#include "lane/card.h"

#include "crypt/seal.h"
#include "unit.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static enum cm_code parse(const char *text, struct cm_card *ret_card)
{
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = cm_card_parse(text, strlen(text), ret_card, &err);
    assert_true(code == CM_OK || err.msg[0] != '\0');
    return code;
}

static void a_card_says_the_same_as_its_text(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct cm_card card, back;
        char text[CM_CARD_TEXT_SIZE];
        uint8_t tag[CM_CARD_TAG_SIZE];
        cm_card_new(&card);
        cm_card_text(&card, text);
        assert_int_equal(strlen(text), CM_CARD_TEXT_SIZE - 1);
        assert_int_equal(parse(text, &back), CM_OK);
        assert_memory_equal(&back, &card, sizeof card);
        cm_card_tag(&card, tag);
        assert_true(cm_card_tag_given(tag));
        assert_true(cm_card_fits(&back, tag));
        tag[i % CM_CARD_TAG_SIZE] ^= 1;
        assert_false(cm_card_fits(&back, tag));
    }
}

/* Cards that are printed must be read by every later version. */
static void the_form_is_this(void **state)
{
    static const char text[] = "RC1-000G40R40M30E209185GR38E1WHB";
    struct cm_card card = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}, back;
    uint8_t tag[CM_CARD_TAG_SIZE];
    static const uint8_t expected[CM_CARD_TAG_SIZE] = {0x55, 0x3c, 0xe4, 0xe1, 0x7b, 0xba, 0x6c, 0x2e,
                                                       0x69, 0x94, 0x24, 0x45, 0x1b, 0x2b, 0x37, 0xf5};
    char made[CM_CARD_TEXT_SIZE];
    (void)state;
    cm_card_text(&card, made);
    assert_string_equal(made, text);
    assert_int_equal(parse(text, &back), CM_OK);
    cm_card_tag(&back, tag);
    assert_memory_equal(tag, expected, sizeof tag);
}

static void typed_by_hand_it_is_understood(void **state)
{
    (void)state;
    struct cm_card card = {{0x00, 0x42, 0xff}}, back;
    char text[CM_CARD_TEXT_SIZE], typed[128];
    cm_card_text(&card, text);
    int size = 0;
    size += snprintf(typed, sizeof typed, "  rc1-");
    for (int i = 4; text[i] != '\0'; i++) {
        char c = text[i] == '0' ? 'o' : text[i] == '1' ? 'l' : (char)tolower((unsigned char)text[i]);
        size += snprintf(typed + size, sizeof typed - (size_t)size, "%c%s", c, i % 4 == 3 ? " -" : "");
    }
    snprintf(typed + size, sizeof typed - (size_t)size, "\r\n");
    assert_int_equal(parse(typed, &back), CM_OK);
    assert_memory_equal(&back, &card, sizeof card);
}

static void what_is_no_card_is_told_from_a_damaged_one(void **state)
{
    struct cm_card card, before = {{7}};
    char text[CM_CARD_TEXT_SIZE];
    static const char *const others[] = {"",          " ", "RC", "RC1", "RC2-", "https://example.org/RC1-",
                                         "WIFI:S:x;;"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(parse(others[i], &before), CM_NOTFOUND);
    cm_card_new(&card);
    cm_card_text(&card, text);
    for (size_t cut = 4; cut < strlen(text); cut++)
        assert_int_equal(cm_card_parse(text, cut, &before, NULL), CM_INVALID);
    assert_int_equal(parse("RC1-0000000000000000000000000U00", &before), CM_INVALID);
    assert_int_equal(parse("RC1-\xff\xfe\x01", &before), CM_INVALID);
    assert_int_equal(cm_card_parse("RC1-\0\0\0", 7, &before, NULL), CM_INVALID);
    char longer[CM_CARD_TEXT_SIZE + 1];
    snprintf(longer, sizeof longer, "%s0", text);
    assert_int_equal(parse(longer, &before), CM_INVALID);
    assert_int_equal(before.secret[0], 7); /* untouched */
}

/* A wrong digit is found but for 1 in 1,024; over these 26 places and 31 values at most a few pass. */
static void a_slip_of_the_finger_is_found(void **state)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct cm_card card = {{9, 8, 7, 6, 5}}, back;
    char text[CM_CARD_TEXT_SIZE];
    int passed = 0;
    (void)state;
    cm_card_text(&card, text);
    for (int place = 4; place < CM_CARD_TEXT_SIZE - 1; place++)
        for (int i = 0; i < 32; i++) {
            char wrong[CM_CARD_TEXT_SIZE];
            memcpy(wrong, text, sizeof wrong);
            wrong[place] = alphabet[i];
            passed += wrong[place] != text[place] && parse(wrong, &back) == CM_OK;
        }
    assert_in_range(passed, 0, 6);
}

static void nobody_has_the_card_of_zeros(void **state)
{
    static const uint8_t none[CM_CARD_TAG_SIZE] = {0};
    struct cm_card card = {{0}};
    (void)state;
    assert_false(cm_card_tag_given(none));
    assert_false(cm_card_fits(&card, none));
}

static int set_up(void **state)
{
    (void)state;
    return cm_crypt_init(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_says_the_same_as_its_text),
        cmocka_unit_test(the_form_is_this),
        cmocka_unit_test(typed_by_hand_it_is_understood),
        cmocka_unit_test(what_is_no_card_is_told_from_a_damaged_one),
        cmocka_unit_test(a_slip_of_the_finger_is_found),
        cmocka_unit_test(nobody_has_the_card_of_zeros),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
