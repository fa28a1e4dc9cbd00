#include "alerts/put_back.h"

#include "alerts/outbox.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char word[] = "alerts_epoch"; /* epoch ‖ since when, as the machine has it */

struct mark {
    uint8_t epoch[16];
    int64_t since_wall_ms;
};
_Static_assert(sizeof(struct mark) == 24, "a mark has no gaps");

struct waiting {
    struct srv_message *list;
    size_t count, room;
    bool failed;
};

static bool take(void *arg, const struct srv_message *message)
{
    struct waiting *waiting = arg;
    if (waiting->count == waiting->room) {
        size_t room = waiting->room > 0 ? waiting->room * 2 : 16;
        struct srv_message *list = realloc(waiting->list, room * sizeof *list);
        waiting->failed = list == NULL;
        if (waiting->failed)
            return false;
        waiting->list = list;
        waiting->room = room;
    }
    waiting->list[waiting->count++] = *message;
    return true;
}

static enum cm_code doubt_waiting(struct srv_store *store, int64_t now_ms, struct cm_err *err)
{
    struct waiting waiting = {.failed = false};
    enum cm_code code = srv_store_each_message_in_state(store, SRV_MESSAGE_QUEUED, take, &waiting, err);
    if (code == CM_OK && waiting.failed)
        code = cm_fail(err, CM_NOMEM, "no memory for the outbox");
    for (size_t i = 0; i < waiting.count && code == CM_OK; i++) {
        struct srv_message *message = &waiting.list[i];
        srv_outbox_apply(message, SRV_OUTBOX_LOST, now_ms);
        snprintf(message->error_text, sizeof message->error_text, "%s", SRV_PUT_BACK_TEXT);
        code = srv_store_put_message(store, message, err);
    }
    free(waiting.list);
    return code;
}

enum cm_code srv_alerts_put_back(struct srv_store *store, int64_t now_ms, int64_t *ret_since_wall_ms,
                                 struct cm_err *err)
{
    struct mark mark = {.since_wall_ms = 0};
    uint8_t epoch[16];
    size_t size = 0;
    enum cm_code code = srv_store_epoch(store, epoch, err);
    if (code != CM_OK)
        return code;
    code = srv_store_get_meta(store, word, (uint8_t *)&mark, sizeof mark, &size, err);
    bool first = code == CM_NOTFOUND; /* nothing was ever sent */
    if (code != CM_OK && !first)
        return code;
    if (!first && size != sizeof mark)
        return cm_fail(err, CM_CORRUPT, "the store is damaged: the mark of the alerts has the wrong size");
    *ret_since_wall_ms = mark.since_wall_ms;
    if (!first && memcmp(mark.epoch, epoch, sizeof epoch) == 0)
        return CM_OK;
    memcpy(mark.epoch, epoch, sizeof epoch);
    mark.since_wall_ms = first ? 0 : now_ms;
    *ret_since_wall_ms = mark.since_wall_ms;
    code = first ? CM_OK : doubt_waiting(store, now_ms, err);
    return code == CM_OK ? srv_store_put_meta(store, word, (const uint8_t *)&mark, sizeof mark, err) : code;
}
