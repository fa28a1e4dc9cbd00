/* Stations as they are now: in memory, by what they last said. Any thread. */
#ifndef SRV_LIVE_NOW_H
#define SRV_LIVE_NOW_H

#include "live/live.h"

enum { SRV_NOW_STATIONS_MAX = 4096, SRV_NOW_ONLINE_MS = 60 * 1000 };

struct srv_now;
enum cm_code srv_now_create(const struct cm_clock *clock, struct srv_now **ret_now, struct cm_err *err);
void srv_now_destroy(struct srv_now *now);

/* Whether what pages show of it changed: came online, camera, nothing left to send or something again. */
bool srv_now_seen(struct srv_now *now, const char *station_id, const struct srv_station_now *seen);
bool srv_now_get(struct srv_now *now, const char *station_id, struct srv_station_now *ret_seen);
/* Whether a station went offline since the last time this was asked. */
bool srv_now_sweep(struct srv_now *now);
/* Those that were seen since they were last taken; how many. */
struct srv_now_change {
    char station_id[40];
    struct srv_station_now seen;
};
size_t srv_now_take_changed(struct srv_now *now, struct srv_now_change *ret_changes, size_t capacity);

#endif
