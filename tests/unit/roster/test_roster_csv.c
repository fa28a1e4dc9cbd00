#include "unit.h"

#include "roster/roster_csv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cm_roster_report report;

static bool known(void *arg, const char *class_id)
{
    (void)arg;
    return strcmp(class_id, "10-B") == 0;
}

static enum cm_code parse(const char *text, struct cm_roster *ret_roster, struct cm_err *err)
{
    return cm_roster_parse(text, strlen(text), known, NULL, ret_roster, &report, err);
}

static void students(void **state)
{
    (void)state;
    struct cm_roster roster;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(parse("id,name,class\r\n"
                           "1,Asha Rao,10-B\r\n"
                           "2,\"Sen, Ravi\",10-B\n"
                           "\n"
                           ",,\n"
                           "  3 ,  मीरा शर्मा ,10-B",
                           &roster, &err),
                     CM_OK);
    assert_int_equal(roster.kind, CM_ROSTER_STUDENTS);
    assert_int_equal(roster.student_count, 3);
    assert_int_equal(roster.class_count, 0);
    assert_string_equal(roster.students[0].id, "1");
    assert_string_equal(roster.students[0].name, "Asha Rao");
    assert_string_equal(roster.students[0].class_id, "10-B");
    assert_string_equal(roster.students[1].name, "Sen, Ravi");
    assert_string_equal(roster.students[2].id, "3");
    assert_string_equal(roster.students[2].name, "मीरा शर्मा");
    assert_int_equal(roster.students[2].extra.count, 0);
    assert_int_equal(report.problems.count, 0);
    assert_int_equal(report.notes.count, 0);
    cm_roster_finish(&roster);
}

static void columns_are_found_by_name(void **state)
{
    (void)state;
    struct cm_roster roster;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(
        parse("\xef\xbb\xbfPhone, Class ,NAME,Id,\n99,10-B,Asha,7,\n98,10-B,Ravi,8,,,\n", &roster, &err),
        CM_OK);
    assert_int_equal(roster.student_count, 2);
    assert_string_equal(roster.students[0].id, "7");
    assert_string_equal(roster.students[1].name, "Ravi");
    assert_int_equal(report.notes.count, 1);
    assert_string_equal(report.notes.text[0], "line 1: the column \"Phone\" is not used");
    cm_roster_finish(&roster);
}

static void an_unknown_class_is_made_once(void **state)
{
    (void)state;
    struct cm_roster roster;
    assert_int_equal(parse("id,name,class\n1,A,9-A\n2,B,9-A\n3,C,10-B\n4,D,8-C\n", &roster, NULL), CM_OK);
    assert_int_equal(roster.student_count, 4);
    assert_int_equal(roster.class_count, 2);
    const struct cm_class *class_ = &roster.classes[0];
    assert_string_equal(class_->id, "9-A");
    assert_int_equal(class_->start_minute, 540);
    assert_int_equal(class_->late_after_min, 10);
    assert_int_equal(class_->close_after_min, 60);
    assert_int_equal(class_->weekdays, 0x3f);
    assert_string_equal(roster.classes[1].id, "8-C");
    assert_int_equal(report.notes.count, 2);
    assert_string_equal(report.notes.text[0],
                        "line 2: the class \"9-A\" is new and gets 09:00 from Monday to "
                        "Saturday, unless a file of classes sets its times");
    cm_roster_finish(&roster);
}

static void classes(void **state)
{
    (void)state;
    struct cm_roster roster;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(parse("class,coordinator,start,late_after,close_after,weekdays\n"
                           "10-B,R. Iyer,08:45,15,90,Mon-Fri\n"
                           "10-C,,9:00,0,45,\"Mon,Wed,Fri\"\n",
                           &roster, &err),
                     CM_OK);
    assert_int_equal(roster.kind, CM_ROSTER_CLASSES);
    assert_int_equal(roster.class_count, 2);
    assert_int_equal(roster.student_count, 0);
    const struct cm_class *class_ = roster.classes;
    assert_string_equal(class_[0].id, "10-B");
    assert_string_equal(class_[0].coordinator, "R. Iyer");
    assert_int_equal(class_[0].start_minute, 525);
    assert_int_equal(class_[0].late_after_min, 15);
    assert_int_equal(class_[0].close_after_min, 90);
    assert_int_equal(class_[0].weekdays, 0x1f);
    assert_string_equal(class_[1].coordinator, "");
    assert_int_equal(class_[1].weekdays, 1 | 4 | 16);
    cm_roster_finish(&roster);

    assert_int_equal(parse("start,class\n23:00,night\n", &roster, &err), CM_OK);
    assert_int_equal(roster.classes[0].close_after_min, 60);
    assert_int_equal(roster.classes[0].weekdays, 0x3f);
    cm_roster_finish(&roster);
}

/* One file, the problems it has, and nothing else. */
static const struct problem_case {
    const char *text;
    const char *problems[6];
} problem_cases[] = {
    {"", {"the file is empty"}},
    {"id,name,class\n", {"there is nothing below the header"}},
    {"id,name,class\n,,\n", {"there is nothing below the header"}},
    {"name,class\nA,10-B\n",
     {"line 1: the header must be like id,name,class for students, or class,start for classes"}},
    {"id;name;class\n1;A;10-B\n",
     {"line 1: the fields are not separated by commas: save the file as \"CSV (comma delimited)\""}},
    {"id,name\n1,A\n", {"line 1: the header has no column \"class\""}},
    {"start,coordinator\n09:00,X\n", {"line 1: the header has no column \"class\""}},
    {"id,name,class,ID\n1,A,10-B,2\n", {"line 1: the column \"id\" comes twice"}},
    {"id,name,class\n1,A,10-B\n2,B,10-B\n1,C,10-B\n", {"line 4: the id \"1\" is on line 2 already"}},
    {"id,name,class\n1,A,10-B\n1,A,10-B\n1,,10-B\n",
     {"line 3: the id \"1\" is on line 2 already", "line 4: the id \"1\" is on line 2 already",
      "line 4: the name is empty"}},
    {"id,name,class\n,A,10-B\n2,,10-B\n3,C,\n4, ,10-B\n",
     {"line 2: the id is empty", "line 3: the name is empty", "line 4: the class is empty",
      "line 5: the name is empty"}},
    {"id,name,class\n1,A\n2,Sen, Ravi,10-B\n",
     {"line 2: 2 fields where the header has 3; a field with a comma in it needs quotes",
      "line 3: 4 fields where the header has 3; a field with a comma in it needs quotes"}},
    {"id,name,class\n1,\"A\nB\",10-B\n2,,10-B\n",
     {"line 2: the name has a control character (U+000A) in it: \"A\\nB\"", "line 4: the name is empty"}},
    {"id,name,class\n1,A\tB,10-B\n", {"line 2: the name has a control character (U+0009) in it: \"A\\tB\""}},
    {"id,name,class\n1,As\xe2\x80\xaeha,10-B\n",
     {"line 2: the name has a mark that turns the direction of writing (U+202E) in it: \"As\\u{202e}ha\""}},
    {"id,name,class\n1,As\xe2\x80\x8bha,10-B\n",
     {"line 2: the name has an invisible character (U+200B) in it: \"As\\u{200b}ha\""}},
    {"id,name,class\n1,A,10\xe2\x80\x8d-B\n",
     {"line 2: the class has an invisible character (U+200D) in it: \"10\\u{200d}-B\""}},
    {"id,name,class\n1,A,10-B\n2,B\xff,10-B\n", {"line 3: "}}, /* the reader's own words */
    {"class,start\n10-B,9am\n10-C,25:00\n10-D,\n",
     {"line 2: start must be a time like 09:00, not \"9am\"",
      "line 3: start must be a time like 09:00, not \"25:00\"",
      "line 4: start must be a time like 09:00, not \"\""}},
    {"class,start,late_after,close_after,weekdays\n10-B,09:00,ten,,1-May\n",
     {"line 2: late_after must be a number of minutes, not \"ten\"",
      "line 2: close_after must be a number of minutes, not \"\"",
      "line 2: weekdays must be like Mon-Sat, or Mon,Wed,Fri, or 1-5, not \"1-May\""}},
    {"class,start,late_after,close_after\n10-B,09:00,-5,99999\n",
     {"line 2: late_after must be a number of minutes, not \"-5\"",
      "line 2: close_after must be a number of minutes, not \"99999\""}},
    {"class,start,late_after,close_after\n10-B,09:00,70,60\n10-C,23:30,0,31\n",
     {"line 2: late_after must be 0 to close_after (60) minutes, not 70",
      "line 3: the session would cross midnight: 23:30 and 31 minutes; close_after can be 30 at most"}},
    {"class,start\n10-B,09:00\n10-B,10:00\n", {"line 3: the class \"10-B\" is on line 2 already"}},
};

static void problems(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof problem_cases / sizeof problem_cases[0]; i++) {
        const struct problem_case *c = &problem_cases[i];
        struct cm_roster roster = {.student_count = 77};
        struct cm_err err = CM_ERR_INIT;
        size_t wanted = 0;
        assert_int_equal(parse(c->text, &roster, &err), CM_INVALID);
        assert_int_equal(roster.student_count, 77); /* untouched */
        while (wanted < 6 && c->problems[wanted] != NULL) {
            const char *want = c->problems[wanted], *is = report.problems.text[wanted];
            if (want[strlen(want) - 1] == ' ')
                assert_memory_equal(is, want, strlen(want));
            else
                assert_string_equal(is, want);
            wanted++;
        }
        assert_int_equal(report.problems.count, wanted);
        assert_non_null(strstr(err.msg, "nothing was imported"));
    }
}

/* A name of so many of these letters. */
static const char *text_with(const char *letter, size_t count)
{
    static char text[CM_NAME_SIZE + 64];
    strcpy(text, "id,name,class\n1,");
    for (size_t i = 0; i < count; i++)
        strcat(text, letter);
    return strcat(text, ",10-B\n");
}

static void too_long_names(void **state)
{
    (void)state;
    static const char *const letters[] = {"n", "ë", "अ", "\xf0\x91\x84\x83"}; /* of one to four bytes */
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        struct cm_roster roster;
        assert_int_equal(parse(text_with(letters[i], CM_NAME_CHARS), &roster, NULL), CM_OK);
        assert_int_equal(strlen(roster.students[0].name), strlen(letters[i]) * CM_NAME_CHARS);
        cm_roster_finish(&roster);
        assert_int_equal(parse(text_with(letters[i], CM_NAME_CHARS + 1), &roster, NULL), CM_INVALID);
        assert_non_null(strstr(report.problems.text[0],
                               "line 2: the name is too long, 121 characters of at most 120: \""));
    }
}

static void many_problems_are_counted(void **state)
{
    (void)state;
    char text[4096] = "id,name,class\n";
    size_t length = strlen(text);
    for (int i = 0; i < 57; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%d,,10-B\n", i);
    struct cm_roster roster;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(parse(text, &roster, &err), CM_INVALID);
    assert_int_equal(report.problems.count, 57);
    assert_string_equal(report.problems.text[CM_ROSTER_REMARKS - 1], "line 21: the name is empty");
    assert_string_equal(err.msg, "nothing was imported, there are 57 problems: line 2: the name is empty");
}

static void a_large_file_and_its_bound(void **state)
{
    (void)state;
    enum { ROWS = CM_ROSTER_ROWS_MAX + 1, ROW_SIZE = 24 };
    char *text = malloc(64 + (size_t)ROWS * ROW_SIZE);
    assert_non_null(text);
    size_t length = (size_t)sprintf(text, "id,name,class\n"), length_of_most = 0;
    for (int i = 0; i < ROWS; i++) {
        if (i == CM_ROSTER_ROWS_MAX)
            length_of_most = length;
        length += (size_t)sprintf(text + length, "%d,A,C%d\n", i, i % 500);
    }
    struct cm_roster roster;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(cm_roster_parse(text, length, known, NULL, &roster, &report, &err), CM_INVALID);
    assert_string_equal(report.problems.text[0], "line 50002: more than 50000 rows: split the file");
    assert_int_equal(cm_roster_parse(text, length_of_most, known, NULL, &roster, &report, &err), CM_OK);
    assert_int_equal(roster.student_count, CM_ROSTER_ROWS_MAX);
    assert_int_equal(roster.class_count, 500);
    assert_int_equal(report.notes.count, 500);
    assert_string_equal(roster.students[CM_ROSTER_ROWS_MAX - 1].id, "49999");
    cm_roster_finish(&roster);
    free(text);
}

static void weekdays(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t weekdays; /* 0: refused */
    } cases[] = {
        {"Mon-Sat", 0x3f},
        {"mon - fri", 0x1f},
        {"MON,WED,FRI", 0x15},
        {"Monday Tuesday", 0x03},
        {"Mon;Thurs", 0x09},
        {"1-5", 0x1f},
        {"1,3,7", 0x45},
        {"Sat-Mon", 0x61},
        {"Sun", 0x40},
        {"Mon-Mon", 0x01},
        {"Tue-Mon", 0x7f},
        {" Mon , Tue-Wed ", 0x07},
        {"Mon,", 0x01},
        {"", 0},
        {" , ", 0},
        {"Mo", 0},
        {"Mondays", 0},
        {"Mon-", 0},
        {"-Fri", 0},
        {"0", 0},
        {"8", 0},
        {"15", 0},
        {"1-May", 0},
        {"Mon+Tue", 0},
        {"Mon\xe2\x80\x93Sat", 0},
        {"daily", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t is = 0;
        struct cm_err err = CM_ERR_INIT;
        enum cm_code code = cm_weekdays_parse(cases[i].text, &is, &err);
        assert_int_equal(is, cases[i].weekdays);
        assert_int_equal(code, cases[i].weekdays != 0 ? CM_OK : CM_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(an_unknown_class_is_made_once),
        cmocka_unit_test(classes),
        cmocka_unit_test(problems),
        cmocka_unit_test(too_long_names),
        cmocka_unit_test(many_problems_are_counted),
        cmocka_unit_test(a_large_file_and_its_bound),
        cmocka_unit_test(weekdays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
