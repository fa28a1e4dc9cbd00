/*
 * Tokens that were verified lately and whom they stand for, so that a page that asks ten things is looked up once. Fixed
 * size; any thread.
 *
 * An entry is fresh while the store has not changed since it was looked up, for a second at most: what ends a session ends it
 * at once. Afterwards it only says that the token itself was verified, which saves most of the time; session and user are
 * to be asked of the store again.
 */
#ifndef SRV_AUTH_SEEN_H
#define SRV_AUTH_SEEN_H

#include "http/http.h"

struct srv_seen;

struct srv_seen_entry {
    struct srv_identity who;
    int64_t token_expires_wall_ms;
    int64_t session_expires_wall_ms; /* to renew it in time */
    int64_t session_created_wall_ms;
};

enum srv_seen_state { SRV_SEEN_NEVER, SRV_SEEN_STALE, SRV_SEEN_FRESH };

struct srv_seen *srv_seen_create(void); /* NULL: no memory */
void srv_seen_destroy(struct srv_seen *seen);
/* version: of the store, read before the entry was looked up, or now. The entry is told unless it was never seen. */
enum srv_seen_state srv_seen_get(struct srv_seen *seen, const uint8_t token_hash[32], uint64_t version,
                                 int64_t mono_us, struct srv_seen_entry *ret_entry);
void srv_seen_put(struct srv_seen *seen, const uint8_t token_hash[32], uint64_t version, int64_t mono_us,
                  const struct srv_seen_entry *entry);

#endif
