/* What a student sees of himself: months, trends, history, the board; and the numbers of a day. */
#include "unit.h"

#include "doubles.h"
#include "school.h"
#include <stdio.h>
#include <string.h>

static void a_month(void **state)
{
    (void)state;
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    assert_int_equal(call(&the_admin, "PUT", "/api/calendar/2026-11-24", "{\"label\":\"Guru Nanak\"}"), 200);
    assert_int_equal(
        call(&the_admin, "PUT", "/api/calendar/2026-11-25", "{\"label\":\"Trip\",\"class_id\":\"10-B\"}"),
        200);
    assert_int_equal(call(&s1, "GET", "/api/students/s1/attendance?month=2026-11", NULL), 200);
    assert_string_equal(text_at("month"), "2026-11");
    assert_int_equal(size_at("days"), 30);
    assert_string_equal(text_at("days.22.date"), "2026-11-23");
    assert_string_equal(text_at("days.22.weekday"), "Mon");
    assert_string_equal(text_at("days.22.status"), "present");
    assert_string_equal(text_at("days.22.captured"), "2026-11-23T08:51:00.000+05:30");
    assert_string_equal(text_at("days.22.method"), "face");
    assert_int_equal(int_at("days.22.points"), 17);
    assert_string_equal(text_at("days.22.points_text"), "10 + 5 on time + 2 first try");
    assert_int_equal(strlen(text_at("days.22.receipt")), 7);
    /* Sunday */
    assert_true(json_is_false(at("days.21.school")));
    assert_true(null_at("days.21.status"));
    assert_true(null_at("days.21.label"));
    /* closures, of all and of the class */
    assert_true(json_is_false(at("days.23.school")));
    assert_string_equal(text_at("days.23.label"), "Guru Nanak");
    assert_string_equal(text_at("days.24.label"), "Trip");
    /* days to come are none yet; days gone without anything are unjudged */
    assert_string_equal(text_at("days.25.status"), "none");
    assert_string_equal(text_at("days.20.status"), "unjudged");
    assert_string_equal(text_at("days.20.state"), "unjudged");
    assert_true(null_at("days.20.captured"));

    assert_int_equal(call(&s4, "GET", "/api/students/s4/attendance?month=2026-11", NULL), 200);
    assert_true(json_is_true(at("days.24.school"))); /* the trip was not his */
    /* before he joined there is school, and nothing to say of him */
    assert_int_equal(call(&s4, "GET", "/api/students/s4/attendance?month=2026-10", NULL), 200);
    assert_int_equal(size_at("days"), 31);
    assert_true(json_is_true(at("days.4.school")));
    assert_true(null_at("days.4.status"));
    assert_int_equal(call(&s4, "GET", "/api/students/s4/attendance?month=2028-02", NULL), 200);
    assert_int_equal(size_at("days"), 29);
    assert_int_equal(call(&s4, "GET", "/api/students/s4/attendance", NULL), 200);
    assert_string_equal(text_at("month"), "2026-11");
}

static void months_that_are_none(void **state)
{
    (void)state;
    static const char *const months[] = {"2026-13", "2026-1", "26-11", "2026-11-23", "", "2026-11%00", "x"};
    for (size_t i = 0; i < sizeof months / sizeof months[0]; i++) {
        char target[80];
        snprintf(target, sizeof target, "/api/students/s1/attendance?month=%s", months[i]);
        if (i == 5)
            continue; /* the server's own business */
        assert_int_equal(call(&s1, "GET", target, NULL), 422);
        assert_string_equal(text_at("error.field"), "month");
    }
}

/* The last of the session's time tells the open from the over. */
static void today_turns_unjudged_at_the_end(void **state)
{
    (void)state;
    school.clock.now_wall_ms = school_at(9, 59);
    assert_int_equal(call(&s1, "GET", "/api/students/s1/attendance", NULL), 200);
    assert_string_equal(text_at("days.22.status"), "none");
    assert_string_equal(text_at("days.22.state"), "open");
    school.clock.now_wall_ms = school_at(10, 0);
    assert_int_equal(call(&s1, "GET", "/api/students/s1/attendance", NULL), 200);
    assert_string_equal(text_at("days.22.status"), "unjudged");
}

static void a_trend(void **state)
{
    (void)state;
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    school_mark("s1", "10-B", 20261121, cm_zone_instant(school.zone, 20261121, 9 * 60 + 30));
    assert_int_equal(call(&s1, "GET", "/api/students/s1/trend?months=3", NULL), 200);
    assert_int_equal(size_at("months"), 3);
    assert_string_equal(text_at("months.0.month"), "2026-09");
    assert_string_equal(text_at("months.2.month"), "2026-11");
    assert_int_equal(int_at("months.2.present"), 1);
    assert_int_equal(int_at("months.2.late"), 1);
    assert_true(real_at("months.2.rate") == 1.0);
    assert_true(null_at("months.0.rate"));
    assert_int_equal(size_at("arrivals"), 2);
    assert_true(real_at("arrivals.0.minutes_from_start") == 30.0);
    assert_true(real_at("arrivals.1.minutes_from_start") == -9.0);
    assert_int_equal(call(&s1, "GET", "/api/students/s1/trend?months=25", NULL), 422);
}

static void a_history(void **state)
{
    (void)state;
    school_mark("s1", "10-B", 20261120, cm_zone_instant(school.zone, 20261120, 9 * 60 + 30));
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    school_mark("s2", "10-B", 20261123, school_at(8, 52));
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-20/corrections",
                          "{\"student_id\":\"s1\",\"status\":\"excused\",\"reason\":\"doctor\"}"),
                     201);
    assert_int_equal(
        call(&s1, "POST", "/api/students/s1/disputes", "{\"date\":\"2026-11-19\",\"text\":\"I was there\"}"),
        201);
    assert_int_equal(call(&s1, "GET", "/api/students/s1/history", NULL), 200);
    assert_int_equal(size_at("items"), 4);
    assert_string_equal(text_at("items.0.kind"), "mark");
    assert_string_equal(text_at("items.0.date"), "2026-11-23");
    assert_true(real_at("items.0.distance") > 0.30 && real_at("items.0.distance") < 0.32);
    assert_string_equal(text_at("items.1.kind"), "correction");
    assert_string_equal(text_at("items.1.by"), "Cora Coordinator");
    assert_string_equal(text_at("items.1.reason"), "doctor");
    assert_string_equal(text_at("items.2.status"), "late");
    assert_string_equal(text_at("items.3.kind"), "dispute");
    assert_string_equal(text_at("items.3.reason"), "I was there");
    assert_string_equal(text_at("items.3.date"), "2026-11-19");
    assert_true(null_at("next"));

    /* a page ends with a date */
    assert_int_equal(call(&s1, "GET", "/api/students/s1/history?limit=2", NULL), 200);
    assert_int_equal(size_at("items"), 3);
    assert_string_equal(text_at("next"), "2026-11-20");
    assert_int_equal(call(&s1, "GET", "/api/students/s1/history?after=2026-11-20", NULL), 200);
    assert_int_equal(size_at("items"), 1);

    assert_int_equal(call(&s1, "GET", "/api/students/s1/export", NULL), 200);
    assert_int_equal(size_at("history"), 4);
    assert_string_equal(text_at("student.id"), "s1");
    assert_true(size_at("days") >= 2);
}

static void disputes(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        {"{\"date\":\"2026-11-20\",\"text\":\"I was there\"}", 201},
        {"{\"date\":\"2026-11-20\",\"text\":\"I was there!\"}", 409}, /* nobody has looked at it yet */
        {"{\"date\":\"2026-11-24\",\"text\":\"tomorrow\"}", 422},
        {"{\"date\":\"2026-07-01\",\"text\":\"long ago\"}", 422},
        {"{\"date\":\"2026-11-19\"}", 422},
        {"{\"date\":\"2026-11-19\",\"text\":\"\"}", 422},
        {"{\"date\":\"2026-11-19\",\"text\":\"<script>\"}", 201},
        {"{\"date\":\"2026-11-18\",\"text\":\"three\"}", 201},
        {"{\"date\":\"2026-11-17\",\"text\":\"four\"}", 201},
        {"{\"date\":\"2026-11-16\",\"text\":\"five\"}", 201},
        {"{\"date\":\"2026-11-14\",\"text\":\"six in one day\"}", 409},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("case %s\n", cases[i].body);
        assert_int_equal(call(&s1, "POST", "/api/students/s1/disputes", cases[i].body), cases[i].status);
        assert_int_equal(told.feed, cases[i].status == 201);
    }
    assert_int_equal(call(&s1, "POST", "/api/students/s2/disputes", cases[0].body), 404);
    assert_int_equal(call(&the_admin, "POST", "/api/students/s1/disputes", cases[0].body), 403);
    assert_int_equal(call(&the_coordinator, "GET", "/api/activity?kind=dispute", NULL), 200);
    assert_int_equal(size_at("items"), 5);
    assert_string_equal(text_at("items.3.reason"), "2026-11-19 <script>");
    assert_string_equal(text_at("items.4.student"), "Asha Rao");
}

static void the_board(void **state)
{
    (void)state;
    school_mark("s1", "10-B", 20261123, school_at(8, 51)); /* 17 */
    school_mark("s2", "10-B", 20261123, school_at(9, 20)); /* late: 9 */
    school_mark("s3", "10-B", 20261123, school_at(9, 21));
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"Ace\"}"), 200);
    assert_int_equal(call(&s1, "GET", "/api/leaderboard", NULL), 200);
    assert_string_equal(text_at("class"), "10-B");
    assert_int_equal(size_at("items"), 3);
    assert_string_equal(text_at("items.0.name"), "Ace");
    assert_true(json_is_true(at("items.0.me")));
    assert_int_equal(int_at("items.0.points"), 17);
    assert_int_equal(int_at("items.0.streak"), 1);
    assert_int_equal(int_at("items.1.rank"), 2);
    assert_int_equal(int_at("items.2.rank"), 2); /* equal */
    assert_null(at("items.0.student_id"));

    /* who hides himself is seen by himself alone */
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"board_hidden\":true}"), 200);
    assert_int_equal(call(&s1, "GET", "/api/leaderboard", NULL), 200);
    assert_int_equal(size_at("items"), 3);
    assert_int_equal(call(&the_coordinator, "GET", "/api/leaderboard?class=10-B", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_string_equal(text_at("items.0.student_id"), "s3");
    assert_string_equal(text_at("items.0.name"), "Meena <b>");
    assert_int_equal(int_at("items.0.rank"), 1);

    /* another class's board is nobody's business */
    assert_int_equal(call(&s1, "GET", "/api/leaderboard?class=9-A", NULL), 404);
    assert_int_equal(call(&the_coordinator, "GET", "/api/leaderboard?class=9-A", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/leaderboard", NULL), 422);
    /* and the school may do without */
    assert_int_equal(call(&the_admin, "PATCH", "/api/settings", "{\"leaderboard\":false}"), 200);
    assert_int_equal(call(&s1, "GET", "/api/leaderboard", NULL), 200);
    assert_true(json_is_false(at("enabled")));
    assert_int_equal(size_at("items"), 0);
}

static void the_numbers_of_a_day(void **state)
{
    (void)state;
    school.clock.now_wall_ms = school_at(9, 30);
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    school_mark("s2", "10-B", 20261123, school_at(9, 20));
    assert_int_equal(call(&the_admin, "GET", "/api/stats", NULL), 200);
    assert_string_equal(text_at("date"), "2026-11-23");
    assert_int_equal(int_at("total.students"), 4);
    assert_int_equal(int_at("total.present"), 1);
    assert_int_equal(int_at("total.late"), 1);
    assert_int_equal(int_at("total.none"), 2);
    assert_true(real_at("total.rate") == 1.0);
    assert_int_equal(size_at("classes"), 2);
    assert_string_equal(text_at("classes.0.id"), "10-B");
    assert_string_equal(text_at("classes.0.session.state"), "open");
    assert_string_equal(text_at("classes.0.session.start"), "2026-11-23T09:00:00.000+05:30");
    assert_int_equal(int_at("classes.1.none"), 1);
    assert_true(null_at("classes.1.rate"));
    assert_int_equal(size_at("no_school"), 0);

    school.clock.now_wall_ms = school_at(12, 0);
    assert_int_equal(call(&the_admin, "GET", "/api/stats?date=2026-11-23", NULL), 200);
    assert_int_equal(int_at("total.none"), 0);
    assert_int_equal(int_at("total.unjudged"), 2);
    assert_string_equal(text_at("classes.0.session.state"), "unjudged");

    assert_int_equal(call(&the_coordinator, "GET", "/api/stats", NULL), 200);
    assert_int_equal(size_at("classes"), 1);
    assert_int_equal(int_at("total.students"), 3);
    assert_int_equal(call(&the_coordinator, "GET", "/api/stats?class=9-A", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/stats?class=9-A", NULL), 200);
    assert_int_equal(size_at("classes"), 1);

    /* Sunday */
    assert_int_equal(call(&the_admin, "GET", "/api/stats?date=2026-11-22", NULL), 200);
    assert_int_equal(size_at("no_school"), 2);
    assert_true(null_at("classes.0.session"));
    assert_int_equal(int_at("classes.0.students"), 3);
    assert_int_equal(call(&the_admin, "PUT", "/api/calendar/2026-11-24", "{\"label\":\"Guru Nanak\"}"), 200);
    assert_int_equal(call(&the_admin, "GET", "/api/stats?date=2026-11-24", NULL), 200);
    assert_string_equal(text_at("no_school.1.label"), "Guru Nanak");
    assert_int_equal(call(&the_admin, "GET", "/api/stats?date=yesterday", NULL), 422);
}

/* What is kept between calls never outlives what it was made of. */
static void nothing_stale(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "GET", "/api/stats", NULL), 200);
    assert_int_equal(int_at("classes.1.students"), 1);
    assert_int_equal(
        call(&the_admin, "POST", "/api/students", "{\"id\":\"s5\",\"name\":\"A\",\"class_id\":\"9-A\"}"),
        201);
    assert_int_equal(call(&the_admin, "GET", "/api/stats?date=2026-11-22", NULL), 200);
    assert_int_equal(int_at("classes.1.students"), 2);
    assert_int_equal(call(&the_admin, "GET", "/api/leaderboard?class=9-A", NULL), 200);
    assert_int_equal(size_at("items"), 2);
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s5", "{\"name\":\"B\"}"), 200);
    assert_int_equal(call(&the_admin, "GET", "/api/leaderboard?class=9-A", NULL), 200);
    assert_string_equal(text_at("items.0.name"), "B");
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s5", "{\"archived\":true}"), 200);
    assert_int_equal(call(&the_admin, "GET", "/api/leaderboard?class=9-A", NULL), 200);
    assert_int_equal(size_at("items"), 1);
    assert_int_equal(call(&the_admin, "GET", "/api/stats?date=2026-11-22", NULL), 200);
    assert_int_equal(int_at("classes.1.students"), 1);
}

static void answers_are_kept_for_those_who_asked(void **state)
{
    (void)state;
    int before = answered_from_kept;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(call(&the_admin, "GET", "/api/stats", NULL), 200);
        assert_int_equal(size_at("classes"), 2);
        assert_int_equal(call(&the_coordinator, "GET", "/api/stats", NULL), 200);
        assert_int_equal(size_at("classes"), 1);
        assert_int_equal(call(&the_coordinator, "GET", "/api/stats?class=9-A", NULL), 404);
        assert_int_equal(call(&the_admin, "GET", "/api/students/s4/attendance", NULL), 200);
        assert_int_equal(call(&s1, "GET", "/api/students/s4/attendance", NULL), 404);
        assert_int_equal(call(&s1, "GET", "/api/students/s1/attendance", NULL), 200);
        assert_string_equal(text_at("days.22.status"), "unjudged");
        assert_int_equal(call(&s1, "GET", "/api/students/s1/trend", NULL), 200);
        assert_int_equal(int_at("months.11.present"), 0);
    }
    assert_int_equal(answered_from_kept, before + 5);
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    assert_int_equal(call(&s1, "GET", "/api/students/s1/attendance", NULL), 200);
    assert_string_equal(text_at("days.22.status"), "present");
    assert_int_equal(call(&s1, "GET", "/api/students/s1/trend", NULL), 200);
    assert_int_equal(int_at("months.11.present"), 1);
    assert_int_equal(call(&the_admin, "GET", "/api/stats", NULL), 200);
    assert_int_equal(int_at("total.present"), 1);
}

/* One address, several answers: what is kept of one is not given to the other, in whatever order they ask. */
static void a_kept_answer_is_for_the_same_eyes(void **state)
{
    (void)state;
    struct srv_identity elsewhere = the_coordinator;
    strcpy(elsewhere.classes[0], "9-A");
    assert_int_equal(call(&the_admin, "PATCH", "/api/students/s1", "{\"note\":\"among teachers\"}"), 200);
    int before = answered_from_kept;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(call(&the_admin, "GET", "/api/students/s1", NULL), 200);
        assert_string_equal(text_at("note"), "among teachers");
        assert_int_equal(call(&s1, "GET", "/api/students/s1", NULL), 200);
        assert_true(null_at("note"));
        assert_int_equal(call(&s4, "GET", "/api/students/s1", NULL), 404);
        assert_int_equal(call(&the_coordinator, "GET", "/api/students/s1", NULL), 200);
        assert_int_equal(call(&elsewhere, "GET", "/api/students/s1", NULL), 404); /* his classes changed */
        assert_int_equal(call(&s1, "GET", "/api/leaderboard", NULL), 200);
        assert_string_equal(text_at("class"), "10-B");
        assert_int_equal(call(&s1, "GET", "/api/leaderboard?class=", NULL), 200);
        assert_int_equal(call(&s1, "GET", "/api/leaderboard?class=9-A", NULL), 404);
        assert_int_equal(call(&s4, "GET", "/api/leaderboard", NULL), 200);
        assert_string_equal(text_at("class"), "9-A");
        assert_int_equal(call(&the_coordinator, "GET", "/api/leaderboard?class=10-B", NULL), 200);
        assert_string_equal(text_at("items.0.student_id"), "s1");
    }
    assert_int_equal(answered_from_kept, before + 8);
    assert_int_equal(call(&s1, "PATCH", "/api/me/profile", "{\"nickname\":\"Ace\"}"), 200);
    assert_int_equal(call(&s1, "GET", "/api/students/s1", NULL), 200);
    assert_string_equal(text_at("nickname"), "Ace");
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(a_month),
        SCHOOL_TEST(months_that_are_none),
        SCHOOL_TEST(today_turns_unjudged_at_the_end),
        SCHOOL_TEST(a_trend),
        SCHOOL_TEST(a_history),
        SCHOOL_TEST(disputes),
        SCHOOL_TEST(the_board),
        SCHOOL_TEST(the_numbers_of_a_day),
        SCHOOL_TEST(nothing_stale),
        SCHOOL_TEST(answers_are_kept_for_those_who_asked),
        SCHOOL_TEST(a_kept_answer_is_for_the_same_eyes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
