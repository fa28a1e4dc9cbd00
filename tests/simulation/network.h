/*
 * A network in virtual time that loses, duplicates, cuts short, delays and so reorders what it carries. An exchange is one
 * request with its answer; what is duplicated is the request, as by a client or a proxy that tries again, and the answer,
 * which comes a second time.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "simulation/server_side.h"

enum { SIM_PARCELS_MAX = 4096 };

struct sim_weather { /* percent, and the longest delay */
    int loss, doubling, cutting;
    int64_t delay_max_us;
};

struct sim_parcel {
    int64_t at_us;
    bool to_server;
    int device, channel;
    long exchange;
    struct sim_request request; /* to the server */
    struct sim_reply reply;     /* from it; status 0: the connection broke */
};

struct sim_network {
    struct sim_weather weather;
    struct sim_parcel *parcels; /* SIM_PARCELS_MAX; malloc */
    int count;
    long carried, lost, doubled, cut;
};

/* Both copy what is to be carried. */
void sim_network_send(struct sim_network *network, int64_t now_us, const struct sim_parcel *parcel);
/* INT64_MAX: nothing is under way. */
int64_t sim_network_next_us(const struct sim_network *network);
/* The parcel that is due first, when it is due now; whose bytes are the caller's. */
bool sim_network_receive(struct sim_network *network, int64_t now_us, struct sim_parcel *ret_parcel);
void sim_parcel_finish(struct sim_parcel *parcel);
void sim_network_finish(struct sim_network *network);

#endif
