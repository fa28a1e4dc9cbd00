/* Handlers of this folder, for the table in routes/routes.c. */
#ifndef SRV_WEB_HANDLERS_H
#define SRV_WEB_HANDLERS_H

#include "http/http.h"

srv_handler_fn srv_web_login;
srv_handler_fn srv_web_admin;
srv_handler_fn srv_web_student;
srv_handler_fn srv_web_asset;
srv_handler_fn srv_web_icon;

#endif
