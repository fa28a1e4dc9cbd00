/* Handlers of this folder, for the table in routes/routes.c. */
#ifndef SRV_AUTH_HANDLERS_H
#define SRV_AUTH_HANDLERS_H

#include "http/http.h"

srv_handler_fn srv_auth_login;
srv_handler_fn srv_auth_logout;
srv_handler_fn srv_auth_change_password;
srv_handler_fn srv_auth_reset_request;
srv_handler_fn srv_auth_reset_confirm;
srv_handler_fn srv_auth_me;
srv_handler_fn srv_auth_users;
srv_handler_fn srv_auth_user_post;
srv_handler_fn srv_auth_user_patch;
srv_handler_fn srv_auth_user_delete;
srv_handler_fn srv_auth_user_reset;

#endif
