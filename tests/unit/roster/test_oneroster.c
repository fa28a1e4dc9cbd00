#include "unit.h"

#include "roster/oneroster.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the sets ---- */

#define MANIFEST_BULK                                                                                        \
    "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,bulk\n"                     \
    "file.classes,bulk\nfile.enrollments,bulk\n"
#define USERS_HEAD                                                                                           \
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"           \
    "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
#define USERS                                                                                                \
    USERS_HEAD                                                                                               \
    "s1,,,true,o1,student,asha,,Asha,Rao,,12,,,,\"p0, p1\",,secret\n"                                        \
    "s2,,,true,o1,student,ravi,,Ravi,\"Sen, jr\",,a-very-long-identifier,,,,p2,,\n"                          \
    "p1,,,true,o1,guardian,devi,,Devi,Rao,,,devi@example.org,,+91 98765 43210,,,\n"                          \
    "p2,,,true,o1,parent,mo,,Mo,Sen,,,,9876543210,,,,\n"                                                     \
    "t1,,,true,o1,teacher,,,Tara,Iyer,,,,,,,,\n"                                                             \
    "a1,,,true,o1,administrator,,,,,,,,,,,,\n"
#define CLASSES_HEAD                                                                                         \
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"           \
    "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
#define CLASSES                                                                                              \
    CLASSES_HEAD                                                                                             \
    "c1,,,Homeroom 10-B,10,,10-B,homeroom,,o1,,,,\n"                                                         \
    "c2,,,9 A,9,,,homeroom,,o1,,,,\n"                                                                        \
    "c3,,,Chemistry,10,,CHEM,scheduled,,o1,,,,\n"
#define ENROLLMENTS_HEAD                                                                                     \
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"           \
    "beginDate,endDate\n"
#define ENROLLMENTS                                                                                          \
    ENROLLMENTS_HEAD                                                                                         \
    "e1,,,c1,o1,s1,student,false,2026-06-01,2027-04-30\n"                                                    \
    "e2,,,c3,o1,s1,student,false,,\n"                                                                        \
    "e3,,,c1,o1,s2,student,,2026-06-01,2026-09-01\n"                                                         \
    "e4,,,c2,o1,s2,student,,2026-09-01,\n"                                                                   \
    "e5,,,c1,o1,t1,teacher,true,,\n"                                                                         \
    "e6,,,c1,o1,a1,administrator,,,\n"

enum { FILES = 6 };
static struct cm_oneroster_file files[FILES];

static bool student_known(void *arg, const char *id)
{
    (void)arg;
    return strcmp(id, "s1") == 0 || strcmp(id, "s2") == 0 || strcmp(id, "s9") == 0;
}

static bool class_of(void *arg, const char *sourced_id, char ret_id[CM_ID_SIZE])
{
    (void)arg;
    if (strcmp(sourced_id, "c2") != 0)
        return false;
    strcpy(ret_id, "9 A");
    return true;
}

static const struct cm_oneroster_known known = {
    .student = student_known, .class_of = class_of, .today = 20261123, .country = ""};

static enum cm_code parse(const char *const *texts, struct cm_oneroster *ret_set, struct cm_err *err)
{
    size_t count = 0;
    memset(files, 0, sizeof files);
    for (; count < FILES && texts[count] != NULL; count++)
        files[count] = (struct cm_oneroster_file){.data = texts[count], .size = strlen(texts[count])};
    return cm_oneroster_parse(files, count, &known, ret_set, err);
}

/* The place of a student in the result; -1: not there. */
static int find(const struct cm_oneroster *set, const char *id)
{
    for (size_t i = 0; i < set->roster.student_count; i++)
        if (strcmp(set->roster.students[i].id, id) == 0)
            return (int)i;
    return -1;
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cm_oneroster_kind kind;
    } cases[] = {
        {MANIFEST_BULK, CM_ONEROSTER_MANIFEST},
        {"\xef\xbb\xbf" USERS, CM_ONEROSTER_USERS},
        {CLASSES, CM_ONEROSTER_CLASSES},
        {ENROLLMENTS, CM_ONEROSTER_ENROLLMENTS},
        {"sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n",
         CM_ONEROSTER_ROLES},
        {"sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n", CM_ONEROSTER_OTHER},
        {"id,name,class\n", CM_ONEROSTER_NONE},
        {"", CM_ONEROSTER_NONE},
        {"\"broken", CM_ONEROSTER_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cm_oneroster_kind_of(cases[i].text, strlen(cases[i].text)), cases[i].kind);
}

static void a_whole_school(void **state)
{
    (void)state;
    struct cm_oneroster set;
    struct cm_err err = CM_ERR_INIT;
    static const char orgs[] =
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\no1,,,School,school,,\n";
    const char *texts[] = {ENROLLMENTS, CLASSES, orgs, USERS, MANIFEST_BULK, NULL};
    enum cm_code code = parse(texts, &set, &err);
    if (code != CM_OK)
        print_message("%s\n", err.msg);
    assert_int_equal(code, CM_OK);
    assert_true(set.whole);
    assert_int_equal(set.roster.student_count, 2);
    assert_int_equal(set.roster.class_count, 2);
    assert_string_equal(set.roster.classes[0].id, "10-B");
    assert_string_equal(set.roster.classes[0].coordinator, "Tara Iyer");
    assert_string_equal(set.roster.classes[1].id, "9 A"); /* no classCode: the title */
    assert_int_equal(set.class_count, 2);
    assert_string_equal(set.classes[0].sourced_id, "c1");

    int asha = find(&set, "s1"), ravi = find(&set, "s2");
    assert_true(asha >= 0 && ravi >= 0);
    assert_string_equal(set.roster.students[asha].name, "Asha Rao");
    assert_string_equal(set.roster.students[asha].class_id, "10-B");
    assert_string_equal(set.roster.details[asha].roll_number, "12");
    assert_string_equal(set.roster.details[asha].parent_name, "Devi Rao"); /* p0 is nobody */
    assert_string_equal(set.roster.details[asha].parent_phone, "+919876543210");
    assert_string_equal(set.roster.details[asha].parent_email, "devi@example.org");
    assert_int_equal(set.roster.details[ravi].has & CM_ROSTER_HAS_PARENT_EMAIL, 0);
    assert_string_equal(set.roster.students[ravi].class_id, "9 A"); /* the first one is over */
    assert_string_equal(set.roster.details[ravi].parent_name, "Mo Sen");
    assert_int_equal(set.roster.details[ravi].has & CM_ROSTER_HAS_PARENT_PHONE, 0);
    assert_int_equal(set.roster.details[ravi].has & CM_ROSTER_HAS_ROLL_NUMBER, 0);
    assert_int_equal(files[3].report.notes.count, 1);
    assert_string_equal(
        files[3].report.notes.text[0],
        "line 5: a telephone number that is none, or has no country code (like +91), is left out");
    assert_int_equal(files[2].report.notes.count, 1); /* orgs are not used */
    cm_oneroster_finish(&set);
}

static void roles_have_a_file_in_1_2(void **state)
{
    (void)state;
    struct cm_oneroster set;
    static const char users[] = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,"
                                "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,"
                                "password,preferredGivenName,preferredFamilyName\n"
                                "s1,,,true,,,Ashalata,Rao,,,,,,p1,,,Asha,\n"
                                "p1,,,true,,,Devi,Rao,,,,,+919876543210,,,,,\n";
    static const char roles[] = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,"
                                "endDate,orgSourcedId,userProfileSourcedId\n"
                                "r1,,,s1,primary,student,,,o1,\nr2,,,p1,primary,parent,,,o1,\n"
                                "r3,,,nobody,primary,student,,,o1,\n";
    const char *texts[] = {users, roles, CLASSES, ENROLLMENTS_HEAD "e1,,,c1,o1,s1,student,,,\n", NULL};
    assert_int_equal(parse(texts, &set, NULL), CM_OK);
    assert_true(set.whole); /* no manifest, and no row has a status */
    assert_int_equal(set.roster.student_count, 1);
    assert_string_equal(set.roster.students[0].name, "Asha Rao");
    assert_string_equal(set.roster.details[0].parent_phone, "+919876543210");
    cm_oneroster_finish(&set);
}

static void a_delta_says_only_what_changed(void **state)
{
    (void)state;
    struct cm_oneroster set;
    static const char manifest[] = "propertyName,value\noneroster.version,1.1\nfile.users,delta\n"
                                   "file.enrollments,delta\nfile.classes,absent\n";
    const char *texts[] = {manifest,
                           USERS_HEAD "s1,tobedeleted,,true,o1,student,,,,,,,,,,,,\n"
                                      "s3,active,,true,o1,student,,,New,One,,,,,,,,\n"
                                      "s4,tobedeleted,,true,o1,student,,,Un,Known,,,,,,,,\n",
                           ENROLLMENTS_HEAD "e1,active,,c2,o1,s3,student,,,\n"
                                            "e2,active,,c2,o1,s2,student,,,\n" /* moves */
                                            "e3,tobedeleted,,c2,o1,s9,student,,,\n"
                                            "e4,active,,c7,o1,s2,student,,,\n"  /* a course of before */
                                            "e5,active,,c2,o1,s8,student,,,\n", /* not ours */
                           NULL};
    assert_int_equal(parse(texts, &set, NULL), CM_OK);
    assert_false(set.whole);
    assert_int_equal(set.roster.student_count, 4);
    assert_true(set.roster.details[find(&set, "s1")].gone);
    assert_string_equal(set.roster.students[find(&set, "s3")].class_id, "9 A");
    assert_int_equal(set.roster.details[find(&set, "s2")].has, CM_ROSTER_HAS_CLASS);
    assert_true(set.roster.details[find(&set, "s9")].gone);
    assert_int_equal(set.roster.class_count, 0);
    cm_oneroster_finish(&set);
}

static void faults_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *users, *classes, *enrollments; /* NULL: as above; "" left out */
        int file;                                  /* whose problem it is: 0 users … */
        const char *problem;
    } cases[] = {
        {NULL, NULL, ENROLLMENTS "e7,,,c2,o1,s1,student,,,\n", 2,
         "line 8: the student \"s1\" is in two homerooms, \"9 A\" and, on line 2, \"10-B\""},
        {NULL, NULL, ENROLLMENTS "e7,,,c9,o1,s1,student,,,\n", 2, "line 8: there is no class \"c9\""},
        {NULL, NULL, ENROLLMENTS "e7,,,c1,o1,s7,student,,,\n", 2, "line 8: there is no user \"s7\""},
        {NULL, NULL, ENROLLMENTS "e7,,,c1,o1,s1,student,,01.06.2026,\n", 2,
         "line 8: beginDate must be a date like 2026-11-23"},
        {USERS "s1,,,true,o1,student,,,Asha,Again,,,,,,,,\n", NULL, NULL, 0,
         "line 8: the user \"s1\" is on line 2 already"},
        {USERS "s9,,,true,o1,student,,,,,,,,,,,,\n", NULL, NULL, 0, "line 8: the name is empty"},
        {USERS "s9,,,true,o1,student,,,A\x01,B,,,,,,,,\n", NULL, NULL, 0,
         "line 8: the givenName has a control character (U+0001) in it: \"A\\u{1}\""},
        {USERS "s/9,,,true,o1,student,,,A,B,,,,,,,,\n", NULL, ENROLLMENTS "e7,,,c1,o1,s/9,student,,,\n", 0,
         "line 8: the sourcedId \"s/9\" may have letters, digits, \".\", \"_\" and \"-\" only"},
        {USERS "s9,,,true\n", NULL, NULL, 0, "line 8: 4 fields where the header has 18"},
        {"sourcedId,familyName\ns1,Rao\n", NULL, NULL, 0, "line 1: the header has no column \"givenName\""},
        {NULL, CLASSES "c4,,,Other,10,,10-B,homeroom,,o1,,,,\n", NULL, 1,
         "line 5: the homeroom \"10-B\" is on line 2 already"},
        {NULL, CLASSES "c4,,,10+C,10,,,homeroom,,o1,,,,\n", NULL, 1,
         "line 5: the title \"10+C\" may have letters, digits, \".\", \"_\" and \"-\" only, and single "
         "spaces and "
         "\"/\" between them"},
        {NULL,
         CLASSES_HEAD "c1,,,Chem,,,,scheduled,,,,,,\nc2,,,Chem,,,,scheduled,,,,,,\n"
                      "c3,,,Chem,,,,scheduled,,,,,,\n",
         NULL, 1, "there is no class of type \"homeroom\": the day's attendance is taken in those"},
        {NULL, NULL, "", 0, "the set has no enrollments.csv"},
        {NULL, NULL, USERS, 2, "there are two files of this kind"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_oneroster set;
        struct cm_err err = CM_ERR_INIT;
        const char *texts[] = {cases[i].users != NULL ? cases[i].users : USERS,
                               cases[i].classes != NULL ? cases[i].classes : CLASSES,
                               cases[i].enrollments != NULL ? cases[i].enrollments : ENROLLMENTS, NULL};
        if (texts[2][0] == '\0')
            texts[2] = NULL;
        print_message("case %zu\n", i);
        assert_int_equal(parse(texts, &set, &err), CM_INVALID);
        assert_true(files[cases[i].file].report.problems.count >= 1);
        assert_string_equal(files[cases[i].file].report.problems.text[0], cases[i].problem);
    }
}

/* The set is refused, but its enrolments are read all the same: those of the second homeroom have to find their place. */
static void a_homeroom_that_is_there_twice(void **state)
{
    (void)state;
    struct cm_oneroster set;
    struct cm_err err = CM_ERR_INIT;
    static const char classes[] = CLASSES_HEAD "c1,,,Room 1,10,,R1,homeroom,,o1,,,,\n"
                                               "c2,,,Room 2,10,,R2,homeroom,,o1,,,,\n"
                                               "again,,,Room 1,10,,R1,homeroom,,o1,,,,\n";
    static const char enrollments[] = ENROLLMENTS_HEAD "e1,,,again,o1,t1,teacher,true,,\n"
                                                       "e2,,,again,o1,s1,student,,,\n"
                                                       "e3,,,c2,o1,s1,student,,,\n";
    const char *texts[] = {MANIFEST_BULK, USERS, classes, enrollments, NULL};
    assert_int_equal(parse(texts, &set, &err), CM_INVALID);
    assert_int_equal(files[2].report.problems.count, 1);
    assert_string_equal(files[2].report.problems.text[0], "line 4: the homeroom \"R1\" is on line 2 already");
    assert_int_equal(files[3].report.problems.count, 1);
    assert_string_equal(files[3].report.problems.text[0],
                        "line 4: the student \"s1\" is in two homerooms, \"R2\" and, on line 3, \"R1\"");
}

static void who_is_in_no_homeroom_is_left_out(void **state)
{
    (void)state;
    struct cm_oneroster set;
    const char *texts[] = {USERS "s9,,,true,o1,student,,,Late,Comer,,,,,,,,\n", CLASSES, ENROLLMENTS, NULL};
    assert_int_equal(parse(texts, &set, NULL), CM_OK);
    assert_int_equal(find(&set, "s9"), -1);
    assert_string_equal(files[0].report.notes.text[1], "line 8: \"s9\" is in no homeroom and is left out");
    cm_oneroster_finish(&set);
}

/* Whatever is cut off or turned: an answer, never a crash. */
static void damaged_sets(void **state)
{
    (void)state;
    static const char *const whole[] = {USERS, CLASSES, ENROLLMENTS};
    for (int file = 0; file < 3; file++)
        for (size_t cut = 0; cut < strlen(whole[file]); cut += 3) {
            struct cm_oneroster set;
            char *text = strndup(whole[file], cut);
            const char *texts[] = {whole[0], whole[1], whole[2], NULL};
            texts[file] = text;
            if (parse(texts, &set, NULL) == CM_OK)
                cm_oneroster_finish(&set);
            free(text);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(a_whole_school),
        cmocka_unit_test(roles_have_a_file_in_1_2),
        cmocka_unit_test(a_delta_says_only_what_changed),
        cmocka_unit_test(faults_are_told_with_their_line),
        cmocka_unit_test(a_homeroom_that_is_there_twice),
        cmocka_unit_test(who_is_in_no_homeroom_is_left_out),
        cmocka_unit_test(damaged_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
