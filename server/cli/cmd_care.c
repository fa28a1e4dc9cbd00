/* rebuild, check, backup, restore */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>

static void show(void *arg, uint64_t done, uint64_t total)
{
    cm_progress(arg, done, total);
}

int srv_cmd_rebuild(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    if (cli->argc > 0)
        return srv_cli_usage("rebuild takes no words");
    enum cm_code code = srv_cli_open_store(cli, false, &store, &err);
    if (code == CM_OK)
        code = srv_store_rebuild(store, show, (void *)"events", &err);
    cm_progress_end();
    srv_store_close(store);
    if (code != CM_OK)
        return srv_cli_fail(&err);
    if (cli->json)
        srv_cli_print_json(json_pack("{s:b}", "rebuilt", 1));
    else
        printf("rolls, days and standings were made anew from the events\n");
    return SRV_EXIT_OK;
}

int srv_cmd_check(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    uint64_t events = 0;
    if (cli->argc > 0)
        return srv_cli_usage("check takes no words");
    enum cm_code code = srv_cli_open_store(cli, true, &store, &err);
    if (code == CM_OK)
        code = srv_store_check(store, show, (void *)"events", &events, &err);
    cm_progress_end();
    srv_store_close(store);
    if (code != CM_OK)
        return srv_cli_fail(&err);
    if (cli->json)
        srv_cli_print_json(json_pack("{s:b,s:I}", "sound", 1, "events", (json_int_t)events));
    else
        printf("sound: %" PRIu64 " events, and everything that is derived from them\n", events);
    return SRV_EXIT_OK;
}

int srv_cmd_backup(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    if (cli->argc != 1)
        return srv_cli_usage("backup takes the name of a new folder");
    enum cm_code code = srv_cli_open_store(cli, true, &store, &err);
    if (code == CM_OK)
        code = srv_store_backup(store, cli->argv[0], &err);
    srv_store_close(store);
    if (code != CM_OK)
        return srv_cli_fail(&err);
    if (cli->json)
        srv_cli_print_json(json_pack("{s:s}", "backup", cli->argv[0]));
    else
        printf("a copy is in %s; it holds the key of the templates: keep it as safe as the server\n",
               cli->argv[0]);
    return SRV_EXIT_OK;
}

int srv_cmd_restore(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    char url[SRV_STORE_URL_SIZE];
    if (cli->argc != 1)
        return srv_cli_usage("restore takes the folder of a backup; the store must not exist");
    srv_cli_store_url(cli, url);
    if (srv_store_restore(cli->argv[0], url, &err) != CM_OK)
        return srv_cli_fail(&err);
    if (cli->json)
        srv_cli_print_json(json_pack("{s:s}", "restored", url));
    else
        printf("restored to %s; stations will load roster and templates anew\n", url);
    return SRV_EXIT_OK;
}
