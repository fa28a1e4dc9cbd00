#include "auth/throttle.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct rule {
    int32_t free;
    int64_t first_ms, longest_ms;
};
static const struct rule of_account = {4, 2000, 15 * 60 * 1000};
static const struct rule of_guessed_account = {1, 30 * 1000, 15 * 60 * 1000};
static const struct rule of_address = {30, 2000, 30 * 1000};
static const struct rule of_sessions = {200, 2000, 60 * 1000};
static const struct rule of_everybody = {INT32_MAX, 0, 0}; /* counted only */
enum { GUESSED_FROM = 100, FORGET_MS = 60 * 60 * 1000 };

void srv_throttle_init(struct srv_throttle *throttle, const uint8_t hash_key[16])
{
    memset(throttle, 0, sizeof(*throttle));
    memcpy(throttle->hash_key, hash_key, sizeof(throttle->hash_key));
}

/* ---- keys ---- */
struct place { /* as much of an address as one customer has */
    uint8_t bytes[64];
    size_t size;
};

static struct place place_of(const char *address)
{
    struct place place = {.size = 0};
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    uint8_t v6[16];
    if (inet_pton(AF_INET, address, place.bytes) == 1) {
        place.size = 4;
    } else if (inet_pton(AF_INET6, address, v6) == 1) {
        bool is_mapped = memcmp(v6, mapped, sizeof(mapped)) == 0;
        place.size = is_mapped ? 4 : 8;
        memcpy(place.bytes, is_mapped ? v6 + 12 : v6, place.size);
    } else { /* a Unix socket, a zone index */
        place.size = strnlen(address, sizeof(place.bytes));
        memcpy(place.bytes, address, place.size);
    }
    return place;
}

/* address NULL: from wherever. */
static uint64_t key_of(const struct srv_throttle *throttle, const char *door, const char *account,
                       const char *address)
{
    struct place place = address != NULL ? place_of(address) : (struct place){.size = 0};
    uint8_t text[256];
    int size = snprintf((char *)text, 180, "%.16s%c%.100s", door, account != NULL ? '/' : '|',
                        account != NULL ? account : "");
    text[size++] = 0;
    memcpy(text + size, place.bytes, place.size);
    uint64_t key;
    uint8_t hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, text, (size_t)size + place.size, throttle->hash_key);
    memcpy(&key, hash, sizeof(key));
    return key != 0 ? key : 1;
}

/* ---- slots ---- */
static struct srv_throttle_slot *find(struct srv_throttle *throttle, uint64_t key, int64_t now_ms)
{
    struct srv_throttle_slot *set = throttle->slots[key % SRV_THROTTLE_SETS];
    for (int i = 0; i < SRV_THROTTLE_WAYS; i++) {
        if (set[i].key != key)
            continue;
        if (now_ms - set[i].last_ms >= FORGET_MS)
            return NULL;
        return &set[i];
    }
    return NULL;
}

/* Whether a is the better one to lose. */
static bool dearer(const struct srv_throttle_slot *a, const struct srv_throttle_slot *b, int64_t now_ms)
{
    int64_t wait_a = a->next_ms > now_ms ? a->next_ms - now_ms : 0;
    int64_t wait_b = b->next_ms > now_ms ? b->next_ms - now_ms : 0;
    if (wait_a != wait_b)
        return wait_a < wait_b;
    if (a->failures != b->failures)
        return a->failures < b->failures;
    return a->last_ms < b->last_ms;
}

static struct srv_throttle_slot *make(struct srv_throttle *throttle, uint64_t key, int64_t now_ms)
{
    struct srv_throttle_slot *set = throttle->slots[key % SRV_THROTTLE_SETS];
    struct srv_throttle_slot *slot = &set[0];
    for (int i = 0; i < SRV_THROTTLE_WAYS; i++) {
        if (set[i].key == 0 || set[i].key == key || now_ms - set[i].last_ms >= FORGET_MS) {
            slot = &set[i];
            break;
        }
        if (dearer(&set[i], slot, now_ms))
            slot = &set[i];
    }
    *slot = (struct srv_throttle_slot){.key = key, .last_ms = now_ms};
    return slot;
}

static void count(struct srv_throttle *throttle, uint64_t key, const struct rule *rule, int64_t now_ms)
{
    struct srv_throttle_slot *slot = find(throttle, key, now_ms);
    if (slot == NULL)
        slot = make(throttle, key, now_ms);
    slot->last_ms = now_ms;
    if (slot->failures < INT32_MAX)
        slot->failures++;
    int32_t over = slot->failures - rule->free;
    if (over < 0)
        return;
    int64_t wait = over < 20 ? rule->first_ms << over : rule->longest_ms;
    slot->next_ms = now_ms + (wait < rule->longest_ms ? wait : rule->longest_ms);
}

static int64_t wait_ms(struct srv_throttle *throttle, uint64_t key, int64_t now_ms)
{
    const struct srv_throttle_slot *slot = find(throttle, key, now_ms);
    return slot != NULL && slot->next_ms > now_ms ? slot->next_ms - now_ms : 0;
}

/* ---- tries ---- */
int srv_throttle_wait(struct srv_throttle *throttle, const char *door, const char *account,
                      const char *address, int64_t now_ms)
{
    int64_t wait = wait_ms(throttle, key_of(throttle, door, NULL, address), now_ms);
    if (account != NULL) {
        int64_t own = wait_ms(throttle, key_of(throttle, door, account, address), now_ms);
        wait = own > wait ? own : wait;
    }
    return (int)((wait + 999) / 1000);
}

int srv_throttle_try(struct srv_throttle *throttle, const char *door, const char *account,
                     const char *address, int64_t now_ms)
{
    int wait_s = srv_throttle_wait(throttle, door, account, address, now_ms);
    if (wait_s > 0)
        return wait_s;
    count(throttle, key_of(throttle, door, NULL, address), &of_address, now_ms);
    if (account == NULL)
        return 0;
    const struct srv_throttle_slot *all = find(throttle, key_of(throttle, door, account, NULL), now_ms);
    bool guessed = all != NULL && all->failures >= GUESSED_FROM;
    count(throttle, key_of(throttle, door, account, NULL), &of_everybody, now_ms);
    count(throttle, key_of(throttle, door, account, address), guessed ? &of_guessed_account : &of_account,
          now_ms);
    return 0;
}

void srv_throttle_succeeded(struct srv_throttle *throttle, const char *door, const char *account,
                            const char *address, int64_t now_ms)
{
    struct srv_throttle_slot *slot = find(throttle, key_of(throttle, door, NULL, address), now_ms);
    if (slot != NULL && slot->failures > 0) {
        slot->failures--;
        slot->next_ms = slot->failures < of_address.free ? 0 : slot->next_ms;
    }
    if (account == NULL)
        return;
    slot = find(throttle, key_of(throttle, door, account, NULL), now_ms);
    if (slot != NULL && slot->failures > 0)
        slot->failures--;
    slot = find(throttle, key_of(throttle, door, account, address), now_ms);
    if (slot != NULL)
        *slot = (struct srv_throttle_slot){.key = 0};
}

int srv_throttle_session(struct srv_throttle *throttle, const char *account, int64_t now_ms)
{
    uint64_t key = key_of(throttle, "session", account, "");
    int64_t wait = wait_ms(throttle, key, now_ms);
    if (wait == 0)
        count(throttle, key, &of_sessions, now_ms);
    return (int)((wait + 999) / 1000);
}
