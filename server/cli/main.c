/* rollcall-server: options, the table of commands, and what every command needs before it starts. */
#include "cli/cli.h"

#include "base/log.h"
#include "http_json/json.h"
#include "store/settings.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option long_options[] = {
    {"config", required_argument, NULL, SRV_OPT_CONFIG},
    {"data", required_argument, NULL, SRV_OPT_DATA},
    {"store", required_argument, NULL, SRV_OPT_STORE},
    {"json", no_argument, NULL, SRV_OPT_JSON},
    {"help", no_argument, NULL, SRV_OPT_HELP},
    {"version", no_argument, NULL, SRV_OPT_VERSION},
    {"listen", required_argument, NULL, SRV_OPT_LISTEN},
    {"threads", required_argument, NULL, SRV_OPT_THREADS},
    {"class", required_argument, NULL, SRV_OPT_CLASS},
    {"from", required_argument, NULL, SRV_OPT_FROM},
    {"to", required_argument, NULL, SRV_OPT_TO},
    {"date", required_argument, NULL, SRV_OPT_DATE},
    {"dry-run", no_argument, NULL, SRV_OPT_DRY_RUN},
    {"force", no_argument, NULL, SRV_OPT_FORCE},
    {"role", required_argument, NULL, SRV_OPT_ROLE},
    {"name", required_argument, NULL, SRV_OPT_NAME},
    {"phone", required_argument, NULL, SRV_OPT_PHONE},
    {"email", required_argument, NULL, SRV_OPT_EMAIL},
    {"student", required_argument, NULL, SRV_OPT_STUDENT},
    {"students", required_argument, NULL, SRV_OPT_STUDENTS},
    {"days", required_argument, NULL, SRV_OPT_DAYS},
    {"seed", required_argument, NULL, SRV_OPT_SEED},
    {"by", required_argument, NULL, SRV_OPT_BY},
    {"yes", no_argument, NULL, SRV_OPT_YES},
    {"html", required_argument, NULL, SRV_OPT_HTML},
    {"again", no_argument, NULL, SRV_OPT_AGAIN},
    {"out", required_argument, NULL, SRV_OPT_OUT},
    {"everybody", no_argument, NULL, SRV_OPT_EVERYBODY},
    {"replace", no_argument, NULL, SRV_OPT_REPLACE},
    {NULL, 0, NULL, 0},
};

static const enum srv_option run_options[] = {SRV_OPT_LISTEN, SRV_OPT_THREADS, 0};
static const enum srv_option user_options[] = {SRV_OPT_ROLE,    SRV_OPT_NAME,  SRV_OPT_CLASS,
                                               SRV_OPT_STUDENT, SRV_OPT_PHONE, SRV_OPT_EMAIL,
                                               SRV_OPT_HTML,    SRV_OPT_AGAIN, 0};
static const enum srv_option alerts_options[] = {SRV_OPT_DATE, SRV_OPT_DRY_RUN, 0};
static const enum srv_option station_options[] = {SRV_OPT_CLASS, 0};
static const enum srv_option demo_options[] = {SRV_OPT_STUDENTS, SRV_OPT_DAYS, SRV_OPT_SEED, SRV_OPT_TO, 0};

static const enum srv_option calendar_options[] = {SRV_OPT_CLASS, SRV_OPT_DRY_RUN, 0};
static const enum srv_option roster_options[] = {SRV_OPT_DRY_RUN, SRV_OPT_FORCE, 0};
static const enum srv_option export_options[] = {SRV_OPT_FROM, SRV_OPT_TO, SRV_OPT_CLASS, 0};
static const enum srv_option cards_options[] = {SRV_OPT_CLASS, SRV_OPT_OUT, SRV_OPT_EVERYBODY,
                                                SRV_OPT_REPLACE, 0};
static const enum srv_option erase_options[] = {SRV_OPT_YES, 0};

static const struct srv_command commands[] = {
    {"run", "[--listen ADDRESS:PORT] [--threads N]", "the server: pages, API, sync with the stations",
     run_options, srv_cmd_run},
    {"user",
     "add NAME --role admin|coordinator|student [--name N] [--class C]… [--student ID] [--phone P] [--email "
     "E] | "
     "list | "
     "reset|disable|enable|delete NAME | slips --class C [--html FILE] [--again]",
     "who may log in, and one-time passwords", user_options, srv_cmd_user},
    {"station", "add NAME [--class C]… | list | code NAME-or-ID | revoke NAME-or-ID | settle NAME-or-ID",
     "stations, and the codes that pair them", station_options, srv_cmd_station},
    {"bundle", "import FILE", "events that a station exported to a file", NULL, srv_cmd_bundle},
    {"demo-data", "[--students N] [--days D] [--seed S] [--to DATE]",
     "fills an empty store, for trials and benchmarks", demo_options, srv_cmd_demo_data},
    {"roster", "import FILE-or-FOLDER [--dry-run] [--force]",
     "students and classes from CSV or a OneRoster folder; --force: also when a fifth of them would be gone",
     roster_options, srv_cmd_roster},
    {"calendar", "import FILE [--class C] [--dry-run]",
     "days without school and half days from a CSV or iCalendar file", calendar_options, srv_cmd_calendar},
    {"alerts", "run [--date DATE] [--dry-run] | list",
     "which absences are to be told, by hand; --dry-run: what would be told, and why each student is or is "
     "not",
     alerts_options, srv_cmd_alerts},
    {"export", "attendance [--from DATE] [--to DATE] [--class C]…", "attendance as CSV on stdout",
     export_options, srv_cmd_export},
    {"cards", "--class C --out FILE.html [--everybody] [--replace]",
     "new cards of a class for the lane without a face, as a page for the printer", cards_options,
     srv_cmd_cards},
    {"erase", "ID [--yes]", "erases a student for good, here and on every station", erase_options,
     srv_cmd_erase},
    {"check", "", "walks the whole store: chains, seals, and that what is derived follows from the events",
     NULL, srv_cmd_check},
    {"rebuild", "", "makes rolls, days and standings anew from the events", NULL, srv_cmd_rebuild},
    {"backup", "FOLDER", "a consistent copy in a new folder, also while the server runs", NULL,
     srv_cmd_backup},
    {"restore", "FOLDER", "makes the store from a backup; there must be none yet", NULL, srv_cmd_restore},
    {"settings", "", "every setting, its meaning and its default, as a file", NULL, srv_cmd_settings},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

int srv_cli_fail(const struct cm_err *err)
{
    cm_progress_end();
    fprintf(stderr, "rollcall-server: %s\n", err->msg[0] != '\0' ? err->msg : cm_code_name(err->code));
    return SRV_EXIT_FAILED;
}

int srv_cli_usage(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("rollcall-server: ", stderr);
    vfprintf(stderr, fmt, args);
    fputs(" (rollcall-server --help)\n", stderr);
    va_end(args);
    return SRV_EXIT_USAGE;
}

static const char *option_name(int option)
{
    for (const struct option *o = long_options; o->name != NULL; o++)
        if (o->val == option)
            return o->name;
    return "?";
}

void srv_cli_store_url(const struct srv_cli *cli, char out[static SRV_STORE_URL_SIZE])
{
    if (cli->settings.store_url[0] != '\0')
        snprintf(out, SRV_STORE_URL_SIZE, "%s", cli->settings.store_url);
    else
        snprintf(out, SRV_STORE_URL_SIZE, "lmdb:%s/store", cli->settings.data_dir);
}

enum cm_code srv_cli_open_store(const struct srv_cli *cli, bool read_only, struct srv_store **ret_store,
                                struct cm_err *err)
{
    char url[SRV_STORE_URL_SIZE];
    srv_cli_store_url(cli, url);
    struct srv_store_options options = {
        .url = url, .clock = cli->clock, .zone = cli->zone, .read_only = read_only};
    return srv_store_open(&options, ret_store, err);
}

bool srv_cli_date(const struct srv_cli *cli, enum srv_option option, int32_t otherwise, int32_t *ret_date)
{
    const char *text = srv_cli_value(cli, option);
    if (text == NULL)
        *ret_date = otherwise;
    else if (strcmp(text, "today") == 0)
        *ret_date = cm_zone_date(cli->zone, cm_wall_ms(cli->clock));
    else if (cm_date_parse(text, ret_date, NULL) != CM_OK) {
        srv_cli_usage("--%s is a date as 2026-11-23 or the word today, not %s", option_name(option), text);
        return false;
    }
    return true;
}

bool srv_cli_number(const struct srv_cli *cli, enum srv_option option, int64_t min, int64_t max,
                    int64_t otherwise, int64_t *ret_number)
{
    const char *text = srv_cli_value(cli, option);
    if (text == NULL) {
        *ret_number = otherwise;
        return true;
    }
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < min || number > max) {
        srv_cli_usage("--%s is a whole number of %lld to %lld, not %s", option_name(option), (long long)min,
                      (long long)max, text);
        return false;
    }
    *ret_number = number;
    return true;
}

void srv_cli_print_json(json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    if (text != NULL)
        puts(text);
    fflush(stdout);
    if (text != NULL)
        explicit_bzero(text, strlen(text)); /* one-time passwords are among what is printed */
    free(text);
    json_decref(object);
}

int srv_cmd_settings(struct srv_cli *cli)
{
    if (cli->argc > 0)
        return srv_cli_usage("settings takes no %s", cli->argv[0]);
    srv_settings_describe(stdout);
    return SRV_EXIT_OK;
}

static void print_help(const struct srv_command *only)
{
    puts("rollcall-server: attendance by face, the school's side\n\nusage:");
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (only == NULL || only == &commands[i])
            printf("  rollcall-server %s %s\n        %s\n", commands[i].name, commands[i].arguments,
                   commands[i].summary);
    puts("\noptions for all:\n"
         "  --config FILE   settings; else DATA/server.conf or /etc/rollcall/server.conf\n"
         "  --data DIR      folder of the store; else ~/.local/share/rollcall-server\n"
         "  --store URL     the store itself: lmdb:DIR; else lmdb:DATA/store\n"
         "  --json          machine output on stdout, one object a line\n"
         "  --help          this; --version\n\n"
         "exit status: 0 done, 1 the work failed, 2 wrong usage");
}

static bool takes(const struct srv_command *command, int option)
{
    if (option <= SRV_OPT_VERSION)
        return true;
    for (const enum srv_option *own = command->options; own != NULL && *own != 0; own++)
        if ((int)*own == option)
            return true;
    return false;
}

static const struct srv_command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Reads all options, wherever they stand. False: wrong usage, and it was said. */
static bool read_options(int argc, char **argv, struct srv_cli *cli)
{
    opterr = 0;
    for (;;) {
        int option = getopt_long(argc, argv, "", long_options, NULL);
        if (option == -1)
            return true;
        if (option < SRV_OPT_CONFIG) {
            srv_cli_usage("%s is not an option, or its value is missing", argv[optind - 1]);
            return false;
        }
        if (option == SRV_OPT_CLASS && cli->class_count == SRV_CLI_CLASSES_MAX) {
            srv_cli_usage("--class can be given %d times", SRV_CLI_CLASSES_MAX);
            return false;
        }
        if (option == SRV_OPT_CLASS)
            cli->classes[cli->class_count++] = optarg;
        cli->value[option - SRV_OPT_CONFIG] = optarg != NULL ? optarg : "";
    }
}

static bool check_options(const struct srv_command *command, const struct srv_cli *cli)
{
    for (int option = SRV_OPT_CONFIG; option < SRV_OPT_COUNT_; option++)
        if (cli->value[option - SRV_OPT_CONFIG] != NULL && !takes(command, option)) {
            srv_cli_usage("%s does not take --%s", command->name, option_name(option));
            return false;
        }
    return true;
}

/* The school's zone is a setting of the store once there is one: what is derived from the events depends on it. */
static enum cm_code adopt_zone(struct srv_cli *cli, struct cm_err *err)
{
    char name[SRV_SETTING_SIZE] = "";
    struct srv_store *store = NULL;
    if (srv_cli_open_store(cli, true, &store, NULL) != CM_OK)
        return CM_OK; /* none yet; what else is wrong, the command will say */
    enum cm_code code = srv_store_get_setting(store, SRV_SETTING_TIMEZONE, name, NULL);
    srv_store_close(store);
    if (code != CM_OK || strcmp(name, cm_zone_name(cli->zone)) == 0)
        return CM_OK;
    struct cm_zone *zone = NULL;
    if (cm_zone_open(name, &zone, err) != CM_OK)
        return err->code;
    cm_zone_close(cli->zone);
    cli->zone = zone;
    return CM_OK;
}

static enum cm_code prepare(struct srv_cli *cli, struct cm_err *err)
{
    if (sodium_init() < 0)
        return cm_fail(err, CM_BACKEND, "the cryptographic library does not start");
    srv_json_wipe_memory();
    cli->clock = cm_clock_system();
    cli->json = srv_cli_value(cli, SRV_OPT_JSON) != NULL;
    enum cm_code code = srv_settings_load(srv_cli_value(cli, SRV_OPT_CONFIG),
                                          srv_cli_value(cli, SRV_OPT_DATA), &cli->settings, err);
    if (code != CM_OK)
        return code;
    const char *store = srv_cli_value(cli, SRV_OPT_STORE);
    if (store != NULL && strlen(store) >= sizeof cli->settings.store_url)
        return cm_fail(err, CM_INVALID, "--store is too long");
    if (store != NULL)
        strcpy(cli->settings.store_url, store);
    cm_log_set_level((enum cm_log_level)cli->settings.log_level);
    if (cli->settings.log_file[0] != '\0' && cm_log_to_file(cli->settings.log_file, err) != CM_OK)
        return err->code;
    if (cm_zone_open(cli->settings.timezone, &cli->zone, err) != CM_OK)
        return err->code;
    return adopt_zone(cli, err);
}

int main(int argc, char **argv)
{
    struct srv_cli cli = {0};
    struct cm_err err = CM_ERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_CTYPE, ""); /* not LC_ALL: numbers in files and JSON keep their point */
    if (!read_options(argc, argv, &cli))
        return SRV_EXIT_USAGE;
    const struct srv_command *command = optind < argc ? find_command(argv[optind]) : NULL;
    if (srv_cli_value(&cli, SRV_OPT_VERSION) != NULL) {
        puts("rollcall-server " ROLLCALL_VERSION);
        return SRV_EXIT_OK;
    }
    if (srv_cli_value(&cli, SRV_OPT_HELP) != NULL) {
        print_help(command);
        return SRV_EXIT_OK;
    }
    if (optind == argc)
        return srv_cli_usage("say what to do");
    if (command == NULL)
        return srv_cli_usage("%s is not a command", argv[optind]);
    if (!check_options(command, &cli))
        return SRV_EXIT_USAGE;
    cli.argc = argc - optind - 1;
    cli.argv = argv + optind + 1;
    int status = prepare(&cli, &err) == CM_OK ? command->run(&cli) : srv_cli_fail(&err);
    if (fflush(stdout) != 0 && status == SRV_EXIT_OK) {
        fputs("rollcall-server: the output could not be written\n", stderr);
        status = SRV_EXIT_FAILED;
    }
    cm_zone_close(cli.zone);
    return status;
}
