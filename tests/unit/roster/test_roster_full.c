/* What a server reads of a roster beyond what a station does. */
#include "unit.h"

#include "roster/roster_csv.h"
#include <string.h>

static struct cm_roster_report report;

static bool known(void *arg, const char *class_id)
{
    (void)arg;
    return strcmp(class_id, "10-B") == 0;
}

static enum cm_code parse(const char *text, struct cm_roster *ret_roster)
{
    struct cm_err err = CM_ERR_INIT;
    return cm_roster_parse_full(text, strlen(text), "91", known, NULL, ret_roster, &report, &err);
}

static void the_columns_of_a_server(void **state)
{
    (void)state;
    struct cm_roster roster;
    assert_int_equal(parse("id,name,class,Roll_Number,parent_name,parent_phone,note\n"
                           "7,Asha,10-B,12,Devi Rao,+91 98765-43210,\"sits\nnot\"\n"
                           "8,Ravi,10-B,,,,\n",
                           &roster),
                     CM_INVALID); /* a line break in a note */
    assert_int_equal(parse("id,name,class,Roll_Number,parent_name,parent_phone,parent_email,note\n"
                           "7,Asha,10-B,12,Devi Rao,+91 98765-43210,devi@example.org,sits in front\n"
                           "8,Ravi,10-B,,,,,\n",
                           &roster),
                     CM_OK);
    assert_int_equal(roster.student_count, 2);
    const struct cm_roster_details *details = &roster.details[0];
    assert_string_equal(details->roll_number, "12");
    assert_string_equal(details->parent_name, "Devi Rao");
    assert_string_equal(details->parent_phone, "+919876543210");
    assert_string_equal(details->parent_email, "devi@example.org");
    assert_string_equal(details->note, "sits in front");
    assert_int_equal(details->has, CM_ROSTER_HAS_NAME | CM_ROSTER_HAS_CLASS | CM_ROSTER_HAS_ROLL_NUMBER |
                                       CM_ROSTER_HAS_PARENT_NAME | CM_ROSTER_HAS_PARENT_PHONE |
                                       CM_ROSTER_HAS_PARENT_EMAIL | CM_ROSTER_HAS_NOTE);
    assert_false(details->gone);
    assert_string_equal(roster.details[1].parent_phone, "");
    assert_int_equal(report.notes.count, 0);
    cm_roster_finish(&roster);
}

static void what_the_file_does_not_say_is_not_claimed(void **state)
{
    (void)state;
    struct cm_roster roster;
    assert_int_equal(parse("id,name,class,note\n7,Asha,10-B,x\n", &roster), CM_OK);
    assert_int_equal(roster.details[0].has, CM_ROSTER_HAS_NAME | CM_ROSTER_HAS_CLASS | CM_ROSTER_HAS_NOTE);
    cm_roster_finish(&roster);
}

static void faults(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"id,name,class,parent_phone\n7,Asha,10-B,876543210\n",
         "line 2: parent_phone must be a number with its country code, like +919876543210, not "
         "\"876543210\""},
        {"id,name,class,parent_email\n7,Asha,10-B,devi at home\n",
         "line 2: parent_email must be an address like meera@example.org, not \"devi at home\""},
        {"id,name,class\na/b,Asha,10-B\n",
         "line 2: the id \"a/b\" may have letters, digits, \".\", \"_\" and \"-\" only"},
        {"id,name,class\n..,Asha,10-B\n",
         "line 2: the id \"..\" may have letters, digits, \".\", \"_\" and \"-\" only"},
        {"id,name,class\n7,Asha,10+B\n", "line 2: the class \"10+B\" may have letters, digits, \".\", \"_\" "
                                         "and \"-\" only, and single spaces and "
                                         "\"/\" between them"},
        {"id,name,class,roll_number\n7,Asha,10-B,1234567890123456\n",
         "line 2: the roll_number is too long, only the first 15 of its 16 characters fit: "
         "\"1234567890123456\""},
        {"id,name,class,note,Note\n7,Asha,10-B,x,y\n", "line 1: the column \"note\" comes twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_roster roster;
        assert_int_equal(parse(cases[i].text, &roster), CM_INVALID);
        assert_string_equal(report.problems.text[0], cases[i].problem);
    }
}

/* A station passes over what it does not keep, and takes ids as they are. */
static void a_station_is_as_it_was(void **state)
{
    (void)state;
    struct cm_roster roster;
    static const char text[] = "id,name,class,note,note\na/b,Asha,10-B,x,y\n";
    assert_int_equal(cm_roster_parse(text, strlen(text), known, NULL, &roster, &report, NULL), CM_OK);
    assert_int_equal(roster.student_count, 1);
    assert_null(roster.details);
    assert_int_equal(report.notes.count, 2);
    cm_roster_finish(&roster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_columns_of_a_server),
        cmocka_unit_test(what_the_file_does_not_say_is_not_claimed),
        cmocka_unit_test(faults),
        cmocka_unit_test(a_station_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
