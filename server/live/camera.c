#include "live/camera.h"

#include "base/log.h"
#include "http/out.h" /* srv_chunk_ref */
#include "http_json/json.h"
#include "live/viewer.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_MS = 1000, LOOPS_MAX = 64 };

struct camera { /* station_id "": free */
    char station_id[40];
    int watchers;
    bool stopped;            /* by the only one who watches: with his stream it ends, without a grace */
    int64_t wanted_until_us; /* also without watchers */
    bool told;               /* the station was told that frames are wanted */
    struct srv_chunk *latest;
    uint64_t number; /* of latest */
};

struct watcher { /* loop thread */
    struct watcher *next, *previous;
    struct camera_loop *loop;
    struct camera *camera; /* stays as long as it has watchers */
    struct srv_stream *stream;
    struct srv_viewer viewer;
    uint64_t number; /* of the newest frame that was sent */
    bool gone;
};

struct camera_loop {
    struct srv_cameras *cameras;
    struct srv_loop *loop;
    struct watcher *watchers, *graveyard; /* loop thread */
    int walking;
    int count;   /* guarded by the mutex */
    bool posted; /* guarded by the mutex */
};

struct srv_cameras {
    struct srv_app *app;
    struct srv_seats *seats;
    srv_camera_changed_fn *changed;
    void *arg;
    char boundary[33];
    pthread_mutex_t mutex;
    bool stopped;
    struct camera cameras[SRV_CAMERAS_MAX];
    int loop_count;
    struct camera_loop loops[LOOPS_MAX];
};

enum cm_code srv_cameras_create(struct srv_app *app, struct srv_seats *seats, srv_camera_changed_fn *changed,
                                void *arg, struct srv_cameras **ret_cameras, struct cm_err *err)
{
    struct srv_cameras *cameras = calloc(1, sizeof *cameras);
    uint8_t random[16];
    if (cameras == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    cameras->app = app;
    cameras->seats = seats;
    cameras->changed = changed;
    cameras->arg = arg;
    randombytes_buf(random, sizeof random); /* so that no picture can hold it */
    sodium_bin2hex(cameras->boundary, sizeof cameras->boundary, random, sizeof random);
    pthread_mutex_init(&cameras->mutex, NULL);
    *ret_cameras = cameras;
    return CM_OK;
}

void srv_cameras_destroy(struct srv_cameras *cameras)
{
    if (cameras == NULL)
        return;
    for (int i = 0; i < SRV_CAMERAS_MAX; i++)
        srv_chunk_unref(cameras->cameras[i].latest);
    pthread_mutex_destroy(&cameras->mutex);
    free(cameras);
}

void srv_cameras_stop(struct srv_cameras *cameras)
{
    pthread_mutex_lock(&cameras->mutex);
    cameras->stopped = true;
    pthread_mutex_unlock(&cameras->mutex);
}

/* ---- who wants frames; under the mutex ---- */

static struct camera *find(struct srv_cameras *cameras, const char *station_id)
{
    for (int i = 0; i < SRV_CAMERAS_MAX; i++)
        if (strcmp(cameras->cameras[i].station_id, station_id) == 0)
            return &cameras->cameras[i];
    return NULL;
}

static struct camera *find_or_add(struct srv_cameras *cameras, const char *station_id)
{
    struct camera *camera = find(cameras, station_id);
    if (camera != NULL || strlen(station_id) >= sizeof camera->station_id)
        return camera;
    camera = find(cameras, "");
    if (camera != NULL)
        strcpy(camera->station_id, station_id);
    return camera;
}

static bool is_wanted(const struct srv_cameras *cameras, const struct camera *camera)
{
    return camera->watchers > 0 || cm_mono_us(cameras->app->clock) < camera->wanted_until_us;
}

static void want_for_a_while(struct srv_cameras *cameras, struct camera *camera)
{
    camera->wanted_until_us = cm_mono_us(cameras->app->clock) + (int64_t)SRV_LIVE_WATCH_MS * 1000;
}

/* Notes what the station is to be told; true: it is something new. */
static bool update(struct srv_cameras *cameras, struct camera *camera)
{
    bool wanted = is_wanted(cameras, camera), news = wanted != camera->told;
    camera->told = wanted;
    if (!wanted) {
        srv_chunk_unref(camera->latest);
        memset(camera, 0, sizeof *camera);
    }
    return news;
}

/* ---- asking ---- */

bool srv_cameras_wanted(struct srv_cameras *cameras, const char *station_id)
{
    pthread_mutex_lock(&cameras->mutex);
    const struct camera *camera = find(cameras, station_id);
    bool wanted = camera != NULL && is_wanted(cameras, camera);
    pthread_mutex_unlock(&cameras->mutex);
    return wanted;
}

void srv_cameras_ask(struct srv_cameras *cameras, const char *station_id, bool on)
{
    bool news = false;
    pthread_mutex_lock(&cameras->mutex);
    struct camera *camera = on ? find_or_add(cameras, station_id) : find(cameras, station_id);
    if (camera != NULL) {
        camera->wanted_until_us = 0;
        camera->stopped = !on && camera->watchers == 1;
        if (on)
            want_for_a_while(cameras, camera);
        news = update(cameras, camera);
    }
    pthread_mutex_unlock(&cameras->mutex);
    if (news)
        cameras->changed(cameras->arg, station_id);
}

void srv_cameras_sweep(struct srv_cameras *cameras)
{
    char ended[SRV_CAMERAS_MAX][40];
    int count = 0;
    pthread_mutex_lock(&cameras->mutex);
    for (int i = 0; i < SRV_CAMERAS_MAX; i++) {
        struct camera *camera = &cameras->cameras[i];
        if (camera->station_id[0] == '\0')
            continue;
        memcpy(ended[count], camera->station_id, sizeof ended[count]);
        if (update(cameras, camera))
            count++;
    }
    pthread_mutex_unlock(&cameras->mutex);
    for (int i = 0; i < count; i++)
        cameras->changed(cameras->arg, ended[i]);
}

/* ---- frames ---- */

/* The end of a part comes with its part, so that a browser shows it without waiting for the next. */
static struct srv_chunk *part_of(const struct srv_cameras *cameras, const uint8_t *jpeg, size_t size)
{
    char head[120], tail[48];
    size_t head_size =
        (size_t)snprintf(head, sizeof head, "Content-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", size);
    size_t tail_size = (size_t)snprintf(tail, sizeof tail, "\r\n--%s\r\n", cameras->boundary);
    uint8_t *bytes = malloc(head_size + size + tail_size);
    if (bytes == NULL)
        return NULL;
    memcpy(bytes, head, head_size);
    memcpy(bytes + head_size, jpeg, size);
    memcpy(bytes + head_size + size, tail, tail_size);
    struct srv_chunk *chunk = srv_chunk_create(bytes, head_size + size + tail_size);
    free(bytes);
    return chunk;
}

static void send_newest(struct watcher *watcher)
{
    struct srv_cameras *cameras = watcher->loop->cameras;
    if (watcher->gone || srv_stream_waiting(watcher->stream) > 0)
        return; /* what comes when it has drained is newer */
    struct srv_chunk *chunk = NULL;
    pthread_mutex_lock(&cameras->mutex);
    if (watcher->camera->latest != NULL && watcher->camera->number != watcher->number) {
        chunk = srv_chunk_ref(watcher->camera->latest);
        watcher->number = watcher->camera->number;
    }
    pthread_mutex_unlock(&cameras->mutex);
    if (chunk != NULL)
        srv_stream_send_chunk(watcher->stream, chunk);
    srv_chunk_unref(chunk);
}

static void end_walk(struct camera_loop *loop)
{
    if (--loop->walking > 0)
        return;
    while (loop->graveyard != NULL) {
        struct watcher *watcher = loop->graveyard;
        loop->graveyard = watcher->next;
        srv_viewer_finish(&watcher->viewer);
        free(watcher);
    }
}

static void deliver(void *arg)
{
    struct camera_loop *loop = arg;
    pthread_mutex_lock(&loop->cameras->mutex);
    loop->posted = false;
    pthread_mutex_unlock(&loop->cameras->mutex);
    loop->walking++;
    for (struct watcher *watcher = loop->watchers, *next; watcher != NULL; watcher = next) {
        next = watcher->next;
        send_newest(watcher);
    }
    end_walk(loop);
}

void srv_cameras_frame(struct srv_cameras *cameras, const char *station_id, const uint8_t *jpeg, size_t size)
{
    if (size < 4 || size > SRV_LIVE_FRAME_MAX || memcmp(jpeg, "\xff\xd8\xff", 3) != 0)
        return;
    struct srv_chunk *chunk = part_of(cameras, jpeg, size);
    if (chunk == NULL)
        return;
    pthread_mutex_lock(&cameras->mutex);
    struct camera *camera = find(cameras, station_id);
    if (camera != NULL && camera->watchers > 0 && !cameras->stopped) {
        srv_chunk_unref(camera->latest);
        camera->latest = chunk;
        camera->number++;
        chunk = NULL;
        for (int i = 0; i < cameras->loop_count; i++) {
            struct camera_loop *loop = &cameras->loops[i];
            if (loop->count > 0 && !loop->posted)
                loop->posted = srv_loop_post(loop->loop, deliver, loop) == CM_OK;
        }
    }
    pthread_mutex_unlock(&cameras->mutex);
    srv_chunk_unref(chunk);
}

/* ---- watchers ---- */

static void on_drained(void *arg)
{
    struct watcher *watcher = arg;
    struct camera_loop *loop = watcher->loop;
    loop->walking++;
    send_newest(watcher);
    end_walk(loop);
}

static void on_closed(void *arg)
{
    struct watcher *watcher = arg;
    struct camera_loop *loop = watcher->loop;
    struct srv_cameras *cameras = loop->cameras;
    char station_id[sizeof watcher->camera->station_id];
    bool news = false;
    pthread_mutex_lock(&cameras->mutex);
    loop->count--;
    memcpy(station_id, watcher->camera->station_id, sizeof station_id);
    if (--watcher->camera->watchers == 0) {
        if (!watcher->camera->stopped)
            want_for_a_while(cameras, watcher->camera);
        srv_chunk_unref(watcher->camera->latest);
        watcher->camera->latest = NULL;
        news = update(cameras, watcher->camera);
    }
    pthread_mutex_unlock(&cameras->mutex);
    if (news)
        cameras->changed(cameras->arg, station_id);
    loop->walking++;
    watcher->gone = true;
    *(watcher->previous != NULL ? &watcher->previous->next : &loop->watchers) = watcher->next;
    if (watcher->next != NULL)
        watcher->next->previous = watcher->previous;
    watcher->next = loop->graveyard;
    loop->graveyard = watcher;
    end_walk(loop);
}

static const struct srv_stream_events stream_events = {
    .drained = on_drained, .closed = on_closed, .endless = true};

/* He is still who he was, and the station one that he may see: its classes may have changed, or it was revoked. */
static bool may_watch(const struct watcher *watcher, const struct srv_app *app)
{
    struct srv_station station;
    return srv_viewer_still(&watcher->viewer, app->store, cm_wall_ms(app->clock)) &&
           srv_store_get_station(app->store, watcher->camera->station_id, &station, NULL) == CM_OK &&
           !station.revoked && srv_viewer_has_station(&watcher->viewer, &station);
}

static void check(void *arg)
{
    struct camera_loop *loop = arg;
    loop->walking++;
    for (struct watcher *watcher = loop->watchers, *next; watcher != NULL; watcher = next) {
        next = watcher->next;
        if (!may_watch(watcher, loop->cameras->app))
            srv_stream_end(watcher->stream);
    }
    end_walk(loop);
}

enum cm_code srv_cameras_start(struct srv_cameras *cameras, struct cm_err *err)
{
    int count = srv_http_loops(cameras->app->http);
    if (count > LOOPS_MAX)
        return cm_fail(err, CM_INVALID, "more than %d loops", LOOPS_MAX);
    for (int i = 0; i < count; i++) {
        cameras->loops[i].cameras = cameras;
        cameras->loops[i].loop = srv_http_loop(cameras->app->http, i);
        if (srv_loop_every(cameras->loops[i].loop, CHECK_MS, check, &cameras->loops[i]) != CM_OK)
            return cm_fail(err, CM_NOMEM, "out of memory for a timer");
    }
    cameras->loop_count = count;
    return CM_OK;
}

/* A place at the camera; NULL: too many watch. */
static struct camera *take_place(struct srv_cameras *cameras, const char *station_id,
                                 struct camera_loop *loop, bool *ret_news)
{
    pthread_mutex_lock(&cameras->mutex);
    struct camera *camera = find_or_add(cameras, station_id);
    if (camera != NULL && camera->watchers == SRV_CAMERA_WATCHERS_MAX)
        camera = NULL;
    if (camera != NULL) {
        camera->watchers++;
        camera->stopped = false;
        loop->count++;
        *ret_news = update(cameras, camera);
    }
    pthread_mutex_unlock(&cameras->mutex);
    return camera;
}

static void give_back(struct srv_cameras *cameras, struct camera *camera, struct camera_loop *loop)
{
    pthread_mutex_lock(&cameras->mutex);
    camera->watchers--;
    loop->count--;
    pthread_mutex_unlock(&cameras->mutex);
}

static void begin(struct watcher *watcher, struct srv_call *call)
{
    struct camera_loop *loop = watcher->loop;
    char type[80], first[40];
    snprintf(type, sizeof type, "multipart/x-mixed-replace; boundary=%s", loop->cameras->boundary);
    srv_answer_header(call, "cache-control", "no-store");
    srv_answer_header(call, "x-accel-buffering", "no");
    watcher->stream = srv_stream_begin(call, 200, type, &stream_events, watcher);
    if (watcher->stream == NULL) {
        give_back(loop->cameras, watcher->camera, loop);
        srv_viewer_finish(&watcher->viewer);
        free(watcher);
        return;
    }
    watcher->next = loop->watchers;
    if (watcher->next != NULL)
        watcher->next->previous = watcher;
    loop->watchers = watcher;
    loop->walking++;
    srv_stream_send(watcher->stream, first,
                    (size_t)snprintf(first, sizeof first, "--%s\r\n", loop->cameras->boundary));
    send_newest(watcher);
    end_walk(loop);
}

void srv_cameras_join(struct srv_cameras *cameras, const char *station_id, struct srv_call *call)
{
    struct camera_loop *loop = &cameras->loops[srv_loop_index(srv_call_loop(call))];
    bool news = false;
    struct watcher *watcher = calloc(1, sizeof *watcher);
    if (watcher == NULL) {
        srv_answer_error(call, 500, "internal", "out of memory");
        return;
    }
    if (!srv_viewer_seat(&watcher->viewer, cameras->seats, call)) {
        free(watcher);
        return;
    }
    watcher->loop = loop;
    watcher->camera = take_place(cameras, station_id, loop, &news);
    if (watcher->camera == NULL) {
        srv_viewer_finish(&watcher->viewer);
        free(watcher);
        srv_answer_header(call, "retry-after", "60");
        srv_answer_error(call, 503, "busy", "too many watch already");
        return;
    }
    begin(watcher, call);
    if (news)
        cameras->changed(cameras->arg, station_id);
}
