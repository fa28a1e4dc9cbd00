#include "sync/work.h"

#include "crypt/seal.h"
#include "sync/faces.h"
#include <stdlib.h>

static const struct {
    bool (*begin)(struct srv_work *work);
    enum cm_code (*run)(struct srv_store *store, struct srv_work *work, struct cm_err *err);
    void (*end)(struct srv_work *work);
} verbs[] = {
    [SRV_WORK_PAIR] = {srv_pair_begin, srv_pair_run, srv_pair_end},
    [SRV_WORK_EVENTS] = {srv_push_begin, srv_push_run, srv_push_end},
    [SRV_WORK_TEMPLATES] = {srv_enrol_begin, srv_enrol_run, srv_enrol_end},
    [SRV_WORK_ENROL] = {srv_enrol_begin, srv_enrol_run, srv_enrol_end},
};

void srv_work_init(struct srv_work *work, struct srv_sync_core *core, enum srv_work_verb verb,
                   const struct srv_station *station, const uint8_t *body, size_t size)
{
    *work = (struct srv_work){.core = core, .verb = verb, .body = body, .size = size};
    if (station != NULL)
        work->station = *station;
    srv_sync_reply_init(&work->reply);
}

bool srv_work_begin(struct srv_work *work)
{
    return verbs[work->verb].begin(work);
}

bool srv_work_prepares(enum srv_work_verb verb)
{
    return verb == SRV_WORK_TEMPLATES || verb == SRV_WORK_ENROL;
}

void srv_work_prepare(struct srv_store *store, struct srv_work *work)
{
    /* what cannot be read now (a key may have been turned over meanwhile), run reads itself */
    if (srv_work_prepares(work->verb) && srv_faces_compare(store, work->u.enrol.faces, NULL) != CM_OK)
        work->u.enrol.faces->nearest.known = false;
}

enum cm_code srv_work_run(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_work *work = arg;
    return verbs[work->verb].run(store, work, err);
}

void srv_work_end(struct srv_work *work, enum cm_code code, const struct cm_err *err)
{
    if (code == CM_OK)
        verbs[work->verb].end(work);
    else if (code == CM_NEWER) /* an event of a type that this program does not know yet */
        srv_sync_reply_error(&work->reply, 426, "newer",
                             "the station is newer than the server: update the server");
    else
        srv_sync_reply_failure(&work->reply, code, err);
}

void srv_work_finish(struct srv_work *work)
{
    bool has_faces = work->verb == SRV_WORK_TEMPLATES || work->verb == SRV_WORK_ENROL;
    if (has_faces && work->u.enrol.faces != NULL) {
        cm_wipe(work->u.enrol.faces, sizeof *work->u.enrol.faces);
        free(work->u.enrol.faces);
    }
    if (work->verb == SRV_WORK_PAIR)
        cm_wipe(&work->u.pair, sizeof work->u.pair);
    srv_sync_reply_finish(&work->reply);
}
