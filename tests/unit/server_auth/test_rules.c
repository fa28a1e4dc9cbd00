#include "auth/private.h"
#include "auth/words.h"

#include "crypt/seal.h"
#include "unit.h"
#include <stdio.h>
#include <string.h>

static void a_write_comes_from_our_own_pages(void **state)
{
    (void)state;
    static const struct {
        const char *site, *origin, *host;
        bool secure;
        enum srv_origin is;
    } cases[] = {
        {"same-origin", NULL, "school.example", true, SRV_ORIGIN_OWN},
        {"none", NULL, "school.example", true, SRV_ORIGIN_OWN},
        {"same-site", NULL, "school.example", true, SRV_ORIGIN_FOREIGN},
        {"cross-site", NULL, "school.example", true, SRV_ORIGIN_FOREIGN},
        {"cross-site", "https://school.example", "school.example", true, SRV_ORIGIN_FOREIGN},
        {"same-origin", "https://evil.example", "school.example", true, SRV_ORIGIN_OWN},
        {"Same-Origin", NULL, "school.example", true, SRV_ORIGIN_FOREIGN},
        {"", NULL, "school.example", true, SRV_ORIGIN_FOREIGN},
        {NULL, "https://school.example", "school.example", true, SRV_ORIGIN_OWN},
        {NULL, "https://School.Example", "school.example", true, SRV_ORIGIN_OWN},
        {NULL, "http://school.example", "school.example", true, SRV_ORIGIN_FOREIGN},
        {NULL, "https://school.example", "school.example", false, SRV_ORIGIN_FOREIGN},
        {NULL, "http://127.0.0.1:8080", "127.0.0.1:8080", false, SRV_ORIGIN_OWN},
        {NULL, "http://127.0.0.1:8081", "127.0.0.1:8080", false, SRV_ORIGIN_FOREIGN},
        {NULL, "http://127.0.0.1:8080.evil.example", "127.0.0.1:8080", false, SRV_ORIGIN_FOREIGN},
        {NULL, "http://127.0.0.1:808", "127.0.0.1:8080", false, SRV_ORIGIN_FOREIGN},
        {NULL, "null", "school.example", true, SRV_ORIGIN_FOREIGN},
        {NULL, "", "school.example", true, SRV_ORIGIN_FOREIGN},
        {NULL, "https://", "", true, SRV_ORIGIN_FOREIGN},
        {NULL, "https://", NULL, true, SRV_ORIGIN_FOREIGN},
        {NULL, NULL, "school.example", true, SRV_ORIGIN_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct srv_origin_facts facts = {cases[i].site, cases[i].origin, cases[i].host, cases[i].secure};
        if (srv_origin_of(&facts) != cases[i].is)
            fail_msg("case %zu: %d", i, srv_origin_of(&facts));
    }
}

static void user_names(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *name; /* NULL: none */
    } cases[] = {
        {"Anna", "anna"},
        {"r.2024-017", "r.2024-017"},
        {"a@b.example", "a@b.example"},
        {"", NULL},
        {".anna", NULL},
        {"-x", NULL},
        {"anna b", NULL},
        {"änna", NULL},
        {"a/b", NULL},
        {"a\nb", NULL},
        {"_x", NULL},
        {"7", "7"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[64] = "untouched";
        bool ok = srv_auth_user_name(cases[i].typed, name);
        assert_int_equal(ok, cases[i].name != NULL);
        assert_string_equal(name, ok ? cases[i].name : "untouched");
    }
}

static void passwords_that_are_too_weak(void **state)
{
    (void)state;
    static const struct {
        const char *password;
        bool weak;
    } cases[] = {
        {"", true},
        {"short", true},
        {"123456789", true},
        {"aaaaaaaaaaaa", true},
        {"ababababab", true},
        {"annamaria1", true}, /* holds the name */
        {"AnnaMaria-x9", true},
        {"kolam tiger rain", false},
        {"ÄÖÜäöüßéàè", false},
        {"ÄÖÜäö", true}, /* ten bytes, five characters */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if ((srv_password_weakness(cases[i].password, "annamaria") != NULL) != cases[i].weak)
            fail_msg("%s", cases[i].password);
    }
    assert_null(srv_password_weakness("blossom river 12", "b")); /* a short name is in everything */
}

static void one_time_passwords_are_four_words_and_a_number(void **state)
{
    (void)state;
    assert_true(srv_word_count >= 1100);
    for (size_t i = 0; i < srv_word_count; i++) {
        size_t size = strlen(srv_words[i]);
        assert_true(size >= 3 && size <= SRV_WORD_MAX);
        assert_int_equal(strspn(srv_words[i], "abcdefghijklmnopqrstuvwxyz"), size);
        assert_true(i == 0 || strcmp(srv_words[i - 1], srv_words[i]) < 0); /* none twice */
    }
    char before[SRV_ONE_TIME_SIZE] = "", text[SRV_ONE_TIME_SIZE];
    for (int i = 0; i < 1000; i++) {
        int dashes = 0;
        srv_one_time_text(text);
        for (const char *c = text; *c != '\0'; c++)
            dashes += *c == '-';
        assert_int_equal(dashes, 4);
        assert_int_equal(strspn(strrchr(text, '-') + 1, "0123456789"), 3);
        assert_string_not_equal(text, before);
        assert_null(srv_password_weakness(text, ""));
        memcpy(before, text, sizeof(text));
    }
}

static void roles_see_what_is_theirs(void **state)
{
    (void)state;
    const struct srv_identity admin = {.role = SRV_ROLE_ADMIN}, nobody = {.role = 0},
                              coordinator = {.role = SRV_ROLE_COORDINATOR,
                                             .class_count = 1,
                                             .classes = {"10-A"}},
                              idle = {.role = SRV_ROLE_COORDINATOR},
                              student = {.role = SRV_ROLE_STUDENT, .student_id = "s1"},
                              strange = {.role = SRV_ROLE_STUDENT},
                              door = {.role = SRV_ROLE_STATION, .class_count = 1, .classes = {"10-B"}},
                              gate = {.role = SRV_ROLE_STATION};
    const struct {
        const struct srv_identity *who;
        bool class_a, class_b, student_1, student_2; /* both students are in 10-A */
    } cases[] = {
        {&admin, true, true, true, true},        {&nobody, false, false, false, false},
        {&coordinator, true, false, true, true}, {&idle, false, false, false, false},
        {&student, false, false, true, false},   {&strange, false, false, false, false},
        {&door, false, true, false, false},      {&gate, true, true, true, true},
    };
    const struct srv_student one = {.base = {.id = "s1", .class_id = "10-A"}},
                             two = {.base = {.id = "s2", .class_id = "10-A"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(srv_auth_sees_class(cases[i].who, "10-A"), cases[i].class_a);
        assert_int_equal(srv_auth_sees_class(cases[i].who, "10-B"), cases[i].class_b);
        assert_int_equal(srv_auth_sees_student(cases[i].who, &one), cases[i].student_1);
        assert_int_equal(srv_auth_sees_student(cases[i].who, &two), cases[i].student_2);
    }
}

static void what_was_seen_holds_until_the_store_changes(void **state)
{
    (void)state;
    struct srv_seen *seen = srv_seen_create();
    struct srv_seen_entry in = {.who = {.role = SRV_ROLE_ADMIN, .user = "anna"}, .token_expires_wall_ms = 77},
                          out;
    uint8_t hash[32] = {1, 2, 3}, other[32] = {1, 2, 4};
    assert_int_equal(srv_seen_get(seen, hash, 5, 1000, &out), SRV_SEEN_NEVER);
    srv_seen_put(seen, hash, 5, 1000, &in);
    assert_int_equal(srv_seen_get(seen, hash, 5, 1000, &out), SRV_SEEN_FRESH);
    assert_string_equal(out.who.user, "anna");
    assert_int_equal(out.token_expires_wall_ms, 77);
    assert_int_equal(srv_seen_get(seen, other, 5, 1000, &out), SRV_SEEN_NEVER);
    assert_int_equal(srv_seen_get(seen, hash, 6, 1000, &out), SRV_SEEN_STALE); /* a commit */
    assert_int_equal(srv_seen_get(seen, hash, 5, 1000 + 999999, &out), SRV_SEEN_FRESH);
    /* another process may have written */
    assert_int_equal(srv_seen_get(seen, hash, 5, 1000 + 1000000, &out), SRV_SEEN_STALE);
    srv_seen_put(seen, hash, 6, 5000000, &in);
    assert_int_equal(srv_seen_get(seen, hash, 6, 5000000, &out), SRV_SEEN_FRESH);
    for (int i = 0; i < 4; i++) { /* as many of the same set push it out */
        uint8_t more[32] = {1, 2, 5};
        more[3] = (uint8_t)i;
        srv_seen_put(seen, more, 6, 5000001, &in);
    }
    assert_int_equal(srv_seen_get(seen, hash, 6, 5000001, &out), SRV_SEEN_NEVER);
    srv_seen_destroy(seen);
}

static int start(void **state)
{
    (void)state;
    return cm_crypt_init(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_comes_from_our_own_pages),
        cmocka_unit_test(user_names),
        cmocka_unit_test(passwords_that_are_too_weak),
        cmocka_unit_test(one_time_passwords_are_four_words_and_a_number),
        cmocka_unit_test(roles_see_what_is_theirs),
        cmocka_unit_test(what_was_seen_holds_until_the_store_changes),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
