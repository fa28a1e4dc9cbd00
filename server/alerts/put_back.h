/*
 * A server that was put back to a backup does not know what it sent since. Nothing may go out twice for that:
 *
 * - What waits in the outbox of the backup may have been sent meanwhile: it is unknown, and a person resolves it.
 * - Absences before the day on which it was put back may have been told by alerts that are gone: their messages are made,
 *   and are unknown from the start.
 */
#ifndef SRV_PUT_BACK_H
#define SRV_PUT_BACK_H

#include "store/store.h"

#define SRV_PUT_BACK_TEXT "the server was put back to a backup: it may have been sent before"

/* Within a write, before anything is sent or made: when the store is another epoch's (store.h) than the last time, what waits
 * becomes unknown. *ret_since_wall_ms: when that was noticed the last time; 0: never. */
enum cm_code srv_alerts_put_back(struct srv_store *store, int64_t now_ms, int64_t *ret_since_wall_ms,
                                 struct cm_err *err);

#endif
