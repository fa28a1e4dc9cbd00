/*
 * How fast messages may leave: pure, time and randomness are passed in.
 *
 * - Of one address at most one message is under way, and the next begins pair_ms after the one before.
 * - All together at most rate_per_s.
 * - At most people_per_day different addresses in any 24 hours (a new business may write to 250); who had a message in that
 *   time may have more.
 *
 * Addresses are known by their keyed hash only. Bounded: people_per_day addresses and those under way.
 */
#ifndef SRV_PACE_H
#define SRV_PACE_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct srv_pace_limits {
    int rate_per_s;     /* 1 … 80 */
    int people_per_day; /* 1 … 100000 */
    int pair_ms;
};
struct srv_pace_now {
    int64_t mono_ms; /* for gaps */
    int64_t wall_ms; /* for the 24 hours, which outlive a restart */
};

struct srv_pace;
enum cm_code srv_pace_create(const struct srv_pace_limits *limits, struct srv_pace **ret_pace,
                             struct cm_err *err);
void srv_pace_destroy(struct srv_pace *pace);

enum srv_pace_answer {
    SRV_PACE_GO,
    SRV_PACE_BUSY,  /* one to this address is under way, or was a moment ago */
    SRV_PACE_RATE,  /* all together are too fast */
    SRV_PACE_QUOTA, /* too many different people today */
};
enum srv_pace_answer srv_pace_may(struct srv_pace *pace, const char *address, struct srv_pace_now now);
/* A message begins, after srv_pace_may said GO. */
void srv_pace_begin(struct srv_pace *pace, const char *address, struct srv_pace_now now);
void srv_pace_end(struct srv_pace *pace, const char *address);
/* Instead of srv_pace_end: it did not begin after all, and counts nowhere. */
void srv_pace_take_back(struct srv_pace *pace, const char *address);
/* Somebody had a message before this start. */
void srv_pace_was_sent(struct srv_pace *pace, const char *address, int64_t wall_ms, struct srv_pace_now now);

/* Exponential with full jitter: a random part of base, 2 base, 4 base … up to cap, and a second at least. tries: how many
 * there were, from 1 on; random: any 32 bits. */
int64_t srv_backoff_ms(int32_t tries, int64_t base_ms, int64_t cap_ms, uint32_t random);

#endif
