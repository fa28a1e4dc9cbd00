/* GET /api/calendar, PUT and DELETE /api/calendar/:date */
#include "api/handlers.h"

#include "api/api.h"
#include "auth/auth.h"
#include "http_json/json.h"
#include "live/live.h"
#include <stdio.h>
#include <string.h>

enum { SPAN_DAYS_MAX = 1100, BACK_DAYS = 60, AHEAD_DAYS = 400 };

struct calendar {
    const struct srv_identity *who;
    char own_class[CM_ID_SIZE]; /* of a student */
    struct srv_reply *out;
};

static bool sees(const struct calendar *calendar, const char *class_id)
{
    if (class_id[0] == '\0')
        return true;
    return calendar->who->role == SRV_ROLE_STUDENT ? strcmp(class_id, calendar->own_class) == 0
                                                   : srv_auth_sees_class(calendar->who, class_id);
}

static void put_closure(struct srv_reply *out, const struct cm_closure *closure)
{
    srv_reply_begin(out, NULL);
    srv_reply_date(out, "date", closure->date);
    srv_reply_words(out, "class_id", closure->class_id);
    srv_reply_text(out, "label", closure->label);
    srv_reply_text(out, "kind", cm_closure_kind_name(closure->kind));
    if (closure->kind == CM_CLOSURE_SHORT) {
        srv_reply_minute(out, "start", closure->start_minute);
        srv_reply_int(out, "close_after", closure->close_after_min);
    } else {
        srv_reply_null(out, "start");
        srv_reply_null(out, "close_after");
    }
    srv_reply_end(out);
}

static bool take_closure(void *arg, const struct cm_closure *closure)
{
    const struct calendar *calendar = arg;
    if (sees(calendar, closure->class_id))
        put_closure(calendar->out, closure);
    return true;
}

void srv_api_calendar(struct srv_call *call)
{
    const struct srv_app *app = srv_app_of(call);
    struct srv_student student;
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    struct calendar calendar = {.who = srv_call_identity(call), .out = &out};
    int32_t today = srv_api_today(app);
    int32_t from = cm_date_add(today, -BACK_DAYS), to = cm_date_add(today, AHEAD_DAYS);
    if (!srv_api_find_span(call, SPAN_DAYS_MAX, &from, &to))
        return;
    if (srv_api_is_student(call) &&
        srv_store_get_student(app->store, calendar.who->student_id, &student, NULL) == CM_OK)
        strcpy(calendar.own_class, student.base.class_id);
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_reply_list(&out, "items");
    enum cm_code code = srv_store_each_closure(app->store, from, to, take_closure, &calendar, &err);
    srv_reply_list_end(&out);
    srv_reply_null(&out, "next");
    srv_reply_end(&out);
    if (code == CM_OK)
        srv_reply_answer(call, 200, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
}

/* ---- changes ---- */

struct closure_write {
    struct srv_call_write base;
    struct cm_closure closure;
};

static void tell(const struct closure_write *write)
{
    const char *class_id = write->closure.class_id;
    srv_live_changes(write->base.app->live);
    srv_live_changed(write->base.app->live, "calendar", class_id[0] != '\0' ? class_id : NULL, NULL);
}

static enum cm_code run_put(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct closure_write *write = arg;
    struct cm_class class_;
    if (write->closure.class_id[0] != '\0') {
        enum cm_code code = srv_store_get_class(store, write->closure.class_id, &class_, err);
        write->base.refusal = (struct srv_refusal){422, "invalid", "class_id"};
        if (code == CM_NOTFOUND)
            return cm_fail(err, CM_INVALID, "there is no class %.60s", write->closure.class_id);
        if (code != CM_OK)
            return code;
    }
    return srv_store_put_closure(store, &write->closure, err);
}

static void answer_put(struct srv_call_write *base)
{
    const struct closure_write *write = (struct closure_write *)base;
    struct srv_reply out;
    tell(write);
    srv_reply_init(&out);
    put_closure(&out, &write->closure);
    srv_reply_answer(base->call, 200, &out);
}

void srv_api_closure_put(struct srv_call *call)
{
    struct cm_closure closure = {.class_id = ""};
    struct cm_err err = CM_ERR_INIT;
    char kind[16] = "closed";
    int64_t close_after = 0;
    const struct srv_json_field fields[] = {
        {.name = "kind", .type = SRV_JSON_LINE, .ret = kind, .size = sizeof kind},
        {.name = "start", .type = SRV_JSON_MINUTE, .ret = &closure.start_minute},
        {.name = "close_after", .type = SRV_JSON_INT, .min = 1, .max = 1440, .ret = &close_after},
        {.name = "class_id",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = closure.class_id,
         .size = sizeof closure.class_id},
        {.name = "label",
         .type = SRV_JSON_LINE,
         .required = true,
         .min = 1,
         .ret = closure.label,
         .size = sizeof closure.label},
    };
    if (!srv_api_find_date(call, &closure.date) || !SRV_JSON_BODY(call, fields))
        return;
    if (strcmp(kind, "closed") != 0 && strcmp(kind, "short") != 0) {
        srv_json_invalid(call, "kind", "a day is closed or short");
        return;
    }
    closure.kind = strcmp(kind, "short") == 0 ? CM_CLOSURE_SHORT : CM_CLOSURE_CLOSED;
    closure.close_after_min = (int32_t)close_after;
    if (cm_closure_check(&closure, &err) != CM_OK) {
        srv_json_invalid(call, "close_after", "%s", err.msg);
        return;
    }
    struct closure_write *write = srv_call_write_create(call, sizeof *write, run_put, answer_put);
    if (write == NULL)
        return;
    write->closure = closure;
    srv_call_write_submit(&write->base);
}

static enum cm_code run_delete(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct closure_write *write = arg;
    return srv_store_delete_closure(store, write->closure.date, write->closure.class_id, err);
}

static void answer_delete(struct srv_call_write *base)
{
    tell((struct closure_write *)base);
    srv_json_answer_empty(base->call);
}

void srv_api_closure_delete(struct srv_call *call)
{
    struct cm_closure closure = {.class_id = ""};
    const char *class_id = srv_call_query(call, "class");
    if (!srv_api_find_date(call, &closure.date))
        return;
    if (class_id != NULL && strlen(class_id) >= sizeof closure.class_id) {
        srv_api_not_found(call, "class");
        return;
    }
    snprintf(closure.class_id, sizeof closure.class_id, "%s", class_id != NULL ? class_id : "");
    struct closure_write *write = srv_call_write_create(call, sizeof *write, run_delete, answer_delete);
    if (write == NULL)
        return;
    write->closure = closure;
    srv_call_write_submit(&write->base);
}
