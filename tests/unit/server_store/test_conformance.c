/* What every backend of the store must do. One table of cases, run on each. */
#include "unit.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings, users, codes ---- */

struct pair {
    const char *name, *value;
};

static enum cm_code put_setting(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct pair *pair = arg;
    return srv_store_put_setting(store, pair->name, pair->value, err);
}

static enum cm_code put_meta(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct pair *pair = arg;
    return srv_store_put_meta(store, pair->name, (const uint8_t *)pair->value, strlen(pair->value), err);
}

static void settings(struct world *w)
{
    char value[SRV_SETTING_SIZE];
    uint8_t bytes[8];
    size_t size;
    uint64_t version = srv_store_version(w->store), change, later;
    struct pair name = {"school_name", "Kendriya Vidyalaya"}, secret = {"secret", "12345678"};
    assert_int_equal(srv_store_get_setting(w->store, "school_name", value, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_last_change(w->store, &change, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_setting, &name, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_meta, &secret, NULL), CM_OK);
    assert_int_equal(srv_store_get_setting(w->store, "school_name", value, NULL), CM_OK);
    assert_string_equal(value, "Kendriya Vidyalaya");
    assert_int_equal(srv_store_get_meta(w->store, "secret", bytes, sizeof bytes, &size, NULL), CM_OK);
    assert_int_equal(size, 8);
    assert_int_equal(srv_store_get_meta(w->store, "secret", bytes, 4, &size, NULL), CM_NOMEM);
    assert_int_equal(srv_store_get_setting(w->store, "secret", value, NULL), CM_NOTFOUND);
    assert_true(srv_store_version(w->store) > version);
    assert_int_equal(srv_store_last_change(w->store, &later, NULL), CM_OK);
    assert_int_equal(later, change + 1);
}

static enum cm_code put_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_user(store, arg, err);
}

static enum cm_code put_login(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_session(store, arg, err);
}

static enum cm_code delete_logins(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct srv_session *keep = arg;
    return srv_store_delete_sessions(store, keep->user, keep->id, err);
}

static enum cm_code delete_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_delete_user(store, arg, err);
}

static bool count_user(void *arg, const struct srv_user *user)
{
    (void)user;
    ++*(int *)arg;
    return true;
}

static void users(struct world *w)
{
    struct srv_user user = {.name = "asha", .role = 2, .student_id = "S-1", .class_count = 2}, found;
    struct srv_session one = {.user = "asha", .expires_wall_ms = 100}, two = {.user = "asha"}, got;
    int count = 0;
    strcpy(user.classes[0], "10-A");
    strcpy(user.classes[1], "10-B");
    strcpy(user.password_hash, "$argon2id$…");
    strcpy(user.phone, "+919876543210");
    strcpy(user.email, "asha@school.example");
    one.id[0] = 1;
    two.id[0] = 2;
    assert_int_equal(srv_store_write(w->store, put_user, &user, NULL), CM_OK);
    assert_int_equal(srv_store_get_user(w->store, "asha", &found, NULL), CM_OK);
    assert_memory_equal(&found, &user, sizeof user);
    assert_int_equal(srv_store_user_of_student(w->store, "S-1", &found, NULL), CM_OK);
    assert_int_equal(srv_store_user_of_student(w->store, "S-2", &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_get_user(w->store, "ash", &found, NULL), CM_NOTFOUND);
    struct srv_user other = user;
    strcpy(other.name, "binu");
    assert_int_equal(srv_store_write(w->store, put_user, &other, NULL), CM_EXISTS);
    other.student_id[0] = '\0';
    assert_int_equal(srv_store_write(w->store, put_user, &other, NULL), CM_OK);
    assert_int_equal(srv_store_each_user(w->store, "asha", count_user, &count, NULL), CM_OK);
    assert_int_equal(count, 1);
    assert_int_equal(srv_store_write(w->store, put_login, &one, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_login, &two, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, delete_logins, &one, NULL), CM_OK);
    assert_int_equal(srv_store_get_session(w->store, one.id, &got, NULL), CM_OK);
    assert_int_equal(srv_store_get_session(w->store, two.id, &got, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, delete_user, (void *)"asha", NULL), CM_OK);
    assert_int_equal(srv_store_get_session(w->store, one.id, &got, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_user_of_student(w->store, "S-1", &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, delete_user, (void *)"asha", NULL), CM_NOTFOUND);
}

static enum cm_code put_code(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_code(store, arg, err);
}

static enum cm_code purge(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_purge(store, 1000, arg, err);
}

static void codes(struct world *w)
{
    struct srv_code old = {.hash = {1}, .kind = "pair", .subject = "s", .expires_wall_ms = 1000};
    struct srv_code later = {.hash = {2}, .kind = "reset", .subject = "u", .expires_wall_ms = 1001}, found;
    struct srv_session login = {.user = "asha", .expires_wall_ms = 10};
    size_t purged = 0;
    assert_int_equal(srv_store_write(w->store, put_code, &old, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_code, &later, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_login, &login, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, purge, &purged, NULL), CM_OK);
    assert_int_equal(purged, 2);
    assert_int_equal(srv_store_get_code(w->store, old.hash, &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_get_code(w->store, later.hash, &found, NULL), CM_OK);
    assert_memory_equal(&found, &later, sizeof later);
}

/* ---- transactions ---- */

static enum cm_code write_and_read(struct srv_store *store, void *arg, struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = srv_store_put_setting(store, "a", "1", err);
    if (code == CM_OK)
        code = srv_store_get_setting(store, "a", value, err);
    if (code == CM_OK)
        assert_string_equal(value, "1");
    return code == CM_OK ? *(enum cm_code *)arg : code;
}

static enum cm_code write_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_write(store, write_and_read, arg, err);
}

static void transactions(struct world *w)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = CM_INVALID;
    assert_int_equal(srv_store_put_setting(w->store, "a", "1", NULL), CM_BACKEND);
    assert_int_equal(srv_store_write(w->store, write_and_read, &code, NULL), CM_INVALID);
    assert_int_equal(srv_store_get_setting(w->store, "a", value, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, write_within, &code, NULL), CM_BACKEND);
    assert_int_equal(srv_store_read(w->store, write_within, &code, NULL), CM_BACKEND);
    code = CM_OK;
    assert_int_equal(srv_store_write(w->store, write_and_read, &code, NULL), CM_OK);
    assert_int_equal(srv_store_get_setting(w->store, "a", value, NULL), CM_OK);
}

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

struct spans {
    char text[256];
};

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

static bool add_change(void *arg, const struct srv_change *change)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d%s:%s ", (int)change->kind,
             change->erased ? "!" : "", change->id);
    return true;
}

static const char *changes_after(struct srv_store *store, uint64_t after)
{
    static struct spans spans;
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_change(store, after, add_change, &spans, NULL), CM_OK);
    return spans.text;
}

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
    assert_string_equal(changes_after(w->store, last), "2!:S-1 1:10-A 2:S-1 2:S-2 ");
}

/* ---- stations and their events ---- */

static enum cm_code put_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_station(store, arg, err);
}

static void stations(struct world *w)
{
    struct station_log *log = station_create(w, "gate", NULL);
    struct srv_station station, found;
    assert_int_equal(srv_store_get_station(w->store, "gate", &station, NULL), CM_OK);
    assert_int_equal(srv_store_station_of_token(w->store, station.token_hash, &found, NULL), CM_OK);
    assert_string_equal(found.id, "gate");
    uint8_t old[32];
    memcpy(old, station.token_hash, sizeof old);
    station.token_hash[5] ^= 1;
    station.acked_seq = 77; /* of the log: not the caller's to say */
    assert_int_equal(srv_store_write(w->store, put_station, &station, NULL), CM_OK);
    assert_int_equal(srv_store_station_of_token(w->store, old, &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_station_of_token(w->store, station.token_hash, &found, NULL), CM_OK);
    assert_int_equal(found.acked_seq, 0);
    assert_int_equal(srv_store_get_station(w->store, "nowhere", &found, NULL), CM_NOTFOUND);
    free(log);
}

static bool add_feed(void *arg, const struct srv_feed_item *item)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d:%s%d ", (int)item->feed, item->station_id,
             (int)item->event->seq);
    return size < 20;
}

static void events(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_append result;
    struct cm_err err = CM_ERR_INIT;
    struct spans spans = {""};
    uint8_t hash[CM_HASH_SIZE];
    uint64_t feed;
    for (uint32_t i = 1; i <= 6; i++)
        station_activity(log, CM_ACTIVITY_UNKNOWN_FACE, at(w, WORLD_MONDAY, 500 + (int)i), i);
    assert_int_equal(push(w->store, log, 1, 2, &result, &err), CM_OK);
    assert_int_equal(result.acked_seq, 2);
    assert_int_equal(result.feed, 2);
    assert_int_equal(result.appended, 2);
    assert_int_equal(push(w->store, log, 4, 6, &result, &err), CM_OK);
    assert_true(result.gap);
    assert_int_equal(result.acked_seq, 2);
    correct(w->store, "S-1", "10-A", WORLD_MONDAY, CM_ROLL_EXCUSED, at(w, WORLD_MONDAY, 700), 100);
    assert_int_equal(push(w->store, log, 1, 4, &result, &err), CM_OK); /* half of it is there */
    assert_int_equal(result.appended, 2);
    assert_int_equal(result.acked_seq, 4);
    assert_int_equal(push(w->store, log, 2, 4, &result, &err), CM_OK); /* all of it */
    assert_int_equal(result.appended, 0);
    assert_int_equal(result.feed, 0);
    assert_int_equal(srv_store_feed_last(w->store, &feed, NULL), CM_OK);
    assert_int_equal(feed, 5);
    assert_int_equal(srv_store_each_feed(w->store, 1, add_feed, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "2:g2 3:1 4:g3 5:g4 ");
    spans.text[0] = '\0';
    assert_int_equal(srv_store_get_feed(w->store, 3, add_feed, &spans, NULL), CM_OK);
    assert_int_equal(srv_store_get_feed(w->store, 6, add_feed, &spans, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_get_feed(w->store, 0, add_feed, &spans, NULL), CM_NOTFOUND);
    assert_string_equal(spans.text, "3:1 ");
    assert_int_equal(srv_store_hash_at(w->store, "g", 3, hash, NULL), CM_OK);
    assert_memory_equal(hash, log->hash[3], sizeof hash);
    assert_int_equal(srv_store_hash_at(w->store, "g", 0, hash, NULL), CM_OK);
    assert_memory_equal(hash, log->hash[0], sizeof hash);
    assert_int_equal(srv_store_hash_at(w->store, "g", 5, hash, NULL), CM_NOTFOUND);
    assert_int_equal(check(w->store), 5);
    free(log);
}

static void broken_events(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_append result;
    struct cm_err err = CM_ERR_INIT;
    for (uint32_t i = 1; i <= 3; i++)
        station_activity(log, CM_ACTIVITY_UNKNOWN_FACE, at(w, WORLD_MONDAY, 500 + (int)i), i);
    log->events[2].size--;
    assert_int_equal(push(w->store, log, 1, 3, &result, &err), CM_INVALID);
    log->events[2].size++;
    struct log_event third = log->events[3];
    log->events[3] = log->events[2];
    assert_int_equal(push(w->store, log, 1, 3, &result, &err), CM_INVALID); /* another's seq */
    log->events[3] = third;
    assert_int_equal(push(w->store, log, 1, 3, &result, &err), CM_OK);
    assert_int_equal(result.appended, 3);
    check(w->store);
    free(log);
}

static enum cm_code put_fork(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_fork(store, "g", arg, err);
}

static void forked_events(struct world *w)
{
    struct srv_fork fork = {.seq = 2, .wall_ms = 77, .address = "192.0.2.7", .request = {99}},
                    none = {.seq = 0};
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_append result;
    struct srv_station station;
    struct cm_err err = CM_ERR_INIT;
    for (uint32_t i = 1; i <= 3; i++)
        station_activity(log, CM_ACTIVITY_UNKNOWN_FACE, at(w, WORLD_MONDAY, 500 + (int)i), i);
    push_all(w->store, log);
    struct station_log *clone = malloc(sizeof *clone);
    memcpy(clone, log, sizeof *clone);
    clone->last = 1;
    for (uint32_t i = 2; i <= 5; i++)
        station_activity(clone, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 600 + (int)i), 10 + i);
    assert_int_equal(push(w->store, clone, 1, 3, &result, &err), CM_OK); /* other content */
    assert_true(result.forked);
    assert_int_equal(result.forked_seq, 2);
    assert_int_equal(result.acked_seq, 3);
    assert_int_equal(push(w->store, clone, 4, 5, &result, &err), CM_OK); /* another chain */
    assert_true(result.forked);
    assert_int_equal(result.forked_seq, 3);
    assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL), CM_OK);
    assert_int_equal(srv_store_get_station(w->store, "g", &station, NULL), CM_OK);
    assert_true(station.forked);
    assert_int_equal(station.forked_seq, 2);
    assert_int_equal(station.forked_wall_ms, 77);
    assert_string_equal(station.forked_address, "192.0.2.7");
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 700), 30);
    push_all(w->store, log); /* what follows our chain is still taken */
    assert_int_equal(srv_store_write(w->store, put_fork, &none, NULL), CM_OK);
    assert_int_equal(srv_store_get_station(w->store, "g", &station, NULL), CM_OK);
    assert_false(station.forked);
    assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL),
                     CM_EXISTS); /* the same request once more */
    for (uint8_t i = 1; i <= 8; i++) {
        fork.request[0] = i;
        assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL), CM_OK);
        assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL),
                         CM_OK); /* while it is not settled */
    }
    assert_int_equal(srv_store_write(w->store, put_fork, &none, NULL), CM_OK);
    for (uint8_t i = 1; i <= 8; i++) {
        fork.request[0] = i;
        assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL), CM_EXISTS);
    }
    fork.request[0] = 9;
    assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL), CM_OK);
    assert_int_equal(check(w->store), 4);
    free(clone);
    free(log);
}

static bool add_activity(void *arg, const struct srv_feed_item *item, const struct srv_review *review)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d/%d%s ", (int)item->feed, (int)review->state,
             review->note);
    return true;
}

static enum cm_code put_review(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_review review = {.state = SRV_REVIEW_DISMISSED, .by = "Meera", .note = "!"};
    return srv_store_put_review(store, *(uint64_t *)arg, &review, err);
}

static void activities(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct spans spans = {""};
    uint64_t first = 1, second = 2;
    station_activity(log, CM_ACTIVITY_UNKNOWN_FACE, at(w, WORLD_MONDAY, 500), 1);
    station_cover(log, at(w, WORLD_MONDAY, 500), at(w, WORLD_MONDAY, 505), true, 2);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 506), 3);
    push_all(w->store, log);
    assert_int_equal(srv_store_write(w->store, put_review, &first, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_review, &second, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_each_activity(w->store, 0, add_activity, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "3/0 1/2! ");
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_activity(w->store, 3, add_activity, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "1/2! ");
    free(log);
}

/* ---- rolls ---- */

static void set_up_class(struct world *w)
{
    put_class(w->store, "10-A", 540); /* 09:00, late after 09:10, closes 10:00 */
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-2", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-3", "10-A", WORLD_MONDAY);
}

static bool add_day(void *arg, const struct srv_day *day)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%s=%s ", day->roll.student_id,
             cm_roll_status_name(day->roll.status));
    return true;
}

static const char *roll_of(struct srv_store *store, const char *class_id, int32_t date)
{
    static struct spans spans;
    struct cm_err err = CM_ERR_INIT;
    spans.text[0] = '\0';
    if (srv_store_each_roll(store, class_id, date, add_day, &spans, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return spans.text;
}

static void rolls(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_session_info info;
    set_up_class(w);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).none, 3);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_OPEN);
    assert_int_equal(srv_store_get_session_info(w->store, "10-A", 20260104, &info, NULL), CM_NOTFOUND);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 545), 1);
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 556), 2);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=late S-3=none ");
    info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_int_equal(info.present, 1);
    assert_int_equal(info.late, 1);
    assert_int_equal(info.none, 1);
    assert_int_equal(standing_of(w->store, "S-1").points, 20);
    assert_int_equal(standing_of(w->store, "S-2").points, 12);
    assert_int_equal(standing_of(w->store, "S-2").streak, 1);
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 610));
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=late S-3=absent ");
    info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_string_equal(info.closed_by, "Meera");
    assert_int_equal(info.absent, 1);
    assert_int_equal(info.none, 0);
    assert_int_equal(standing_of(w->store, "S-3").absent, 1);
    reopen_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 611));
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 609)); /* earlier: says nothing */
    assert_int_equal(standing_of(w->store, "S-3").absent, 0);
    correct(w->store, "S-3", "10-A", WORLD_MONDAY, CM_ROLL_EXCUSED, at(w, WORLD_MONDAY, 620), 3);
    correct(w->store, "S-1", "10-A", WORLD_MONDAY, CM_ROLL_LATE, at(w, WORLD_MONDAY, 620), 4);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=late S-2=late S-3=excused ");
    assert_int_equal(standing_of(w->store, "S-1").points, 12);
    check(w->store);
    free(log);
}

static void coverage(struct world *w)
{
    static const char *const other[] = {"10-Z", NULL};
    struct station_log *log = station_create(w, "g", NULL), *elsewhere = station_create(w, "h", other);
    uint32_t id = 1;
    set_up_class(w);
    station_cover(log, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 560), true, id++);
    push_all(w->store, log);
    struct srv_session_info info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_int_equal(info.able_min, 20);
    assert_int_equal(info.window_min, 60);
    assert_int_equal(info.state, SRV_SESSION_OPEN);
    station_cover(elsewhere, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 620), true, id++);
    push_all(w->store, elsewhere);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_OPEN);
    station_cover(log, at(w, WORLD_MONDAY, 560), at(w, WORLD_MONDAY, 570), false, id++);
    station_cover(log, at(w, WORLD_MONDAY, 570), at(w, WORLD_MONDAY, 588), true, id++);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 601), id++);
    push_all(w->store, log); /* 38 of 60 minutes */
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_UNJUDGED);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=unjudged S-2=unjudged S-3=unjudged ");
    station_cover(log, at(w, WORLD_MONDAY, 588), at(w, WORLD_MONDAY, 599), true, id++);
    push_all(w->store, log); /* 49: enough, but the newest event lies before the end */
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_OPEN);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 600), id++);
    push_all(w->store, log);
    info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_int_equal(info.state, SRV_SESSION_CLOSED);
    assert_string_equal(info.closed_by, "");
    assert_int_equal(info.able_min, 49);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=absent S-2=absent S-3=absent ");
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 542), id++); /* comes late */
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 605), id++);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=absent S-2=present S-3=absent ");
    reopen_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 700));
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=none S-2=present S-3=none ");
    check(w->store);
    free(log);
    free(elsewhere);
}

static void calendar(struct world *w)
{
    struct srv_session_info info;
    set_up_class(w);
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 610));
    close_session(w->store, "10-A", 20260106, at(w, 20260106, 610));
    assert_int_equal(standing_of(w->store, "S-1").absent, 2);
    put_closure(w->store, 20260106, "");
    assert_int_equal(standing_of(w->store, "S-1").absent, 1);
    assert_int_equal(srv_store_get_session_info(w->store, "10-A", 20260107, &info, NULL), CM_OK);
    delete_closure(w->store, 20260106, "");
    put_closure(w->store, WORLD_MONDAY, "10-B");
    assert_int_equal(standing_of(w->store, "S-1").absent, 2);
    put_closure(w->store, 20260107, "10-A");
    assert_int_equal(srv_store_get_session_info(w->store, "10-A", 20260107, &info, NULL), CM_NOTFOUND);
    check(w->store);
}

static void streaks(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    uint32_t id = 1;
    set_up_class(w);
    for (int32_t day = 5; day <= 9; day++) { /* Mon … Fri */
        if (day != 7)
            station_mark(log, "S-1", "10-A", 20260100 + day, at(w, 20260100 + day, 541), id++);
        station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, 20260100 + day, 610), id++);
    }
    station_mark(log, "S-1", "10-A", 20260112, at(w, 20260112, 541), id++);
    push_all(w->store, log);
    assert_int_equal(standing_of(w->store, "S-1").streak, 5); /* the 7th is unjudged: it does not break */
    assert_int_equal(standing_of(w->store, "S-1").unjudged, 1);
    close_session(w->store, "10-A", 20260107, at(w, 20260107, 620));
    assert_int_equal(standing_of(w->store, "S-1").streak, 3); /* over the weekend */
    assert_int_equal(standing_of(w->store, "S-1").best_streak, 3);
    correct(w->store, "S-1", "10-A", 20260107, CM_ROLL_EXCUSED, at(w, 20260112, 700), id++);
    assert_int_equal(standing_of(w->store, "S-1").streak, 5);
    assert_int_equal(standing_of(w->store, "S-1").first_seen_wall_ms, at(w, 20260105, 541));
    assert_int_equal(standing_of(w->store, "S-1").last_seen_wall_ms, at(w, 20260112, 541));
    check(w->store);
    free(log);
}

static void moved_students(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    put_class(w->store, "10-B", 540);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 541), 1);
    station_mark(log, "S-9", "10-A", 20260106, at(w, 20260106, 542), 2); /* nobody yet */
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-1=present S-2=none S-3=none ");
    put_student(w->store, "S-1", "10-B", 20260106); /* the station did not know */
    close_session(w->store, "10-B", 20260106, at(w, 20260106, 700));
    close_session(w->store, "10-A", 20260106, at(w, 20260106, 700));
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-2=absent S-3=absent ");
    assert_string_equal(roll_of(w->store, "10-B", 20260106), "S-1=present ");
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_PRESENT);
    assert_int_equal(standing_of(w->store, "S-1").present, 1);
    put_student(w->store, "S-9", "10-A", WORLD_MONDAY); /* what was kept counts now */
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-2=absent S-3=absent S-9=present ");
    assert_int_equal(standing_of(w->store, "S-9").present, 1);
    put_student(w->store, "S-9", "10-A", 20260110); /* joined later: he was a guest then */
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-2=absent S-3=absent S-9=present ");
    check(w->store);
    free(log);
}

/* Every id and text that the feed shows, with a mark where somebody was erased. */
static bool add_named(void *arg, const struct srv_feed_item *item)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    const struct cm_event *event = item->event;
    const char *id = "", *text = "";
    switch (event->type) {
    case CM_EVENT_MARK:
        id = event->body.mark.student_id;
        break;
    case CM_EVENT_CORRECTION:
        id = event->body.correction.student_id;
        text = event->body.correction.reason;
        break;
    case CM_EVENT_ACTIVITY:
        id = event->body.activity.student_id;
        text = event->body.activity.reason;
        break;
    default:
        break;
    }
    snprintf(spans->text + size, sizeof spans->text - size, "%s%s%s ", id, text, item->erased ? "!" : "");
    return true;
}

static const char *feed_of(struct srv_store *store)
{
    static struct spans spans;
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_feed(store, 0, add_named, &spans, NULL), CM_OK);
    return spans.text;
}

static void set_clock(struct world *w, int32_t date, int32_t minute)
{
    cm_clock_manual_init(&w->clock, at(w, date, minute), 1000000);
}

static void erased_students(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_standing standing;
    set_up_class(w);
    set_clock(w, WORLD_MONDAY, 600);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 1);
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 542), 2);
    push_all(w->store, log);
    erase_student(w->store, "S-1");
    assert_int_equal(srv_store_get_standing(w->store, "S-1", &standing, NULL), CM_NOTFOUND);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-2=present S-3=none ");
    assert_string_equal(feed_of(w->store), "! S-2 ");
    assert_int_equal(check(w->store), 2);
    free(log);
}

/* A station was offline when its student was erased: what it sends after that is acknowledged, and counts nowhere. */
static void late_events_of_the_erased(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct spans spans = {""};
    struct srv_student student;
    set_up_class(w);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 1);
    station_correct(log, "S-1", "10-A", WORLD_MONDAY, CM_ROLL_LATE, at(w, WORLD_MONDAY, 570), 2);
    set_clock(w, WORLD_MONDAY, 600);
    erase_student(w->store, "S-1");
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 541), 3); /* it does not know yet */
    set_clock(w, 20260106, 600);
    push_all(w->store, log);
    assert_string_equal(feed_of(w->store), "! ! ! ");
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-2=unjudged S-3=unjudged ");
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).present, 0);
    assert_int_equal(check(w->store), 3);

    log->erased_ms =
        at(w, WORLD_MONDAY, 601); /* an older erasure of the id than the last is as good as none */
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 605), 4);
    set_clock(w, 20260106, 610);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    assert_int_equal(srv_store_get_student(w->store, "S-1", &student, NULL), CM_OK);
    assert_int_equal(student.given_again_wall_ms, at(w, 20260106, 610));
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 615), 5); /* the old face, of a door offline */
    station_correct(log, "S-1", "10-A", 20260106, CM_ROLL_LATE, at(w, 20260106, 616), 6);
    log->erased_ms = at(w, WORLD_MONDAY, 600); /* it is told */
    station_mark(log, "S-1", "10-A", 20260107, at(w, 20260107, 541), 7);
    push_all(w->store, log);
    assert_string_equal(feed_of(w->store), "! ! ! ! ! ! S-1 ");
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=unjudged S-2=unjudged S-3=unjudged ");
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-1=unjudged S-2=unjudged S-3=unjudged ");
    assert_string_equal(roll_of(w->store, "10-A", 20260107), "S-1=present S-2=none S-3=none ");
    assert_int_equal(srv_store_each_history(w->store, "S-1", 0, add_named, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "S-1 ");
    assert_int_equal(standing_of(w->store, "S-1").present, 1);
    assert_int_equal(standing_of(w->store, "S-1").first_seen_wall_ms, at(w, 20260107, 541));
    assert_int_equal(check(w->store), 7);
    assert_int_equal(srv_store_rebuild(w->store, NULL, NULL, NULL), CM_OK);
    assert_string_equal(roll_of(w->store, "10-A", 20260107), "S-1=present S-2=none S-3=none ");

    correct(w->store, "S-1", "10-A", 20260106, CM_ROLL_EXCUSED, at(w, 20260107, 600), 8); /* said here */
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_EXCUSED);

    erase_student(w->store, "S-1"); /* and once more */
    assert_string_equal(feed_of(w->store), "! ! ! ! ! ! ! ! ");
    assert_int_equal(check(w->store), 8);
    free(log);
}

/* Kept like everything that a station signed, but no evidence. */
static void marks_that_cannot_be_are_no_evidence(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_append result;
    struct spans spans = {""};
    set_up_class(w);
    set_clock(w, WORLD_MONDAY, 600);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, 20260102, 541), 1); /* captured days before */
    station_mark(log, "S-1", "10-A", 20260107, at(w, WORLD_MONDAY, 541), 2); /* for a day to come */
    station_mark(log, "S-2", "10-A", 20991231, at(w, 20991231, 541), 3);     /* of a time to come */
    station_correct(log, "S-2", "10-A", WORLD_MONDAY, CM_ROLL_ABSENT, at(w, 20991231, 541), 4);
    station_mark(log, "S-3", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 5);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=none S-2=none S-3=present ");
    assert_string_equal(roll_of(w->store, "10-A", 20260107), "S-1=none S-2=none S-3=none ");
    assert_int_equal(standing_of(w->store, "S-2").present, 0);
    assert_int_equal(srv_store_each_history(w->store, "S-1", 0, add_named, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "S-1 S-1 ");
    assert_int_equal(check(w->store), 5);

    station_activity(log, CM_ACTIVITY_LOG_FORKED, at(w, WORLD_MONDAY, 542), 6); /* the server says that */
    assert_int_equal(push(w->store, log, 6, 6, &result, NULL), CM_INVALID);
    free(log);
}

static enum cm_code append_event(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_append_own(store, arg, NULL, err);
}

static enum cm_code review_first(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_review review = {.state = SRV_REVIEW_DISMISSED, .by = "admin"};
    snprintf(review.note, sizeof review.note, "%s", (const char *)arg);
    return srv_store_put_review(store, 1, &review, err);
}

static bool add_note(void *arg, const struct srv_feed_item *item, const struct srv_review *review)
{
    struct spans *spans = arg;
    snprintf(spans->text, sizeof spans->text, "%.60s|%.60s|%.60s|%.60s",
             item->event->body.activity.student_id, item->event->body.activity.other_id,
             item->event->body.activity.reason, review->note);
    return true;
}

static void texts_about_the_erased(struct world *w)
{
    struct spans spans = {""};
    struct cm_event event = {.type = CM_EVENT_ACTIVITY, .wall_ms = at(w, WORLD_MONDAY, 700)};
    event.body.activity = (struct cm_activity){.kind = CM_ACTIVITY_LOOK_ALIKE,
                                               .started_wall_ms = at(w, WORLD_MONDAY, 700),
                                               .student_id = "S-2",
                                               .other_id = "S-1",
                                               .distance = NAN,
                                               .reason = "looks like Asha"};
    set_up_class(w);
    event_id(7, event.id);
    assert_int_equal(srv_store_write(w->store, append_event, &event, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, review_first, (void *)"her twin", NULL), CM_OK);
    assert_int_equal(srv_store_each_activity(w->store, 0, add_note, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "S-2|S-1|looks like Asha|her twin");
    erase_student(w->store, "S-1");
    assert_int_equal(srv_store_each_activity(w->store, 0, add_note, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "S-2|||");
    check(w->store);
}

static bool add_history(void *arg, const struct srv_feed_item *item)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d%c ", (int)item->feed,
             "?mca"[item->event->type]);
    return true;
}

static void histories(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct spans spans = {""};
    struct cm_event dispute = {.type = CM_EVENT_ACTIVITY, .wall_ms = at(w, 20260107, 700)};
    set_up_class(w);
    station_mark(log, "S-1", "10-A", 20260105, at(w, 20260105, 545), 1);
    station_mark(log, "S-1", "10-A", 20260105, at(w, 20260105, 541), 2); /* earlier: it counts */
    station_mark(log, "S-1", "10-A", 20260105, at(w, 20260105, 550), 3);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 541), 4);
    push_all(w->store, log);
    correct(w->store, "S-1", "10-A", 20260105, CM_ROLL_LATE, at(w, 20260106, 700), 5);
    correct(w->store, "S-1", "10-A", 20260105, CM_ROLL_ABSENT, at(w, 20260106, 699), 6);
    dispute.body.activity = (struct cm_activity){.kind = CM_ACTIVITY_DISPUTE,
                                                 .started_wall_ms = at(w, 20260107, 700),
                                                 .student_id = "S-1",
                                                 .distance = NAN,
                                                 .reason = "2026-01-05 I was on time"};
    event_id(7, dispute.id);
    assert_int_equal(srv_store_write(w->store, append_event, &dispute, NULL), CM_OK);
    assert_int_equal(srv_store_each_history(w->store, "S-1", 0, add_history, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "4m 7a 6c 5c 3m 2m 1m ");
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_history(w->store, "S-1", 20260106, add_history, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "7a 6c 5c 3m 2m 1m ");
    assert_int_equal(status_of(w->store, "S-1", 20260105), CM_ROLL_LATE);
    check(w->store);
    free(log);
}

static bool add_date(void *arg, const struct srv_day *day)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d=%s ", (int)day->roll.date % 100,
             cm_roll_status_name(day->roll.status));
    return true;
}

static void days_of_a_month(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct spans spans = {""};
    set_up_class(w);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 541), 1);
    station_mark(log, "S-1", "10-A", 20260110, at(w, 20260110, 541), 2); /* a Saturday */
    push_all(w->store, log);
    put_closure(w->store, 20260108, "");
    close_session(w->store, "10-A", 20260107, at(w, 20260107, 700));
    assert_int_equal(srv_store_each_day(w->store, "S-1", 20260101, 20260113, add_date, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "5=none 6=present 7=absent 9=unjudged 10=present 12=none 13=none ");
    assert_int_equal(standing_of(w->store, "S-1").streak, 0);
    check(w->store);
    free(log);
}

static void times_changed(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 545), 1);
    push_all(w->store, log);
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_PRESENT);
    put_class(w->store, "10-A", 530); /* late after 09:00 */
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_LATE);
    assert_int_equal(standing_of(w->store, "S-1").points, 12);
    check(w->store);
    free(log);
}

static void services(struct world *w)
{
    static const char *const classes[] = {"10-A", NULL};
    struct station_log *log = station_create(w, "g", classes);
    struct srv_station station;
    set_up_class(w);
    put_class(w->store, "10-B", 540);
    put_student(w->store, "S-5", "10-B", WORLD_MONDAY);
    station_cover(log, at(w, 20260105, 530), at(w, 20260105, 610), true, 1);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", 20260105).state, SRV_SESSION_CLOSED);
    assert_int_equal(info_of(w->store, "10-B", 20260105).state, SRV_SESSION_OPEN);
    w->clock.now_wall_ms = at(w, 20260105, 1000);
    assert_int_equal(srv_store_get_station(w->store, "g", &station, NULL), CM_OK);
    strcpy(station.classes[0], "10-B"); /* carried to another room in the afternoon */
    assert_int_equal(srv_store_write(w->store, put_station, &station, NULL), CM_OK);
    w->clock.now_wall_ms = at(w, 20260106, 1000);
    station_cover(log, at(w, 20260106, 530), at(w, 20260106, 610), true, 2);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", 20260105).state, SRV_SESSION_CLOSED);
    assert_int_equal(info_of(w->store, "10-B", 20260105).state, SRV_SESSION_OPEN);
    assert_int_equal(info_of(w->store, "10-A", 20260106).state, SRV_SESSION_OPEN);
    assert_int_equal(info_of(w->store, "10-B", 20260106).state, SRV_SESSION_CLOSED);
    check(w->store);
    free(log);
}

static void clock_far_ahead(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    w->clock.now_wall_ms = at(w, 20260106, 700);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, 20260105, 500), 1);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, 20400101, 500), 2);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", 20260106).state, SRV_SESSION_UNJUDGED);
    assert_int_equal(info_of(w->store, "10-A", 20260108).state, SRV_SESSION_OPEN);
    check(w->store);
    free(log);
}

static void hostile_events(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    station_mark(log, "", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 1);
    station_mark(log, "S-1", "", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 2);
    station_mark(log, "S-1", "10-A", 20260231, at(w, WORLD_MONDAY, 541), 3);
    station_mark(log, "S-1", "no such class", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 4);
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, 0, 5);
    station_mark(log, "S-3", "10-A", WORLD_MONDAY, INT64_C(253402300799999), 6);
    station_cover(log, 0, INT64_C(253402300799999), true, 7);
    station_cover(log, at(w, WORLD_MONDAY, 600), at(w, WORLD_MONDAY, 500), true, 8);
    station_cover(log, at(w, WORLD_MONDAY, 0), at(w, 20260305, 0), true, 9);
    push_all(w->store, log);
    check(w->store);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=unjudged S-3=unjudged ");
    for (uint32_t i = 0; i < 40; i++) {
        char class_id[16];
        snprintf(class_id, sizeof class_id, "X-%u", (unsigned)(i * 7 % 40));
        station_mark(log, "S-1", class_id, 20260106, at(w, 20260106, 541), 20 + i);
    }
    push_all(w->store, log);
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_PRESENT);
    check(w->store);
    free(log);
}

static enum cm_code reaffirm(struct srv_store *store, void *arg, struct cm_err *err)
{
    (void)arg;
    return srv_store_rebuild(store, NULL, NULL, err);
}

static void rebuilding(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    station_cover(log, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 610), true, 1);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 2);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 611), 3);
    push_all(w->store, log);
    assert_int_equal(srv_store_write(w->store, reaffirm, NULL, NULL), CM_BACKEND);
    assert_int_equal(srv_store_rebuild(w->store, NULL, NULL, NULL), CM_OK);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=absent S-3=absent ");
    assert_int_equal(check(w->store), 3);
    free(log);
}

static void percentages(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct pair half = {"coverage_percent", "50"};
    set_up_class(w);
    station_cover(log, at(w, WORLD_MONDAY, 540), at(w, WORLD_MONDAY, 575), true, 1);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 611), 3);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_UNJUDGED);
    assert_int_equal(srv_store_write(w->store, put_setting, &half, NULL), CM_OK);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_CLOSED);
    check(w->store);
    free(log);
}

/* More sessions end with one event than a write keeps in mind at once. */
static void many_sessions(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    enum { CLASSES = 210, DAYS = 150 };
    char class_id[16], student[16];
    for (int i = 0; i < CLASSES; i++) {
        snprintf(class_id, sizeof class_id, "%d", i);
        snprintf(student, sizeof student, "S-%d", i);
        put_class(w->store, class_id, 540);
        put_student(w->store, student, class_id, WORLD_MONDAY);
    }
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 500), 1);
    w->clock.now_wall_ms = at(w, cm_date_add(WORLD_MONDAY, DAYS), 1000);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, cm_date_add(WORLD_MONDAY, DAYS), 1000), 2);
    push_all(w->store, log);
    assert_int_equal(standing_of(w->store, "S-0").unjudged, 109); /* weekdays */
    assert_int_equal(standing_of(w->store, "S-209").unjudged, 109);
    close_session(w->store, "209", 20260520, at(w, 20260520, 700));
    assert_int_equal(standing_of(w->store, "S-209").absent, 1);
    check(w->store);
    free(log);
}

/* ---- running them ---- */

static const struct {
    const char *name;
    void (*run)(struct world *world);
} cases[] = {
    {"settings", settings},
    {"users", users},
    {"codes", codes},
    {"transactions", transactions},
    {"roster", roster},
    {"memberships", memberships},
    {"templates", templates},
    {"changes", changes},
    {"stations", stations},
    {"events", events},
    {"broken events", broken_events},
    {"forked events", forked_events},
    {"activities", activities},
    {"rolls", rolls},
    {"coverage", coverage},
    {"calendar", calendar},
    {"streaks", streaks},
    {"moved students", moved_students},
    {"erased students", erased_students},
    {"late events of the erased", late_events_of_the_erased},
    {"marks that cannot be", marks_that_cannot_be_are_no_evidence},
    {"texts about the erased", texts_about_the_erased},
    {"histories", histories},
    {"days of a month", days_of_a_month},
    {"times changed", times_changed},
    {"services", services},
    {"clock far ahead", clock_far_ahead},
    {"hostile events", hostile_events},
    {"rebuilding", rebuilding},
    {"percentages", percentages},
    {"many sessions", many_sessions},
};

static void run_all(const char *kind)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world world;
        print_message("%s %s\n", kind, cases[i].name);
        world_init(&world, kind);
        cases[i].run(&world);
        world_finish(&world);
    }
}

static void in_memory(void **state)
{
    (void)state;
    run_all("memory:");
}

static void in_lmdb(void **state)
{
    (void)state;
    run_all("lmdb:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory),
        cmocka_unit_test(in_lmdb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
