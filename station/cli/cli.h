/*
 * What the commands share: options, settings, the way to report, the way to open things. One file a command (cmd_*.c),
 * one table of commands (main.c). Exit codes: 0 done, 1 the work failed, 2 wrong usage. Errors are one line on stderr.
 */
#ifndef STN_CLI_H
#define STN_CLI_H

#include "base/clock.h"
#include "base/err.h"
#include "base/localdate.h"
#include "base/progress.h"
#include "cli/settings.h"
#include "store/store.h"
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>

enum { STN_EXIT_OK = 0, STN_EXIT_FAILED = 1, STN_EXIT_USAGE = 2 };

/* Codes of the long options; the common ones are handled before a command starts. */
enum stn_option {
    STN_OPT_CONFIG = 256,
    STN_OPT_DATA,
    STN_OPT_JSON,
    STN_OPT_HELP,
    STN_OPT_VERSION,
    STN_OPT_HEADLESS,
    STN_OPT_CAMERA,
    STN_OPT_UNTIL_EOF,
    STN_OPT_EVENTS,
    STN_OPT_NAME,
    STN_OPT_CLASS,
    STN_OPT_ENROLLED,
    STN_OPT_POLICY,
    STN_OPT_FPS,
    STN_OPT_DATE,
    STN_OPT_BY,
    STN_OPT_REASON,
    STN_OPT_CA,
    STN_OPT_PIN,
    STN_OPT_RENEW,
    STN_OPT_ONCE,
    STN_OPT_CONSENT_BY,
    STN_OPT_TEXT,
    STN_OPT_OUT,
    STN_OPT_COUNT_
};

struct stn_cli {
    const char *value[STN_OPT_COUNT_ -
                      STN_OPT_CONFIG]; /* of each option that was given; "" for flags; NULL: not given */
    int argc;                          /* words after the command, without options */
    char **argv;
    bool json;
    struct stn_settings settings;
    const struct cm_clock *clock;
    struct cm_zone *zone;
};

static inline const char *stn_cli_value(const struct stn_cli *cli, enum stn_option option)
{
    return cli->value[option - STN_OPT_CONFIG];
}

struct stn_command {
    const char *name;
    const char *arguments; /* for --help: "ID [--name N --class C] IMAGE…" */
    const char *summary;
    const enum stn_option *options; /* its own, ended by 0; NULL: only the common ones */
    int (*run)(struct stn_cli *cli);
};

int stn_cmd_run(struct stn_cli *cli);
int stn_cmd_roster(struct stn_cli *cli);
int stn_cmd_enrol(struct stn_cli *cli);
int stn_cmd_analyse(struct stn_cli *cli);
int stn_cmd_consent(struct stn_cli *cli);
int stn_cmd_card(struct stn_cli *cli);
int stn_cmd_pin(struct stn_cli *cli);
int stn_cmd_status(struct stn_cli *cli);
int stn_cmd_doctor(struct stn_cli *cli);
int stn_cmd_roll(struct stn_cli *cli);
int stn_cmd_correct(struct stn_cli *cli);
int stn_cmd_mark(struct stn_cli *cli);
int stn_cmd_erase(struct stn_cli *cli);
int stn_cmd_trust_clock(struct stn_cli *cli);
int stn_cmd_pair(struct stn_cli *cli);
int stn_cmd_sync(struct stn_cli *cli);
int stn_cmd_bundle(struct stn_cli *cli);
int stn_cmd_settings(struct stn_cli *cli);

/* "rollcall-station: MESSAGE" on stderr; returns STN_EXIT_FAILED or STN_EXIT_USAGE. */
int stn_cli_fail(const struct cm_err *err);
int stn_cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

enum cm_code stn_cli_open_store(const struct stn_cli *cli, bool read_only, struct stn_store **ret_store,
                                struct cm_err *err);
enum { STN_CLOCK_TEXT_SIZE = 9 };
/* "08:51:40" in the school's zone. Returns out. */
char *stn_clock_text(const struct cm_zone *zone, int64_t wall_ms, char out[static STN_CLOCK_TEXT_SIZE]);
/* Who gave, refused or withdrew consent, in *ret_consent, from this option and --text. False: wrong usage, and it was said. */
bool stn_cli_consent(const struct stn_cli *cli, enum stn_option by, enum cm_consent_state state,
                     struct cm_consent *ret_consent);
/* One object as one line on stdout; takes the reference. */
void stn_cli_print_json(json_t *object);

#endif
