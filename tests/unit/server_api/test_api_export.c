#include "unit.h"

#include "school.h"
#include <stdio.h>
#include <string.h>

static void a_day(void **state)
{
    (void)state;
    assert_int_equal(
        call(&the_admin, "PATCH", "/api/students/s2", "{\"name\":\"=cmd|'/c calc'!A0, \\\"x\\\"\"}"), 200);
    school_mark("s1", "10-B", 20261123, school_at(8, 51));
    assert_int_equal(call(&the_admin, "POST", "/api/rolls/10-B/2026-11-23/corrections",
                          "{\"student_id\":\"s3\",\"status\":\"excused\",\"reason\":\"+1 day\"}"),
                     201);
    assert_int_equal(call(&the_coordinator, "GET", "/api/export/attendance", NULL), 200);
    assert_string_equal(answer.type, "text/csv; charset=utf-8");
    assert_non_null(strstr(answer.headers, "attachment; filename=\"attendance-2026-11-23-2026-11-23.csv\""));
    assert_string_equal(answer.text,
                        "date,class,student_id,name,status,captured,method,points,corrected_by,reason\r\n"
                        "2026-11-23,10-B,s1,Asha Rao,present,2026-11-23T08:51:00.000+05:30,face,17,,\r\n"
                        "2026-11-23,10-B,s2,\"'=cmd|'/c calc'!A0, \"\"x\"\"\",unjudged,,,0,,\r\n"
                        "2026-11-23,10-B,s3,Meena <b>,excused,,,0,Anna Admin,'+1 day\r\n");
}

static size_t lines(void)
{
    size_t count = 0;
    for (const char *at_line = answer.text; (at_line = strstr(at_line, "\r\n")) != NULL; at_line += 2)
        count++;
    return count;
}

static void spans_and_classes(void **state)
{
    (void)state;
    assert_int_equal(call(&the_admin, "GET", "/api/export/attendance?from=2026-11-01&to=2026-11-23", NULL),
                     200);
    /* 1 November is a Sunday: 19 days of school, 4 students */
    assert_int_equal(lines(), 1 + 19 * 4);
    assert_int_equal(
        call(&the_admin, "GET", "/api/export/attendance?from=2026-11-01&to=2026-11-23&class=9-A", NULL), 200);
    assert_int_equal(lines(), 1 + 19);
    assert_int_equal(call(&the_admin, "GET", "/api/export/attendance?from=2025-01-01&to=2026-11-23", NULL),
                     200);
    assert_int_equal(lines(), 1 + 19 * 4); /* nobody was there before */
    assert_int_equal(call(&the_coordinator, "GET", "/api/export/attendance?class=9-A", NULL), 404);
    assert_int_equal(call(&the_admin, "GET", "/api/export/attendance?from=2020-01-01", NULL), 422);
    assert_int_equal(call(&the_admin, "GET", "/api/export/attendance?from=2026-11-24&to=2026-11-23", NULL),
                     422);
    assert_int_equal(call(&the_admin, "GET", "/api/export/attendance?from=9999-12-31&to=9999-12-31", NULL),
                     200);
    assert_int_equal(call(&s1, "GET", "/api/export/attendance", NULL), 403);
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(a_day),
        SCHOOL_TEST(spans_and_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
