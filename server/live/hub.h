/*
 * The pages that listen to /api/events.
 *
 * Every client has a number: the last event of the feed that he has, or that is not for him. He is sent what lies between
 * that and the newest announced one, from a cache of the last events or from the store, as fast as he takes it; whoever is
 * slow lags behind and catches up, whoever comes back with Last-Event-ID begins there. So nothing is missed and nothing
 * comes twice, without a queue per client. Who lags more than SRV_LIVE_REPLAY_MAX behind gets "reset".
 *
 * One thread (live.c) pumps: it makes the new events once for all, announces them and posts to the loops, at most every
 * SRV_HUB_PUMP_MS, so that a station that sends a month of events costs the pages one delivery in a while.
 */
#ifndef SRV_LIVE_HUB_H
#define SRV_LIVE_HUB_H

#include "live/entry.h"
#include "live/live.h"
#include "live/seats.h"

enum {
    SRV_HUB_PUMP_MS = 20,
    SRV_HUB_HEARTBEAT_MS =
        15 * 1000,           /* and the check whether the session still stands: it may be over by the clock */
    SRV_HUB_CHECK_MS = 1000, /* the same check, when the store changed: logged out, disabled */
    SRV_HUB_NOTES_MAX = 128, /* different "changed" between two pumps; more: "reset" */
    SRV_HUB_CLIENT_BYTES = 64 * 1024, /* waiting for one client: then he lags */
};

struct srv_hub;
/* seats: of those who listen. */
enum cm_code srv_hub_create(struct srv_app *app, struct srv_seats *seats, struct srv_hub **ret_hub,
                            struct cm_err *err);
enum cm_code srv_hub_start(struct srv_hub *hub,
                           struct cm_err *err); /* app->http is set; before the loops run */
void srv_hub_destroy(struct srv_hub *hub);      /* no loop runs, nothing is posted */

/* Any thread: there is something for srv_hub_pump. */
void srv_hub_tell(struct srv_hub *hub, uint64_t last_feed);
/* Students changed, or were erased: what was made ready for the pages before that is made anew. */
void srv_hub_forget(struct srv_hub *hub);
void srv_hub_note(struct srv_hub *hub, const char *what, const char *class_id, const json_t *detail);
/* The pump's thread. */
bool srv_hub_has_work(struct srv_hub *hub);
void srv_hub_pump(struct srv_hub *hub);

int srv_hub_clients(const struct srv_hub *hub);
/* GET /api/events. */
void srv_hub_join(struct srv_hub *hub, struct srv_call *call);

#endif
