#include "unit.h"

#include "school.h"
#include <stdio.h>
#include <string.h>

static void a_roll(void **state)
{
    (void)state;
    school.clock.now_wall_ms = school_at(9, 30);
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    assert_int_equal(call(&the_coordinator, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_string_equal(text_at("date"), "2026-11-23");
    assert_string_equal(text_at("session.state"), "open");
    assert_true(null_at("no_school"));
    assert_int_equal(size_at("items"), 3);
    assert_string_equal(text_at("items.0.student_id"), "s1");
    assert_string_equal(text_at("items.0.status"), "present");
    assert_int_equal(int_at("items.0.points"), 17);
    assert_true(real_at("items.0.threshold") > 0.45);
    assert_int_equal(strlen(text_at("items.0.station")), 36);
    assert_string_equal(text_at("items.1.status"), "none");
    assert_true(null_at("items.1.captured"));
    assert_true(null_at("items.1.distance"));
    assert_int_equal(int_at("counts.students"), 3);
    assert_int_equal(int_at("counts.none"), 2);
    assert_int_equal(int_at("closing.absent"), 2);

    assert_int_equal(call(&the_coordinator, "GET", "/api/rolls?class=9-A", NULL), 404);
    assert_int_equal(call(&the_coordinator, "GET", "/api/rolls?class=none", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/rolls", NULL), 422);
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B&date=2026-11-22", NULL), 200);
    assert_true(null_at("session"));
    assert_string_equal(text_at("no_school"), "");
}

static enum cm_code pair_a_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_station station = {.paired = true, .paired_wall_ms = school_at(8, 0), .created_wall_ms = 1};
    (void)arg;
    strcpy(station.id, "0190b7a0-0000-7000-8000-00000000000b");
    strcpy(station.name, "Gym");
    station.public_key[0] = 1;
    return srv_store_put_station(store, &station, err);
}

/* A door that was paired and never sent anything: the roll says that it waits for it. */
static void a_roll_that_waits(void **state)
{
    (void)state;
    assert_int_equal(srv_store_write(school.app.store, pair_a_station, NULL, NULL), CM_OK);
    school.clock.now_wall_ms = school_at(9, 30);
    assert_int_equal(call(&the_coordinator, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_int_equal(int_at("awaited.station_count"), 0); /* it is not over */
    school.clock.now_wall_ms = school_at(18, 0);
    assert_int_equal(call(&the_coordinator, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_int_equal(int_at("awaited.station_count"), 1);
    assert_string_equal(text_at("awaited.stations.0.name"), "Gym");
    assert_true(null_at("awaited.stations.0.last_event"));
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/close", NULL), 200);
    assert_int_equal(call(&the_coordinator, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_int_equal(int_at("awaited.station_count"), 0); /* a person needs not wait */
}

static void corrections(void **state)
{
    (void)state;
    school_mark("s1", "10-B", 20261123, school_at(9, 30));
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/corrections",
                          "{\"student_id\":\"s1\",\"status\":\"present\",\"reason\":\"bus was late <b>\"}"),
                     201);
    assert_string_equal(text_at("status"), "present");
    assert_string_equal(text_at("corrected_by"), "Cora Coordinator");
    assert_string_equal(text_at("reason"), "bus was late <b>");
    assert_int_equal(int_at("points"), 17);
    assert_string_equal(text_at("captured"), "2026-11-23T09:30:00.000+05:30"); /* the mark stays */
    assert_int_equal(told.feed, 1);
    /* the later one counts, also of two at one instant */
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/corrections",
                          "{\"student_id\":\"s1\",\"status\":\"absent\",\"reason\":\"was his brother\"}"),
                     201);
    assert_string_equal(text_at("status"), "absent");
    assert_int_equal(int_at("points"), 0);
    school.clock.now_wall_ms -= 3600 * 1000; /* the clock was set back, a person still has the last word */
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/corrections",
                          "{\"student_id\":\"s1\",\"status\":\"late\",\"reason\":\"was not\"}"),
                     201);
    assert_string_equal(text_at("status"), "late");
    /* who was never seen */
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/corrections",
                          "{\"student_id\":\"s2\",\"status\":\"excused\",\"reason\":\"fever\"}"),
                     201);
    assert_string_equal(text_at("status"), "excused");
    assert_true(null_at("captured"));
}

static void corrections_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const struct srv_identity *who;
        const char *roll, *body;
        int status;
        const char *word; /* field or code */
    } cases[] = {
        {&the_admin, "10-B/2026-11-23", "{\"student_id\":\"s1\",\"status\":\"present\"}", 422, "reason"},
        {&the_admin, "10-B/2026-11-23", "{\"student_id\":\"s1\",\"status\":\"present\",\"reason\":\" \"}",
         422, "reason"},
        {&the_admin, "10-B/2026-11-23", "{\"student_id\":\"s1\",\"status\":\"unjudged\",\"reason\":\"x\"}",
         422, "status"},
        {&the_admin, "10-B/2026-11-23",
         "{\"student_id\":\"s1\",\"status\":\"late\",\"reason\":\"x\",\"by\":\"y\"}", 422, "by"},
        {&the_admin, "10-B/2026-11-24", "{\"student_id\":\"s1\",\"status\":\"present\",\"reason\":\"x\"}",
         422, "status"}, /* tomorrow */
        {&the_admin, "10-B/2026-02-30", "{\"student_id\":\"s1\",\"status\":\"late\",\"reason\":\"x\"}", 422,
         "date"},
        {&the_admin, "10-B/2026-11-23", "{\"student_id\":\"s4\",\"status\":\"late\",\"reason\":\"x\"}", 404,
         "not_found"}, /* of another class */
        {&the_admin, "10-B/2026-11-23", "{\"student_id\":\"zz\",\"status\":\"late\",\"reason\":\"x\"}", 404,
         "not_found"},
        {&the_admin, "10-B/2026-10-05", "{\"student_id\":\"s1\",\"status\":\"late\",\"reason\":\"x\"}", 404,
         "not_found"}, /* before he came */
        {&the_admin, "10-B/2026-11-22", "{\"student_id\":\"s1\",\"status\":\"late\",\"reason\":\"x\"}", 409,
         "no_school"},
        {&the_admin, "none/2026-11-23", "{\"student_id\":\"s1\",\"status\":\"late\",\"reason\":\"x\"}", 404,
         "not_found"},
        {&the_coordinator, "9-A/2026-11-23", "{\"student_id\":\"s4\",\"status\":\"late\",\"reason\":\"x\"}",
         404, "not_found"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char target[128];
        snprintf(target, sizeof target, "/api/rolls/%s/corrections", cases[i].roll);
        print_message("case %zu\n", i);
        assert_int_equal(call(cases[i].who, "POST", target, cases[i].body), cases[i].status);
        assert_string_equal(cases[i].status == 422 ? text_at("error.field") : text_at("error.code"),
                            cases[i].word);
        assert_int_equal(told.feed, 0);
    }
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-24/corrections",
                          "{\"student_id\":\"s1\",\"status\":\"excused\",\"reason\":\"wedding\"}"),
                     201); /* known before */
}

/* A double click, a retry after a lost answer. */
static void a_correction_sent_again(void **state)
{
    (void)state;
    static const char target[] = "/api/rolls/10-B/2026-11-23/corrections";
    static const char said[] = "{\"student_id\":\"s1\",\"status\":\"present\",\"reason\":\"was there\"}";
    static const char other[] = "{\"student_id\":\"s1\",\"status\":\"late\",\"reason\":\"was there\"}";
    static const char of_s2[] = "{\"student_id\":\"s2\",\"status\":\"present\",\"reason\":\"was there\"}";
    call_from("127.0.0.1", "idempotency-key", "3f2b-0001");
    assert_int_equal(call(&the_coordinator, "POST", target, said), 201);
    assert_int_equal(told.feed, 1);
    school.clock.now_wall_ms += 60 * 1000;
    assert_int_equal(call(&the_coordinator, "POST", target, said), 201);
    assert_string_equal(text_at("status"), "present");
    assert_int_equal(told.feed, 0);
    assert_int_equal(call(&the_coordinator, "POST", target, other), 409);
    assert_string_equal(text_at("error.code"), "key_used");
    /* the key of another person, and of another student, is another one */
    assert_int_equal(call(&the_admin, "POST", target, other), 201);
    assert_int_equal(told.feed, 1);
    assert_int_equal(call(&the_coordinator, "POST", target, of_s2), 201);
    assert_int_equal(told.feed, 1);
    /* what came between stays the last word */
    assert_int_equal(call(&the_coordinator, "POST", target, said), 201);
    assert_string_equal(text_at("status"), "late");
    assert_int_equal(told.feed, 0);
    assert_int_equal(call(&the_admin, "GET", "/api/students/s1/history", NULL), 200);
    assert_int_equal(size_at("items"), 2);

    static const char *const bad[] = {"", "short", "with space in it",
                                      "0123456789012345678901234567890123456789012345678901234567890123x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        call_from("127.0.0.1", "idempotency-key", bad[i]);
        assert_int_equal(call(&the_admin, "POST", target, said), 422);
        assert_string_equal(text_at("error.field"), "Idempotency-Key");
    }
    call_from("127.0.0.1", NULL, NULL);
}

/* Of a day on which the class had nobody, nothing can be said. */
static void a_day_before_the_class(void **state)
{
    (void)state;
    static const char said[] = "{\"student_id\":\"s1\",\"status\":\"present\",\"reason\":\"x\"}";
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2024-01-15/close", "{}"), 409);
    assert_string_equal(text_at("error.code"), "no_session");
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2024-01-15/reopen", "{}"), 409);
    assert_string_equal(text_at("error.code"), "no_session");
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2024-01-15/corrections", said), 404);
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2030-01-14/close", "{}"), 409);
    assert_string_equal(text_at("error.code"), "not_started");
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2030-01-14/reopen", "{}"), 409);
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/0000-00-00/close", "{}"), 422);
    assert_int_equal(
        call(&the_admin, "PUT", "/api/classes/E1", "{\"start\":\"08:45\",\"weekdays\":[\"Mon\"]}"), 200);
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/E1/2026-11-23/close", "{}"), 409);
    assert_string_equal(text_at("error.code"), "no_session");
}

/* A calendar that takes the day away afterwards takes its closing away, too. */
static void a_day_that_became_a_holiday(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/close", "{}"), 200);
    assert_int_equal(call(&the_admin, "PUT", "/api/calendar/2026-11-23", "{\"label\":\"Holi\"}"), 200);
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/close", "{}"), 409);
    assert_string_equal(text_at("error.code"), "no_session");
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_string_equal(text_at("no_school"), "Holi");
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/corrections",
                          "{\"student_id\":\"s1\",\"status\":\"present\",\"reason\":\"x\"}"),
                     409);
}

static void closing_again(void **state)
{
    (void)state;
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/close", "{}"), 200);
    school.clock.now_wall_ms += 60 * 1000;
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/close", "{}"), 200);
    assert_string_equal(text_at("session.closed_by"), "Cora Coordinator");
    assert_string_equal(text_at("session.closed_at"), "2026-11-23T12:00:00.000+05:30");
}

static void closing(void **state)
{
    (void)state;
    school.clock.now_wall_ms = school_at(8, 59);
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/close", "{}"), 409);
    assert_string_equal(text_at("error.code"), "not_started");
    school.clock.now_wall_ms = school_at(9, 30);
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/reopen", "{}"), 409);
    assert_string_equal(text_at("error.code"), "not_closed");
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/close", "{}"), 200);
    assert_string_equal(text_at("session.state"), "closed");
    assert_string_equal(text_at("session.closed_by"), "Cora Coordinator");
    assert_string_equal(text_at("session.closed_at"), "2026-11-23T09:30:00.000+05:30");
    assert_string_equal(told.what, "roll");
    assert_string_equal(told.class_id, "10-B");
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_string_equal(text_at("items.1.status"), "absent");
    assert_int_equal(int_at("counts.absent"), 2);
    assert_int_equal(int_at("closing.absent"), 0);
    assert_true(real_at("counts.rate") > 0.33 && real_at("counts.rate") < 0.34);

    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/reopen", ""), 200);
    assert_string_equal(text_at("session.state"), "open");
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_string_equal(text_at("items.1.status"), "none");

    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/9-A/2026-11-23/close", "{}"), 404);
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-22/close", "{}"), 409);
    assert_string_equal(text_at("error.code"), "no_school");
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/close", "{\"force\":true}"), 422);
    assert_int_equal(call(&s1, "POST", "/api/rolls/10-B/2026-11-23/close", "{}"), 403);
}

static void no_session_on_a_day(void **state)
{
    (void)state;
    static const char path[] = "/api/rolls/10-B/2026-11-23/no-session";
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    assert_int_equal(call(&the_coordinator, "POST", path, "{}"), 422);
    assert_string_equal(text_at("error.field"), "reason");
    assert_int_equal(call(&s1, "POST", path, "{\"reason\":\"rain\"}"), 403);
    assert_int_equal(
        call(&the_coordinator, "POST", "/api/rolls/9-A/2026-11-23/no-session", "{\"reason\":\"rain\"}"), 404);
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/close", "{}"), 200);
    assert_int_equal(call(&the_coordinator, "POST", path, "{\"reason\":\"rain\"}"), 200);
    assert_string_equal(text_at("session.word.word"), "no_session");
    assert_string_equal(text_at("session.word.reason"), "rain");
    assert_string_equal(text_at("session.word.by"), "Cora Coordinator");
    assert_string_equal(text_at("session.state"), "open");
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_string_equal(text_at("no_school"), "rain");
    assert_int_equal(int_at("counts.absent"), 0);
    assert_int_equal(int_at("counts.present"), 0);
    assert_int_equal(call(&the_admin, "GET", "/api/students/s1/attendance?month=2026-11", NULL), 200);
    assert_string_equal(text_at("days.22.label"), "rain");
    assert_int_equal(call(&the_admin, "GET", "/api/stats?date=2026-11-23", NULL), 200);
    assert_int_equal(int_at("total.absent"), 0);
    assert_int_equal(call(&the_coordinator, "POST", "/api/rolls/10-B/2026-11-23/reopen", "{}"), 200);
    assert_string_equal(text_at("session.word.word"), "reopened");
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_int_equal(int_at("counts.present"), 1);
}

/* Late is judged by the half day's own start, and said so. */
static void a_half_day(void **state)
{
    (void)state;
    static const char half[] =
        "{\"label\":\"Sports\",\"kind\":\"short\",\"start\":\"08:30\",\"close_after\":40}";
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    assert_int_equal(call(&the_admin, "PUT", "/api/calendar/2026-11-23", half), 200);
    assert_string_equal(text_at("kind"), "short");
    assert_string_equal(text_at("start"), "08:30");
    assert_int_equal(int_at("close_after"), 40);
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_string_equal(text_at("session.start"), "2026-11-23T08:30:00.000+05:30");
    assert_string_equal(text_at("session.close"), "2026-11-23T09:10:00.000+05:30");
    assert_string_equal(text_at("half_day"), "Sports");
    assert_true(null_at("no_school"));
    assert_string_equal(text_at("items.0.status"), "late");
    assert_non_null(strstr(text_at("items.0.points_text"), "late"));
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B&date=2026-11-20", NULL), 200);
    assert_true(null_at("half_day"));
    assert_int_equal(call(&the_admin, "PUT", "/api/calendar/2026-11-23",
                          "{\"label\":\"x\",\"kind\":\"short\",\"start\":\"23:30\",\"close_after\":40}"),
                     422);
    assert_int_equal(
        call(&the_admin, "PUT", "/api/calendar/2026-11-23", "{\"label\":\"x\",\"kind\":\"long\"}"), 422);
}

/* The school's points are a setting; they count at once, and explanations follow. */
static void points_as_a_setting(void **state)
{
    (void)state;
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    assert_int_equal(call(&the_admin, "GET", "/api/settings", NULL), 200);
    assert_string_equal(text_at("points"),
                        "present 10, on_time 5, late -3, first_try 2, eye_contact 3, no_face 5, least 1");
    assert_int_equal(call(&the_admin, "PATCH", "/api/settings", "{\"points\":\"present 4, on_time 1\"}"),
                     200);
    assert_string_equal(text_at("points"), "present 4, on_time 1, least 0");
    assert_int_equal(call(&the_admin, "GET", "/api/rolls?class=10-B", NULL), 200);
    assert_int_equal(int_at("items.0.points"), 5);
    assert_string_equal(text_at("items.0.points_text"), "4 + 1 on time");
    assert_int_equal(call(&the_admin, "PATCH", "/api/settings", "{\"points\":\"present much\"}"), 422);
    assert_string_equal(text_at("error.field"), "points");
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(a_roll),
        SCHOOL_TEST(a_roll_that_waits),
        SCHOOL_TEST(corrections),
        SCHOOL_TEST(corrections_that_are_refused),
        SCHOOL_TEST(a_correction_sent_again),
        SCHOOL_TEST(a_day_before_the_class),
        SCHOOL_TEST(a_day_that_became_a_holiday),
        SCHOOL_TEST(closing),
        SCHOOL_TEST(closing_again),
        SCHOOL_TEST(no_session_on_a_day),
        SCHOOL_TEST(a_half_day),
        SCHOOL_TEST(points_as_a_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
