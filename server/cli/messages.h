/* The sender as settings and secrets have it: wiring of notify/notify.h for `run`. */
#ifndef SRV_MESSAGES_H
#define SRV_MESSAGES_H

#include "cli/cli.h"
#include "notify/notify.h"

/* CM_INVALID: a setting or a secret that is missing or wrong. */
enum cm_code srv_messages_open(const struct srv_cli *cli, struct srv_app *app, struct cm_err *err);

#endif
