/*
 * What WhatsApp tells us: bytes in, plain values out. Pure.
 *
 * Whatever comes has a signature over the raw body, which is checked first (srv_webhook_signed); what is then read may still be
 * anything. Bounded: SRV_WEBHOOK_ITEMS_MAX statuses and as many replies of one body, the rest is passed over and counted.
 */
#ifndef SRV_WEBHOOK_H
#define SRV_WEBHOOK_H

#include "alerts/outbox.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SRV_WEBHOOK_ITEMS_MAX = 1000 };

struct srv_webhook_status { /* of one message */
    char provider_id[SRV_PROVIDER_ID_SIZE];
    bool has_message_id; /* it came with what we gave it: our id */
    uint8_t message_id[16];
    enum srv_outbox_event event; /* TOLD_… */
    int64_t wall_ms;             /* 0: not said */
    int32_t error_code;
    char error_text[CM_TEXT_SIZE];
};
enum srv_webhook_wish { SRV_WISH_STOP = 1, SRV_WISH_START };
struct srv_webhook_reply { /* of a person, that says one of these */
    char phone[SRV_PHONE_SIZE];
    enum srv_webhook_wish wish;
    int64_t wall_ms; /* 0: not said */
};
struct srv_webhook {
    int status_count, reply_count;
    int passed_over; /* for want of room, or of what they should have */
    struct srv_webhook_status statuses[SRV_WEBHOOK_ITEMS_MAX];
    struct srv_webhook_reply replies[SRV_WEBHOOK_ITEMS_MAX];
};

/* header: of X-Hub-Signature-256, "sha256=" and hex; NULL: none came. In constant time. An empty secret signs nothing. */
bool srv_webhook_signed(const char *secret, const char *header, const uint8_t *body, size_t size);
/* phone_id: of our number; what is about another is passed over. CM_INVALID: not JSON. */
enum cm_code srv_webhook_read(const uint8_t *body, size_t size, const char *phone_id,
                              struct srv_webhook *ret_webhook, struct cm_err *err);
/* What a person wrote: to stop, to start again; 0: something else. In English and Hindi, whatever the case, spaces and full
 * stops around it. */
enum srv_webhook_wish srv_webhook_wish_of(const char *text);

#endif
