#include "lane/pin.h"

#include "crypt/seal.h"
#include "unit.h"
#include <sodium.h>
#include <string.h>

static void a_pin_opens_its_hash_alone(void **state)
{
    char hash[CM_PIN_HASH_SIZE], again[CM_PIN_HASH_SIZE];
    (void)state;
    assert_int_equal(cm_pin_hash("4071", hash, NULL), CM_OK);
    assert_int_equal(cm_pin_hash("4071", again, NULL), CM_OK);
    assert_string_not_equal(hash, again); /* salted */
    assert_null(strstr(hash, "4071"));
    assert_true(cm_pin_fits("4071", hash) && cm_pin_fits("4071", again));
    assert_false(cm_pin_fits("4072", hash));
    assert_false(cm_pin_fits("40710", hash));
    assert_false(cm_pin_fits("", hash));
}

static void digits_alone_and_not_the_easy_ones(void **state)
{
    static const char *const wrong[] = {"",     "123",  "407",  "123456789", "40a1",    "4 71",
                                        "-407", "0000", "1234", "98765432",  "3333333", "٤٠٧١"};
    static const char *const fine[] = {"4071", "1235", "12345679", "0001"};
    char hash[CM_PIN_HASH_SIZE] = "as it was";
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cm_err err = CM_ERR_INIT;
        assert_int_equal(cm_pin_hash(wrong[i], hash, &err), CM_INVALID);
        assert_true(err.msg[0] != '\0');
    }
    assert_string_equal(hash, "as it was");
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        assert_int_equal(cm_pin_check(fine[i], NULL), CM_OK);
}

static void new_ones_are_fine(void **state)
{
    char pin[CM_PIN_SIZE], before[CM_PIN_SIZE] = "";
    (void)state;
    for (int i = 0; i < 200; i++) {
        cm_pin_new(pin);
        assert_int_equal(strlen(pin), CM_PIN_DIGITS_NEW);
        assert_int_equal(cm_pin_check(pin, NULL), CM_OK);
        if (i > 0 && strcmp(pin, before) == 0)
            cm_pin_new(pin); /* one in a million; not twice */
        assert_string_not_equal(pin, before);
        strcpy(before, pin);
    }
}

/* A hash comes from a server, or a file: none makes the station work for minutes. */
static void a_dear_or_damaged_hash_opens_to_nobody(void **state)
{
    char dear[crypto_pwhash_STRBYTES];
    (void)state;
    assert_int_equal(crypto_pwhash_str(dear, "4071", 4, 3, 16 * 1024 * 1024), 0);
    assert_false(cm_pin_fits("4071", dear));
    assert_false(cm_pin_fits("4071", ""));
    assert_false(cm_pin_fits("4071", "$argon2id$v=19$m=8192,t=2,p=1$"));
    assert_false(cm_pin_fits("4071", "$argon2id$v=19$m=8192,t=2,p=1$AAAA$BBBB"));
}

static int set_up(void **state)
{
    (void)state;
    return cm_crypt_init(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_opens_its_hash_alone),
        cmocka_unit_test(digits_alone_and_not_the_easy_ones),
        cmocka_unit_test(new_ones_are_fine),
        cmocka_unit_test(a_dear_or_damaged_hash_opens_to_nobody),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
