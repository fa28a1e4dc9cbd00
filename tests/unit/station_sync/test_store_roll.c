/* The roll at the station: its own events, what the server says of the session, and who of them speaks last. */
#include "unit.h"

#include "record/codec.h"
#include "server_double.h"
#include "store/store_roll.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MONDAY = 20261123, NINE = 540 };

static struct cm_zone *zone;
static const struct cm_class class_ = {
    .id = "10-B", .start_minute = NINE, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x1f};

static int64_t at(int32_t minute)
{
    return cm_zone_instant(zone, MONDAY, minute);
}

static void open_store(struct fixture *f, bool paired)
{
    static const struct cm_student students[] = {
        {.id = "s1", .name = "Asha", .class_id = "10-B"},
        {.id = "s2", .name = "Ravi", .class_id = "10-B"},
        {.id = "s3", .name = "Meera", .class_id = "10-B"},
    };
    fixture_init(f);
    f->clock.now_wall_ms = at(NINE);
    fixture_open(f);
    assert_int_equal(stn_store_put_roster(f->store, &class_, 1, students, 3, "roster.csv", NULL), CM_OK);
    if (paired)
        double_pair(f);
}

static void mark(struct fixture *f, const char *student_id, int32_t minute, enum cm_method method)
{
    struct cm_mark mark = {.class_id = "10-B",
                           .date = MONDAY,
                           .captured_wall_ms = at(minute),
                           .method = method,
                           .distance = 0.3f,
                           .margin = 0.2f,
                           .threshold = 0.5f};
    struct cm_roll_entry entry = {.class_id = "10-B", .date = MONDAY, .status = CM_ROLL_PRESENT};
    f->clock.now_wall_ms = at(minute);
    snprintf(mark.student_id, sizeof mark.student_id, "%s", student_id);
    snprintf(entry.student_id, sizeof entry.student_id, "%s", student_id);
    assert_int_equal(stn_store_append_mark(f->store, &mark, &entry, NULL, NULL), CM_OK);
}

static void correct(struct fixture *f, const char *student_id, enum cm_roll_status status, int32_t minute)
{
    struct cm_correction correction = {.class_id = "10-B",
                                       .date = MONDAY,
                                       .status = status,
                                       .by = "Meera",
                                       .reason = "was there",
                                       .corrected_wall_ms = at(minute)};
    struct cm_roll_entry entry = {.class_id = "10-B", .date = MONDAY, .status = status};
    snprintf(correction.student_id, sizeof correction.student_id, "%s", student_id);
    snprintf(entry.student_id, sizeof entry.student_id, "%s", student_id);
    assert_int_equal(stn_store_append_correction(f->store, &correction, &entry, NULL, NULL), CM_OK);
}

static void say(struct fixture *f, enum cm_session_word word, int32_t minute)
{
    struct cm_session_said said = {
        .class_id = "10-B", .date = MONDAY, .word = word, .by = "Ravi", .said_wall_ms = at(minute)};
    f->clock.now_wall_ms = at(minute);
    assert_int_equal(stn_store_append_session(f->store, &said, NULL), CM_OK);
}

static void cover(struct fixture *f, int32_t from, int32_t to, bool able)
{
    struct cm_coverage span = {.from_wall_ms = at(from), .to_wall_ms = at(to), .able = able};
    f->clock.now_wall_ms = at(to);
    assert_int_equal(stn_store_append_coverage(f->store, &span, NULL), CM_OK);
}

/* ---- what the server says ---- */

static struct cm_roll_news *news_create(enum cm_verdict verdict)
{
    static const char *const ids[] = {"s1", "s2", "s3"};
    struct cm_roll_news *news = calloc(1, sizeof *news);
    news->date = MONDAY;
    news->verdict = verdict;
    news->count = 3;
    for (int i = 0; i < 3; i++) {
        snprintf(news->lines[i].student_id, CM_ID_SIZE, "%s", ids[i]);
        news->lines[i].member = true;
    }
    return news;
}

static void has_mark(struct cm_roll_line *line, int32_t minute)
{
    line->evidence.has_mark = true;
    line->evidence.captured_wall_ms = at(minute);
    line->evidence.mark_id[0] = 77;
}

/* A pull with this roll (freed; NULL: none), from a server that has the log up to acked. */
static void pull(struct fixture *f, struct cm_roll_news *news, uint64_t acked)
{
    static int number;
    char cursor[16];
    snprintf(cursor, sizeof cursor, "e.%d", ++number);
    struct page *page = page_create(cursor);
    page->changes.acked = acked;
    if (news != NULL)
        page_roll(page, "10-B", news);
    free(news);
    page_apply(f, page);
}

/* ---- what is seen ---- */

static bool add_line(void *arg, const struct stn_roll_line *line)
{
    char *text = arg;
    sprintf(text + strlen(text), "%s%s=%s%d", line->student_id, line->member ? "" : "*",
            line->status == CM_ROLL_NONE ? "" : cm_roll_status_name(line->status), (int)line->points);
    if (line->standing_known)
        sprintf(text + strlen(text), "/%d/%d", (int)line->standing.points, (int)line->standing.now.streak);
    strcat(text, " ");
    return true;
}

static struct stn_session last_session;

static const char *roll(struct fixture *f)
{
    static char text[1000];
    struct cm_err err = CM_ERR_INIT;
    text[0] = '\0';
    if (stn_roll_read(f->store, zone, &class_, MONDAY, add_line, text, &last_session, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return text;
}

/* ---- a station of its own ---- */

static void a_person_closes_and_late_marks_count(void **state)
{
    struct fixture f;
    (void)state;
    open_store(&f, false);
    mark(&f, "s1", NINE + 5, CM_METHOD_FACE);
    assert_string_equal(roll(&f), "s1=present15 s2=0 s3=0 ");
    say(&f, CM_WORD_CLOSED, NINE + 20);
    assert_string_equal(roll(&f), "s1=present15 s2=absent0 s3=absent0 ");
    assert_int_equal(last_session.counts.absent, 2);
    mark(&f, "s2", NINE + 30, CM_METHOD_CARD); /* after the closing, within the session */
    assert_string_equal(roll(&f), "s1=present15 s2=late12 s3=absent0 ");
    say(&f, CM_WORD_REOPENED, NINE + 40);
    assert_string_equal(roll(&f), "s1=present15 s2=late12 s3=0 ");
    say(&f, CM_WORD_NO_SESSION, NINE + 41);
    assert_string_equal(roll(&f), "s1=0 s2=0 s3=0 ");
    assert_int_equal(last_session.day.kind, CM_DAY_CLOSED);
    assert_int_equal(last_session.counts.none, 0);
    say(&f, CM_WORD_CLOSED, NINE + 39); /* earlier than what was said since */
    assert_int_equal(last_session.word.word, CM_WORD_NO_SESSION);
    assert_true(fixture_check(&f) > 0);
    fixture_reopen(&f);
    assert_string_equal(roll(&f), "s1=0 s2=0 s3=0 ");
    fixture_finish(&f);
}

static void a_roll_closes_by_itself_with_enough_coverage(void **state)
{
    struct fixture f;
    (void)state;
    open_store(&f, false);
    cover(&f, NINE - 20, NINE + 40, true);
    assert_int_equal(last_session.able_min, 0);
    mark(&f, "s1", NINE + 41, CM_METHOD_FACE);
    assert_string_equal(roll(&f), "s1=late7 s2=0 s3=0 "); /* not over */
    cover(&f, NINE + 40, NINE + 61, false);
    assert_string_equal(roll(&f), "s1=late7 s2=unjudged0 s3=unjudged0 ");
    assert_int_equal(last_session.able_min, 40);
    cover(&f, NINE + 100, NINE + 101, true); /* other time */
    assert_string_equal(roll(&f), "s1=late7 s2=unjudged0 s3=unjudged0 ");
    fixture_finish(&f);
    open_store(&f, false);
    cover(&f, NINE - 20, NINE + 50, true);
    cover(&f, NINE + 50, NINE + 61, false);
    assert_string_equal(roll(&f), "s1=absent0 s2=absent0 s3=absent0 ");
    fixture_finish(&f);
}

/* ---- beside a server ---- */

static void marks_of_another_door_and_corrections_of_a_page_are_on_the_roll(void **state)
{
    struct fixture f;
    (void)state;
    open_store(&f, true);
    mark(&f, "s1", NINE + 20, CM_METHOD_FACE);
    struct cm_roll_news *news = news_create(CM_VERDICT_OPEN);
    has_mark(&news->lines[0], NINE + 5); /* the other door saw him first */
    has_mark(&news->lines[1], NINE + 6);
    news->lines[2].standing.last_date = MONDAY;
    news->lines[2].evidence.has_correction = true;
    news->lines[2].evidence.corrected = CM_ROLL_EXCUSED;
    news->lines[2].evidence.corrected_wall_ms = at(NINE + 7);
    news->lines[0].standing =
        (struct cm_standing){.points = 115, .now = {4, 9}, .before = {3, 9}, .last_date = MONDAY};
    pull(&f, news, 0);
    assert_string_equal(roll(&f), "s1=present15/115/4 s2=present15/0/0 s3=excused0/0/0 ");
    correct(&f, "s3", CM_ROLL_PRESENT, NINE + 8); /* here, later than on the page */
    assert_string_equal(roll(&f), "s1=present15/115/4 s2=present15/0/0 s3=present15/15/1 ");
    correct(&f, "s2", CM_ROLL_ABSENT, NINE + 8);
    assert_true(strstr(roll(&f), "s2=absent0") != NULL);
    fixture_finish(&f);
}

/* What the server took of this log is what it says counts: a mark that it does not count is none here either. */
static void what_the_server_has_is_the_servers_to_judge(void **state)
{
    struct fixture f;
    uint64_t last;
    (void)state;
    open_store(&f, true);
    mark(&f, "s1", NINE + 5, CM_METHOD_FACE);
    assert_int_equal(stn_store_last_seq(f.store, &last, NULL), CM_OK);
    pull(&f, news_create(CM_VERDICT_OPEN), last);
    assert_string_equal(roll(&f), "s1=0/0/0 s2=0/0/0 s3=0/0/0 ");
    mark(&f, "s2", NINE + 6, CM_METHOD_FACE); /* newer: ours */
    assert_string_equal(roll(&f), "s1=0/0/0 s2=present15/15/1 s3=0/0/0 ");
    struct cm_roll_news *news = news_create(CM_VERDICT_OPEN);
    has_mark(&news->lines[0], NINE + 5);
    news->count = 2; /* s3 went to another class */
    pull(&f, news, last);
    assert_string_equal(roll(&f), "s1=present15/0/0 s2=present15/15/1 ");
    struct page *page =
        page_create("e.r"); /* a server that begins anew: what it said is gone until it says it again */
    page->changes.reset = true;
    page->changes.more = true;
    page_apply(&f, page);
    assert_string_equal(roll(&f), "s1=present15 s2=present15 s3=0 ");
    fixture_finish(&f);
}

/* Alone this station would close the session; the server waits for the other door. And the other way round. */
static void the_server_settles_what_it_has_the_end_of(void **state)
{
    struct fixture f;
    uint64_t last;
    (void)state;
    open_store(&f, true);
    cover(&f, NINE - 20, NINE + 61, true);
    assert_string_equal(roll(&f), "s1=absent0 s2=absent0 s3=absent0 ");
    assert_int_equal(stn_store_last_seq(f.store, &last, NULL), CM_OK);
    pull(&f, NULL, last - 1); /* it does not have the end */
    assert_int_equal((roll(&f), last_session.verdict), CM_VERDICT_CLOSED);
    pull(&f, NULL, last);
    assert_string_equal(roll(&f), "s1=0 s2=0 s3=0 ");
    pull(&f, news_create(CM_VERDICT_UNJUDGED), last);
    assert_string_equal(roll(&f), "s1=unjudged0/0/0 s2=unjudged0/0/0 s3=unjudged0/0/0 ");
    struct cm_roll_news *news = news_create(CM_VERDICT_OPEN);
    news->word = (struct cm_word){.word = CM_WORD_REOPENED, .said_wall_ms = at(NINE + 70), .by = "Meera"};
    pull(&f, news, last);
    assert_int_equal((roll(&f), last_session.verdict), CM_VERDICT_OPEN);
    say(&f, CM_WORD_CLOSED, NINE + 75); /* here, later */
    assert_string_equal(roll(&f), "s1=absent0/0/0 s2=absent0/0/0 s3=absent0/0/0 ");
    fixture_finish(&f);
}

static void the_schools_points_and_calendar_hold_here(void **state)
{
    struct fixture f;
    struct cm_closure *list;
    struct cm_closures calendar;
    char text[CM_SESSION_TEXT_SIZE];
    (void)state;
    open_store(&f, true);
    mark(&f, "s1", NINE + 5, CM_METHOD_CARD);
    assert_true(strstr(roll(&f), "s1=present20") != NULL);
    struct page *page = page_create("e.p");
    page_points(page, "present 3, no_face 1, least 1");
    page_apply(&f, page);
    assert_true(strstr(roll(&f), "s1=present4") != NULL);
    page = page_create("e.q");
    page_short(page, MONDAY, "", 480, 30); /* 08:00 to 08:30 */
    page_apply(&f, page);
    assert_true(strstr(roll(&f), "s1=late4") != NULL);
    assert_int_equal(stn_store_get_calendar(f.store, MONDAY, &list, &calendar, NULL), CM_OK);
    assert_string_equal(cm_session_text(&class_, &calendar, zone, at(485), text), "10-B is open until 08:30");
    free(list);
    page = page_create("e.s");
    page_closure(page, MONDAY, "10-B", "Diwali");
    page_apply(&f, page);
    assert_string_equal(roll(&f), "s1=0 s2=0 s3=0 ");
    assert_string_equal(last_session.label, "Diwali");
    page = page_create("e.t");
    page_closure(page, MONDAY, "9-A", "Excursion");
    page_apply(&f, page);
    say(&f, CM_WORD_NO_SESSION, NINE + 6);
    assert_int_equal(stn_store_get_calendar(f.store, MONDAY, &list, &calendar, NULL), CM_OK);
    assert_string_equal(cm_session_text(&class_, &calendar, zone, at(NINE + 7), text),
                        "10-B has no session today (no session); the next opens Tue 08:30");
    free(list);
    fixture_finish(&f);
}

static void rolls_that_make_no_sense_are_refused(void **state)
{
    struct fixture f;
    struct stn_applied applied;
    (void)state;
    open_store(&f, true);
    struct page *page = page_create("e.1");
    struct cm_roll_news *news = news_create(CM_VERDICT_OPEN);
    news->lines[1].student_id[0] = '\0';
    page_roll(page, "10-B", news);
    assert_int_equal(stn_store_apply_changes(f.store, &page->changes, &applied, NULL), CM_INVALID);
    page_destroy(page);
    page = page_create("e.1");
    news->lines[1].student_id[0] = 's';
    news->date = 20261399;
    page_roll(page, "10-B", news);
    assert_int_equal(stn_store_apply_changes(f.store, &page->changes, &applied, NULL), CM_INVALID);
    page_destroy(page);
    free(news);
    assert_string_equal(roll(&f), "s1=0 s2=0 s3=0 ");
    fixture_finish(&f);
}

static int setup(void **state)
{
    (void)state;
    return cm_zone_open("Asia/Kolkata", &zone, NULL) == CM_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cm_zone_close(zone);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_closes_and_late_marks_count),
        cmocka_unit_test(a_roll_closes_by_itself_with_enough_coverage),
        cmocka_unit_test(marks_of_another_door_and_corrections_of_a_page_are_on_the_roll),
        cmocka_unit_test(what_the_server_has_is_the_servers_to_judge),
        cmocka_unit_test(the_server_settles_what_it_has_the_end_of),
        cmocka_unit_test(the_schools_points_and_calendar_hold_here),
        cmocka_unit_test(rolls_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
