/*
 * Who carries a message to a person: one small interface, and what is behind it (WhatsApp, mail). A provider sends one message
 * and says what became of it. It never repeats anything by itself: whether a message may be sent again is decided by who
 * asked, from the outcome.
 *
 * A provider belongs to the thread of the loop that it was opened with, which must be none that serves: names are looked up
 * there. Nothing waits.
 */
#ifndef SRV_PROVIDER_H
#define SRV_PROVIDER_H

#include "provider/letter.h"
#include "store/store.h"
#include <uv.h>

enum srv_carried {
    SRV_CARRIED_SENT,     /* the provider has it; `id` is what it calls it */
    SRV_CARRIED_RETRY,    /* refused for now; not sent */
    SRV_CARRIED_FINAL,    /* refused for good; not sent */
    SRV_CARRIED_UNKNOWN,  /* it may have been sent: the request left, and no answer that can be read came */
    SRV_CARRIED_NOT_SENT, /* it never left: no name, no connection, no trust */
};
enum srv_carried_scope { /* of RETRY: whom it concerns */
                         SRV_SCOPE_MESSAGE,
                         SRV_SCOPE_KIND, /* every letter of this kind: its template is missing or paused */
                         SRV_SCOPE_ALL,  /* everything: rate limits, an expired token, the service is down */
};
struct srv_carriage { /* the outcome */
    enum srv_carried what;
    enum srv_carried_scope scope;
    bool admin;       /* RETRY: it will not pass by itself; somebody has to mend something */
    int64_t after_ms; /* RETRY: not before; 0: as the sender thinks fit */
    int32_t code;     /* the provider's, or HTTP's or SMTP's; 0 none */
    const char *id;   /* borrowed until the callback returns; "" none */
    const char *text; /* why, for a person; "" none. Never a number, a name or a secret */
};
/* On the loop, once for each letter, never from within srv_provider_send. May send the next one. */
typedef void srv_carried_fn(void *arg, const struct srv_carriage *carriage);

struct srv_provider;
enum { SRV_PROVIDER_FLIGHTS_MAX = 16 }; /* letters on their way at once */
struct srv_provider_class {
    const char *name; /* "whatsapp", "smtp" */
    bool by_email;    /* it needs an e-mail address, else a phone number */
    void (*send)(struct srv_provider *provider, const struct srv_letter *letter, srv_carried_fn *carried,
                 void *arg);
    void (*close)(struct srv_provider *provider);
};
struct srv_provider { /* the first member of each */
    const struct srv_provider_class *class_;
};

/* At most SRV_PROVIDER_FLIGHTS_MAX at once. The letter is copied where it must be. */
static inline void srv_provider_send(struct srv_provider *provider, const struct srv_letter *letter,
                                     srv_carried_fn *carried, void *arg)
{
    provider->class_->send(provider, letter, carried, arg);
}
/* Ends what is under way without a callback; run the loop dry afterwards. NULL is fine. */
static inline void srv_provider_close(struct srv_provider *provider)
{
    if (provider != NULL)
        provider->class_->close(provider);
}

/* ---- WhatsApp Business Cloud API (whatsapp.c) ---- */
struct srv_template_options {    /* of one kind of letter; what was approved */
    const char *name, *language; /* "absence_alert", "en" */
    const char *words;           /* what its {{1}}, {{2}} … are: "recipient,student,class" (letter.h) */
};
struct srv_whatsapp_options { /* everything is copied */
    const char *base_url;     /* https, or http to this machine */
    const char *api_version;  /* "v23.0" */
    const char *phone_id, *token;
    struct srv_template_options templates[SRV_LETTER_KINDS];
};
/* CM_INVALID: a URL, a version or a list of words that cannot be; an id or a token that is missing. */
enum cm_code srv_whatsapp_open(uv_loop_t *loop, const struct srv_whatsapp_options *options,
                               struct srv_provider **ret_provider, struct cm_err *err);
/* What the errors of the API are to us, by their code alone; status: HTTP's. Pure. */
void srv_whatsapp_error(int32_t code, int status, struct srv_carriage *carriage);

/* ---- mail by SMTP (smtp.c) ---- */
struct srv_smtp_options { /* everything is copied */
    const char *
        url; /* "smtps://mail.example.org", "smtp://mail.example.org:587" (then STARTTLS, but on this machine) */
    const char *user, *password; /* NULL or "": none */
    const char *from;            /* an e-mail address */
    const struct cm_clock *clock;
};
enum cm_code srv_smtp_open(uv_loop_t *loop, const struct srv_smtp_options *options,
                           struct srv_provider **ret_provider, struct cm_err *err);
/* The whole mail as it is sent, with CRLF; letter->to and from must be fine addresses (else CM_INVALID). Pure. */
enum cm_code srv_mail_text(const struct srv_letter *letter, const char *from, int64_t now_ms,
                           struct cm_buf *mail, struct cm_err *err);

#endif
