#include "http/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { DESCRIPTORS_OF_OTHERS = 128 }; /* files of the store, listeners, the loops' own */

const struct srv_limits srv_limits_default = {
    .connections = 12000,
    .connections_per_address = 256,
    .head_timeout_ms = 10 * 1000,
    .idle_timeout_ms = 60 * 1000,
    .body_bytes_per_s = 1000,
    .body_window_ms = 10 * 1000,
    .write_timeout_ms = 30 * 1000,
    .requests_per_connection = 1000,
    .write_queue_max = 1024 * 1024,
    .stop_timeout_ms = 10 * 1000,
};

int srv_limits_descriptors(int wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    rlim_t needed = (rlim_t)wanted + DESCRIPTORS_OF_OTHERS;
    if (limit.rlim_cur < needed && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed)
        return wanted;
    rlim_t left = limit.rlim_cur > DESCRIPTORS_OF_OTHERS ? limit.rlim_cur - DESCRIPTORS_OF_OTHERS : 1;
    return (int)left;
}

/* ---- addresses: an open hash table, never more than half full ---- */
struct entry {
    struct srv_address address;
    int count; /* 0: free */
};
struct srv_addresses {
    pthread_mutex_t lock;
    size_t mask;
    struct entry entries[];
};

enum cm_code srv_addresses_create(int connections_max, struct srv_addresses **ret_addresses)
{
    size_t size = 16;
    while (size < (size_t)connections_max * 2 + 2)
        size *= 2;
    struct srv_addresses *addresses = calloc(1, sizeof *addresses + size * sizeof(struct entry));
    if (addresses == NULL)
        return CM_NOMEM;
    pthread_mutex_init(&addresses->lock, NULL);
    addresses->mask = size - 1;
    *ret_addresses = addresses;
    return CM_OK;
}

void srv_addresses_destroy(struct srv_addresses *addresses)
{
    if (addresses == NULL)
        return;
    pthread_mutex_destroy(&addresses->lock);
    free(addresses);
}

static size_t home_of(const struct srv_addresses *addresses, const struct srv_address *address)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < sizeof address->bytes; i++)
        hash = (hash ^ address->bytes[i]) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32) & addresses->mask;
}

/* The address's entry, or the free one where it belongs. */
static size_t find(const struct srv_addresses *addresses, const struct srv_address *address)
{
    size_t at = home_of(addresses, address);
    while (addresses->entries[at].count > 0 &&
           memcmp(&addresses->entries[at].address, address, sizeof *address) != 0)
        at = (at + 1) & addresses->mask;
    return at;
}

bool srv_addresses_add(struct srv_addresses *addresses, const struct srv_address *address, int max)
{
    pthread_mutex_lock(&addresses->lock);
    struct entry *entry = &addresses->entries[find(addresses, address)];
    bool taken = max == 0 || entry->count < max;
    if (taken) {
        entry->address = *address;
        entry->count++;
    }
    pthread_mutex_unlock(&addresses->lock);
    return taken;
}

/* Closes the gap, so that no later entry of the same run is lost to a search. */
static void free_entry(struct srv_addresses *addresses, size_t gap)
{
    for (size_t at = (gap + 1) & addresses->mask; addresses->entries[at].count > 0;
         at = (at + 1) & addresses->mask) {
        size_t home = home_of(addresses, &addresses->entries[at].address);
        if (((at - home) & addresses->mask) >= ((at - gap) & addresses->mask)) {
            addresses->entries[gap] = addresses->entries[at];
            gap = at;
        }
    }
    addresses->entries[gap].count = 0;
}

void srv_addresses_remove(struct srv_addresses *addresses, const struct srv_address *address)
{
    pthread_mutex_lock(&addresses->lock);
    size_t at = find(addresses, address);
    if (addresses->entries[at].count > 1)
        addresses->entries[at].count--;
    else if (addresses->entries[at].count == 1)
        free_entry(addresses, at);
    pthread_mutex_unlock(&addresses->lock);
}

/* ---- an address as text and as a key ---- */

static void address_of_ipv4(const void *bytes, char ret_text[48], struct srv_address *ret_key)
{
    ret_key->bytes[10] = ret_key->bytes[11] = 0xff;
    memcpy(ret_key->bytes + 12, bytes, 4);
    inet_ntop(AF_INET, bytes, ret_text, 48);
}

void srv_address_of(const struct sockaddr_storage *from, char ret_text[48], struct srv_address *ret_key)
{
    memset(ret_key, 0, sizeof *ret_key);
    strcpy(ret_text, "unknown");
    if (from->ss_family == AF_INET) {
        address_of_ipv4(&((const struct sockaddr_in *)from)->sin_addr, ret_text, ret_key);
    } else if (from->ss_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)from)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(v6)) {
            address_of_ipv4(v6->s6_addr + 12, ret_text, ret_key);
            return;
        }
        memcpy(ret_key->bytes, v6->s6_addr,
               IN6_IS_ADDR_LOOPBACK(v6) ? 16 : 8); /* a client owns a whole /64 */
        inet_ntop(AF_INET6, v6, ret_text, 48);
    }
}

bool srv_address_is_loopback(const char *text)
{
    return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
}
