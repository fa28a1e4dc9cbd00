/*
 * Is the wall clock to be believed? Pure.
 *
 * Once the server said its time, that counts: a wall clock that is more than two minutes off is suspect, and one that is
 * not is in order, whatever the log holds. Between contacts, and when the server is away, its time goes on by the monotonic
 * clock, so a clock that somebody sets is noticed at once.
 * Before that, a clock that stands more than two minutes before a time that was already seen ran backwards (flat battery,
 * somebody set it). The latest time seen survives a restart: it comes from the store.
 * Marks made under a suspect clock keep their time and wait for a person.
 */
#ifndef STN_CLOCK_WATCH_H
#define STN_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum { STN_CLOCK_TOLERANCE_MS = 120000 };

struct stn_clock_watch {
    int64_t latest_wall_ms;
    bool suspect;
    bool server_known;
    int64_t server_base_ms; /* the server's time minus the monotonic clock */
};

void stn_clock_watch_init(struct stn_clock_watch *watch, int64_t latest_wall_ms);
/* The server's clock minus ours, as just measured. */
void stn_clock_watch_server(struct stn_clock_watch *watch, int64_t offset_ms, int64_t wall_ms,
                            int64_t mono_ms);
/* True when `suspect` changed. */
bool stn_clock_watch_step(struct stn_clock_watch *watch, int64_t wall_ms, int64_t mono_ms);
/* How far the server's clock is ahead of this one; 0 while it is not known. */
int64_t stn_clock_watch_offset(const struct stn_clock_watch *watch, int64_t wall_ms, int64_t mono_ms);

#endif
