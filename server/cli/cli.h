/*
 * What the commands share: options, settings, the way to report, the way to open things. One file a command (cmd_*.c),
 * one table of commands (main.c). Exit codes: 0 done, 1 the work failed, 2 wrong usage. Errors are one line on stderr.
 */
#ifndef SRV_CLI_H
#define SRV_CLI_H

#include "base/clock.h"
#include "base/err.h"
#include "base/localdate.h"
#include "base/progress.h"
#include "cli/settings.h"
#include "store/store.h"
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>

enum { SRV_EXIT_OK = 0, SRV_EXIT_FAILED = 1, SRV_EXIT_USAGE = 2 };

/* Codes of the long options; the common ones are handled before a command starts. */
enum srv_option {
    SRV_OPT_CONFIG = 256,
    SRV_OPT_DATA,
    SRV_OPT_STORE,
    SRV_OPT_JSON,
    SRV_OPT_HELP,
    SRV_OPT_VERSION, /* the last of the common ones */
    SRV_OPT_LISTEN,
    SRV_OPT_THREADS,
    SRV_OPT_CLASS, /* may be repeated: srv_cli.classes */
    SRV_OPT_FROM,
    SRV_OPT_TO,
    SRV_OPT_DATE,
    SRV_OPT_DRY_RUN,
    SRV_OPT_FORCE,
    SRV_OPT_ROLE,
    SRV_OPT_NAME,
    SRV_OPT_PHONE,
    SRV_OPT_EMAIL,
    SRV_OPT_STUDENT,
    SRV_OPT_STUDENTS,
    SRV_OPT_DAYS,
    SRV_OPT_SEED,
    SRV_OPT_BY,
    SRV_OPT_HTML,
    SRV_OPT_AGAIN,
    SRV_OPT_YES,
    SRV_OPT_OUT,
    SRV_OPT_EVERYBODY,
    SRV_OPT_REPLACE,
    SRV_OPT_COUNT_
};

enum { SRV_CLI_CLASSES_MAX = 32 };

struct srv_cli {
    const char *value[SRV_OPT_COUNT_ -
                      SRV_OPT_CONFIG]; /* of each option that was given; "" for flags; NULL: not given */
    const char *classes[SRV_CLI_CLASSES_MAX]; /* every --class, in order */
    int class_count;
    int argc; /* words after the command, without options */
    char **argv;
    bool json;
    struct srv_settings settings;
    const struct cm_clock *clock;
    struct cm_zone *zone;
};

static inline const char *srv_cli_value(const struct srv_cli *cli, enum srv_option option)
{
    return cli->value[option - SRV_OPT_CONFIG];
}

struct srv_command {
    const char *name;
    const char *arguments; /* for --help: "add NAME [--class C]…" */
    const char *summary;
    const enum srv_option *options; /* its own, ended by 0; NULL: only the common ones */
    int (*run)(struct srv_cli *cli);
};

int srv_cmd_run(struct srv_cli *cli);
int srv_cmd_station(struct srv_cli *cli);
int srv_cmd_user(struct srv_cli *cli);
int srv_cmd_user_slips(struct srv_cli *cli); /* of user */
int srv_cmd_alerts(struct srv_cli *cli);
int srv_cmd_bundle(struct srv_cli *cli);
int srv_cmd_demo_data(struct srv_cli *cli);
int srv_cmd_roster(struct srv_cli *cli);
int srv_cmd_calendar(struct srv_cli *cli);
int srv_cmd_cards(struct srv_cli *cli);
int srv_cmd_export(struct srv_cli *cli);
int srv_cmd_erase(struct srv_cli *cli);
int srv_cmd_rebuild(struct srv_cli *cli);
int srv_cmd_check(struct srv_cli *cli);
int srv_cmd_backup(struct srv_cli *cli);
int srv_cmd_restore(struct srv_cli *cli);
int srv_cmd_settings(struct srv_cli *cli);

/* "rollcall-server: MESSAGE" on stderr; returns SRV_EXIT_FAILED or SRV_EXIT_USAGE. */
int srv_cli_fail(const struct cm_err *err);
int srv_cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The store that --store, the configuration or the data folder names. It may be opened while the server runs: what a
 * command commits, the server sees within a second. CM_NOTFOUND (read_only): there is none yet. */
enum cm_code srv_cli_open_store(const struct srv_cli *cli, bool read_only, struct srv_store **ret_store,
                                struct cm_err *err);
/* "lmdb:DIR" of that store; out holds SRV_STORE_URL_SIZE. */
void srv_cli_store_url(const struct srv_cli *cli, char out[static SRV_STORE_URL_SIZE]);

/* A date as YYYY-MM-DD or the word "today". False, and it was said, when it is not one. text NULL: otherwise. */
bool srv_cli_date(const struct srv_cli *cli, enum srv_option option, int32_t otherwise, int32_t *ret_date);
/* A whole number of min … max. False, and it was said, when it is not one. */
bool srv_cli_number(const struct srv_cli *cli, enum srv_option option, int64_t min, int64_t max,
                    int64_t otherwise, int64_t *ret_number);

/* One object as one line on stdout; takes the reference. */
void srv_cli_print_json(json_t *object);

#endif
