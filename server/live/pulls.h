/* Pulls that wait for something new. Waking is from any thread; the wake itself is called on the loop that waits. */
#ifndef SRV_LIVE_PULLS_H
#define SRV_LIVE_PULLS_H

#include "live/live.h"

enum { SRV_PULLS_MAX = 8192 };

struct srv_pulls;
enum cm_code srv_pulls_create(struct srv_pulls **ret_pulls, struct cm_err *err);
void srv_pulls_destroy(struct srv_pulls *pulls);

uint64_t srv_pulls_add(struct srv_pulls *pulls, const char *station_id, struct srv_loop *loop,
                       srv_live_wake_fn *wake, void *arg);
void srv_pulls_remove(struct srv_pulls *pulls, uint64_t ticket);
/* station_id NULL: all. */
void srv_pulls_wake(struct srv_pulls *pulls, const char *station_id);
/* Nothing is posted to a loop from now on. */
void srv_pulls_stop(struct srv_pulls *pulls);

#endif
