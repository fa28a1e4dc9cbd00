/* /api/stations: what is known of them, pairing codes, classes, revocation. */
#include "auth/auth.h"
#include "base/log.h"
#include "base/uuid.h"
#include "http_json/json.h"
#include "live/fork.h"
#include "live/handlers.h"
#include "live/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_MINUTES = 10 };

/* ---- one station as JSON ---- */

/* Those of its classes that the caller sees; *ret_others: how many it serves besides. */
static json_t *classes_seen(const struct srv_identity *who, const struct srv_station *station,
                            int *ret_others)
{
    json_t *classes = json_array();
    *ret_others = 0;
    for (int i = 0; i < station->class_count; i++)
        if (srv_auth_sees_class(who, station->classes[i]))
            json_array_append_new(classes, json_string(station->classes[i]));
        else
            ++*ret_others;
    return classes;
}

json_t *srv_live_station_json(struct srv_live *live, const struct srv_identity *who,
                              const struct srv_station *station)
{
    int others;
    json_t *classes = classes_seen(who, station, &others);
    struct srv_station_now now;
    bool known = srv_live_station_now(live, station->id, &now);
    /* What it has, less what is here by now: its own number is from before the last answer. */
    uint64_t backlog = known && now.last_seq > station->acked_seq ? now.last_seq - station->acked_seq : 0;
    bool newer = known && now.last_seen_wall_ms >= station->last_seen_wall_ms;
    return json_pack(
        "{s:s, s:s, s:o, s:i, s:b, s:b, s:b, s:o, s:o, s:o, s:b, s:o, s:o, s:I, s:o, s:o, s:I, s:b, s:o}",
        "id", station->id, "name", station->name, "classes", classes, "other_classes", others, "paired",
        station->paired, "revoked", station->revoked, "forked", station->forked, "forked_seq",
        station->forked ? json_integer((json_int_t)station->forked_seq) : json_null(), "forked_at",
        srv_json_instant(live->app->zone, station->forked ? station->forked_wall_ms : 0), "forked_from",
        srv_json_text(station->forked ? station->forked_address : ""), "online",
        known && now.online && !station->revoked, "last_seen",
        srv_json_instant(live->app->zone, newer ? now.last_seen_wall_ms : station->last_seen_wall_ms),
        "backlog", known ? json_integer((json_int_t)backlog) : json_null(), "clock_offset_ms",
        (json_int_t)(newer ? now.clock_offset_ms : station->clock_offset_ms), "camera",
        srv_json_text(newer ? now.camera : station->camera), "version",
        srv_json_text(newer ? now.version : station->version), "acked_seq", (json_int_t)station->acked_seq,
        "watched", now.watched, "last_event", srv_json_instant(live->app->zone, station->last_event_wall_ms));
}

/* ---- the list ---- */

struct list {
    struct srv_live *live;
    const struct srv_identity *who;
    struct srv_station *stations; /* a visit must not call the store, so they are copied */
    int count, capacity;
    bool no_memory;
};

static bool copy_seen(void *arg, const struct srv_station *station)
{
    struct list *list = arg;
    if (!srv_live_sees_station(list->who, station))
        return true;
    if (list->count == list->capacity) {
        int capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        struct srv_station *stations = realloc(list->stations, (size_t)capacity * sizeof *stations);
        list->no_memory = stations == NULL;
        if (list->no_memory)
            return false;
        list->stations = stations;
        list->capacity = capacity;
    }
    list->stations[list->count++] = *station;
    return true;
}

void srv_live_stations(struct srv_call *call)
{
    struct srv_app *app = srv_app_of(call);
    struct list list = {.live = app->live, .who = srv_call_identity(call)};
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = srv_store_each_station(app->store, copy_seen, &list, &err);
    if (code == CM_OK && list.no_memory)
        code = cm_fail(&err, CM_NOMEM, "out of memory for the stations");
    if (code != CM_OK) {
        free(list.stations);
        srv_json_failed(call, code, &err);
        return;
    }
    json_t *items = json_array();
    for (int i = 0; i < list.count; i++)
        json_array_append_new(items, srv_live_station_json(app->live, list.who, &list.stations[i]));
    free(list.stations);
    srv_json_answer(call, 200, json_pack("{s:o, s:n}", "items", items, "next"));
}

/* ---- writes: read the body, one job for the writer, answer when it is durable ---- */

struct station_write {
    struct srv_call_write base;
    struct srv_station station; /* as wanted, then as it is */
    bool name_given, classes_given;
    int64_t now_ms;
    int64_t code_expires_ms;
    char code[SRV_CODE_TEXT_SIZE]; /* empty: none was made */
    int status;
};

static void answer_written(struct srv_call_write *base)
{
    const struct station_write *job = (struct station_write *)base;
    json_t *station = srv_live_station_json(base->app->live, srv_call_identity(base->call), &job->station);
    srv_live_changes(base->app->live);
    srv_live_changed(base->app->live, "stations", NULL, NULL);
    if (job->code[0] == '\0')
        srv_json_answer(base->call, job->status, station);
    else
        srv_json_answer_secret(base->call, job->status,
                               json_pack("{s:o, s:s, s:o}", "station", station, "code", job->code,
                                         "code_expires",
                                         srv_json_instant(base->app->zone, job->code_expires_ms)));
}

static struct station_write *begin_write(struct srv_call *call, srv_store_fn *run, int status)
{
    struct station_write *job = srv_call_write_create(call, sizeof *job, run, answer_written);
    if (job == NULL)
        return NULL;
    job->now_ms = cm_wall_ms(job->base.app->clock);
    job->code_expires_ms = job->now_ms + CODE_MINUTES * 60 * 1000;
    job->status = status;
    snprintf(job->station.id, sizeof job->station.id, "%s", srv_call_param(call, "id"));
    return job;
}

/* The fields that a station is made of or changed with; job is dropped when they are wrong, and it was answered. */
static bool read_fields(struct station_write *job, bool required)
{
    struct srv_station *station = &job->station;
    const struct srv_json_field fields[] = {
        {.name = "name",
         .type = SRV_JSON_LINE,
         .required = required,
         .ret = station->name,
         .size = sizeof station->name,
         .min = 1,
         .max = CM_NAME_CHARS,
         .ret_given = &job->name_given},
        {.name = "classes",
         .type = SRV_JSON_LINES,
         .nullable = true,
         .ret = station->classes,
         .size = sizeof station->classes[0],
         .max = 32,
         .ret_count = &station->class_count,
         .ret_given = &job->classes_given},
    };
    if (SRV_JSON_BODY(job->base.call, fields))
        return true;
    srv_call_write_drop(&job->base);
    return false;
}

static enum cm_code check_classes(struct srv_store *store, struct station_write *job, struct cm_err *err)
{
    struct cm_class class_;
    for (int i = 0; i < job->station.class_count; i++)
        if (srv_store_get_class(store, job->station.classes[i], &class_, NULL) != CM_OK) {
            job->base.refusal = (struct srv_refusal){422, "invalid", "classes"};
            return cm_fail(err, CM_INVALID, "there is no class %.60s", job->station.classes[i]);
        }
    return CM_OK;
}

struct name_search {
    const struct srv_station *station;
    bool taken;
};

static bool same_name(void *arg, const struct srv_station *other)
{
    struct name_search *search = arg;
    if (strcmp(other->name, search->station->name) != 0 || strcmp(other->id, search->station->id) == 0 ||
        other->revoked)
        return true;
    search->taken = true;
    return false;
}

static enum cm_code check_name(struct srv_store *store, const struct srv_station *station, struct cm_err *err)
{
    struct name_search search = {.station = station};
    if (srv_store_each_station(store, same_name, &search, err) != CM_OK)
        return err->code;
    return search.taken ? cm_fail(err, CM_EXISTS, "there is a station of that name already") : CM_OK;
}

/* ---- add ---- */

static enum cm_code run_add(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_write *job = arg;
    if (check_classes(store, job, err) != CM_OK || check_name(store, &job->station, err) != CM_OK ||
        srv_store_put_station(store, &job->station, err) != CM_OK)
        return err->code;
    return srv_auth_make_code(store, "pair", job->station.id, job->now_ms, CODE_MINUTES, job->code, err);
}

void srv_live_station_post(struct srv_call *call)
{
    struct station_write *job = begin_write(call, run_add, 201);
    if (job == NULL || !read_fields(job, true))
        return;
    struct cm_uuid_generator generator = {0};
    uint8_t id[16];
    cm_uuid7(&generator, job->now_ms, id);
    cm_uuid_text(id, job->station.id);
    job->station.created_wall_ms = job->now_ms;
    srv_call_write_submit(&job->base);
}

/* ---- change ---- */

struct touch { /* every class of the school, copied out of the visit */
    char (*ids)[CM_ID_SIZE];
    int count, capacity;
};

static bool copy_class_id(void *arg, const struct cm_class *class_)
{
    struct touch *touch = arg;
    if (touch->count == touch->capacity) {
        int capacity = touch->capacity == 0 ? 32 : touch->capacity * 2;
        char(*ids)[CM_ID_SIZE] = realloc(touch->ids, (size_t)capacity * CM_ID_SIZE);
        if (ids == NULL)
            return false;
        touch->ids = ids;
        touch->capacity = capacity;
    }
    memcpy(touch->ids[touch->count++], class_->id, CM_ID_SIZE);
    return true;
}

/* What the station did not serve before, it is sent whole. */
static enum cm_code touch_added(struct srv_store *store, const struct srv_station *before,
                                const struct srv_station *after, struct cm_err *err)
{
    struct touch touch = {0};
    enum cm_code code = srv_store_each_class(store, copy_class_id, &touch, err);
    for (int i = 0; i < touch.count && code == CM_OK; i++)
        if (srv_station_serves(after, touch.ids[i]) && !srv_station_serves(before, touch.ids[i]))
            code = srv_store_touch_class(store, touch.ids[i], err);
    free(touch.ids);
    return code;
}

static enum cm_code run_patch(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_write *job = arg;
    struct srv_station before, after;
    if (srv_store_get_station(store, job->station.id, &before, err) != CM_OK ||
        check_classes(store, job, err) != CM_OK)
        return err->code;
    after = before;
    if (job->name_given)
        memcpy(after.name, job->station.name, sizeof after.name);
    if (job->classes_given) {
        after.class_count = job->station.class_count;
        memcpy(after.classes, job->station.classes, sizeof after.classes);
    }
    if (check_name(store, &after, err) != CM_OK || srv_store_put_station(store, &after, err) != CM_OK ||
        touch_added(store, &before, &after, err) != CM_OK)
        return err->code;
    job->station = after;
    return CM_OK;
}

void srv_live_station_patch(struct srv_call *call)
{
    struct station_write *job = begin_write(call, run_patch, 200);
    if (job != NULL && read_fields(job, false))
        srv_call_write_submit(&job->base);
}

/* ---- code, revoke ---- */

static enum cm_code run_code(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_write *job = arg;
    if (srv_store_get_station(store, job->station.id, &job->station, err) != CM_OK)
        return err->code;
    if (job->station.revoked) { /* admitted again, as nobody until the code is used */
        job->station.revoked = job->station.paired = false;
        if (srv_store_put_station(store, &job->station, err) != CM_OK)
            return err->code;
    }
    return srv_auth_make_code(store, "pair", job->station.id, job->now_ms, CODE_MINUTES, job->code, err);
}

void srv_live_station_code(struct srv_call *call)
{
    struct station_write *job = begin_write(call, run_code, 200);
    if (job != NULL)
        srv_call_write_submit(&job->base);
}

static enum cm_code run_revoke(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_write *job = arg;
    if (srv_store_get_station(store, job->station.id, &job->station, err) != CM_OK)
        return err->code;
    job->station.revoked = true;
    memset(job->station.token_hash, 0, sizeof job->station.token_hash);
    return srv_store_put_station(store, &job->station, err);
}

void srv_live_station_revoke(struct srv_call *call)
{
    struct station_write *job = begin_write(call, run_revoke, 200);
    if (job != NULL)
        srv_call_write_submit(&job->base);
}

static enum cm_code run_settle(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_write *job = arg;
    return srv_fork_settle(store, job->station.id, &job->station, err);
}

static void answer_settled(struct srv_call_write *base)
{
    const struct station_write *job = (struct station_write *)base;
    srv_fork_settled(&job->station, srv_call_identity(base->call)->user);
    answer_written(base);
}

void srv_live_station_settle(struct srv_call *call)
{
    struct station_write *job = begin_write(call, run_settle, 200);
    if (job != NULL) {
        job->base.answer = answer_settled;
        srv_call_write_submit(&job->base);
    }
}

/* ---- camera ---- */

/* The station of the call when the caller may see it; else it was answered. */
static bool seen_station(struct srv_call *call, struct srv_station *ret_station)
{
    struct srv_app *app = srv_app_of(call);
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = srv_store_get_station(app->store, srv_call_param(call, "id"), ret_station, &err);
    if (code == CM_OK && srv_live_sees_station(srv_call_identity(call), ret_station))
        return true;
    if (code != CM_OK && code != CM_NOTFOUND)
        srv_json_failed(call, code, &err);
    else
        srv_answer_error(call, 404, "not_found", "there is no such station");
    return false;
}

void srv_live_camera(struct srv_call *call)
{
    struct srv_live *live = srv_app_of(call)->live;
    struct srv_station station;
    struct srv_station_now now;
    bool on = false;
    const struct srv_json_field fields[] = {
        {.name = "on", .type = SRV_JSON_BOOL, .required = true, .ret = &on}};
    if (!seen_station(call, &station) || !SRV_JSON_BODY(call, fields))
        return;
    if (!on || !station.revoked)
        srv_cameras_ask(live->cameras, station.id, on);
    bool known = srv_live_station_now(live, station.id, &now);
    srv_json_answer(call, 200,
                    json_pack("{s:b, s:b}", "watched", now.watched, "online", known && now.online));
}

void srv_live_video(struct srv_call *call)
{
    struct srv_live *live = srv_app_of(call)->live;
    struct srv_station station;
    struct srv_station_now now;
    if (!seen_station(call, &station))
        return;
    if (!srv_live_station_now(live, station.id, &now) || !now.online || station.revoked)
        srv_answer_error(call, 503, "offline", "the station is not online");
    else
        srv_cameras_join(live->cameras, station.id, call);
}

void srv_live_events(struct srv_call *call)
{
    srv_hub_join(srv_app_of(call)->live->hub, call);
}
