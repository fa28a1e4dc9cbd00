#include "unit.h"

#include "api/import.h"
#include "school.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    const char *name, *text;
};

/* Posts the files; allow adds allow_removals. */
static int import(const struct file *files, size_t count, const char *query, bool allow)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", files[i].name, "text", files[i].text));
    json_t *body = json_pack("{s:o}", "files", list);
    if (allow)
        json_object_set_new(body, "allow_removals", json_true());
    char *text = json_dumps(body, 0), target[64];
    json_decref(body);
    snprintf(target, sizeof target, "/api/students/import%s", query);
    int status = call(&the_admin, "POST", target, text);
    free(text);
    return status;
}

static enum cm_code read_files(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_import_read(store, arg, err);
}

static enum cm_code write_roster(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_import_write(store, arg, err);
}

static enum cm_code make_class(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct cm_class class_ = {.start_minute = 540, .close_after_min = 60, .weekdays = 31};
    strcpy(class_.id, arg);
    return srv_store_put_class(store, &class_, err);
}

static enum cm_code delete_class(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_delete_class(store, arg, err);
}

/* Files are read beside the writer: a class that goes meanwhile gets no students, and nothing is written by halves. */
static void a_class_that_goes_meanwhile(void **state)
{
    (void)state;
    static const char text[] = "id,name,class\nn1,New One,10-B\nn2,New Two,7-A\n";
    char gone[] = "7-A";
    struct srv_import *import = calloc(1, sizeof *import);
    struct srv_student student;
    struct cm_err err = CM_ERR_INIT;
    import->files[0] = (struct srv_import_file){"students.csv", text, sizeof text - 1};
    import->file_count = 1;
    import->now_ms = school.clock.now_wall_ms;
    import->today = SCHOOL_TODAY;
    assert_int_equal(srv_store_write(school.app.store, make_class, gone, &err), CM_OK);
    assert_int_equal(srv_store_read(school.app.store, read_files, import, &err), CM_OK);
    assert_int_equal(import->students.added, 2);
    assert_int_equal(srv_store_write(school.app.store, delete_class, gone, &err), CM_OK);
    enum cm_code code = srv_store_write(school.app.store, write_roster, import, &err);
    assert_int_equal(code, CM_INVALID);
    assert_int_equal(srv_store_get_student(school.app.store, "n1", &student, NULL), CM_NOTFOUND);
    srv_import_finish(import);
    free(import);
}

static void students_and_classes(void **state)
{
    (void)state;
    static const struct file files[] = {
        {"students.csv",
         "id,name,class,parent_phone,parent_email\ns1,Asha Rao,10-B,+919876543210,devi@example.org\n"
         "s2,Ravi S,10-B,,\nn1,New One,8-C,,\n"},
        {"classes.csv", "class,start,weekdays\n8-C,08:30,Mon-Fri\n10-B,09:00,Mon-Sat\n"},
    };
    assert_int_equal(import(files, 2, "?dry_run=1", false), 200);
    assert_true(json_is_true(at("dry_run")));
    assert_int_equal(int_at("classes.added"), 1);
    assert_int_equal(int_at("classes.changed"), 1); /* 10-B has no coordinator now */
    assert_int_equal(int_at("students.added"), 1);
    assert_int_equal(int_at("students.changed"), 2);
    assert_int_equal(int_at("students.removed"), 0);
    assert_int_equal(size_at("problems"), 0);
    assert_int_equal(call(&the_admin, "GET", "/api/students/n1", NULL), 404);

    assert_int_equal(import(files, 2, "", false), 200);
    assert_true(json_is_false(at("dry_run")));
    assert_int_equal(told.changes, 1);
    assert_int_equal(call(&the_admin, "GET", "/api/students/n1", NULL), 200);
    assert_string_equal(text_at("class_id"), "8-C");
    assert_string_equal(text_at("joined"), "2026-11-23");
    assert_int_equal(call(&the_admin, "GET", "/api/students/s1", NULL), 200);
    assert_string_equal(text_at("parent_phone"), "+919876543210");
    assert_string_equal(text_at("parent_email"), "devi@example.org");
    assert_string_equal(text_at("roll_number"), "1"); /* the file says nothing of it */
    assert_int_equal(call(&the_admin, "GET", "/api/students", NULL), 200);
    assert_int_equal(size_at("items"), 5); /* who is not in it stays */

    assert_int_equal(import(files, 2, "", false), 200);
    assert_int_equal(int_at("students.unchanged"), 3);
    assert_int_equal(int_at("students.changed"), 0);
    assert_int_equal(int_at("classes.changed"), 0);
}

static void problems_have_file_and_line(void **state)
{
    (void)state;
    static const struct file files[] = {
        {"a.csv", "id,name,class\nn1,Fine,10-B\nn2,,10-B\n"},
        {"b<script>.csv", "id,name,class\nn3,Ok,10-B\nn3,Twice,10-B\n"},
        {"c.csv", "what,ever\n1,2\n"},
    };
    assert_int_equal(import(files, 3, "?dry_run=1", false), 200);
    assert_int_equal(size_at("problems"), 3);
    assert_string_equal(text_at("problems.0.message"),
                        "the header must be like id,name,class for students, or class,start for classes");
    assert_string_equal(text_at("problems.1.file"), "a.csv");
    assert_int_equal(int_at("problems.1.line"), 3);
    assert_string_equal(text_at("problems.1.message"), "the name is empty");
    assert_string_equal(text_at("problems.2.file"), "b<script>.csv");
    assert_int_equal(int_at("problems.2.line"), 3);
    assert_int_equal(import(files, 3, "", false), 422);
    assert_string_equal(text_at("error.code"), "invalid");
    assert_int_equal(size_at("problems"), 3);
    assert_int_equal(told.changes, 0);
    assert_int_equal(call(&the_admin, "GET", "/api/students/n1", NULL), 404); /* all or nothing */
}

#define USERS                                                                                                \
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"           \
    "familyName\n"
#define CLASSES                                                                                              \
    "sourcedId,status,dateLastModified,title,classCode,classType\nc1,,,Ten,10-B,homeroom\n"                  \
    "c2,,,Nine,9-A,homeroom\n"
#define ENROLLMENTS "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role\n"

static void a_whole_school(void **state)
{
    (void)state;
    const struct file files[] = {
        {"users.csv", USERS "s1,,,true,o,student,,,Asha,Rao\ns2,,,true,o,student,,,Ravi,Sen\n"
                            "s4,,,true,o,student,,,Imran,Khan\n"},
        {"classes.csv", CLASSES},
        {"enrollments.csv", ENROLLMENTS "e1,,,c1,o,s1,student\ne2,,,c2,o,s2,student\ne3,,,c2,o,s4,student\n"},
    };
    /* s3 would go: one of four */
    assert_int_equal(import(files, 3, "?dry_run=1", false), 200);
    assert_int_equal(int_at("students.removed"), 1);
    assert_int_equal(size_at("problems"), 1);
    assert_string_equal(
        text_at("problems.0.message"),
        "1 of 4 students would be removed, more than 20 %: say allow_removals if that is meant");
    assert_int_equal(import(files, 3, "", false), 422);
    assert_string_equal(text_at("error.code"), "too_many_removals");
    assert_int_equal(import(files, 3, "", true), 200);
    assert_int_equal(int_at("students.removed"), 1);
    assert_int_equal(int_at("students.changed"), 1); /* s2 moved */
    assert_int_equal(int_at("students.unchanged"), 2);
    assert_int_equal(call(&the_admin, "GET", "/api/students/s3", NULL), 200);
    assert_true(json_is_true(at("archived")));
    assert_string_equal(text_at("left"), "2026-11-23");
    assert_int_equal(call(&the_admin, "GET", "/api/students/s2", NULL), 200);
    assert_string_equal(text_at("class_id"), "9-A");
    assert_int_equal(call(&the_admin, "GET", "/api/classes?class=10-B", NULL), 200);
    assert_string_equal(text_at("items.0.start"), "09:00");

    /* a delta names classes of before, and brings one back */
    const struct file delta[] = {
        {"users.csv", USERS "s3,active,,true,o,student,,,Meena,B\ns4,tobedeleted,,true,o,student,,,,\n"},
        {"enrollments.csv", ENROLLMENTS "e9,active,,c2,o,s3,student\ne8,active,,c1,o,s2,student\n"},
    };
    assert_int_equal(import(delta, 2, "", true), 200);
    assert_int_equal(int_at("students.changed"), 2);
    assert_int_equal(int_at("students.removed"), 1);
    assert_int_equal(call(&the_admin, "GET", "/api/students/s3", NULL), 200);
    assert_true(json_is_false(at("archived")));
    assert_string_equal(text_at("class_id"), "9-A");
    assert_string_equal(text_at("name"), "Meena B");
    assert_int_equal(call(&the_admin, "GET", "/api/students/s2", NULL), 200);
    assert_string_equal(text_at("class_id"), "10-B");
    assert_string_equal(text_at("name"), "Ravi Sen");
    assert_int_equal(call(&the_admin, "GET", "/api/students/s4", NULL), 200);
    assert_true(json_is_true(at("archived")));
}

static void bodies_that_are_none(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{}",
        "{\"files\":[]}",
        "{\"files\":{}}",
        "{\"files\":[1]}",
        "{\"files\":[{\"name\":\"a\"}]}",
        "{\"files\":[{\"name\":\"a\",\"text\":1}]}",
        "{\"files\":[{\"name\":\"a\",\"text\":\"\",\"x\":1}]}",
        "{\"files\":[{\"name\":\"a\",\"text\":\"id\"}],\"other\":1}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        print_message("case %s\n", bodies[i]);
        assert_int_equal(call(&the_admin, "POST", "/api/students/import", bodies[i]), 422);
    }
    assert_int_equal(call(&the_coordinator, "POST", "/api/students/import", bodies[0]), 403);
}

#define SCHOOL_TEST(test) cmocka_unit_test_setup_teardown(test, school_open, school_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_TEST(students_and_classes),        SCHOOL_TEST(a_class_that_goes_meanwhile),
        SCHOOL_TEST(problems_have_file_and_line), SCHOOL_TEST(a_whole_school),
        SCHOOL_TEST(bodies_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
