/* The table of routes: every door of the server in one place, with who may open it and how much he may bring. */
#ifndef SRV_ROUTES_H
#define SRV_ROUTES_H

#include "http/http.h"

extern const struct srv_route srv_routes[];
extern const size_t srv_route_count;

#endif
