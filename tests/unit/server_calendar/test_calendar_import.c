/* Calendars from files: days, rules of recurrence, time zones, and everything that may be wrong with them. */
#include "unit.h"

#include "base/clock.h"
#include "calendar/calendar.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TODAY = 20260601 };

static struct cm_zone *zone;

static struct srv_calendar_plan plan; /* of the last reading */
static struct cm_err last_err;

static enum cm_code read_as(enum srv_calendar_format format, const char *text, const char *class_id)
{
    const struct srv_calendar_options options = {
        .format = format, .zone = zone, .today = TODAY, .class_id = class_id};
    srv_calendar_finish(&plan);
    last_err = (struct cm_err)CM_ERR_INIT;
    return srv_calendar_read(text, strlen(text), &options, &plan, &last_err);
}

/* "20260815 Independence Day; 20261102 …" */
static const char *days(void)
{
    static char text[8000];
    text[0] = '\0';
    for (size_t i = 0; i < plan.count; i++) {
        const struct cm_closure *closure = &plan.entries[i].closure;
        sprintf(text + strlen(text), "%s%d%s%s %s", i > 0 ? "; " : "", (int)closure->date,
                closure->class_id[0] != '\0' ? " " : "", closure->class_id, closure->label);
        if (closure->kind == CM_CLOSURE_SHORT)
            sprintf(text + strlen(text), " (%d+%d)", (int)closure->start_minute,
                    (int)closure->close_after_min);
    }
    return text;
}

static const char *event(const char *lines)
{
    static char text[70000];
    snprintf(text, sizeof text,
             "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//"
             "EN\r\nBEGIN:VEVENT\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
             lines);
    return text;
}

static void expect(const char *lines, const char *wanted)
{
    if (read_as(SRV_CALENDAR_ICALENDAR, event(lines), "") != CM_OK)
        fail_msg("%s: %s", lines, last_err.msg);
    if (plan.problems.count > 0)
        fail_msg("%s: %s", lines, plan.problems.list[0].text);
    assert_string_equal(days(), wanted);
}

static void whole_days(void **state)
{
    (void)state;
    expect("DTSTART;VALUE=DATE:20260815\r\nSUMMARY:Independence Day\r\n", "20260815 Independence Day");
    expect("DTSTART;VALUE=DATE:20260815\r\nDTEND;VALUE=DATE:20260816\r\nSUMMARY:One\r\nDESCRIPTION:\r\n",
           "20260815 One"); /* DTEND is the day after; an empty property does not matter */
    expect("DTSTART;VALUE=DATE:20261001\r\nDTEND;VALUE=DATE:20261004\r\nSUMMARY:Autumn\\, term\r\n",
           "20261001 Autumn, term; 20261002 Autumn, term; 20261003 Autumn, term");
    expect("DTSTART;VALUE=DATE:20261001\r\nDURATION:P2D\r\nSUMMARY:Two\r\n", "20261001 Two; 20261002 Two");
    expect("DTSTART;VALUE=DATE:20260815\r\nSUMMARY:Folded \r\n line\r\n", "20260815 Folded line");
    expect("DTSTART;VALUE=DATE:20260815\r\n", "20260815 no school");
    expect("DTSTART;VALUE=DATE:20260815\r\nSTATUS:CANCELLED\r\nSUMMARY:x\r\n", "");
    expect("DTSTART;VALUE=DATE:20200815\r\nSUMMARY:long ago\r\n", "");
    expect("DTSTART;VALUE=DATE:20400815\r\nSUMMARY:far away\r\n", "");
    assert_int_equal(
        read_as(SRV_CALENDAR_ICALENDAR, event("DTSTART;VALUE=DATE:20260815\r\nSUMMARY:x\r\n"), "10-B"),
        CM_OK);
    assert_string_equal(days(), "20260815 10-B x");
}

static void rules_of_recurrence(void **state)
{
    (void)state;
    expect("DTSTART;VALUE=DATE:20200815\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:I\r\n",
           "20250815 I; 20260815 I; 20270815 I; 20280815 I"); /* of the years that an import looks at */
    expect("DTSTART;VALUE=DATE:20260815\r\nRRULE:FREQ=YEARLY;COUNT=2\r\nSUMMARY:I\r\n",
           "20260815 I; 20270815 I");
    expect("DTSTART;VALUE=DATE:20260815\r\nRRULE:FREQ=YEARLY;UNTIL=20270816\r\nSUMMARY:I\r\n",
           "20260815 I; 20270815 I");
    expect("DTSTART;VALUE=DATE:20260815\r\nRRULE:FREQ=YEARLY;UNTIL=20280816\r\nEXDATE;VALUE=DATE:"
           "20270815\r\nSUMMARY:I\r\n",
           "20260815 I; 20280815 I");
    expect("DTSTART;VALUE=DATE:20261126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2\r\nSUMMARY:T\r\n",
           "20261126 T; 20271125 T");
    expect("DTSTART;VALUE=DATE:20260613\r\nRRULE:FREQ=MONTHLY;BYDAY=2SA;COUNT=3\r\nSUMMARY:S\r\n",
           "20260613 S; 20260711 S; 20260808 S");
    expect("DTSTART;VALUE=DATE:20260602\r\nDTEND;VALUE=DATE:20260604\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\nSUMMARY:"
           "W\r\n",
           "20260602 W; 20260603 W; 20260609 W; 20260610 W");
    expect("DTSTART;VALUE=DATE:20260602\r\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=2\r\nSUMMARY:D\r\n",
           "20260602 D; 20260604 D");
}

/* One occurrence has an event of its own: moved by a day, or cancelled. */
static void replaced_occurrences(void **state)
{
    (void)state;
    expect("UID:u\r\nDTSTART;VALUE=DATE:20260602\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:W\r\nEND:VEVENT\r\n"
           "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID;VALUE=DATE:20260609\r\nDTSTART;VALUE=DATE:"
           "20260610\r\nSUMMARY:moved\r\n"
           "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID;VALUE=DATE:20260616\r\nDTSTART;VALUE=DATE:"
           "20260616\r\n"
           "STATUS:CANCELLED\r\n",
           "20260602 W; 20260610 moved");
}

/* Midnight to midnight where the school is, however it is said; nothing else with a time. */
static void time_zones(void **state)
{
    (void)state;
    expect("DTSTART:20260814T183000Z\r\nDTEND:20260815T183000Z\r\nSUMMARY:UTC\r\n", "20260815 UTC");
    expect("DTSTART;TZID=Asia/Kolkata:20260815T000000\r\nDTEND;TZID=Asia/"
           "Kolkata:20260817T000000\r\nSUMMARY:K\r\n",
           "20260815 K; 20260816 K");
    expect("DTSTART:20260815T000000\r\nDTEND:20260816T000000\r\nSUMMARY:floating\r\n", "20260815 floating");
    expect("DTSTART;TZID=Europe/Berlin:20260814T203000\r\nDTEND;TZID=Europe/"
           "Berlin:20260815T203000\r\nSUMMARY:B\r\n",
           "20260815 B"); /* 20:30 in Berlin is midnight in India */
    expect("DTSTART:20260814T183000Z\r\nDTEND:20260815T183000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n"
           "EXDATE:20260821T183000Z\r\nSUMMARY:U\r\n",
           "20260815 U; 20260829 U");
    expect("DTSTART:20260814T090000Z\r\nDTEND:20260814T100000Z\r\nSUMMARY:meeting\r\n", "");
    assert_int_equal(plan.notes.count, 1);
    assert_int_equal(plan.notes.list[0].line, 4);
    expect("DTSTART;TZID=India Standard Time:20260815T000000\r\nDTEND;TZID=India Standard "
           "Time:20260816T000000\r\n",
           "");
    assert_non_null(strstr(plan.notes.list[0].text, "time zone"));
}

static void what_is_not_understood_is_left_out_with_a_note(void **state)
{
    static const char *const rules[] = {
        "FREQ=HOURLY",
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYYEARDAY=100",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",            /* never */
        "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;BYMONTHDAY=24", /* hardly ever: libical looks up to the year 20000 */
        "FREQ=DAILY;BYMONTH=2",
        "FREQ=DAILY;COUNT=1000000000",
        "FREQ=MONTHLY;BYDAY=9MO",
        "FREQ=YEARLY;INTERVAL=1000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        char lines[300];
        snprintf(lines, sizeof lines, "DTSTART;VALUE=DATE:20260613\r\nRRULE:%s\r\nSUMMARY:x\r\n", rules[i]);
        expect(lines, "");
        if (plan.notes.count != 1)
            fail_msg("%s: %zu notes", rules[i], plan.notes.count);
    }
}

static void problems_have_their_line(void **state)
{
    static const struct {
        const char *lines, *words;
    } cases[] = {
        {"SUMMARY:x\r\n", "no beginning"},
        {"DTSTART;VALUE=DATE:20269999\r\n", "beginning"},
        {"DTSTART:rubbish\r\n", "beginning"},
        {"DTSTART;VALUE=DATE:00010101\r\n", "too long ago"},
        {"DTSTART;VALUE=DATE:20260815\r\nDTEND;VALUE=DATE:20260814\r\n", "ends before"},
        {"DTSTART;VALUE=DATE:20260815\r\nDTEND;VALUE=DATE:20290814\r\n", "longer than a year"},
        {"DTSTART;VALUE=DATE:20260815\r\nDTEND:20260815T120000Z\r\n", "end of the event"},
        {"DTSTART;VALUE=DATE:20260815\r\nRRULE:FREQ=SOMETIMES\r\n", "recurs"},
        {"DTSTART;VALUE=DATE:20260815\r\nRRULE:FREQ=DAILY;UNTIL=summer\r\n", "recurs"},
        {"DTSTART;VALUE=DATE:20260815\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260816\r\n", "no end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(read_as(SRV_CALENDAR_ICALENDAR, event(cases[i].lines), ""), CM_OK);
        if (plan.problems.count != 1 || strstr(plan.problems.list[0].text, cases[i].words) == NULL)
            fail_msg("%s: %zu problems, \"%s\", %s", cases[i].lines, plan.problems.count,
                     plan.problems.list[0].text, days());
        assert_int_equal(plan.problems.list[0].line, 4);
    }
    assert_int_equal(read_as(SRV_CALENDAR_ICALENDAR, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", ""), CM_OK);
    assert_int_equal(plan.problems.count, 1);
    assert_int_equal(read_as(SRV_CALENDAR_ICALENDAR, "date,label\n", ""), CM_INVALID);
    assert_int_equal(read_as(SRV_CALENDAR_ICALENDAR, "BEGIN:VCALENDAR\r\n\xff", ""), CM_INVALID);
}

static void everything_has_a_bound(void **state)
{
    size_t size = SRV_CALENDAR_BYTES_MAX + 1;
    char *text = malloc(size + 1);
    const struct srv_calendar_options options = {
        .format = SRV_CALENDAR_ICALENDAR, .zone = zone, .today = TODAY, .class_id = ""};
    (void)state;
    assert_non_null(text);
    memset(text, 'a', size);
    memcpy(text, "BEGIN:VCALENDAR\n", 16);
    srv_calendar_finish(&plan);
    assert_int_equal(srv_calendar_read(text, size, &options, &plan, NULL), CM_INVALID);
    memcpy(text + 16, "BEGIN:VEVENT\nSUMMARY:", 21); /* one event of two megabytes */
    memcpy(text + size - 12, "\nEND:VEVENT\n", 12);
    assert_int_equal(srv_calendar_read(text, size - 1, &options, &plan, NULL), CM_OK);
    assert_int_equal(plan.problems.count, 1);
    size_t used = 16;
    for (int i = 0; i < 3000; i++) /* together they recur too often */
        used += (size_t)sprintf(
            text + used,
            "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19700101\nRRULE:FREQ=DAILY;INTERVAL=7\nEND:VEVENT\n");
    srv_calendar_finish(&plan);
    assert_int_equal(srv_calendar_read(text, used, &options, &plan, NULL), CM_INVALID);
    used = 16;
    for (int i = 0; i <= SRV_CALENDAR_EVENTS_MAX; i++)
        used += (size_t)sprintf(text + used, "BEGIN:VEVENT\nSTATUS:CANCELLED\nEND:VEVENT\n");
    srv_calendar_finish(&plan);
    assert_int_equal(srv_calendar_read(text, used, &options, &plan, NULL), CM_INVALID);
    free(text);
}

static void csv(void **state)
{
    (void)state;
    assert_int_equal(read_as(SRV_CALENDAR_CSV,
                             "\xef\xbb\xbf"
                             "label,date,to,class,kind,start,close_after,who\r\n"
                             "Diwali,2026-11-09,2026-11-10,,,,,office\r\n"
                             "\"Sports, all day\",2026-12-01,,10-B,closed,,,\r\n"
                             "Exams,2026-12-02,,,short,08:30,90,\r\n"
                             "again,2026-11-09,,,,,,\r\n",
                             ""),
                     CM_OK);
    assert_int_equal(plan.problems.count, 0);
    assert_string_equal(days(), "20261109 Diwali; 20261110 Diwali; 20261201 10-B Sports, all day; "
                                "20261202 Exams (510+90)");
    static const struct {
        const char *row, *words;
    } cases[] = {
        {"x,2026-13-01,,,,,", "date"},
        {"x,,,,,,", "date"},
        {",2026-11-09,,,,,", "label"},
        {"x,2026-11-09,2026-11-08,,,,", "before the first"},
        {"x,2026-11-09,,,half,,", "kind"},
        {"x,2026-11-09,,,short,8,30", ""},
        {"x,2026-11-09,,,short,08:00,", "close_after"},
        {"x,2026-11-09,,,short,23:30,60", "close_after"},
        {"x,2026-11-09,2036-11-09,,,,", "year later"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[300];
        snprintf(text, sizeof text, "label,date,to,class,kind,start,close_after\ngood,2026-11-10,,,,,\n%s\n",
                 cases[i].row);
        assert_int_equal(read_as(SRV_CALENDAR_CSV, text, ""), CM_OK);
        if (plan.problems.count != 1 || plan.problems.list[0].line != 3 ||
            strstr(plan.problems.list[0].text, cases[i].words) == NULL)
            fail_msg("%s: %zu problems, \"%s\"", cases[i].row, plan.problems.count,
                     plan.problems.list[0].text);
    }
    assert_int_equal(read_as(SRV_CALENDAR_CSV, "day,what\n", ""), CM_INVALID);
    assert_int_equal(read_as(SRV_CALENDAR_CSV, "", ""), CM_INVALID);
}

/* ---- into the store ---- */

static enum cm_code write_plan(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_calendar_write(store, arg, err);
}

static bool count_closure(void *arg, const struct cm_closure *closure)
{
    (void)closure;
    ++*(int *)arg;
    return true;
}

static void what_an_import_changes(void **state)
{
    struct cm_clock_manual clock;
    struct srv_store *store;
    int count = 0;
    (void)state;
    cm_clock_manual_init(&clock, 1780000000000, 0);
    const struct srv_store_options options = {.url = "memory:", .clock = &clock.base, .zone = zone};
    assert_int_equal(srv_store_open(&options, &store, NULL), CM_OK);
    static const char first[] = "label,date,class\nDiwali,2026-11-09,\nHoli,2027-03-22,\n";
    assert_int_equal(read_as(SRV_CALENDAR_CSV, first, ""), CM_OK);
    assert_int_equal(srv_calendar_compare(store, &plan, NULL), CM_OK);
    assert_int_equal(plan.added, 2);
    assert_int_equal(srv_store_each_closure(store, 0, 99991231, count_closure, &count, NULL), CM_OK);
    assert_int_equal(count, 0); /* comparing writes nothing */
    assert_int_equal(srv_store_write(store, write_plan, &plan, NULL), CM_OK);
    assert_int_equal(read_as(SRV_CALENDAR_CSV, "label,date\nDiwali,2026-11-09\nHoli!,2027-03-22\n", ""),
                     CM_OK);
    assert_int_equal(srv_store_write(store, write_plan, &plan, NULL), CM_OK);
    assert_int_equal(plan.added, 0);
    assert_int_equal(plan.changed, 1);
    assert_int_equal(read_as(SRV_CALENDAR_CSV, "label,date,class\nTrip,2026-11-11,10-Q\nx,2026-11-12,\n", ""),
                     CM_OK);
    assert_int_equal(srv_store_write(store, write_plan, &plan, &last_err), CM_INVALID); /* no such class */
    assert_int_equal(plan.problems.list[0].line, 2);
    assert_int_equal(srv_store_each_closure(store, 0, 99991231, count_closure, &count, NULL), CM_OK);
    assert_int_equal(count, 2);
    srv_store_close(store);
}

static int setup(void **state)
{
    (void)state;
    return cm_zone_open("Asia/Kolkata", &zone, NULL) == CM_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    srv_calendar_finish(&plan);
    cm_zone_close(zone);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_days),
        cmocka_unit_test(rules_of_recurrence),
        cmocka_unit_test(replaced_occurrences),
        cmocka_unit_test(time_zones),
        cmocka_unit_test(what_is_not_understood_is_left_out_with_a_note),
        cmocka_unit_test(problems_have_their_line),
        cmocka_unit_test(everything_has_a_bound),
        cmocka_unit_test(csv),
        cmocka_unit_test(what_an_import_changes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
