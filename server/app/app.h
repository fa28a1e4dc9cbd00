/*
 * What every handler works with: one struct, made by server/cli, which srv_call_app returns. Wiring only.
 */
#ifndef SRV_APP_H
#define SRV_APP_H

#include "base/clock.h"
#include "base/localdate.h"
#include "http/http.h"
#include "store/store.h"
#include "store/writer.h"

struct srv_auth;   /* auth/auth.h */
struct srv_live;   /* live/live.h */
struct srv_sync;   /* sync/sync.h */
struct srv_api;    /* api/cache.h */
struct srv_notify; /* notify/notify.h */

struct srv_app {
    const struct cm_clock *clock;
    const struct cm_zone *zone; /* the school's */
    struct srv_store *store;
    struct srv_writer *writer;
    struct srv_http *http; /* set before it runs */
    struct srv_auth *auth;
    struct srv_live *live;
    struct srv_sync *sync;
    struct srv_api *api;       /* may be NULL: then nothing is kept between calls */
    struct srv_notify *notify; /* may be NULL: then nothing is sent */
    int64_t started_wall_ms;
};

static inline struct srv_app *srv_app_of(const struct srv_call *call)
{
    return srv_call_app(call);
}

#endif
