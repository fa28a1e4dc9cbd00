/*
 * What the server must know and nobody else: the names are those of the environment, which wins over the file of [alerts]
 * credentials. The file has NAME=value lines (as systemd's EnvironmentFile) and is readable by its owner alone, else it is
 * refused.
 */
#ifndef SRV_SECRETS_H
#define SRV_SECRETS_H

#include "base/err.h"

struct srv_secrets {           /* empty: not given */
    char whatsapp_token[1024]; /* WHATSAPP_TOKEN */
    char app_secret[128];      /* WHATSAPP_APP_SECRET */
    char verify_token[128];    /* WHATSAPP_VERIFY_TOKEN */
    char phone_id[64];         /* WHATSAPP_PHONE_ID */
    char smtp_password[256];   /* SMTP_PASSWORD */
};
/* path NULL or "": no file. CM_INVALID: a line that is none, a name that is not known, a value that is too long, or a file
 * that others may read; messages name the file and the line, never a value. */
enum cm_code srv_secrets_load(const char *path, struct srv_secrets *ret_secrets, struct cm_err *err);
void srv_secrets_wipe(struct srv_secrets *secrets);

#endif
