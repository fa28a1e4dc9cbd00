#include "notify/webhook.h"

#include "base/utf8.h"
#include "base/uuid.h"
#include "http_json/json.h"
#include "roster/fields.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the signature ---- */

bool srv_webhook_signed(const char *secret, const char *header, const uint8_t *body, size_t size)
{
    static const char prefix[] = "sha256=";
    uint8_t sent[crypto_auth_hmacsha256_BYTES], ours[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    size_t length;
    const char *end;
    if (secret[0] == '\0' || header == NULL || strncmp(header, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *hex = header + sizeof prefix - 1;
    if (sodium_hex2bin(sent, sizeof sent, hex, strlen(hex), NULL, &length, &end) != 0 ||
        length != sizeof sent || *end != '\0')
        return false;
    crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, body, size);
    crypto_auth_hmacsha256_final(&state, ours);
    bool same = sodium_memcmp(sent, ours, sizeof ours) == 0;
    sodium_memzero(&state, sizeof state);
    sodium_memzero(ours, sizeof ours);
    return same;
}

/* ---- wishes ---- */

static const struct {
    const char *text;
    enum srv_webhook_wish wish;
} wishes[] = {
    {"stop", SRV_WISH_STOP},   {"unsubscribe", SRV_WISH_STOP}, {"stop all", SRV_WISH_STOP},
    {"band", SRV_WISH_STOP},   {"band karo", SRV_WISH_STOP},   {"band kare", SRV_WISH_STOP},
    {"roko", SRV_WISH_STOP},   {"mat bhejo", SRV_WISH_STOP},   {"स्टॉप", SRV_WISH_STOP},
    {"बंद", SRV_WISH_STOP},     {"बंद करो", SRV_WISH_STOP},      {"बंद करें", SRV_WISH_STOP},
    {"बन्द", SRV_WISH_STOP},    {"बन्द करो", SRV_WISH_STOP},     {"बन्द करें", SRV_WISH_STOP},
    {"रोको", SRV_WISH_STOP},   {"रोकें", SRV_WISH_STOP},         {"मत भेजो", SRV_WISH_STOP},
    {"start", SRV_WISH_START}, {"shuru", SRV_WISH_START},      {"shuru karo", SRV_WISH_START},
    {"शुरू", SRV_WISH_START},    {"शुरू करो", SRV_WISH_START},     {"शुरू करें", SRV_WISH_START},
};

enum srv_webhook_wish srv_webhook_wish_of(const char *text)
{
    static const char danda[] = "।";
    char plain[64];
    size_t length = 0;
    text += strspn(text, " \t\r\n\"'");
    for (; *text != '\0'; text++) {
        bool blank = strchr(" \t\r\n", *text) != NULL;
        if (blank && (length == 0 || plain[length - 1] == ' '))
            continue;
        if (length + 1 >= sizeof plain)
            return 0; /* more than a word or two */
        plain[length++] = blank ? ' ' : *text;
    }
    for (bool more = true; more;) {
        more = length > 0 && strchr(" .!\"'", plain[length - 1]) != NULL;
        length -= more;
        if (length >= sizeof danda - 1 &&
            memcmp(plain + length - (sizeof danda - 1), danda, sizeof danda - 1) == 0) {
            length -= sizeof danda - 1;
            more = true;
        }
    }
    plain[length] = '\0';
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        if (strcasecmp(plain, wishes[i].text) == 0)
            return wishes[i].wish;
    return 0;
}

/* ---- the body ---- */

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

/* Seconds as a text, as they write them. */
static int64_t instant_at(const json_t *object, const char *name)
{
    const char *text = text_at(object, name);
    char *end;
    long long seconds = strtoll(text, &end, 10);
    bool sound = text[0] != '\0' && *end == '\0' && seconds > 0 && seconds < INT64_C(253402300800);
    return sound ? seconds * 1000 : 0;
}

static bool event_of(const char *status, enum srv_outbox_event *ret_event)
{
    static const struct {
        const char *name;
        enum srv_outbox_event event;
    } events[] = {{"sent", SRV_OUTBOX_TOLD_SENT},
                  {"delivered", SRV_OUTBOX_TOLD_DELIVERED},
                  {"read", SRV_OUTBOX_TOLD_READ},
                  {"failed", SRV_OUTBOX_TOLD_FAILED}};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (strcmp(status, events[i].name) == 0) {
            *ret_event = events[i].event;
            return true;
        }
    }
    return false;
}

static void take_error(const json_t *error, struct srv_webhook_status *status)
{
    json_int_t code = json_integer_value(json_object_get(error, "code"));
    const char *details = text_at(json_object_get(error, "error_data"), "details");
    status->error_code = code > INT32_MIN && code < INT32_MAX ? (int32_t)code : 0;
    snprintf(status->error_text, sizeof status->error_text, "%s",
             details[0] != '\0' ? details : text_at(error, "title"));
}

/* A text may be cut within a character: what is left of it goes too. */
static void end_text(char *text)
{
    size_t size = strlen(text);
    while (size > 0 && !cm_utf8_valid(text, size))
        size--;
    text[size] = '\0';
}

static bool read_status(const json_t *item, struct srv_webhook_status *status)
{
    const char *id = text_at(item, "id");
    *status = (struct srv_webhook_status){.wall_ms = instant_at(item, "timestamp")};
    if (!event_of(text_at(item, "status"), &status->event) || id[0] == '\0' ||
        strlen(id) >= sizeof status->provider_id)
        return false;
    strcpy(status->provider_id, id);
    status->has_message_id =
        cm_uuid_parse(text_at(item, "biz_opaque_callback_data"), status->message_id, NULL) == CM_OK;
    if (status->event == SRV_OUTBOX_TOLD_FAILED)
        take_error(json_array_get(json_object_get(item, "errors"), 0), status);
    end_text(status->error_text);
    return true;
}

static const char *reply_text(const json_t *item)
{
    const char *text = text_at(json_object_get(item, "text"), "body");
    if (text[0] == '\0')
        text = text_at(json_object_get(item, "button"), "text");
    if (text[0] == '\0')
        text = text_at(json_object_get(json_object_get(item, "interactive"), "button_reply"), "title");
    return text;
}

static bool read_reply(const json_t *item, struct srv_webhook_reply *reply)
{
    const char *from = text_at(item, "from");
    *reply = (struct srv_webhook_reply){.wish = srv_webhook_wish_of(reply_text(item)),
                                        .wall_ms = instant_at(item, "timestamp")};
    if (reply->wish == 0 || strlen(from) + 2 > sizeof reply->phone)
        return false;
    snprintf(reply->phone, sizeof reply->phone, "+%s", from);
    return cm_phone_fine(reply->phone);
}

static void read_value(const json_t *value, const char *phone_id, struct srv_webhook *webhook)
{
    size_t i;
    json_t *item;
    const char *about = text_at(json_object_get(value, "metadata"), "phone_number_id");
    if (strcmp(about, phone_id) != 0) {
        webhook->passed_over++;
        return;
    }
    json_array_foreach(json_object_get(value, "statuses"), i, item)
    {
        if (webhook->status_count < SRV_WEBHOOK_ITEMS_MAX &&
            read_status(item, &webhook->statuses[webhook->status_count]))
            webhook->status_count++;
        else
            webhook->passed_over++;
    }
    json_array_foreach(json_object_get(value, "messages"), i, item)
    {
        if (webhook->reply_count < SRV_WEBHOOK_ITEMS_MAX &&
            read_reply(item, &webhook->replies[webhook->reply_count]))
            webhook->reply_count++;
        else
            webhook->passed_over++;
    }
}

enum cm_code srv_webhook_read(const uint8_t *body, size_t size, const char *phone_id,
                              struct srv_webhook *ret_webhook, struct cm_err *err)
{
    json_t *root, *entry, *change;
    size_t i, k;
    enum cm_code code = srv_json_load(body, size, &root, err);
    if (code != CM_OK)
        return code;
    ret_webhook->status_count = ret_webhook->reply_count = ret_webhook->passed_over = 0;
    json_array_foreach(json_object_get(root, "entry"), i, entry)
    {
        json_array_foreach(json_object_get(entry, "changes"), k, change)
        {
            read_value(json_object_get(change, "value"), phone_id, ret_webhook);
        }
    }
    json_decref(root);
    return CM_OK;
}
