#include "cli/cli.h"

#include "alerts/schedule.h"
#include "api/cache.h"
#include "app/app.h"
#include "auth/auth.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/messages.h"
#include "live/live.h"
#include "notify/notify.h"
#include "routes/routes.h"
#include "store/settings.h"
#include "sync/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/*
 * The server's parts, made in this order and taken down in reverse. Signals have a thread of their own, which waits for
 * them: so none interrupts a loop, and nothing has to be async-signal-safe.
 */
struct server {
    struct srv_cli *cli;
    struct srv_app app;
    struct srv_schedule *schedule;
    pthread_t signals;
    bool has_signals;
};

enum { MINUTE_MS = 60 * 1000 };

/* ---- signals ---- */

static void block_signals(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGTERM);
    sigaddset(ret_set, SIGINT);
    sigaddset(ret_set, SIGHUP);
    sigaddset(ret_set, SIGUSR1); /* of our own: the end of the thread */
    pthread_sigmask(SIG_BLOCK, ret_set, NULL);
}

static void reload_certificate(struct server *server)
{
    struct cm_err err = CM_ERR_INIT;
    if (server->cli->settings.certificate[0] == '\0')
        cm_log(CM_LOG_INFO, "server", "SIGHUP: there is no certificate to read anew");
    else if (srv_http_reload_tls(server->app.http, &err) == CM_OK)
        cm_log(CM_LOG_INFO, "server", "certificate read anew");
    else
        cm_log_err(CM_LOG_ERROR, "server", "the certificate could not be read anew; the old one stays", &err);
}

static void *wait_for_signals(void *arg)
{
    struct server *server = arg;
    sigset_t set;
    int number = 0;
    block_signals(&set);
    while (sigwait(&set, &number) == 0 && number != SIGUSR1) {
        if (number == SIGHUP) {
            reload_certificate(server);
            continue;
        }
        cm_log(CM_LOG_INFO, "server", "stopping", CM_STR("signal", strsignal(number)));
        srv_http_stop(server->app.http);
    }
    return NULL;
}

static enum cm_code start_signals(struct server *server, struct cm_err *err)
{
    int result = pthread_create(&server->signals, NULL, wait_for_signals, server);
    if (result != 0)
        return cm_fail(err, CM_BACKEND, "a thread could not be started: %s", strerror(result));
    server->has_signals = true;
    return CM_OK;
}

static void stop_signals(struct server *server)
{
    if (!server->has_signals)
        return;
    pthread_kill(server->signals, SIGUSR1);
    pthread_join(server->signals, NULL);
}

/* ---- every minute ---- */

struct purge {
    struct srv_write write; /* first */
    int64_t now_ms;
};

static enum cm_code run_purge(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct purge *purge = arg;
    size_t purged = 0;
    return srv_store_purge(store, purge->now_ms, &purged, err);
}

static void on_purged(struct srv_write *write, enum cm_code code, const struct cm_err *err)
{
    if (code != CM_OK)
        cm_log_err(CM_LOG_WARN, "server", "what is over could not be removed", err);
    free(write);
}

static void each_minute(void *arg)
{
    struct server *server = arg;
    struct purge *purge = calloc(1, sizeof *purge);
    srv_live_save(server->app.live);
    if (purge == NULL)
        return;
    purge->write =
        (struct srv_write){.run = run_purge, .done = on_purged, .loop = srv_http_loop(server->app.http, 0)};
    purge->now_ms = cm_wall_ms(server->app.clock);
    if (srv_writer_submit(server->app.writer, &purge->write) != CM_OK)
        free(purge);
}

/* ---- alerts ---- */

static void alerts_changed(void *arg, const struct srv_night_totals *totals)
{
    struct server *server = arg;
    (void)totals;
    srv_live_changed(server->app.live, "alerts", NULL, NULL);
}

static enum cm_code start_schedule(struct server *server, struct cm_err *err)
{
    const struct srv_schedule_options options = {
        .store = server->app.store,
        .writer = server->app.writer,
        .clock = server->app.clock,
        .zone = server->app.zone,
        .coordinator_phone = srv_settings_coordinator_phone(&server->cli->settings),
        .changed = alerts_changed,
        .arg = server,
    };
    enum cm_code code = srv_schedule_open(&options, &server->schedule, err);
    return code == CM_OK ? srv_schedule_start(server->schedule, srv_http_loop(server->app.http, 0), err)
                         : code;
}

/* ---- one server a data folder ---- */

/* Two would not know of each other's logins and open pages. The lock goes with the process. */
static enum cm_code lock_folder(const char *dir, struct cm_err *err)
{
    char path[560];
    snprintf(path, sizeof path, "%s/server.lock", dir);
    if (cm_file_make_folders(dir, err) != CM_OK)
        return err->code;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return cm_fail(err, cm_file_code(errno), "cannot write in %.200s: %s", dir, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return CM_OK;
    close(fd);
    return cm_fail(err, CM_EXISTS,
                   "a server runs on %.180s already: stop it, or name another folder by --data", dir);
}

/* ---- the first start ---- */

static enum cm_code put_if_absent(struct srv_store *store, const char *name, const char *value,
                                  struct cm_err *err)
{
    char there[SRV_SETTING_SIZE];
    enum cm_code code = srv_store_get_setting(store, name, there, err);
    return code == CM_NOTFOUND ? srv_store_put_setting(store, name, value, err) : code;
}

static enum cm_code put_school(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct srv_settings *settings = arg;
    enum cm_code code = put_if_absent(store, SRV_SETTING_SCHOOL_NAME, settings->school_name, err);
    return code == CM_OK ? put_if_absent(store, SRV_SETTING_TIMEZONE, settings->timezone, err) : code;
}

/* ---- what the start says ---- */

enum { STACK_USED = 64 * 1024 };
static char printed[4096]; /* stdout's memory, so that it can be wiped */

/* The password goes to the terminal alone, once: it is in no log and cannot be asked for again. */
static enum cm_code say_first_password(struct server *server, struct cm_err *err)
{
    char password[SRV_ONE_TIME_SIZE];
    enum cm_code code = srv_auth_first_admin(server->app.store, server->app.clock, password, err);
    if (code == CM_EXISTS)
        return CM_OK;
    if (code != CM_OK)
        return code;
    if (server->cli->json) {
        srv_cli_print_json(json_pack("{s:s, s:s}", "user", "admin", "one_time_password", password));
    } else {
        printf("+----------------------------------------------------------------+\n"
               "|  First start. Log in once with this password, then choose one: |\n"
               "|                                                                |\n"
               "|      user      admin                                           |\n"
               "|      password  %-48s|\n"
               "|                                                                |\n"
               "|  It is not shown again. Lost: rollcall-server user reset admin |\n"
               "+----------------------------------------------------------------+\n",
               password);
        fflush(stdout);
    }
    explicit_bzero(printed, sizeof printed);
    explicit_bzero(password, sizeof password);
    return CM_OK;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

static void say_listening(const struct server *server)
{
    const struct srv_settings *settings = &server->cli->settings;
    bool tls = settings->certificate[0] != '\0', v6 = strchr(settings->address, ':') != NULL;
    char url[160];
    snprintf(url, sizeof url, "%s://%s%s%s:%d", tls ? "https" : "http", v6 ? "[" : "", settings->address,
             v6 ? "]" : "", srv_http_port(server->app.http));
    if (!tls && !is_loopback(settings->address))
        cm_log(CM_LOG_WARN, "server",
               "plain HTTP beyond this machine: passwords and names can be read on the way; configure a "
               "certificate",
               CM_STR("address", settings->address));
    if (server->cli->json) {
        srv_cli_print_json(json_pack("{s:s}", "listening", url));
    } else {
        printf("listening on %s\n", url);
        fflush(stdout);
    }
}

/* ---- wiring ---- */

static enum cm_code open_http(struct server *server, struct cm_err *err)
{
    const struct srv_settings *settings = &server->cli->settings;
    bool tls = settings->certificate[0] != '\0';
    struct srv_http_options options = {
        .address = settings->address,
        .port = settings->port,
        .threads = settings->threads,
        .routes = srv_routes,
        .route_count = srv_route_count,
        .limits = &srv_limits_default,
        .tls = {tls ? settings->certificate : NULL, tls ? settings->key : NULL},
        .plain_anywhere = settings->plain_anywhere,
        .trusted_proxy = settings->trusted_proxy[0] != '\0' ? settings->trusted_proxy : NULL,
        .clock = server->cli->clock,
        .app = &server->app,
        .authorize = srv_auth_authorize,
    };
    return srv_http_open(&options, &server->app.http, err);
}

static enum cm_code open_all(struct server *server, struct cm_err *err)
{
    struct srv_app *app = &server->app;
    *app = (struct srv_app){.clock = server->cli->clock,
                            .zone = server->cli->zone,
                            .started_wall_ms = cm_wall_ms(server->cli->clock)};
    if (lock_folder(server->cli->settings.data_dir, err) != CM_OK ||
        srv_cli_open_store(server->cli, false, &app->store, err) != CM_OK ||
        srv_store_write(app->store, put_school, &server->cli->settings, err) != CM_OK ||
        srv_writer_create(app->store, &app->writer, err) != CM_OK)
        return err->code;
    const struct srv_auth_options auth = {
        .store = app->store, .writer = app->writer, .clock = app->clock, .secret_key = getenv("SECRET_KEY")};
    if (srv_auth_open(&auth, &app->auth, err) != CM_OK || srv_live_open(app, &app->live, err) != CM_OK ||
        srv_messages_open(server->cli, app, err) != CM_OK || srv_sync_open(app, &app->sync, err) != CM_OK ||
        srv_api_create(&app->api, err) != CM_OK || open_http(server, err) != CM_OK)
        return err->code;
    srv_live_limit_streams(app->live, server->cli->settings.streams_per_session,
                           server->cli->settings.streams_per_user);
    srv_auth_set_delivery(app->auth, srv_notify_deliver_code, app->notify);
    if (srv_live_start(app->live, err) != CM_OK || srv_notify_start(app->notify, err) != CM_OK ||
        start_schedule(server, err) != CM_OK || start_signals(server, err) != CM_OK)
        return err->code;
    return srv_loop_every(srv_http_loop(app->http, 0), MINUTE_MS, each_minute, server);
}

/* First those that post to loops, then the loops, which run what was posted, then all that it works on. */
static void close_all(struct server *server)
{
    struct srv_app *app = &server->app;
    stop_signals(server);
    srv_notify_stop(app->notify);
    if (app->sync != NULL)
        srv_sync_stop(app->sync);
    srv_auth_stop(app->auth);
    srv_schedule_stop(server->schedule);
    srv_writer_stop(app->writer);
    if (app->live != NULL)
        srv_live_stop(app->live);
    srv_http_close(app->http);
    if (app->live != NULL)
        srv_live_save_last(app->live);
    srv_api_destroy(app->api);
    srv_notify_close(app->notify);
    srv_sync_close(app->sync);
    srv_live_close(app->live);
    srv_auth_close(app->auth);
    srv_writer_destroy(app->writer);
    srv_schedule_close(server->schedule);
    srv_store_close(app->store);
}

static int apply_options(struct srv_cli *cli)
{
    const char *listen = srv_cli_value(cli, SRV_OPT_LISTEN);
    struct cm_err err = CM_ERR_INIT;
    int64_t threads;
    if (cli->argc > 0)
        return srv_cli_usage("run takes no %s", cli->argv[0]);
    if (listen != NULL && srv_settings_listen(&cli->settings, listen, &err) != CM_OK)
        return srv_cli_usage("%s", err.msg);
    if (!srv_cli_number(cli, SRV_OPT_THREADS, 1, 64, cli->settings.threads, &threads))
        return SRV_EXIT_USAGE;
    cli->settings.threads = (int32_t)threads;
    return SRV_EXIT_OK;
}

int srv_cmd_run(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct server server = {.cli = cli};
    sigset_t set;
    int status = apply_options(cli);
    if (status != SRV_EXIT_OK)
        return status;
    setvbuf(stdout, printed, _IOLBF, sizeof printed); /* before the first output */
    block_signals(&set);                              /* before any thread: they all inherit it */
    enum cm_code code = open_all(&server, &err);
    if (code == CM_OK)
        code = say_first_password(&server, &err);
    sodium_stackzero(STACK_USED); /* what printed the password left of it there */
    if (code == CM_OK) {
        say_listening(&server);
        code = srv_http_run(server.app.http, &err);
    }
    close_all(&server);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}
