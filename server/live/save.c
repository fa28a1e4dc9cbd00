/* Every minute, and at the end: when stations were last seen, and how they were, goes to the store; a restart then still knows. */
#include "live/private.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { SAVED_MAX = 256 }; /* at once; the rest the next minute */

struct save {
    struct srv_write write; /* first */
    size_t count;
    struct srv_now_change changes[SAVED_MAX];
};

static enum cm_code run_save(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct save *save = arg;
    struct srv_station station;
    for (size_t i = 0; i < save->count; i++) {
        const struct srv_station_now *seen = &save->changes[i].seen;
        if (srv_store_get_station(store, save->changes[i].station_id, &station, NULL) != CM_OK)
            continue;
        station.last_seen_wall_ms = seen->last_seen_wall_ms;
        station.clock_offset_ms = seen->clock_offset_ms;
        memcpy(station.version, seen->version, sizeof station.version);
        memset(station.camera, 0, sizeof station.camera);
        memcpy(station.camera, seen->camera, sizeof seen->camera);
        if (srv_store_put_station(store, &station, err) != CM_OK)
            return err->code;
    }
    return CM_OK;
}

static void on_saved(struct srv_write *write, enum cm_code code, const struct cm_err *err)
{
    if (code != CM_OK)
        cm_log_err(CM_LOG_WARN, "live", "when stations were seen could not be saved", err);
    free(write);
}

void srv_live_save(struct srv_live *live)
{
    struct save *save = calloc(1, sizeof *save);
    if (save == NULL)
        return;
    save->count = srv_now_take_changed(live->now, save->changes, SAVED_MAX);
    save->write =
        (struct srv_write){.run = run_save, .done = on_saved, .loop = srv_http_loop(live->app->http, 0)};
    if (save->count == 0 || srv_writer_submit(live->app->writer, &save->write) != CM_OK)
        free(save);
}

void srv_live_save_last(struct srv_live *live)
{
    struct cm_err err = CM_ERR_INIT;
    struct save *save = calloc(1, sizeof *save);
    enum cm_code code = save != NULL ? CM_OK : cm_fail(&err, CM_NOMEM, "out of memory");
    do {
        if (code == CM_OK)
            save->count = srv_now_take_changed(live->now, save->changes, SAVED_MAX);
        if (code == CM_OK && save->count > 0)
            code = srv_store_write(live->app->store, run_save, save, &err);
    } while (code == CM_OK && save->count == SAVED_MAX);
    if (code != CM_OK)
        cm_log_err(CM_LOG_WARN, "live", "when stations were seen could not be saved", &err);
    free(save);
}
