#include "sync/work.h"

#include "base/log.h"
#include <stdio.h>
#include <string.h>

/* The signature over the last event, by a chain that begins where the station says; whether it begins there the store
 * knows. */
static enum cm_code verify(const struct srv_station *station, const struct cm_push *push, struct cm_err *err)
{
    uint8_t hash[CM_HASH_SIZE];
    memcpy(hash, push->previous_hash, sizeof hash);
    for (int i = 0; i < push->count; i++)
        cm_chain_next(hash, push->events[i].data, push->events[i].size, hash);
    return cm_head_verify(station->public_key, push->first_seq + (uint64_t)push->count - 1, hash,
                          push->signature, err);
}

static void note_what_it_says(struct srv_work *work)
{
    const struct cm_push *push = &work->u.push.message;
    work->effects.said = true;
    work->effects.last_seq = push->first_seq + (uint64_t)push->count - 1 + push->backlog;
    work->effects.wall_ms = push->wall_ms;
    memcpy(work->effects.version, push->version, sizeof push->version);
    memcpy(work->effects.camera, push->camera, sizeof push->camera);
}

static void answer_broken(struct srv_work *work)
{
    struct cm_push_answer answer = {.problem = CM_SYNC_BROKEN, .time_ms = cm_wall_ms(work->core->clock)};
    srv_sync_reply_message(&work->reply, 422, CM_MESSAGE_PUSH_ANSWER, &answer);
}

bool srv_push_begin(struct srv_work *work)
{
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code =
        cm_message_decode(CM_MESSAGE_PUSH, work->body, work->size, &work->u.push.message, &err);
    if (code != CM_OK) {
        srv_sync_reply_error(&work->reply, 400, "bad_message", err.msg);
        return false;
    }
    note_what_it_says(work);
    if (verify(&work->station, &work->u.push.message, &err) == CM_OK)
        return true;
    work->u.push.broken = true;
    snprintf(work->u.push.reason, sizeof work->u.push.reason, "%.120s", err.msg);
    work->u.push.may_raise = srv_sync_may_raise(work->core, "broken", work->station.id);
    if (!work->u.push.may_raise)
        answer_broken(work);
    return work->u.push.may_raise;
}

static enum cm_code raise_activity(struct srv_store *store, struct srv_work *work, enum cm_activity_kind kind,
                                   const char *reason, struct cm_err *err)
{
    struct cm_event event;
    srv_sync_activity(work->core, kind, &event);
    snprintf(event.body.activity.reason, sizeof event.body.activity.reason, "%.250s", reason);
    snprintf(event.body.activity.station_id, sizeof event.body.activity.station_id, "%s", work->station.id);
    return srv_store_append_own(store, &event, &work->u.push.own_feed, err);
}

static enum cm_code append(struct srv_store *store, struct srv_work *work, struct cm_err *err)
{
    const struct cm_push *push = &work->u.push.message;
    struct srv_event_bytes events[CM_SYNC_EVENTS_MAX];
    for (int i = 0; i < push->count; i++)
        events[i] = (struct srv_event_bytes){push->events[i].data, push->events[i].size};
    return srv_store_append_events(store, work->station.id, push->first_seq, push->previous_hash, events,
                                   (size_t)push->count, &work->u.push.append, err);
}

/* An event that does not decode, or holds another number: signed by the station, so nobody on the way did it. */
static enum cm_code refuse_events(struct srv_store *store, struct srv_work *work, const struct cm_err *why,
                                  struct cm_err *err)
{
    if (!work->u.push.broken) /* asked once, although this may run again */
        work->u.push.refused_raise = srv_sync_may_raise(work->core, "broken", work->station.id);
    work->u.push.broken = true;
    if (!work->u.push.refused_raise)
        return CM_OK;
    return raise_activity(store, work, CM_ACTIVITY_LOG_BROKEN, why->msg, err);
}

/* The time of the attempt is in it: the copy's next one is another, also with the same events. */
static void identify(const struct srv_work *work, uint8_t ret_request[SRV_FORK_REQUEST_SIZE])
{
    uint8_t hash[CM_HASH_SIZE] = {0};
    cm_chain_next(hash, work->body, work->size, hash);
    memcpy(ret_request, hash, SRV_FORK_REQUEST_SIZE);
}

/* One activity until somebody says that it is settled; what the pages show follows every try. */
static enum cm_code note_fork(struct srv_store *store, struct srv_work *work,
                              const struct srv_station *before, struct cm_err *err)
{
    struct srv_fork fork = {.seq = work->u.push.append.forked_seq, .wall_ms = cm_wall_ms(work->core->clock)};
    char reason[200];
    if (before->forked && before->forked_seq < fork.seq)
        fork.seq = before->forked_seq;
    memcpy(fork.address, work->peer, sizeof fork.address);
    identify(work, fork.request);
    enum cm_code code = srv_store_put_fork(store, work->station.id, &fork, err);
    if (code != CM_OK || before->forked)
        return code == CM_EXISTS ? CM_OK : code;
    snprintf(reason, sizeof reason,
             "another copy of this station (restored from a backup, or cloned) sent other events from number "
             "%llu on; they are refused. Address: %.63s",
             (unsigned long long)fork.seq, work->peer[0] != '\0' ? work->peer : "unknown");
    return raise_activity(store, work, CM_ACTIVITY_LOG_FORKED, reason, err);
}

enum cm_code srv_push_run(struct srv_store *store, struct srv_work *work, struct cm_err *err)
{
    struct srv_station before;
    struct cm_err why = CM_ERR_INIT;
    work->u.push.own_feed = 0;
    work->u.push.append = (struct srv_append){0};
    if (work->u.push.may_raise)
        return raise_activity(store, work, CM_ACTIVITY_LOG_BROKEN, work->u.push.reason, err);
    enum cm_code code = srv_store_get_station(store, work->station.id, &before, err);
    if (code != CM_OK)
        return code;
    work->u.push.revoked = before.revoked; /* while it was sending */
    if (before.revoked)
        return CM_OK;
    uint64_t written = srv_store_written(store);
    code = append(store, work, &why);
    if (code == CM_INVALID &&
        srv_store_written(store) == written) /* else it failed halfway: nothing of it stays */
        return refuse_events(store, work, &why, err);
    if (code != CM_OK)
        return cm_fail(err, code, "%s", why.msg);
    return work->u.push.append.forked ? note_fork(store, work, &before, err) : CM_OK;
}

void srv_push_end(struct srv_work *work)
{
    const struct srv_append *append = &work->u.push.append;
    struct cm_push_answer answer = {.acked = append->acked_seq, .time_ms = cm_wall_ms(work->core->clock)};
    if (append->appended > 0)
        work->effects.feed_last = append->feed;
    work->effects.acked_seq = append->acked_seq;
    if (work->u.push.own_feed > 0)
        work->effects.feed_last = work->u.push.own_feed;
    if (work->u.push.revoked) {
        srv_sync_reply_error(&work->reply, 401, "revoked", "this station was revoked");
        return;
    }
    if (work->u.push.broken) {
        answer_broken(work);
        return;
    }
    if (append->forked) { /* another device than the one whose log this is: it says nothing of that one */
        work->effects.said = false;
        work->effects.stations = true;
    }
    answer.problem = append->gap ? CM_SYNC_GAP : append->forked ? CM_SYNC_FORKED : CM_SYNC_FINE;
    answer.forked_seq = append->forked ? append->forked_seq : 0;
    srv_sync_reply_message(&work->reply, answer.problem == CM_SYNC_FINE ? 200 : 409, CM_MESSAGE_PUSH_ANSWER,
                           &answer);
}
