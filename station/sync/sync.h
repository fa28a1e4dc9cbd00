/*
 * Sync as the engine and the commands run it: the client's machine (client.h) over the transport (transport.h), on one uv
 * loop, which is the thread that owns the store. Nothing here blocks but the store's own commits.
 */
#ifndef STN_SYNC_SYNC_H
#define STN_SYNC_SYNC_H

#include "base/clock.h"
#include "sync/client.h"
#include <uv.h>

struct stn_sync;

struct stn_sync_setup {
    uv_loop_t *loop;
    struct stn_store *store; /* paired */
    const struct cm_clock *clock;
    const char *version;
    bool allow_plain; /* http:// to other machines */
    int32_t wait_s;   /* of a long poll */
    bool no_jobs;     /* photos stay at the server */
    /* Called on the loop. A photo is borrowed for the call; answer it by stn_sync_put_result on stn_sync_client_of. */
    void (*on_effects)(void *arg, const struct stn_sync_effects *effects);
    void *arg;
};

/* CM_NOTFOUND: not paired. Sends nothing before stn_sync_kick. */
enum cm_code stn_sync_open(const struct stn_sync_setup *setup, struct stn_sync **ret_sync,
                           struct cm_err *err);
/* Ends what is under way; run the loop until it is dry afterwards. NULL is fine. */
void stn_sync_close(struct stn_sync *sync);

/* Something may be to send: a new event, a frame, a result. Cheap; call it as often as you like. */
void stn_sync_kick(struct stn_sync *sync);
struct stn_sync_client *stn_sync_client_of(struct stn_sync *sync);
struct stn_sync_now stn_sync_now(const struct cm_clock *clock);

#endif
