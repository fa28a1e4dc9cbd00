/* How the sender is, and which ways it has. */
#include "notify/private.h"

#include <stdio.h>

struct srv_pace_now srv_notify_now(const struct srv_notify *notify)
{
    return (struct srv_pace_now){cm_mono_us(notify->app->clock) / 1000, cm_wall_ms(notify->app->clock)};
}

static const char *const channel_names[] = {"none", "dry-run", "whatsapp", "smtp"};

const char *srv_notify_channel_name(enum srv_notify_channel channel)
{
    return channel_names[channel];
}

const char *srv_notify_address(const struct srv_notify *notify, const char *phone, const char *email)
{
    bool dry = notify->channel == SRV_CHANNEL_DRY_RUN;
    if (phone[0] != '\0' && (notify->by_phone != NULL || dry))
        return phone;
    return email[0] != '\0' && (notify->by_email != NULL || dry) ? email : "";
}

void srv_notify_status(struct srv_notify *notify, struct srv_notify_status *ret_status)
{
    pthread_mutex_lock(&notify->lock);
    *ret_status = notify->status;
    pthread_mutex_unlock(&notify->lock);
}

const struct srv_notify_template *srv_notify_template(const struct srv_notify *notify,
                                                      enum srv_letter_kind kind)
{
    return notify->channel == SRV_CHANNEL_WHATSAPP ? &notify->templates[kind] : NULL;
}

void srv_notify_trouble(struct srv_notify *notify, const struct srv_carriage *carriage)
{
    struct srv_notify_status *status = &notify->status;
    pthread_mutex_lock(&notify->lock);
    if (carriage == NULL) {
        *status = (struct srv_notify_status){.channel = notify->channel};
    } else {
        if (status->trouble_wall_ms == 0)
            status->trouble_wall_ms = srv_notify_now(notify).wall_ms;
        status->trouble_code = carriage->code;
        status->admin = carriage->admin;
        snprintf(status->trouble, sizeof status->trouble, "%s", carriage->text);
    }
    pthread_mutex_unlock(&notify->lock);
}
