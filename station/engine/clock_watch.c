#include "engine/clock_watch.h"

void stn_clock_watch_init(struct stn_clock_watch *watch, int64_t latest_wall_ms)
{
    *watch = (struct stn_clock_watch){.latest_wall_ms = latest_wall_ms};
}

void stn_clock_watch_server(struct stn_clock_watch *watch, int64_t offset_ms, int64_t wall_ms,
                            int64_t mono_ms)
{
    watch->server_known = true;
    watch->server_base_ms = wall_ms + offset_ms - mono_ms;
}

int64_t stn_clock_watch_offset(const struct stn_clock_watch *watch, int64_t wall_ms, int64_t mono_ms)
{
    return watch->server_known ? watch->server_base_ms + mono_ms - wall_ms : 0;
}

bool stn_clock_watch_step(struct stn_clock_watch *watch, int64_t wall_ms, int64_t mono_ms)
{
    int64_t offset_ms = stn_clock_watch_offset(watch, wall_ms, mono_ms);
    bool suspect = watch->server_known
                       ? offset_ms > STN_CLOCK_TOLERANCE_MS || offset_ms < -STN_CLOCK_TOLERANCE_MS
                       : wall_ms < watch->latest_wall_ms - STN_CLOCK_TOLERANCE_MS;
    bool changed = suspect != watch->suspect;
    watch->suspect = suspect;
    if (wall_ms > watch->latest_wall_ms)
        watch->latest_wall_ms = wall_ms;
    return changed;
}
