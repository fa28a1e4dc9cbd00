#include "unit.h"

#include "roll/roll.h"
#include "roll/session.h"
#include <stdio.h>
#include <string.h>

static const int64_t minute_ms = 60 * 1000;
static const int32_t date = 20261123;

static struct cm_zone *zone;
static struct cm_class class_ = {
    .id = "10-B", .start_minute = 540, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x3f};
static struct cm_roll_rules rules;
static int64_t start_ms;

static struct cm_event envelope(enum cm_event_type type, uint64_t seq, uint8_t id)
{
    return (struct cm_event){.version = CM_RECORD_VERSION, .type = type, .seq = seq, .id = {1, 2, 3, id}};
}

static struct cm_event mark_event(uint64_t seq, uint8_t id, int64_t after_start_ms)
{
    struct cm_event event = envelope(CM_EVENT_MARK, seq, id);
    event.body.mark = (struct cm_mark){.student_id = "S1",
                                       .class_id = "10-B",
                                       .date = date,
                                       .captured_wall_ms = start_ms + after_start_ms,
                                       .method = CM_METHOD_FACE};
    return event;
}

static struct cm_event correction_event(uint64_t seq, uint8_t id, int64_t after_start_ms,
                                        enum cm_roll_status status)
{
    struct cm_event event = envelope(CM_EVENT_CORRECTION, seq, id);
    event.body.correction = (struct cm_correction){.student_id = "S1",
                                                   .class_id = "10-B",
                                                   .date = date,
                                                   .status = status,
                                                   .corrected_wall_ms = start_ms + after_start_ms};
    return event;
}

static void a_mark_alone(void **state)
{
    (void)state;
    const struct {
        int64_t after_start_ms;
        bool first_try, eye_contact, clock_suspect;
        enum cm_roll_status status;
        int32_t points;
        const char *text;
    } cases[] = {
        {-5 * minute_ms, false, false, false, CM_ROLL_PRESENT, 15, "10 + 5 on time"},
        {10 * minute_ms, true, false, false, CM_ROLL_PRESENT, 17, "10 + 5 on time + 2 first try"},
        {10 * minute_ms + 1, true, true, false, CM_ROLL_LATE, 12,
         "10 - 3 late + 2 first try + 3 eye contact"},
        {10 * minute_ms + 1, true, true, true, CM_ROLL_PENDING, 0, "no points"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_event event = mark_event(1, 1, cases[i].after_start_ms);
        struct cm_mark *mark = &event.body.mark;
        mark->first_try = cases[i].first_try;
        mark->eye_contact = cases[i].eye_contact;
        mark->clock_suspect = cases[i].clock_suspect;
        struct cm_roll_entry entry = cm_roll_from(mark, NULL, &rules);
        char text[CM_POINTS_TEXT_SIZE];
        assert_string_equal(entry.student_id, "S1");
        assert_string_equal(entry.class_id, "10-B");
        assert_int_equal(entry.date, date);
        assert_int_equal(entry.status, cases[i].status);
        assert_int_equal(entry.points, cases[i].points);
        assert_int_equal(entry.captured_wall_ms, mark->captured_wall_ms);
        assert_int_equal(entry.mark_seq, 0);
        assert_string_equal(cm_roll_points_text(mark, NULL, &rules, text), cases[i].text);
    }
}

static void a_correction_recomputes_the_points(void **state)
{
    (void)state;
    const struct {
        bool with_mark;
        int64_t after_start_ms;
        bool clock_suspect;
        enum cm_roll_status said;
        int32_t points;
    } cases[] = {
        {true, 0, false, CM_ROLL_LATE, 10 - 3 + 2},
        {true, 20 * minute_ms, false, CM_ROLL_PRESENT, 10 + 5 + 2}, /* late by time, a person knows better */
        {true, 20 * minute_ms, true, CM_ROLL_PRESENT, 10 + 5 + 2},  /* no longer pending */
        {true, 0, false, CM_ROLL_EXCUSED, 0},
        {true, 0, false, CM_ROLL_ABSENT, 0},
        {true, 0, false, CM_ROLL_UNJUDGED, 0},
        {false, 0, false, CM_ROLL_PRESENT, 10 + 5},
        {false, 0, false, CM_ROLL_LATE, 10 - 3},
        {false, 0, false, CM_ROLL_EXCUSED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_event event = mark_event(1, 1, cases[i].after_start_ms);
        event.body.mark.first_try = true;
        event.body.mark.clock_suspect = cases[i].clock_suspect;
        struct cm_event said = correction_event(2, 2, 0, cases[i].said);
        const struct cm_mark *mark = cases[i].with_mark ? &event.body.mark : NULL;
        struct cm_roll_entry entry = cm_roll_from(mark, &said.body.correction, &rules);
        assert_int_equal(entry.status, cases[i].said);
        assert_int_equal(entry.points, cases[i].points);
        assert_int_equal(entry.captured_wall_ms, mark != NULL ? mark->captured_wall_ms : 0);
        assert_string_equal(entry.student_id, "S1");
        assert_int_equal(entry.date, date);
    }
}

/* Merges every order of the events and checks that the outcome is always the same. */
static void check_all_orders(const struct cm_event **events, size_t count, size_t done,
                             const struct cm_roll_entry *wanted)
{
    if (done == count) {
        struct cm_roll_entry entry;
        assert_true(cm_roll_merge(events, count, "S1", date, &rules, &entry));
        assert_int_equal(entry.status, wanted->status);
        assert_int_equal(entry.points, wanted->points);
        assert_int_equal(entry.captured_wall_ms, wanted->captured_wall_ms);
        assert_int_equal(entry.mark_seq, wanted->mark_seq);
        assert_int_equal(entry.correction_seq, wanted->correction_seq);
        return;
    }
    for (size_t i = done; i < count; i++) {
        const struct cm_event *first = events[done];
        events[done] = events[i];
        events[i] = first;
        check_all_orders(events, count, done + 1, wanted);
        events[i] = events[done];
        events[done] = first;
    }
}

static void the_order_of_arrival_never_matters(void **state)
{
    (void)state;
    struct cm_event early = mark_event(11, 9, 2 * minute_ms), twin = mark_event(12, 8, 2 * minute_ms),
                    late = mark_event(13, 1, 25 * minute_ms);
    struct cm_event absent = correction_event(21, 7, 1 * minute_ms, CM_ROLL_ABSENT),
                    excused = correction_event(22, 3, 90 * minute_ms, CM_ROLL_EXCUSED),
                    tied = correction_event(23, 4, 90 * minute_ms, CM_ROLL_LATE);
    struct cm_event other_day = mark_event(31, 0, -600 * minute_ms), other_student = mark_event(32, 0, 0),
                    other_class = mark_event(33, 0, 0), activity = envelope(CM_EVENT_ACTIVITY, 34, 0);
    other_day.body.mark.date = date - 1;
    strcpy(other_student.body.mark.student_id, "S2");
    strcpy(other_class.body.mark.class_id, "9-A");

    const struct {
        const struct cm_event *events[7];
        size_t count;
        struct cm_roll_entry wanted;
    } cases[] = {
        /* of two marks the earlier; of two at one instant the smaller id */
        {{&early, &late}, 2, {.status = CM_ROLL_PRESENT, .points = 15, .mark_seq = 11}},
        {{&early, &twin, &late}, 3, {.status = CM_ROLL_PRESENT, .points = 15, .mark_seq = 12}},
        /* a correction wins, also over a mark that was captured later than it was said */
        {{&late, &absent}, 2, {.status = CM_ROLL_ABSENT, .mark_seq = 13, .correction_seq = 21}},
        /* of two corrections the later; of two at one instant the larger id */
        {{&early, &absent, &excused}, 3, {.status = CM_ROLL_EXCUSED, .mark_seq = 11, .correction_seq = 22}},
        {{&absent, &tied, &excused}, 3, {.status = CM_ROLL_LATE, .points = 7, .correction_seq = 23}},
        {{&early, &twin, &late, &absent, &excused, &tied, &tied}, /* and one that arrives twice */
         7,
         {.status = CM_ROLL_LATE, .points = 7, .mark_seq = 12, .correction_seq = 23}},
        /* what belongs to others is passed over */
        {{&late, &other_day, &other_student, &other_class, &activity},
         5,
         {.status = CM_ROLL_LATE, .points = 7, .mark_seq = 13}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cm_event *events[7];
        memcpy(events, cases[i].events, sizeof events);
        struct cm_roll_entry wanted = cases[i].wanted;
        wanted.captured_wall_ms = wanted.mark_seq == 0    ? 0
                                  : wanted.mark_seq == 13 ? late.body.mark.captured_wall_ms
                                                          : early.body.mark.captured_wall_ms;
        check_all_orders(events, cases[i].count, 0, &wanted);
    }
}

static void nothing_gives_no_entry(void **state)
{
    (void)state;
    struct cm_event activity = envelope(CM_EVENT_ACTIVITY, 1, 1);
    const struct cm_event *events[] = {&activity};
    struct cm_roll_entry entry;
    assert_false(cm_roll_merge(events, 0, "S1", date, &rules, &entry));
    assert_false(cm_roll_merge(events, 1, "S1", date, &rules, &entry));
    assert_null(cm_roll_first_mark(NULL, NULL));
    assert_null(cm_roll_last_correction(NULL, NULL));
}

static int open_zone(void **state)
{
    (void)state;
    struct cm_err err = CM_ERR_INIT;
    if (cm_zone_open("Asia/Kolkata", &zone, &err) != CM_OK) {
        print_error("%s\n", err.msg);
        return -1;
    }
    rules = (struct cm_roll_rules){.class_ = &class_, .zone = zone, .points = &cm_points_rules_default};
    start_ms = cm_session_of(&class_, zone, date).start_wall_ms;
    return 0;
}

static int close_zone(void **state)
{
    (void)state;
    cm_zone_close(zone);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_alone),
        cmocka_unit_test(a_correction_recomputes_the_points),
        cmocka_unit_test(the_order_of_arrival_never_matters),
        cmocka_unit_test(nothing_gives_no_entry),
    };
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
