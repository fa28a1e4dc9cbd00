#include "cli/run.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void queue_event(void *arg, const struct stn_event *event)
{
    struct stn_run *run = arg;
    log_event(event); /* whoever watches, or nobody */
    stn_event_queue_put(&run->queue, event);
    uv_async_send(&run->wake);
}

static void queue_preview(void *arg, const struct stn_frame *frame)
{
    struct stn_run *run = arg;
    pthread_mutex_lock(&run->preview_mutex);
    stn_preview_from_frame(frame, &run->preview);
    pthread_mutex_unlock(&run->preview_mutex);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct stn_run *run = signal->data;
    (void)number;
    stn_engine_stop(run->engine);
}

static enum cm_code start_engine(struct stn_run *run, bool with_preview, struct cm_err *err)
{
    const struct stn_cli *cli = run->cli;
    char landmarks[1200], embedder[1200];
    stn_settings_landmarks(&cli->settings, landmarks, sizeof landmarks);
    stn_settings_model(&cli->settings, STN_EMBEDDER_FILE, embedder, sizeof embedder);
    struct stn_engine_options options = {
        .clock = cli->clock,
        .zone = cli->zone,
        .camera_spec = cli->settings.camera,
        .landmarks = cli->settings.landmarks,
        .landmarks_path = landmarks,
        .embedder_path = embedder,
        .policy = cli->settings.policy,
        .false_accept_budget = cli->settings.false_accept_budget,
        .class_id = cli->settings.class_id,
        .data_dir = cli->settings.data_dir,
        .store = run->store,
        .sync = true,
        .allow_plain = cli->settings.allow_plain,
        .until_eof = stn_cli_value(cli, STN_OPT_UNTIL_EOF) != NULL,
        .on_event = queue_event,
        .on_preview = with_preview ? queue_preview : NULL,
        .preview_every_us = 100000,
        .arg = run,
    };
    return stn_engine_start(&options, &run->engine, err);
}

static void listen_for(struct stn_run *run, int slot, int number)
{
    uv_signal_init(&run->loop, &run->signals[slot]);
    run->signals[slot].data = run;
    uv_signal_start(&run->signals[slot], on_signal, number);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void stn_run_end(struct stn_run *run)
{
    uv_walk(&run->loop, close_handle, NULL);
}

/* Wires loop, queue and engine, gives them to a front (a screen or none), and takes everything down in reverse. */
static int run_with(struct stn_run *run, const struct stn_front *front)
{
    struct cm_err err = CM_ERR_INIT;
    if (stn_event_queue_init(&run->queue, &err) != CM_OK)
        return stn_cli_fail(&err);
    pthread_mutex_init(&run->preview_mutex, NULL);
    uv_loop_init(&run->loop);
    uv_async_init(&run->loop, &run->wake, front->on_wake);
    run->wake.data = run;
    int status = STN_EXIT_FAILED;
    if (front->open(run, &err) == CM_OK) {
        listen_for(run, 0, SIGTERM); /* before the engine: from its start on, an end is an orderly one */
        listen_for(run, 1, SIGINT);
        listen_for(run, 2, SIGHUP);
        if (start_engine(run, front->wants_preview, &err) == CM_OK) {
            uv_run(&run->loop, UV_RUN_DEFAULT);
            status = stn_engine_join(run->engine);
        }
        front->close(run);
    }
    if (err.code != CM_OK)
        stn_cli_fail(&err);
    else
        front->report(run, status);
    stn_run_end(run);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    uv_loop_close(&run->loop);
    pthread_mutex_destroy(&run->preview_mutex);
    stn_event_queue_finish(&run->queue);
    return status;
}

static int apply_options(struct stn_cli *cli)
{
    const char *camera = stn_cli_value(cli, STN_OPT_CAMERA), *policy = stn_cli_value(cli, STN_OPT_POLICY);
    const char *events = stn_cli_value(cli, STN_OPT_EVENTS);
    if (cli->argc > 0)
        return stn_cli_usage("run takes no %s", cli->argv[0]);
    if (camera != NULL && strlen(camera) >= sizeof cli->settings.camera)
        return stn_cli_usage("--camera is too long");
    if (camera != NULL)
        strcpy(cli->settings.camera, camera);
    if (policy != NULL && !stn_policy_parse(policy, &cli->settings.policy))
        return stn_cli_usage("--policy is strict, pad or basic, not %s", policy);
    if (events != NULL && strcmp(events, "-") != 0)
        return stn_cli_usage("--events goes to standard output: --events -");
    if (events != NULL && stn_cli_value(cli, STN_OPT_HEADLESS) == NULL)
        return stn_cli_usage(
            "--events - needs --headless: the screen and the events cannot share a terminal");
    return STN_EXIT_OK;
}

int stn_cmd_run(struct stn_cli *cli)
{
    int status = apply_options(cli);
    if (status != STN_EXIT_OK)
        return status;
    bool headless = stn_cli_value(cli, STN_OPT_HEADLESS) != NULL;
    if (!headless && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
        return stn_cli_usage("there is no terminal for the screen: use run --headless");
    struct stn_run *run = calloc(1, sizeof *run);
    struct cm_err err = CM_ERR_INIT;
    if (run == NULL) {
        cm_fail(&err, CM_NOMEM, "out of memory");
        return stn_cli_fail(&err);
    }
    run->cli = cli;
    if (stn_cli_open_store(cli, false, &run->store, &err) != CM_OK) {
        free(run);
        return stn_cli_fail(&err);
    }
    status = run_with(run, headless ? &stn_front_headless : &stn_front_screen);
    stn_store_close(run->store);
    free(run);
    return status;
}
