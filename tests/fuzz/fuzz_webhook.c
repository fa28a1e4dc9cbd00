/* What WhatsApp tells, from anywhere: with a right signature it may still hold anything. What is read keeps the promises of
 * notify/webhook.h. */
#include "base/utf8.h"
#include "notify/webhook.h"
#include "roster/fields.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void fine_status(const struct srv_webhook_status *status)
{
    must(status->provider_id[0] != '\0' &&
         memchr(status->provider_id, '\0', sizeof status->provider_id) != NULL);
    must(status->event >= SRV_OUTBOX_TOLD_SENT && status->event <= SRV_OUTBOX_TOLD_FAILED);
    must(cm_utf8_valid(status->error_text, strlen(status->error_text)));
    must(status->wall_ms >= 0 && status->wall_ms < INT64_C(253402300800000));
}

static void fine_reply(const struct srv_webhook_reply *reply)
{
    must(cm_phone_fine(reply->phone));
    must(reply->wish == SRV_WISH_STOP || reply->wish == SRV_WISH_START);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct srv_webhook webhook;
    char text[256];
    size_t length = size < sizeof text - 1 ? size : sizeof text - 1;
    memcpy(text, data, length);
    text[length] = '\0';
    must(!srv_webhook_signed("secret", text, data, size)); /* nobody guesses it */
    srv_webhook_wish_of(text);
    if (srv_webhook_read(data, size, "1234", &webhook, NULL) != CM_OK)
        return 0;
    must(webhook.status_count <= SRV_WEBHOOK_ITEMS_MAX && webhook.reply_count <= SRV_WEBHOOK_ITEMS_MAX);
    for (int i = 0; i < webhook.status_count; i++)
        fine_status(&webhook.statuses[i]);
    for (int i = 0; i < webhook.reply_count; i++)
        fine_reply(&webhook.replies[i]);
    return 0;
}
