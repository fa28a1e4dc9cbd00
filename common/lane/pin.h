/*
 * The PIN of a student, typed at a station after his id. Kept as an Argon2id hash.
 *
 * 4 to 8 digits can be tried out by whoever has the hash, however slow it is: the hash keeps a PIN from being read, not from
 * being searched for. What a guess at the station costs is the lane's business (it locks after failed tries), so the
 * parameters are small: 8 MiB and two passes, some 30 ms on a Raspberry Pi 4. Not for the thread that looks at frames.
 *
 * cm_crypt_init() must have been called. Any thread. Wipe PINs after use (cm_wipe).
 */
#ifndef CM_PIN_H
#define CM_PIN_H

#include "base/err.h"
#include "record/record.h"
#include <stdbool.h>

enum {
    CM_PIN_DIGITS_MIN = 4,
    CM_PIN_DIGITS_MAX = 8,
    CM_PIN_DIGITS_NEW = 6,
    CM_PIN_SIZE = CM_PIN_DIGITS_MAX + 1
};

/* Digits alone, as many as there may be; not one digit repeated, nor a run like 1234 or 8765. CM_INVALID says what to do. */
enum cm_code cm_pin_check(const char *pin, struct cm_err *err);
void cm_pin_new(char ret_pin[CM_PIN_SIZE]); /* passes cm_pin_check */
/* CM_INVALID as above; CM_NOMEM. */
enum cm_code cm_pin_hash(const char *pin, char ret_hash[CM_PIN_HASH_SIZE], struct cm_err *err);
/* False too for an empty hash (he has no PIN), and for one that would cost more than ours do. */
bool cm_pin_fits(const char *pin, const char *hash);

#endif
