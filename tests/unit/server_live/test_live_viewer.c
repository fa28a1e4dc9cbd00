/* Who sees what: the feed's entries and the notes, by role. */
#include "unit.h"

#include "live/entry.h"
#include "live/note.h"

#include <stdlib.h>
#include <string.h>

static char class_a[1][CM_ID_SIZE] = {"10-A"};
static char class_b[1][CM_ID_SIZE] = {"10-B"};

static const struct srv_viewer viewers[] = {
    {.role = SRV_ROLE_ADMIN, .user = "admin"},
    {.role = SRV_ROLE_COORDINATOR, .user = "of a", .class_count = 1, .classes = class_a},
    {.role = SRV_ROLE_COORDINATOR, .user = "of b", .class_count = 1, .classes = class_b},
    {.role = SRV_ROLE_STUDENT, .user = "s1", .student_id = "s1", .class_count = 1, .classes = class_a},
    {.role = SRV_ROLE_STUDENT, .user = "s2", .student_id = "s2", .class_count = 1, .classes = class_a},
    {.role = SRV_ROLE_STATION, .user = "station"},
};
enum { VIEWERS = sizeof viewers / sizeof viewers[0] };

static struct srv_entry *entry_of(const char *student, const char *class_id, bool of_students,
                                  bool every_class, const char *served)
{
    int classes = served != NULL ? 1 : 0;
    struct srv_entry *entry = calloc(1, sizeof *entry + (size_t)classes * CM_ID_SIZE);
    assert_non_null(entry);
    atomic_init(&entry->refs, 1);
    entry->chunk = srv_chunk_create("x", 1);
    strcpy(entry->student_id, student);
    strcpy(entry->class_id, class_id);
    entry->of_students = of_students;
    entry->every_class = every_class;
    entry->class_count = classes;
    if (served != NULL)
        strcpy(entry->classes[0], served);
    return entry;
}

static void entries_by_role(void **state)
{
    (void)state;
    static const struct {
        const char *what, *student, *class_id, *served;
        bool of_students, every_class;
        const char *seen; /* a letter for each viewer */
    } cases[] = {
        {"a mark", "s1", "10-A", NULL, true, true, "yynynn"},
        {"a mark by a station of another class", "s1", "10-A", "10-B", true, false, "yynynn"},
        {"an activity about a student", "s1", "10-A", "10-A", false, false, "yynnnn"},
        {"an activity about a student who was erased", "s1", "", NULL, false, true, "ynnnnn"},
        {"an activity of a station for all", "", "", NULL, false, true, "yyynnn"},
        {"an activity of a station of one class", "", "", "10-B", false, false, "ynynnn"},
        {"an activity of the server", "", "", NULL, false, false, "ynnnnn"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_entry *entry = entry_of(cases[i].student, cases[i].class_id, cases[i].of_students,
                                           cases[i].every_class, cases[i].served);
        for (int v = 0; v < VIEWERS; v++)
            if (srv_entry_seen_by(entry, &viewers[v]) != (cases[i].seen[v] == 'y'))
                fail_msg("%s: viewer %d", cases[i].what, v);
        srv_entry_unref(entry);
    }
}

static void what_pages_do_not_show_goes_to_nobody(void **state)
{
    (void)state;
    struct srv_entry entry = {.feed = 1};
    for (int v = 0; v < VIEWERS; v++)
        assert_false(srv_entry_seen_by(&entry, &viewers[v]));
}

static void notes_by_role(void **state)
{
    (void)state;
    static const struct {
        const char *what, *class_id;
        const char *seen; /* s: with its detail, w: the word alone, -: not at all */
    } cases[] = {
        {"roll", "10-A", "ss-ww-"},      {"roll", NULL, "sssww-"},     {"calendar", NULL, "sssww-"},
        {"stations", NULL, "sss---"},    {"activity", NULL, "sss---"}, {"users", NULL, "s-----"},
        {"enrolment", "10-A", "s-----"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_note note;
        json_t *detail = json_pack("{s:i}", "count", 3);
        assert_int_equal(srv_note_init(&note, cases[i].what, cases[i].class_id, detail, NULL), CM_OK);
        json_decref(detail);
        assert_int_equal(srv_note_render(&note, NULL), CM_OK);
        for (int v = 0; v < VIEWERS; v++) {
            const struct srv_chunk *got = srv_note_for(&note, &viewers[v]);
            const struct srv_chunk *wanted = cases[i].seen[v] == 's'   ? note.for_staff
                                             : cases[i].seen[v] == 'w' ? note.for_students
                                                                       : NULL;
            if (got != wanted)
                fail_msg("%s: viewer %d", cases[i].what, v);
        }
        srv_note_finish(&note);
    }
}

static void notes_without_detail_fall_together(void **state)
{
    (void)state;
    struct srv_note plain, detailed;
    json_t *detail = json_object();
    srv_note_init(&plain, "roll", "10-A", NULL, NULL);
    srv_note_init(&detailed, "roll", "10-A", detail, NULL);
    json_decref(detail);
    assert_true(srv_note_same(&plain, "roll", "10-A"));
    assert_false(srv_note_same(&plain, "roll", NULL));
    assert_false(srv_note_same(&plain, "students", "10-A"));
    assert_false(srv_note_same(&detailed, "roll", "10-A"));
    srv_note_finish(&plain);
    srv_note_finish(&detailed);
}

static void stations_by_class(void **state)
{
    (void)state;
    struct srv_station of_all = {.id = "1"}, of_b = {.id = "2", .class_count = 1, .classes = {"10-B"}};
    static const char *const seen[VIEWERS] = {"yy", "yn", "yy", "nn", "nn", "nn"};
    for (int v = 0; v < VIEWERS; v++) {
        assert_int_equal(srv_viewer_has_station(&viewers[v], &of_all), seen[v][0] == 'y');
        assert_int_equal(srv_viewer_has_station(&viewers[v], &of_b), seen[v][1] == 'y');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_by_role),   cmocka_unit_test(what_pages_do_not_show_goes_to_nobody),
        cmocka_unit_test(notes_by_role),     cmocka_unit_test(notes_without_detail_fall_together),
        cmocka_unit_test(stations_by_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
