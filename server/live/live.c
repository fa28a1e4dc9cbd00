/*
 * Wiring, and the one thread of live: it pumps the hub, and looks every second for what came without being told (a command
 * beside the server), for photos that took too long, cameras that nobody watches and stations that went away.
 */
#include "live/private.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SWEEP_MS = 1000, THREAD_STACK = 512 * 1024 };

static void camera_changed(void *arg, const char *station_id)
{
    struct srv_live *live = arg;
    srv_pulls_wake(live->pulls, station_id);
    srv_live_changed(live, "stations", NULL, NULL);
}

enum cm_code srv_live_open(struct srv_app *app, struct srv_live **ret_live, struct cm_err *err)
{
    struct srv_live *live = calloc(1, sizeof *live);
    if (live == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    live->app = app;
    pthread_mutex_init(&live->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&live->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    enum cm_code code = srv_seats_create(SRV_LIVE_PER_SESSION, SRV_LIVE_PER_USER, &live->seats, err);
    if (code == CM_OK)
        code = srv_hub_create(app, live->seats, &live->hub, err);
    if (code == CM_OK)
        code = srv_now_create(app->clock, &live->now, err);
    if (code == CM_OK)
        code = srv_pulls_create(&live->pulls, err);
    if (code == CM_OK)
        code = srv_cameras_create(app, live->seats, camera_changed, live, &live->cameras, err);
    if (code == CM_OK)
        code = srv_jobs_create(app->clock, &live->jobs, err);
    if (code == CM_OK)
        code = srv_store_last_change(app->store, &live->last_change, err);
    if (code == CM_OK)
        *ret_live = live;
    else
        srv_live_close(live);
    return code;
}

void srv_live_close(struct srv_live *live)
{
    if (live == NULL)
        return;
    srv_jobs_destroy(live->jobs);
    srv_cameras_destroy(live->cameras);
    srv_pulls_destroy(live->pulls);
    srv_now_destroy(live->now);
    srv_hub_destroy(live->hub);
    srv_seats_destroy(live->seats);
    pthread_cond_destroy(&live->wake);
    pthread_mutex_destroy(&live->mutex);
    free(live);
}

void srv_live_limit_streams(struct srv_live *live, int per_session, int per_user)
{
    srv_seats_limit(live->seats, per_session, per_user);
}

/* ---- the thread ---- */

/* The same second in which a command beside the server committed something, pages and stations get it. */
static void look_at_store(struct srv_live *live, bool told)
{
    uint64_t feed = 0, change = 0;
    if (srv_store_feed_last(live->app->store, &feed, NULL) == CM_OK)
        srv_hub_tell(live->hub, feed);
    if (srv_store_last_change(live->app->store, &change, NULL) != CM_OK || change == live->last_change)
        return;
    live->last_change = change;
    srv_hub_forget(live->hub);
    srv_pulls_wake(live->pulls, NULL);
    if (told)
        return; /* whoever told has told the pages what it was */
    srv_live_changed(live, "students", NULL, NULL);
    srv_live_changed(live, "classes", NULL, NULL);
    srv_live_changed(live, "stations", NULL, NULL);
}

static void tell_job(struct srv_live *live, const struct srv_job *job)
{
    json_t *detail = json_pack("{s:o}", "job", srv_live_job_json(live, job));
    srv_live_changed(live, "enrolment", job->class_id, detail);
    json_decref(detail);
}

static void sweep(struct srv_live *live)
{
    struct srv_job job;
    while (srv_jobs_time_out(live->jobs, &job))
        tell_job(live, &job);
    srv_cameras_sweep(live->cameras);
    if (srv_now_sweep(live->now))
        srv_live_changed(live, "stations", NULL, NULL);
}

static struct timespec in_ms(int ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Under the mutex: until there is work, it is time to sweep, or the end. True: it is time. */
static bool wait_for_work(struct srv_live *live, const struct timespec *sweep_at)
{
    int result = 0;
    while (!live->stopping && !live->has_work && result == 0)
        result = pthread_cond_timedwait(&live->wake, &live->mutex, sweep_at);
    struct timespec now = in_ms(0);
    return !is_before(&now, sweep_at);
}

static void rest(struct srv_live *live)
{
    struct timespec until = in_ms(SRV_HUB_PUMP_MS);
    int result = 0;
    while (!live->stopping && result == 0)
        result = pthread_cond_timedwait(&live->wake, &live->mutex, &until);
}

static void *run_thread(void *arg)
{
    struct srv_live *live = arg;
    struct timespec sweep_at = in_ms(SWEEP_MS);
    pthread_mutex_lock(&live->mutex);
    while (!live->stopping) {
        bool due = wait_for_work(live, &sweep_at), changes = live->has_changes;
        live->has_work = live->has_changes = false;
        pthread_mutex_unlock(&live->mutex);
        if (changes || due)
            look_at_store(live, changes);
        if (due) {
            sweep(live);
            sweep_at = in_ms(SWEEP_MS);
        }
        if (srv_hub_has_work(live->hub))
            srv_hub_pump(live->hub);
        pthread_mutex_lock(&live->mutex);
        rest(live);
    }
    pthread_mutex_unlock(&live->mutex);
    return NULL;
}

static void wake_thread(struct srv_live *live, bool changes)
{
    pthread_mutex_lock(&live->mutex);
    live->has_work = true;
    live->has_changes |= changes;
    pthread_cond_signal(&live->wake);
    pthread_mutex_unlock(&live->mutex);
}

enum cm_code srv_live_start(struct srv_live *live, struct cm_err *err)
{
    if (srv_hub_start(live->hub, err) != CM_OK || srv_cameras_start(live->cameras, err) != CM_OK)
        return err != NULL ? err->code : CM_NOMEM;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    int result = pthread_create(&live->thread, &attributes, run_thread, live);
    pthread_attr_destroy(&attributes);
    if (result != 0)
        return cm_fail(err, CM_BACKEND, "a thread could not be started: %s", strerror(result));
    live->running = true;
    return CM_OK;
}

void srv_live_stop(struct srv_live *live)
{
    srv_pulls_stop(live->pulls);
    srv_cameras_stop(live->cameras);
    if (!live->running)
        return;
    pthread_mutex_lock(&live->mutex);
    live->stopping = true;
    pthread_cond_signal(&live->wake);
    pthread_mutex_unlock(&live->mutex);
    pthread_join(live->thread, NULL);
    live->running = false;
}

/* ---- what others tell ---- */

void srv_live_feed(struct srv_live *live, uint64_t last)
{
    srv_hub_tell(live->hub, last);
    wake_thread(live, false);
}

void srv_live_changed(struct srv_live *live, const char *what, const char *class_id, json_t *detail)
{
    srv_hub_note(live->hub, what, class_id, detail);
    wake_thread(live, false);
}

void srv_live_changes(struct srv_live *live)
{
    wake_thread(live, true);
}

/* ---- stations ---- */

void srv_live_station_seen(struct srv_live *live, const char *station_id, const struct srv_station_now *now)
{
    if (srv_now_seen(live->now, station_id, now))
        srv_live_changed(live, "stations", NULL, NULL);
}

bool srv_live_station_now(struct srv_live *live, const char *station_id, struct srv_station_now *ret_now)
{
    struct srv_station_now now = {0};
    bool known = srv_now_get(live->now, station_id, &now);
    now.watched = srv_cameras_wanted(live->cameras, station_id);
    *ret_now = now;
    return known;
}

uint64_t srv_live_wait(struct srv_live *live, const char *station_id, struct srv_loop *loop,
                       srv_live_wake_fn *wake, void *arg)
{
    return srv_pulls_add(live->pulls, station_id, loop, wake, arg);
}

void srv_live_unwait(struct srv_live *live, uint64_t ticket)
{
    srv_pulls_remove(live->pulls, ticket);
}

bool srv_live_wants_frames(struct srv_live *live, const char *station_id)
{
    return srv_cameras_wanted(live->cameras, station_id);
}

void srv_live_frame(struct srv_live *live, const char *station_id, const uint8_t *jpeg, size_t size)
{
    srv_cameras_frame(live->cameras, station_id, jpeg, size);
}

/* ---- enrolment by photo ---- */

enum cm_code srv_live_job_create(struct srv_live *live, const struct srv_student *student, const char *by,
                                 uint8_t *photo, size_t size, struct srv_job *ret_job, struct cm_err *err)
{
    if (srv_jobs_add(live->jobs, student, by, photo, size, ret_job, err) != CM_OK)
        return err != NULL ? err->code : CM_NOMEM;
    srv_pulls_wake(live->pulls, NULL);
    return CM_OK;
}

bool srv_live_job_get(struct srv_live *live, const char *id, struct srv_job *ret_job)
{
    return srv_jobs_get(live->jobs, id, ret_job);
}

int srv_live_jobs_for(struct srv_live *live, const struct srv_station *station, struct srv_job *ret_jobs,
                      int capacity)
{
    return srv_jobs_for(live->jobs, station, ret_jobs, capacity);
}

enum cm_code srv_live_job_take(struct srv_live *live, const char *id, const char *station_id,
                               uint8_t **ret_photo, size_t *ret_size, struct cm_err *err)
{
    struct srv_job job;
    enum cm_code code = srv_jobs_take(live->jobs, id, station_id, ret_photo, ret_size, &job, err);
    if (code == CM_OK)
        tell_job(live, &job);
    return code;
}

enum cm_code srv_live_job_end(struct srv_live *live, const char *id, const char *station_id,
                              const struct srv_job *result, struct cm_err *err)
{
    struct srv_job job;
    enum cm_code code = srv_jobs_end(live->jobs, id, station_id, result, &job, err);
    if (code == CM_OK)
        tell_job(live, &job);
    return code;
}
