#include "simulation/server_private.h"

#include "simulation/death.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

static bool open_store(struct sim_server *server, const char *dir, struct cm_err *err)
{
    char url[600];
    snprintf(url, sizeof url, "lmdb:%s/store", dir);
    struct srv_store_options options = {
        .url = url, .clock = server->clock, .zone = server->zone, .map_bytes_max = 256 << 20};
    if (srv_store_open(&options, &server->store, err) != CM_OK)
        return false;
    if (srv_sync_core_init(&server->core, server->store, server->clock, server->zone, err) == CM_OK)
        return true;
    srv_store_close(server->store);
    return false;
}

bool sim_server_open(const char *dir, const struct cm_clock *clock, struct sim_server **ret_server,
                     bool *ret_broken)
{
    struct sim_server *server = calloc(1, sizeof *server);
    struct cm_err err = CM_ERR_INIT;
    sim_process(SIM_SERVER_PROCESS);
    *ret_broken = false;
    server->clock = clock;
    bool opened = cm_zone_open("Asia/Kolkata", &server->zone, &err) == CM_OK && open_store(server, dir, &err);
    if (opened && !sim_is_dead(SIM_SERVER_PROCESS)) {
        *ret_server = server;
        return true;
    }
    *ret_broken = !sim_is_dead(SIM_SERVER_PROCESS);
    if (*ret_broken)
        fprintf(stderr, "the server does not start: %s\n", err.msg);
    if (opened)
        srv_store_close(server->store);
    cm_zone_close(server->zone);
    free(server);
    return false;
}

void sim_server_close(struct sim_server *server)
{
    if (server == NULL)
        return;
    sim_process(SIM_SERVER_PROCESS);
    srv_sync_core_finish(&server->core);
    srv_store_close(server->store);
    cm_zone_close(server->zone);
    free(server);
}

/* ---- answering ---- */

static void take_reply(struct srv_sync_reply *reply, struct sim_reply *ret)
{
    ret->status = reply->status;
    ret->body = cm_buf_take(&reply->body, &ret->size);
}

static struct sim_job *find_job(struct sim_server *server, const char *path)
{
    for (int i = 0; i < server->job_count; i++)
        if (strncmp(path, server->jobs[i].id, strlen(server->jobs[i].id)) == 0)
            return &server->jobs[i];
    return NULL;
}

void sim_server_work(struct sim_server *server, enum srv_work_verb verb, const struct srv_station *station,
                     struct sim_job *job, const struct sim_request *request, struct sim_reply *ret_reply)
{
    struct srv_work *work = malloc(sizeof *work);
    struct cm_err err = CM_ERR_INIT;
    srv_work_init(work, &server->core, verb, station, request->body, request->size);
    if (job != NULL) {
        memcpy(work->job_student_id, job->student_id, sizeof job->student_id);
        work->job_student_created_wall_ms = job->student_created_wall_ms;
    }
    if (srv_work_begin(work)) {
        enum cm_code code = srv_store_write(server->store, srv_work_run, work, &err);
        if (!sim_is_dead(SIM_SERVER_PROCESS))
            srv_work_end(work, code, &err);
    }
    if (job != NULL && work->effects.job.reason[0] != '\0')
        job->ended = true;
    take_reply(&work->reply, ret_reply);
    srv_work_finish(work);
    free(work);
}

static int unhex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* In place; as the HTTP server does before a handler sees it. */
static void decode(char *text)
{
    char *out = text;
    for (; *text != '\0'; text++, out++) {
        *out = *text;
        if (*text == '%' && text[1] != '\0' && text[2] != '\0') {
            *out = (char)(unhex(text[1]) << 4 | unhex(text[2]));
            text += 2;
        }
    }
    *out = '\0';
}

static bool read_query(const char *query, struct cm_pull *pull)
{
    char copy[SIM_PATH_SIZE], *rest;
    snprintf(copy, sizeof copy, "%s", query);
    for (char *pair = strtok_r(copy, "&", &rest); pair != NULL; pair = strtok_r(NULL, "&", &rest)) {
        char *value = strchr(pair, '=');
        if (value == NULL)
            return false;
        *value++ = '\0';
        decode(value);
        if (cm_pull_set(pull, pair, value, NULL) != CM_OK)
            return false;
    }
    return true;
}

static int list_jobs(struct sim_server *server, const struct srv_station *station,
                     struct cm_job jobs[CM_SYNC_JOBS_MAX])
{
    int count = 0;
    struct srv_student student;
    for (int i = 0; i < server->job_count && count < CM_SYNC_JOBS_MAX; i++) {
        struct sim_job *job = &server->jobs[i];
        if (job->taken || srv_store_get_student(server->store, job->student_id, &student, NULL) != CM_OK ||
            !srv_station_serves(station, student.base.class_id))
            continue;
        jobs[count] = (struct cm_job){.name = "somebody"};
        memcpy(jobs[count].id, job->id, sizeof job->id);
        memcpy(jobs[count++].student_id, job->student_id, sizeof job->student_id);
    }
    return count;
}

static enum sim_answered answer_pull(struct sim_server *server, const struct srv_station *station,
                                     const char *query, bool must, struct sim_reply *ret_reply)
{
    struct srv_pull pull = {.core = &server->core, .station_id = station->id};
    struct cm_job jobs[CM_SYNC_JOBS_MAX];
    struct srv_sync_reply reply;
    struct cm_err err = CM_ERR_INIT;
    bool news = false;
    if (!read_query(query, &pull.asked)) {
        ret_reply->status = 400;
        return SIM_ANSWERED;
    }
    pull.jobs = jobs;
    pull.job_count = list_jobs(server, station, jobs);
    srv_sync_reply_init(&reply);
    enum cm_code code = srv_pull_answer(&pull, &reply, &news, &err);
    if (code != CM_OK && !sim_is_dead(SIM_SERVER_PROCESS))
        srv_sync_reply_failure(&reply, code, &err);
    if (code == CM_OK && !news && pull.job_count == 0 && !must && pull.asked.wait_s > 0) {
        srv_sync_reply_finish(&reply);
        return SIM_WAITS;
    }
    take_reply(&reply, ret_reply);
    srv_sync_reply_finish(&reply);
    return SIM_ANSWERED;
}

static void answer_job(struct sim_server *server, const struct srv_station *station,
                       const struct sim_request *request, struct sim_reply *ret_reply)
{
    struct sim_job *job = find_job(server, request->path + strlen("/sync/v1/jobs/"));
    ret_reply->status = 404;
    if (job == NULL)
        return;
    if (!request->post && !job->taken) {
        job->taken = true;
        memcpy(job->station_id, station->id, sizeof job->station_id);
        ret_reply->status = 200;
        ret_reply->body = (uint8_t *)strdup("photo");
        ret_reply->size = 5;
    } else if (request->post && job->taken && strcmp(job->station_id, station->id) == 0) {
        sim_server_work(server, SRV_WORK_ENROL, station, job, request, ret_reply);
    }
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

enum sim_answered sim_server_answer(struct sim_server *server, const struct sim_request *request, bool must,
                                    struct sim_reply *ret_reply)
{
    struct srv_station station;
    enum sim_answered answered = SIM_ANSWERED;
    sim_process(SIM_SERVER_PROCESS);
    *ret_reply = (struct sim_reply){.status = 404};
    enum cm_code code = srv_store_get_station(server->store, request->station_id, &station, NULL);
    if (code != CM_OK || station.revoked)
        ret_reply->status = 401;
    else if (begins(request->path, "/sync/v1/events"))
        sim_server_work(server, SRV_WORK_EVENTS, &station, NULL, request, ret_reply);
    else if (begins(request->path, "/sync/v1/templates"))
        sim_server_work(server, SRV_WORK_TEMPLATES, &station, NULL, request, ret_reply);
    else if (begins(request->path, "/sync/v1/changes?"))
        answered = answer_pull(server, &station, strchr(request->path, '?') + 1, must, ret_reply);
    else if (begins(request->path, "/sync/v1/jobs/"))
        answer_job(server, &station, request, ret_reply);
    if (!sim_is_dead(SIM_SERVER_PROCESS))
        return answered;
    free(ret_reply->body);
    *ret_reply = (struct sim_reply){.status = 0};
    return SIM_DIED;
}
