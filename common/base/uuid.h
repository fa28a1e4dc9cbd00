/*
 * UUIDv7 (RFC 9562 §5.7): 48 bits of UTC milliseconds, then 74 random bits; ids sort by the time of their
 * making.
 *
 * One generator gives ascending ids within a millisecond: the random part of the one before grows by a random
 * step (§6.2, method 2). When the clock is set back, new ids carry the earlier time: they stay unique, only
 * the order across the step is lost (events are ordered by seq, not by id).
 *
 * A generator belongs to one thread. sodium_init() must have been called before cm_uuid7.
 */
#ifndef CM_UUID_H
#define CM_UUID_H

#include "base/err.h"
#include <stdint.h>

enum { CM_UUID_TEXT_SIZE = 37, CM_UUID_RANDOM_SIZE = 10 };

struct cm_uuid_generator { /* {0} is a fresh one */
    int64_t last_ms;
    uint8_t last[16];
};

/* wall_ms is taken into 0 … 2^48-1. */
void cm_uuid7(struct cm_uuid_generator *generator, int64_t wall_ms, uint8_t ret_id[16]);

/* The same with the random bytes given: pure, for simulations with a seed. */
void cm_uuid7_from(struct cm_uuid_generator *generator, int64_t wall_ms,
                   const uint8_t random[CM_UUID_RANDOM_SIZE], uint8_t ret_id[16]);

/* Lower case, as 8-4-4-4-12. Returns out. */
char *cm_uuid_text(const uint8_t id[16], char out[static CM_UUID_TEXT_SIZE]);

/* Any UUID in exactly that form, in either case, and nothing after it: else CM_INVALID. */
enum cm_code cm_uuid_parse(const char *text, uint8_t ret_id[16], struct cm_err *err);

#endif
