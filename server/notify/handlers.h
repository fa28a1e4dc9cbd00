/* For the table of routes. */
#ifndef SRV_NOTIFY_HANDLERS_H
#define SRV_NOTIFY_HANDLERS_H

#include "http/http.h"

srv_handler_fn srv_webhook_verify; /* GET /webhooks/whatsapp */
srv_handler_fn srv_webhook_take;   /* POST /webhooks/whatsapp */
srv_handler_fn srv_notify_test;    /* POST /api/settings/test-message */

#endif
