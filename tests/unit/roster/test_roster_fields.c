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
        const char *country;
    } cases[] = {
        {"+919876543210", "+919876543210", ""},
        {"+91 98765-43210", "+919876543210", ""},
        {"0091 (98765) 43210", "+919876543210", ""},
        {"+44 20 7946 0018", "+442079460018", ""},
        {"9876543210", NULL, ""}, /* of which country? */
        {"09876543210", NULL, ""},
        {"+0919876543210", NULL, ""},
        {"+1234567", NULL, ""},
        {"+1234567890123456", NULL, ""},
        {"+91 98765x43210", NULL, ""},
        {"+", NULL, ""},
        {"00", NULL, ""},
        {"", NULL, ""},
        {"+99999999999999999999999999", NULL, ""},
        {"9876543210", "+919876543210", "91"},
        {"98765 43210", "+919876543210", "91"},
        {"098765-43210", "+919876543210", "91"},
        {"919876543210", "+919876543210", "91"}, /* nobody in India has twelve digits without the code */
        {"9198765432", "+919198765432", "91"},   /* ten digits are a number, whatever they begin with */
        {"5876543210", NULL, "91"},              /* no mobile begins with 5 */
        {"987654321", NULL, "91"},
        {"98765432101", NULL, "91"},
        {"0098765 43210", "+9876543210", "91"}, /* 00 says that a code follows: here Iran's */
        {"+44 20 7946 0018", "+442079460018", "91"},
        {"020 7946 0018", "+442079460018", "44"},
        {"7911123456", "+447911123456", "44"},
        {"5551234", "+15551234", "1"}, /* eight digits with the code: as short as E.164 is taken here */
        {"9876543210", NULL, "091"},
        {"", NULL, "91"},
        {"0", NULL, "91"},
        {"12345678901234567", NULL, "44"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char phone[CM_PHONE_SIZE] = "as it was";
        print_message("case \"%s\"\n", cases[i].text);
        assert_int_equal(cm_phone_normal(cases[i].text, cases[i].country, phone), cases[i].normal != NULL);
        assert_string_equal(phone, cases[i].normal != NULL ? cases[i].normal : "as it was");
        if (cases[i].normal != NULL)
            assert_true(cm_phone_fine(phone));
    }
    assert_false(cm_phone_fine("+91 9876543210"));
    assert_false(cm_phone_fine("919876543210"));
}

static void countries(void **state)
{
    (void)state;
    assert_true(cm_phone_country_fine("91") && cm_phone_country_fine("1") && cm_phone_country_fine("998"));
    assert_false(cm_phone_country_fine("") || cm_phone_country_fine("0") || cm_phone_country_fine("+91") ||
                 cm_phone_country_fine("9198") || cm_phone_country_fine("9x"));
}

static void emails(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fine;
    } cases[] = {
        {"asha@example.org", true},
        {"a.b+c_d@mail.example.co.in", true},
        {"o'neil@example.org", true},
        {"x@localhost", true},
        {"", false},
        {"asha", false},
        {"@example.org", false},
        {"asha@", false},
        {"a@b@c", false},
        {".a@example.org", false},
        {"a..b@example.org", false},
        {"a.@example.org", false},
        {"a@example..org", false},
        {"a@example.org.", false},
        {"a b@example.org", false},
        {"a@exam ple.org", false},
        {"a@x.org\r\nBcc: b@x.org", false},
        {"<a@example.org>", false},
        {"\"a\"@example.org", false},
        {"a@example.org,b@example.org", false},
        {"a@ex_ample.org", false},
        {"\xc3\xa4@example.org", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("case \"%s\"\n", cases[i].text);
        assert_int_equal(cm_email_fine(cases[i].text), cases[i].fine);
    }
}

static void logs_have_a_part_of_it(void **state)
{
    (void)state;
    char out[CM_PHONE_SIZE];
    assert_string_equal(cm_phone_shown("+919876543210", out), "+91******3210");
    assert_string_equal(cm_phone_shown("", out), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),
        cmocka_unit_test(phones),
        cmocka_unit_test(countries),
        cmocka_unit_test(emails),
        cmocka_unit_test(logs_have_a_part_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
