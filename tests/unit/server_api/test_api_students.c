#include "unit.h"

#include "doubles.h"
#include "school.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lists(void **state)
{
    (void)state;
    static const struct {
        const struct srv_identity *who;
        const char *target, *ids;
    } cases[] = {
        {&the_admin, "/api/students", "s1 s2 s3 s4 "},
        {&the_admin, "/api/students?class=9-A", "s4 "},
        {&the_admin, "/api/students?q=aSH", "s1 "},
        {&the_admin, "/api/students?q=1", "s1 s4 "}, /* id s1, roll numbers 1 */
        {&the_admin, "/api/students?q=nobody", ""},
        {&the_admin, "/api/students?q=%20%09", "s1 s2 s3 s4 "},
        {&the_admin, "/api/students?q=RAo%20%20as", "s1 "}, /* its words in any order */
        {&the_admin, "/api/students?q=rao+s1+", "s1 "},
        {&the_admin, "/api/students?q=asha+nobody", ""},
        {&the_admin, "/api/students?q=%3Cb%3E", "s3 "},
        {&the_admin, "/api/students?after=s2", "s3 s4 "},
        {&the_admin, "/api/students?archived=1", ""},
        {&the_coordinator, "/api/students", "s1 s2 s3 "},
        {&the_coordinator, "/api/students?q=khan", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char ids[64] = "";
        print_message("case %s\n", cases[i].target);
        assert_int_equal(call(cases[i].who, "GET", cases[i].target, NULL), 200);
        for (size_t k = 0; k < size_at("items"); k++) {
            char path[32];
            snprintf(path, sizeof path, "items.%zu.id", k);
            strcat(strcat(ids, text_at(path)), " ");
        }
        assert_string_equal(ids, cases[i].ids);
        assert_true(null_at("next"));
    }
    assert_int_equal(call(&the_admin, "GET", "/api/students?limit=2", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_string_equal(text_at("next"), "s2");
    assert_int_equal(call(&the_coordinator, "GET", "/api/students?limit=3", NULL), 200);
    assert_true(null_at("next"));
}

static void names_come_back_as_they_are(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "GET", "/api/students/s3", NULL), 200);
    assert_string_equal(text_at("name"), "Meena <b>");
    assert_true(null_at("standing.rate"));
    assert_int_equal(size_at("memberships"), 1);
    assert_string_equal(text_at("memberships.0.from"), "2026-11-01");
    assert_true(null_at("memberships.0.to"));
}

static void who_sees_whom(void **state)
{
    (void)state;
    static const char *const targets[] = {"/api/students/s4", "/api/students/s4/attendance",
                                          "/api/students/s4/trend", "/api/students/s4/history",
                                          "/api/students/s4/export"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        assert_int_equal(call(&the_admin, "GET", targets[i], NULL), 200);
        assert_int_equal(call(&s4, "GET", targets[i], NULL), 200);
        assert_int_equal(call(&s1, "GET", targets[i], NULL), 404);
        char *foreign = strdup(answer.text);
        assert_int_equal(call(&the_coordinator, "GET", targets[i], NULL), 404);
        assert_string_equal(answer.text, foreign);
        free(foreign);
        /* and one whom there is not is answered alike */
        char unknown[64];
        snprintf(unknown, sizeof unknown, "/api/students/zz%s", targets[i] + strlen("/api/students/s4"));
        foreign = strdup(answer.text);
        assert_int_equal(call(&the_coordinator, "GET", unknown, NULL), 404);
        assert_string_equal(answer.text, foreign);
        free(foreign);
    }
    char long_id[128] = "/api/students/";
    memset(long_id + 14, 'x', 80);
    assert_int_equal(call(&the_admin, "GET", long_id, NULL), 404);
    assert_int_equal(call(&the_coordinator, "GET", "/api/students?class=9-A", NULL), 404);
    assert_int_equal(call(&the_coordinator, "GET", "/api/students?class=none", NULL), 404);
    assert_int_equal(call(&s1, "GET", "/api/students", NULL), 403);
}

static void a_new_one(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "POST", "/api/students",
                          "{\"id\":\"s5\",\"name\":\" Zoë \",\"class_id\":\"9-A\",\"roll_number\":\"2\","
                          "\"parent_name\":\"Mo\",\"parent_phone\":\"+919876543210\",\"note\":\"a\\nb\","
                          "\"joined\":\"2026-11-20\"}"),
                     201);
    assert_string_equal(text_at("name"), "Zoë");
    assert_string_equal(text_at("joined"), "2026-11-20");
    assert_string_equal(text_at("note"), "a\nb");
    assert_int_equal(told.changes, 1);
    assert_string_equal(told.what, "students");
    assert_string_equal(told.class_id, "9-A");
    assert_int_equal(
        call(&the_admin, "POST", "/api/students", "{\"id\":\"s5\",\"name\":\"A\",\"class_id\":\"9-A\"}"),
        409);
    assert_string_equal(text_at("error.code"), "exists");
    assert_int_equal(call(&the_admin, "GET", "/api/students/s5", NULL), 200);
    assert_string_equal(text_at("name"), "Zoë");
    assert_int_equal(call(&the_admin, "GET", "/api/students?q=ZO%C3%8B", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(call(&the_admin, "GET", "/api/students?q=zoe", NULL), 200);
    assert_int_equal(size_at("items"), 1);
}

static void rename_s1(const char *letter, int count, int status)
{
    char body[CM_NAME_SIZE + 64] = "{\"name\":\"";
    for (int i = 0; i < count; i++)
        strcat(body, letter);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", strcat(body, "\"}")), status);
}

static void names_count_characters(void **state)
{
    (void)state;
    static const char *const letters[] = {"n", "\u0905", "\U00011103"}; /* of one, three and four bytes */
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        rename_s1(letters[i], CM_NAME_CHARS, 200);
        assert_int_equal(strlen(text_at("name")), strlen(letters[i]) * CM_NAME_CHARS);
        rename_s1(letters[i], CM_NAME_CHARS + 1, 422);
        assert_string_equal(text_at("error.message"), "name has at most 120 characters");
    }
    rename_s1("علی\u200cرضا", 1, 200);
    assert_string_equal(text_at("name"), "علی\u200cرضا");
    rename_s1("ಸೂರ\u200d್ಯ", 1, 200);
    rename_s1("An\u200djali", 1, 422);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"roll_number\":\"अअअअअअ\"}"), 422);
    assert_string_equal(text_at("error.message"),
                        "roll_number is too long: only the first 5 of its 6 characters fit");
}

static void faults_name_their_field(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field;
    } cases[] = {
        {"{\"name\":\"A\",\"class_id\":\"9-A\"}", "id"},
        {"{\"id\":\"x\",\"class_id\":\"9-A\"}", "name"},
        {"{\"id\":\"x\",\"name\":\"A\"}", "class_id"},
        {"{\"id\":\"a/b\",\"name\":\"A\",\"class_id\":\"9-A\"}", "id"},
        {"{\"id\":\"..\",\"name\":\"A\",\"class_id\":\"9-A\"}", "id"},
        {"{\"id\":\"a b\",\"name\":\"A\",\"class_id\":\"9-A\"}", "id"},
        {"{\"id\":\"x\",\"name\":\"A\",\"class_id\":\"none\"}", "class_id"},
        {"{\"id\":\"x\",\"name\":\"\",\"class_id\":\"9-A\"}", "name"},
        {"{\"id\":\"x\",\"name\":\"A\\u202eB\",\"class_id\":\"9-A\"}", "name"},
        {"{\"id\":\"x\",\"name\":\"A\\u0007\",\"class_id\":\"9-A\"}", "name"},
        {"{\"id\":\"x\",\"name\":7,\"class_id\":\"9-A\"}", "name"},
        {"{\"id\":\"x\",\"name\":\"A\",\"class_id\":\"9-A\",\"parent_phone\":\"987654321\"}", "parent_phone"},
        {"{\"id\":\"x\",\"name\":\"A\",\"class_id\":\"9-A\",\"parent_email\":\"a@b\\nBcc: c@d\"}",
         "parent_email"},
        {"{\"id\":\"x\",\"name\":\"A\",\"class_id\":\"9-A\",\"parent_email\":\"a, b@example.org\"}",
         "parent_email"},
        {"{\"id\":\"x\",\"name\":\"A\",\"class_id\":\"9-A\",\"joined\":\"2026-02-30\"}", "joined"},
        {"{\"id\":\"x\",\"name\":\"A\",\"class_id\":\"9-A\",\"roll_number\":\"1234567890123456\"}",
         "roll_number"},
        {"{\"id\":\"x\",\"name\":\"A\",\"class_id\":\"9-A\",\"archived\":true}", "archived"},
        {"{\"id\":\"x\",\"name\":\"A\",\"class_id\":\"9-A\",\"role\":\"admin\"}", "role"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("case %s\n", cases[i].body);
        assert_int_equal(call(&the_admin, "POST", "/api/students", cases[i].body), 422);
        assert_string_equal(text_at("error.field"), cases[i].field);
    }
    assert_int_equal(call(&the_admin, "POST", "/api/students", "{\"id\":"), 400);
    assert_int_equal(call(&the_admin, "POST", "/api/students", "[]"), 400);
    assert_int_equal(call(&the_admin, "GET", "/api/students?limit=0", NULL), 422);
    assert_string_equal(text_at("error.field"), "limit");
    assert_int_equal(call(&the_admin, "GET", "/api/students?archived=yes", NULL), 422);
    assert_int_equal(call(&the_admin, "GET", "/api/students?q=%FF", NULL), 422);
    assert_int_equal(call(&the_admin, "GET", "/api/students", NULL), 200);
    assert_int_equal(size_at("items"), 4); /* none of them was made */
}

static void changes(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1",
                          "{\"name\":\"Asha R\",\"nickname\":\"Ace\",\"parent_phone\":\"+919876543210\"}"),
                     200);
    assert_string_equal(text_at("name"), "Asha R");
    assert_string_equal(text_at("nickname"), "Ace");
    assert_string_equal(text_at("roll_number"), "1"); /* as it was */
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"parent_phone\":null}"), 200);
    assert_true(null_at("parent_phone"));
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1",
                          "{\"parent_phone\":\"098765 43210\",\"parent_email\":\"mo@example.org\"}"),
                     200);
    assert_string_equal(text_at("parent_phone"), "+919876543210"); /* of the school's country */
    assert_string_equal(text_at("parent_email"), "mo@example.org");
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"parent_email\":null}"), 200);
    assert_true(null_at("parent_email"));
    assert_string_equal(text_at("parent_phone"), "+919876543210");
    assert_int_equal(call(&the_admin, "PATCH", "/api/settings", "{\"phone_country\":\"44\"}"), 200);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"parent_phone\":\"020 7946 0018\"}"),
                     200);
    assert_string_equal(text_at("parent_phone"), "+442079460018");
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"id\":\"s9\"}"), 422);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/zz", "{}"), 404);
    assert_int_equal(call(&the_coordinator, "PATCH", "/api/students/s1", "{}"), 403);

    /* another class: one membership ends, another begins today */
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"class_id\":\"9-A\"}"), 200);
    assert_int_equal(told.changed, 2); /* both classes are told */
    assert_int_equal(size_at("memberships"), 2);
    assert_string_equal(text_at("memberships.0.to"), "2026-11-23");
    assert_string_equal(text_at("memberships.1.class_id"), "9-A");
    assert_string_equal(text_at("memberships.1.from"), "2026-11-23");
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"class_id\":\"none\"}"), 422);
    assert_string_equal(text_at("error.field"), "class_id");
}

static void leaving_and_coming_back(void **state)
{
    (void)state;
    school_enrol("s2");
    assert_int_equal(call(&the_admin, "GET", "/api/students/s2", NULL), 200);
    assert_int_equal(int_at("template_count"), 1);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s2", "{\"archived\":true}"), 200);
    assert_string_equal(text_at("left"), "2026-11-23");
    assert_int_equal(int_at("template_count"), 0); /* who left has no templates */
    assert_int_equal(call(&the_admin, "GET", "/api/students?class=10-B", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_int_equal(call(&the_admin, "GET", "/api/students?archived=1", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s2", "{\"archived\":false}"), 200);
    assert_true(null_at("left"));
    assert_string_equal(text_at("joined"), "2026-11-23");
}

static void erasing(void **state)
{
    (void)state;
    school_mark("s1", "10-B", SCHOOL_TODAY, school_at(8, 55));
    assert_int_equal(call(&the_admin, "DELETE", "/api/students/s1", "{}"), 422);
    assert_int_equal(call(&the_admin, "DELETE", "/api/students/s1", "{\"confirm\":\"s2\"}"), 422);
    assert_string_equal(text_at("error.field"), "confirm");
    assert_int_equal(call(&the_coordinator, "DELETE", "/api/students/s1", "{\"confirm\":\"s1\"}"), 403);
    assert_int_equal(call(&the_admin, "DELETE", "/api/students/s1", "{\"confirm\":\"s1\"}"), 204);
    assert_int_equal(told.changes, 1);
    assert_int_equal(call(&the_admin, "GET", "/api/students/s1", NULL), 404);
    assert_int_equal(call(&the_admin, "DELETE", "/api/students/s1", "{\"confirm\":\"s1\"}"), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_int_equal(call(&s1, "GET", "/api/leaderboard", NULL), 404);
}

static void unenrolling(void **state)
{
    (void)state;
    school_enrol("s1");
    assert_int_equal(call(&the_admin, "GET", "/api/stats", NULL), 200);
    assert_int_equal(int_at("enrolled"), 1);
    assert_int_equal(call(&the_admin, "DELETE", "/api/students/s1/templates", NULL), 204);
    assert_int_equal(call(&the_admin, "GET", "/api/students/s1", NULL), 200);
    assert_int_equal(int_at("template_count"), 0);
    assert_int_equal(call(&the_admin, "GET", "/api/stats", NULL), 200);
    assert_int_equal(int_at("enrolled"), 0);
}

static void a_profile(void **state)
{
    (void)state;
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"Ace\"}"), 200);
    assert_string_equal(text_at("nickname"), "Ace");
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"board_hidden\":true}"), 200);
    assert_string_equal(text_at("nickname"), "Ace");
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"name\":\"Principal\"}"), 422);
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"A\\u200bB\"}"), 422);
    assert_int_equal(
        call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"1234567890123456789012345678901\"}"), 422);
    assert_int_equal(call(&the_admin, "PATCH", "/api/me/profile", "{}"), 403);
}

/* A nickname stands where a name stands: it must not be a classmate's. */
static void a_nickname_is_nobody_elses_name(void **state)
{
    (void)state;
    static const char *const taken[] = {
        "Ravi Sen", " ravi  sen ", "RAVI\\u00a0SEN", "Ra\\u0301vi Sen", "R\\u0430vi Sen" /* a Cyrillic a */,
        "Ravl Sen", "\\u0301"};
    char body[128];
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        snprintf(body, sizeof body, "{\"nickname\":\"%s\"}", taken[i]);
        print_message("%s\n", body);
        assert_int_equal(call(&s1, "PATCH", "/api/me/profile", body), 422);
        assert_string_equal(text_at("error.field"), "nickname");
    }
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s2", "{\"nickname\":\"Ace\"}"), 200);
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"ACE\"}"), 422);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"nickname\":\"ace\"}"), 422);
    assert_string_equal(text_at("error.field"), "nickname");
    /* his own name, and one of another class */
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"asha rao\"}"), 200);
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"Imran Khan\"}"), 200);
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":null}"), 200);
}

/* Names are the school's: one that comes later takes the nickname from the board, and it is back when the name is gone. */
static void a_name_that_equals_a_nickname(void **state)
{
    (void)state;
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"New One\"}"), 200);
    assert_int_equal(call(&s1, "GET", "/api/leaderboard", NULL), 200);
    assert_non_null(strstr(answer.text, "New One"));
    assert_int_equal(call(&the_admin, "POST", "/api/students",
                          "{\"id\":\"s9\",\"name\":\"new one\",\"class_id\":\"10-B\"}"),
                     201);
    assert_int_equal(call(&s1, "GET", "/api/leaderboard", NULL), 200);
    assert_null(strstr(answer.text, "New One"));
    assert_non_null(strstr(answer.text, "Asha Rao"));
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s9", "{\"archived\":true}"), 200);
    assert_int_equal(call(&s1, "GET", "/api/leaderboard", NULL), 200);
    assert_non_null(strstr(answer.text, "New One"));
}

/* What teachers write for each other is not for him. */
static void notes_are_for_staff(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"note\":\"fragile\"}"), 200);
    assert_int_equal(call(&the_coordinator, "GET", "/api/students/s1", NULL), 200);
    assert_string_equal(text_at("note"), "fragile");
    assert_int_equal(call(&s1, "GET", "/api/students/s1", NULL), 200);
    assert_true(null_at("note"));
    assert_int_equal(call(&s1, "GET", "/api/students/s1/export", NULL), 200);
    assert_null(strstr(answer.text, "fragile"));
    assert_non_null(strstr(answer.headers, "content-disposition: attachment"));
}

static void a_busy_writer(void **state)
{
    (void)state;
    writer_is_full = true;
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"name\":\"X\"}"), 503);
    writer_is_full = false;
    assert_non_null(strstr(answer.headers, "retry-after"));
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(lists),
        SCHOOL_TEST(names_come_back_as_they_are),
        SCHOOL_TEST(who_sees_whom),
        SCHOOL_TEST(a_new_one),
        SCHOOL_TEST(names_count_characters),
        SCHOOL_TEST(faults_name_their_field),
        SCHOOL_TEST(changes),
        SCHOOL_TEST(leaving_and_coming_back),
        SCHOOL_TEST(erasing),
        SCHOOL_TEST(unenrolling),
        SCHOOL_TEST(a_profile),
        SCHOOL_TEST(a_nickname_is_nobody_elses_name),
        SCHOOL_TEST(a_name_that_equals_a_nickname),
        SCHOOL_TEST(notes_are_for_staff),
        SCHOOL_TEST(a_busy_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
