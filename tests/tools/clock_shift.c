/*
 * A wall clock that is wrong: preloaded (LD_PRELOAD) into a program, it adds CLOCK_SHIFT_S seconds to CLOCK_REALTIME.
 * The monotonic clocks stay as they are, as when somebody sets the time by hand.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int clock_gettime_fn(clockid_t, struct timespec *);

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static clock_gettime_fn *next;
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
    int result = next(clock, now);
    const char *shift = getenv("CLOCK_SHIFT_S");
    if (result == 0 && clock == CLOCK_REALTIME && shift != NULL)
        now->tv_sec += strtol(shift, NULL, 10);
    return result;
}
