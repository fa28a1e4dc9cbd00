/*
 * The one clock. Decisions never ask for the time: they get it as an argument. Programs hold a `struct
 * cm_clock *` and tests give them one that stands still or moves by hand.
 *
 * wall_ms   UTC milliseconds since 1970; may jump, may be wrong (no network, flat battery).
 * mono_us   microseconds since boot, including suspend (CLOCK_BOOTTIME); never goes back within one boot.
 * boot_id   16 bytes that change at each boot: monotonic times of two boots cannot be compared.
 */
#ifndef CM_CLOCK_H
#define CM_CLOCK_H

#include <stdint.h>

struct cm_clock {
    int64_t (*wall_ms)(const struct cm_clock *clock);
    int64_t (*mono_us)(const struct cm_clock *clock);
    uint8_t boot_id[16];
};

/* The machine's own clock; static, never freed, usable from every thread. */
const struct cm_clock *cm_clock_system(void);

/* A clock that shows what is written into it. Not thread safe. */
struct cm_clock_manual {
    struct cm_clock base; /* first: a pointer to it is the clock */
    int64_t now_wall_ms;
    int64_t now_mono_us;
};
void cm_clock_manual_init(struct cm_clock_manual *clock, int64_t wall_ms, int64_t mono_us);
void cm_clock_manual_advance(struct cm_clock_manual *clock, int64_t by_us);

static inline int64_t cm_wall_ms(const struct cm_clock *clock)
{
    return clock->wall_ms(clock);
}
static inline int64_t cm_mono_us(const struct cm_clock *clock)
{
    return clock->mono_us(clock);
}

#endif
