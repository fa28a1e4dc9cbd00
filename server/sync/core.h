/*
 * The server's side of sync without HTTP: bytes in, bytes out. The handlers wrap it; tests and the simulation of the
 * protocol (tests/simulation) call it as they are.
 *
 * Requests that write are a struct srv_work (work.h); a pull is srv_pull (pull.h); the rest is here.
 * Thread: any; what is shared is locked. Nothing blocks but the store's reads.
 */
#ifndef SRV_SYNC_CORE_H
#define SRV_SYNC_CORE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/localdate.h"
#include "crypt/box.h"
#include "store/store.h"
#include "sync/message.h"
#include <pthread.h>

enum {
    SRV_SYNC_RAISED_MAX = 128,                /* stations and faces that are remembered as raised */
    SRV_SYNC_RAISE_EVERY_MS = 10 * 60 * 1000, /* the same thing becomes an activity at most so often */
};

struct srv_raised { /* what became an activity lately */
    char what[96];
    int64_t at_mono_ms;
};

struct srv_sync_core {
    struct srv_store *store;
    const struct cm_clock *clock;
    const struct cm_zone *zone;
    struct cm_box box;    /* templates and bundles are sealed to it; its secret is in the store's meta */
    pthread_mutex_t lock; /* of: */
    struct srv_raised raised[SRV_SYNC_RAISED_MAX];
    int raised_next;
};

/* Reads the box's secret from the store, or makes it (a write). */
enum cm_code srv_sync_core_init(struct srv_sync_core *core, struct srv_store *store,
                                const struct cm_clock *clock, const struct cm_zone *zone, struct cm_err *err);
void srv_sync_core_finish(struct srv_sync_core *core);

/* May this become an activity now? Counts it as raised. */
bool srv_sync_may_raise(struct srv_sync_core *core, const char *what, const char *id);

/* ---- answers ---- */
struct srv_sync_reply {
    int status;
    struct cm_buf body; /* msgpack; empty: */
    char code[32];      /* … of the JSON error */
    char text[256];
    int retry_after_s;
};
void srv_sync_reply_init(struct srv_sync_reply *reply);
void srv_sync_reply_finish(struct srv_sync_reply *reply);
void srv_sync_reply_message(struct srv_sync_reply *reply, int status, enum cm_message_kind kind,
                            const void *message);
void srv_sync_reply_error(struct srv_sync_reply *reply, int status, const char *code, const char *text);
/* The status for a failure of ours: 503 with Retry-After where it passes, else 500. Logs it. */
void srv_sync_reply_failure(struct srv_sync_reply *reply, enum cm_code code, const struct cm_err *err);

/* GET /sync/v1/hash: the chain's hash at seq, or 404. */
void srv_sync_hash_reply(struct srv_sync_core *core, const char *station_id, uint64_t seq,
                         struct srv_sync_reply *reply);

/* An own activity with its envelope, for srv_store_append_own. */
void srv_sync_activity(const struct srv_sync_core *core, enum cm_activity_kind kind,
                       struct cm_event *ret_event);

#endif
