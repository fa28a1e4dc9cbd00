/* A person has looked after a copy of a station that was refused: on the page or by the command, it is done in one way. */
#ifndef SRV_LIVE_FORK_H
#define SRV_LIVE_FORK_H

#include "store/store.h"

/* Within srv_store_write: the next one is shown as new. CM_NOTFOUND: no such station. */
enum cm_code srv_fork_settle(struct srv_store *store, const char *station_id, struct srv_station *ret_station,
                             struct cm_err *err);
/* After the commit: who settled it stays in the log. */
void srv_fork_settled(const struct srv_station *station, const char *by);

#endif
