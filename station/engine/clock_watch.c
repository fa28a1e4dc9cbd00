#include "engine/clock_watch.h"

void stn_clock_watch_init(struct stn_clock_watch *watch, int64_t latest_wall_ms)
{
    watch->latest_wall_ms = latest_wall_ms;
    watch->suspect = false;
}

bool stn_clock_watch_step(struct stn_clock_watch *watch, int64_t wall_ms)
{
    bool suspect = wall_ms < watch->latest_wall_ms - STN_CLOCK_TOLERANCE_MS;
    bool changed = suspect != watch->suspect;
    watch->suspect = suspect;
    if (wall_ms > watch->latest_wall_ms)
        watch->latest_wall_ms = wall_ms;
    return changed;
}
