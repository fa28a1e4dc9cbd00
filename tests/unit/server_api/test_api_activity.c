#include "unit.h"

#include "school.h"
#include <stdio.h>
#include <string.h>

static void who_sees_what(void **state)
{
    (void)state;
    uint64_t unknown = school_activity(CM_ACTIVITY_UNKNOWN_FACE, "", "");
    school_activity(CM_ACTIVITY_DUPLICATE_FACE, "s1", "s4");
    school_activity(CM_ACTIVITY_DUPLICATE_FACE, "s4", "");
    assert_int_equal(call(&the_admin, "GET", "/api/activity", NULL), 200);
    assert_int_equal(size_at("items"), 3);
    assert_string_equal(text_at("items.2.kind"), "unknown_face");
    assert_int_equal(int_at("items.2.feed"), (int64_t)unknown);
    assert_string_equal(text_at("items.2.station"), "door");
    assert_string_equal(text_at("items.2.reason"), "seen <b>");
    assert_true(null_at("items.2.distance"));
    assert_string_equal(text_at("items.1.student"), "Asha Rao");
    assert_string_equal(text_at("items.1.other_id"), "s4");

    assert_int_equal(call(&the_coordinator, "GET", "/api/activity", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_string_equal(text_at("items.0.student_id"), "s1");
    assert_true(null_at("items.0.other_id")); /* of another class */
    assert_int_equal(call(&s1, "GET", "/api/activity", NULL), 403);
}

static void filters_and_pages(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++)
        school_activity(i % 3 == 0 ? CM_ACTIVITY_CAMERA_DARK : CM_ACTIVITY_UNKNOWN_FACE, i % 2 ? "s4" : "",
                        "");
    int64_t before = 0;
    int seen = 0, pages = 0;
    do {
        char target[96];
        snprintf(target, sizeof target, "/api/activity?kind=unknown_face&limit=7&before=%lld",
                 (long long)(before > 0 ? before : 1000000));
        assert_int_equal(call(&the_coordinator, "GET", target, NULL), 200);
        for (size_t i = 0; i < size_at("items"); i++) {
            char path[32];
            snprintf(path, sizeof path, "items.%zu.feed", i);
            assert_true(before == 0 || int_at(path) < before);
            before = int_at(path);
            seen++;
        }
        if (!null_at("next"))
            before = int_at("next");
        pages++;
    } while (!null_at("next") && pages < 100);
    assert_int_equal(seen, 100); /* two of three, and of these one of two */
    assert_int_equal(call(&the_admin, "GET", "/api/activity?station=nowhere", NULL), 200);
    assert_int_equal(size_at("items"), 0);
    assert_int_equal(call(&the_admin, "GET", "/api/activity?state=dismissed", NULL), 200);
    assert_int_equal(size_at("items"), 0);
    assert_int_equal(call(&the_admin, "GET", "/api/activity?state=strange", NULL), 422);
    assert_int_equal(call(&the_admin, "GET", "/api/activity?before=x", NULL), 422);
    assert_int_equal(call(&the_admin, "GET", "/api/activity?limit=501", NULL), 422);
}

static void reviews(void **state)
{
    (void)state;
    char target[64];
    uint64_t mine = school_activity(CM_ACTIVITY_SPOOF_SUSPECTED, "s1", "");
    uint64_t foreign = school_activity(CM_ACTIVITY_SPOOF_SUSPECTED, "s4", "");
    uint64_t mark = school_mark("s1", "10-B", 20261123, school_at(8, 51));
    snprintf(target, sizeof target, "/api/activity/%llu/review", (unsigned long long)mine);
    assert_int_equal(
        call(&the_coordinator, "POST", target, "{\"state\":\"confirmed\",\"note\":\"a phone <i>\"}"), 200);
    assert_string_equal(text_at("state"), "confirmed");
    assert_string_equal(text_at("reviewed_by"), "Cora Coordinator");
    assert_string_equal(text_at("reviewed_at"), "2026-11-23T12:00:00.000+05:30");
    assert_string_equal(text_at("note"), "a phone <i>");
    assert_string_equal(told.what, "activity");
    assert_int_equal(call(&the_admin, "GET", "/api/activity?state=open", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(call(&the_admin, "POST", target, "{\"state\":\"open\"}"), 200);
    assert_int_equal(call(&the_admin, "POST", target, "{\"state\":\"all\"}"), 422);
    assert_int_equal(call(&the_admin, "POST", target, "{\"note\":\"x\"}"), 422);

    snprintf(target, sizeof target, "/api/activity/%llu/review", (unsigned long long)foreign);
    assert_int_equal(call(&the_coordinator, "POST", target, "{\"state\":\"dismissed\"}"), 404);
    snprintf(target, sizeof target, "/api/activity/%llu/review", (unsigned long long)mark);
    assert_int_equal(call(&the_admin, "POST", target, "{\"state\":\"dismissed\"}"), 404);
    static const char *const none[] = {"0", "-1", "x", "999999", "1e3", "99999999999999999999"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        snprintf(target, sizeof target, "/api/activity/%s/review", none[i]);
        assert_int_equal(call(&the_admin, "POST", target, "{\"state\":\"dismissed\"}"), 404);
    }
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(who_sees_what),
        SCHOOL_TEST(filters_and_pages),
        SCHOOL_TEST(reviews),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
