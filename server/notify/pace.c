#include "notify/pace.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 24 * 3600 * 1000, UNDER_WAY_MAX = 64, PURGE_MS = 10000 };

struct person {
    uint64_t hash; /* 0: an empty place */
    int64_t wall_ms, mono_ms;
    int64_t before_wall_ms, before_mono_ms; /* of the message before the one that is under way */
    int under_way;
};

struct srv_pace {
    struct srv_pace_limits limits;
    uint8_t key[crypto_shorthash_KEYBYTES];
    double tokens;
    int64_t filled_mono_ms, purged_mono_ms;
    int count;
    size_t capacity; /* a power of two, at least twice as many as there can be */
    struct person people[];
};

enum cm_code srv_pace_create(const struct srv_pace_limits *limits, struct srv_pace **ret_pace,
                             struct cm_err *err)
{
    size_t capacity = 256;
    while (capacity < 2 * ((size_t)limits->people_per_day + UNDER_WAY_MAX))
        capacity *= 2;
    struct srv_pace *pace = calloc(1, sizeof *pace + capacity * sizeof pace->people[0]);
    if (pace == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the pace of messages");
    pace->limits = *limits;
    pace->capacity = capacity;
    pace->tokens = limits->rate_per_s;
    randombytes_buf(pace->key, sizeof pace->key);
    *ret_pace = pace;
    return CM_OK;
}

void srv_pace_destroy(struct srv_pace *pace)
{
    free(pace);
}

static uint64_t hash_of(const struct srv_pace *pace, const char *address)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, (const uint8_t *)address, strlen(address), pace->key);
    return hash != 0 ? hash : 1;
}

/* The person, or the empty place where he would be. */
static struct person *place_of(struct srv_pace *pace, uint64_t hash)
{
    size_t at = hash & (pace->capacity - 1);
    while (pace->people[at].hash != 0 && pace->people[at].hash != hash)
        at = (at + 1) & (pace->capacity - 1);
    return &pace->people[at];
}

static bool is_of_today(const struct person *person, int64_t wall_ms)
{
    return person->under_way > 0 || wall_ms - person->wall_ms < DAY_MS;
}

/* Closes the gap that a person leaves, so that those behind it are found. */
static void take_out(struct srv_pace *pace, size_t gap)
{
    size_t mask = pace->capacity - 1;
    for (size_t at = (gap + 1) & mask; pace->people[at].hash != 0; at = (at + 1) & mask) {
        size_t home = pace->people[at].hash & mask;
        if (((at - home) & mask) < ((at - gap) & mask))
            continue; /* the gap is before its first place */
        pace->people[gap] = pace->people[at];
        gap = at;
    }
    pace->people[gap] = (struct person){0};
    pace->count--;
}

static void forget_old(struct srv_pace *pace, struct srv_pace_now now)
{
    pace->purged_mono_ms = now.mono_ms;
    for (size_t at = 0; at < pace->capacity; at++)
        while (pace->people[at].hash != 0 && !is_of_today(&pace->people[at], now.wall_ms))
            take_out(pace, at);
}

static void refill(struct srv_pace *pace, int64_t mono_ms)
{
    double rate = pace->limits.rate_per_s;
    pace->tokens += (double)(mono_ms - pace->filled_mono_ms) * rate / 1000;
    pace->tokens = pace->tokens < rate ? pace->tokens : rate;
    pace->filled_mono_ms = mono_ms;
}

enum srv_pace_answer srv_pace_may(struct srv_pace *pace, const char *address, struct srv_pace_now now)
{
    const struct person *person = place_of(pace, hash_of(pace, address));
    if (person->under_way > 0 ||
        (person->mono_ms != 0 && now.mono_ms - person->mono_ms < pace->limits.pair_ms))
        return SRV_PACE_BUSY;
    refill(pace, now.mono_ms);
    if (pace->tokens < 1)
        return SRV_PACE_RATE;
    bool known = person->hash != 0;
    if (!known && pace->count >= pace->limits.people_per_day &&
        now.mono_ms - pace->purged_mono_ms >= PURGE_MS)
        forget_old(pace, now);
    return known || pace->count < pace->limits.people_per_day ? SRV_PACE_GO : SRV_PACE_QUOTA;
}

static struct person *take_in(struct srv_pace *pace, const char *address)
{
    uint64_t hash = hash_of(pace, address);
    struct person *person = place_of(pace, hash);
    if (person->hash == 0 && pace->count < pace->limits.people_per_day + UNDER_WAY_MAX - 1) {
        person->hash = hash;
        pace->count++;
    }
    return person;
}

void srv_pace_begin(struct srv_pace *pace, const char *address, struct srv_pace_now now)
{
    struct person *person = take_in(pace, address);
    if (person->hash == 0)
        return;
    person->before_wall_ms = person->wall_ms;
    person->before_mono_ms = person->mono_ms;
    person->wall_ms = now.wall_ms;
    person->mono_ms = now.mono_ms;
    person->under_way++;
    pace->tokens -= 1;
}

void srv_pace_end(struct srv_pace *pace, const char *address)
{
    struct person *person = place_of(pace, hash_of(pace, address));
    if (person->hash != 0 && person->under_way > 0)
        person->under_way--;
}

void srv_pace_take_back(struct srv_pace *pace, const char *address)
{
    struct person *person = place_of(pace, hash_of(pace, address));
    if (person->hash == 0 || person->under_way == 0)
        return;
    pace->tokens += 1;
    person->under_way--;
    person->wall_ms = person->before_wall_ms;
    person->mono_ms = person->before_mono_ms;
    if (person->wall_ms == 0 && person->under_way == 0)
        take_out(pace, (size_t)(person - pace->people));
}

void srv_pace_was_sent(struct srv_pace *pace, const char *address, int64_t wall_ms, struct srv_pace_now now)
{
    if (address[0] == '\0' || now.wall_ms - wall_ms >= DAY_MS)
        return;
    struct person *person = take_in(pace, address);
    if (person->hash != 0 && person->wall_ms < wall_ms)
        person->wall_ms = wall_ms;
}

int64_t srv_backoff_ms(int32_t tries, int64_t base_ms, int64_t cap_ms, uint32_t random)
{
    int64_t most = base_ms < cap_ms ? base_ms : cap_ms;
    for (int32_t i = 1; i < tries && most < cap_ms; i++)
        most = most * 2 < cap_ms ? most * 2 : cap_ms;
    int64_t wait_ms = (int64_t)((double)most * ((double)random / UINT32_MAX));
    return wait_ms > 1000 ? wait_ms : 1000;
}
