/*
 * Cameras that somebody watches: frames come from a station, go to every page that watches it, newest first, and are kept no
 * longer than that. A page whose line is slow misses frames, never sees old ones.
 */
#ifndef SRV_LIVE_CAMERA_H
#define SRV_LIVE_CAMERA_H

#include "live/live.h"
#include "live/seats.h"

enum { SRV_CAMERAS_MAX = 64, SRV_CAMERA_WATCHERS_MAX = 32 }; /* watched at once; pages per camera */

struct srv_cameras;
/* changed(arg, station_id): whether the station should send frames has changed. Any thread. */
typedef void srv_camera_changed_fn(void *arg, const char *station_id);
enum cm_code srv_cameras_create(struct srv_app *app, struct srv_seats *seats, srv_camera_changed_fn *changed,
                                void *arg, struct srv_cameras **ret_cameras, struct cm_err *err);
enum cm_code srv_cameras_start(struct srv_cameras *cameras, struct cm_err *err); /* app->http is set */
void srv_cameras_stop(struct srv_cameras *cameras); /* nothing is posted from now on */
void srv_cameras_destroy(struct srv_cameras *cameras);

bool srv_cameras_wanted(struct srv_cameras *cameras, const char *station_id);
void srv_cameras_frame(struct srv_cameras *cameras, const char *station_id, const uint8_t *jpeg, size_t size);
/* Somebody is about to watch, or stopped: frames are wanted for SRV_LIVE_WATCH_MS, or as long as there are watchers. */
void srv_cameras_ask(struct srv_cameras *cameras, const char *station_id, bool on);
/* Tells of those that nobody wants any more. */
void srv_cameras_sweep(struct srv_cameras *cameras);
/* GET /api/stations/:id/live; answers. Loop thread. */
void srv_cameras_join(struct srv_cameras *cameras, const char *station_id, struct srv_call *call);

#endif
