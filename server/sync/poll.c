/*
 * GET /sync/v1/changes: answered at once when there is something, else it waits until there is, or until its time is over.
 * A poll is woken by live (a change, a wish for frames, a photo) and looks for itself whether it was meant.
 */
#include "sync/handlers.h"
#include "sync/private.h"
#include "sync/pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct srv_poll {
    struct srv_poll *next, *previous;
    struct srv_sync *sync;
    struct srv_call *call;
    char station_id[40];
    struct srv_pull pull;
    int64_t until_mono_ms;
    uint64_t ticket;           /* 0: not registered */
    int64_t rolls_due_mono_ms; /* there are rolls, which wait until then; 0: none */
};

static int64_t now_mono_ms(const struct srv_sync *sync)
{
    return cm_mono_us(sync->app->clock) / 1000;
}

/* ---- jobs and frames: the same thing must not end one poll after the other ---- */

static bool same_told(const struct srv_told *told, bool frames, const struct cm_job *jobs, int count)
{
    if (told->frames != frames || told->job_count != count)
        return false;
    for (int i = 0; i < count; i++)
        if (strcmp(told->jobs[i], jobs[i].id) != 0)
            return false;
    return true;
}

static struct srv_told *find_told(struct srv_sync *sync, const char *station_id)
{
    for (int i = 0; i < SRV_SYNC_TOLD_MAX; i++)
        if (strcmp(sync->told[i].station_id, station_id) == 0)
            return &sync->told[i];
    return NULL;
}

static bool told_lately(struct srv_sync *sync, const char *station_id, bool frames, const struct cm_job *jobs,
                        int count)
{
    pthread_mutex_lock(&sync->lock);
    const struct srv_told *told = find_told(sync, station_id);
    bool lately = told != NULL && same_told(told, frames, jobs, count) &&
                  now_mono_ms(sync) - told->at_mono_ms < SRV_SYNC_TELL_AGAIN_MS;
    pthread_mutex_unlock(&sync->lock);
    return lately;
}

/* When rolls may be sent to the station again: in the morning they change with every student who comes. */
static int64_t rolls_due(struct srv_sync *sync, const char *station_id)
{
    pthread_mutex_lock(&sync->lock);
    const struct srv_told *told = find_told(sync, station_id);
    int64_t due = told != NULL && told->rolls_mono_ms != 0 ? told->rolls_mono_ms + SRV_SYNC_ROLL_EVERY_MS : 0;
    pthread_mutex_unlock(&sync->lock);
    return due;
}

static void note_told(struct srv_sync *sync, const char *station_id, bool frames, const struct cm_job *jobs,
                      int count, bool rolls)
{
    pthread_mutex_lock(&sync->lock);
    struct srv_told *told = find_told(sync, station_id);
    if (told == NULL) {
        told = &sync->told[sync->told_next];
        told->rolls_mono_ms = 0;
        sync->told_next = (sync->told_next + 1) % SRV_SYNC_TOLD_MAX;
    }
    int64_t rolls_ms = rolls ? now_mono_ms(sync) : told->rolls_mono_ms;
    *told = (struct srv_told){
        .frames = frames, .job_count = count, .at_mono_ms = now_mono_ms(sync), .rolls_mono_ms = rolls_ms};
    snprintf(told->station_id, sizeof told->station_id, "%s", station_id);
    for (int i = 0; i < count; i++)
        memcpy(told->jobs[i], jobs[i].id, sizeof told->jobs[i]);
    pthread_mutex_unlock(&sync->lock);
}

static int list_jobs(struct srv_app *app, const struct srv_station *station,
                     struct cm_job ret_jobs[CM_SYNC_JOBS_MAX])
{
    struct srv_job jobs[CM_SYNC_JOBS_MAX];
    struct srv_student student;
    int count = srv_live_jobs_for(app->live, station, jobs, CM_SYNC_JOBS_MAX), kept = 0;
    for (int i = 0; i < count; i++) {
        if (srv_store_get_student(app->store, jobs[i].student_id, &student, NULL) != CM_OK)
            continue;
        struct cm_job *job = &ret_jobs[kept++];
        memcpy(job->id, jobs[i].id, sizeof job->id);
        memcpy(job->student_id, jobs[i].student_id, sizeof job->student_id);
        memcpy(job->name, student.base.name, sizeof job->name);
    }
    return kept;
}

/* ---- the list of a loop ---- */

static struct srv_poll **list_of(struct srv_poll *poll)
{
    return &poll->sync->loops[srv_loop_index(srv_call_loop(poll->call))].polls;
}

static void link_poll(struct srv_poll *poll)
{
    struct srv_poll **list = list_of(poll);
    poll->next = *list;
    if (*list != NULL)
        (*list)->previous = poll;
    *list = poll;
}

static void finish_poll(struct srv_poll *poll)
{
    if (poll->ticket != 0)
        srv_live_unwait(poll->sync->app->live, poll->ticket);
    if (poll->previous != NULL)
        poll->previous->next = poll->next;
    else
        *list_of(poll) = poll->next;
    if (poll->next != NULL)
        poll->next->previous = poll->previous;
    srv_call_unref(poll->call);
    free(poll);
}

/* ---- looking and waiting ---- */

static void woken(void *arg);

static void wait_for_change(struct srv_poll *poll)
{
    if (poll->ticket == 0) /* 0 from it, too many wait: then the poll ends by its time */
        poll->ticket =
            srv_live_wait(poll->sync->app->live, poll->station_id, srv_call_loop(poll->call), woken, poll);
}

/* Answers, and finishes the poll, when there is something to say or it must. Registered before it looks: what changes
 * between the two wakes it. */
static void look(struct srv_poll *poll, bool must)
{
    struct srv_sync *sync = poll->sync;
    struct srv_station station;
    struct srv_sync_reply reply;
    struct cm_job jobs[CM_SYNC_JOBS_MAX];
    struct cm_err err = CM_ERR_INIT;
    bool news = false;
    if (srv_call_gone(poll->call)) {
        finish_poll(poll);
        return;
    }
    if (!must)
        wait_for_change(poll);
    if (!srv_sync_caller(poll->call, &station)) {
        finish_poll(poll);
        return;
    }
    poll->pull.frames = srv_live_wants_frames(sync->app->live, poll->station_id);
    poll->pull.jobs = jobs;
    poll->pull.job_count = list_jobs(sync->app, &station, jobs);
    srv_sync_reply_init(&reply);
    enum cm_code code = srv_pull_answer(&poll->pull, &reply, &news, &err);
    if (code == CM_INVALID)
        srv_sync_reply_error(&reply, 400, "bad_cursor", err.msg);
    else if (code != CM_OK)
        srv_sync_reply_failure(&reply, code, &err);
    poll->rolls_due_mono_ms = 0;
    if (news && !must && code == CM_OK && poll->pull.rolls_alone) {
        int64_t due = rolls_due(sync, poll->station_id);
        news = due <= now_mono_ms(sync);
        poll->rolls_due_mono_ms = news ? 0 : due;
    }
    bool wish = poll->pull.frames != poll->pull.asked.frames || poll->pull.job_count > 0;
    if (wish && !told_lately(sync, poll->station_id, poll->pull.frames, jobs, poll->pull.job_count))
        news = true;
    if (news || must || code != CM_OK) {
        note_told(sync, poll->station_id, poll->pull.frames, jobs, poll->pull.job_count,
                  code == CM_OK && poll->pull.rolls);
        srv_sync_send(poll->call, &reply);
        finish_poll(poll);
    }
    srv_sync_reply_finish(&reply);
}

static void woken(void *arg)
{
    struct srv_poll *poll = arg;
    poll->ticket = 0;
    if (poll->rolls_due_mono_ms != 0 && poll->rolls_due_mono_ms > now_mono_ms(poll->sync))
        wait_for_change(poll); /* everything together then */
    else
        look(poll, false);
}

static void tick(void *arg)
{
    struct srv_poll **list = arg;
    for (struct srv_poll *poll = *list, *next; poll != NULL; poll = next) {
        next = poll->next;
        if (srv_call_gone(poll->call))
            finish_poll(poll);
        else if (now_mono_ms(poll->sync) >= poll->until_mono_ms)
            look(poll, true);
        else if (poll->rolls_due_mono_ms != 0 && now_mono_ms(poll->sync) >= poll->rolls_due_mono_ms)
            look(poll, false);
    }
}

void srv_polls_drop(struct srv_sync *sync)
{
    for (int i = 0; i < SRV_SYNC_LOOPS_MAX; i++)
        while (sync->loops[i].polls != NULL)
            finish_poll(sync->loops[i].polls);
}

/* ---- the handler ---- */

static bool read_query(struct srv_call *call, struct cm_pull *pull)
{
    struct cm_err err = CM_ERR_INIT;
    if (srv_call_query(call, "last") == NULL) { /* 0 would mean that nothing waits there */
        srv_answer_error(call, 400, "bad_query", "last is missing: the newest number of the station's log");
        return false;
    }
    for (int i = 0; i < CM_PULL_NAMES; i++) {
        const char *value = srv_call_query(call, cm_pull_names[i]);
        if (value != NULL && cm_pull_set(pull, cm_pull_names[i], value, &err) != CM_OK) {
            srv_answer_error(call, 400, "bad_query", "%s", err.msg);
            return false;
        }
    }
    return true;
}

static void start_ticking(struct srv_sync *sync, struct srv_loop *loop)
{
    int index = srv_loop_index(loop);
    if (!sync->loops[index].ticking)
        sync->loops[index].ticking =
            srv_loop_every(loop, SRV_SYNC_TICK_MS, tick, &sync->loops[index].polls) == CM_OK;
}

void srv_sync_changes(struct srv_call *call)
{
    struct srv_sync *sync = srv_app_of(call)->sync;
    struct srv_station station;
    struct cm_pull asked = {.cursor = ""};
    if (!read_query(call, &asked) || !srv_sync_caller(call, &station))
        return;
    struct srv_station_now now = {.last_seq = asked.last_seq, .acked_seq = station.acked_seq};
    memcpy(now.version, asked.version, sizeof now.version);
    memcpy(now.camera, asked.camera, sizeof now.camera);
    srv_sync_seen(call, &station, asked.wall_ms, &now);
    struct srv_poll *poll = calloc(1, sizeof *poll);
    if (poll == NULL) {
        srv_answer_error(call, 503, "busy", "the server is busy: try again");
        return;
    }
    start_ticking(sync, srv_call_loop(call));
    poll->sync = sync;
    poll->call = call;
    memcpy(poll->station_id, station.id, sizeof poll->station_id);
    poll->pull = (struct srv_pull){.core = &sync->core, .station_id = poll->station_id, .asked = asked};
    poll->until_mono_ms = now_mono_ms(sync) + asked.wait_s * 1000;
    srv_call_ref(call);
    link_poll(poll);
    look(poll, asked.wait_s == 0 || !sync->loops[srv_loop_index(srv_call_loop(call))].ticking);
}
