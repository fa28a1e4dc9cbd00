/*
 * Sync with the stations over HTTP: the handlers of /sync/v1/… (handlers.h), the long polls that wait, and the key that
 * stations seal to. What is decided is in core.h, work.h and pull.h; here is who is asked, told and woken.
 *
 * Threads: open and close on the main one, handlers on the loops. Bounds: one waiting poll a call, and the calls are
 * bounded by the server's connections; SRV_SYNC_TOLD_MAX stations are remembered for what they were told last.
 */
#ifndef SRV_SYNC_H
#define SRV_SYNC_H

#include "app/app.h"

struct srv_sync;

/* app->store is there; the rest is used once the server runs. Writes the key at the first start. */
enum cm_code srv_sync_open(struct srv_app *app, struct srv_sync **ret_sync, struct cm_err *err);
/* The loops have ended, srv_http_close has not been called: lets go of the calls that still wait. */
void srv_sync_stop(struct srv_sync *sync);
/* After srv_http_close, within which the last writes are answered. */
void srv_sync_close(struct srv_sync *sync);

#endif
