#include "alerts/schedule.h"

#include "base/log.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct srv_schedule {
    struct srv_write write; /* first */
    struct srv_schedule_options options;
    char phone[SRV_PHONE_SIZE];
    struct srv_loop *loop;
    struct srv_schedule_times times;
    int32_t held; /* classes, in the last run */
    _Atomic bool stopping;
    /* the run that goes on */
    struct srv_night *night; /* NULL: none does */
    int32_t date;            /* the school's when it began */
};

bool srv_schedule_is_time(const struct srv_schedule_times *times, const struct cm_zone *zone, int64_t now_ms)
{
    /* A clock that was set back is no reason to wait. */
    if (times->failed_wall_ms != 0 && now_ms >= times->failed_wall_ms &&
        now_ms - times->failed_wall_ms < SRV_SCHEDULE_RETRY_MS)
        return false;
    return times->failed_wall_ms != 0 || times->done_date != cm_zone_date(zone, now_ms) ||
           now_ms < times->done_wall_ms || now_ms - times->done_wall_ms >= SRV_SCHEDULE_HOUR_MS;
}

/* ---- a run ---- */

static void end_run(struct srv_schedule *s, enum cm_code code, const struct cm_err *err)
{
    const int64_t now_ms = cm_wall_ms(s->options.clock);
    struct srv_night_totals totals = srv_night_totals_of(s->night);
    srv_night_destroy(s->night);
    s->night = NULL;
    if (code != CM_OK) {
        s->times.failed_wall_ms = now_ms;
        cm_log_err(CM_LOG_ERROR, "alerts", "the nightly job failed; it is tried again in a minute", err);
        return;
    }
    s->times = (struct srv_schedule_times){.done_date = s->date, .done_wall_ms = now_ms};
    bool news = totals.alerts > 0 || totals.taken_back > 0 || totals.held != s->held;
    s->held = totals.held;
    if (!news)
        return;
    cm_log(CM_LOG_INFO, "alerts", "absences were evaluated", CM_INT("classes", totals.classes),
           CM_INT("held", totals.held), CM_INT("alerts", totals.alerts), CM_INT("messages", totals.messages),
           CM_INT("taken_back", totals.taken_back));
    if (s->options.changed != NULL)
        s->options.changed(s->options.arg, &totals);
}

static enum cm_code run_part(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_schedule *s = arg;
    return srv_night_part(store, s->night, err);
}

static void submit_part(struct srv_schedule *s);

static void on_part(struct srv_write *write, enum cm_code code, const struct cm_err *err)
{
    struct srv_schedule *s = (struct srv_schedule *)write;
    if (s->stopping)
        return;
    srv_store_trim(
        s->options.store); /* it walks through all students and days: not to be kept for the next hour */
    if (code == CM_OK)
        srv_night_committed(s->night);
    if (code == CM_OK && !srv_night_is_done(s->night))
        submit_part(s);
    else
        end_run(s, code, err);
}

static void submit_part(struct srv_schedule *s)
{
    struct cm_err err = CM_ERR_INIT;
    s->write = (struct srv_write){.run = run_part, .done = on_part, .loop = s->loop};
    if (srv_writer_submit(s->options.writer, &s->write) != CM_OK) {
        cm_fail(&err, CM_AGAIN, "the writer takes nothing now");
        end_run(s, CM_AGAIN, &err);
    }
}

static void begin_run(struct srv_schedule *s, int64_t now_ms)
{
    const struct srv_night_options options = {
        .zone = s->options.zone, .now_ms = now_ms, .coordinator_phone = s->phone};
    struct cm_err err = CM_ERR_INIT;
    s->date = cm_zone_date(s->options.zone, now_ms);
    if (srv_night_begin(s->options.store, &options, &s->night, &err) != CM_OK) {
        s->times.failed_wall_ms = now_ms;
        cm_log_err(CM_LOG_ERROR, "alerts", "the nightly job cannot begin; it is tried again in a minute",
                   &err);
        return;
    }
    if (srv_night_is_done(s->night))
        end_run(s, CM_OK, NULL);
    else
        submit_part(s);
}

static void look(void *arg)
{
    struct srv_schedule *s = arg;
    const int64_t now_ms = cm_wall_ms(s->options.clock);
    if (!s->stopping && s->night == NULL && srv_schedule_is_time(&s->times, s->options.zone, now_ms))
        begin_run(s, now_ms);
}

/* ---- life ---- */

enum cm_code srv_schedule_open(const struct srv_schedule_options *options, struct srv_schedule **ret_schedule,
                               struct cm_err *err)
{
    struct srv_schedule *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the nightly job");
    s->options = *options;
    snprintf(s->phone, sizeof s->phone, "%s",
             options->coordinator_phone != NULL ? options->coordinator_phone : "");
    *ret_schedule = s;
    return CM_OK;
}

enum cm_code srv_schedule_start(struct srv_schedule *s, struct srv_loop *loop, struct cm_err *err)
{
    s->loop = loop;
    enum cm_code code = srv_loop_every(loop, SRV_SCHEDULE_LOOK_MS, look, s);
    return code == CM_OK ? srv_loop_post(loop, look, s)
                         : cm_fail(err, code, "the nightly job has no place on the loop");
}

void srv_schedule_stop(struct srv_schedule *s)
{
    if (s != NULL)
        s->stopping = true;
}

void srv_schedule_close(struct srv_schedule *s)
{
    if (s != NULL)
        srv_night_destroy(s->night);
    free(s);
}
