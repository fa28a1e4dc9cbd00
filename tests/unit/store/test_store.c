#include "store/store.h"

#include "store_fixture.h"
#include "unit.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cm_consent given = {.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair"};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture_init(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_finish(*state);
    return 0;
}

static void first_start_makes_an_identity_that_stays(void **state)
{
    struct fixture *f = *state;
    struct stn_store_summary first, again;
    struct stat st;
    fixture_open(f);
    assert_int_equal(stn_store_summary(f->store, &first, NULL), CM_OK);
    assert_int_equal(strlen(first.station_id), 36);
    assert_int_equal(first.last_seq, 0);
    assert_int_equal(first.last_wall_ms, 0);
    assert_true(first.bytes_used > 0 && first.bytes_free_on_disk > 0);
    fixture_reopen(f);
    assert_int_equal(stn_store_summary(f->store, &again, NULL), CM_OK);
    assert_string_equal(first.station_id, again.station_id);
    const char *const private[] = {"station.key", "store/data.mdb", "store/lock.mdb"};
    for (size_t i = 0; i < sizeof private / sizeof private[0]; i++) {
        assert_int_equal(stat(fixture_path(f, private[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(stat(fixture_path(f, "store"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void one_handle_per_folder(void **state)
{
    struct fixture *f = *state;
    struct fixture second = *f;
    struct cm_err err = CM_ERR_INIT;
    fixture_open(f);
    second.store = NULL;
    assert_int_equal(fixture_try_open(&second, false, 0, &err), CM_EXISTS);
    assert_int_equal(fixture_try_open(&second, true, 0, &err), CM_EXISTS);
    assert_null(second.store);
    fixture_reopen(f);
}

/* ---- roster ---- */

static const struct cm_class classes[] = {
    {.id = "10-B",
     .coordinator = "Meera Nair",
     .start_minute = 510,
     .late_after_min = 10,
     .close_after_min = 60,
     .weekdays = 0x1f},
    {.id = "9-A",
     .coordinator = "R. Das",
     .start_minute = 480,
     .late_after_min = 5,
     .close_after_min = 45,
     .weekdays = 0x3f},
};
static const struct cm_student students[] = {
    {.id = "s2", .name = "Anil Kumar", .class_id = "10-B"},
    {.id = "s1", .name = "प्रिया शर्मा", .class_id = "10-B"},
    {.id = "s3", .name = "Zoya", .class_id = "9-A"},
};

static bool append_student_id(void *arg, const struct cm_student *student)
{
    strcat(arg, student->id);
    return true;
}

static bool append_class_id(void *arg, const struct cm_class *class_)
{
    strcat(arg, class_->id);
    return false;
}

static void a_roster_is_kept_and_replaced_by_id(void **state)
{
    struct fixture *f = *state;
    struct cm_class class_;
    struct cm_student student, renamed = students[0];
    struct stn_store_summary summary;
    char ids[32] = "", first_class[32] = "";
    fixture_open(f);
    assert_int_equal(stn_store_put_roster(f->store, classes, 2, students, 3, "roster.csv", NULL), CM_OK);
    snprintf(renamed.name, sizeof renamed.name, "Anil K.");
    assert_int_equal(stn_store_put_roster(f->store, NULL, 0, &renamed, 1, "fix.csv", NULL), CM_OK);
    fixture_reopen(f);
    assert_int_equal(stn_store_get_class(f->store, "9-A", &class_, NULL), CM_OK);
    assert_string_equal(class_.coordinator, "R. Das");
    assert_int_equal(class_.weekdays, 0x3f);
    assert_int_equal(stn_store_get_student(f->store, "s1", &student, NULL), CM_OK);
    assert_string_equal(student.name, "प्रिया शर्मा");
    assert_int_equal(stn_store_get_student(f->store, "s2", &student, NULL), CM_OK);
    assert_string_equal(student.name, "Anil K.");
    assert_int_equal(stn_store_get_student(f->store, "nobody", &student, NULL), CM_NOTFOUND);
    assert_int_equal(stn_store_get_class(f->store, "", &class_, NULL), CM_NOTFOUND);
    assert_int_equal(stn_store_each_student(f->store, append_student_id, ids, NULL), CM_OK);
    assert_string_equal(ids, "s1s2s3");
    assert_int_equal(stn_store_each_class(f->store, append_class_id, first_class, NULL), CM_OK);
    assert_string_equal(first_class, "10-B"); /* and ended there */
    assert_int_equal(stn_store_summary(f->store, &summary, NULL), CM_OK);
    assert_int_equal(summary.classes, 2);
    assert_int_equal(summary.students, 3);
    assert_int_equal(fixture_check(f), 2);
}

static void a_roster_goes_in_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    struct cm_student bad[3], student;
    struct cm_err err = CM_ERR_INIT;
    struct stn_store_summary summary;
    memcpy(bad, students, sizeof bad);
    memcpy(bad[2].name, "\xff", 2);
    fixture_open(f);
    assert_int_equal(stn_store_put_roster(f->store, classes, 2, bad, 3, "bad.csv", &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "name is not UTF-8"));
    bad[2] = students[2];
    bad[2].id[0] = '\0';
    assert_int_equal(stn_store_put_roster(f->store, classes, 2, bad, 3, "bad.csv", &err), CM_INVALID);
    assert_int_equal(stn_store_get_student(f->store, "s1", &student, NULL), CM_NOTFOUND);
    assert_int_equal(stn_store_summary(f->store, &summary, NULL), CM_OK);
    assert_int_equal(summary.classes + summary.students + summary.last_seq, 0);
}

/* ---- templates ---- */

struct seen {
    size_t count;
    struct cm_template last;
};

static bool see_template(void *arg, const struct cm_template *template_)
{
    struct seen *seen = arg;
    seen->count++;
    seen->last = *template_;
    return true;
}

static struct seen read_templates(struct fixture *f, size_t expect_damaged)
{
    struct seen seen = {0};
    struct cm_err err = CM_ERR_INIT;
    size_t damaged = 99;
    if (stn_store_each_template(f->store, see_template, &seen, &damaged, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(damaged, expect_damaged);
    return seen;
}

static void templates_come_back_as_they_went_in(void **state)
{
    struct fixture *f = *state;
    struct cm_template templates[3];
    struct stn_store_summary summary;
    fixture_templates("s1", templates, 3);
    fixture_open(f);
    assert_int_equal(stn_store_put_templates(f->store, "s1", templates, 3, &given, NULL), CM_OK);
    fixture_reopen(f);
    struct seen seen = read_templates(f, 0);
    assert_int_equal(seen.count, 3);
    assert_memory_equal(seen.last.embedding, templates[2].embedding, sizeof templates[2].embedding);
    assert_string_equal(seen.last.student_id, "s1");
    assert_string_equal(seen.last.model, "dlib_resnet_v1");
    assert_int_equal(stn_store_put_templates(f->store, "s1", templates, 1, &given, NULL),
                     CM_OK); /* replaced, not added */
    assert_int_equal(read_templates(f, 0).count, 1);
    fixture_templates("s10", templates, 2); /* an id that begins like another is another */
    assert_int_equal(stn_store_put_templates(f->store, "s10", templates, 2, &given, NULL), CM_OK);
    assert_int_equal(read_templates(f, 0).count, 3);
    assert_int_equal(stn_store_summary(f->store, &summary, NULL), CM_OK);
    assert_int_equal(summary.templates, 3);
    assert_int_equal(summary.students_with_templates, 2);
    assert_int_equal(fixture_check(f), 6);
}

static void templates_of_somebody_else_are_refused(void **state)
{
    struct fixture *f = *state;
    struct cm_template templates[2];
    fixture_templates("s1", templates, 2);
    fixture_open(f);
    assert_int_equal(stn_store_put_templates(f->store, "s2", templates, 2, &given, NULL), CM_INVALID);
    assert_int_equal(stn_store_put_templates(f->store, "s1", templates, 0, &given, NULL), CM_INVALID);
    assert_int_equal(stn_store_put_templates(f->store, "", templates, 2, &given, NULL), CM_INVALID);
    assert_int_equal(read_templates(f, 0).count, 0);
}

static bool file_holds(const char *path, const void *bytes, size_t size)
{
    static uint8_t content[1 << 20];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(content, 1, sizeof content, file);
    fclose(file);
    return memmem(content, length, bytes, size) != NULL;
}

static void nothing_of_a_template_is_on_disk_in_plain(void **state)
{
    struct fixture *f = *state;
    struct cm_template templates[1];
    fixture_templates("s1", templates, 1);
    fixture_open(f);
    assert_int_equal(stn_store_put_templates(f->store, "s1", templates, 1, &given, NULL), CM_OK);
    fixture_close(f);
    assert_false(file_holds(fixture_path(f, "store/data.mdb"), &templates[0].embedding[10], 8));
    assert_true(file_holds(fixture_path(f, "store/data.mdb"), "s1", 2)); /* the search itself works */
}

/* ---- events ---- */

static void a_mark_counts_once(void **state)
{
    struct fixture *f = *state;
    struct cm_roll_entry entry = {0}, again = {0}, stored;
    fixture_open(f);
    assert_int_equal(fixture_append_mark(f->store, "s1", &entry, NULL), CM_OK);
    assert_int_equal(entry.mark_seq, 1);
    assert_int_equal(entry.captured_wall_ms, fixture_mark("s1").captured_wall_ms);
    assert_int_equal(fixture_append_mark(f->store, "s1", &again, NULL), CM_EXISTS);
    assert_int_equal(again.mark_seq, 1);
    assert_int_equal(fixture_append_mark(f->store, "s2", NULL, NULL), CM_OK);
    fixture_reopen(f);
    assert_int_equal(fixture_append_mark(f->store, "s1", NULL, NULL), CM_EXISTS);
    assert_int_equal(stn_store_get_roll(f->store, FIXTURE_DATE, "10-B", "s1", &stored, NULL), CM_OK);
    assert_int_equal(stored.status, CM_ROLL_PRESENT);
    assert_int_equal(stored.points, 17);
    assert_int_equal(stored.mark_seq, 1);
    assert_int_equal(stn_store_get_roll(f->store, FIXTURE_DATE + 1, "10-B", "s1", &stored, NULL),
                     CM_NOTFOUND);
    assert_int_equal(fixture_check(f), 2);
}

static void a_mark_whose_entry_is_anothers_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cm_mark mark = fixture_mark("s1"), other = fixture_mark("s2");
    struct cm_roll_entry entry = fixture_entry(&other);
    fixture_open(f);
    assert_int_equal(stn_store_append_mark(f->store, &mark, &entry, NULL, NULL), CM_INVALID);
    assert_int_equal(fixture_check(f), 0);
}

static enum cm_code correct(struct fixture *f, enum cm_roll_status status, int64_t wall_ms)
{
    struct cm_correction correction = fixture_correction("s1", status, wall_ms);
    struct cm_mark mark = fixture_mark("s1");
    struct cm_roll_entry entry = fixture_entry(&mark);
    entry.status = status;
    entry.points = 3;
    return stn_store_append_correction(f->store, &correction, &entry, NULL, NULL);
}

static void the_latest_correction_wins_in_any_order(void **state)
{
    static const struct {
        const char *order; /* m: a mark, a: excused at 1000, b: absent at 2000 */
        enum cm_roll_status status;
        uint64_t mark_seq, correction_seq;
    } cases[] = {
        {"m", CM_ROLL_PRESENT, 1, 0},  {"a", CM_ROLL_EXCUSED, 0, 1},  {"ma", CM_ROLL_EXCUSED, 1, 2},
        {"am", CM_ROLL_EXCUSED, 2, 1}, {"mab", CM_ROLL_ABSENT, 1, 3}, {"mba", CM_ROLL_ABSENT, 1, 2},
        {"bma", CM_ROLL_ABSENT, 2, 1}, {"abm", CM_ROLL_ABSENT, 3, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        struct cm_roll_entry entry;
        fixture_init(&f);
        fixture_open(&f);
        for (const char *c = cases[i].order; *c != '\0'; c++) {
            if (*c == 'm')
                assert_int_equal(fixture_append_mark(f.store, "s1", NULL, NULL), CM_OK);
            else
                assert_int_equal(
                    correct(&f, *c == 'a' ? CM_ROLL_EXCUSED : CM_ROLL_ABSENT, *c == 'a' ? 1000 : 2000),
                    CM_OK);
        }
        assert_int_equal(stn_store_get_roll(f.store, FIXTURE_DATE, "10-B", "s1", &entry, NULL), CM_OK);
        assert_int_equal(entry.status, cases[i].status);
        assert_int_equal(entry.mark_seq, cases[i].mark_seq);
        assert_int_equal(entry.correction_seq, cases[i].correction_seq);
        assert_int_equal(entry.captured_wall_ms,
                         entry.mark_seq != 0 ? fixture_mark("s1").captured_wall_ms : 0);
        assert_int_equal(fixture_check(&f), strlen(cases[i].order));
        fixture_finish(&f);
    }
}

struct log_seen {
    uint64_t seqs[16];
    enum cm_event_type types[16];
    size_t count, stop_after;
    struct cm_event last;
};

static bool see_event(void *arg, const struct cm_event *event)
{
    struct log_seen *seen = arg;
    seen->seqs[seen->count] = event->seq;
    seen->types[seen->count++] = event->type;
    seen->last = *event;
    return seen->count != seen->stop_after;
}

static void the_log_holds_every_event_in_order(void **state)
{
    struct fixture *f = *state;
    struct cm_activity activity = fixture_activity("a face nobody knows");
    struct cm_coverage coverage = {
        .from_wall_ms = 1, .to_wall_ms = 2, .able = false, .reason = "camera_dark"};
    struct cm_template template_;
    struct log_seen seen = {0}, from = {.stop_after = 1};
    fixture_templates("s1", &template_, 1);
    fixture_open(f);
    assert_int_equal(stn_store_put_roster(f->store, classes, 2, students, 3, "roster.csv", NULL), CM_OK);
    assert_int_equal(stn_store_put_templates(f->store, "s1", &template_, 1, &given, NULL), CM_OK);
    assert_int_equal(fixture_append_mark(f->store, "s1", NULL, NULL), CM_OK);
    assert_int_equal(stn_store_append_activity(f->store, &activity, NULL), CM_OK);
    assert_int_equal(stn_store_append_coverage(f->store, &coverage, NULL), CM_OK);
    assert_int_equal(correct(f, CM_ROLL_EXCUSED, 5), CM_OK);
    assert_int_equal(stn_store_each_event(f->store, 0, see_event, &seen, NULL), CM_OK);
    static const enum cm_event_type types[] = {CM_EVENT_ROSTER,    CM_EVENT_CONSENT,  CM_EVENT_ENROLLED,
                                               CM_EVENT_MARK,      CM_EVENT_ACTIVITY, CM_EVENT_COVERAGE,
                                               CM_EVENT_CORRECTION};
    assert_int_equal(seen.count, 7);
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(seen.seqs[i], i + 1);
        assert_int_equal(seen.types[i], types[i]);
    }
    assert_string_equal(seen.last.body.correction.by, "Meera Nair");
    assert_int_equal(seen.last.wall_ms, f->clock.now_wall_ms);
    assert_int_equal(seen.last.mono_us, f->clock.now_mono_us);
    assert_int_equal(stn_store_each_event(f->store, 4, see_event, &from, NULL), CM_OK);
    assert_int_equal(from.count, 1);
    assert_int_equal(from.last.body.mark.blink_ms, 180);
    assert_int_equal(fixture_check(f), 7);
}

static void the_roll_of_a_date_is_only_that_date(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    for (int day = 0; day < 3; day++) {
        struct cm_mark mark = fixture_mark("s1");
        mark.date += day;
        struct cm_roll_entry entry = fixture_entry(&mark);
        assert_int_equal(stn_store_append_mark(f->store, &mark, &entry, NULL, NULL), CM_OK);
    }
    struct cm_roll_entry entry;
    assert_int_equal(stn_store_get_roll(f->store, FIXTURE_DATE + 1, "10-B", "s1", &entry, NULL), CM_OK);
    assert_int_equal(entry.mark_seq, 2);
    assert_int_equal(stn_store_get_roll(f->store, FIXTURE_DATE + 1, "10-C", "s1", &entry, NULL), CM_NOTFOUND);
}

static bool count_entry(void *arg, const struct cm_roll_entry *entry)
{
    (void)entry;
    ++*(size_t *)arg;
    return true;
}

static void each_roll_visits_the_date(void **state)
{
    struct fixture *f = *state;
    size_t count = 0;
    fixture_open(f);
    assert_int_equal(fixture_append_mark(f->store, "s1", NULL, NULL), CM_OK);
    assert_int_equal(fixture_append_mark(f->store, "s2", NULL, NULL), CM_OK);
    assert_int_equal(stn_store_each_roll(f->store, FIXTURE_DATE, count_entry, &count, NULL), CM_OK);
    assert_int_equal(count, 2);
    assert_int_equal(stn_store_each_roll(f->store, FIXTURE_DATE + 1, count_entry, &count, NULL), CM_OK);
    assert_int_equal(count, 2);
    assert_int_equal(stn_store_each_roll(f->store, 0, count_entry, &count, NULL), CM_INVALID);
}

struct nested {
    struct stn_store *store;
    enum cm_code get, append;
};

static bool use_within(void *arg, const struct cm_roll_entry *entry)
{
    struct nested *nested = arg;
    struct cm_roll_entry same;
    nested->get =
        stn_store_get_roll(nested->store, entry->date, entry->class_id, entry->student_id, &same, NULL);
    nested->append = fixture_append_mark(nested->store, "s9", NULL, NULL);
    return true;
}

static void a_walk_may_read_but_not_write(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    assert_int_equal(fixture_append_mark(f->store, "s1", NULL, NULL), CM_OK);
    struct nested nested = {.store = f->store};
    assert_int_equal(stn_store_each_roll(f->store, FIXTURE_DATE, use_within, &nested, NULL), CM_OK);
    assert_int_equal(nested.get, CM_OK);
    assert_int_equal(nested.append, CM_BACKEND);
    assert_int_equal(fixture_append_mark(f->store, "s9", NULL, NULL), CM_OK);
}

static void the_map_grows_from_tiny(void **state)
{
    enum { MARKS = 3000 };
    struct fixture *f = *state;
    struct cm_err err = CM_ERR_INIT;
    static struct cm_student many[MARKS];
    struct stn_store_summary summary;
    assert_int_equal(fixture_try_open(f, false, 32 * 1024, &err), CM_OK);
    for (int i = 0; i < MARKS; i++) {
        snprintf(many[i].id, sizeof many[i].id, "s%05d", i);
        snprintf(many[i].name, sizeof many[i].name, "Student number %d", i);
        snprintf(many[i].class_id, sizeof many[i].class_id, "10-B");
    }
    assert_int_equal(stn_store_put_roster(f->store, classes, 1, many, MARKS, "big.csv", &err), CM_OK);
    for (int i = 0; i < 100; i++) {
        if (fixture_append_mark(f->store, many[i].id, NULL, &err) != CM_OK)
            fail_msg("%d: %s", i, err.msg);
    }
    fixture_close(f);
    assert_int_equal(fixture_try_open(f, false, 32 * 1024, &err), CM_OK); /* smaller than what is there */
    assert_int_equal(stn_store_summary(f->store, &summary, NULL), CM_OK);
    assert_int_equal(summary.students, MARKS);
    assert_int_equal(summary.last_seq, 101);
    assert_true(summary.bytes_used > 32 * 1024);
    assert_int_equal(fixture_check(f), 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_start_makes_an_identity_that_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(one_handle_per_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(a_roster_is_kept_and_replaced_by_id, setup, teardown),
        cmocka_unit_test_setup_teardown(a_roster_goes_in_whole_or_not_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(templates_come_back_as_they_went_in, setup, teardown),
        cmocka_unit_test_setup_teardown(templates_of_somebody_else_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_of_a_template_is_on_disk_in_plain, setup, teardown),
        cmocka_unit_test_setup_teardown(a_mark_counts_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_mark_whose_entry_is_anothers_is_refused, setup, teardown),
        cmocka_unit_test(the_latest_correction_wins_in_any_order),
        cmocka_unit_test_setup_teardown(the_log_holds_every_event_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(the_roll_of_a_date_is_only_that_date, setup, teardown),
        cmocka_unit_test_setup_teardown(each_roll_visits_the_date, setup, teardown),
        cmocka_unit_test_setup_teardown(a_walk_may_read_but_not_write, setup, teardown),
        cmocka_unit_test_setup_teardown(the_map_grows_from_tiny, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
