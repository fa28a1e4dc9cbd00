/*
 * The sender: takes messages that are due from the outbox, claims them, has the provider carry them, and records what became
 * of them. On a thread and loop of its own: looking up a name keeps nobody waiting.
 *
 * - A message is `sending` in a synced commit before the provider is asked; its outcome is in another. What falls between the
 *   two, or gets no answer after it may have left, is `unknown` and is not sent again by itself (alerts/outbox.h).
 * - How fast: pace.h. First alerts of a streak go before repeated ones, then the longest due.
 * - What was refused for now waits with full jitter, and as long as the provider says at least; what concerns all (limits, an
 *   expired token, no network) holds all. Given up: after max_tries refusals of one message, or max_age_h after it was made.
 * - Who wrote STOP gets nothing more: his messages fail as `opted_out`.
 * - A dry run claims, logs, and queues again for the next day; nothing leaves.
 * - Besides, letters that are in no outbox: reset codes and tests (srv_notify_post). They are in memory only.
 *
 * Two ways at most: to phone numbers, and to e-mail addresses for whom has no number (claim.h chooses).
 *
 * Numbers are shortened in the log. Order: open after the store; the HTTP server runs; stop, before the writer and live are
 * stopped; close after the HTTP server.
 */
#ifndef SRV_NOTIFY_H
#define SRV_NOTIFY_H

#include "app/app.h"
#include "provider/provider.h"

enum srv_notify_channel { SRV_CHANNEL_NONE, SRV_CHANNEL_DRY_RUN, SRV_CHANNEL_WHATSAPP, SRV_CHANNEL_SMTP };

struct srv_notify_options { /* texts are copied */
    enum srv_notify_channel channel;
    struct srv_whatsapp_options whatsapp;  /* of SRV_CHANNEL_WHATSAPP */
    struct srv_smtp_options smtp;          /* of SRV_CHANNEL_SMTP; with WhatsApp where it has a url */
    const char *app_secret, *verify_token; /* of webhooks; NULL or "": none is believed */
    const char *coordinator_phone;         /* E.164; NULL or "": none */
    int rate_per_s, people_per_day;
    int retry_s; /* the first wait, at most; doubles */
    int max_tries, max_age_h;
};

struct srv_notify;
enum cm_code srv_notify_open(struct srv_app *app, const struct srv_notify_options *options,
                             struct srv_notify **ret_notify, struct cm_err *err);
/* What was `sending` becomes `unknown`; starts the thread. */
enum cm_code srv_notify_start(struct srv_notify *notify, struct cm_err *err);
/* Nothing is claimed any more; what is under way has ten seconds for its answer. NULL is fine. */
void srv_notify_stop(struct srv_notify *notify);
void srv_notify_close(struct srv_notify *notify);
/* Looks at once. Any thread. */
void srv_notify_wake(struct srv_notify *notify);

struct srv_notify_status { /* any thread */
    enum srv_notify_channel channel;
    int64_t trouble_wall_ms; /* since when nothing leaves that should; 0: all is well */
    int32_t trouble_code;
    bool admin; /* somebody has to mend something */
    char trouble[CM_TEXT_SIZE];
};
void srv_notify_status(struct srv_notify *notify, struct srv_notify_status *ret_status);
const char *
srv_notify_channel_name(enum srv_notify_channel channel); /* "none", "dry-run", "whatsapp", "smtp" */

struct srv_notify_template { /* what WhatsApp has approved for a kind of letter, by the settings */
    char name[128], language[16];
};
/* Any thread: it never changes. NULL: messages do not leave by WhatsApp. */
const struct srv_notify_template *srv_notify_template(const struct srv_notify *notify,
                                                      enum srv_letter_kind kind);

/* ---- letters that are in no outbox ---- */
enum { SRV_NOTIFY_POSTS_MAX = 64 };
/* On the loop. carriage and what it points to are borrowed. */
typedef void srv_notify_posted_fn(void *arg, const struct srv_carriage *carriage);
/* Any thread. Its id is made here. posted NULL: it is tried again for two minutes, and only the log says what came of it; else
 * it is tried once. CM_AGAIN: too many wait. CM_NOTFOUND: no provider is set up. */
enum cm_code srv_notify_post(struct srv_notify *notify, const struct srv_letter *letter,
                             struct srv_loop *loop, srv_notify_posted_fn *posted, void *arg,
                             struct cm_err *err);
/* For srv_auth_set_delivery: the code goes to the user's number or address, a student's without one to his parent's. arg: the notify. */
enum cm_code srv_notify_deliver_code(void *arg, const struct srv_user *user, const char *code,
                                     struct cm_err *err);

#endif
