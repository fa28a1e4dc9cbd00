/* GET /api/alerts, /api/alerts/:id, /api/alerts/held, /api/alerts/why */
#include "api/alert.h"

#include "alerts/night.h"
#include "alerts/outbox.h"
#include "api/handlers.h"
#include "api/show.h"
#include "auth/auth.h"
#include "base/uuid.h"
#include "http_json/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

static const char *const states[] = {
    [SRV_ALERT_ACTIVE] = "active",
    [SRV_ALERT_WITHDRAWN] = "withdrawn",
    [SRV_ALERT_CONTRADICTED] = "contradicted",
    [SRV_ALERT_CANCELLED] = "cancelled",
};
static const char *const words[] = {
    [SRV_ALERT_MADE] = "made",
    [SRV_ALERT_WAS_WITHDRAWN] = "withdrawn",
    [SRV_ALERT_WAS_CONTRADICTED] = "contradicted",
    [SRV_ALERT_WAS_CANCELLED] = "cancelled",
    [SRV_ALERT_WAS_ACKNOWLEDGED] = "acknowledged",
    [SRV_ALERT_WAS_RETRIED] = "retried",
    [SRV_ALERT_WAS_RESOLVED] = "resolved",
};
static const char *const holds[] = {
    [SRV_HOLD_NONE] = "none",
    [SRV_HOLD_STATIONS] = "stations",
    [SRV_HOLD_REOPENED] = "reopened",
    [SRV_HOLD_NOBODY] = "nobody",
};

/* ---- one alert as JSON ---- */

struct put { /* a visit */
    struct srv_reply *out;
    const struct cm_zone *zone;
    bool whole;
};

static void put_id(struct srv_reply *out, const char *name, const uint8_t id[16])
{
    char text[CM_UUID_TEXT_SIZE];
    srv_reply_text(out, name, cm_uuid_text(id, text));
}

static void put_steps(struct srv_reply *out, const struct cm_zone *zone, const struct srv_message *message)
{
    srv_reply_list(out, "steps");
    for (int i = 0; i < message->step_count; i++) {
        srv_reply_begin(out, NULL);
        srv_reply_text(out, "state", srv_message_state_name(message->steps[i].state));
        srv_reply_instant(out, "at", zone, message->steps[i].wall_ms);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

static bool put_message(void *arg, const struct srv_message *message)
{
    const struct put *put = arg;
    struct srv_reply *out = put->out;
    bool queued = message->state == SRV_MESSAGE_QUEUED;
    srv_reply_begin(out, NULL);
    put_id(out, "id", message->id);
    srv_reply_text(out, "recipient", message->recipient == SRV_RECIPIENT_PARENT ? "parent" : "coordinator");
    srv_reply_words(out, "name", message->name);
    srv_reply_words(out, "phone", message->phone);
    srv_reply_words(out, "email", message->email);
    srv_reply_words(out, "provider", message->provider);
    srv_reply_text(out, "state", srv_message_state_name(message->state));
    srv_reply_instant(out, "since", put->zone, message->changed_wall_ms);
    srv_reply_int(out, "tries", message->tries);
    srv_reply_instant(out, "next_try", put->zone, queued ? message->next_try_wall_ms : 0);
    srv_reply_int(out, "error_code", message->error_code);
    srv_reply_words(out, "error", message->error_text);
    if (put->whole)
        put_steps(out, put->zone, message);
    srv_reply_end(out);
    return true;
}

static void put_days(struct srv_reply *out, const struct cm_zone *zone, const struct srv_alert *alert)
{
    srv_reply_list(out, "days");
    for (int i = 0; i < alert->day_count; i++) {
        const struct srv_alert_day *day = &alert->days[i];
        srv_reply_begin(out, NULL);
        srv_reply_date(out, "date", day->date);
        srv_reply_text(out, "class_id", day->class_id);
        srv_reply_words(out, "closed_by", day->closed_by); /* null: by itself, with this coverage */
        srv_reply_instant(out, "closed_at", zone, day->closed_wall_ms);
        srv_reply_int(out, "able_min", day->able_min);
        srv_reply_int(out, "window_min", day->window_min);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

static void put_history(struct srv_reply *out, const struct cm_zone *zone, const struct srv_alert *alert)
{
    srv_reply_list(out, "history");
    for (int i = 0; i < alert->note_count; i++) {
        srv_reply_begin(out, NULL);
        srv_reply_text(out, "what", words[alert->notes[i].word]);
        srv_reply_instant(out, "at", zone, alert->notes[i].wall_ms);
        srv_reply_words(out, "by", alert->notes[i].by);
        srv_reply_words(out, "reason", alert->notes[i].reason);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

static enum cm_code load_stopped(const struct srv_app *app, const struct srv_student *student,
                                 int64_t *ret_wall_ms, struct cm_err *err)
{
    *ret_wall_ms = 0;
    enum cm_code code = student->parent_phone[0] != '\0'
                            ? srv_store_get_stopped(app->store, student->parent_phone, ret_wall_ms, err)
                            : CM_NOTFOUND;
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_api_put_alert(struct srv_reply *out, const char *name, const struct srv_app *app,
                               const struct srv_alert *alert, bool whole, struct cm_err *err)
{
    struct put put = {out, app->zone, whole};
    struct srv_student student = {.template_count = 0};
    int64_t stopped_ms = 0;
    enum cm_code code = srv_store_get_student(app->store, alert->student_id, &student, err);
    bool known = code == CM_OK;
    if (known)
        code = load_stopped(app, &student, &stopped_ms, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    srv_reply_begin(out, name);
    put_id(out, "id", alert->id);
    srv_reply_text(out, "student_id", alert->student_id);
    srv_reply_text(out, "student", known ? student.base.name : NULL);
    srv_reply_text(out, "class_id", alert->class_id);
    srv_reply_date(out, "trigger_date", alert->trigger_date);
    srv_reply_date(out, "first_date", alert->day_count > 0 ? alert->days[0].date : 0);
    srv_reply_int(out, "absent", alert->absent_count);
    srv_reply_bool(out, "repeat", alert->repeat);
    srv_reply_text(out, "state", states[alert->state]);
    srv_reply_instant(out, "created", app->zone, alert->created_wall_ms);
    srv_reply_instant(out, "acknowledged", app->zone, alert->acknowledged_wall_ms);
    srv_reply_instant(out, "parent_stopped", app->zone, stopped_ms);
    if (whole) {
        put_days(out, app->zone, alert);
        put_history(out, app->zone, alert);
    }
    srv_reply_list(out, "messages");
    code = srv_store_each_message_of_alert(app->store, alert->id, put_message, &put, err);
    srv_reply_list_end(out);
    srv_reply_end(out);
    return code;
}

void srv_api_answer_alert(struct srv_call *call, const struct srv_alert *alert)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    srv_reply_init(&out);
    enum cm_code code = srv_api_put_alert(&out, NULL, srv_app_of(call), alert, true, &err);
    if (code == CM_OK)
        srv_reply_answer(call, 200, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
}

/* ---- who sees it ---- */

bool srv_api_sees_alert(struct srv_call *call, const struct srv_alert *alert)
{
    const struct srv_identity *who = srv_call_identity(call);
    struct srv_student student;
    if (srv_auth_sees_class(who, alert->class_id))
        return true;
    return srv_store_get_student(srv_app_of(call)->store, alert->student_id, &student, NULL) == CM_OK &&
           srv_auth_sees_student(who, &student);
}

bool srv_api_find_alert(struct srv_call *call, struct srv_alert *ret_alert)
{
    uint8_t id[16];
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = cm_uuid_parse(srv_call_param(call, "id"), id, NULL);
    if (code == CM_OK)
        code = srv_store_get_alert(srv_app_of(call)->store, id, ret_alert, &err);
    if (code == CM_OK && srv_api_sees_alert(call, ret_alert))
        return true;
    if (code == CM_OK || code == CM_NOTFOUND || code == CM_INVALID)
        srv_api_not_found(call, "alert");
    else
        srv_json_failed(call, code, &err);
    return false;
}

/* ---- the list ---- */

/* Alerts are looked up for messages and students while the store shows none: so a batch is taken first. */
enum { BATCH = 32, SCAN_MAX = 5000, CURSOR_SIZE = 64 };

struct list {
    struct srv_call *call;
    const struct srv_app *app;
    struct srv_alert_filter filter;
    char class_id[CM_ID_SIZE];
    bool acknowledged, unacknowledged; /* only these */
    bool by_message;
    enum srv_message_state message; /* with a message in this state */
    int64_t limit, shown, scanned;
    struct srv_alert *batch;
    int count;
    bool more;
};

static bool take_alert(void *arg, const struct srv_alert *alert)
{
    struct list *list = arg;
    if (list->count == BATCH || list->scanned == SCAN_MAX) {
        list->more = true;
        return false;
    }
    list->scanned++;
    list->filter.before_wall_ms = alert->created_wall_ms;
    memcpy(list->filter.before_id, alert->id, sizeof list->filter.before_id);
    bool stands = alert->state == SRV_ALERT_ACTIVE || alert->state == SRV_ALERT_CONTRADICTED;
    if ((list->acknowledged && alert->acknowledged_wall_ms == 0) ||
        (list->unacknowledged && (!stands || alert->acknowledged_wall_ms != 0)))
        return true;
    list->batch[list->count++] = *alert;
    return true;
}

struct find_message {
    enum srv_message_state state;
    bool found;
};

static bool look_message(void *arg, const struct srv_message *message)
{
    struct find_message *find = arg;
    find->found |= message->state == find->state;
    return !find->found;
}

static bool wanted(struct list *list, const struct srv_alert *alert)
{
    struct find_message find = {list->message, false};
    if (!srv_api_sees_alert(list->call, alert))
        return false;
    return !list->by_message || (srv_store_each_message_of_alert(list->app->store, alert->id, look_message,
                                                                 &find, NULL) == CM_OK &&
                                 find.found);
}

static enum cm_code put_batch(struct srv_reply *out, struct list *list, struct srv_alert_filter *last,
                              struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (int i = 0; i < list->count && code == CM_OK; i++) {
        const struct srv_alert *alert = &list->batch[i];
        if (!wanted(list, alert))
            continue;
        if (list->shown == list->limit) { /* the page is full, and there is another one */
            list->filter = *last;
            list->more = true;
            return CM_OK;
        }
        code = srv_api_put_alert(out, NULL, list->app, alert, false, err);
        last->before_wall_ms = alert->created_wall_ms;
        memcpy(last->before_id, alert->id, sizeof last->before_id);
        list->shown++;
    }
    return code;
}

static void put_next(struct srv_reply *out, const struct list *list)
{
    char cursor[CURSOR_SIZE], id[CM_UUID_TEXT_SIZE];
    snprintf(cursor, sizeof cursor, "%" PRId64 ".%s", list->filter.before_wall_ms,
             cm_uuid_text(list->filter.before_id, id));
    srv_reply_text(out, "next", list->more ? cursor : NULL);
}

static enum cm_code put_list(struct srv_reply *out, struct list *list, struct cm_err *err)
{
    struct srv_alert_filter last = list->filter;
    enum cm_code code = CM_OK;
    srv_reply_begin(out, NULL);
    srv_reply_list(out, "items");
    do {
        list->count = 0;
        list->more = false;
        code = srv_store_each_alert(list->app->store, &list->filter, take_alert, list, err);
        if (code == CM_OK)
            code = put_batch(out, list, &last, err);
    } while (code == CM_OK && list->more && list->shown < list->limit && list->scanned < SCAN_MAX);
    srv_reply_list_end(out);
    put_next(out, list);
    srv_reply_end(out);
    return code;
}

static bool read_state(struct srv_call *call, struct list *list)
{
    const char *state = srv_call_query(call, "state");
    if (state == NULL || state[0] == '\0' || strcmp(state, "all") == 0)
        return true;
    list->acknowledged = strcmp(state, "acknowledged") == 0;
    list->unacknowledged = strcmp(state, "open") == 0;
    if (list->acknowledged || list->unacknowledged)
        return true;
    for (int i = SRV_ALERT_ACTIVE; i <= SRV_ALERT_CANCELLED; i++) {
        if (strcmp(state, states[i]) == 0) {
            list->filter.state = (enum srv_alert_state)i;
            return true;
        }
    }
    srv_json_invalid(call, "state",
                     "the state is open, acknowledged, active, withdrawn, contradicted, cancelled or all");
    return false;
}

static bool read_cursor(struct srv_call *call, struct list *list)
{
    const char *cursor = srv_call_query(call, "before");
    char *end;
    if (cursor == NULL || cursor[0] == '\0')
        return true;
    list->filter.before_wall_ms = strtoll(cursor, &end, 10);
    if (cursor[0] >= '1' && cursor[0] <= '9' && *end == '.' &&
        cm_uuid_parse(end + 1, list->filter.before_id, NULL) == CM_OK)
        return true;
    srv_json_invalid(call, "before", "before is the \"next\" of the page before");
    return false;
}

static bool read_message_state(struct srv_call *call, struct list *list)
{
    const char *state = srv_call_query(call, "message");
    struct cm_err err = CM_ERR_INIT;
    if (state == NULL || state[0] == '\0')
        return true;
    list->by_message = srv_message_state_parse(state, &list->message, &err) == CM_OK;
    if (!list->by_message)
        srv_json_invalid(call, "message", "%s", err.msg);
    return list->by_message;
}

static bool read_class(struct srv_call *call, struct list *list)
{
    const char *class_id = srv_call_query(call, "class");
    struct cm_class class_;
    if (class_id == NULL || class_id[0] == '\0')
        return true;
    if (!srv_api_find_class(call, class_id, &class_))
        return false;
    memcpy(list->class_id, class_.id, sizeof list->class_id);
    list->filter.class_id = list->class_id;
    return true;
}

void srv_api_alerts(struct srv_call *call)
{
    struct list list = {.call = call, .app = srv_app_of(call)};
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    if (!read_state(call, &list) || !read_cursor(call, &list) || !read_message_state(call, &list) ||
        !read_class(call, &list) ||
        !srv_json_query_int(call, "limit", 1, SRV_PAGE_LIMIT_MAX, SRV_PAGE_LIMIT, &list.limit))
        return;
    srv_reply_init(&out);
    list.batch = malloc(BATCH * sizeof *list.batch);
    enum cm_code code = list.batch != NULL ? put_list(&out, &list, &err)
                                           : cm_fail(&err, CM_NOMEM, "out of memory for the alerts");
    if (code == CM_OK)
        srv_reply_answer(call, 200, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
    free(list.batch);
}

void srv_api_alert(struct srv_call *call)
{
    struct srv_alert alert;
    if (srv_api_find_alert(call, &alert))
        srv_api_answer_alert(call, &alert);
}

/* ---- held classes ---- */

struct held { /* classes that the caller sees */
    const struct srv_identity *who;
    struct srv_alert_cursor *list;
    size_t count, room;
    bool failed;
};

static bool take_held(void *arg, const struct srv_alert_cursor *cursor)
{
    struct held *held = arg;
    if (cursor->held_date == 0 || !srv_auth_sees_class(held->who, cursor->class_id))
        return true;
    if (held->count == held->room) {
        size_t room = held->room > 0 ? held->room * 2 : 16;
        struct srv_alert_cursor *list = realloc(held->list, room * sizeof *list);
        held->failed = list == NULL;
        if (held->failed)
            return false;
        held->list = list;
        held->room = room;
    }
    held->list[held->count++] = *cursor;
    return held->count < SRV_API_CLASSES_MAX;
}

static void put_stations(struct srv_reply *out, const struct srv_app *app,
                         const struct srv_alert_cursor *cursor)
{
    srv_reply_list(out, "stations");
    for (int i = 0; i < cursor->listed_count; i++) {
        struct srv_station station;
        bool known = srv_store_get_station(app->store, cursor->stations[i], &station, NULL) == CM_OK;
        srv_show_silent(out, app, cursor->stations[i], known ? &station : NULL);
    }
    srv_reply_list_end(out);
}

static void put_held(struct srv_reply *out, const struct srv_app *app, const struct srv_alert_cursor *cursor)
{
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "class_id", cursor->class_id);
    srv_reply_date(out, "date", cursor->held_date);
    srv_reply_text(out, "why", holds[cursor->hold]);
    srv_reply_instant(out, "since", app->zone, cursor->held_wall_ms);
    srv_reply_int(out, "station_count", cursor->station_count);
    put_stations(out, app, cursor);
    srv_reply_end(out);
}

void srv_api_alerts_held(struct srv_call *call)
{
    const struct srv_app *app = srv_app_of(call);
    struct held held = {.who = srv_call_identity(call)};
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    enum cm_code code = srv_store_each_alert_cursor(app->store, take_held, &held, &err);
    if (code == CM_OK && held.failed)
        code = cm_fail(&err, CM_NOMEM, "out of memory for the held classes");
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_reply_list(&out, "items");
    for (size_t i = 0; i < held.count && code == CM_OK; i++)
        put_held(&out, app, &held.list[i]);
    srv_reply_list_end(&out);
    srv_reply_end(&out);
    if (code == CM_OK)
        srv_reply_answer(call, 200, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
    free(held.list);
}

/* ---- why was nobody told? ---- */

static void put_decision(struct srv_reply *out, const struct srv_decision *decision)
{
    srv_reply_text(out, "verdict", srv_rule_verdict_name(decision->verdict));
    srv_reply_int(out, "absent", decision->count);
    srv_reply_date(out, "told_date", decision->told_date);
    srv_reply_date(out, "held_date", decision->held_date);
    srv_reply_list(out, "days"); /* in order of date */
    for (int i = decision->date_count - 1; i >= 0; i--) {
        srv_reply_begin(out, NULL);
        srv_reply_date(out, "date", decision->dates[i].date);
        srv_reply_text(out, "class_id", decision->dates[i].class_id);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

struct alerts_of { /* of a student, the latest first */
    struct srv_reply *out;
    const struct cm_zone *zone;
    int count;
};

static bool put_short(void *arg, const struct srv_alert *alert)
{
    struct alerts_of *of = arg;
    srv_reply_begin(of->out, NULL);
    put_id(of->out, "id", alert->id);
    srv_reply_date(of->out, "trigger_date", alert->trigger_date);
    srv_reply_text(of->out, "state", states[alert->state]);
    srv_reply_instant(of->out, "created", of->zone, alert->created_wall_ms);
    srv_reply_end(of->out);
    return ++of->count < BATCH;
}

static enum cm_code put_why(struct srv_reply *out, const struct srv_app *app, const char *student_id,
                            int32_t date, struct cm_err *err)
{
    struct alerts_of of = {out, app->zone, 0};
    struct srv_why why;
    enum cm_code code = srv_night_why(app->store, student_id, date, &why, err);
    if (code != CM_OK)
        return code;
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "student_id", student_id);
    srv_reply_date(out, "date", date);
    srv_reply_text(out, "text", why.text);
    srv_reply_bool(out, "evaluated", why.settled_that_far);
    put_decision(out, &why.decision);
    srv_reply_list(out, "alerts");
    code = srv_store_each_alert_of_student(app->store, student_id, put_short, &of, err);
    srv_reply_list_end(out);
    srv_reply_end(out);
    return code;
}

/* "?student=&date=": the student as the caller sees him; the date is yesterday where none is given. */
static bool read_whose(struct srv_call *call, struct srv_student *ret_student, int32_t *ret_date)
{
    const char *id = srv_call_query(call, "student"), *date = srv_call_query(call, "date");
    const struct srv_app *app = srv_app_of(call);
    *ret_date = cm_date_add(srv_api_today(app), -1);
    if (date != NULL && date[0] != '\0' && cm_date_parse(date, ret_date, NULL) != CM_OK) {
        srv_json_invalid(call, "date", "a date is written as 2026-11-23");
        return false;
    }
    if (id == NULL || id[0] == '\0' || srv_store_get_student(app->store, id, ret_student, NULL) != CM_OK ||
        !srv_auth_sees_student(srv_call_identity(call), ret_student)) {
        srv_api_not_found(call, "student");
        return false;
    }
    return true;
}

void srv_api_alerts_why(struct srv_call *call)
{
    struct srv_student student;
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    int32_t date;
    if (!read_whose(call, &student, &date))
        return;
    srv_reply_init(&out);
    enum cm_code code = put_why(&out, srv_app_of(call), student.base.id, date, &err);
    if (code == CM_OK)
        srv_reply_answer(call, 200, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
}
