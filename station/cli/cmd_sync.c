/* `sync`: push and pull by hand. `bundle export`: what is to go up, as a file. */
#include "cli/cli.h"

#include "store/store_sync.h"
#include "sync/bundle.h"
#include "sync/message.h"
#include "sync/sync.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLL_WAIT_S = 25 };

/* ---- sync ---- */

struct syncing {
    struct stn_cli *cli;
    struct stn_sync *sync;
    uv_loop_t loop;
    uv_signal_t signals[2];
    bool once, ended;
    uint64_t to_send; /* at the start */
    enum stn_sync_trouble said;
    int status;
};

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (handle->type == UV_SIGNAL && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void end(struct syncing *work, int status)
{
    if (work->ended)
        return;
    work->ended = true;
    work->status = status;
    uv_stop(&work->loop);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    end(signal->data, STN_EXIT_OK);
}

static void say_news(const struct syncing *work, const char *text)
{
    cm_progress_end();
    if (work->cli->json)
        stn_cli_print_json(json_pack("{s:s}", "news", text));
    else
        printf("%s\n", text);
    fflush(stdout);
}

static void say_trouble(struct syncing *work, const struct stn_sync_status *status)
{
    if (status->trouble == work->said)
        return;
    work->said = status->trouble;
    if (work->once || status->trouble == STN_SYNC_CONNECTING)
        return;
    say_news(work, status->trouble == STN_SYNC_FINE ? "connected" : status->text);
}

static void on_effects(void *arg, const struct stn_sync_effects *effects)
{
    struct syncing *work = arg;
    const struct stn_sync_status *status = stn_sync_status(stn_sync_client_of(work->sync));
    if (effects->text[0] != '\0')
        say_news(work, effects->text);
    say_trouble(work, status);
    uint64_t sent = work->to_send > status->waiting ? work->to_send - status->waiting : 0;
    if (status->waiting > 0)
        cm_progress("sending events", sent, work->to_send);
    bool stuck = status->trouble != STN_SYNC_FINE && status->trouble != STN_SYNC_CONNECTING;
    if (work->once && stuck)
        end(work, STN_EXIT_FAILED);
    else if (work->once && stn_sync_idle(stn_sync_client_of(work->sync)))
        end(work, STN_EXIT_OK);
}

static void report(const struct syncing *work)
{
    const struct stn_sync_status *status = stn_sync_status(stn_sync_client_of(work->sync));
    struct cm_err err = CM_ERR_INIT;
    cm_progress_end();
    if (work->status != STN_EXIT_OK) {
        cm_fail(&err, CM_BACKEND, "%s", status->text);
        stn_cli_fail(&err);
    }
    if (work->cli->json)
        stn_cli_print_json(json_pack(
            "{s:s, s:I, s:I, s:i, s:i, s:b, s:I}", "trouble", stn_sync_trouble_name(status->trouble), "acked",
            (json_int_t)status->acked_seq, "waiting", (json_int_t)status->waiting, "uploads_waiting",
            (int)status->uploads_waiting, "uploads_refused", (int)status->uploads_refused, "caught_up",
            status->caught_up, "clock_offset_ms", (json_int_t)status->clock_offset_ms));
    else if (work->status == STN_EXIT_OK && work->once)
        printf("the server has all %llu events%s\n", (unsigned long long)status->acked_seq,
               status->uploads_refused > 0 ? "; some faces were not taken: rollcall-station status" : "");
}

static int run_sync(struct syncing *work, struct stn_store *store)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct cm_err err = CM_ERR_INIT;
    struct stn_sync_setup setup = {.loop = &work->loop,
                                   .store = store,
                                   .clock = work->cli->clock,
                                   .version = ROLLCALL_VERSION,
                                   .allow_plain = work->cli->settings.allow_plain,
                                   .wait_s = work->once ? 0 : POLL_WAIT_S,
                                   .no_jobs = true,
                                   .on_effects = on_effects,
                                   .arg = work};
    uv_loop_init(&work->loop);
    if (stn_sync_open(&setup, &work->sync, &err) == CM_OK) {
        for (int i = 0; i < 2; i++) {
            uv_signal_init(&work->loop, &work->signals[i]);
            work->signals[i].data = work;
            uv_signal_start(&work->signals[i], on_signal, numbers[i]);
        }
        work->to_send = stn_sync_status(stn_sync_client_of(work->sync))->waiting;
        stn_sync_kick(work->sync);
        uv_run(&work->loop, UV_RUN_DEFAULT);
        report(work);
        stn_sync_close(work->sync);
    } else {
        work->status = stn_cli_fail(&err);
    }
    uv_walk(&work->loop, close_handle, NULL);
    uv_run(&work->loop, UV_RUN_DEFAULT);
    uv_loop_close(&work->loop);
    return work->status;
}

int stn_cmd_sync(struct stn_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    struct syncing *work = calloc(1, sizeof *work);
    if (cli->argc != 0 || work == NULL) {
        free(work);
        return stn_cli_usage("sync [--once]");
    }
    work->cli = cli;
    work->once = stn_cli_value(cli, STN_OPT_ONCE) != NULL;
    work->said = STN_SYNC_CONNECTING;
    int status =
        stn_cli_open_store(cli, false, &store, &err) == CM_OK ? run_sync(work, store) : stn_cli_fail(&err);
    stn_store_close(store);
    free(work);
    return status;
}

/* ---- bundle ---- */

struct bundle {
    struct stn_store *store;
    const struct cm_clock *clock;
    FILE *file;
    uint64_t events;
    uint32_t pushes;
};

static enum cm_code write_pushes(struct bundle *bundle, const struct stn_pairing *pairing, uint64_t acked,
                                 struct cm_err *err)
{
    struct cm_push *push = calloc(1, sizeof *push);
    struct cm_buf body;
    uint64_t up_to = acked, last_seq = 0;
    if (push == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    snprintf(push->version, sizeof push->version, "%s", ROLLCALL_VERSION);
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    enum cm_code code = stn_store_last_seq(bundle->store, &last_seq, err);
    while (code == CM_OK && up_to < last_seq) {
        push->wall_ms = cm_wall_ms(bundle->clock);
        cm_buf_reset(&body);
        code = stn_store_encode_push(bundle->store, up_to + 1, push, &body, &up_to, err);
        if (code == CM_OK)
            code = cm_bundle_write_push(bundle->file, pairing->server_key, body.data, body.size, err);
        bundle->pushes += code == CM_OK;
        cm_progress("writing events", up_to - acked, last_seq - acked);
    }
    cm_progress_end();
    bundle->events = up_to - acked;
    cm_buf_finish(&body);
    free(push);
    return code;
}

static enum cm_code write_bundle(struct bundle *bundle, struct cm_err *err)
{
    struct stn_pairing pairing;
    struct stn_sync_marks marks;
    enum cm_code code = stn_store_get_pairing(bundle->store, &pairing, err);
    if (code == CM_OK)
        code = stn_store_get_sync_marks(bundle->store, &marks, err);
    if (code == CM_OK)
        code = cm_bundle_write_head(bundle->file, pairing.station_id, err);
    if (code == CM_OK)
        code = write_pushes(bundle, &pairing, marks.acked_seq, err);
    if (code == CM_OK)
        code = cm_bundle_write_end(bundle->file, bundle->pushes, err);
    explicit_bzero(&pairing, sizeof pairing);
    return code;
}

/* Beside the file first, so that a stick that is pulled out never holds half a bundle under its name. */
static enum cm_code write_file(struct bundle *bundle, const char *path, struct cm_err *err)
{
    char temporary[1100];
    if (snprintf(temporary, sizeof temporary, "%s.part", path) >= (int)sizeof temporary)
        return cm_fail(err, CM_INVALID, "the path is too long");
    bundle->file = fopen(temporary, "wb");
    if (bundle->file == NULL)
        return cm_fail(err, CM_BACKEND, "cannot write %.200s", temporary);
    enum cm_code code = write_bundle(bundle, err);
    bool written = fflush(bundle->file) == 0 && fsync(fileno(bundle->file)) == 0;
    written = fclose(bundle->file) == 0 && written;
    if (code == CM_OK && (!written || rename(temporary, path) != 0))
        code = cm_fail(err, CM_NOSPACE, "cannot write %.200s: is the disk full?", path);
    if (code != CM_OK)
        unlink(temporary);
    return code;
}

static int export_bundle(struct stn_cli *cli, const char *path)
{
    struct cm_err err = CM_ERR_INIT;
    struct bundle bundle = {.clock = cli->clock};
    bool pipe = strcmp(path, "-") == 0;
    if (pipe && isatty(STDOUT_FILENO))
        return stn_cli_usage("a bundle is not for a terminal: bundle export FILE, or - into a pipe");
    enum cm_code code = stn_cli_open_store(cli, true, &bundle.store, &err);
    bundle.file = stdout;
    if (code == CM_OK)
        code = pipe ? write_bundle(&bundle, &err) : write_file(&bundle, path, &err);
    stn_store_close(bundle.store);
    if (code != CM_OK)
        return stn_cli_fail(&err);
    if (!pipe && cli->json)
        stn_cli_print_json(json_pack("{s:s, s:I}", "file", path, "events", (json_int_t)bundle.events));
    else if (!pipe)
        printf("%s: %llu events; on the server: rollcall-server bundle import %s\n", path,
               (unsigned long long)bundle.events, path);
    return STN_EXIT_OK;
}

int stn_cmd_bundle(struct stn_cli *cli)
{
    if (cli->argc != 2 || strcmp(cli->argv[0], "export") != 0)
        return stn_cli_usage("bundle export FILE (- for a pipe)");
    return export_bundle(cli, cli->argv[1]);
}
