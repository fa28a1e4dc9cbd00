/* The `run` command: an engine, a queue of its events, and a front that shows them: the screen or none. Private to cli/. */
#ifndef STN_RUN_H
#define STN_RUN_H

#include "cli/cli.h"
#include "cli/event_queue.h"
#include "cli/summary.h"
#include "engine/engine.h"
#include "ui/preview.h"

#include <uv.h>

enum { STN_RUN_SIGNALS = 3 };

struct stn_screen; /* run_screen.c */

struct stn_run {
    struct stn_cli *cli;
    struct stn_store *store;
    struct stn_engine *engine;
    uv_loop_t loop; /* of the main thread; the engine has its own */
    uv_async_t wake;
    uv_signal_t signals[STN_RUN_SIGNALS];
    struct stn_event_queue queue;
    pthread_mutex_t preview_mutex;
    struct stn_preview preview; /* latest wins; guarded by preview_mutex */
    struct stn_summary summary; /* headless */
    uv_timer_t again;           /* headless: events wait for their reader */
    int64_t waiting_since_us;
    struct stn_screen *screen;
};

struct stn_front {
    bool wants_preview;
    enum cm_code (*open)(struct stn_run *run, struct cm_err *err);
    void (*on_wake)(uv_async_t *wake); /* events are waiting; ends the loop after `stopped` (stn_run_end) */
    void (*close)(struct stn_run *run);
    void (*report)(struct stn_run *run, int status); /* the terminal is free again */
};
extern const struct stn_front stn_front_headless, stn_front_screen;

/* Closes all handles of the loop, so that it ends. */
void stn_run_end(struct stn_run *run);

#endif
