#include "cli/run.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static bool wants_events(const struct stn_run *run)
{
    return stn_cli_value(run->cli, STN_OPT_EVENTS) != NULL;
}

enum { AGAIN_MS = 20, PATIENCE_US = 2000000 };

/* A pipe that nobody reads would stop this thread in a write, and with it signals: so ask before. */
static bool can_write(const struct stn_run *run)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return !wants_events(run) || poll(&out, 1, 0) != 0;
}

static void take_events(struct stn_run *run)
{
    struct stn_event event;
    while (can_write(run) && stn_event_queue_take(&run->queue, &event)) {
        run->waiting_since_us = 0;
        stn_summary_add(&run->summary, &event);
        if (wants_events(run))
            stn_cli_print_json(stn_event_to_json(&event));
        if (ferror(stdout)) /* the reader went away; the station goes on without it */
            clearerr(stdout);
        if (event.kind == STN_EV_STOPPED)
            stn_run_end(run);
    }
    if (can_write(run))
        return;
    int64_t now_us = cm_mono_us(run->cli->clock);
    if (run->waiting_since_us == 0)
        run->waiting_since_us = now_us;
    if (stn_event_queue_stopped(&run->queue) && now_us - run->waiting_since_us > PATIENCE_US)
        stn_run_end(run);
}

static void on_again(uv_timer_t *again)
{
    take_events(again->data);
}

static enum cm_code open_none(struct stn_run *run, struct cm_err *err)
{
    (void)err;
    uv_timer_init(&run->loop, &run->again);
    run->again.data = run;
    if (wants_events(run))
        uv_timer_start(&run->again, on_again, AGAIN_MS, AGAIN_MS);
    return CM_OK;
}

static void on_wake(uv_async_t *wake)
{
    take_events(wake->data);
}

static void close_none(struct stn_run *run)
{
    (void)run;
}

static void report(struct stn_run *run, int status)
{
    run->summary.not_shown += stn_event_queue_dropped(&run->queue);
    struct cm_err err = CM_ERR_INIT;
    if (status != STN_EXIT_OK) {
        cm_fail(&err, CM_BACKEND, "%s", run->summary.stopped.reason);
        stn_cli_fail(&err);
    }
    if (wants_events(run))
        return;
    if (run->cli->json)
        stn_cli_print_json(stn_summary_json(&run->summary));
    else
        stn_summary_print(&run->summary, run->cli->zone, stdout);
}

const struct stn_front stn_front_headless = {
    .wants_preview = false, .open = open_none, .on_wake = on_wake, .close = close_none, .report = report};
