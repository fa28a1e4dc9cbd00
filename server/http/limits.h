/* How many connections: in total (raising our limit of descriptors) and from one address. Any thread. */
#ifndef SRV_LIMITS_H
#define SRV_LIMITS_H

#include "http/conn.h"

/* Lets this process have as many descriptors as it may. Returns how many connections of `wanted` that allows. */
int srv_limits_descriptors(int wanted);

struct srv_addresses;
enum cm_code srv_addresses_create(int connections_max, struct srv_addresses **ret_addresses);
void srv_addresses_destroy(struct srv_addresses *addresses);
/* Counts a connection from there. False: `max` (0: any number) are there already. */
bool srv_addresses_add(struct srv_addresses *addresses, const struct srv_address *address, int max);
void srv_addresses_remove(struct srv_addresses *addresses, const struct srv_address *address);

struct sockaddr_storage;
/* The address as text without port and the key that it is counted under. */
void srv_address_of(const struct sockaddr_storage *from, char ret_text[48], struct srv_address *ret_key);
bool srv_address_is_loopback(const char *text);

#endif
