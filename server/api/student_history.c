/* GET /api/students/:id/history, GET …/export, POST …/disputes */
#include "api/handlers.h"

#include "api/show.h"
#include "api/student.h"
#include "auth/auth.h"
#include "base/utf8.h"
#include "http_json/json.h"
#include "live/live.h"
#include "roll/receipt.h"
#include "roll/roll.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what happened to a student, newest first ---- */

/* A page ends with a date, so it may be some longer than its limit. */
enum { HISTORY_MAX = 500, ONE_DATE_MAX = 200, EXPORT_EVENTS_MAX = 20000, EXPORT_DAYS_MAX = 20 * 366 };

struct item {
    uint64_t feed;
    int32_t date;
    char station_id[40];
    struct cm_event event;
};

struct history {
    const struct srv_app *app;
    bool for_himself;
    int64_t limit;
    struct item *items; /* free() */
    int64_t count, room;
    bool more, failed;
};

/* The date leads the reason of a dispute; 0 where it does not. */
static int32_t date_of_dispute(const struct cm_activity *activity)
{
    char text[CM_DATE_ISO_SIZE];
    int32_t date = 0;
    snprintf(text, sizeof text, "%.10s", activity->reason);
    return cm_date_parse(text, &date, NULL) == CM_OK ? date : 0;
}

static int32_t date_of(const struct history *history, const struct cm_event *event)
{
    if (event->type == CM_EVENT_MARK)
        return event->body.mark.date;
    if (event->type == CM_EVENT_CORRECTION)
        return event->body.correction.date;
    int32_t date = date_of_dispute(&event->body.activity);
    return date != 0 ? date : cm_zone_date(history->app->zone, event->body.activity.started_wall_ms);
}

static bool make_room(struct history *history)
{
    if (history->count < history->room)
        return true;
    int64_t room = history->room > 0 ? history->room * 2 : SRV_PAGE_LIMIT;
    struct item *items = realloc(history->items, (size_t)room * sizeof *items);
    if (items == NULL)
        return false;
    history->items = items;
    history->room = room;
    return true;
}

static bool take_item(void *arg, const struct srv_feed_item *item)
{
    struct history *history = arg;
    int32_t date = date_of(history, item->event);
    bool full = history->count >= history->limit && date != history->items[history->count - 1].date;
    if (full || history->count == history->limit + ONE_DATE_MAX) {
        history->more = true;
        return false;
    }
    history->failed = !make_room(history);
    if (history->failed)
        return false;
    struct item *to = &history->items[history->count++];
    to->feed = item->feed;
    to->date = date;
    snprintf(to->station_id, sizeof to->station_id, "%s", item->station_id);
    to->event = *item->event;
    return true;
}

static enum cm_code load_items(struct history *history, const char *student_id, int32_t before,
                               struct cm_err *err)
{
    enum cm_code code =
        srv_store_each_history(history->app->store, student_id, before, take_item, history, err);
    return code == CM_OK && history->failed ? cm_fail(err, CM_NOMEM, "out of memory for a history") : code;
}

static void put_mark(struct srv_reply *out, const struct history *history, const struct item *item,
                     const struct cm_class *class_)
{
    const struct cm_mark *mark = &item->event.body.mark;
    struct srv_show_rules show;
    srv_show_rules_of(history->app, class_, mark->date, &show);
    struct cm_session session = srv_show_times(history->app->store, history->app->zone, class_, mark->date);
    bool face = mark->method == CM_METHOD_FACE;
    char points[CM_POINTS_TEXT_SIZE], receipt[CM_RECEIPT_SIZE];
    srv_reply_instant(out, "captured", history->app->zone, mark->captured_wall_ms);
    srv_reply_text(
        out, "status",
        cm_roll_status_name(cm_session_status(&session, mark->captured_wall_ms, mark->clock_suspect)));
    srv_reply_text(out, "method", cm_method_name(mark->method));
    srv_reply_words(out, "policy", mark->policy);
    srv_reply_words(out, "live_reason", mark->live_reason);
    if (face) {
        srv_reply_real(out, "distance", (double)mark->distance, 4);
        srv_reply_real(out, "margin", (double)mark->margin, 4);
        srv_reply_real(out, "threshold", (double)mark->threshold, 4);
        srv_reply_int(out, "blink_ms", mark->blink_ms);
    }
    srv_reply_bool(out, "first_try", mark->first_try);
    srv_reply_bool(out, "eye_contact", mark->eye_contact);
    srv_reply_bool(out, "clock_suspect", mark->clock_suspect);
    srv_reply_text(out, "points_text", cm_roll_points_text(mark, NULL, &show.rules, points));
    srv_reply_text(out, "receipt", cm_receipt(item->event.id, receipt));
}

static void put_correction(struct srv_reply *out, const struct history *history,
                           const struct cm_correction *correction)
{
    srv_reply_instant(out, "at", history->app->zone, correction->corrected_wall_ms);
    srv_reply_text(out, "status", cm_roll_status_name(correction->status));
    srv_reply_text(out, "by", correction->by);
    srv_reply_text(out, "reason", correction->reason);
}

static void put_dispute(struct srv_reply *out, const struct history *history,
                        const struct cm_activity *activity)
{
    bool dated = date_of_dispute(activity) != 0 && activity->reason[10] == ' ';
    srv_reply_instant(out, "at", history->app->zone, activity->started_wall_ms);
    srv_reply_text(out, "reason", dated ? activity->reason + 11 : activity->reason);
}

static void put_lead(struct srv_reply *out, const char *kind, const struct item *item, const char *class_id)
{
    srv_reply_text(out, "kind", kind);
    srv_reply_int(out, "feed", (int64_t)item->feed);
    srv_reply_words(out, "station", item->station_id);
    srv_reply_date(out, "date", item->date);
    srv_reply_text(out, "class_id", class_id);
}

static void put_item(struct srv_reply *out, const struct history *history, const struct item *item)
{
    const struct cm_event *event = &item->event;
    struct cm_class class_;
    srv_reply_begin(out, NULL);
    if (event->type == CM_EVENT_MARK) {
        const struct cm_mark *mark = &event->body.mark;
        put_lead(out, "mark", item, mark->class_id);
        if (srv_store_get_class(history->app->store, mark->class_id, &class_, NULL) != CM_OK)
            class_ = (struct cm_class){.start_minute = 0}; /* deleted since: what is known is shown */
        put_mark(out, history, item, &class_);
    } else if (event->type == CM_EVENT_CORRECTION) {
        put_lead(out, "correction", item, event->body.correction.class_id);
        put_correction(out, history, &event->body.correction);
    } else {
        put_lead(out, "dispute", item, NULL);
        put_dispute(out, history, &event->body.activity);
    }
    srv_reply_end(out);
}

static void put_items(struct srv_reply *out, const struct history *history)
{
    for (int64_t i = 0; i < history->count; i++)
        put_item(out, history, &history->items[i]);
}

static struct history history_of(const struct srv_call *call, int64_t limit)
{
    return (struct history){.app = srv_app_of(call), .for_himself = srv_api_is_student(call), .limit = limit};
}

void srv_api_student_history(struct srv_call *call)
{
    struct history history = history_of(call, 0);
    struct srv_student student;
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    int32_t before;
    if (!srv_api_find_student(call, &student) || !srv_json_query_date(call, "after", 0, &before) ||
        !srv_json_query_int(call, "limit", 1, HISTORY_MAX, SRV_PAGE_LIMIT, &history.limit))
        return;
    srv_reply_init(&out);
    enum cm_code code = load_items(&history, student.base.id, before, &err);
    if (code == CM_OK) {
        srv_reply_begin(&out, NULL);
        srv_reply_list(&out, "items");
        put_items(&out, &history);
        srv_reply_list_end(&out);
        srv_reply_date(&out, "next", history.more ? history.items[history.count - 1].date : 0);
        srv_reply_end(&out);
        srv_reply_answer(call, 200, &out);
    } else {
        srv_json_failed(call, code, &err);
    }
    srv_reply_finish(&out);
    free(history.items);
}

/* ---- all that is kept about a student ---- */

static bool put_day(void *arg, const struct srv_day *day)
{
    struct srv_reply *out = arg;
    srv_reply_begin(out, NULL);
    srv_reply_date(out, "date", day->roll.date);
    srv_reply_text(out, "class_id", day->roll.class_id);
    srv_reply_text(out, "status", cm_roll_status_name(day->roll.status));
    srv_reply_text(out, "state", srv_show_state(day->session));
    srv_reply_int(out, "points", day->roll.points);
    srv_reply_end(out);
    return true;
}

/* From the day on which he came; the store has days to come as well, of which there is nothing to say. */
static enum cm_code put_days(struct srv_reply *out, const struct srv_app *app, const char *student_id,
                             struct cm_err *err)
{
    struct srv_memberships memberships;
    int32_t today = srv_api_today(app), from = cm_date_add(today, -EXPORT_DAYS_MAX);
    enum cm_code code = srv_student_memberships(app->store, student_id, &memberships, err);
    if (code == CM_OK && memberships.count > 0 && memberships.list[0].from > from)
        from = memberships.list[0].from;
    return code == CM_OK ? srv_store_each_day(app->store, student_id, from, today, put_day, out, err) : code;
}

static enum cm_code put_all_items(struct srv_reply *out, struct history *history, const char *student_id,
                                  struct cm_err *err)
{
    enum cm_code code = load_items(history, student_id, 0, err);
    srv_reply_list(out, "history");
    if (code == CM_OK)
        put_items(out, history);
    srv_reply_list_end(out);
    return code;
}

static enum cm_code put_everything(struct srv_reply *out, struct history *history,
                                   const struct srv_student *student, struct cm_err *err)
{
    const struct srv_app *app = history->app;
    srv_reply_begin(out, NULL);
    srv_reply_instant(out, "exported", app->zone, srv_api_now(app));
    enum cm_code code = srv_student_whole(out, "student", app, student, history->for_himself, err);
    srv_reply_list(out, "days");
    if (code == CM_OK)
        code = put_days(out, app, student->base.id, err);
    srv_reply_list_end(out);
    if (code == CM_OK)
        code = put_all_items(out, history, student->base.id, err);
    srv_reply_end(out);
    return code;
}

void srv_api_student_export(struct srv_call *call)
{
    struct history history = history_of(call, EXPORT_EVENTS_MAX);
    struct srv_student student;
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    if (!srv_api_find_student(call, &student))
        return;
    srv_reply_init(&out);
    enum cm_code code = put_everything(&out, &history, &student, &err);
    if (code == CM_OK) {
        srv_answer_header(call, "content-disposition", "attachment; filename=\"rollcall-my-data.json\"");
        srv_reply_answer(call, 200, &out);
    } else {
        srv_json_failed(call, code, &err);
    }
    srv_reply_finish(&out);
    free(history.items);
}

/* ---- "this day is wrong" ---- */

enum { DISPUTE_DAYS_MAX = 120, DISPUTES_PER_DAY = 5, DISPUTES_OF_DATE_MAX = 64, DAY_MS = 24 * 3600 * 1000 };
static const char dispute_door[] = "dispute";

struct dispute {
    struct srv_call_write base;
    struct srv_student student;
    struct cm_event event;
    int32_t date, today;
    char date_text[CM_DATE_ISO_SIZE];
    uint64_t feed;
    /* of the look back, set by run */
    int of_today, of_date_count;
    uint64_t of_date[DISPUTES_OF_DATE_MAX]; /* feed numbers; the newest */
};

/* The store files a dispute under a date that is not before the one disputed. */
static bool look_back(void *arg, const struct srv_feed_item *item)
{
    struct dispute *dispute = arg;
    const struct cm_event *event = item->event;
    const struct cm_activity *mine = &dispute->event.body.activity, *activity = &event->body.activity;
    if (event->type == CM_EVENT_MARK)
        return cm_date_days_between(event->body.mark.date, dispute->today) <= DISPUTE_DAYS_MAX;
    if (event->type != CM_EVENT_ACTIVITY || activity->kind != CM_ACTIVITY_DISPUTE)
        return true;
    dispute->of_today += activity->started_wall_ms > mine->started_wall_ms - DAY_MS;
    if (strncmp(activity->reason, dispute->date_text, CM_DATE_ISO_SIZE - 1) == 0 &&
        dispute->of_date_count < DISPUTES_OF_DATE_MAX)
        dispute->of_date[dispute->of_date_count++] = item->feed;
    return true;
}

static bool take_open(void *arg, const struct srv_feed_item *item, const struct srv_review *review)
{
    bool *open = arg;
    (void)item;
    *open = review->state == SRV_REVIEW_OPEN;
    return false;
}

/* Has the school yet to look at an earlier one of the same date? */
static enum cm_code find_open(struct srv_store *store, const struct dispute *dispute, bool *ret_open,
                              struct cm_err *err)
{
    enum cm_code code = CM_OK;
    *ret_open = false;
    for (int i = 0; i < dispute->of_date_count && code == CM_OK && !*ret_open; i++)
        code = srv_store_each_activity(store, dispute->of_date[i] + 1, take_open, ret_open, err);
    return code;
}

static enum cm_code run_dispute(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct dispute *dispute = arg;
    bool open = false;
    dispute->of_today = dispute->of_date_count = 0;
    enum cm_code code = srv_store_each_history(store, dispute->student.base.id, 0, look_back, dispute, err);
    if (code == CM_OK)
        code = find_open(store, dispute, &open, err);
    if (code != CM_OK)
        return code;
    dispute->base.refusal = (struct srv_refusal){409, "already_disputed", NULL};
    if (open)
        return cm_fail(err, CM_EXISTS, "you have said so already; the school has not looked at it yet");
    if (dispute->of_today >= DISPUTES_PER_DAY)
        return cm_fail(err, CM_EXISTS, "%d days at most in 24 hours: speak with the school",
                       DISPUTES_PER_DAY);
    return srv_store_append_own(store, &dispute->event, &dispute->feed, err);
}

static void answer_dispute(struct srv_call_write *base)
{
    const struct dispute *dispute = (struct dispute *)base;
    struct srv_reply out;
    srv_auth_succeeded(base->app->auth, dispute_door, NULL, dispute->student.base.id);
    srv_live_feed(base->app->live, dispute->feed);
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_reply_int(&out, "feed", (int64_t)dispute->feed);
    srv_reply_date(&out, "date", dispute->date);
    srv_reply_instant(&out, "at", base->app->zone, dispute->event.body.activity.started_wall_ms);
    srv_reply_text(&out, "state", srv_show_review(SRV_REVIEW_OPEN));
    srv_reply_end(&out);
    srv_reply_answer(base->call, 201, &out);
}

static bool read_dispute(struct srv_call *call, struct dispute *dispute)
{
    struct cm_activity *activity = &dispute->event.body.activity;
    char text[CM_TEXT_SIZE - CM_DATE_ISO_SIZE] = "";
    const struct srv_json_field fields[] = {
        {.name = "date", .type = SRV_JSON_DATE, .required = true, .ret = &dispute->date},
        {.name = "text", .type = SRV_JSON_LINE, .required = true, .min = 3, .ret = text, .size = sizeof text},
    };
    if (!SRV_JSON_BODY(call, fields))
        return false;
    dispute->today = srv_api_today(dispute->base.app);
    int32_t ago = cm_date_days_between(dispute->date, dispute->today);
    if (ago < 0 || ago > DISPUTE_DAYS_MAX) {
        srv_json_invalid(call, "date", "the date is one of the last %d days", DISPUTE_DAYS_MAX);
        return false;
    }
    cm_date_iso(dispute->date, dispute->date_text);
    snprintf(activity->reason, sizeof activity->reason, "%s %s", dispute->date_text, text);
    return true;
}

/* Also one that is refused costs the writer a look back. */
static bool may_try(struct srv_call *call, const struct dispute *dispute)
{
    char seconds[16];
    int wait_s = srv_auth_try(dispute->base.app->auth, dispute_door, NULL, dispute->student.base.id);
    if (wait_s == 0)
        return true;
    snprintf(seconds, sizeof seconds, "%d", wait_s);
    srv_answer_header(call, "retry-after", seconds);
    srv_answer_error(call, 429, "too_many_tries", "too many tries: wait %d s", wait_s);
    return false;
}

void srv_api_student_dispute(struct srv_call *call)
{
    struct srv_student student;
    if (!srv_api_find_student(call, &student))
        return;
    struct dispute *dispute = srv_call_write_create(call, sizeof *dispute, run_dispute, answer_dispute);
    if (dispute == NULL)
        return;
    struct cm_activity *activity = &dispute->event.body.activity;
    dispute->student = student;
    srv_api_stamp(dispute->base.app, CM_EVENT_ACTIVITY, &dispute->event);
    activity->kind = CM_ACTIVITY_DISPUTE;
    activity->started_wall_ms = activity->ended_wall_ms = dispute->event.wall_ms;
    activity->distance = NAN;
    strcpy(activity->student_id, student.base.id);
    if (read_dispute(call, dispute) && may_try(call, dispute))
        srv_call_write_submit(&dispute->base);
    else
        srv_call_write_drop(&dispute->base);
}
