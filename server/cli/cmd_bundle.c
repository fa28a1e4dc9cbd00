#include "cli/cli.h"

#include "sync/import.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void show_progress(void *arg, const struct srv_bundle_import *import)
{
    (void)arg;
    cm_progress("events", import->events, 0);
}

static void print_result(const struct srv_cli *cli, const struct srv_bundle_import *import)
{
    if (cli->json) {
        srv_cli_print_json(json_pack("{s:s, s:s, s:I, s:I}", "station", import->station.id, "name",
                                     import->station.name, "events", (json_int_t)import->events, "new",
                                     (json_int_t)import->new_events));
        return;
    }
    printf("%s: %" PRIu64 " events, %" PRIu64 " of them new\n", import->station.name, import->events,
           import->new_events);
}

static enum cm_code import_file(const struct srv_cli *cli, FILE *file, struct srv_bundle_import *ret_import,
                                struct cm_err *err)
{
    struct srv_store *store = NULL;
    struct srv_sync_core core;
    enum cm_code code = srv_cli_open_store(cli, false, &store, err);
    if (code == CM_OK)
        code = srv_sync_core_init(&core, store, cli->clock, cli->zone, err);
    if (code == CM_OK) {
        code = srv_bundle_import(&core, file, show_progress, NULL, ret_import, err);
        srv_sync_core_finish(&core);
    }
    cm_progress_end();
    srv_store_close(store);
    return code;
}

/* What came before a failure is in the store: it is said too. */
int srv_cmd_bundle(struct srv_cli *cli)
{
    static struct srv_bundle_import import; /* 3 kB */
    struct cm_err err = CM_ERR_INIT;
    if (cli->argc != 2 || strcmp(cli->argv[0], "import") != 0)
        return srv_cli_usage("bundle takes import FILE; FILE may be - for the standard input");
    bool from_stdin = strcmp(cli->argv[1], "-") == 0;
    FILE *file = from_stdin ? stdin : fopen(cli->argv[1], "rb");
    if (file == NULL) {
        cm_fail(&err, CM_NOTFOUND, "cannot open %.200s: %s", cli->argv[1], strerror(errno));
        return srv_cli_fail(&err);
    }
    enum cm_code code = import_file(cli, file, &import, &err);
    if (!from_stdin)
        fclose(file);
    if (code == CM_OK || import.events > 0)
        print_result(cli, &import);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}
