/*
 * Is the wall clock to be believed? Pure. A clock that stands more than two minutes before a time that was already seen
 * ran backwards (flat battery, somebody set it): marks made then keep their time and wait for a person. The latest
 * time seen survives a restart: it comes from the store.
 */
#ifndef STN_CLOCK_WATCH_H
#define STN_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum { STN_CLOCK_TOLERANCE_MS = 120000 };

struct stn_clock_watch {
    int64_t latest_wall_ms;
    bool suspect;
};

void stn_clock_watch_init(struct stn_clock_watch *watch, int64_t latest_wall_ms);
/* True when `suspect` changed. */
bool stn_clock_watch_step(struct stn_clock_watch *watch, int64_t wall_ms);

#endif
