#include "api/api.h"

#include "auth/auth.h"
#include "base/uuid.h"
#include "http_json/json.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t srv_api_now(const struct srv_app *app)
{
    return cm_wall_ms(app->clock);
}

int32_t srv_api_today(const struct srv_app *app)
{
    return cm_zone_date(app->zone, cm_wall_ms(app->clock));
}

void srv_api_not_found(struct srv_call *call, const char *what)
{
    srv_answer_error(call, 404, "not_found", "there is no such %s", what);
}

bool srv_api_is_student(const struct srv_call *call)
{
    return srv_call_identity(call)->role == SRV_ROLE_STUDENT;
}

/* ---- what a call speaks of ---- */

bool srv_api_find_student(struct srv_call *call, struct srv_student *ret_student)
{
    struct srv_app *app = srv_app_of(call);
    const char *id = srv_call_param(call, "id");
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code =
        strlen(id) < CM_ID_SIZE ? srv_store_get_student(app->store, id, ret_student, &err) : CM_NOTFOUND;
    if (code == CM_OK && srv_auth_sees_student(srv_call_identity(call), ret_student))
        return true;
    if (code == CM_OK || code == CM_NOTFOUND)
        srv_api_not_found(call, "student");
    else
        srv_json_failed(call, code, &err);
    return false;
}

bool srv_api_find_class(struct srv_call *call, const char *class_id, struct cm_class *ret_class)
{
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = CM_NOTFOUND;
    if (strlen(class_id) < CM_ID_SIZE && srv_auth_sees_class(srv_call_identity(call), class_id))
        code = srv_store_get_class(srv_app_of(call)->store, class_id, ret_class, &err);
    if (code == CM_NOTFOUND)
        srv_api_not_found(call, "class");
    else if (code != CM_OK)
        srv_json_failed(call, code, &err);
    return code == CM_OK;
}

bool srv_api_find_date(struct srv_call *call, int32_t *ret_date)
{
    if (cm_date_parse(srv_call_param(call, "date"), ret_date, NULL) == CM_OK)
        return true;
    srv_json_invalid(call, "date", "the date is one such as 2026-11-23");
    return false;
}

bool srv_api_find_span(struct srv_call *call, int days_max, int32_t *from, int32_t *to)
{
    if (!srv_json_query_date(call, "from", *from, from) || !srv_json_query_date(call, "to", *to, to))
        return false;
    int32_t days = cm_date_days_between(*from, *to);
    if (days < 0)
        srv_json_invalid(call, "to", "\"to\" is before \"from\"");
    else if (days >= days_max)
        srv_json_invalid(call, "to", "at most %d days at once", days_max);
    return days >= 0 && days < days_max;
}

bool srv_api_find_month(struct srv_call *call, int32_t *ret_first)
{
    const char *text = srv_call_query(call, "month");
    char date[CM_DATE_ISO_SIZE];
    *ret_first = srv_api_today(srv_app_of(call)) / 100 * 100 + 1;
    if (text == NULL)
        return true;
    snprintf(date, sizeof date, "%.7s-01", text);
    if (strlen(text) == 7 && cm_date_parse(date, ret_first, NULL) == CM_OK)
        return true;
    srv_json_invalid(call, "month", "the month is one such as 2026-11");
    return false;
}

int32_t srv_api_month_end(int32_t first)
{
    int32_t within_next = cm_date_add(first, 31);
    return within_next / 100 == first / 100 ? within_next : cm_date_add(within_next / 100 * 100 + 1, -1);
}

struct class_visit {
    const struct srv_identity *who;
    const char *only;
    struct srv_api_classes *classes;
    bool failed;
};

static bool take_class(void *arg, const struct cm_class *class_)
{
    struct class_visit *visit = arg;
    struct srv_api_classes *classes = visit->classes;
    if (visit->only != NULL && strcmp(visit->only, class_->id) != 0)
        return true;
    if (!srv_auth_sees_class(visit->who, class_->id))
        return true;
    if ((classes->count & (classes->count - 1)) == 0) { /* room doubles at the powers of two */
        size_t room = classes->count > 0 ? (size_t)classes->count * 2 : 1;
        struct cm_class *list = realloc(classes->list, room * sizeof *list);
        visit->failed = list == NULL;
        if (visit->failed)
            return false;
        classes->list = list;
    }
    classes->list[classes->count++] = *class_;
    return classes->count < SRV_API_CLASSES_MAX;
}

enum cm_code srv_api_load_classes(struct srv_store *store, const struct srv_identity *who, const char *only,
                                  struct srv_api_classes *ret_classes, struct cm_err *err)
{
    struct srv_api_classes classes = {.list = NULL};
    struct class_visit visit = {.who = who, .only = only, .classes = &classes};
    enum cm_code code = srv_store_each_class(store, take_class, &visit, err);
    if (code == CM_OK && visit.failed)
        code = cm_fail(err, CM_NOMEM, "out of memory for the classes");
    if (code == CM_OK)
        *ret_classes = classes;
    else
        free(classes.list);
    return code;
}

bool srv_api_find_classes(struct srv_call *call, struct srv_api_classes *ret_classes)
{
    const char *only = srv_call_query(call, "class");
    struct cm_err err = CM_ERR_INIT;
    if (only != NULL && only[0] == '\0')
        only = NULL;
    enum cm_code code =
        srv_api_load_classes(srv_app_of(call)->store, srv_call_identity(call), only, ret_classes, &err);
    if (code != CM_OK) {
        srv_json_failed(call, code, &err);
        return false;
    }
    if (only != NULL && ret_classes->count == 0) {
        free(ret_classes->list);
        srv_api_not_found(call, "class");
        return false;
    }
    return true;
}

/* ---- events of the server's own log ---- */

void srv_api_stamp(const struct srv_app *app, enum cm_event_type type, struct cm_event *event)
{
    static _Thread_local struct cm_uuid_generator generator;
    event->version = CM_RECORD_VERSION;
    event->type = type;
    event->wall_ms = cm_wall_ms(app->clock);
    event->mono_us = cm_mono_us(app->clock);
    memcpy(event->boot_id, app->clock->boot_id, sizeof event->boot_id);
    cm_uuid7(&generator, event->wall_ms, event->id);
}

static bool key_is_sound(const char *key)
{
    size_t size = strlen(key);
    return size >= SRV_API_KEY_MIN && size <= SRV_API_KEY_MAX &&
           strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == size;
}

/* As a UUID of version 8, whose bits are its maker's (RFC 9562). */
static void id_of(const char *const *texts, size_t count, uint8_t ret_id[16])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, 16);
    for (size_t i = 0; i < count; i++) /* each with its NUL, so that none runs into the next */
        crypto_generichash_update(&hash, (const uint8_t *)texts[i], strlen(texts[i]) + 1);
    crypto_generichash_final(&hash, ret_id, 16);
    ret_id[6] = (uint8_t)((ret_id[6] & 0x0f) | 0x80);
    ret_id[8] = (uint8_t)((ret_id[8] & 0x3f) | 0x80);
}

bool srv_api_key_event(struct srv_call *call, const char *subject, struct cm_event *event, bool *ret_keyed)
{
    const char *key = srv_call_header(call, "idempotency-key");
    *ret_keyed = key != NULL;
    if (key == NULL)
        return true;
    if (!key_is_sound(key)) {
        srv_json_invalid(call, "Idempotency-Key",
                         "an Idempotency-Key has %d to %d letters, digits, \"-\" and \"_\"", SRV_API_KEY_MIN,
                         SRV_API_KEY_MAX);
        return false;
    }
    const char *texts[] = {key, srv_call_identity(call)->user, srv_call_path(call), subject};
    id_of(texts, sizeof texts / sizeof texts[0], event->id);
    return true;
}
