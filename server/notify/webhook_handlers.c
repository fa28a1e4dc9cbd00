/* GET and POST /webhooks/whatsapp: what WhatsApp tells, into the outbox; and who wants no messages any more. */
#include "notify/handlers.h"
#include "notify/private.h"
#include "notify/webhook.h"

#include "base/log.h"
#include "base/uuid.h"
#include "http_json/json.h"
#include "live/live.h"
#include "roster/fields.h"
#include "write/call_write.h"
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse(struct srv_call *call, const char *why)
{
    cm_log(CM_LOG_WARN, "webhook", why, CM_STR("from", srv_call_peer(call)));
    srv_answer_error(call, 403, "forbidden", "%s", why);
}

/* ---- the address is ours ---- */

static bool same_text(const char *ours, const char *theirs)
{
    uint8_t a[crypto_generichash_BYTES],
        b[crypto_generichash_BYTES]; /* of one length, whatever the texts are */
    crypto_generichash(a, sizeof a, (const uint8_t *)ours, strlen(ours), NULL, 0);
    crypto_generichash(b, sizeof b, (const uint8_t *)theirs, strlen(theirs), NULL, 0);
    return sodium_memcmp(a, b, sizeof a) == 0;
}

static bool is_challenge(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size <= 128 &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-") == size;
}

void srv_webhook_verify(struct srv_call *call)
{
    const struct srv_notify *notify = srv_app_of(call)->notify;
    const char *mode = srv_call_query(call, "hub.mode"), *token = srv_call_query(call, "hub.verify_token"),
               *challenge = srv_call_query(call, "hub.challenge");
    bool fine = notify != NULL && notify->verify_token[0] != '\0' && mode != NULL && token != NULL &&
                challenge != NULL && strcmp(mode, "subscribe") == 0 &&
                same_text(notify->verify_token, token) && is_challenge(challenge);
    if (fine)
        srv_answer(call, 200, "text/plain; charset=utf-8", challenge, strlen(challenge));
    else
        refuse(call, "a verification with another token");
}

/* ---- what happened ---- */

struct told {
    struct srv_call_write base; /* first */
    struct srv_webhook *webhook;
    int64_t now_ms;
    int moved, unknown; /* set by run */
};

/* Which message: by what we gave it; else by what the provider calls it. */
static enum cm_code find(struct srv_store *store, const struct srv_webhook_status *status, uint8_t ret_id[16],
                         struct cm_err *err)
{
    struct srv_message message;
    enum cm_code code = CM_NOTFOUND;
    if (status->has_message_id)
        code = srv_store_get_message(store, status->message_id, &message, err);
    if (code == CM_NOTFOUND)
        code = srv_store_message_of_provider_id(store, status->provider_id, &message, err);
    if (code == CM_OK)
        memcpy(ret_id, message.id, 16);
    return code;
}

static enum cm_code record(struct srv_store *store, struct told *told,
                           const struct srv_webhook_status *status, struct cm_err *err)
{
    uint8_t id[16];
    bool moved = false;
    const struct srv_outcome outcome = {
        .event = status->event,
        .provider_id = status->provider_id,
        .error_code = status->error_code,
        .error_text = status->error_text,
        .wall_ms = status->wall_ms > 0 && status->wall_ms <= told->now_ms ? status->wall_ms : told->now_ms};
    enum cm_code code = find(store, status, id, err);
    if (code == CM_OK)
        code = srv_alerts_record(store, id, &outcome, &moved, err);
    told->moved += code == CM_OK && moved;
    if (code == CM_NOTFOUND || code == CM_INVALID ||
        code == CM_EXISTS) { /* a test, a code, or none of ours */
        told->unknown++;
        return CM_OK;
    }
    return code;
}

enum { CHILDREN_MAX = 16 }; /* of one number, that are noted */

struct children {
    const char *phone;
    char ids[CHILDREN_MAX][CM_ID_SIZE];
    int count;
};

static bool take_child(void *arg, const struct srv_student *student)
{
    struct children *children = arg;
    if (!student->archived && strcmp(student->parent_phone, children->phone) == 0)
        memcpy(children->ids[children->count++], student->base.id, CM_ID_SIZE);
    return children->count < CHILDREN_MAX;
}

/* The coordinators of his children see it: somebody must find another way to tell them. */
static enum cm_code note_stop(struct srv_store *store, const struct cm_clock *clock, const char *phone,
                              struct cm_err *err)
{
    static _Thread_local struct cm_uuid_generator generator;
    struct children children = {.phone = phone};
    enum cm_code code = srv_store_each_student(store, NULL, "", take_child, &children, err);
    for (int i = 0; i < children.count && code == CM_OK; i++) {
        struct cm_event event = {.version = CM_RECORD_VERSION, .type = CM_EVENT_ACTIVITY};
        struct cm_activity *activity = &event.body.activity;
        event.wall_ms = cm_wall_ms(clock);
        event.mono_us = cm_mono_us(clock);
        memcpy(event.boot_id, clock->boot_id, sizeof event.boot_id);
        cm_uuid7(&generator, event.wall_ms, event.id);
        activity->kind = CM_ACTIVITY_OPTED_OUT;
        activity->started_wall_ms = activity->ended_wall_ms = event.wall_ms;
        activity->distance = NAN;
        snprintf(activity->student_id, sizeof activity->student_id, "%s", children.ids[i]);
        snprintf(activity->reason, sizeof activity->reason, "who has the parent's number wrote STOP");
        code = srv_store_append_own(store, &event, NULL, err);
    }
    return code;
}

/* The latest wish of a number counts, also when they come in another order. */
static enum cm_code wish(struct srv_store *store, struct told *told, const struct srv_webhook_reply *reply,
                         struct cm_err *err)
{
    int64_t when_ms = reply->wall_ms > 0 ? reply->wall_ms : told->now_ms, since_ms = 0;
    enum cm_code code = srv_store_get_stopped(store, reply->phone, &since_ms, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (reply->wish == SRV_WISH_STOP && code == CM_OK && since_ms >= when_ms)
        return CM_OK;
    if (reply->wish == SRV_WISH_STOP) {
        bool is_news = code == CM_NOTFOUND;
        code = srv_store_put_stopped(store, reply->phone, when_ms, err);
        return code == CM_OK && is_news ? note_stop(store, told->base.app->clock, reply->phone, err) : code;
    }
    return code == CM_OK && when_ms >= since_ms ? srv_store_delete_stopped(store, reply->phone, err) : CM_OK;
}

static enum cm_code run(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct told *told = arg;
    enum cm_code code = CM_OK;
    told->moved = told->unknown = 0;
    for (int i = 0; i < told->webhook->status_count && code == CM_OK; i++)
        code = record(store, told, &told->webhook->statuses[i], err);
    for (int i = 0; i < told->webhook->reply_count && code == CM_OK; i++)
        code = wish(store, told, &told->webhook->replies[i], err);
    return code;
}

static void answer(struct srv_call_write *base)
{
    const struct told *told = (const struct told *)base;
    char shown[CM_PHONE_SIZE];
    for (int i = 0; i < told->webhook->reply_count; i++)
        cm_log(CM_LOG_INFO, "webhook",
               told->webhook->replies[i].wish == SRV_WISH_STOP ? "a number wants no messages any more"
                                                               : "a number wants messages again",
               CM_STR("number", cm_phone_shown(told->webhook->replies[i].phone, shown)));
    cm_trace("webhook", "taken", CM_INT("statuses", told->webhook->status_count),
             CM_INT("moved", told->moved), CM_INT("unknown", told->unknown),
             CM_INT("passed_over", told->webhook->passed_over));
    if (told->moved > 0)
        srv_live_changed(base->app->live, "alerts", NULL, NULL);
    if (told->webhook->reply_count > 0) {
        srv_live_changed(base->app->live, "students", NULL, NULL);
        srv_notify_wake(base->app->notify);
    }
    srv_answer(base->call, 200, "text/plain; charset=utf-8", "", 0);
}

static void finish(struct srv_call_write *base)
{
    free(((struct told *)base)->webhook);
}

void srv_webhook_take(struct srv_call *call)
{
    struct srv_notify *notify = srv_app_of(call)->notify;
    size_t size;
    const uint8_t *body = srv_call_body(call, &size);
    struct cm_err err = CM_ERR_INIT;
    if (notify == NULL ||
        !srv_webhook_signed(notify->app_secret, srv_call_header(call, "x-hub-signature-256"), body, size)) {
        refuse(call, "a webhook without the right signature");
        return;
    }
    struct told *told = srv_call_write_create(call, sizeof *told, run, answer);
    if (told == NULL)
        return;
    told->base.finish = finish;
    told->now_ms = srv_notify_now(notify).wall_ms;
    told->webhook = malloc(sizeof *told->webhook);
    enum cm_code code = told->webhook != NULL
                            ? srv_webhook_read(body, size, notify->phone_id, told->webhook, &err)
                            : cm_fail(&err, CM_NOMEM, "no memory for a webhook");
    if (code != CM_OK) {
        cm_log_err(CM_LOG_WARN, "webhook", "a webhook could not be read", &err);
        srv_answer_error(call, code == CM_INVALID ? 400 : 503, "bad_json", "the body could not be read");
        srv_call_write_drop(&told->base);
        return;
    }
    srv_call_write_submit(&told->base);
}
