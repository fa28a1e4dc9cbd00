#include "unit.h"

#include "school.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* An instant of another day of November. */
static int64_t on_day(int day, int hour, int minute)
{
    return school_at(hour, minute) - (int64_t)(23 - day) * 24 * 3600 * 1000;
}

static void close_roll(const char *class_id, int day)
{
    char target[80];
    snprintf(target, sizeof target, "/api/rolls/%s/2026-11-%02d/close", class_id, day);
    assert_int_equal(call(&the_admin, "POST", target, "{}"), 200);
}

/* 19 to 21 November: s1 in time twice and late once, s2 excused once and else absent, s3 never there. */
static void three_days(void)
{
    school_mark("s1", "10-B", 20261119, on_day(19, 8, 50));
    school_mark("s1", "10-B", 20261120, on_day(20, 9, 14));
    school_mark("s1", "10-B", 20261121, on_day(21, 8, 56));
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-20/corrections",
                          "{\"student_id\":\"s2\",\"status\":\"excused\",\"reason\":\"fever\"}"),
                     201);
    for (int day = 19; day <= 21; day++)
        close_roll("10-B", day);
}

static void a_month(void **state)
{
    (void)state;
    three_days();
    assert_int_equal(call(&the_coordinator, "GET", "/api/reports/month?class=10-B&month=2026-11", NULL), 200);
    assert_string_equal(text_at("class_id"), "10-B");
    assert_string_equal(text_at("month"), "2026-11");
    assert_int_equal(size_at("days"), 25); /* 30 days less five Sundays */
    assert_string_equal(text_at("days.0.date"), "2026-11-02");
    assert_string_equal(text_at("days.15.date"), "2026-11-19");
    assert_string_equal(text_at("days.15.state"), "closed");
    assert_string_equal(text_at("days.24.state"), "open"); /* to come */
    assert_int_equal(size_at("items"), 3);
    assert_string_equal(text_at("items.0.name"), "Asha Rao");
    assert_int_equal(size_at("items.0.days"), 25);
    assert_string_equal(text_at("items.0.days.15"), "present");
    assert_string_equal(text_at("items.0.days.16"), "late");
    assert_string_equal(text_at("items.1.days.16"), "excused");
    assert_string_equal(text_at("items.2.days.17"), "absent");
    assert_string_equal(text_at("items.0.days.24"), "none");
    assert_int_equal(int_at("items.0.present"), 2);
    assert_int_equal(int_at("items.0.late"), 1);
    assert_int_equal(int_at("items.2.absent"), 3);
    assert_true(fabs(real_at("items.0.rate") - 1.0) < 1e-9);
}

static void a_month_as_a_file(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s2", "{\"name\":\"=1+1\"}"), 200);
    three_days();
    assert_int_equal(
        call(&the_coordinator, "GET", "/api/reports/month?class=10-B&month=2026-11&format=csv", NULL), 200);
    assert_string_equal(answer.type, "text/csv; charset=utf-8");
    assert_non_null(strstr(answer.headers, "attachment; filename=\"month-2026-11-01-2026-11-30.csv\""));
    assert_non_null(strstr(answer.text, "student_id,name,roll_number,2026-11-02,2026-11-03,"));
    assert_non_null(strstr(answer.text, ",present,late,excused,absent,unjudged,rate\r\n"));
    assert_non_null(strstr(answer.text, "\r\ns2,'=1+1,"));
    assert_non_null(strstr(answer.text, ",P,L,P,"));
    assert_non_null(strstr(answer.text, ",A,E,A,"));
}

static void who_is_absent_too_often(void **state)
{
    (void)state;
    three_days();
    assert_int_equal(
        call(&the_coordinator, "GET", "/api/reports/absence?from=2026-11-19&to=2026-11-23", NULL), 200);
    assert_int_equal(int_at("percent"), 10);
    assert_int_equal(size_at("items"), 2);
    assert_string_equal(text_at("items.0.student_id"), "s2"); /* 2 of 2: excused days are not judged */
    assert_int_equal(int_at("items.0.absent"), 2);
    assert_int_equal(int_at("items.0.judged"), 2);
    assert_int_equal(int_at("items.0.excused"), 1);
    assert_true(fabs(real_at("items.1.percent") - 100.0) < 1e-9);
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-19/corrections",
                          "{\"student_id\":\"s3\",\"status\":\"present\",\"reason\":\"was here\"}"),
                     201);
    assert_int_equal(
        call(&the_admin, "GET", "/api/reports/absence?from=2026-11-19&to=2026-11-23&percent=67", NULL), 200);
    assert_int_equal(size_at("items"), 1); /* 2 of 3 is a little less */
    assert_int_equal(call(&the_admin, "GET",
                          "/api/reports/absence?from=2026-11-19&to=2026-11-23&percent=66&format=csv", NULL),
                     200);
    assert_non_null(strstr(answer.text, "s3,Meena <b>,10-B,2,3,66.7,0,1,0\r\n"));
}

/* Who left is in no list of those whom somebody should see, and days of two classes are added up. */
static void those_who_left_and_those_who_moved(void **state)
{
    (void)state;
    three_days();
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s3", "{\"archived\":true}"), 200);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s2", "{\"class_id\":\"9-A\"}"), 200);
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/9-A/2026-11-23/close", "{}"), 200);
    assert_int_equal(call(&the_admin, "GET", "/api/reports/absence?from=2026-11-19&to=2026-11-23", NULL),
                     200);
    assert_int_equal(size_at("items"), 2);
    assert_string_equal(text_at("items.0.student_id"), "s2");
    assert_int_equal(int_at("items.0.absent"), 3);
    assert_string_equal(text_at("items.0.class_id"), "10-B"); /* where most of the days were */
    assert_string_equal(text_at("items.1.student_id"), "s4");
    /* with the eyes of the coordinator of 10-B only those days */
    assert_int_equal(
        call(&the_coordinator, "GET", "/api/reports/absence?from=2026-11-19&to=2026-11-23", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(int_at("items.0.absent"), 2);
}

static void who_comes_late(void **state)
{
    (void)state;
    three_days();
    school_mark("s2", "10-B", SCHOOL_TODAY, school_at(8, 40));
    assert_int_equal(
        call(&the_coordinator, "GET", "/api/reports/punctuality?from=2026-11-19&to=2026-11-23", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_string_equal(text_at("items.0.student_id"), "s1");
    assert_int_equal(int_at("items.0.late"), 1);
    assert_int_equal(int_at("items.0.seen"), 3);
    assert_int_equal(int_at("items.0.arrivals"), 3);
    assert_true(fabs(real_at("items.0.mean_arrival_min") - 0.0) < 1e-9); /* -10, +14, -4 */
    assert_true(fabs(real_at("items.1.mean_arrival_min") + 20.0) < 1e-9);
    assert_int_equal(call(&the_coordinator, "GET",
                          "/api/reports/punctuality?from=2026-11-19&to=2026-11-23&format=csv", NULL),
                     200);
    assert_non_null(strstr(answer.text, "s2,Ravi Sen,10-B,0,1,0.0,1,-20.0\r\n"));
}

static void how_stations_were(void **state)
{
    (void)state;
    school_mark("s1", "10-B", 20261119, on_day(19, 8, 50)); /* the station is there */
    school_coverage(on_day(19, 8, 30), on_day(19, 9, 20), true);
    school_coverage(on_day(19, 9, 20), on_day(19, 9, 30), false);
    school_coverage(on_day(19, 9, 30), on_day(19, 9, 50), true);
    assert_int_equal(
        call(&the_coordinator, "GET", "/api/reports/stations?from=2026-11-16&to=2026-11-20", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_string_equal(text_at("items.0.class_id"), "10-B");
    assert_string_equal(text_at("items.0.week"), "2026-11-16");
    assert_int_equal(int_at("items.0.able_min"), 40);
    int64_t sessions = int_at("items.0.sessions");
    assert_int_equal(int_at("items.0.window_min"), 60 * sessions);
    assert_int_equal(
        call(&the_coordinator, "GET", "/api/reports/stations?from=2026-11-19&to=2026-11-19", NULL), 200);
    assert_int_equal(int_at("items.0.sessions"), 1);
    assert_int_equal(size_at("items.0.gaps"), 2);
    assert_string_equal(text_at("items.0.gaps.0.from"), "2026-11-19T09:20:00.000+05:30");
    assert_string_equal(text_at("items.0.gaps.0.to"), "2026-11-19T09:30:00.000+05:30");
    assert_string_equal(text_at("items.0.gaps.0.reason"), "covered");
    assert_string_equal(text_at("items.0.gaps.1.from"), "2026-11-19T09:50:00.000+05:30");
    assert_true(null_at("items.0.gaps.1.reason"));
    assert_int_equal(call(&the_admin, "GET",
                          "/api/reports/stations?from=2026-11-19&to=2026-11-19&class=10-B&format=csv", NULL),
                     200);
    assert_non_null(strstr(answer.text, "2026-11-16,1,40,60,66.7,"));
    assert_non_null(
        strstr(answer.text, "\"2026-11-19 09:20-09:30 covered, 2026-11-19 09:50-10:00 no_record\"\r\n"));
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const struct srv_identity *who;
        const char *target;
        int status;
    } cases[] = {
        {&the_admin, "month", 422},
        {&the_admin, "month?class=10-B&month=2026-13", 422},
        {&the_admin, "month?class=10-B&month=2026-11&format=xml", 422},
        {&the_admin, "month?class=7-Z", 404},
        {&the_coordinator, "month?class=9-A", 404},
        {&the_coordinator, "absence?class=9-A", 404},
        {&the_coordinator, "stations?class=9-A", 404},
        {&the_admin, "absence?percent=0", 422},
        {&the_admin, "absence?percent=101", 422},
        {&the_admin, "absence?from=2025-01-01&to=2026-11-23", 422},
        {&the_admin, "punctuality?from=2026-11-24&to=2026-11-23", 422},
        {&the_admin, "stations?from=2026-01-01&to=2026-11-23", 422},
        {&the_admin, "punctuality?from=2026-11-20", 200},
        {&the_admin, "month?class=10-B", 200},
        {&the_admin, "absence?from=9999-12-31&to=9999-12-31", 200},
        {&the_admin, "month?class=10-B&month=9999-12", 200},
        {&s1, "month?class=10-B", 403},
        {&s1, "absence", 403},
        {&nobody, "stations", 401},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char target[160];
        snprintf(target, sizeof target, "/api/reports/%s", cases[i].target);
        print_message("%s\n", target);
        assert_int_equal(call(cases[i].who, "GET", target, NULL), cases[i].status);
    }
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(a_month),
        SCHOOL_TEST(a_month_as_a_file),
        SCHOOL_TEST(who_is_absent_too_often),
        SCHOOL_TEST(those_who_left_and_those_who_moved),
        SCHOOL_TEST(who_comes_late),
        SCHOOL_TEST(how_stations_were),
        SCHOOL_TEST(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
