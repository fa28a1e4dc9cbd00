#include "live/fork.h"

#include "base/log.h"

enum cm_code srv_fork_settle(struct srv_store *store, const char *station_id, struct srv_station *ret_station,
                             struct cm_err *err)
{
    const struct srv_fork none = {.seq = 0};
    enum cm_code code = srv_store_put_fork(store, station_id, &none, err);
    return code == CM_OK ? srv_store_get_station(store, station_id, ret_station, err) : code;
}

void srv_fork_settled(const struct srv_station *station, const char *by)
{
    cm_log(CM_LOG_INFO, "live", "a fork is settled", CM_STR("station", station->name), CM_STR("by", by));
}
