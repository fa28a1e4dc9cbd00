#include "unit.h"

#include "roll/session.h"
#include <string.h>

enum { MON = 1, TUE = 2, WED = 4, THU = 8, FRI = 16, SAT = 32, SUN = 64 };

static const int64_t minute_ms = 60 * 1000;
/* 2026-11-23 is a Monday. */
static const int32_t monday = 20261123, saturday = 20261128, sunday = 20261129;

static struct cm_zone *kolkata, *berlin, *apia;

static struct cm_class class_of(int32_t start, int32_t late_after, int32_t close_after, uint32_t weekdays)
{
    return (struct cm_class){.id = "10-B",
                             .start_minute = start,
                             .late_after_min = late_after,
                             .close_after_min = close_after,
                             .weekdays = weekdays};
}

static int64_t at(const struct cm_zone *zone, int32_t date, int32_t hour, int32_t minute)
{
    return cm_zone_instant(zone, date, hour * 60 + minute);
}

static void the_parts_of_a_session(void **state)
{
    (void)state;
    struct cm_class b = class_of(9 * 60, 10, 60, CM_WEEKDAYS_ALL);
    struct cm_session session = cm_session_of(&b, kolkata, monday);
    assert_int_equal(session.date, monday);
    assert_int_equal(session.opens_wall_ms, at(kolkata, monday, 8, 30));
    assert_int_equal(session.start_wall_ms, at(kolkata, monday, 9, 0));
    assert_int_equal(session.late_wall_ms, at(kolkata, monday, 9, 10));
    assert_int_equal(session.close_wall_ms, at(kolkata, monday, 10, 0));
}

static void status_by_capture_time(void **state)
{
    (void)state;
    struct cm_class b = class_of(9 * 60, 10, 60, CM_WEEKDAYS_ALL);
    struct cm_session session = cm_session_of(&b, kolkata, monday);
    const struct {
        int64_t after_start_ms;
        bool clock_suspect;
        enum cm_roll_status status;
        bool contained;
    } cases[] = {
        {-30 * minute_ms - 1, false, CM_ROLL_PRESENT, false},
        {-30 * minute_ms, false, CM_ROLL_PRESENT, true},
        {0, false, CM_ROLL_PRESENT, true},
        {10 * minute_ms - 1, false, CM_ROLL_PRESENT, true},
        {10 * minute_ms, false, CM_ROLL_PRESENT, true}, /* exactly: on time */
        {10 * minute_ms + 1, false, CM_ROLL_LATE, true},
        {60 * minute_ms - 1, false, CM_ROLL_LATE, true},
        {60 * minute_ms, false, CM_ROLL_LATE, false}, /* exactly: over */
        {0, true, CM_ROLL_PENDING, true},
        {30 * minute_ms, true, CM_ROLL_PENDING, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t captured = session.start_wall_ms + cases[i].after_start_ms;
        assert_int_equal(cm_session_status(&session, captured, cases[i].clock_suspect), cases[i].status);
        assert_int_equal(cm_session_contains(&session, captured), cases[i].contained);
    }
}

static void late_can_be_at_once_or_never(void **state)
{
    (void)state;
    struct cm_class at_once = class_of(9 * 60, 0, 60, CM_WEEKDAYS_ALL);
    struct cm_session session = cm_session_of(&at_once, kolkata, monday);
    assert_int_equal(cm_session_status(&session, session.start_wall_ms, false), CM_ROLL_PRESENT);
    assert_int_equal(cm_session_status(&session, session.start_wall_ms + 1, false), CM_ROLL_LATE);
    struct cm_class never = class_of(9 * 60, 60, 60, CM_WEEKDAYS_ALL);
    session = cm_session_of(&never, kolkata, monday);
    assert_int_equal(cm_session_status(&session, session.close_wall_ms - 1, false), CM_ROLL_PRESENT);
}

static void states_and_texts(void **state)
{
    (void)state;
    const uint32_t mon_sat = CM_WEEKDAYS_ALL & ~(uint32_t)SUN;
    const struct {
        uint32_t weekdays;
        int32_t date, hour, minute;
        enum cm_session_state state;
        const char *text;
    } cases[] = {
        {mon_sat, 20261123, 8, 14, CM_SESSION_BEFORE, "10-B has no session now; the next opens 08:15"},
        {mon_sat, 20261123, 8, 15, CM_SESSION_OPEN, "10-B is open until 09:45"},
        {mon_sat, 20261123, 9, 44, CM_SESSION_OPEN, "10-B is open until 09:45"},
        {mon_sat, 20261123, 9, 45, CM_SESSION_CLOSED, "10-B has no session now; the next opens Tue 08:15"},
        {mon_sat, 20261128, 12, 0, CM_SESSION_CLOSED, "10-B has no session now; the next opens Mon 08:15"},
        {mon_sat, 20261129, 9, 0, CM_SESSION_NOT_TODAY, "10-B has no session now; the next opens Mon 08:15"},
        {MON, 20261123, 12, 0, CM_SESSION_CLOSED, "10-B has no session now; the next opens Mon 30 Nov 08:15"},
        {MON, 20261124, 12, 0, CM_SESSION_NOT_TODAY, "10-B has no session now; the next opens Mon 08:15"},
        {SUN, 20261129, 8, 15, CM_SESSION_OPEN, "10-B is open until 09:45"},
        {0, 20261129, 8, 15, CM_SESSION_NOT_TODAY, "10-B has no session: it meets on no weekday"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_class b = class_of(8 * 60 + 45, 10, 60, cases[i].weekdays);
        int64_t now = at(kolkata, cases[i].date, cases[i].hour, cases[i].minute);
        char text[CM_SESSION_TEXT_SIZE];
        assert_int_equal(cm_session_at(&b, NULL, kolkata, now, NULL), cases[i].state);
        assert_string_equal(cm_session_text(&b, NULL, kolkata, now, text), cases[i].text);
    }
}

static void the_session_spoken_of(void **state)
{
    (void)state;
    struct cm_class b = class_of(9 * 60, 10, 60, MON | TUE);
    struct cm_session session = {.date = -1};
    assert_int_equal(cm_session_at(&b, NULL, kolkata, at(kolkata, sunday, 9, 0), &session),
                     CM_SESSION_NOT_TODAY);
    assert_int_equal(session.date, -1);
    assert_int_equal(cm_session_at(&b, NULL, kolkata, at(kolkata, monday, 7, 0), &session),
                     CM_SESSION_BEFORE);
    assert_int_equal(session.date, monday);
    assert_true(cm_session_next(&b, NULL, kolkata, at(kolkata, monday, 8, 30), &session));
    assert_int_equal(session.date, 20261124); /* today's is open, not opening */
    assert_true(cm_session_next(&b, NULL, kolkata, at(kolkata, 20261124, 8, 30), &session));
    assert_int_equal(session.date, 20261130);
}

static void sessions_near_midnight(void **state)
{
    (void)state;
    struct cm_session session;
    struct cm_class early = class_of(10, 5, 60, MON); /* 00:10: opens on Sunday at 23:40 */
    assert_int_equal(cm_session_at(&early, NULL, kolkata, at(kolkata, 20261122, 23, 39), &session),
                     CM_SESSION_NOT_TODAY);
    assert_int_equal(cm_session_at(&early, NULL, kolkata, at(kolkata, 20261122, 23, 40), &session),
                     CM_SESSION_OPEN);
    assert_int_equal(session.date, monday); /* a mark before midnight belongs to the date of the start */
    assert_true(cm_session_next(&early, NULL, kolkata, at(kolkata, 20261122, 23, 39), &session));
    assert_int_equal(session.date, monday);
    assert_true(cm_session_next(&early, NULL, kolkata, at(kolkata, 20261122, 23, 50), &session));
    assert_int_equal(session.date, 20261130);

    struct cm_class late = class_of(23 * 60, 5, 60, MON);
    assert_int_equal(cm_session_at(&late, NULL, kolkata, at(kolkata, monday, 24, 0) - 1, &session),
                     CM_SESSION_OPEN);
    assert_int_equal(session.date, monday);
    assert_int_equal(cm_session_at(&late, NULL, kolkata, at(kolkata, monday, 24, 0), &session),
                     CM_SESSION_NOT_TODAY);

    struct cm_class whole_day = class_of(5, 5, 24 * 60 - 5, CM_WEEKDAYS_ALL); /* both are open at 23:50 */
    assert_int_equal(cm_session_at(&whole_day, NULL, kolkata, at(kolkata, monday, 23, 50), &session),
                     CM_SESSION_OPEN);
    assert_int_equal(session.date, monday);
}

/* Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00. Both are Sundays. */
static void days_on_which_clocks_change(void **state)
{
    (void)state;
    struct cm_class b = class_of(9 * 60, 10, 60, CM_WEEKDAYS_ALL);
    static const int32_t dates[] = {20260328, 20260329, 20260330, 20261024, 20261025, 20261026};
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct cm_session session = cm_session_of(&b, berlin, dates[i]);
        assert_int_equal(session.start_wall_ms, at(berlin, dates[i], 9, 0));
        assert_int_equal(session.close_wall_ms, at(berlin, dates[i], 10, 0));
        assert_int_equal(cm_session_at(&b, NULL, berlin, at(berlin, dates[i], 8, 30), NULL), CM_SESSION_OPEN);
        assert_int_equal(cm_session_at(&b, NULL, berlin, at(berlin, dates[i], 8, 29), NULL),
                         CM_SESSION_BEFORE);
    }
    static const int32_t starts[] = {0, 90, 119, 120, 150, 180, 200};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        for (size_t k = 0; k < sizeof dates / sizeof dates[0]; k++) {
            struct cm_class night = class_of(starts[i], 10, 60, CM_WEEKDAYS_ALL);
            struct cm_session session = cm_session_of(&night, berlin, dates[k]);
            assert_int_equal(session.start_wall_ms - session.opens_wall_ms, 30 * minute_ms);
            assert_int_equal(session.late_wall_ms - session.start_wall_ms, 10 * minute_ms);
            assert_int_equal(session.close_wall_ms - session.start_wall_ms, 60 * minute_ms);
            assert_int_equal(cm_zone_date(berlin, session.start_wall_ms), dates[k]);
        }
}

static void a_long_session_outlasts_the_day_that_is_an_hour_short(void **state)
{
    (void)state;
    struct cm_class whole_day = class_of(60, 10, 23 * 60, SUN);
    struct cm_session session;
    assert_int_equal(cm_session_at(&whole_day, NULL, berlin, at(berlin, 20260330, 0, 30), &session),
                     CM_SESSION_OPEN);
    assert_int_equal(session.date, 20260329);
}

/* Apia had no 30 December 2011: no instant is on that date, and every other one has its session. */
static void a_date_that_never_was(void **state)
{
    (void)state;
    struct cm_class b = class_of(9 * 60, 10, 60, CM_WEEKDAYS_ALL);
    struct cm_session session;
    assert_true(cm_session_next(&b, NULL, apia, at(apia, 20111229, 12, 0), &session));
    assert_int_equal(session.start_wall_ms, at(apia, 20111231, 9, 0));
    assert_int_equal(cm_session_at(&b, NULL, apia, at(apia, 20111231, 9, 0), &session), CM_SESSION_OPEN);
    assert_int_equal(session.date, 20111231);
}

static void classes_that_are_refused(void **state)
{
    (void)state;
    const struct {
        int32_t start, late_after, close_after;
        uint32_t weekdays;
        const char *message; /* NULL: fine */
    } cases[] = {
        {540, 10, 60, MON, NULL},
        {0, 0, 1440, MON, NULL},
        {1439, 0, 1, MON, NULL},
        {1380, 10, 60, MON, NULL}, /* over at 24:00 sharp */
        {1380, 10, 61, MON,
         "the session would cross midnight: 23:00 and 61 minutes; close_after can be 60 at most"},
        {-1, 10, 60, MON, "start must be between 00:00 and 23:59"},
        {1440, 10, 60, MON, "start must be between 00:00 and 23:59"},
        {540, -1, 60, MON, "late_after must be 0 to close_after (60) minutes, not -1"},
        {540, 61, 60, MON, "late_after must be 0 to close_after (60) minutes, not 61"},
        {540, 0, 0, MON, "close_after must be 1 to 1440 minutes, not 0"},
        {540, 0, INT32_MAX, MON, "close_after must be 1 to 1440 minutes, not 2147483647"},
        {540, 10, 60, 0, "weekdays must name at least one day"},
        {540, 10, 60, 128, "weekdays must name at least one day"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_class class_ =
            class_of(cases[i].start, cases[i].late_after, cases[i].close_after, cases[i].weekdays);
        struct cm_err err = CM_ERR_INIT;
        enum cm_code code = cm_class_check(&class_, &err);
        assert_int_equal(code, cases[i].message == NULL ? CM_OK : CM_INVALID);
        if (cases[i].message != NULL)
            assert_string_equal(err.msg, cases[i].message);
    }
    struct cm_class nameless = class_of(540, 10, 60, MON);
    nameless.id[0] = '\0';
    assert_int_equal(cm_class_check(&nameless, NULL), CM_INVALID);
}

static void every_weekday_has_its_bit(void **state)
{
    (void)state;
    for (int day = 0; day < 7; day++)
        for (int bit = 0; bit < 7; bit++) {
            struct cm_class class_ = class_of(540, 10, 60, 1u << bit);
            assert_int_equal(cm_class_meets(&class_, monday + day), day == bit);
        }
    assert_int_equal(saturday - monday, 5);
}

static int open_zones(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    if (cm_zone_open("Asia/Kolkata", &kolkata, &err) != CM_OK ||
        cm_zone_open("Europe/Berlin", &berlin, &err) != CM_OK ||
        cm_zone_open("Pacific/Apia", &apia, &err) != CM_OK) {
        print_error("%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    cm_zone_close(kolkata);
    cm_zone_close(berlin);
    cm_zone_close(apia);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_session),
        cmocka_unit_test(status_by_capture_time),
        cmocka_unit_test(late_can_be_at_once_or_never),
        cmocka_unit_test(states_and_texts),
        cmocka_unit_test(the_session_spoken_of),
        cmocka_unit_test(sessions_near_midnight),
        cmocka_unit_test(days_on_which_clocks_change),
        cmocka_unit_test(a_long_session_outlasts_the_day_that_is_an_hour_short),
        cmocka_unit_test(a_date_that_never_was),
        cmocka_unit_test(classes_that_are_refused),
        cmocka_unit_test(every_weekday_has_its_bit),
    };
    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
