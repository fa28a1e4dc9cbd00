#include "auth/private.h"

#include "crypt/seal.h"
#include "unit.h"
#include <stdio.h>
#include <string.h>

enum { NOW_MS = 1000000 };

struct step { /* one write of a test */
    const char *kind, *subject, *typed;
    int64_t now_ms;
    int minutes;
    char code[SRV_CODE_TEXT_SIZE], found[64];
    enum cm_code confirmed;
};

static struct srv_store *store;
static struct cm_clock_manual clock_;
static struct cm_zone *zone;

static int open_store(void **state)
{
    (void)state;
    cm_clock_manual_init(&clock_, NOW_MS, 0);
    const struct srv_store_options options = {.url = "memory:", .clock = &clock_.base, .zone = zone};
    return srv_store_open(&options, &store, NULL);
}

static int close_store(void **state)
{
    (void)state;
    srv_store_close(store);
    return 0;
}

static enum cm_code run_make(struct srv_store *s, void *arg, struct cm_err *err)
{
    struct step *step = arg;
    return srv_auth_make_code(s, step->kind, step->subject, step->now_ms, step->minutes, step->code, err);
}

static enum cm_code run_take(struct srv_store *s, void *arg, struct cm_err *err)
{
    struct step *step = arg;
    return srv_auth_take_code(s, step->kind, step->typed, step->now_ms, step->found, err);
}

static enum cm_code run_confirm(struct srv_store *s, void *arg, struct cm_err *err)
{
    struct step *step = arg;
    step->confirmed = srv_code_confirm_digits(s, step->kind, step->subject, step->typed, step->now_ms, err);
    return step->confirmed == CM_NOTFOUND ? CM_OK : step->confirmed;
}

static enum cm_code run_digits(struct srv_store *s, void *arg, struct cm_err *err)
{
    struct step *step = arg;
    const struct srv_code_terms terms = {step->minutes, 60000};
    return srv_code_make_digits(s, step->kind, step->subject, step->now_ms, &terms, step->code, err);
}

/* Six digits, asked for so long after NOW_MS. */
static enum cm_code ask_digits(const char *subject, int64_t after_ms, struct step *ret_step)
{
    *ret_step =
        (struct step){.kind = "reset", .subject = subject, .now_ms = NOW_MS + after_ms, .minutes = 10};
    return srv_store_write(store, run_digits, ret_step, NULL);
}

static struct step digits_for(const char *subject, int64_t after_ms)
{
    struct step step;
    assert_int_equal(ask_digits(subject, after_ms, &step), CM_OK);
    return step;
}

static struct step made(const char *kind, const char *subject)
{
    struct step step = {.kind = kind, .subject = subject, .now_ms = NOW_MS, .minutes = 10};
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_write(store, run_make, &step, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return step;
}

static enum cm_code take(const char *kind, const char *typed, int64_t now_ms, char found[64])
{
    struct step step = {.kind = kind, .typed = typed, .now_ms = now_ms};
    enum cm_code code = srv_store_write(store, run_take, &step, NULL);
    memcpy(found, step.found, sizeof(step.found));
    return code;
}

static enum cm_code confirm(const char *subject, const char *typed)
{
    struct step step = {.kind = "reset", .subject = subject, .typed = typed, .now_ms = NOW_MS};
    assert_int_equal(srv_store_write(store, run_confirm, &step, NULL), CM_OK);
    return step.confirmed;
}

static void a_code_is_taken_once(void **state)
{
    (void)state;
    char found[64];
    assert_int_equal(take("pair", "0000-0000", NOW_MS, found), CM_NOTFOUND); /* before there was any */
    struct step step = made("pair", "station-1");
    assert_int_equal(strlen(step.code), 9);
    assert_int_equal(take("pair", step.code, NOW_MS, found), CM_OK);
    assert_string_equal(found, "station-1");
    assert_int_equal(take("pair", step.code, NOW_MS, found), CM_NOTFOUND);
}

static void typing_is_forgiven(void **state)
{
    (void)state;
    char found[64], typed[32] = "";
    struct step step = made("pair", "station-1");
    for (const char *c = step.code; *c != '\0';
         c++) { /* "7k2q-9dxm" typed as " 7 k 2 q - - 9 …" with l for 1, o for 0 */
        char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c == '1' ? 'l' : *c == '0' ? 'o' : *c;
        snprintf(typed + strlen(typed), sizeof(typed) - strlen(typed), " %c", lower);
    }
    assert_int_equal(take("pair", typed, NOW_MS, found), CM_OK);
}

static void nonsense_is_not_found(void **state)
{
    (void)state;
    char found[64];
    struct step step = made("pair", "station-1");
    static const char *const texts[] = {
        "", "-", "1234567", "123456789", "1234-567U", "\xff\xff\xff\xff\xff\xff\xff\xff", "1234/5678"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(take("pair", texts[i], NOW_MS, found), CM_NOTFOUND);
    assert_int_equal(take("reset", step.code, NOW_MS, found), CM_NOTFOUND); /* another door's */
    assert_int_equal(take("of", step.code, NOW_MS, found), CM_NOTFOUND);
    assert_int_equal(take("pair", step.code, NOW_MS, found), CM_OK);
}

static void a_code_ends_in_time(void **state)
{
    (void)state;
    char found[64];
    struct step step = made("pair", "station-1");
    assert_int_equal(take("pair", step.code, NOW_MS + 10 * 60000, found), CM_NOTFOUND);
    assert_int_equal(take("pair", step.code, NOW_MS + 10 * 60000 - 1, found), CM_OK);
}

static void a_new_code_voids_the_one_before(void **state)
{
    (void)state;
    char found[64];
    struct step first = made("pair", "station-1"), other = made("pair", "station-2"),
                second = made("pair", "station-1");
    assert_int_equal(take("pair", first.code, NOW_MS, found), CM_NOTFOUND);
    assert_int_equal(take("pair", second.code, NOW_MS, found), CM_OK);
    assert_int_equal(take("pair", other.code, NOW_MS, found), CM_OK);
    assert_string_equal(found, "station-2");
}

static void a_code_confirms_its_own_subject(void **state)
{
    (void)state;
    struct step anna = digits_for("anna", 0), ben = digits_for("ben", 0);
    assert_int_equal(confirm("ben", anna.code), CM_NOTFOUND);
    assert_int_equal(confirm("nobody", anna.code), CM_NOTFOUND);
    assert_int_equal(confirm("anna", anna.code), CM_OK);
    assert_int_equal(confirm("anna", anna.code), CM_NOTFOUND);
    assert_int_equal(confirm("ben", ben.code), CM_OK);
}

static void the_fifth_failure_voids(void **state)
{
    (void)state;
    struct step step = digits_for("anna", 0), other;
    for (int i = 0; i < 4; i++)
        assert_int_equal(confirm("anna", "x"), CM_NOTFOUND);
    assert_int_equal(confirm("anna", step.code), CM_OK);
    step = digits_for("anna", 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(confirm("anna", "12345"), CM_NOTFOUND);
    assert_int_equal(confirm("anna", step.code), CM_NOTFOUND);
    assert_int_equal(ask_digits("anna", 59999, &other),
                     CM_EXISTS);      /* guessing does not bring the next one sooner */
    step = digits_for("anna", 60000); /* a new one counts from nothing */
    assert_int_equal(confirm("anna", step.code), CM_OK);
}

static void digits_are_six(void **state)
{
    (void)state;
    bool differ = false;
    char first[SRV_CODE_TEXT_SIZE] = "";
    for (int i = 0; i < 20; i++) {
        struct step step = digits_for("anna", i * INT64_C(60000));
        assert_int_equal(strlen(step.code), 6);
        assert_int_equal(strspn(step.code, "0123456789"), 6);
        if (i == 0)
            memcpy(first, step.code, sizeof(first));
        differ |= strcmp(first, step.code) != 0;
    }
    assert_true(differ);
}

static void digits_are_not_sent_again_at_once(void **state)
{
    (void)state;
    struct step step = digits_for("anna", 0), other;
    assert_int_equal(ask_digits("anna", 59999, &other), CM_EXISTS);
    digits_for("ben", 1);
    assert_int_equal(confirm("anna", step.code), CM_OK); /* the one before is still good */
}

/* There are so few of six digits that two people have the same ones at times. */
static void digits_of_two_people_may_be_the_same(void **state)
{
    (void)state;
    enum { PEOPLE = 5000 };
    static struct step steps[PEOPLE];
    static char names[PEOPLE][16];
    int pairs = 0;
    for (int i = 0; i < PEOPLE; i++) {
        snprintf(names[i], sizeof(names[i]), "user%d", i);
        steps[i] = digits_for(names[i], 0);
    }
    for (int i = 0; i < PEOPLE; i++)
        for (int k = 0; k < i && pairs < 3; k++)
            if (strcmp(steps[i].code, steps[k].code) == 0) {
                assert_int_equal(confirm(names[k], steps[k].code), CM_OK);
                assert_int_equal(confirm(names[k], steps[k].code), CM_NOTFOUND);
                assert_int_equal(confirm(names[i], steps[i].code), CM_OK);
                pairs++;
            }
    print_message("%d pairs\n", pairs); /* of 12.5 million, twelve on average */
}

static int start(void **state)
{
    (void)state;
    return cm_crypt_init(NULL) != CM_OK || cm_zone_open("Asia/Kolkata", &zone, NULL) != CM_OK;
}

static int stop(void **state)
{
    (void)state;
    cm_zone_close(zone);
    return 0;
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_code_is_taken_once),
        WITH_STORE(typing_is_forgiven),
        WITH_STORE(nonsense_is_not_found),
        WITH_STORE(a_code_ends_in_time),
        WITH_STORE(a_new_code_voids_the_one_before),
        WITH_STORE(a_code_confirms_its_own_subject),
        WITH_STORE(the_fifth_failure_voids),
        WITH_STORE(digits_are_six),
        WITH_STORE(digits_are_not_sent_again_at_once),
        WITH_STORE(digits_of_two_people_may_be_the_same),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
