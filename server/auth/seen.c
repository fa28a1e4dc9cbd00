#include "auth/seen.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Another process may write to the store too (a command): what it ends has ended here after this at the latest. */
enum { FRESH_US = 1000 * 1000 };
enum { SETS = 512, WAYS = 4, LOCKS = 16 };

struct slot {
    uint8_t hash[32];
    uint64_t version;
    int64_t looked_up_us; /* 0: free */
    struct srv_seen_entry entry;
};
struct srv_seen {
    pthread_mutex_t locks[LOCKS];
    struct slot slots[SETS][WAYS];
};

struct srv_seen *srv_seen_create(void)
{
    struct srv_seen *seen = calloc(1, sizeof(*seen)); /* pages that are never touched cost nothing */
    for (int i = 0; seen != NULL && i < LOCKS; i++)
        pthread_mutex_init(&seen->locks[i], NULL);
    return seen;
}

void srv_seen_destroy(struct srv_seen *seen)
{
    for (int i = 0; seen != NULL && i < LOCKS; i++)
        pthread_mutex_destroy(&seen->locks[i]);
    free(seen);
}

static size_t set_of(const uint8_t token_hash[32])
{
    return (token_hash[0] | (size_t)token_hash[1] << 8) % SETS;
}

enum srv_seen_state srv_seen_get(struct srv_seen *seen, const uint8_t token_hash[32], uint64_t version,
                                 int64_t mono_us, struct srv_seen_entry *ret_entry)
{
    size_t set = set_of(token_hash);
    enum srv_seen_state state = SRV_SEEN_NEVER;
    pthread_mutex_lock(&seen->locks[set % LOCKS]);
    for (int i = 0; i < WAYS && state == SRV_SEEN_NEVER; i++) {
        const struct slot *slot = &seen->slots[set][i];
        if (slot->looked_up_us == 0 || memcmp(slot->hash, token_hash, sizeof(slot->hash)) != 0)
            continue;
        *ret_entry = slot->entry;
        bool fresh = slot->version == version && mono_us - slot->looked_up_us < FRESH_US;
        state = fresh ? SRV_SEEN_FRESH : SRV_SEEN_STALE;
    }
    pthread_mutex_unlock(&seen->locks[set % LOCKS]);
    return state;
}

void srv_seen_put(struct srv_seen *seen, const uint8_t token_hash[32], uint64_t version, int64_t mono_us,
                  const struct srv_seen_entry *entry)
{
    size_t set = set_of(token_hash);
    pthread_mutex_lock(&seen->locks[set % LOCKS]);
    struct slot *slot = &seen->slots[set][0];
    for (int i = 0; i < WAYS; i++) {
        struct slot *other = &seen->slots[set][i];
        if (memcmp(other->hash, token_hash, sizeof(other->hash)) == 0) {
            slot = other;
            break;
        }
        if (other->looked_up_us < slot->looked_up_us)
            slot = other;
    }
    memcpy(slot->hash, token_hash, sizeof(slot->hash));
    slot->version = version;
    slot->looked_up_us = mono_us > 0 ? mono_us : 1;
    slot->entry = *entry;
    pthread_mutex_unlock(&seen->locks[set % LOCKS]);
}
