/*
 * From a queued message to one that is on its way, and what became of it: what a sender calls. Every function runs within
 * srv_store_write (a job of the writer, or a command) and is all or nothing with it.
 *
 * A sender
 * 1. at its start: srv_alerts_recover;
 * 2. picks from srv_store_each_due_message;
 * 3. claims in a write; only after the commit, and only when it says SRV_CLAIM_SEND, it asks the provider;
 * 4. records what the provider said, and what webhooks say, in further writes;
 * 5. at least once a minute: srv_alerts_verify_queued.
 *
 * While alerts are switched off nothing is claimed, and what waits is taken back; an alert of which nobody was told counts as
 * never made then.
 */
#ifndef SRV_CLAIM_H
#define SRV_CLAIM_H

#include "alerts/outbox.h"
#include "alerts/terms.h"
#include "base/localdate.h"
#include "store/store.h"

enum srv_claim_result {
    SRV_CLAIM_SEND,    /* it is `sending` now */
    SRV_CLAIM_NOT_DUE, /* not queued, or not yet: nothing was written */
    SRV_CLAIM_QUIET, /* outside of the hours in which messages leave: nothing was written; see `from_wall_ms` */
    /* The days, or the student, say otherwise by now, or alerts are switched off: cancelled, with the reason. */
    SRV_CLAIM_WITHDRAWN,
    SRV_CLAIM_NO_ADDRESS, /* or who has it wrote STOP. Failed: listed for a letter */
};
#define SRV_OPTED_OUT_TEXT "opted_out: who has this number wrote STOP"
struct srv_claim {
    enum srv_claim_result result;
    int64_t from_wall_ms;       /* of QUIET: when messages leave again */
    struct srv_message message; /* its provider says by which way it goes */
    struct srv_alert alert;
    char student_name[CM_NAME_SIZE];
};
struct srv_claim_options {
    const struct cm_zone *zone;    /* the school's */
    const char *coordinator_phone; /* where a class has no coordinator with an address; NULL or "": none */
    /* Noted in the message; NULL: there is none of that kind. Phone numbers come first. */
    const char *phone_provider; /* "whatsapp" */
    const char *email_provider; /* "smtp" */
};
/* Takes a queued message whose time has come: reads the recipient's address anew, verifies the alert from the days, sets
 * `sending`. CM_NOTFOUND: it was erased. */
enum cm_code srv_alerts_claim(struct srv_store *store, const struct srv_claim_options *options,
                              const uint8_t message_id[16], int64_t now_ms, struct srv_claim *ret_claim,
                              struct cm_err *err);

struct srv_outcome { /* what happened; texts may be NULL */
    enum srv_outbox_event event;
    const char *provider_id;  /* TAKEN, TOLD_…: what the provider calls it */
    int64_t next_try_wall_ms; /* AGAIN */
    int32_t error_code;       /* AGAIN, REFUSED, LOST, TOLD_FAILED */
    const char *error_text;
    int64_t wall_ms; /* when it happened (a webhook says when) */
};
/* CM_NOTFOUND: it was erased. CM_INVALID: cannot happen in its state, nothing was written. *ret_moved (may be NULL): the state
 * is another than before. */
enum cm_code srv_alerts_record(struct srv_store *store, const uint8_t message_id[16],
                               const struct srv_outcome *outcome, bool *ret_moved, struct cm_err *err);

/* What is `sending` becomes `unknown`, and all that waits where the store was put back to a backup (put_back.h): for the start,
 * when nobody sends. */
enum cm_code srv_alerts_recover(struct srv_store *store, int64_t now_ms, size_t *ret_count,
                                struct cm_err *err);
/* Verifies the alerts of all queued messages, the longest due first, SRV_VERIFY_MAX at most; withdraws what the days
 * contradict, and everything while alerts are switched off. */
enum { SRV_VERIFY_MAX = 2000 };
enum cm_code srv_alerts_verify_queued(struct srv_store *store, int64_t now_ms, size_t *ret_withdrawn,
                                      struct cm_err *err);
/* Looks again at alerts of the last days that stand: what a letter or a message told and the days contradict by now becomes
 * `contradicted`, and is to be looked at once more; of what nobody was told it is withdrawn. In parts, by student (whose
 * days and whose classmates' lie together in the store): *place is {0} at first, and says where the next part goes on. A part of the nightly job, so that corrections that come when all was
 * sent show too. */
enum { SRV_TOLD_DAYS = 60, SRV_TOLD_PART = 1024 };
struct srv_told_place {
    struct srv_alert_place alert;
    bool done;
};
enum cm_code srv_alerts_check_told(struct srv_store *store, int64_t now_ms, struct srv_told_place *place,
                                   int32_t *ret_found, struct cm_err *err);

/* ---- what people do; CM_INVALID with a sentence: it is too late, or there is nothing to do. CM_NOTFOUND. ---- */
/* Takes back what was not sent yet; the streak counts as told. */
enum cm_code srv_alerts_cancel(struct srv_store *store, const uint8_t alert_id[16], const char *by,
                               const char *reason, int64_t now_ms, struct cm_err *err);
/* Doing it again changes nothing. */
enum cm_code srv_alerts_acknowledge(struct srv_store *store, const uint8_t alert_id[16], const char *by,
                                    int64_t now_ms, struct cm_err *err);
/* Queues what failed or is unknown. */
enum cm_code srv_alerts_retry(struct srv_store *store, const uint8_t alert_id[16], const char *by,
                              int64_t now_ms, struct cm_err *err);
/* Of a message that is unknown: it was sent, or it was not and is queued again. */
enum cm_code srv_alerts_resolve(struct srv_store *store, const uint8_t alert_id[16],
                                const uint8_t message_id[16], bool was_sent, const char *by, int64_t now_ms,
                                struct cm_err *err);

#endif
