#include "sync/work.h"

#include "auth/auth.h"
#include <stdio.h>
#include <string.h>

_Static_assert((int)SRV_TOKEN_TEXT_SIZE <= (int)CM_SYNC_TOKEN_SIZE, "a token fits into the answer");

bool srv_pair_begin(struct srv_work *work)
{
    uint8_t key[CM_BOX_KEY_SIZE];
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code =
        cm_message_decode(CM_MESSAGE_PAIR_REQUEST, work->body, work->size, &work->u.pair.request, &err);
    if (code == CM_OK) /* templates will be sealed to it */
        code = cm_box_key_of_signer(work->u.pair.request.public_key, key, &err);
    if (code != CM_OK) {
        srv_sync_reply_error(&work->reply, 400, "bad_message", err.msg);
        return false;
    }
    srv_auth_make_token(work->u.pair.token, work->u.pair.token_hash);
    return true;
}

/* A station whose log the server has keeps its key: other events cannot follow them. */
static bool is_other_log(const struct srv_station *station, const struct cm_pair_request *request)
{
    return station->acked_seq > 0 &&
           memcmp(station->public_key, request->public_key, sizeof station->public_key) != 0;
}

struct same_log {
    const struct cm_pair_request *request;
    const char *station_id;
    char name[CM_NAME_SIZE]; /* of the station whose log it is; empty: nobody's */
};

static bool note_same_log(void *arg, const struct srv_station *station)
{
    struct same_log *same = arg;
    if (station->acked_seq == 0 || strcmp(station->id, same->station_id) == 0 ||
        memcmp(station->public_key, same->request->public_key, sizeof station->public_key) != 0)
        return true;
    snprintf(same->name, sizeof same->name, "%s", station->name);
    return false;
}

enum cm_code srv_pair_run(struct srv_store *store, struct srv_work *work, struct cm_err *err)
{
    char station_id[64];
    int64_t now_ms = cm_wall_ms(work->core->clock);
    const struct cm_pair_request *request = &work->u.pair.request;
    struct srv_station *station = &work->station;
    enum cm_code code = srv_auth_take_code(store, "pair", request->code, now_ms, station_id, err);
    if (code == CM_OK)
        code = srv_store_get_station(store, station_id, station, err);
    if (code == CM_NOTFOUND || (code == CM_OK && station->revoked)) { /* a code from before it was revoked */
        work->u.pair.outcome = SRV_PAIR_NO_CODE;
        return CM_OK;
    }
    if (code != CM_OK)
        return code;
    if (is_other_log(station, request)) { /* the code is used up all the same */
        work->u.pair.outcome = SRV_PAIR_OTHER_KEY;
        return CM_OK;
    }
    struct same_log same = {.request = request, .station_id = station->id};
    code = srv_store_each_station(store, note_same_log, &same, err);
    if (code != CM_OK)
        return code;
    if (same.name[0] != '\0') { /* else its events would stand twice, as another station's */
        work->u.pair.outcome = SRV_PAIR_KNOWN_LOG;
        memcpy(station->name, same.name, sizeof station->name);
        return CM_OK;
    }
    work->u.pair.outcome = SRV_PAIRED;
    station->paired = true;
    if (station->paired_wall_ms == 0 ||
        now_ms < station->paired_wall_ms) /* the first time counts: it may have */
        station->paired_wall_ms = now_ms; /* marks since then */
    memcpy(station->public_key, request->public_key, sizeof station->public_key);
    memcpy(station->token_hash, work->u.pair.token_hash, sizeof station->token_hash);
    memcpy(station->version, request->version, sizeof station->version);
    return srv_store_put_station(store, station, err);
}

void srv_pair_end(struct srv_work *work)
{
    struct cm_pair_answer answer = {.time_ms = cm_wall_ms(work->core->clock)};
    if (work->u.pair.outcome == SRV_PAIR_NO_CODE) {
        srv_sync_reply_error(&work->reply, 401, "bad_code",
                             "the code is wrong, used or over: ask for a new one");
        return;
    }
    if (work->u.pair.outcome == SRV_PAIR_OTHER_KEY) {
        srv_sync_reply_error(
            &work->reply, 409, "other_key",
            "the server has events of this station under another key: add a new station for it");
        return;
    }
    if (work->u.pair.outcome == SRV_PAIR_KNOWN_LOG) {
        char text[sizeof work->reply.text];
        snprintf(
            text, sizeof text,
            "this device is the station %.60s: ask for a new code of that one (station code), or give it a "
            "new identity by pair --renew",
            work->station.name);
        srv_sync_reply_error(&work->reply, 409, "known_log", text);
        return;
    }
    snprintf(answer.station_id, sizeof answer.station_id, "%s", work->station.id);
    snprintf(answer.token, sizeof answer.token, "%s", work->u.pair.token);
    memcpy(answer.name, work->station.name, sizeof answer.name);
    memcpy(answer.server_key, work->core->box.public_key, sizeof answer.server_key);
    work->effects.paired = true;
    work->effects.changes = true;
    srv_sync_reply_message(&work->reply, 200, CM_MESSAGE_PAIR_ANSWER, &answer);
    cm_wipe(&answer, sizeof answer);
}
