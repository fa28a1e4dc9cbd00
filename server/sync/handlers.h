/* Handlers of this folder, for the table in routes/routes.c. */
#ifndef SRV_SYNC_HANDLERS_H
#define SRV_SYNC_HANDLERS_H

#include "http/http.h"

srv_handler_fn srv_sync_pair;
srv_handler_fn srv_sync_events;
srv_handler_fn srv_sync_hash;
srv_handler_fn srv_sync_changes;
srv_handler_fn srv_sync_templates;
srv_handler_fn srv_sync_preview;
srv_handler_fn srv_sync_job_photo;
srv_handler_fn srv_sync_job_result;

#endif
