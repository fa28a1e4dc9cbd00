/* rollcall-station: options, the table of commands, and what every command needs before it starts. */
#include "cli/cli.h"

#include "base/log.h"
#include "shim/face_shim.h"

#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option long_options[] = {
    {"config", required_argument, NULL, STN_OPT_CONFIG},
    {"data", required_argument, NULL, STN_OPT_DATA},
    {"json", no_argument, NULL, STN_OPT_JSON},
    {"help", no_argument, NULL, STN_OPT_HELP},
    {"version", no_argument, NULL, STN_OPT_VERSION},
    {"headless", no_argument, NULL, STN_OPT_HEADLESS},
    {"camera", required_argument, NULL, STN_OPT_CAMERA},
    {"until-eof", no_argument, NULL, STN_OPT_UNTIL_EOF},
    {"events", required_argument, NULL, STN_OPT_EVENTS},
    {"name", required_argument, NULL, STN_OPT_NAME},
    {"class", required_argument, NULL, STN_OPT_CLASS},
    {"enrolled", no_argument, NULL, STN_OPT_ENROLLED},
    {"policy", required_argument, NULL, STN_OPT_POLICY},
    {"fps", required_argument, NULL, STN_OPT_FPS},
    {"date", required_argument, NULL, STN_OPT_DATE},
    {"by", required_argument, NULL, STN_OPT_BY},
    {"reason", required_argument, NULL, STN_OPT_REASON},
    {"ca", required_argument, NULL, STN_OPT_CA},
    {"pin", required_argument, NULL, STN_OPT_PIN},
    {"renew", no_argument, NULL, STN_OPT_RENEW},
    {"once", no_argument, NULL, STN_OPT_ONCE},
    {"consent-by", required_argument, NULL, STN_OPT_CONSENT_BY},
    {"text", required_argument, NULL, STN_OPT_TEXT},
    {"out", required_argument, NULL, STN_OPT_OUT},
    {NULL, 0, NULL, 0},
};

static const enum stn_option run_options[] = {STN_OPT_HEADLESS, STN_OPT_CAMERA, STN_OPT_UNTIL_EOF,
                                              STN_OPT_EVENTS,   STN_OPT_POLICY, 0};
static const enum stn_option enrol_options[] = {STN_OPT_NAME, STN_OPT_CLASS, STN_OPT_CONSENT_BY, STN_OPT_TEXT,
                                                0};
static const enum stn_option consent_options[] = {STN_OPT_BY, STN_OPT_TEXT, STN_OPT_REASON, 0};
static const enum stn_option card_options[] = {STN_OPT_OUT, 0};
static const enum stn_option pin_options[] = {STN_OPT_PIN, 0};
static const enum stn_option analyse_options[] = {STN_OPT_ENROLLED, STN_OPT_POLICY, STN_OPT_FPS, 0};
static const enum stn_option roll_options[] = {STN_OPT_DATE, STN_OPT_CLASS, STN_OPT_BY, STN_OPT_REASON, 0};
static const enum stn_option correct_options[] = {STN_OPT_DATE, STN_OPT_BY, STN_OPT_REASON, 0};

static const enum stn_option mark_options[] = {STN_OPT_BY, STN_OPT_REASON, 0};
static const enum stn_option trust_options[] = {STN_OPT_BY, 0};
static const enum stn_option pair_options[] = {STN_OPT_CA, STN_OPT_PIN, STN_OPT_RENEW, 0};
static const enum stn_option sync_options[] = {STN_OPT_ONCE, 0};

static const struct stn_command commands[] = {
    {"run", "[--headless] [--camera SPEC] [--policy P] [--until-eof] [--events -]",
     "the station: camera, recognition, marks, screen", run_options, stn_cmd_run},
    {"roster", "import FILE.csv | list", "students and classes", NULL, stn_cmd_roster},
    {"enrol", "ID [--name N --class C] [--consent-by NAME [--text VERSION]] IMAGE|VIDEO@SECONDS…",
     "faces of a student, from pictures", enrol_options, stn_cmd_enrol},
    {"analyse", "[--enrolled] [--policy P] [--fps F] VIDEO-or-IMAGE…",
     "what the station would make of recordings", analyse_options, stn_cmd_analyse},
    {"roll", "[--date D] [--class C] | close|reopen|no-session CLASS --by NAME [--date D] [--reason TEXT]",
     "who is present; or a person closes a roll, opens it again, or says that there is no session",
     roll_options, stn_cmd_roll},
    {"mark", "ID --by NAME [--reason TEXT]", "a teacher saw the student: a mark of now, by hand", mark_options,
     stn_cmd_mark},
    {"correct", "ID present|late|excused|absent --by NAME --reason TEXT [--date D]",
     "change what a mark means; the mark itself stays", correct_options, stn_cmd_correct},
    {"erase", "ID", "destroy the templates of a student and their key", NULL, stn_cmd_erase},
    {"consent", "ID given|refused|withdrawn --by NAME [--text VERSION] [--reason TEXT]",
     "whether the face may be kept; refusing or withdrawing destroys it at once", consent_options,
     stn_cmd_consent},
    {"card", "ID [--out FILE.svg]", "a new card for the lane without a face; the old one is void",
     card_options, stn_cmd_card},
    {"pin", "ID [--pin DIGITS]", "a new PIN for the lane without a face; without --pin one is made up",
     pin_options, stn_cmd_pin},
    {"trust-clock", "--by NAME", "the clock is right now, although the log holds later times", trust_options,
     stn_cmd_trust_clock},
    {"pair", "URL CODE [--ca FILE | --pin sha256//…] [--renew]",
     "begin with a server (station add there prints the code); --renew: with a new log, after a fork",
     pair_options, stn_cmd_pair},
    {"sync", "[--once]", "send and fetch now; run does it by itself", sync_options, stn_cmd_sync},
    {"bundle", "export FILE", "what the server does not have yet, as a sealed file", NULL, stn_cmd_bundle},
    {"status", "", "what is in the store", NULL, stn_cmd_status},
    {"doctor", "", "checks everything and says what to do", NULL, stn_cmd_doctor},
    {"settings", "", "every setting, its meaning and its default, as a file", NULL, stn_cmd_settings},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

int stn_cli_fail(const struct cm_err *err)
{
    cm_progress_end();
    fprintf(stderr, "rollcall-station: %s\n", err->msg[0] != '\0' ? err->msg : cm_code_name(err->code));
    return STN_EXIT_FAILED;
}

int stn_cli_usage(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("rollcall-station: ", stderr);
    vfprintf(stderr, fmt, args);
    fputs(" (rollcall-station --help)\n", stderr);
    va_end(args);
    return STN_EXIT_USAGE;
}

enum cm_code stn_cli_open_store(const struct stn_cli *cli, bool read_only, struct stn_store **ret_store,
                                struct cm_err *err)
{
    struct stn_store_options options = {
        .dir = cli->settings.data_dir, .clock = cli->clock, .read_only = read_only};
    return stn_store_open(&options, ret_store, err);
}

void stn_cli_print_json(json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    if (text != NULL)
        puts(text);
    fflush(stdout);
    free(text);
    json_decref(object);
}

char *stn_clock_text(const struct cm_zone *zone, int64_t wall_ms, char out[static STN_CLOCK_TEXT_SIZE])
{
    struct cm_local local = cm_zone_local(zone, wall_ms);
    snprintf(out, STN_CLOCK_TEXT_SIZE, "%02u:%02u:%02u", (unsigned)local.minute / 60 % 24,
             (unsigned)local.minute % 60, (unsigned)local.second % 60);
    return out;
}

static void print_help(const struct stn_command *only)
{
    puts("rollcall-station: attendance by face at the classroom door\n\nusage:");
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (only == NULL || only == &commands[i])
            printf("  rollcall-station %s %s\n        %s\n", commands[i].name, commands[i].arguments,
                   commands[i].summary);
    puts("\noptions for all:\n"
         "  --config FILE   settings; else DATA/station.conf or /etc/rollcall/station.conf\n"
         "  --data DIR      folder of store and keys; else ~/.local/share/rollcall\n"
         "  --json          machine output on stdout, one object a line\n"
         "  --help          this; --version\n\n"
         "exit status: 0 done, 1 the work failed, 2 wrong usage");
}

static bool takes(const struct stn_command *command, int option)
{
    if (option <= STN_OPT_VERSION)
        return true;
    for (const enum stn_option *own = command->options; own != NULL && *own != 0; own++)
        if ((int)*own == option)
            return true;
    return false;
}

static const struct stn_command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Reads all options, wherever they stand. False: wrong usage, and it was said. */
static bool read_options(int argc, char **argv, struct stn_cli *cli)
{
    opterr = 0;
    for (;;) {
        int option = getopt_long(argc, argv, "", long_options, NULL);
        if (option == -1)
            return true;
        if (option < STN_OPT_CONFIG) {
            stn_cli_usage("%s is not an option, or its value is missing", argv[optind - 1]);
            return false;
        }
        cli->value[option - STN_OPT_CONFIG] = optarg != NULL ? optarg : "";
    }
}

static bool check_options(const struct stn_command *command, const struct stn_cli *cli)
{
    for (int option = STN_OPT_CONFIG; option < STN_OPT_COUNT_; option++)
        if (cli->value[option - STN_OPT_CONFIG] != NULL && !takes(command, option)) {
            const char *name = "?";
            for (const struct option *o = long_options; o->name != NULL; o++)
                name = o->val == option ? o->name : name;
            stn_cli_usage("%s does not take --%s", command->name, name);
            return false;
        }
    return true;
}

static enum cm_code prepare(struct stn_cli *cli, struct cm_err *err)
{
    if (sodium_init() < 0)
        return cm_fail(err, CM_BACKEND, "the cryptographic library does not start");
    cli->clock = cm_clock_system();
    cli->json = stn_cli_value(cli, STN_OPT_JSON) != NULL;
    enum cm_code code = stn_settings_load(stn_cli_value(cli, STN_OPT_CONFIG),
                                          stn_cli_value(cli, STN_OPT_DATA), &cli->settings, err);
    if (code != CM_OK)
        return code;
    cm_log_set_level((enum cm_log_level)cli->settings.log_level);
    if (cli->settings.log_file[0] != '\0' && cm_log_to_file(cli->settings.log_file, err) != CM_OK)
        return err->code;
    return cm_zone_open(cli->settings.timezone, &cli->zone, err);
}

int main(int argc, char **argv)
{
    struct stn_cli cli = {0};
    struct cm_err err = CM_ERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_CTYPE, ""); /* not LC_ALL: numbers in files and JSON keep their point */
    stn_face_shim_init();
    if (!read_options(argc, argv, &cli))
        return STN_EXIT_USAGE;
    const struct stn_command *command = optind < argc ? find_command(argv[optind]) : NULL;
    if (stn_cli_value(&cli, STN_OPT_VERSION) != NULL) {
        puts("rollcall-station " ROLLCALL_VERSION);
        return STN_EXIT_OK;
    }
    if (stn_cli_value(&cli, STN_OPT_HELP) != NULL) {
        print_help(command);
        return STN_EXIT_OK;
    }
    if (optind == argc)
        return stn_cli_usage("say what to do");
    if (command == NULL)
        return stn_cli_usage("%s is not a command", argv[optind]);
    if (!check_options(command, &cli))
        return STN_EXIT_USAGE;
    cli.argc = argc - optind - 1;
    cli.argv = argv + optind + 1;
    int status = prepare(&cli, &err) == CM_OK ? command->run(&cli) : stn_cli_fail(&err);
    if (fflush(stdout) != 0 && status == STN_EXIT_OK) {
        fputs("rollcall-station: the output could not be written\n", stderr);
        status = STN_EXIT_FAILED;
    }
    cm_zone_close(cli.zone);
    return status;
}
