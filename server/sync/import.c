#include "sync/import.h"

#include "sync/bundle.h"
#include "sync/work.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum cm_code find_station(struct srv_sync_core *core, const char *id, struct srv_station *ret_station,
                                 struct cm_err *err)
{
    enum cm_code code = srv_store_get_station(core->store, id, ret_station, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND,
                       "this server has no station %s: was the bundle made for another one?", id);
    if (code == CM_OK && ret_station->revoked)
        return cm_fail(err, CM_INVALID, "the station %s was revoked: its events are not taken",
                       ret_station->name);
    return code;
}

/* What the answer to the push means here, where there is nobody to send it again. */
static enum cm_code judge(const struct srv_work *work, struct cm_err *err)
{
    const struct srv_append *append = &work->u.push.append;
    const struct cm_push *push = &work->u.push.message;
    if (work->reply.status == 200)
        return CM_OK;
    if (append->gap)
        return cm_fail(err, CM_INVALID,
                       "events %" PRIu64 " to %" PRIu64
                       " are in no bundle yet: import the earlier one first, or export anew",
                       append->acked_seq + 1, push->first_seq - 1);
    if (append->forked)
        return cm_fail(err, CM_INVALID,
                       "the station's log differs from event %" PRIu64
                       " on: it was restored from an old backup, or copied. Pair it anew",
                       append->forked_seq);
    if (work->u.push.broken)
        return cm_fail(err, CM_CORRUPT, "the hash chain or signature of the events does not verify");
    return cm_fail(err, CM_INVALID, "%s", work->reply.text);
}

static enum cm_code take_push(struct srv_sync_core *core, const uint8_t *push, size_t size,
                              struct srv_bundle_import *import, struct cm_err *err)
{
    struct srv_work *work = malloc(sizeof *work);
    if (work == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the import");
    enum cm_code code = CM_OK;
    srv_work_init(work, core, SRV_WORK_EVENTS, &import->station, push, size);
    if (srv_work_begin(work)) {
        code = srv_store_write(core->store, srv_work_run, work, err);
        if (code == CM_OK)
            srv_work_end(work, CM_OK, NULL);
    }
    if (code == CM_OK)
        code = judge(work, err);
    if (code == CM_OK) {
        import->events += (uint64_t)work->u.push.message.count;
        import->new_events += work->u.push.append.appended;
    }
    srv_work_finish(work);
    free(work);
    return code;
}

static enum cm_code open_and_take(struct srv_sync_core *core, const struct cm_buf *sealed,
                                  struct srv_bundle_import *import, struct cm_err *err)
{
    uint8_t *push = malloc(sealed->size);
    if (push == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the import");
    enum cm_code code = cm_box_open(&core->box, sealed->data, sealed->size, push, err);
    if (code == CM_OK)
        code = take_push(core, push, sealed->size - CM_BOX_OVERHEAD, import, err);
    free(push);
    return code;
}

enum cm_code srv_bundle_import(struct srv_sync_core *core, FILE *file,
                               void (*progress)(void *arg, const struct srv_bundle_import *import), void *arg,
                               struct srv_bundle_import *ret_import, struct cm_err *err)
{
    char station_id[CM_SYNC_STATION_ID_SIZE];
    struct cm_buf sealed;
    *ret_import = (struct srv_bundle_import){.pushes = 0};
    cm_buf_init(&sealed, CM_SYNC_PUSH_MAX + CM_BOX_OVERHEAD);
    enum cm_code code = cm_bundle_read_head(file, station_id, err);
    if (code == CM_OK)
        code = find_station(core, station_id, &ret_import->station, err);
    while (code == CM_OK) {
        code = cm_bundle_read_push(file, &sealed, &ret_import->pushes, err);
        if (code == CM_OK)
            code = open_and_take(core, &sealed, ret_import, err);
        if (code == CM_OK && progress != NULL)
            progress(arg, ret_import);
    }
    cm_buf_finish(&sealed);
    return code == CM_EOF ? CM_OK : code;
}
