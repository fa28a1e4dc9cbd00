#include "unit.h"

#include "roster/fields.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void ids(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        bool student, class_;
    } cases[] = {
        {"1", true, true},
        {"A-10_b.2", true, true},
        {"मीरा", true, true},
        {"10 B", false, true},
        {"10  B", false, false},
        {" 10B", false, false},
        {"10B ", false, false},
        {"", false, false},
        {".", false, false},
        {"..", false, false},
        {"10/B", false, true},
        {"X / B", false, false}, /* the signs stand alone */
        {"10/B 2", false, true},
        {"10//B", false, false},
        {"/10", false, false},
        {"10/", false, false},
        {"a/../b", false, false},
        {"./a", false, false},
        {"a/..", false, false},
        {"a\\b", false, false},
        {"a%2fb", false, false},
        {"a?b", false, false},
        {"=1+1", false, false},
        {"a\"b", false, false},
        {"<b>", false, false},
        {"a\tb", false, false},
        {"a\xe2\x80\xae"
         "b",
         false, false}, /* turns the direction of writing */
        {"\xff", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("case \"%s\"\n", cases[i].id);
        assert_int_equal(cm_roster_id_fine(cases[i].id), cases[i].student);
        assert_int_equal(cm_roster_class_fine(cases[i].id), cases[i].class_);
    }
    char id[65] = "";
    memset(id, 'x', 63);
    assert_true(cm_roster_id_fine(id));
    id[63] = 'x';
    assert_false(cm_roster_id_fine(id));
}

static void phones(void **state)
{
    (void)state;
    static const struct {
        const char *text, *normal; /* NULL: none */
    } cases[] = {
        {"+919876543210", "+919876543210"},
        {"+91 98765-43210", "+919876543210"},
        {"0091 (98765) 43210", "+919876543210"},
        {"+44 20 7946 0018", "+442079460018"},
        {"9876543210", NULL}, /* of which country? */
        {"09876543210", NULL},
        {"+0919876543210", NULL},
        {"+1234567", NULL},
        {"+1234567890123456", NULL},
        {"+91 98765x43210", NULL},
        {"+", NULL},
        {"00", NULL},
        {"", NULL},
        {"+99999999999999999999999999", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char phone[CM_PHONE_SIZE] = "as it was";
        print_message("case \"%s\"\n", cases[i].text);
        assert_int_equal(cm_phone_normal(cases[i].text, phone), cases[i].normal != NULL);
        assert_string_equal(phone, cases[i].normal != NULL ? cases[i].normal : "as it was");
        if (cases[i].normal != NULL)
            assert_true(cm_phone_fine(phone));
    }
    assert_false(cm_phone_fine("+91 9876543210"));
    assert_false(cm_phone_fine("919876543210"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),
        cmocka_unit_test(phones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
