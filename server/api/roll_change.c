/* POST /api/rolls/:class/:date/corrections, …/close, …/reopen */
#include "api/handlers.h"

#include "api/roll.h"
#include "api/show.h"
#include "api/student.h"
#include "http_json/json.h"
#include "live/live.h"
#include <stdio.h>
#include <string.h>

struct roll_write {
    struct srv_call_write base;
    struct cm_class class_;
    int32_t date;
    char by[CM_NAME_SIZE];
    int64_t now_ms;
    struct cm_session_said said;
    struct cm_event event; /* of a correction */
    bool keyed;            /* its id follows from the caller's Idempotency-Key */
    uint64_t feed;
};

static bool find_roll(struct srv_call *call, struct cm_class *ret_class, int32_t *ret_date)
{
    return srv_api_find_class(call, srv_call_param(call, "class"), ret_class) &&
           srv_api_find_date(call, ret_date);
}

/* For the "by" of what people do. */
static void name_of(const struct srv_identity *who, char ret_by[CM_NAME_SIZE])
{
    snprintf(ret_by, CM_NAME_SIZE, "%s", who->name[0] != '\0' ? who->name : who->user);
}

static struct roll_write *create(struct srv_call *call, srv_store_fn *run,
                                 void (*answer)(struct srv_call_write *))
{
    struct cm_class class_;
    int32_t date;
    if (!find_roll(call, &class_, &date))
        return NULL;
    struct roll_write *write = srv_call_write_create(call, sizeof *write, run, answer);
    if (write == NULL)
        return NULL;
    write->class_ = class_;
    write->date = date;
    write->now_ms = srv_api_now(write->base.app);
    name_of(srv_call_identity(call), write->by);
    return write;
}

static int32_t students_of(const struct srv_session_info *info)
{
    return info->present + info->late + info->excused + info->absent + info->unjudged + info->pending +
           info->none;
}

/* CM_EXISTS with the code "no_school" or "no_session" when there is nothing to speak of: the calendar took the day away, or
 * the class had nobody yet. */
static enum cm_code find_session(struct srv_store *store, struct roll_write *write,
                                 struct srv_session_info *ret_info, struct cm_err *err)
{
    enum cm_code code = srv_store_get_session_info(store, write->class_.id, write->date, ret_info, err);
    if (code == CM_NOTFOUND) {
        write->base.refusal = (struct srv_refusal){409, "no_school", NULL};
        return cm_fail(err, CM_EXISTS, "%.60s has no school on that day", write->class_.id);
    }
    if (code == CM_OK && students_of(ret_info) == 0) {
        write->base.refusal = (struct srv_refusal){409, "no_session", NULL};
        return cm_fail(err, CM_EXISTS, "%.60s had no session on that day: no school, or nobody in the class",
                       write->class_.id);
    }
    return code;
}

/* ---- corrections ---- */

static bool take_day(void *arg, const struct srv_day *day)
{
    struct srv_day *found = arg; /* roll.class_id: of which class */
    if (strcmp(day->roll.class_id, found->roll.class_id) != 0)
        return true;
    *found = *day;
    return false;
}

/* The student's entry of that class and date; status NONE when the store has none. */
static enum cm_code find_day(struct srv_store *store, const struct roll_write *write, struct srv_day *ret_day,
                             struct cm_err *err)
{
    const struct cm_correction *correction = &write->event.body.correction;
    *ret_day = (struct srv_day){.roll.date = write->date};
    strcpy(ret_day->roll.class_id, write->class_.id);
    strcpy(ret_day->roll.student_id, correction->student_id);
    return srv_store_each_day(store, correction->student_id, write->date, write->date, take_day, ret_day,
                              err);
}

static enum cm_code check_member(struct srv_store *store, const struct roll_write *write, struct cm_err *err)
{
    struct srv_memberships memberships;
    const char *id = write->event.body.correction.student_id;
    enum cm_code code = srv_student_memberships(store, id, &memberships, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    const struct srv_membership *membership =
        code == CM_OK ? srv_membership_at(&memberships, write->date) : NULL;
    if (membership == NULL || strcmp(membership->class_id, write->class_.id) != 0)
        return cm_fail(err, CM_NOTFOUND, "there is no such student in %.60s on that day", write->class_.id);
    return CM_OK;
}

/* What a person says now counts, even after a correction whose clock was ahead. */
static enum cm_code come_last(struct srv_store *store, struct roll_write *write, struct cm_err *err)
{
    struct srv_day day;
    struct srv_evidence evidence;
    struct cm_correction *correction = &write->event.body.correction;
    enum cm_code code = find_day(store, write, &day, err);
    if (code == CM_OK)
        code = srv_show_evidence(store, &day.roll, &evidence, err);
    correction->corrected_wall_ms = write->now_ms;
    if (code == CM_OK && evidence.has_correction &&
        evidence.correction.corrected_wall_ms >= correction->corrected_wall_ms)
        correction->corrected_wall_ms = evidence.correction.corrected_wall_ms + 1;
    return code;
}

struct earlier {
    const struct cm_event *event; /* the one that is about to be written */
    bool found, same;
};

static bool same_correction(const struct cm_correction *a, const struct cm_correction *b)
{
    return a->date == b->date && a->status == b->status && strcmp(a->class_id, b->class_id) == 0 &&
           strcmp(a->reason, b->reason) == 0;
}

static bool take_earlier(void *arg, const struct srv_feed_item *item)
{
    struct earlier *earlier = arg;
    const struct cm_event *event = item->event;
    if (event->type != CM_EVENT_CORRECTION || memcmp(event->id, earlier->event->id, sizeof event->id) != 0)
        return true;
    earlier->found = true;
    earlier->same = same_correction(&event->body.correction, &earlier->event->body.correction);
    return false;
}

/* Was it sent before, under its key? Then it stands already. CM_EXISTS: something else was sent under that key. */
static enum cm_code find_earlier(struct srv_store *store, struct roll_write *write, bool *ret_found,
                                 struct cm_err *err)
{
    struct earlier earlier = {.event = &write->event};
    *ret_found = false;
    if (!write->keyed)
        return CM_OK;
    enum cm_code code = srv_store_each_history(store, write->event.body.correction.student_id,
                                               cm_date_add(write->date, 1), take_earlier, &earlier, err);
    *ret_found = earlier.found;
    if (code != CM_OK || !earlier.found || earlier.same)
        return code;
    write->base.refusal = (struct srv_refusal){409, "key_used", NULL};
    return cm_fail(err, CM_EXISTS, "another correction was sent under this Idempotency-Key");
}

static enum cm_code run_correction(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct roll_write *write = arg;
    struct srv_session_info info;
    bool stands = false;
    write->feed = 0;
    enum cm_code code = check_member(store, write, err);
    if (code == CM_OK)
        code = find_session(store, write, &info, err);
    if (code == CM_OK)
        code = find_earlier(store, write, &stands, err);
    if (code == CM_OK && stands)
        return CM_OK;
    if (code == CM_OK)
        code = come_last(store, write, err);
    return code == CM_OK ? srv_store_append_own(store, &write->event, &write->feed, err) : code;
}

static void answer_correction(struct srv_call_write *base)
{
    struct roll_write *write = (struct roll_write *)base;
    struct cm_err err = CM_ERR_INIT;
    struct srv_day day;
    struct srv_reply out;
    if (write->feed > 0)
        srv_live_feed(base->app->live, write->feed);
    srv_reply_init(&out);
    enum cm_code code = find_day(base->app->store, write, &day, &err);
    if (code == CM_OK)
        code = srv_roll_item(&out, base->app, &write->class_, &day, srv_api_now(base->app), &err);
    if (code == CM_OK)
        srv_reply_answer(base->call, 201, &out);
    else
        srv_json_failed(base->call, code, &err);
    srv_reply_finish(&out);
}

static bool read_correction(struct srv_call *call, struct roll_write *write)
{
    struct cm_correction *correction = &write->event.body.correction;
    char status[16] = "";
    const struct srv_json_field fields[] = {
        {.name = "student_id",
         .type = SRV_JSON_LINE,
         .required = true,
         .min = 1,
         .ret = correction->student_id,
         .size = sizeof correction->student_id},
        {.name = "status", .type = SRV_JSON_LINE, .required = true, .ret = status, .size = sizeof status},
        {.name = "reason",
         .type = SRV_JSON_LINE,
         .required = true,
         .min = 1,
         .ret = correction->reason,
         .size = sizeof correction->reason},
    };
    if (!SRV_JSON_BODY(call, fields))
        return false;
    if (!srv_show_status_parse(status, &correction->status)) {
        srv_json_invalid(call, "status", "the status is present, late, excused or absent");
        return false;
    }
    if (write->date > srv_api_today(write->base.app) && correction->status != CM_ROLL_EXCUSED) {
        srv_json_invalid(call, "status", "of a day to come it can only be said that somebody is excused");
        return false;
    }
    strcpy(correction->class_id, write->class_.id);
    strcpy(correction->by, write->by);
    correction->date = write->date;
    return true;
}

void srv_api_roll_correct(struct srv_call *call)
{
    struct roll_write *write = create(call, run_correction, answer_correction);
    if (write == NULL)
        return;
    const struct cm_correction *correction = &write->event.body.correction;
    srv_api_stamp(write->base.app, CM_EVENT_CORRECTION, &write->event);
    if (read_correction(call, write) &&
        srv_api_key_event(call, correction->student_id, &write->event, &write->keyed))
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}

/* ---- what people say of a session ---- */

static enum cm_code refuse(struct roll_write *write, const char *code, const char *text, struct cm_err *err)
{
    write->base.refusal = (struct srv_refusal){409, code, NULL};
    return cm_fail(err, CM_EXISTS, "%s", text);
}

static enum cm_code check_said(struct srv_store *store, struct roll_write *write,
                               const struct srv_session_info *info, struct cm_err *err)
{
    struct cm_session session = srv_show_times(store, write->base.app->zone, &write->class_, write->date);
    bool said_none = info->word.word == CM_WORD_NO_SESSION;
    switch (write->said.word) {
    case CM_WORD_CLOSED:
        return write->now_ms < session.start_wall_ms
                   ? refuse(write, "not_started", "the session has not begun yet", err)
                   : CM_OK;
    case CM_WORD_REOPENED:
        return info->state != SRV_SESSION_CLOSED && !said_none
                   ? refuse(write, "not_closed", "the session is not closed", err)
                   : CM_OK;
    case CM_WORD_NO_SESSION:
    case CM_WORD_KINDS:
        break;
    }
    return CM_OK;
}

/* Said before by a person: he stays the one who did. */
static bool is_said(const struct srv_session_info *info, const struct roll_write *write)
{
    return info->word.word == write->said.word && write->said.word != CM_WORD_REOPENED;
}

static enum cm_code run_say(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct roll_write *write = arg;
    struct srv_session_info info;
    enum cm_code code = srv_store_get_session_info(store, write->class_.id, write->date, &info, err);
    bool said_none = code == CM_OK && info.word.word == CM_WORD_NO_SESSION;
    if (!said_none)
        code = find_session(store, write, &info, err);
    if (code == CM_OK)
        code = check_said(store, write, &info, err);
    if (code != CM_OK || is_said(&info, write))
        return code;
    write->said.said_wall_ms = write->now_ms;
    if (info.word.word != 0 && info.word.said_wall_ms >= write->now_ms) /* of a clock that is ahead */
        write->said.said_wall_ms = info.word.said_wall_ms + 1;
    return srv_store_say_session(store, &write->said, err);
}

static void tell_roll(const struct roll_write *write)
{
    char date[CM_DATE_ISO_SIZE];
    json_t *detail = json_pack("{s:s}", "date", cm_date_iso(write->date, date));
    srv_live_changed(write->base.app->live, "roll", write->class_.id, detail);
    json_decref(detail);
}

static void answer_say(struct srv_call_write *base)
{
    struct roll_write *write = (struct roll_write *)base;
    struct srv_session_info info;
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    struct cm_session session =
        srv_show_times(base->app->store, base->app->zone, &write->class_, write->date);
    tell_roll(write);
    enum cm_code code =
        srv_store_get_session_info(base->app->store, write->class_.id, write->date, &info, &err);
    if (code != CM_OK) {
        srv_json_failed(base->call, code, &err);
        return;
    }
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_show_session(&out, "session", base->app, &info, &session, srv_api_now(base->app));
    srv_reply_end(&out);
    srv_reply_answer(base->call, 200, &out);
}

static struct roll_write *create_said(struct srv_call *call, enum cm_session_word word)
{
    struct roll_write *write = create(call, run_say, answer_say);
    if (write == NULL)
        return NULL;
    write->said.word = word;
    write->said.date = write->date;
    strcpy(write->said.class_id, write->class_.id);
    strcpy(write->said.by, write->by);
    return write;
}

static void say(struct srv_call *call, enum cm_session_word word)
{
    struct roll_write *write = create_said(call, word);
    if (write == NULL)
        return;
    if (srv_json_body(call, NULL, 0))
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}

void srv_api_roll_close(struct srv_call *call)
{
    say(call, CM_WORD_CLOSED);
}

void srv_api_roll_reopen(struct srv_call *call)
{
    say(call, CM_WORD_REOPENED);
}

void srv_api_roll_no_session(struct srv_call *call)
{
    struct roll_write *write = create_said(call, CM_WORD_NO_SESSION);
    if (write == NULL)
        return;
    const struct srv_json_field fields[] = {
        {.name = "reason",
         .type = SRV_JSON_LINE,
         .required = true,
         .min = 1,
         .ret = write->said.reason,
         .size = sizeof write->said.reason},
    };
    if (SRV_JSON_BODY(call, fields))
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}
