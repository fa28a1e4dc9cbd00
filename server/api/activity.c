/* GET /api/activity, POST /api/activity/:feed/review */
#include "api/handlers.h"

#include "api/show.h"
#include "auth/auth.h"
#include "http_json/json.h"
#include "live/live.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A coordinator sees what concerns a student of his, and what a station that serves a class of his saw of nobody known.
 * Students cannot be looked up while the store shows its events, so a batch is taken first and judged afterwards.
 */
enum { BATCH = 128, SCAN_MAX = 20000 };

struct activity {
    uint64_t feed;
    char station_id[40];
    struct cm_activity body;
    struct srv_review review;
};

struct list {
    const struct srv_app *app;
    const struct srv_identity *who;
    /* what is asked for */
    bool any_state;
    enum srv_review_state state;
    const char *kind, *station; /* NULL: any */
    int64_t limit;
    /* where it is */
    struct activity *batch; /* BATCH of them */
    int count;
    int64_t scanned, shown;
    uint64_t before; /* the last one looked at */
    uint64_t last;   /* the last one shown */
    bool more;
    struct srv_station *stations;
    int station_count;
    bool failed;
};

/* ---- stations by their id ---- */

static bool take_station(void *arg, const struct srv_station *station)
{
    struct list *list = arg;
    if ((list->station_count & (list->station_count - 1)) == 0) { /* room doubles at the powers of two */
        size_t room = list->station_count > 0 ? (size_t)list->station_count * 2 : 1;
        struct srv_station *stations = realloc(list->stations, room * sizeof *stations);
        list->failed = stations == NULL;
        if (list->failed)
            return false;
        list->stations = stations;
    }
    list->stations[list->station_count++] = *station;
    return true;
}

static enum cm_code load_stations(struct list *list, struct cm_err *err)
{
    enum cm_code code = srv_store_each_station(list->app->store, take_station, list, err);
    return code == CM_OK && list->failed ? cm_fail(err, CM_NOMEM, "out of memory for the stations") : code;
}

static const struct srv_station *station_of(const struct list *list, const char *id)
{
    for (int i = 0; i < list->station_count; i++)
        if (strcmp(list->stations[i].id, id) == 0)
            return &list->stations[i];
    return NULL;
}

/* ---- who sees it ---- */

static bool serves_his(const struct srv_identity *who, const struct srv_station *station)
{
    for (int i = 0; i < station->class_count; i++)
        if (srv_auth_sees_class(who, station->classes[i]))
            return true;
    return station->class_count == 0;
}

/* The student, where the caller may see him. */
static bool find_student(const struct list *list, const char *id, struct srv_student *ret_student)
{
    return id[0] != '\0' && srv_store_get_student(list->app->store, id, ret_student, NULL) == CM_OK &&
           srv_auth_sees_student(list->who, ret_student);
}

static bool sees(const struct list *list, const struct activity *activity)
{
    struct srv_student student;
    if (list->who->role == SRV_ROLE_ADMIN)
        return true;
    if (activity->body.student_id[0] != '\0' || activity->body.other_id[0] != '\0')
        return find_student(list, activity->body.student_id, &student) ||
               find_student(list, activity->body.other_id, &student);
    const struct srv_station *station = station_of(list, activity->station_id);
    return station != NULL && serves_his(list->who, station);
}

/* ---- as JSON ---- */

static void put_activity(struct srv_reply *out, const struct list *list, const struct activity *activity)
{
    const struct cm_activity *body = &activity->body;
    const struct srv_review *review = &activity->review;
    const struct srv_station *station = station_of(list, activity->station_id);
    const struct cm_zone *zone = list->app->zone;
    struct srv_student student, other;
    bool has_student = find_student(list, body->student_id, &student);
    bool has_other = find_student(list, body->other_id, &other);
    bool all = list->who->role == SRV_ROLE_ADMIN; /* to others the ids of foreign students are not told */
    srv_reply_begin(out, NULL);
    srv_reply_int(out, "feed", (int64_t)activity->feed);
    srv_reply_text(out, "kind", cm_activity_name(body->kind));
    srv_reply_instant(out, "at", zone, body->started_wall_ms);
    srv_reply_instant(out, "ended", zone, body->ended_wall_ms);
    srv_reply_words(out, "station_id", activity->station_id);
    srv_reply_text(out, "station", station != NULL ? station->name : NULL);
    srv_reply_words(out, "student_id", all || has_student ? body->student_id : "");
    srv_reply_words(out, "other_id", all || has_other ? body->other_id : "");
    srv_reply_text(out, "student", has_student ? student.base.name : NULL);
    srv_reply_text(out, "other", has_other ? other.base.name : NULL);
    srv_reply_real(out, "distance", (double)body->distance, 4);
    srv_reply_text(out, "reason", body->reason);
    srv_reply_text(out, "state", srv_show_review(review->state));
    srv_reply_words(out, "reviewed_by", review->by);
    srv_reply_instant(out, "reviewed_at", zone, review->reviewed_wall_ms);
    srv_reply_text(out, "note", review->note);
    srv_reply_end(out);
}

/* ---- the list ---- */

static void keep(struct activity *to, const struct srv_feed_item *item, const struct srv_review *review)
{
    to->feed = item->feed;
    snprintf(to->station_id, sizeof to->station_id, "%.39s", srv_feed_station(item->station_id, item->event));
    to->body = item->event->body.activity;
    to->review = *review;
}

static bool wanted(const struct list *list, const struct srv_feed_item *item, const struct srv_review *review)
{
    return (list->any_state || review->state == list->state) &&
           (list->kind == NULL ||
            strcmp(list->kind, cm_activity_name(item->event->body.activity.kind)) == 0) &&
           (list->station == NULL ||
            strcmp(list->station, srv_feed_station(item->station_id, item->event)) == 0);
}

static bool take_activity(void *arg, const struct srv_feed_item *item, const struct srv_review *review)
{
    struct list *list = arg;
    if (list->count == BATCH || list->scanned == SCAN_MAX) {
        list->more = true;
        return false;
    }
    list->scanned++;
    list->before = item->feed;
    if (wanted(list, item, review))
        keep(&list->batch[list->count++], item, review);
    return true;
}

/* What of the batch the caller may see; stops with `more` when the page is full. */
static void put_batch(struct srv_reply *out, struct list *list)
{
    for (int i = 0; i < list->count; i++) {
        if (!sees(list, &list->batch[i]))
            continue;
        if (list->shown == list->limit) {
            list->before = list->last;
            list->more = true;
            return;
        }
        put_activity(out, list, &list->batch[i]);
        list->last = list->batch[i].feed;
        list->shown++;
    }
}

static enum cm_code put_list(struct srv_reply *out, struct list *list, struct cm_err *err)
{
    enum cm_code code = load_stations(list, err);
    srv_reply_begin(out, NULL);
    srv_reply_list(out, "items");
    do {
        list->count = 0;
        list->more = false;
        if (code == CM_OK)
            code = srv_store_each_activity(list->app->store, list->before, take_activity, list, err);
        if (code == CM_OK)
            put_batch(out, list);
    } while (code == CM_OK && list->more && list->shown < list->limit && list->scanned < SCAN_MAX);
    srv_reply_list_end(out);
    if (list->more)
        srv_reply_int(out, "next", (int64_t)list->before);
    else
        srv_reply_null(out, "next");
    srv_reply_end(out);
    return code;
}

static bool parse_state(const char *word, enum srv_review_state *ret_state)
{
    for (int state = SRV_REVIEW_OPEN; state <= SRV_REVIEW_DISMISSED; state++)
        if (strcmp(word, srv_show_review(state)) == 0) {
            *ret_state = (enum srv_review_state)state;
            return true;
        }
    return false;
}

static bool read_query(struct srv_call *call, struct list *list)
{
    const char *state = srv_call_query(call, "state");
    int64_t before;
    list->kind = srv_call_query(call, "kind");
    list->station = srv_call_query(call, "station");
    if (list->kind != NULL && list->kind[0] == '\0')
        list->kind = NULL;
    if (list->station != NULL && list->station[0] == '\0')
        list->station = NULL;
    list->any_state = state == NULL || state[0] == '\0' || strcmp(state, "all") == 0;
    if (!list->any_state && !parse_state(state, &list->state)) {
        srv_json_invalid(call, "state", "the state is open, confirmed, dismissed or all");
        return false;
    }
    if (!srv_json_query_int(call, "before", 1, INT64_MAX / 16, 0, &before) ||
        !srv_json_query_int(call, "limit", 1, SRV_PAGE_LIMIT_MAX, SRV_PAGE_LIMIT, &list->limit))
        return false;
    list->before = (uint64_t)before;
    return true;
}

void srv_api_activity(struct srv_call *call)
{
    struct list list = {.app = srv_app_of(call), .who = srv_call_identity(call)};
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    if (!read_query(call, &list))
        return;
    srv_reply_init(&out);
    list.batch = malloc(BATCH * sizeof *list.batch);
    enum cm_code code = list.batch != NULL ? put_list(&out, &list, &err)
                                           : cm_fail(&err, CM_NOMEM, "out of memory for the activity");
    if (code == CM_OK)
        srv_reply_answer(call, 200, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
    free(list.batch);
    free(list.stations);
}

/* ---- review ---- */

struct review_write {
    struct srv_call_write base;
    uint64_t feed;
    struct srv_review review;
};

struct found {
    uint64_t feed;
    struct activity *to;
    bool found;
};

static bool take_this(void *arg, const struct srv_feed_item *item, const struct srv_review *review)
{
    struct found *found = arg;
    found->found = item->feed == found->feed;
    if (found->found)
        keep(found->to, item, review);
    return false;
}

/* The activity of that number, where the caller may see it. The list's batch and stations are the caller's to free. */
static bool find_activity(struct srv_call *call, struct list *list, uint64_t feed)
{
    struct cm_err err = CM_ERR_INIT;
    *list = (struct list){.app = srv_app_of(call), .who = srv_call_identity(call)};
    list->batch = malloc(sizeof *list->batch);
    struct found found = {.feed = feed, .to = list->batch};
    enum cm_code code = list->batch != NULL ? load_stations(list, &err)
                                            : cm_fail(&err, CM_NOMEM, "out of memory for the activity");
    if (code == CM_OK)
        code = srv_store_each_activity(list->app->store, feed + 1, take_this, &found, &err);
    if (code != CM_OK) {
        srv_json_failed(call, code, &err);
        return false;
    }
    if (!found.found || !sees(list, list->batch)) {
        srv_api_not_found(call, "activity");
        return false;
    }
    return true;
}

static void list_finish(struct list *list)
{
    free(list->batch);
    free(list->stations);
}

static enum cm_code run_review(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct review_write *write = arg;
    return srv_store_put_review(store, write->feed, &write->review, err);
}

static void answer_activity(struct srv_call *call, const struct list *list)
{
    struct srv_reply out;
    srv_reply_init(&out);
    put_activity(&out, list, list->batch);
    srv_reply_answer(call, 200, &out);
}

static void answer_review(struct srv_call_write *base)
{
    const struct review_write *write = (struct review_write *)base;
    struct list list;
    json_t *detail = json_pack("{s:I}", "feed", (json_int_t)write->feed);
    srv_live_changed(base->app->live, "activity", NULL, detail);
    json_decref(detail);
    if (find_activity(base->call, &list, write->feed))
        answer_activity(base->call, &list);
    list_finish(&list);
}

static bool read_review(struct srv_call *call, struct srv_review *review)
{
    char state[16] = "";
    const struct srv_identity *who = srv_call_identity(call);
    const struct srv_json_field fields[] = {
        {.name = "state", .type = SRV_JSON_LINE, .required = true, .ret = state, .size = sizeof state},
        {.name = "note",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = review->note,
         .size = sizeof review->note},
    };
    if (!SRV_JSON_BODY(call, fields))
        return false;
    if (!parse_state(state, &review->state)) {
        srv_json_invalid(call, "state", "the state is open, confirmed or dismissed");
        return false;
    }
    snprintf(review->by, sizeof review->by, "%s", who->name[0] != '\0' ? who->name : who->user);
    review->reviewed_wall_ms = srv_api_now(srv_app_of(call));
    return true;
}

/* A feed number of the path; 0: it is none. */
static uint64_t feed_of(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 18 && text[digits] == '\0' ? strtoull(text, NULL, 10) : 0;
}

/* The same a second time is no second review. */
static bool stands(const struct srv_review *before, const struct srv_review *review)
{
    return before->state == review->state && strcmp(before->note, review->note) == 0 &&
           strcmp(before->by, review->by) == 0;
}

static void submit_review(struct srv_call *call, uint64_t feed, const struct srv_review *review)
{
    struct review_write *write = srv_call_write_create(call, sizeof *write, run_review, answer_review);
    if (write == NULL)
        return;
    write->feed = feed;
    write->review = *review;
    srv_call_write_submit(&write->base);
}

void srv_api_activity_review(struct srv_call *call)
{
    uint64_t feed = feed_of(srv_call_param(call, "feed"));
    struct srv_review review = {.state = SRV_REVIEW_OPEN};
    struct list list;
    if (find_activity(call, &list, feed) && read_review(call, &review)) {
        if (stands(&list.batch->review, &review))
            answer_activity(call, &list);
        else
            submit_review(call, feed, &review);
    }
    list_finish(&list);
}
