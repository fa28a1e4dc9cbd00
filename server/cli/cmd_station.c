#include "cli/cli.h"

#include "auth/auth.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "live/fork.h"

#include <stdio.h>
#include <string.h>

enum { CODE_MINUTES = 10 };

struct station_job { /* what a write of this command works on */
    struct srv_cli *cli;
    const char *wanted; /* name or id */
    struct srv_station station;
    char code[SRV_CODE_TEXT_SIZE];
    int found;
};

/* ---- finding one by name or id ---- */

static bool note_if_wanted(void *arg, const struct srv_station *station)
{
    struct station_job *job = arg;
    if (strcmp(station->id, job->wanted) == 0) { /* an id is never in doubt */
        job->station = *station;
        job->found = 1;
        return false;
    }
    if (strcmp(station->name, job->wanted) == 0) {
        job->station = *station;
        job->found++;
    }
    return true;
}

static enum cm_code find(struct srv_store *store, struct station_job *job, struct cm_err *err)
{
    job->found = 0;
    if (srv_store_each_station(store, note_if_wanted, job, err) != CM_OK)
        return err->code;
    if (job->found == 0)
        return cm_fail(err, CM_NOTFOUND, "there is no station %.80s: rollcall-server station list",
                       job->wanted);
    if (job->found > 1)
        return cm_fail(err, CM_INVALID, "%d stations are named %.80s: give its id, as station list shows it",
                       job->found, job->wanted);
    return CM_OK;
}

/* ---- add, code, revoke: each one write ---- */

static enum cm_code check_classes(struct srv_store *store, const struct srv_cli *cli, struct cm_err *err)
{
    struct cm_class class_;
    for (int i = 0; i < cli->class_count; i++)
        if (srv_store_get_class(store, cli->classes[i], &class_, NULL) != CM_OK)
            return cm_fail(err, CM_NOTFOUND,
                           "there is no class %.60s: import it first, rollcall-server roster import",
                           cli->classes[i]);
    return CM_OK;
}

static enum cm_code add(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_job *job = arg;
    const struct srv_cli *cli = job->cli;
    if (check_classes(store, cli, err) != CM_OK)
        return err->code;
    if (srv_store_each_station(store, note_if_wanted, (job->found = 0, job), err) != CM_OK)
        return err->code;
    if (job->found > 0)
        return cm_fail(err, CM_EXISTS,
                       "there is a station %.80s already: for a new code, rollcall-server station code %.40s",
                       job->wanted, job->wanted);
    struct srv_station station = {.created_wall_ms = cm_wall_ms(cli->clock), .class_count = cli->class_count};
    struct cm_uuid_generator generator = {0};
    uint8_t id[16];
    cm_uuid7(&generator, station.created_wall_ms, id);
    cm_uuid_text(id, station.id);
    snprintf(station.name, sizeof station.name, "%s", job->wanted);
    for (int i = 0; i < cli->class_count; i++)
        snprintf(station.classes[i], sizeof station.classes[i], "%s", cli->classes[i]);
    job->station = station;
    if (srv_store_put_station(store, &station, err) != CM_OK)
        return err->code;
    return srv_auth_make_code(store, "pair", station.id, station.created_wall_ms, CODE_MINUTES, job->code,
                              err);
}

static enum cm_code make_code(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_job *job = arg;
    if (find(store, job, err) != CM_OK)
        return err->code;
    if (job->station.revoked) { /* admitted again, as nobody until the code is used */
        job->station.revoked = job->station.paired = false;
        if (srv_store_put_station(store, &job->station, err) != CM_OK)
            return err->code;
    }
    return srv_auth_make_code(store, "pair", job->station.id, cm_wall_ms(job->cli->clock), CODE_MINUTES,
                              job->code, err);
}

static enum cm_code revoke(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_job *job = arg;
    if (find(store, job, err) != CM_OK)
        return err->code;
    job->station.revoked = true;
    memset(job->station.token_hash, 0, sizeof job->station.token_hash);
    return srv_store_put_station(store, &job->station, err);
}

static enum cm_code settle(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct station_job *job = arg;
    if (find(store, job, err) != CM_OK)
        return err->code;
    if (!job->station.forked)
        return cm_fail(err, CM_INVALID, "%.80s: no copy of it was refused: there is nothing to settle",
                       job->station.name);
    return srv_fork_settle(store, job->station.id, &job->station, err);
}

/* ---- list ---- */

static json_t *classes_json(const struct srv_station *station)
{
    json_t *classes = json_array();
    for (int i = 0; i < station->class_count; i++)
        json_array_append_new(classes, json_string(station->classes[i]));
    return classes;
}

static const char *state_of(const struct srv_station *station)
{
    return station->revoked  ? "revoked"
           : station->forked ? "forked"
           : station->paired ? "paired"
                             : "not paired";
}

static void print_text(const struct srv_cli *cli, const struct srv_station *station)
{
    char classes[256] = "all classes", seen[CM_INSTANT_TEXT_SIZE] = "never";
    size_t used = 0;
    for (int i = 0; i < station->class_count && used < sizeof classes; i++)
        used += (size_t)snprintf(classes + used, sizeof classes - used, "%s%s", i > 0 ? "," : "",
                                 station->classes[i]);
    if (station->last_seen_wall_ms > 0)
        cm_instant_local(cli->zone, station->last_seen_wall_ms, seen);
    /* while the server runs it saves that with the events and once in a while */
    printf("%s  %-20s  %-10s  %-16s  events %llu  seen, as last saved, %s\n", station->id, station->name,
           state_of(station), classes, (unsigned long long)station->acked_seq, seen);
}

static bool print_one(void *arg, const struct srv_station *station)
{
    const struct srv_cli *cli = arg;
    if (cli->json)
        srv_cli_print_json(json_pack(
            "{s:s, s:s, s:o, s:s, s:b, s:b, s:b, s:I, s:I}", "id", station->id, "name", station->name,
            "classes", classes_json(station), "state", state_of(station), "paired", station->paired,
            "revoked", station->revoked, "forked", station->forked, "acked_seq",
            (json_int_t)station->acked_seq, "last_seen_ms", (json_int_t)station->last_seen_wall_ms));
    else
        print_text(cli, station);
    return true;
}

static int list(struct srv_cli *cli)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    enum cm_code code = srv_cli_open_store(cli, true, &store, &err);
    if (code == CM_OK)
        code = srv_store_each_station(store, print_one, cli, &err);
    srv_store_close(store);
    return code == CM_OK ? SRV_EXIT_OK : srv_cli_fail(&err);
}

/* ---- the command ---- */

static void print_code(const struct srv_cli *cli, const struct station_job *job)
{
    if (cli->json) {
        srv_cli_print_json(json_pack("{s:s, s:s, s:s, s:i}", "id", job->station.id, "name", job->station.name,
                                     "code", job->code, "valid_minutes", CODE_MINUTES));
        return;
    }
    printf("Pairing code of %s: %s\nOn the station, within %d minutes: rollcall-station pair URL %s\n",
           job->station.name, job->code, CODE_MINUTES, job->code);
}

static int change(struct srv_cli *cli, srv_store_fn *fn, const char *wanted)
{
    static struct station_job job; /* 3 kB */
    struct cm_err err = CM_ERR_INIT;
    struct srv_store *store = NULL;
    job = (struct station_job){.cli = cli, .wanted = wanted};
    enum cm_code code = srv_cli_open_store(cli, false, &store, &err);
    if (code == CM_OK)
        code = srv_store_write(store, fn, &job, &err);
    srv_store_close(store);
    if (code != CM_OK)
        return srv_cli_fail(&err);
    if (fn == settle)
        srv_fork_settled(&job.station, "rollcall-server station settle");
    if (fn == settle && cli->json)
        srv_cli_print_json(
            json_pack("{s:s, s:s, s:b}", "id", job.station.id, "name", job.station.name, "settled", 1));
    else if (fn == settle)
        printf("%s: settled; a copy that sends other events again is shown again\n", job.station.name);
    else if (fn != revoke)
        print_code(cli, &job);
    else if (cli->json)
        srv_cli_print_json(
            json_pack("{s:s, s:s, s:b}", "id", job.station.id, "name", job.station.name, "revoked", 1));
    else
        printf("%s is revoked: it keeps its events; station code admits it again\n", job.station.name);
    return SRV_EXIT_OK;
}

int srv_cmd_station(struct srv_cli *cli)
{
    const char *what = cli->argc > 0 ? cli->argv[0] : "";
    if (strcmp(what, "list") == 0 && cli->argc == 1)
        return list(cli);
    srv_store_fn *fn = strcmp(what, "add") == 0      ? add
                       : strcmp(what, "code") == 0   ? make_code
                       : strcmp(what, "revoke") == 0 ? revoke
                       : strcmp(what, "settle") == 0 ? settle
                                                     : NULL;
    if (fn == NULL)
        return srv_cli_usage("station takes add NAME, list, code NAME, revoke NAME or settle NAME");
    if (cli->argc != 2 || cli->argv[1][0] == '\0')
        return srv_cli_usage("station %s takes one name", what);
    if (cm_utf8_count(cli->argv[1], strlen(cli->argv[1])) > CM_NAME_CHARS)
        return srv_cli_usage("the name is too long: at most %d characters", CM_NAME_CHARS);
    if (cli->class_count > 0 && fn != add)
        return srv_cli_usage("station %s does not take --class", what);
    return change(cli, fn, cli->argv[1]);
}
