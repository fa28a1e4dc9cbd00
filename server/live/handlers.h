/* Handlers of this folder, for the table in routes/routes.c. */
#ifndef SRV_LIVE_HANDLERS_H
#define SRV_LIVE_HANDLERS_H

#include "http/http.h"

srv_handler_fn srv_live_photo;
srv_handler_fn srv_live_enrolment;
srv_handler_fn srv_live_stations;
srv_handler_fn srv_live_station_post;
srv_handler_fn srv_live_station_patch;
srv_handler_fn srv_live_station_code;
srv_handler_fn srv_live_station_revoke;
srv_handler_fn srv_live_station_settle;
srv_handler_fn srv_live_camera;
srv_handler_fn srv_live_video;
srv_handler_fn srv_live_events;

#endif
