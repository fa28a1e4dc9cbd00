#include "cli/run.h"

#include "base/log.h"

#include <stdio.h>

static bool wants_events(const struct stn_run *run)
{
    return stn_cli_value(run->cli, STN_OPT_EVENTS) != NULL;
}

static enum cm_code open_none(struct stn_run *run, struct cm_err *err)
{
    (void)run, (void)err;
    return CM_OK;
}

static void log_event(const struct stn_event *event)
{
    if (event->kind == STN_EV_MARKED)
        cm_log(CM_LOG_INFO, "roll", "marked", CM_STR("student", event->u.marked.student_id),
               CM_STR("status", cm_roll_status_name(event->u.marked.status)),
               CM_INT("seq", event->u.marked.seq));
    else if (event->kind == STN_EV_REFUSED)
        cm_log(CM_LOG_INFO, "lane", "refused", CM_STR("reason", event->u.refused.reason),
               CM_INT("track", event->u.refused.track_id));
    else if (event->kind == STN_EV_ACTIVITY)
        cm_log(CM_LOG_WARN, "activity", cm_activity_name(event->u.activity.kind),
               CM_STR("reason", event->u.activity.reason));
    else if (event->kind == STN_EV_LANE)
        cm_log(CM_LOG_INFO, "lane", event->u.lane.open ? "open" : "closed",
               CM_STR("reason", event->u.lane.reason));
}

static void on_wake(uv_async_t *wake)
{
    struct stn_run *run = wake->data;
    struct stn_event event;
    while (stn_event_queue_take(&run->queue, &event)) {
        stn_summary_add(&run->summary, &event);
        log_event(&event);
        if (wants_events(run))
            stn_cli_print_json(stn_event_to_json(&event));
        if (ferror(stdout)) /* the reader went away; the station goes on without it */
            clearerr(stdout);
        if (event.kind == STN_EV_STOPPED)
            stn_run_end(run);
    }
}

static void close_none(struct stn_run *run)
{
    (void)run;
}

static void report(struct stn_run *run, int status)
{
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
