#include "sync/private.h"

#include <stdlib.h>
#include <string.h>

enum cm_code srv_sync_open(struct srv_app *app, struct srv_sync **ret_sync, struct cm_err *err)
{
    struct srv_sync *sync = calloc(1, sizeof *sync);
    if (sync == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for sync");
    sync->app = app;
    enum cm_code code = srv_sync_core_init(&sync->core, app->store, app->clock, app->zone, err);
    if (code == CM_OK && pthread_mutex_init(&sync->lock, NULL) != 0) {
        srv_sync_core_finish(&sync->core);
        code = cm_fail(err, CM_NOMEM, "out of memory for sync");
    }
    if (code == CM_OK)
        *ret_sync = sync;
    else
        free(sync);
    return code;
}

void srv_sync_stop(struct srv_sync *sync)
{
    srv_polls_drop(sync);
}

void srv_sync_close(struct srv_sync *sync)
{
    if (sync == NULL)
        return;
    srv_sync_core_finish(&sync->core);
    pthread_mutex_destroy(&sync->lock);
    free(sync);
}

bool srv_sync_caller(struct srv_call *call, struct srv_station *ret_station)
{
    struct srv_app *app = srv_app_of(call);
    struct srv_sync_reply reply;
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = srv_store_get_station(app->store, srv_call_identity(call)->user, ret_station, &err);
    if (code == CM_OK && !ret_station->revoked)
        return true;
    srv_sync_reply_init(&reply);
    if (code == CM_OK || code == CM_NOTFOUND)
        srv_sync_reply_error(&reply, 401, "revoked", "the server does not know this station any more");
    else
        srv_sync_reply_failure(&reply, code, &err);
    srv_sync_send(call, &reply);
    srv_sync_reply_finish(&reply);
    return false;
}

void srv_sync_send(struct srv_call *call, struct srv_sync_reply *reply)
{
    char seconds[16];
    if (reply->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%d", reply->retry_after_s);
        srv_answer_header(call, "Retry-After", seconds);
    }
    if (reply->code[0] != '\0') {
        srv_answer_error(call, reply->status, reply->code, "%s", reply->text);
        return;
    }
    size_t size;
    uint8_t *body = cm_buf_take(&reply->body, &size);
    srv_answer_secret(call, reply->status, CM_SYNC_TYPE, body, size); /* a token, boxes of faces */
}

void srv_sync_seen(struct srv_call *call, const struct srv_station *station, int64_t wall_ms,
                   const struct srv_station_now *said)
{
    struct srv_app *app = srv_app_of(call);
    int64_t now_ms = cm_wall_ms(app->clock);
    struct srv_station_now now = *said;
    now.online = true;
    now.last_seen_wall_ms = now_ms;
    now.clock_offset_ms = wall_ms > 0 ? wall_ms - now_ms : 0;
    snprintf(now.address, sizeof now.address, "%s", srv_call_peer(call));
    srv_live_station_seen(app->live, station->id, &now);
}
