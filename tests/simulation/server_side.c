#include "simulation/server_side.h"

#include "auth/auth.h"
#include "base/uuid.h"
#include "simulation/chance.h"
#include "simulation/death.h"
#include "simulation/world.h"
#include "sync/pull.h"
#include "sync/work.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS_MAX = 16 };

struct job { /* what live keeps in memory of a photo: gone with the process */
    char id[CM_SYNC_JOB_ID_SIZE], student_id[CM_ID_SIZE], station_id[40];
    bool taken, ended;
};

struct sim_server {
    struct srv_store *store;
    struct cm_zone *zone;
    const struct cm_clock *clock;
    struct srv_sync_core core;
    struct job jobs[JOBS_MAX];
    int job_count;
};

/* ---- life ---- */

static bool open_store(struct sim_server *server, const char *dir, struct cm_err *err)
{
    char url[600];
    snprintf(url, sizeof url, "lmdb:%s/store", dir);
    struct srv_store_options options = {
        .url = url, .clock = server->clock, .zone = server->zone, .map_bytes_max = 256 << 20};
    if (srv_store_open(&options, &server->store, err) != CM_OK)
        return false;
    if (srv_sync_core_init(&server->core, server->store, server->clock, server->zone, err) == CM_OK)
        return true;
    srv_store_close(server->store);
    return false;
}

bool sim_server_open(const char *dir, const struct cm_clock *clock, struct sim_server **ret_server,
                     bool *ret_broken)
{
    struct sim_server *server = calloc(1, sizeof *server);
    struct cm_err err = CM_ERR_INIT;
    sim_process(SIM_SERVER_PROCESS);
    *ret_broken = false;
    server->clock = clock;
    bool opened = cm_zone_open("Asia/Kolkata", &server->zone, &err) == CM_OK && open_store(server, dir, &err);
    if (opened && !sim_is_dead(SIM_SERVER_PROCESS)) {
        *ret_server = server;
        return true;
    }
    *ret_broken = !sim_is_dead(SIM_SERVER_PROCESS);
    if (*ret_broken)
        fprintf(stderr, "the server does not start: %s\n", err.msg);
    if (opened)
        srv_store_close(server->store);
    cm_zone_close(server->zone);
    free(server);
    return false;
}

void sim_server_close(struct sim_server *server)
{
    if (server == NULL)
        return;
    sim_process(SIM_SERVER_PROCESS);
    srv_sync_core_finish(&server->core);
    srv_store_close(server->store);
    cm_zone_close(server->zone);
    free(server);
}

/* ---- answering ---- */

static void take_reply(struct srv_sync_reply *reply, struct sim_reply *ret)
{
    ret->status = reply->status;
    ret->body = cm_buf_take(&reply->body, &ret->size);
}

static struct job *find_job(struct sim_server *server, const char *path)
{
    for (int i = 0; i < server->job_count; i++)
        if (strncmp(path, server->jobs[i].id, strlen(server->jobs[i].id)) == 0)
            return &server->jobs[i];
    return NULL;
}

static void do_work(struct sim_server *server, enum srv_work_verb verb, const struct srv_station *station,
                    struct job *job, const struct sim_request *request, struct sim_reply *ret_reply)
{
    struct srv_work *work = malloc(sizeof *work);
    struct cm_err err = CM_ERR_INIT;
    srv_work_init(work, &server->core, verb, station, request->body, request->size);
    if (job != NULL)
        memcpy(work->job_student_id, job->student_id, sizeof job->student_id);
    if (srv_work_begin(work)) {
        enum cm_code code = srv_store_write(server->store, srv_work_run, work, &err);
        if (!sim_is_dead(SIM_SERVER_PROCESS))
            srv_work_end(work, code, &err);
    }
    if (job != NULL && work->effects.job.reason[0] != '\0')
        job->ended = true;
    take_reply(&work->reply, ret_reply);
    srv_work_finish(work);
    free(work);
}

static int unhex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* In place; as the HTTP server does before a handler sees it. */
static void decode(char *text)
{
    char *out = text;
    for (; *text != '\0'; text++, out++) {
        *out = *text;
        if (*text == '%' && text[1] != '\0' && text[2] != '\0') {
            *out = (char)(unhex(text[1]) << 4 | unhex(text[2]));
            text += 2;
        }
    }
    *out = '\0';
}

static bool read_query(const char *query, struct cm_pull *pull)
{
    char copy[SIM_PATH_SIZE], *rest;
    snprintf(copy, sizeof copy, "%s", query);
    for (char *pair = strtok_r(copy, "&", &rest); pair != NULL; pair = strtok_r(NULL, "&", &rest)) {
        char *value = strchr(pair, '=');
        if (value == NULL)
            return false;
        *value++ = '\0';
        decode(value);
        if (cm_pull_set(pull, pair, value, NULL) != CM_OK)
            return false;
    }
    return true;
}

static int list_jobs(struct sim_server *server, const struct srv_station *station,
                     struct cm_job jobs[CM_SYNC_JOBS_MAX])
{
    int count = 0;
    struct srv_student student;
    for (int i = 0; i < server->job_count && count < CM_SYNC_JOBS_MAX; i++) {
        struct job *job = &server->jobs[i];
        if (job->taken || srv_store_get_student(server->store, job->student_id, &student, NULL) != CM_OK ||
            !srv_station_serves(station, student.base.class_id))
            continue;
        jobs[count] = (struct cm_job){.name = "somebody"};
        memcpy(jobs[count].id, job->id, sizeof job->id);
        memcpy(jobs[count++].student_id, job->student_id, sizeof job->student_id);
    }
    return count;
}

static enum sim_answered answer_pull(struct sim_server *server, const struct srv_station *station,
                                     const char *query, bool must, struct sim_reply *ret_reply)
{
    struct srv_pull pull = {.core = &server->core, .station_id = station->id};
    struct cm_job jobs[CM_SYNC_JOBS_MAX];
    struct srv_sync_reply reply;
    struct cm_err err = CM_ERR_INIT;
    bool news = false;
    if (!read_query(query, &pull.asked)) {
        ret_reply->status = 400;
        return SIM_ANSWERED;
    }
    pull.jobs = jobs;
    pull.job_count = list_jobs(server, station, jobs);
    srv_sync_reply_init(&reply);
    enum cm_code code = srv_pull_answer(&pull, &reply, &news, &err);
    if (code != CM_OK && !sim_is_dead(SIM_SERVER_PROCESS))
        srv_sync_reply_failure(&reply, code, &err);
    if (code == CM_OK && !news && pull.job_count == 0 && !must && pull.asked.wait_s > 0) {
        srv_sync_reply_finish(&reply);
        return SIM_WAITS;
    }
    take_reply(&reply, ret_reply);
    srv_sync_reply_finish(&reply);
    return SIM_ANSWERED;
}

static void answer_job(struct sim_server *server, const struct srv_station *station,
                       const struct sim_request *request, struct sim_reply *ret_reply)
{
    struct job *job = find_job(server, request->path + strlen("/sync/v1/jobs/"));
    ret_reply->status = 404;
    if (job == NULL)
        return;
    if (!request->post && !job->taken) {
        job->taken = true;
        memcpy(job->station_id, station->id, sizeof job->station_id);
        ret_reply->status = 200;
        ret_reply->body = (uint8_t *)strdup("photo");
        ret_reply->size = 5;
    } else if (request->post && job->taken && strcmp(job->station_id, station->id) == 0) {
        do_work(server, SRV_WORK_ENROL, station, job, request, ret_reply);
    }
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

enum sim_answered sim_server_answer(struct sim_server *server, const struct sim_request *request, bool must,
                                    struct sim_reply *ret_reply)
{
    struct srv_station station;
    enum sim_answered answered = SIM_ANSWERED;
    sim_process(SIM_SERVER_PROCESS);
    *ret_reply = (struct sim_reply){.status = 404};
    enum cm_code code = srv_store_get_station(server->store, request->station_id, &station, NULL);
    if (code != CM_OK || station.revoked)
        ret_reply->status = 401;
    else if (begins(request->path, "/sync/v1/events"))
        do_work(server, SRV_WORK_EVENTS, &station, NULL, request, ret_reply);
    else if (begins(request->path, "/sync/v1/templates"))
        do_work(server, SRV_WORK_TEMPLATES, &station, NULL, request, ret_reply);
    else if (begins(request->path, "/sync/v1/changes?"))
        answered = answer_pull(server, &station, strchr(request->path, '?') + 1, must, ret_reply);
    else if (begins(request->path, "/sync/v1/jobs/"))
        answer_job(server, &station, request, ret_reply);
    if (!sim_is_dead(SIM_SERVER_PROCESS))
        return answered;
    free(ret_reply->body);
    *ret_reply = (struct sim_reply){.status = 0};
    return SIM_DIED;
}

/* ---- what people do ---- */

struct edit {
    struct sim_server *server;
    int what, class_, student, other; /* drawn before: a write may run twice */
    struct cm_class class_record;
    struct cm_student student_record;
    struct cm_template templates[3];
    size_t template_count;
    const char *station_id;
    unsigned mask;
    struct cm_event event;
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

static enum cm_code edit_within(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct edit *edit = arg;
    struct srv_closure closure = {.date = 20261124 + edit->other % 5};
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
        return srv_store_put_templates(store, edit->student_record.id, edit->templates, edit->template_count,
                                       err);
    case 9:
        return srv_store_put_closure(store, &closure, err);
    case 10:
        return srv_store_delete_closure(store, closure.date, "", err);
    case 11:
        snprintf(name, sizeof name, "School %d", edit->other);
        return srv_store_put_setting(store, "school_name", name, err);
    case 12:
        return edit->station_id != NULL ? put_classes(store, edit, err) : CM_OK;
    default:
        return srv_store_append_own(store, &edit->event, &feed, err);
    }
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
                                        "append an event of its own"};
    static char text[300];
    snprintf(text, sizeof text, "%s (class %s, student %s, %zu templates, classes %x): %s", words[edit->what],
             edit->class_record.id, edit->student_record.id, edit->template_count, edit->mask,
             cm_code_name(code));
    return text;
}

const char *sim_server_edit(struct sim_server *server, const char *const *station_ids, int station_count)
{
    struct edit edit = {.server = server,
                        .what = sim_draw(14),
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
    enum cm_code code = srv_store_write(server->store, edit_within, &edit, &err);
    bool expected = code == CM_OK || code == CM_NOTFOUND || code == CM_EXISTS || code == CM_INVALID;
    if (!expected && !sim_is_dead(SIM_SERVER_PROCESS))
        fprintf(stderr, "an edit of the server failed: %s\n", err.msg);
    return describe(&edit, code);
}

void sim_server_make_job(struct sim_server *server)
{
    static int number;
    if (server->job_count == JOBS_MAX)
        return;
    struct job *job = &server->jobs[server->job_count++];
    *job = (struct job){.taken = false};
    snprintf(job->id, sizeof job->id, "job-%08d", ++number);
    sim_student_id(sim_draw(SIM_STUDENTS), job->student_id);
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
    do_work(server, SRV_WORK_PAIR, NULL, NULL, &raw, &reply);
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

bool sim_server_backup(struct sim_server *server, const char *to)
{
    struct cm_err err = CM_ERR_INIT;
    sim_process(SIM_SERVER_PROCESS);
    bool done = srv_store_backup(server->store, to, &err) == CM_OK;
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
    if (srv_store_restore(backup, url, &err) == CM_OK)
        return true;
    fprintf(stderr, "restore: %s\n", err.msg);
    return false;
}

/* ---- to compare ---- */

struct view {
    struct sim_server *server;
    struct srv_station station;
    struct cm_buf *text;
    enum { CLASSES, STUDENTS, TEMPLATES } part;
};

static bool view_class(void *arg, const struct cm_class *class_)
{
    struct view *view = arg;
    if (srv_station_serves(&view->station, class_->id))
        sim_view_class(view->text, class_);
    return true;
}

static bool is_theirs(struct view *view, const struct srv_student *student)
{
    return !student->archived && srv_station_serves(&view->station, student->base.class_id);
}

static bool view_student(void *arg, const struct srv_student *student)
{
    struct view *view = arg;
    if (is_theirs(view, student))
        sim_view_student(view->text, &student->base);
    return true;
}

static bool view_template(void *arg, const struct cm_template *template_)
{
    sim_view_template(((struct view *)arg)->text, template_);
    return true;
}

void sim_server_view(struct sim_server *server, const char *station_id, struct cm_buf *text)
{
    struct view view = {.server = server, .text = text};
    struct srv_student student;
    char id[CM_ID_SIZE];
    sim_process(SIM_SERVER_PROCESS);
    if (srv_store_get_station(server->store, station_id, &view.station, NULL) != CM_OK)
        return;
    srv_store_each_class(server->store, view_class, &view, NULL);
    srv_store_each_student(server->store, NULL, "", view_student, &view, NULL);
    for (int i = 0; i < SIM_STUDENTS; i++) {
        sim_student_id(i, id);
        if (srv_store_get_student(server->store, id, &student, NULL) == CM_OK && is_theirs(&view, &student))
            srv_store_each_template(server->store, id, view_template, &view, NULL);
    }
}

struct facts {
    sim_fact_fn *visit;
    void *arg;
};

static bool visit_fact(void *arg, const struct srv_feed_item *item)
{
    struct facts *facts = arg;
    const struct cm_event *event = item->event;
    struct sim_fact fact = {.type = (int)event->type, .seq = event->seq, .wall_ms = event->wall_ms};
    memcpy(fact.id, event->id, sizeof fact.id);
    if (event->type == CM_EVENT_MARK)
        fact.captured_wall_ms = event->body.mark.captured_wall_ms;
    facts->visit(facts->arg, item->station_id, &fact);
    return true;
}

void sim_server_each_fact(struct sim_server *server, sim_fact_fn *visit, void *arg)
{
    struct facts facts = {visit, arg};
    struct cm_err err = CM_ERR_INIT;
    sim_process(SIM_SERVER_PROCESS);
    if (srv_store_each_feed(server->store, 0, visit_fact, &facts, &err) != CM_OK)
        fprintf(stderr, "the feed: %s\n", err.msg);
}

bool sim_server_check(struct sim_server *server)
{
    struct cm_err err = CM_ERR_INIT;
    uint64_t events;
    sim_process(SIM_SERVER_PROCESS);
    if (srv_store_check(server->store, NULL, NULL, &events, &err) == CM_OK)
        return true;
    fprintf(stderr, "the server's store: %s\n", err.msg);
    return false;
}

bool sim_server_is_forked(struct sim_server *server, const char *station_id)
{
    struct srv_station station;
    sim_process(SIM_SERVER_PROCESS);
    return srv_store_get_station(server->store, station_id, &station, NULL) == CM_OK && station.forked;
}
