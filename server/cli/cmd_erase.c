#include "cli/cli.h"

#include "base/log.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct erase_job {
    const char *id;
    struct srv_student student;
};

static enum cm_code run(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct erase_job *job = arg;
    enum cm_code code = strlen(job->id) < CM_ID_SIZE
                            ? srv_store_get_student(store, job->id, &job->student, err)
                            : CM_NOTFOUND;
    if (code == CM_NOTFOUND)
        return cm_fail(err, code, "there is no student %.80s", job->id);
    return code == CM_OK ? srv_store_erase_student(store, job->id, "rollcall-server erase", err) : code;
}

/* Whoever types the command may have the wrong id: his name is shown, and --yes is asked for. */
static int ask(struct srv_store *store, const char *id)
{
    struct srv_student student;
    struct cm_err err = CM_ERR_INIT;
    if (strlen(id) >= CM_ID_SIZE || srv_store_get_student(store, id, &student, &err) != CM_OK) {
        cm_fail(&err, CM_NOTFOUND, "there is no student %.80s", id);
        return srv_cli_fail(&err);
    }
    return srv_cli_usage(
        "this erases %s (%s, %s) for good, here and on every station: say it again with --yes",
        student.base.name, student.base.id, student.base.class_id);
}

int srv_cmd_erase(struct srv_cli *cli)
{
    static struct erase_job job;
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    bool sure = srv_cli_value(cli, SRV_OPT_YES) != NULL;
    if (cli->argc != 1)
        return srv_cli_usage("erase takes the id of one student");
    job.id = cli->argv[0];
    enum cm_code code = srv_cli_open_store(cli, !sure, &store, &err);
    int status = SRV_EXIT_OK;
    if (code == CM_OK && !sure)
        status = ask(store, job.id);
    else if (code == CM_OK)
        code = srv_store_write(store, run, &job, &err);
    if (code == CM_OK && sure)
        cm_log(CM_LOG_INFO, "erase", "a student was erased", CM_STR("student", job.id),
               CM_STR("by", "rollcall-server erase"), CM_INT("uid", getuid()));
    srv_store_close(store);
    if (code != CM_OK)
        return srv_cli_fail(&err);
    if (sure && cli->json)
        srv_cli_print_json(json_pack("{s:s}", "erased", job.id));
    else if (sure)
        printf("erased: %s. Stations destroy his key at their next sync.\n", job.id);
    return status;
}
