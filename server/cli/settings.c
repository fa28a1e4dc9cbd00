#include "cli/settings.h"

#include "config/config.h"
#include "roster/fields.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static const char *const provider_names[] = {"none", "dry-run", "whatsapp", "smtp",
                                             NULL}; /* of enum srv_notify_channel */
static const char *const level_names[] = {"error", "warn", "info", "debug", NULL}; /* of enum cm_log_level */

#define SETTING(kind, member, ...) CM_OPTION_##kind(struct srv_settings, member, __VA_ARGS__)
#define TEMPLATE(kind_, key_, name_, language_, words_, what_)                                               \
    SETTING(STRING, templates[kind_].name, "whatsapp", key_ "_template", name_,                              \
            "Name of the approved template " what_),                                                         \
        SETTING(STRING, templates[kind_].language, "whatsapp", key_ "_language", language_, "Its language"), \
        SETTING(STRING, templates[kind_].words, "whatsapp", key_ "_words", words_,                           \
                "What its {{1}}, {{2}} … are")
static const struct cm_option options[] = {
    SETTING(PATH, data_dir, "server", "data", "",
            "Folder of the store; empty: ~/.local/share/rollcall-server"),
    SETTING(STRING, address, "server", "address", "127.0.0.1",
            "Address to listen on: 127.0.0.1 this machine only, 0.0.0.0 or :: every network"),
    SETTING(INT, port, "server", "port", "8080", 0, 65535, "Port to listen on; 0: any free one"),
    SETTING(INT, threads, "server", "threads", "1", 1, 64, "Loops that serve; one is enough for a school"),
    SETTING(BOOL, plain_anywhere, "server", "plain_anywhere", "no",
            "Serve without TLS on addresses other than loopback: passwords and names can be read on the way"),
    SETTING(PATH, certificate, "server", "certificate", "",
            "PEM file of the certificate and its chain; empty: no TLS. SIGHUP reads it anew"),
    SETTING(PATH, key, "server", "key", "", "PEM file of the certificate's private key"),
    SETTING(
        STRING, trusted_proxy, "server", "trusted_proxy", "",
        "Address of the reverse proxy whose X-Forwarded-For and X-Forwarded-Proto are believed; empty: none"),
    SETTING(INT, streams_per_session, "server", "streams_per_session", "8", 1, 20000,
            "Pages with live events and camera pictures that one sign-in may have open at once"),
    SETTING(INT, streams_per_user, "server", "streams_per_user", "16", 1, 20000,
            "The same of one user, over all of his sign-ins"),
    SETTING(STRING, store_url, "store", "url", "",
            "lmdb:DIR; empty: lmdb: and the folder store in the data folder"),
    SETTING(STRING, school_name, "school", "name", "School",
            "Name at the top of the pages: at the first start; later it is changed there"),
    SETTING(STRING, timezone, "school", "timezone", CM_ZONE_DEFAULT,
            "Zone of the school's dates and times: at the first start; later it is changed in the pages"),
    SETTING(STRING, coordinator_phone, "alerts", "coordinator_phone", "",
            "Number (+919876543210) that is told of absences in classes whose coordinator has none; empty: "
            "COORDINATOR_PHONE"),
    SETTING(CHOICE, log_level, "log", "level", "info", level_names, "Least important event that is logged"),
    SETTING(PATH, log_file, "log", "file", "", "Log file; empty: stderr"),
    SETTING(
        CHOICE, provider, "alerts", "provider", "none", provider_names,
        "Who carries messages to parents, coordinators and users; dry-run: the log says what would be sent"),
    SETTING(PATH, credentials, "alerts", "credentials", "",
            "File of NAME=value lines with WHATSAPP_TOKEN, WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN, "
            "SMTP_PASSWORD, readable by its owner alone; the environment wins"),
    SETTING(INT, rate_per_s, "alerts", "rate_per_s", "20", 1, 80, "Messages a second at most"),
    SETTING(INT, people_per_day, "alerts", "people_per_day", "250", 1, 100000,
            "Different people in 24 hours at most, as WhatsApp allows a business"),
    SETTING(INT, retry_s, "alerts", "retry_s", "30", 1, 3600,
            "A message that was refused for now waits so long at most, then twice as long, and so on"),
    SETTING(INT, max_tries, "alerts", "max_tries", "10", 1, 100, "Then it fails, and is listed for a letter"),
    SETTING(INT, max_age_h, "alerts", "max_age_h", "72", 1, 720,
            "What could not be sent for so many hours is not sent any more"),
    SETTING(STRING, whatsapp_url, "whatsapp", "base_url", "https://graph.facebook.com",
            "Address of the Cloud API"),
    SETTING(STRING, whatsapp_version, "whatsapp", "api_version", "v23.0",
            "Its version; Meta ends old ones after two years"),
    SETTING(STRING, whatsapp_phone_id, "whatsapp", "phone_id", "",
            "Id of the number that sends, not the number; WHATSAPP_PHONE_ID wins"),
    TEMPLATE(SRV_LETTER_ABSENCE, "absence", "absence_alert", "en",
             "recipient,student,class,days,dates,school", "to a parent"),
    TEMPLATE(SRV_LETTER_ABSENCE_STAFF, "staff", "absence_staff", "en", "student,class,days,dates,school",
             "to a coordinator"),
    TEMPLATE(SRV_LETTER_CODE, "code", "reset_code", "en", "code",
             "of a code for a new password, of the category authentication"),
    TEMPLATE(SRV_LETTER_TEST, "test", "hello_world", "en_US", "", "of a test"),
    SETTING(
        STRING, smtp_url, "smtp", "url", "",
        "smtps://HOST or smtp://HOST:587 (which then goes on protected). With provider = whatsapp: for whom "
        "has an e-mail address alone"),
    SETTING(STRING, smtp_user, "smtp", "user", "", "Its user; the password is SMTP_PASSWORD"),
    SETTING(STRING, smtp_from, "smtp", "from", "", "Address that mails come from"),
};
static const struct cm_config_schema schema = CM_CONFIG_SCHEMA(struct srv_settings, options);

static enum cm_code default_folder(char *out, size_t size, struct cm_err *err)
{
    const char *base = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int length;
    if (base != NULL && base[0] == '/')
        length = snprintf(out, size, "%s/rollcall-server", base);
    else if (home != NULL && home[0] == '/')
        length = snprintf(out, size, "%s/.local/share/rollcall-server", home);
    else
        return cm_fail(err, CM_INVALID,
                       "HOME is not set: name the folder with --data DIR or in the configuration");
    return (size_t)length < size ? CM_OK : cm_fail(err, CM_INVALID, "the path under $HOME is too long");
}

static const char *find_file(const char *data_dir, char *out, size_t size)
{
    snprintf(out, size, "%s/server.conf", data_dir);
    if (data_dir[0] != '\0' && access(out, F_OK) == 0)
        return out;
    snprintf(out, size, "/etc/rollcall/server.conf");
    return access(out, F_OK) == 0 ? out : NULL;
}

static enum cm_code check_together(const struct srv_settings *settings, struct cm_err *err)
{
    if ((settings->certificate[0] == '\0') != (settings->key[0] == '\0'))
        return cm_fail(err, CM_INVALID,
                       "[server] certificate and key belong together: one of them is missing");
    const char *phone = srv_settings_coordinator_phone(settings);
    if (phone[0] != '\0' && !cm_phone_fine(phone))
        return cm_fail(err, CM_INVALID,
                       "[alerts] coordinator_phone is a number with its country code, such as +919876543210");
    return CM_OK;
}

const char *srv_settings_coordinator_phone(const struct srv_settings *settings)
{
    const char *phone = getenv("COORDINATOR_PHONE");
    return settings->coordinator_phone[0] != '\0' || phone == NULL ? settings->coordinator_phone : phone;
}

enum cm_code srv_settings_load(const char *path, const char *data_dir, struct srv_settings *ret_settings,
                               struct cm_err *err)
{
    struct srv_settings settings = {0};
    char default_data[512] = "", found[600];
    struct cm_err no_home = CM_ERR_INIT;
    default_folder(default_data, sizeof default_data, &no_home);
    struct cm_config_source source = {.path = path, .path_required = path != NULL, .environment = environ};
    if (path == NULL)
        source.path = find_file(data_dir != NULL ? data_dir : default_data, found, sizeof found);
    if (cm_config_load(&schema, &source, &settings, err) != CM_OK)
        return err->code;
    if (data_dir != NULL &&
        cm_config_set(&schema, &settings, "server", "data", data_dir, "--data", err) != CM_OK)
        return err->code;
    if (settings.data_dir[0] == '\0' && default_data[0] == '\0')
        return cm_fail(err, no_home.code, "%s", no_home.msg);
    if (settings.data_dir[0] == '\0')
        snprintf(settings.data_dir, sizeof settings.data_dir, "%s", default_data);
    if (check_together(&settings, err) != CM_OK)
        return err->code;
    *ret_settings = settings;
    return CM_OK;
}

enum cm_code srv_settings_listen(struct srv_settings *settings, const char *text, struct cm_err *err)
{
    const char *colon = strrchr(text, ':'), *end = colon;
    char address[sizeof settings->address];
    if (text[0] == '[') { /* [::1]:8080, [::1] */
        end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return cm_fail(err, CM_INVALID, "--listen is ADDRESS:PORT, as in [::1]:8080, not %s", text);
        colon = end[1] == ':' ? end + 1 : NULL;
        text++;
    } else if (colon != NULL && strchr(text, ':') != colon) {
        return cm_fail(err, CM_INVALID, "--listen takes an IPv6 address in brackets: [%s]", text);
    }
    if (end == NULL)
        end = text + strlen(text);
    size_t length = (size_t)(end - text);
    if (length >= sizeof address)
        return cm_fail(err, CM_INVALID, "the address of --listen is too long");
    memcpy(address, text, length);
    address[length] = '\0';
    if (colon != NULL &&
        cm_config_set(&schema, settings, "server", "port", colon + 1, "--listen", err) != CM_OK)
        return err->code;
    if (length == 0)
        return CM_OK;
    return cm_config_set(&schema, settings, "server", "address", address, "--listen", err);
}

void srv_settings_describe(FILE *out)
{
    cm_config_describe(&schema, NULL, out);
}
