#include "sync/core.h"

#include "base/log.h"
#include "base/uuid.h"
#include "crypt/seal.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char box_name[] = "sync.box";

static enum cm_code make_box(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct cm_box *box = arg;
    return srv_store_put_meta(store, box_name, box->secret_key, sizeof box->secret_key, err);
}

static enum cm_code load_box(struct srv_store *store, struct cm_box *box, struct cm_err *err)
{
    uint8_t secret[CM_BOX_KEY_SIZE];
    size_t size = 0;
    enum cm_code code = srv_store_get_meta(store, box_name, secret, sizeof secret, &size, err);
    if (code == CM_OK && size != sizeof secret)
        return cm_fail(err, CM_CORRUPT, "the key of the server for its stations is damaged");
    if (code == CM_OK)
        cm_box_from_secret(secret, box);
    cm_wipe(secret, sizeof secret);
    if (code != CM_NOTFOUND)
        return code;
    cm_box_create(box);
    return srv_store_write(store, make_box, box, err);
}

enum cm_code srv_sync_core_init(struct srv_sync_core *core, struct srv_store *store,
                                const struct cm_clock *clock, const struct cm_zone *zone, struct cm_err *err)
{
    *core = (struct srv_sync_core){.store = store, .clock = clock, .zone = zone};
    enum cm_code code = cm_crypt_init(err);
    if (code == CM_OK)
        code = load_box(store, &core->box, err);
    if (code == CM_OK && pthread_mutex_init(&core->lock, NULL) != 0)
        code = cm_fail(err, CM_NOMEM, "out of memory for sync");
    return code;
}

void srv_sync_core_finish(struct srv_sync_core *core)
{
    pthread_mutex_destroy(&core->lock);
    cm_wipe(core, sizeof *core);
}

bool srv_sync_may_raise(struct srv_sync_core *core, const char *what, const char *id)
{
    char text[sizeof core->raised[0].what];
    snprintf(text, sizeof text, "%s %s", what, id);
    int64_t now_ms = cm_mono_us(core->clock) / 1000;
    bool may = true;
    pthread_mutex_lock(&core->lock);
    struct srv_raised *raised = NULL;
    for (int i = 0; i < SRV_SYNC_RAISED_MAX && raised == NULL; i++)
        if (strcmp(core->raised[i].what, text) == 0)
            raised = &core->raised[i];
    if (raised != NULL)
        may = now_ms - raised->at_mono_ms >= SRV_SYNC_RAISE_EVERY_MS;
    else {
        raised = &core->raised[core->raised_next];
        core->raised_next = (core->raised_next + 1) % SRV_SYNC_RAISED_MAX;
        memcpy(raised->what, text, sizeof text);
    }
    if (may)
        raised->at_mono_ms = now_ms;
    pthread_mutex_unlock(&core->lock);
    return may;
}

void srv_sync_reply_init(struct srv_sync_reply *reply)
{
    *reply = (struct srv_sync_reply){.status = 0};
    cm_buf_init(&reply->body, CM_SYNC_CHANGES_MAX);
}

void srv_sync_reply_finish(struct srv_sync_reply *reply)
{
    cm_buf_finish(&reply->body);
}

void srv_sync_reply_message(struct srv_sync_reply *reply, int status, enum cm_message_kind kind,
                            const void *message)
{
    struct cm_err err = CM_ERR_INIT;
    cm_buf_reset(&reply->body);
    reply->status = status;
    enum cm_code code = cm_message_encode(kind, message, &reply->body, &err);
    if (code != CM_OK)
        srv_sync_reply_failure(reply, code, &err);
}

void srv_sync_reply_error(struct srv_sync_reply *reply, int status, const char *code, const char *text)
{
    cm_buf_reset(&reply->body);
    reply->status = status;
    snprintf(reply->code, sizeof reply->code, "%s", code);
    snprintf(reply->text, sizeof reply->text, "%s", text);
}

void srv_sync_reply_failure(struct srv_sync_reply *reply, enum cm_code code, const struct cm_err *err)
{
    bool passes = code == CM_NOSPACE || code == CM_NOMEM || code == CM_AGAIN || code == CM_CANCELED;
    if (code != CM_AGAIN && code != CM_CANCELED)
        cm_log_err(CM_LOG_ERROR, "sync", "a station's request failed", err);
    srv_sync_reply_error(reply, passes ? 503 : 500, passes ? "busy" : "failed",
                         code == CM_NOSPACE ? "the server's disk is full"
                         : passes           ? "the server is busy: try again"
                                            : "the server could not do it; its log says why");
    reply->retry_after_s = passes ? 5 : 0;
}

void srv_sync_hash_reply(struct srv_sync_core *core, const char *station_id, uint64_t seq,
                         struct srv_sync_reply *reply)
{
    struct cm_hash_answer answer = {.seq = seq};
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = srv_store_hash_at(core->store, station_id, seq, answer.hash, &err);
    if (code == CM_OK)
        srv_sync_reply_message(reply, 200, CM_MESSAGE_HASH_ANSWER, &answer);
    else if (code == CM_NOTFOUND)
        srv_sync_reply_error(reply, 404, "no_event", "the server has no event of that number");
    else
        srv_sync_reply_failure(reply, code, &err);
}

void srv_sync_activity(const struct srv_sync_core *core, enum cm_activity_kind kind,
                       struct cm_event *ret_event)
{
    struct cm_uuid_generator generator = {0}; /* a fresh one: a generator belongs to one thread */
    int64_t now_ms = cm_wall_ms(core->clock);
    *ret_event = (struct cm_event){
        .version = CM_RECORD_VERSION,
        .type = CM_EVENT_ACTIVITY,
        .wall_ms = now_ms,
        .mono_us = cm_mono_us(core->clock),
        .body.activity = {.kind = kind, .started_wall_ms = now_ms, .ended_wall_ms = now_ms, .distance = NAN}};
    memcpy(ret_event->boot_id, core->clock->boot_id, sizeof ret_event->boot_id);
    cm_uuid7(&generator, now_ms, ret_event->id);
}
