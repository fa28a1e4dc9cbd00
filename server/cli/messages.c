#include "cli/messages.h"

#include "cli/secrets.h"

/* The setting, or what the environment says, which wins. */
static const char *either(const char *setting, const char *secret)
{
    return secret[0] != '\0' ? secret : setting;
}

static struct srv_whatsapp_options whatsapp_options(const struct srv_settings *settings,
                                                    const struct srv_secrets *secrets)
{
    struct srv_whatsapp_options options = {.base_url = settings->whatsapp_url,
                                           .api_version = settings->whatsapp_version,
                                           .phone_id = either(settings->whatsapp_phone_id, secrets->phone_id),
                                           .token = secrets->whatsapp_token};
    for (int i = 0; i < SRV_LETTER_KINDS; i++) {
        const struct srv_template_settings *template = &settings->templates[i];
        options.templates[i] =
            (struct srv_template_options){template->name, template->language, template->words};
    }
    return options;
}

static enum cm_code open_with(const struct srv_cli *cli, struct srv_app *app,
                              const struct srv_secrets *secrets, struct cm_err *err)
{
    const struct srv_settings *settings = &cli->settings;
    const struct srv_notify_options options = {
        .channel = (enum srv_notify_channel)settings->provider,
        .whatsapp = whatsapp_options(settings, secrets),
        .smtp = {.url = settings->smtp_url,
                 .user = settings->smtp_user,
                 .password = secrets->smtp_password,
                 .from = settings->smtp_from,
                 .clock = app->clock},
        .app_secret = secrets->app_secret,
        .verify_token = secrets->verify_token,
        .coordinator_phone = srv_settings_coordinator_phone(settings),
        .rate_per_s = settings->rate_per_s,
        .people_per_day = settings->people_per_day,
        .retry_s = settings->retry_s,
        .max_tries = settings->max_tries,
        .max_age_h = settings->max_age_h,
    };
    return srv_notify_open(app, &options, &app->notify, err);
}

enum cm_code srv_messages_open(const struct srv_cli *cli, struct srv_app *app, struct cm_err *err)
{
    struct srv_secrets secrets = {0};
    enum cm_code code = srv_secrets_load(cli->settings.credentials, &secrets, err);
    if (code == CM_OK)
        code = open_with(cli, app, &secrets, err);
    srv_secrets_wipe(&secrets);
    return code;
}
