/* Classes, students, templates, and the changes that stations are told of. */
#include "conformance.h"

#include <stdio.h>
#include <string.h>

/* ---- roster ---- */

struct ids {
    char text[512];
    int left;
};

static bool add_id(struct ids *ids, const char *id)
{
    strcat(ids->text, id);
    strcat(ids->text, " ");
    return --ids->left != 0;
}

static bool add_student(void *arg, const struct srv_student *student)
{
    return add_id(arg, student->base.id);
}

static const char *students_of(struct srv_store *store, const char *class_id, const char *after, int limit)
{
    static struct ids ids;
    ids = (struct ids){.left = limit};
    assert_int_equal(srv_store_each_student(store, class_id, after, add_student, &ids, NULL), CM_OK);
    return ids.text;
}

static enum cm_code delete_class(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_delete_class(store, arg, err);
}

static void roster(struct world *w)
{
    size_t students, classes, enrolled;
    struct srv_student student;
    assert_int_equal(try_student(w->store, "S-1", "10-A", WORLD_MONDAY), CM_NOTFOUND);
    put_class(w->store, "10-A", 540);
    put_class(w->store, "10-B", 540);
    put_student(w->store, "S-3", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-2", "10-B", WORLD_MONDAY);
    assert_int_equal(try_student(w->store, "", "10-A", WORLD_MONDAY), CM_INVALID);
    assert_string_equal(students_of(w->store, NULL, "", 0), "S-1 S-2 S-3 ");
    assert_string_equal(students_of(w->store, NULL, "S-1", 1), "S-2 ");
    assert_string_equal(students_of(w->store, "10-A", "", 0), "S-1 S-3 ");
    assert_string_equal(students_of(w->store, "10-A", "S-1", 0), "S-3 ");
    put_student(w->store, "S-1", "10-B", 20260112);
    assert_string_equal(students_of(w->store, "10-A", "", 0), "S-3 ");
    assert_string_equal(students_of(w->store, "10-B", "", 0), "S-1 S-2 ");
    assert_int_equal(srv_store_get_student(w->store, "S-1", &student, NULL), CM_OK);
    assert_int_equal(student.joined_date, 20260112);
    assert_int_equal(srv_store_count(w->store, &students, &classes, &enrolled, NULL), CM_OK);
    assert_int_equal(students, 3);
    assert_int_equal(classes, 2);
    assert_int_equal(enrolled, 0);
    assert_int_equal(srv_store_write(w->store, delete_class, (void *)"10-A", NULL), CM_EXISTS);
    erase_student(w->store, "S-3");
    assert_int_equal(srv_store_write(w->store, delete_class, (void *)"10-A", NULL), CM_OK);
    assert_int_equal(srv_store_get_student(w->store, "S-3", &student, NULL), CM_NOTFOUND);
    check(w->store);
}

static bool add_span(void *arg, const struct srv_membership *m)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%s %d-%d ", m->class_id, (int)m->from,
             (int)m->to);
    return true;
}

static const char *memberships_of(struct srv_store *store, const char *id)
{
    static struct spans spans;
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_membership(store, id, add_span, &spans, NULL), CM_OK);
    return spans.text;
}

static enum cm_code archive(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_student student;
    enum cm_code code = srv_store_get_student(store, arg, &student, err);
    student.archived = true;
    student.left_date = 20260301;
    return code == CM_OK ? srv_store_put_student(store, &student, err) : code;
}

static void memberships(struct world *w)
{
    put_class(w->store, "10-A", 540);
    put_class(w->store, "10-B", 540);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    assert_string_equal(memberships_of(w->store, "S-1"), "10-A 20260105-0 ");
    put_student(w->store, "S-1", "10-A", 20260107);
    assert_string_equal(memberships_of(w->store, "S-1"), "10-A 20260107-0 ");
    put_student(w->store, "S-1", "10-B", 20260201);
    assert_string_equal(memberships_of(w->store, "S-1"), "10-A 20260107-20260201 10-B 20260201-0 ");
    put_student(w->store, "S-1", "10-B", 20260210);
    assert_string_equal(memberships_of(w->store, "S-1"), "10-A 20260107-20260201 10-B 20260210-0 ");
    assert_int_equal(srv_store_write(w->store, archive, (void *)"S-1", NULL), CM_OK);
    assert_string_equal(memberships_of(w->store, "S-1"), "10-A 20260107-20260201 10-B 20260210-20260301 ");
    put_student(w->store, "S-1", "10-A", 20260101);
    assert_string_equal(memberships_of(w->store, "S-1"), "10-A 20260101-0 ");
    check(w->store);
}

/* ---- templates ---- */

struct enrolment {
    const char *student_id;
    size_t count;
};

static enum cm_code put_templates(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct enrolment *e = arg;
    struct cm_template templates[3] = {0};
    for (int i = 0; i < 3; i++) {
        strcpy(templates[i].student_id, e->student_id);
        strcpy(templates[i].model, "dlib");
        templates[i].quality = 0.5f;
        templates[i].embedding[0] = (float)i;
    }
    enum cm_code code = e->count > 0 ? give_consent(store, e->student_id, err) : CM_OK;
    return code == CM_OK ? srv_store_put_templates(store, e->student_id, templates, e->count, err) : code;
}

static bool add_template(void *arg, const struct cm_template *template_)
{
    float *sum = arg;
    *sum += 1 + template_->embedding[0];
    return true;
}

static float templates_of(struct srv_store *store, const char *student_id)
{
    float sum = 0;
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_each_template(store, student_id, add_template, &sum, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return sum;
}

static void templates(struct world *w)
{
    struct enrolment one = {"S-1", 3}, two = {"S-2", 2}, gone = {"S-1", 0}, nobody = {"S-9", 1};
    struct srv_student student;
    size_t students, classes, enrolled;
    put_class(w->store, "10-A", 540);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-2", "10-A", WORLD_MONDAY);
    assert_int_equal(srv_store_write(w->store, put_templates, &nobody, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, put_templates, &one, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_templates, &two, NULL), CM_OK);
    assert_true(templates_of(w->store, NULL) == 6 + 3);
    assert_true(templates_of(w->store, "S-2") == 3);
    assert_int_equal(srv_store_get_student(w->store, "S-1", &student, NULL), CM_OK);
    assert_int_equal(student.template_count, 3);
    assert_int_equal(srv_store_count(w->store, &students, &classes, &enrolled, NULL), CM_OK);
    assert_int_equal(enrolled, 2);
    assert_int_equal(srv_store_write(w->store, put_templates, &gone, NULL), CM_OK);
    assert_true(templates_of(w->store, "S-1") == 0);
    assert_true(templates_of(w->store, NULL) == 3);
    erase_student(w->store, "S-2");
    assert_true(templates_of(w->store, NULL) == 0);
    assert_int_equal(srv_store_count(w->store, &students, &classes, &enrolled, NULL), CM_OK);
    assert_int_equal(enrolled, 0);
    check(w->store);
}

/* ---- changes ---- */

static enum cm_code touch(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_touch_class(store, arg, err);
}

static void changes(struct world *w)
{
    struct enrolment one = {"S-1", 1};
    uint64_t last;
    put_class(w->store, "10-A", 540);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-2", "10-A", WORLD_MONDAY);
    assert_string_equal(changes_after(w->store, 0), "1:10-A 2:S-1 2:S-2 ");
    assert_int_equal(srv_store_write(w->store, put_templates, &one, NULL), CM_OK);
    put_class(w->store, "10-A", 545);
    assert_string_equal(changes_after(w->store, 0), "2:S-2 2:S-1 3:S-1 1:10-A ");
    put_class(w->store, "10-A", 545);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    assert_string_equal(changes_after(w->store, 0), "2:S-2 2:S-1 3:S-1 1:10-A ");
    put_closure(w->store, 20260114, "");
    assert_int_equal(srv_store_last_change(w->store, &last, NULL), CM_OK);
    erase_student(w->store, "S-1");
    assert_string_equal(changes_after(w->store, last), "2!:S-1 ");
    assert_string_equal(changes_after(w->store, 0), "2:S-2 1:10-A 4: 2!:S-1 ");
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    assert_string_equal(changes_after(w->store, last), "2!:S-1 2:S-1 ");
    assert_int_equal(srv_store_write(w->store, touch, (void *)"10-A", NULL), CM_OK);
    assert_string_equal(changes_after(w->store, last), "2!:S-1 1:10-A 2:S-1 2:S-2 7:10-A ");
}

const struct conformance_case conformance_roster[] = {
    {"roster", roster}, {"memberships", memberships}, {"templates", templates}, {"changes", changes},
    {NULL, NULL},
};
