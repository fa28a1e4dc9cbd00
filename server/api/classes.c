/* GET /api/classes, PUT and DELETE /api/classes/:class */
#include "api/handlers.h"

#include "api/cache.h"
#include "api/input.h"
#include "auth/auth.h"
#include "live/live.h"
#include "roll/session.h"
#include "roster/roster_csv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stations { /* how many serve each class */
    const struct srv_api_classes *classes;
    int64_t *count;
};

static bool serves(const struct srv_station *station, const char *class_id)
{
    for (int i = 0; i < station->class_count; i++)
        if (strcmp(station->classes[i], class_id) == 0)
            return true;
    return station->class_count == 0;
}

static bool take_station(void *arg, const struct srv_station *station)
{
    struct stations *stations = arg;
    for (int i = 0; !station->revoked && i < stations->classes->count; i++)
        stations->count[i] += serves(station, stations->classes->list[i].id);
    return true;
}

static void put_class(struct srv_reply *out, const struct cm_class *class_, int64_t students,
                      int64_t stations)
{
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "id", class_->id);
    srv_reply_text(out, "coordinator", class_->coordinator);
    srv_reply_minute(out, "start", class_->start_minute);
    srv_reply_int(out, "late_after_min", class_->late_after_min);
    srv_reply_int(out, "close_after_min", class_->close_after_min);
    srv_reply_list(out, "weekdays");
    for (int day = 0; day < 7; day++)
        if (class_->weekdays & 1u << day)
            srv_reply_text(out, NULL, cm_weekday_name(day));
    srv_reply_list_end(out);
    srv_reply_int(out, "students", students);
    srv_reply_int(out, "stations", stations);
    srv_reply_end(out);
}

/* An item for each class, in a list or (alone) as the answer itself. */
static enum cm_code put_classes(struct srv_reply *out, const struct srv_app *app,
                                const struct srv_api_classes *classes, struct cm_err *err)
{
    struct srv_census *census = calloc((size_t)classes->count + 1, sizeof *census);
    struct stations stations = {classes, calloc((size_t)classes->count + 1, sizeof *stations.count)};
    enum cm_code code = CM_OK;
    if (census == NULL || stations.count == NULL)
        code = cm_fail(err, CM_NOMEM, "out of memory for the classes");
    if (code == CM_OK)
        code = srv_api_census(app, classes, census, err);
    if (code == CM_OK)
        code = srv_store_each_station(app->store, take_station, &stations, err);
    for (int i = 0; i < classes->count && code == CM_OK; i++)
        put_class(out, &classes->list[i], census[i].students, stations.count[i]);
    free(census);
    free(stations.count);
    return code;
}

void srv_api_classes(struct srv_call *call)
{
    struct srv_api_classes classes = {.list = NULL};
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    if (!srv_api_find_classes(call, &classes))
        return;
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_reply_list(&out, "items");
    enum cm_code code = put_classes(&out, srv_app_of(call), &classes, &err);
    srv_reply_list_end(&out);
    srv_reply_null(&out, "next");
    srv_reply_end(&out);
    if (code == CM_OK)
        srv_reply_answer(call, 200, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
    free(classes.list);
}

/* ---- changes ---- */

struct class_write {
    struct srv_call_write base;
    struct cm_class class_;
};

static void tell(const struct class_write *write)
{
    srv_live_changes(write->base.app->live);
    srv_live_changed(write->base.app->live, "classes", write->class_.id, NULL);
}

static enum cm_code run_put(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct class_write *write = arg;
    struct cm_class before;
    enum cm_code code = srv_store_get_class(store, write->class_.id, &before, err);
    if (code == CM_OK)
        write->class_.extra = before.extra;
    return code == CM_OK || code == CM_NOTFOUND ? srv_store_put_class(store, &write->class_, err) : code;
}

static void answer_put(struct srv_call_write *base)
{
    struct class_write *write = (struct class_write *)base;
    struct srv_api_classes classes = {.list = &write->class_, .count = 1};
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    tell(write);
    srv_reply_init(&out);
    enum cm_code code = put_classes(&out, base->app, &classes, &err);
    if (code == CM_OK)
        srv_reply_answer(base->call, 200, &out);
    else
        srv_json_failed(base->call, code, &err);
    srv_reply_finish(&out);
}

static bool parse_weekdays(char (*names)[16], int count, uint32_t *ret_weekdays)
{
    char text[8 * 16] = "";
    for (int i = 0; i < count; i++) {
        strcat(text, names[i]);
        strcat(text, ",");
    }
    return cm_weekdays_parse(text, ret_weekdays, NULL) == CM_OK;
}

static bool read_class(struct srv_call *call, struct cm_class *class_)
{
    char weekdays[7][16];
    int weekday_count = 0;
    int64_t late_after = CM_ROSTER_LATE_AFTER_MIN, close_after = CM_ROSTER_CLOSE_AFTER_MIN;
    struct cm_err err = CM_ERR_INIT;
    const struct srv_json_field fields[] = {
        {.name = "coordinator",
         .type = SRV_JSON_LINE,
         .nullable = true,
         .ret = class_->coordinator,
         .size = sizeof class_->coordinator,
         .max = CM_NAME_CHARS},
        {.name = "start", .type = SRV_JSON_MINUTE, .required = true, .ret = &class_->start_minute},
        {.name = "late_after_min", .type = SRV_JSON_INT, .ret = &late_after, .max = 1439},
        {.name = "close_after_min", .type = SRV_JSON_INT, .ret = &close_after, .min = 1, .max = 1440},
        {.name = "weekdays",
         .type = SRV_JSON_LINES,
         .required = true,
         .ret = weekdays,
         .size = sizeof weekdays[0],
         .min = 1,
         .max = 7,
         .ret_count = &weekday_count},
    };
    if (!SRV_JSON_BODY(call, fields))
        return false;
    class_->late_after_min = (int32_t)late_after;
    class_->close_after_min = (int32_t)close_after;
    if (!parse_weekdays(weekdays, weekday_count, &class_->weekdays)) {
        srv_json_invalid(call, "weekdays", "weekdays are Mon, Tue, Wed, Thu, Fri, Sat, Sun");
        return false;
    }
    if (cm_class_check(class_, &err) != CM_OK) {
        srv_json_invalid(call, "start", "%s", err.msg);
        return false;
    }
    return true;
}

void srv_api_class_put(struct srv_call *call)
{
    struct cm_class class_ = {.id = ""};
    const char *id = srv_call_param(call, "class");
    if (!srv_input_class_id(call, "class", id))
        return;
    snprintf(class_.id, sizeof class_.id, "%s", id);
    if (!read_class(call, &class_))
        return;
    struct class_write *write = srv_call_write_create(call, sizeof *write, run_put, answer_put);
    if (write == NULL)
        return;
    write->class_ = class_;
    srv_call_write_submit(&write->base);
}

static enum cm_code run_delete(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct class_write *write = arg;
    write->base.refusal = (struct srv_refusal){409, "not_empty", NULL};
    return srv_store_delete_class(store, write->class_.id, err);
}

static void answer_delete(struct srv_call_write *base)
{
    tell((struct class_write *)base);
    srv_json_answer_empty(base->call);
}

void srv_api_class_delete(struct srv_call *call)
{
    struct cm_class class_;
    if (!srv_api_find_class(call, srv_call_param(call, "class"), &class_))
        return;
    struct class_write *write = srv_call_write_create(call, sizeof *write, run_delete, answer_delete);
    if (write == NULL)
        return;
    write->class_ = class_;
    srv_call_write_submit(&write->base);
}
