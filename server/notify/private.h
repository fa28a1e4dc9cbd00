/* What the files of this folder share. */
#ifndef SRV_NOTIFY_PRIVATE_H
#define SRV_NOTIFY_PRIVATE_H

#include "alerts/claim.h"
#include "notify/notify.h"
#include "notify/pace.h"
#include <pthread.h>

enum { SRV_ADDRESS_SIZE = SRV_EMAIL_SIZE, SRV_SECRET_SIZE = 128 };

/* ---- a letter on its way (flight.c decides what its outcome means) ---- */
enum srv_flight_state {
    SRV_FLIGHT_FREE,
    SRV_FLIGHT_CLAIMED, /* committed, not yet given to the provider */
    SRV_FLIGHT_FLYING,
    SRV_FLIGHT_LANDED, /* its outcome is to be recorded */
};
struct srv_notify_post { /* private to post.c and sender.c */
    struct srv_notify_post *next;
    struct srv_post node;
    struct srv_loop *loop;
    struct srv_letter letter;
    srv_notify_posted_fn *posted;
    void *arg;
    int32_t tries;
    int64_t not_before_mono_ms, deadline_mono_ms;
    struct srv_carriage carriage; /* its outcome; the texts are below */
    char id[SRV_PROVIDER_ID_SIZE], text[CM_TEXT_SIZE];
};
struct srv_flight {
    enum srv_flight_state state;
    struct srv_notify *notify;
    struct srv_notify_post *post; /* NULL: of the outbox */
    uint8_t id[16];
    enum srv_letter_kind kind;
    char address[SRV_ADDRESS_SIZE];
    int32_t tries;
    int64_t created_wall_ms;
    struct srv_outcome outcome; /* its texts are here */
    char provider_id[SRV_PROVIDER_ID_SIZE], text[CM_TEXT_SIZE];
};

struct srv_pause { /* nothing, or nothing of a kind, is tried before */
    int64_t until_mono_ms;
    int32_t failures; /* in a row */
};

struct srv_notify {
    struct srv_app *app;
    enum srv_notify_channel channel;
    struct srv_provider *by_phone, *by_email; /* NULL: there is none of the kind */
    struct srv_pace *pace;
    int64_t retry_ms, max_age_ms;
    int32_t max_tries;
    char coordinator_phone[SRV_PHONE_SIZE];
    struct srv_notify_template templates[SRV_LETTER_KINDS]; /* of SRV_CHANNEL_WHATSAPP */
    char app_secret[SRV_SECRET_SIZE], verify_token[SRV_SECRET_SIZE], phone_id[64];
    /* the thread */
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t timer;
    pthread_t thread;
    bool has_loop, has_thread, finishing;
    int64_t grace_mono_ms;                /* of the end: until when answers are waited for */
    int64_t look_mono_ms, verify_mono_ms; /* when next */
    uint64_t version;                     /* of the store, when it was looked at last */
    struct srv_pause pause_all, pause_kind[SRV_LETTER_KINDS];
    struct srv_flight flights[SRV_PROVIDER_FLIGHTS_MAX];
    struct srv_notify_post *waiting; /* the thread's own */
    /* shared */
    pthread_mutex_t lock;
    bool stopping;
    int post_count;
    struct srv_notify_post *posts; /* not yet seen by the thread; the newest first */
    struct srv_notify_status status;
};

/* Which of the two would be used now; "" where neither can. */
const char *srv_notify_address(const struct srv_notify *notify, const char *phone, const char *email);
struct srv_pace_now srv_notify_now(const struct srv_notify *notify);
struct srv_flight *srv_flight_free(struct srv_notify *notify); /* NULL: all are taken */
/* Gives it to the provider, after srv_pace_begin of its address; its end is srv_flight_land. */
void srv_flight_begin(struct srv_flight *flight, const struct srv_letter *letter);
void srv_flight_land(struct srv_flight *flight, const struct srv_carriage *carriage);
bool srv_notify_paused(const struct srv_notify *notify, enum srv_letter_kind kind, int64_t mono_ms);
void srv_notify_trouble(struct srv_notify *notify,
                        const struct srv_carriage *carriage); /* NULL: there is none */
/* Looks again after so long at the latest. Its own thread. */
void srv_notify_soon(struct srv_notify *notify, int64_t ms);

/* ---- the outbox (outbox_work.c) ---- */
void srv_outbox_look(struct srv_notify *notify);   /* claims what is due and may leave, and begins it */
void srv_outbox_record(struct srv_notify *notify); /* what has landed */
void srv_outbox_verify(struct srv_notify *notify); /* every minute */
enum cm_code srv_outbox_restore_pace(struct srv_notify *notify, struct cm_err *err);
/* Pure. */
void srv_notify_letter(const struct srv_claim *claim, const char *school, const char *address,
                       struct srv_letter *ret_letter);
/* What the outcome of a flight is to its message; notes what it means for all. */
void srv_flight_judge(struct srv_flight *flight, const struct srv_carriage *carriage, int64_t wall_ms,
                      int64_t mono_ms, uint32_t random);

/* ---- letters of no outbox (post.c) ---- */
void srv_posts_take(struct srv_notify *notify);  /* those that came */
void srv_posts_begin(struct srv_notify *notify); /* those that may leave */
void srv_post_landed(struct srv_notify *notify, struct srv_notify_post *post,
                     const struct srv_carriage *carriage);
void srv_posts_drop(struct srv_notify *notify); /* at the end: they are told that nothing was sent */

#endif
