/* Classes, calendar, settings. */
#include "unit.h"

#include "school.h"
#include <stdio.h>
#include <string.h>

static void classes(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "GET", "/api/classes", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_string_equal(text_at("items.0.id"), "10-B");
    assert_string_equal(text_at("items.0.start"), "09:00");
    assert_int_equal(size_at("items.0.weekdays"), 6);
    assert_string_equal(text_at("items.0.weekdays.5"), "Sat");
    assert_int_equal(int_at("items.0.students"), 3);
    assert_int_equal(int_at("items.0.stations"), 0);
    school_mark("s1", "10-B", 20261123, school_at(8, 51)); /* a station for all classes */
    assert_int_equal(call(&the_coordinator, "GET", "/api/classes", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(int_at("items.0.stations"), 1);
}

static void putting_a_class(void **state)
{
    (void)state;
    static const char fine[] = "{\"coordinator\":\"Tara\",\"start\":\"08:45\",\"late_after_min\":5,"
                               "\"close_after_min\":30,\"weekdays\":[\"Mon\",\"Wed\"]}";
    assert_int_equal(call(&the_admin, "PUT", "/api/classes/8%20C", fine), 200);
    assert_string_equal(text_at("id"), "8 C");
    assert_string_equal(text_at("start"), "08:45");
    assert_string_equal(text_at("weekdays.1"), "Wed");
    assert_int_equal(told.changes, 1);
    assert_string_equal(told.what, "classes");
    assert_int_equal(call(&the_admin, "PUT", "/api/classes/10%2FC", fine), 200);
    assert_string_equal(text_at("id"), "10/C");
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?date=2026-11-23&class=10%2FC", NULL), 200);
    assert_int_equal(call(&the_admin, "DELETE", "/api/classes/10%2FC", NULL), 204);
    static const struct {
        const char *id, *body, *field;
    } cases[] = {
        {"10%2F%2FC", fine, "class"},
        {"10+C", fine, "class"},
        {"a-name-that-is-too-long-for-a-class-a-name-that-is-too-long-for-it", fine, "class"},
        {"8-C", "{\"start\":\"25:00\",\"weekdays\":[\"Mon\"]}", "start"},
        {"8-C", "{\"start\":\"08:45\",\"weekdays\":[]}", "weekdays"},
        {"8-C", "{\"start\":\"08:45\",\"weekdays\":[\"Funday\"]}", "weekdays"},
        {"8-C", "{\"start\":\"08:45\",\"weekdays\":[\"Mon\",\"Mon\"]}", "weekdays"},
        {"8-C", "{\"start\":\"23:45\",\"close_after_min\":60,\"weekdays\":[\"Mon\"]}", "start"},
        {"8-C", "{\"start\":\"08:45\",\"late_after_min\":50,\"close_after_min\":30,\"weekdays\":[\"Mon\"]}",
         "start"},
        {"..", "{\"start\":\"08:45\",\"weekdays\":[\"Mon\"]}", "class"},
        {"%3Cb%3E", "{\"start\":\"08:45\",\"weekdays\":[\"Mon\"]}", "class"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char target[128] = "/api/classes/";
        print_message("case %zu\n", i);
        assert_int_equal(call(&the_admin, "PUT", strcat(target, cases[i].id), cases[i].body), 422);
        assert_string_equal(text_at("error.field"), cases[i].field);
    }
    assert_int_equal(call(&the_coordinator, "PUT", "/api/classes/10-B", fine), 403);
}

static void deleting_a_class(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "DELETE", "/api/classes/9-A", NULL), 409);
    assert_string_equal(text_at("error.code"), "not_empty");
    assert_int_equal(call(&the_admin, "DELETE", "/api/students/s4", "{\"confirm\":\"s4\"}"), 204);
    assert_int_equal(call(&the_admin, "DELETE", "/api/classes/9-A", NULL), 204);
    assert_int_equal(call(&the_admin, "DELETE", "/api/classes/9-A", NULL), 404);
}

static void a_calendar(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "PUT", "/api/calendar/2026-12-25", "{\"label\":\"Christmas\"}"), 200);
    assert_true(null_at("class_id"));
    assert_string_equal(told.what, "calendar");
    assert_int_equal(
        call(&the_admin, "PUT", "/api/calendar/2026-12-26", "{\"label\":\"Trip\",\"class_id\":\"9-A\"}"),
        200);
    assert_int_equal(
        call(&the_admin, "PUT", "/api/calendar/2026-12-26", "{\"label\":\"Trip\",\"class_id\":\"zz\"}"), 422);
    assert_string_equal(text_at("error.field"), "class_id");
    assert_int_equal(call(&the_admin, "PUT", "/api/calendar/2026-02-30", "{\"label\":\"x\"}"), 422);
    assert_int_equal(call(&the_admin, "PUT", "/api/calendar/2026-12-27", "{\"label\":\"\"}"), 422);

    assert_int_equal(call(&the_admin, "GET", "/api/calendar", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_int_equal(call(&the_coordinator, "GET", "/api/calendar", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(call(&s1, "GET", "/api/calendar", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(call(&s4, "GET", "/api/calendar?from=2026-12-26&to=2026-12-31", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_string_equal(text_at("items.0.class_id"), "9-A");
    assert_int_equal(call(&s4, "GET", "/api/calendar?from=2026-12-26&to=2026-12-25", NULL), 422);
    assert_int_equal(call(&s4, "GET", "/api/calendar?from=2026-12-26&to=2036-12-25", NULL), 422);

    assert_int_equal(call(&the_admin, "DELETE", "/api/calendar/2026-12-26?class=9-A", NULL), 204);
    assert_int_equal(call(&the_admin, "DELETE", "/api/calendar/2026-12-26?class=9-A", NULL), 404);
    assert_int_equal(call(&the_admin, "DELETE", "/api/calendar/2026-12-25", NULL), 204);
    assert_int_equal(call(&the_admin, "GET", "/api/calendar", NULL), 200);
    assert_int_equal(size_at("items"), 0);
}

static void settings(void **state)
{
    (void)state;
    assert_int_equal(call(&the_coordinator, "GET", "/api/settings", NULL), 200);
    assert_string_equal(text_at("timezone"), "Asia/Kolkata");
    assert_true(json_is_true(at("leaderboard")));
    assert_int_equal(int_at("coverage_percent"), 80);
    assert_true(json_is_false(at("restart_needed")));
    assert_int_equal(call(&the_admin, "PATCH", "/api/settings",
                          "{\"school_name\":\"Hill \\\"School\\\"\",\"coverage_percent\":70}"),
                     200);
    assert_string_equal(text_at("school_name"), "Hill \"School\"");
    assert_int_equal(int_at("coverage_percent"), 70);
    assert_string_equal(told.what, "settings");
    assert_int_equal(call(&the_admin, "PATCH", "/api/settings", "{\"timezone\":\"Europe/London\"}"), 200);
    assert_true(json_is_true(at("restart_needed")));
    static const char *const wrong[] = {
        "{\"timezone\":\"Mars/Base\"}",   "{\"timezone\":\"../../etc/passwd\"}",
        "{\"coverage_percent\":0}",       "{\"coverage_percent\":101}",
        "{\"leaderboard\":\"yes\"}",      "{\"secret\":\"x\"}",
        "{\"school_name\":\"a\\u0000\"}", "{\"coverage_percent\":70.5}",
        "{\"phone_country\":\"091\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int status = call(&the_admin, "PATCH", "/api/settings", wrong[i]);
        assert_true(status == 422 || status == 400);
    }
    assert_int_equal(call(&the_coordinator, "PATCH", "/api/settings", "{}"), 403);
    assert_int_equal(call(&s1, "GET", "/api/settings", NULL), 403);
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

static void a_calendar_from_a_file(void **state)
{
    (void)state;
    static const char path[] = "/api/calendar/import";
    static const char ical[] =
        "{\"dry_run\":%s,\"text\":\"BEGIN:VCALENDAR\\r\\nBEGIN:VEVENT\\r\\n"
        "DTSTART;VALUE=DATE:20261225\\r\\nSUMMARY:Christmas\\r\\nEND:VEVENT\\r\\nEND:VCALENDAR\\r\\n\"}";
    char body[400];
    snprintf(body, sizeof body, ical, "true");
    assert_int_equal(call(&the_admin, "POST", path, body), 200);
    assert_int_equal(int_at("added"), 1);
    assert_string_equal(text_at("changes.0.date"), "2026-12-25");
    assert_int_equal(call(&the_admin, "GET", "/api/calendar?from=2026-12-01&to=2026-12-31", NULL), 200);
    assert_int_equal(size_at("items"), 0);
    snprintf(body, sizeof body, ical, "false");
    assert_int_equal(call(&the_coordinator, "POST", path, body), 403);
    assert_int_equal(call(&the_admin, "POST", path, body), 200);
    assert_string_equal(told.what, "calendar");
    assert_int_equal(call(&the_admin, "GET", "/api/calendar?from=2026-12-01&to=2026-12-31", NULL), 200);
    assert_string_equal(text_at("items.0.label"), "Christmas");
    static const char bad[] = "{\"format\":\"csv\",\"text\":\"date,label\\n2026-12-99,x\\n\"}";
    assert_int_equal(call(&the_admin, "POST", path, bad), 422);
    assert_int_equal(int_at("problems.0.line"), 2);
    assert_int_equal(call(&the_admin, "POST", path, "{\"format\":\"pdf\",\"text\":\"x\"}"), 422);
    assert_int_equal(call(&the_admin, "POST", path, "{\"text\":7}"), 422);
    assert_int_equal(call(&the_admin, "POST", path, "{\"format\":\"icalendar\",\"text\":\"x\"}"), 422);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(classes),    SCHOOL_TEST(putting_a_class),        SCHOOL_TEST(deleting_a_class),
        SCHOOL_TEST(a_calendar), SCHOOL_TEST(a_calendar_from_a_file), SCHOOL_TEST(settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
