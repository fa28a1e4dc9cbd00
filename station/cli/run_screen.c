/* The screen of `run`: events and keys into the interface's state, its grid to the terminal, at most ten times a second. */
#include "cli/run.h"

#include "base/log.h"
#include "ui/draw.h"
#include "ui/term.h"
#include "ui/view.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DRAW_MS = 50 };

struct stn_screen {
    struct stn_run *run;
    struct stn_term *term;
    struct stn_grid grid;
    struct stn_ui_state state;
    struct stn_view view;
    struct stn_preview preview; /* this thread's copy */
    uv_poll_t keys;
    uv_timer_t draw;
    uv_signal_t resized, resumed;
    int saved_stderr;
    bool leaving;
};

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* The terminal is given back even when the program dies of a bug; then the signal takes its course. */
static void on_fatal(int number)
{
    stn_term_emergency_restore();
    signal(number, SIG_DFL);
    raise(number);
}

static struct stn_ui_clock clock_at(const struct stn_screen *screen, int64_t wall_ms)
{
    const struct stn_cli *cli = screen->run->cli;
    struct cm_local local = cm_zone_local(cli->zone, wall_ms);
    struct stn_ui_clock at = {.now_us = cm_mono_us(cli->clock), .wall_ms = cm_wall_ms(cli->clock)};
    stn_clock_text(cli->zone, wall_ms, at.time);
    cm_date_short(local.date, at.date);
    at.minutes = local.minute;
    return at;
}

static void draw(struct stn_screen *screen)
{
    const struct stn_cli *cli = screen->run->cli;
    int64_t now_us = cm_mono_us(cli->clock);
    stn_term_flush(screen->term);
    if (!stn_ui_due(&screen->state, now_us))
        return;
    pthread_mutex_lock(&screen->run->preview_mutex);
    screen->preview = screen->run->preview;
    pthread_mutex_unlock(&screen->run->preview_mutex);
    struct stn_ui_caps caps = stn_term_caps(screen->term);
    struct stn_ui_clock now = clock_at(screen, cm_wall_ms(cli->clock));
    stn_view_build(&screen->state, screen->preview.width > 0 ? &screen->preview : NULL, &caps, &now,
                   &screen->view);
    stn_draw(&screen->view, &screen->grid);
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = stn_term_show(screen->term, &screen->grid, &err);
    if (code == CM_OK)
        stn_ui_drawn(&screen->state, now_us);
    else if (code != CM_AGAIN && screen->run->engine != NULL)
        stn_engine_stop(screen->run->engine);
}

static void leave_if_asked(struct stn_screen *screen)
{
    if (!screen->state.leave || screen->leaving)
        return;
    screen->leaving = true;
    stn_engine_stop(screen->run->engine);
}

static void send_requests(struct stn_screen *screen)
{
    struct stn_request request;
    stn_ui_follow(&screen->state, cm_mono_us(screen->run->cli->clock));
    while (screen->run->engine != NULL && stn_ui_request(&screen->state, &request)) {
        if (!stn_engine_request(screen->run->engine, &request)) {
            struct stn_event event = {.kind = STN_EV_ANSWER, .u.answer = {.number = request.number}};
            struct stn_ui_clock now = clock_at(screen, cm_wall_ms(screen->run->cli->clock));
            snprintf(event.u.answer.text, sizeof event.u.answer.text, "the station is busy: try again");
            stn_ui_apply(&screen->state, &event, &now);
        }
        explicit_bzero(&request, sizeof request);
    }
}

static void on_keys(uv_poll_t *poll, int status, int events)
{
    struct stn_screen *screen = poll->data;
    (void)events;
    if (status < 0) { /* the terminal is gone */
        uv_poll_stop(poll);
        screen->state.leave = true;
    }
    for (int32_t key; status >= 0 && (key = stn_term_key(screen->term)) != STN_KEY_NONE;) {
        stn_ui_key(&screen->state, key, cm_mono_us(screen->run->cli->clock));
        if (key == STN_KEY_HANGUP) {
            uv_poll_stop(poll);
            break;
        }
    }
    leave_if_asked(screen);
    send_requests(screen);
    draw(screen);
}

static void on_draw(uv_timer_t *timer)
{
    send_requests(timer->data);
    draw(timer->data);
}

static void on_resized(uv_signal_t *signal, int number)
{
    struct stn_screen *screen = signal->data;
    int rows, cols;
    (void)number;
    stn_term_resize(screen->term, &rows, &cols);
    stn_grid_resize(&screen->grid, rows, cols, NULL); /* without memory: the old size, still valid */
    stn_ui_touch(&screen->state);
    draw(screen);
}

static void on_resumed(uv_signal_t *signal, int number)
{
    struct stn_screen *screen = signal->data;
    stn_term_redraw(screen->term);
    on_resized(signal, number);
}

static void on_wake(uv_async_t *wake)
{
    struct stn_run *run = wake->data;
    struct stn_screen *screen = run->screen;
    struct stn_event event;
    while (stn_event_queue_take(&run->queue, &event)) {
        bool marked = event.kind == STN_EV_MARKED || event.kind == STN_EV_ALREADY;
        struct stn_ui_clock at = clock_at(screen, marked ? event.u.marked.captured_wall_ms : event.wall_ms);
        stn_ui_apply(&screen->state, &event, &at);
        if (event.kind == STN_EV_STOPPED) {
            draw(screen);
            stn_run_end(run);
            return;
        }
    }
    draw(screen);
}

/* Libraries and our log write to stderr; on a terminal that would tear the screen. */
static enum cm_code divert_log(struct stn_screen *screen, struct cm_err *err)
{
    const struct stn_settings *settings = &screen->run->cli->settings;
    char path[600];
    snprintf(path, sizeof path, "%s/station.log", settings->data_dir);
    if (settings->log_file[0] == '\0' && cm_log_to_file(path, err) != CM_OK)
        return err->code;
    screen->saved_stderr = dup(STDERR_FILENO);
    FILE *null = freopen("/dev/null", "w", stderr);
    return null != NULL ? CM_OK : cm_fail(err, CM_BACKEND, "cannot open /dev/null");
}

static void restore_stderr(struct stn_screen *screen)
{
    if (screen->saved_stderr < 0)
        return;
    fflush(stderr);
    dup2(screen->saved_stderr, STDERR_FILENO);
    close(screen->saved_stderr);
}

static void start_handles(struct stn_screen *screen)
{
    uv_loop_t *loop = &screen->run->loop;
    uv_poll_init(loop, &screen->keys, stn_term_in_fd(screen->term));
    uv_timer_init(loop, &screen->draw);
    uv_signal_init(loop, &screen->resized);
    uv_signal_init(loop, &screen->resumed);
    screen->keys.data = screen->draw.data = screen->resized.data = screen->resumed.data = screen;
    uv_poll_start(&screen->keys, UV_READABLE, on_keys);
    uv_timer_start(&screen->draw, on_draw, DRAW_MS, DRAW_MS);
    uv_signal_start(&screen->resized, on_resized, SIGWINCH);
    uv_signal_start(&screen->resumed, on_resumed, SIGCONT);
}

static enum cm_code open_screen(struct stn_run *run, struct cm_err *err)
{
    struct stn_screen *screen = calloc(1, sizeof *screen);
    if (screen == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the screen");
    screen->run = run;
    screen->saved_stderr = -1;
    struct stn_term_options options = {.in_fd = -1, .out_fd = -1};
    enum cm_code code = stn_term_open(&options, &screen->term, err);
    int rows = 0, cols = 0;
    if (code == CM_OK) {
        stn_term_resize(screen->term, &rows, &cols);
        stn_grid_init(&screen->grid);
        code = stn_grid_resize(&screen->grid, rows, cols, err);
    }
    if (code == CM_OK)
        code = divert_log(screen, err);
    if (code != CM_OK) {
        stn_term_close(screen->term);
        restore_stderr(screen);
        free(screen);
        return code;
    }
    for (size_t i = 0; i < sizeof fatal_signals / sizeof fatal_signals[0]; i++)
        signal(fatal_signals[i], on_fatal);
    stn_ui_init(&screen->state, STN_PLACE_KIOSK);
    run->screen = screen;
    draw(screen); /* the first screen stands before anything is loaded */
    start_handles(screen);
    return CM_OK;
}

static void close_screen(struct stn_run *run)
{
    struct stn_screen *screen = run->screen;
    stn_run_end(run);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    stn_term_close(screen->term);
    restore_stderr(screen);
    for (size_t i = 0; i < sizeof fatal_signals / sizeof fatal_signals[0]; i++)
        signal(fatal_signals[i], SIG_DFL);
    stn_grid_finish(&screen->grid);
    run->summary.stopped = screen->state.stopped;
    explicit_bzero(&screen->preview, sizeof screen->preview);
    explicit_bzero(&screen->state, sizeof screen->state);
    free(screen);
    run->screen = NULL;
}

static void report(struct stn_run *run, int status)
{
    struct cm_err err = CM_ERR_INIT;
    if (status == STN_EXIT_OK)
        return;
    cm_fail(&err, CM_BACKEND, "%s", run->summary.stopped.reason);
    stn_cli_fail(&err);
}

const struct stn_front stn_front_screen = {
    .wants_preview = true, .open = open_screen, .on_wake = on_wake, .close = close_screen, .report = report};
