/* What the server has, to be compared. */
#include "simulation/server_private.h"

#include "simulation/death.h"
#include "simulation/world.h"
#include <stdio.h>
#include <string.h>

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

/* ---- rolls ---- */

struct roll {
    struct srv_day days[SIM_STUDENTS + 8];
    int count;
};

static bool keep_day(void *arg, const struct srv_day *day)
{
    struct roll *roll = arg;
    if (day->roll.status != CM_ROLL_NONE && roll->count < SIM_STUDENTS + 8)
        roll->days[roll->count++] = *day;
    return true;
}

static void view_roll(struct sim_server *server, const char *class_id, int32_t date, struct cm_buf *text)
{
    struct roll roll = {.count = 0};
    struct srv_session_info info = {.state = SRV_SESSION_OPEN};
    (void)srv_store_get_session_info(server->store, class_id, date, &info, NULL);
    srv_store_each_roll(server->store, class_id, date, keep_day, &roll, NULL);
    sim_view_session(text, class_id, date, (int)info.state, (int)info.word.word);
    for (int i = 0; i < roll.count; i++) {
        const struct cm_roll_entry *entry = &roll.days[i].roll;
        struct srv_standing standing = {.points = 0};
        (void)srv_store_get_standing(server->store, entry->student_id, &standing, NULL);
        sim_view_line(text, entry->student_id, entry->status, entry->points, standing.points,
                      standing.streak);
    }
}

struct class_list {
    char ids[SIM_CLASSES][CM_ID_SIZE];
    int count;
};

static bool keep_class(void *arg, const struct cm_class *class_)
{
    struct class_list *list = arg;
    strcpy(list->ids[list->count++], class_->id);
    return list->count < SIM_CLASSES;
}

static void view_rolls(struct view *view)
{
    struct class_list list = {.count = 0};
    srv_store_each_class(view->server->store, keep_class, &list, NULL);
    for (int i = 0; i < list.count; i++)
        for (int32_t date = SIM_ROLL_FIRST; date <= SIM_ROLL_LAST; date++)
            if (srv_station_serves(&view->station, list.ids[i]))
                view_roll(view->server, list.ids[i], date, view->text);
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
    view_rolls(&view);
}

static bool view_id(void *arg, const struct srv_student *student)
{
    cm_buf_appendf(arg, "student %s \n", student->base.id);
    return true;
}

void sim_server_known(struct sim_server *server, struct cm_buf *text)
{
    sim_process(SIM_SERVER_PROCESS);
    srv_store_each_student(server->store, NULL, "", view_id, text, NULL);
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
    fact.received_wall_ms = item->received_wall_ms;
    sim_fact_of(&fact, event);
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
