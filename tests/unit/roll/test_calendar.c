/* When a class has a session: the calendar, half days, and clocks that change in the middle of one. */
#include "roll/calendar.h"

#include "unit.h"
#include <string.h>

static const struct cm_class b = {
    .id = "10-B", .start_minute = 540, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x1f};

static struct cm_zone *open_zone(const char *name)
{
    struct cm_zone *zone;
    struct cm_err err = CM_ERR_INIT;
    if (cm_zone_open(name, &zone, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return zone;
}

static int64_t minutes(int64_t from_ms, int64_t to_ms)
{
    assert_int_equal((to_ms - from_ms) % 60000, 0);
    return (to_ms - from_ms) / 60000;
}

static void the_classs_own_entry_counts_before_that_of_all(void **state)
{
    static const struct cm_closure list[] = {
        {.date = 20260115, .label = "Pongal"},
        {.date = 20260115,
         .class_id = "10-B",
         .label = "exam",
         .kind = CM_CLOSURE_SHORT,
         .start_minute = 600,
         .close_after_min = 30},
        {.date = 20260116, .class_id = "10-B", .label = "trip"},
        {.date = 20260119, .class_id = "10-A"},
    };
    const struct cm_closures calendar = {list, sizeof list / sizeof list[0]};
    (void)state;
    assert_ptr_equal(cm_closure_of(&calendar, "10-B", 20260115), &list[1]);
    assert_ptr_equal(cm_closure_of(&calendar, "10-A", 20260115), &list[0]);
    assert_ptr_equal(cm_closure_of(&calendar, "10-B", 20260116), &list[2]);
    assert_null(cm_closure_of(&calendar, "10-A", 20260116));
    assert_null(cm_closure_of(&calendar, "10-B", 20260119));
    assert_null(cm_closure_of(NULL, "10-B", 20260115));
}

static void days_and_half_days(void **state)
{
    const struct cm_closure closed = {.date = 20260115}, half = {.date = 20260115,
                                                                 .kind = CM_CLOSURE_SHORT,
                                                                 .start_minute = 480,
                                                                 .close_after_min = 5};
    struct cm_zone *zone = open_zone("Asia/Kolkata");
    (void)state;
    assert_int_equal(cm_day_of(&b, NULL, false, zone, 20260115).kind, CM_DAY_SCHOOL);
    assert_int_equal(cm_day_of(&b, NULL, true, zone, 20260115).kind, CM_DAY_CLOSED);
    assert_int_equal(cm_day_of(&b, &closed, false, zone, 20260115).kind, CM_DAY_CLOSED);
    assert_int_equal(cm_day_of(&b, &half, true, zone, 20260115).kind, CM_DAY_CLOSED);
    assert_int_equal(cm_day_of(&b, NULL, false, zone, 20260117).kind, CM_DAY_OFF);
    struct cm_day day = cm_day_of(&b, &half, false, zone, 20260117); /* makes no school day of a Saturday */
    assert_int_equal(day.kind, CM_DAY_OFF);
    day = cm_day_of(&b, &half, false, zone, 20260115);
    assert_int_equal(day.kind, CM_DAY_SCHOOL);
    assert_int_equal(cm_zone_local(zone, day.times.start_wall_ms).minute, 480);
    assert_int_equal(minutes(day.times.start_wall_ms, day.times.close_wall_ms), 5);
    assert_int_equal(minutes(day.times.start_wall_ms, day.times.late_wall_ms), 5); /* not beyond the close */
    assert_int_equal(minutes(day.times.opens_wall_ms, day.times.start_wall_ms), 30);
    cm_zone_close(zone);
}

static void entries_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        struct cm_closure closure;
        const char *words;
    } cases[] = {
        {{.date = 20260230}, "is not a date"},
        {{.date = 20260115, .kind = (enum cm_closure_kind)7}, "closed or short"},
        {{.date = 20260115, .kind = CM_CLOSURE_SHORT, .start_minute = 1440, .close_after_min = 1}, "start"},
        {{.date = 20260115, .kind = CM_CLOSURE_SHORT, .start_minute = -1, .close_after_min = 1}, "start"},
        {{.date = 20260115, .kind = CM_CLOSURE_SHORT, .start_minute = 540}, "close_after"},
        {{.date = 20260115, .kind = CM_CLOSURE_SHORT, .start_minute = 1400, .close_after_min = 41},
         "1 to 40 minutes"},
    };
    struct cm_err err;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        err = (struct cm_err)CM_ERR_INIT;
        assert_int_equal(cm_closure_check(&cases[i].closure, &err), CM_INVALID);
        if (strstr(err.msg, cases[i].words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, cases[i].words);
    }
    const struct cm_closure good = {
        .date = 20260115, .kind = CM_CLOSURE_SHORT, .start_minute = 1400, .close_after_min = 40};
    assert_int_equal(cm_closure_check(&good, &err), CM_OK);
}

/* Clocks change at 02:00 or 03:00 on a Sunday: a night class across it, whole and as a half day. It begins by the clock on
 * the wall, lasts its minutes of real time, and its order never turns round. */
static void a_session_across_the_change_of_clocks(void **state)
{
    static const struct {
        const char *zone;
        int32_t date, wall_end; /* the minute on the wall at which 120 minutes from 01:30 end */
    } cases[] = {
        {"Europe/Berlin", 20260329, 270},       /* 02:00 -> 03:00: ends 04:30 */
        {"Europe/Berlin", 20261025, 150},       /* 03:00 -> 02:00: ends 02:30 */
        {"Europe/Berlin", 20261024, 210},       /* no change */
        {"America/New_York", 20260308, 270},    /* 02:00 -> 03:00 */
        {"America/New_York", 20261101, 150},    /* 02:00 -> 01:00; 01:30 is the first of the two */
        {"Australia/Lord_Howe", 20261004, 240}, /* 02:00 -> 02:30: half an hour */
        {"Australia/Lord_Howe", 20260405, 180}, /* 02:00 -> 01:30; 01:30 is the first of the two */
        {"Asia/Kolkata", 20260329, 210},
    };
    const struct cm_class night = {
        .id = "N", .start_minute = 90, .late_after_min = 60, .close_after_min = 120, .weekdays = 0x7f};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_zone *zone = open_zone(cases[i].zone);
        struct cm_day day = cm_day_of(&night, NULL, false, zone, cases[i].date);
        assert_int_equal(day.kind, CM_DAY_SCHOOL);
        assert_int_equal(cm_zone_local(zone, day.times.start_wall_ms).minute, 90);
        assert_int_equal(minutes(day.times.start_wall_ms, day.times.late_wall_ms), 60);
        assert_int_equal(minutes(day.times.start_wall_ms, day.times.close_wall_ms), 120);
        if (cm_zone_local(zone, day.times.close_wall_ms).minute != cases[i].wall_end)
            fail_msg("%s %d ends at minute %d, not %d", cases[i].zone, (int)cases[i].date,
                     (int)cm_zone_local(zone, day.times.close_wall_ms).minute, (int)cases[i].wall_end);
        /* the same as a half day of a class that begins in the morning */
        const struct cm_closure half = {
            .date = cases[i].date, .kind = CM_CLOSURE_SHORT, .start_minute = 90, .close_after_min = 120};
        struct cm_class morning = night;
        morning.start_minute = 540;
        struct cm_day short_ = cm_day_of(&morning, &half, false, zone, cases[i].date);
        assert_int_equal(short_.times.start_wall_ms, day.times.start_wall_ms);
        assert_int_equal(short_.times.close_wall_ms, day.times.close_wall_ms);
        /* every instant of it is of this date's session and of no other's */
        const struct cm_closures none = {NULL, 0};
        for (int64_t at = day.times.opens_wall_ms; at < day.times.close_wall_ms; at += 600000) {
            struct cm_session session;
            assert_int_equal(cm_session_at(&night, &none, zone, at, &session), CM_SESSION_OPEN);
            assert_int_equal(session.date, cases[i].date);
        }
        cm_zone_close(zone);
    }
}

/* A half day that begins at a time that does not exist (02:15 in spring) begins as much later as the clocks skip. */
static void a_start_that_the_clocks_skip(void **state)
{
    const struct cm_closure half = {
        .date = 20260329, .kind = CM_CLOSURE_SHORT, .start_minute = 135, .close_after_min = 60};
    struct cm_class sunday = b;
    struct cm_zone *zone = open_zone("Europe/Berlin");
    (void)state;
    sunday.weekdays = 0x40;
    struct cm_day day = cm_day_of(&sunday, &half, false, zone, 20260329);
    assert_int_equal(day.kind, CM_DAY_SCHOOL);
    assert_int_equal(cm_zone_local(zone, day.times.start_wall_ms).minute, 195);
    assert_int_equal(minutes(day.times.start_wall_ms, day.times.close_wall_ms), 60);
    cm_zone_close(zone);
}

static void the_clock_and_the_calendar_together(void **state)
{
    const struct cm_closure list[] = {
        {.date = 20260112, .label = "Pongal"}, /* Monday */
        {.date = 20260113, .kind = CM_CLOSURE_SHORT, .start_minute = 480, .close_after_min = 30},
        {.date = 20260114},
    };
    const struct cm_closures calendar = {list, 3};
    struct cm_zone *zone = open_zone("Asia/Kolkata");
    struct cm_session session;
    char text[CM_SESSION_TEXT_SIZE];
    (void)state;
#define AT(date_, minute_) cm_zone_instant(zone, date_, minute_)
    assert_int_equal(cm_session_at(&b, &calendar, zone, AT(20260112, 550), &session), CM_SESSION_NOT_TODAY);
    assert_string_equal(cm_session_text(&b, &calendar, zone, AT(20260112, 550), text),
                        "10-B has no session today (Pongal); the next opens Tue 07:30");
    assert_int_equal(cm_session_at(&b, &calendar, zone, AT(20260113, 485), &session), CM_SESSION_OPEN);
    assert_string_equal(cm_session_text(&b, &calendar, zone, AT(20260113, 485), text),
                        "10-B is open until 08:30");
    assert_int_equal(cm_session_at(&b, &calendar, zone, AT(20260113, 550), &session), CM_SESSION_CLOSED);
    assert_string_equal(cm_session_text(&b, &calendar, zone, AT(20260113, 550), text),
                        "10-B has no session now; the next opens Thu 08:30");
    assert_string_equal(cm_session_text(&b, &calendar, zone, AT(20260114, 550), text),
                        "10-B has no session today; the next opens Thu 08:30");
#undef AT
    cm_zone_close(zone);
}

/* Longer than a week, and longer than anything that is a holiday. */
static void the_next_session_after_long_holidays(void **state)
{
    struct cm_closure list[400];
    struct cm_closures calendar = {list, 0};
    struct cm_zone *zone = open_zone("Asia/Kolkata");
    struct cm_session session;
    char text[CM_SESSION_TEXT_SIZE];
    (void)state;
    memset(list, 0, sizeof list);
    for (int32_t date = 20260501; date < 20260601; date = cm_date_add(date, 1))
        list[calendar.count++].date = date;
    int64_t now = cm_zone_instant(zone, 20260501, 540);
    assert_true(cm_session_next(&b, &calendar, zone, now, &session));
    assert_int_equal(session.date, 20260601);
    for (int32_t date = 20260601; date < 20261001; date = cm_date_add(date, 1))
        list[calendar.count++].date = date;
    assert_false(cm_session_next(&b, &calendar, zone, now, &session));
    assert_string_equal(cm_session_text(&b, &calendar, zone, now, text),
                        "10-B has no session today, nor in the next 120 days");
    cm_zone_close(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_classs_own_entry_counts_before_that_of_all),
        cmocka_unit_test(days_and_half_days),
        cmocka_unit_test(entries_that_make_no_sense_are_refused),
        cmocka_unit_test(a_session_across_the_change_of_clocks),
        cmocka_unit_test(a_start_that_the_clocks_skip),
        cmocka_unit_test(the_clock_and_the_calendar_together),
        cmocka_unit_test(the_next_session_after_long_holidays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
