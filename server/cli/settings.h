/*
 * The server's settings: what can be configured, its meaning and its default, in one table (settings.c). They come from
 * the INI file, the environment (ROLLCALL_<SECTION>_<KEY>) and the command line, in this order (config/config.h).
 */
#ifndef SRV_SETTINGS_H
#define SRV_SETTINGS_H

#include "base/err.h"
#include "base/localdate.h"
#include "provider/letter.h"
#include "record/record.h"
#include "store/store.h"
#include <stdio.h>

enum { SRV_STORE_URL_SIZE = 600 };

struct srv_template_settings { /* of WhatsApp, for one kind of letter (provider/letter.h) */
    char name[128], language[16], words[128];
};

struct srv_settings {
    char data_dir[512];
    char address[64];
    int32_t port;
    int32_t threads;
    bool plain_anywhere;
    char certificate[512], key[512];
    char trusted_proxy[64];
    int32_t streams_per_session, streams_per_user;
    char store_url[SRV_STORE_URL_SIZE];
    char school_name[CM_NAME_SIZE];
    char timezone[CM_ZONE_NAME_SIZE];
    char coordinator_phone[32];
    int32_t log_level;
    char log_file[512];
    /* messages; what is secret comes otherwise (secrets.h) */
    int32_t provider; /* enum srv_notify_channel */
    char credentials[512];
    int32_t rate_per_s, people_per_day, retry_s, max_tries, max_age_h;
    char whatsapp_url[256], whatsapp_version[16], whatsapp_phone_id[64];
    struct srv_template_settings templates[SRV_LETTER_KINDS];
    char smtp_url[256], smtp_user[128], smtp_from[SRV_EMAIL_SIZE];
};

/* Defaults, then the file, then the environment. path NULL: DATA/server.conf or /etc/rollcall/server.conf, whichever is
 * there first, or none. data_dir NULL: as configured, else the user's data folder. */
enum cm_code srv_settings_load(const char *path, const char *data_dir, struct srv_settings *ret_settings,
                               struct cm_err *err);
/* "127.0.0.1:8080", "[::1]:8080", ":8080" or "0.0.0.0" over what was configured. */
enum cm_code srv_settings_listen(struct srv_settings *settings, const char *text, struct cm_err *err);
/* Where coordinators are told whose class has none with an address: as configured, else COORDINATOR_PHONE of the
 * environment; "" none. */
const char *srv_settings_coordinator_phone(const struct srv_settings *settings);
/* Every option with its meaning and default, as a commented file. */
void srv_settings_describe(FILE *out);

#endif
