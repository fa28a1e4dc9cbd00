/* The server as its own parts see it. */
#ifndef SRV_SERVER_H
#define SRV_SERVER_H

#include "http/limits.h"
#include "http/loop.h"

struct srv_tls;

/* Of srv_http.stop: while it is being said, no loop may end, since a closed one must not be woken. */
enum { SRV_STOP_SAYING = 1, SRV_STOP_SAID };

struct srv_http {
    struct srv_http_options options; /* address, files and proxy are copies */
    struct srv_limits limits;
    char address[64], trusted_proxy[64];
    int port;
    int connections_max; /* the limit, or what descriptors allow */
    _Atomic int connections;
    struct srv_addresses *addresses;
    struct srv_tls *tls; /* NULL: plain */
    _Atomic int stop;
    int loop_count;
    struct srv_loop *loops;
};

#endif
