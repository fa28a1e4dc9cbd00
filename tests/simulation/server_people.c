/* What people do at the server, drawn at random. */
#include "simulation/server_private.h"

#include "auth/auth.h"
#include "base/uuid.h"
#include "lane/rule.h"
#include "simulation/chance.h"
#include "simulation/death.h"
#include "simulation/world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the simulation knows of erasures, beside the store. */
struct life {
    bool erased; /* at least once */
    bool unsure; /* the server died in an erasure: nobody knows whether it was done */
};
static struct life lives[SIM_STUDENTS], lives_of_backup[SIM_STUDENTS];

void sim_server_people_begin(void)
{
    memset(lives, 0, sizeof lives);
    memset(lives_of_backup, 0, sizeof lives_of_backup);
}

static void note_erasure(int student, enum cm_code code)
{
    if (sim_is_dead(SIM_SERVER_PROCESS))
        lives[student].unsure = true;
    else if (code == CM_OK)
        lives[student] = (struct life){.erased = true};
}

bool sim_server_shows_rightly(struct sim_server *server, const struct sim_fact *made,
                              const struct sim_fact *shown)
{
    struct srv_student student;
    if (made->student_id[0] == '\0')
        return shown->student_id[0] == '\0';
    const struct life *life = &lives[atoi(made->student_id + 1)];
    sim_process(SIM_SERVER_PROCESS);
    bool exists = srv_store_get_student(server->store, made->student_id, &student, NULL) == CM_OK;
    bool named = strcmp(shown->student_id, made->student_id) == 0;
    if (life->unsure || (exists && student.given_again_wall_ms == shown->received_wall_ms))
        return named || shown->student_id[0] == '\0';
    if (!life->erased)
        return named;
    int64_t erased_wall_ms = 0;
    srv_store_erased_when(server->store, made->student_id, &erased_wall_ms, NULL);
    bool of_another = made->says_whose ? made->erased_wall_ms != erased_wall_ms
                                       : made->said_wall_ms <= student.given_again_wall_ms;
    bool hidden = !exists || of_another || shown->received_wall_ms < student.given_again_wall_ms;
    return hidden ? shown->student_id[0] == '\0' : named;
}

static bool count_item(void *arg, const struct srv_feed_item *item)
{
    (void)item;
    ++*(int *)arg;
    return true;
}

static bool count_one_template(void *arg, const struct cm_template *template_)
{
    (void)template_;
    ++*(int *)arg;
    return true;
}

bool sim_server_obeys_consent(struct sim_server *server)
{
    bool good = true;
    sim_process(SIM_SERVER_PROCESS);
    for (int i = 0; i < SIM_STUDENTS; i++) {
        struct srv_student student;
        char id[CM_ID_SIZE];
        int left = 0;
        sim_student_id(i, id);
        if (srv_store_get_student(server->store, id, &student, NULL) != CM_OK ||
            student.base.consent == CM_CONSENT_GIVEN)
            continue;
        srv_store_each_template(server->store, id, count_one_template, &left, NULL);
        if (left == 0 && student.template_count == 0)
            continue;
        fprintf(stderr, "there is no consent for %s (%s), and there are templates\n", id,
                cm_consent_name(student.base.consent));
        good = false;
    }
    return good;
}

bool sim_server_forgot_the_erased(struct sim_server *server)
{
    bool good = true;
    sim_process(SIM_SERVER_PROCESS);
    for (int i = 0; i < SIM_STUDENTS; i++) {
        struct srv_student student;
        struct srv_standing standing;
        char id[CM_ID_SIZE];
        int left = 0;
        sim_student_id(i, id);
        if (!lives[i].erased || lives[i].unsure ||
            srv_store_get_student(server->store, id, &student, NULL) == CM_OK)
            continue;
        srv_store_each_history(server->store, id, 0, count_item, &left, NULL);
        srv_store_each_template(server->store, id, count_one_template, &left, NULL);
        if (left == 0 && srv_store_get_standing(server->store, id, &standing, NULL) == CM_NOTFOUND)
            continue;
        fprintf(stderr, "%s was erased, and something of him is left\n", id);
        good = false;
    }
    return good;
}

struct edit {
    struct sim_server *server;
    int what, class_, student, other; /* drawn before: a write may run twice */
    struct cm_class class_record;
    struct cm_student student_record;
    struct cm_template templates[3];
    size_t template_count;
    const char *station_id;
    unsigned mask;
    struct cm_event event, consent;
};

static enum cm_code put_student(struct srv_store *store, const struct edit *edit, bool archived,
                                struct cm_err *err)
{
    struct srv_student student;
    struct cm_class class_;
    if (srv_store_get_class(store, edit->student_record.class_id, &class_, err) != CM_OK)
        return CM_OK;
    if (srv_store_get_student(store, edit->student_record.id, &student, NULL) != CM_OK)
        student = (struct srv_student){.joined_date = 20261101};
    student.base = edit->student_record;
    student.archived = archived;
    student.left_date = archived ? 20261123 : 0;
    return srv_store_put_student(store, &student, err);
}

/* The station is told by its own row; the classes that are new to it are touched. */
static enum cm_code put_classes(struct srv_store *store, const struct edit *edit, struct cm_err *err)
{
    struct srv_station station, before;
    char id[CM_ID_SIZE];
    enum cm_code code = srv_store_get_station(store, edit->station_id, &station, err);
    before = station;
    station.class_count = 0;
    for (int i = 0; i < SIM_CLASSES; i++)
        if (edit->mask & 1u << i)
            sim_class_id(i, station.classes[station.class_count++]);
    if (code == CM_OK)
        code = srv_store_put_station(store, &station, err);
    for (int i = 0; i < SIM_CLASSES && code == CM_OK; i++) {
        sim_class_id(i, id);
        if (srv_station_serves(&station, id) && !srv_station_serves(&before, id))
            code = srv_store_touch_class(store, id, err);
    }
    return code;
}

static enum cm_code say_session(struct srv_store *store, const struct edit *edit, struct cm_err *err)
{
    struct cm_session_said said = {.date = 20261123 + edit->other % 4,
                                   .word = (enum cm_session_word)(1 + edit->other / 4 % 3),
                                   .by = "page",
                                   .said_wall_ms = cm_wall_ms(edit->server->clock)};
    memcpy(said.class_id, edit->class_record.id, sizeof said.class_id);
    return srv_store_say_session(store, &said, err);
}

/* Of whoever is in that class now, on a page. */
static enum cm_code correct(struct srv_store *store, const struct edit *edit, struct cm_err *err)
{
    struct srv_student student;
    struct cm_event event = edit->event;
    uint64_t feed;
    if (srv_store_get_student(store, edit->student_record.id, &student, NULL) != CM_OK)
        return CM_OK;
    event.type = CM_EVENT_CORRECTION;
    event.body.correction = (struct cm_correction){.date = 20261123 + edit->other % 4,
                                                   .status = (enum cm_roll_status)(1 + edit->other / 4 % 4),
                                                   .by = "page",
                                                   .reason = "was there",
                                                   .corrected_wall_ms = cm_wall_ms(edit->server->clock)};
    memcpy(event.body.correction.student_id, student.base.id, sizeof student.base.id);
    memcpy(event.body.correction.class_id, student.base.class_id, sizeof student.base.class_id);
    return srv_store_append_own(store, &event, &feed, err);
}

/* CM_NOTFOUND: no such student. */
static enum cm_code say_consent(struct srv_store *store, const struct edit *edit, enum cm_consent_state state,
                                struct cm_err *err)
{
    struct srv_student student;
    struct cm_event event = edit->consent;
    struct cm_consent *consent = &event.body.consent;
    enum cm_code code = srv_store_get_student(store, edit->student_record.id, &student, err);
    if (code != CM_OK || student.base.consent == state)
        return code;
    *consent = (struct cm_consent){.state = state, .by = "admin", .given_by = "mother"};
    memcpy(consent->student_id, student.base.id, CM_ID_SIZE);
    consent->said_wall_ms = cm_consent_instant(event.wall_ms, student.base.consent_wall_ms);
    return srv_store_append_own(store, &event, NULL, err);
}

/* With the parents' consent, which is written down with it. */
static enum cm_code put_templates(struct srv_store *store, const struct edit *edit, struct cm_err *err)
{
    enum cm_code code = edit->template_count > 0 ? say_consent(store, edit, CM_CONSENT_GIVEN, err) : CM_OK;
    if (code != CM_OK)
        return code;
    return srv_store_put_templates(store, edit->student_record.id, edit->templates, edit->template_count,
                                   err);
}

static enum cm_code edit_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct edit *edit = arg;
    struct cm_closure closure = {.date = 20261124 + edit->other % 5};
    uint64_t feed;
    char name[32];
    switch (edit->what) {
    case 0:
        return srv_store_put_class(store, &edit->class_record, err);
    case 1:
        return srv_store_delete_class(store, edit->class_record.id, err);
    case 2:
    case 3:
    case 4:
    case 5:
        return put_student(store, edit, false, err);
    case 6:
        return put_student(store, edit, true, err);
    case 7:
        return srv_store_erase_student(store, edit->student_record.id, "admin", err);
    case 8:
        return put_templates(store, edit, err);
    case 9:
        return srv_store_put_closure(store, &closure, err);
    case 10:
        return srv_store_delete_closure(store, closure.date, "", err);
    case 11:
        snprintf(name, sizeof name, "School %d", edit->other);
        return srv_store_put_setting(store, "school_name", name, err);
    case 12:
        return edit->station_id != NULL ? put_classes(store, edit, err) : CM_OK;
    case 13:
        return say_session(store, edit, err);
    case 14:
        return correct(store, edit, err);
    case 15:
        snprintf(name, sizeof name, "present %d, late -2, least 1", 3 + edit->other % 3);
        return srv_store_put_setting(store, "points", name, err);
    case 16:
        return srv_store_append_own(store, &edit->event, &feed, err);
    default:
        return say_consent(store, edit, CM_CONSENT_WITHDRAWN, err);
    }
    return CM_OK;
}

static const char *describe(const struct edit *edit, enum cm_code code)
{
    static const char *const words[] = {"put class",
                                        "delete class",
                                        "put student",
                                        "put student",
                                        "put student",
                                        "put student",
                                        "archive student",
                                        "erase student",
                                        "put templates",
                                        "put closure",
                                        "delete closure",
                                        "put setting",
                                        "put station's classes",
                                        "say of a session",
                                        "correct",
                                        "put points",
                                        "append an event of its own",
                                        "withdraw consent"};
    static char text[300];
    snprintf(text, sizeof text, "%s (class %s, student %s, %zu templates, classes %x): %s", words[edit->what],
             edit->class_record.id, edit->student_record.id, edit->template_count, edit->mask,
             cm_code_name(code));
    return text;
}

const char *sim_server_edit(struct sim_server *server, const char *const *station_ids, int station_count)
{
    struct edit edit = {.server = server,
                        .what = sim_draw(18),
                        .class_ = sim_draw(SIM_CLASSES),
                        .student = sim_draw(SIM_STUDENTS),
                        .other = sim_draw(1000),
                        .mask = 1u + (unsigned)sim_draw((1 << SIM_CLASSES) - 1)};
    struct cm_err err = CM_ERR_INIT;
    sim_process(SIM_SERVER_PROCESS);
    sim_random_class(edit.class_, &edit.class_record);
    sim_random_student(edit.student, edit.class_, &edit.student_record);
    edit.template_count = sim_happens(80) ? (size_t)sim_enrol(edit.student, edit.student_record.id,
                                                              cm_wall_ms(server->clock), edit.templates)
                                          : 0;
    if (station_count > 0)
        edit.station_id = station_ids[sim_draw(station_count)];
    srv_sync_activity(&server->core, CM_ACTIVITY_DISPUTE, &edit.event);
    srv_sync_activity(&server->core, CM_ACTIVITY_DISPUTE, &edit.consent);
    edit.consent.type = CM_EVENT_CONSENT;
    enum cm_code code = srv_store_write(server->store, edit_within, &edit, &err);
    if (edit.what == 7)
        note_erasure(edit.student, code);
    bool expected = code == CM_OK || code == CM_NOTFOUND || code == CM_EXISTS || code == CM_INVALID;
    if (!expected && !sim_is_dead(SIM_SERVER_PROCESS))
        fprintf(stderr, "an edit of the server failed: %s\n", err.msg);
    return describe(&edit, code);
}

void sim_server_make_job(struct sim_server *server)
{
    static int number;
    struct srv_student student;
    char student_id[CM_ID_SIZE];
    sim_student_id(sim_draw(SIM_STUDENTS), student_id);
    if (server->job_count == SIM_JOBS_MAX ||
        srv_store_get_student(server->store, student_id, &student, NULL) != CM_OK)
        return;
    struct sim_job *job = &server->jobs[server->job_count++];
    *job = (struct sim_job){.student_created_wall_ms = student.created_wall_ms};
    snprintf(job->id, sizeof job->id, "job-%08d", ++number);
    memcpy(job->student_id, student_id, sizeof job->student_id);
}

struct pairing {
    struct sim_server *server;
    struct srv_station station;
    char code[SRV_CODE_TEXT_SIZE];
};

static enum cm_code add_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct pairing *pairing = arg;
    enum cm_code code = srv_store_put_station(store, &pairing->station, err);
    if (code == CM_OK)
        code = srv_auth_make_code(store, "pair", pairing->station.id, cm_wall_ms(pairing->server->clock), 10,
                                  pairing->code, err);
    return code;
}

bool sim_server_pair(struct sim_server *server, const char *name, const uint8_t public_key[32],
                     char ret_station_id[40], char ret_token[64], uint8_t ret_server_key[32])
{
    struct pairing pairing = {.server = server, .station.created_wall_ms = cm_wall_ms(server->clock)};
    struct cm_pair_request request = {.version = "1"};
    struct cm_pair_answer answer;
    struct cm_uuid_generator generator = {0};
    struct cm_err err = CM_ERR_INIT;
    struct cm_buf body;
    struct sim_reply reply = {.status = 0};
    uint8_t id[16];
    sim_process(SIM_SERVER_PROCESS);
    cm_uuid7(&generator, cm_wall_ms(server->clock), id);
    cm_uuid_text(id, pairing.station.id);
    snprintf(pairing.station.name, sizeof pairing.station.name, "%s", name);
    pairing.station.class_count = 1;
    sim_class_id(0, pairing.station.classes[0]);
    if (srv_store_write(server->store, add_station, &pairing, &err) != CM_OK)
        return false;
    snprintf(request.code, sizeof request.code, "%s", pairing.code);
    memcpy(request.public_key, public_key, 32);
    cm_buf_init(&body, CM_SYNC_SMALL_MAX);
    cm_message_encode(CM_MESSAGE_PAIR_REQUEST, &request, &body, NULL);
    struct sim_request raw = {.post = true, .body = body.data, .size = body.size};
    sim_server_work(server, SRV_WORK_PAIR, NULL, NULL, &raw, &reply);
    bool paired = reply.status == 200 &&
                  cm_message_decode(CM_MESSAGE_PAIR_ANSWER, reply.body, reply.size, &answer, &err) == CM_OK;
    if (paired) {
        memcpy(ret_station_id, answer.station_id, 40);
        memcpy(ret_token, answer.token, 64);
        memcpy(ret_server_key, answer.server_key, 32);
    }
    free(reply.body);
    cm_buf_finish(&body);
    return paired;
}

static enum cm_code revoke(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_station station;
    enum cm_code code = srv_store_get_station(store, arg, &station, err);
    station.revoked = true;
    return code == CM_OK ? srv_store_put_station(store, &station, err) : code;
}

void sim_server_revoke(struct sim_server *server, const char *station_id)
{
    char id[40];
    sim_process(SIM_SERVER_PROCESS);
    snprintf(id, sizeof id, "%s", station_id);
    srv_store_write(server->store, revoke, id, NULL);
}

static enum cm_code settle(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct srv_fork none = {.seq = 0};
    return srv_store_put_fork(store, arg, &none, err);
}

void sim_server_settle(struct sim_server *server, const char *station_id)
{
    char id[40];
    sim_process(SIM_SERVER_PROCESS);
    snprintf(id, sizeof id, "%s", station_id);
    srv_store_write(server->store, settle, id, NULL);
}

bool sim_server_backup(struct sim_server *server, const char *to)
{
    struct cm_err err = CM_ERR_INIT;
    sim_process(SIM_SERVER_PROCESS);
    bool done = srv_store_backup(server->store, to, &err) == CM_OK;
    if (done)
        memcpy(lives_of_backup, lives, sizeof lives);
    if (!done && !sim_is_dead(SIM_SERVER_PROCESS))
        fprintf(stderr, "backup: %s\n", err.msg);
    return done;
}

bool sim_server_restore(const char *backup, const char *dir)
{
    char url[600];
    struct cm_err err = CM_ERR_INIT;
    sim_process(SIM_SERVER_PROCESS);
    snprintf(url, sizeof url, "lmdb:%s/store", dir);
    memcpy(lives, lives_of_backup, sizeof lives);
    if (srv_store_restore(backup, url, &err) == CM_OK)
        return true;
    fprintf(stderr, "restore: %s\n", err.msg);
    return false;
}
