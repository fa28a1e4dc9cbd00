#include "base/progress.h"

#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_CELLS = 24, EVERY_US = 100000 };

static int64_t shown_us;
static bool shown;

static void bar(uint64_t done, uint64_t of, char out[BAR_CELLS + 1])
{
    uint64_t full = of > 0 ? done * BAR_CELLS / of : 0;
    for (uint64_t i = 0; i < BAR_CELLS; i++)
        out[i] = i < full ? '#' : '.';
    out[BAR_CELLS] = '\0';
}

void cm_progress(const char *what, uint64_t done, uint64_t of)
{
    static int terminal = -1;
    if (terminal < 0)
        terminal = isatty(STDERR_FILENO);
    int64_t now_us = cm_mono_us(cm_clock_system());
    if (!terminal || (shown && now_us - shown_us < EVERY_US && done != of))
        return;
    char cells[BAR_CELLS + 1];
    bar(done < of ? done : of, of, cells);
    if (of > 0)
        fprintf(stderr, "\r\033[K%.40s [%s] %llu of %llu", what, cells, (unsigned long long)done,
                (unsigned long long)of);
    else
        fprintf(stderr, "\r\033[K%.40s %llu", what, (unsigned long long)done);
    fflush(stderr);
    shown_us = now_us;
    shown = true;
}

void cm_progress_end(void)
{
    if (shown)
        fprintf(stderr, "\r\033[K");
    shown = false;
}
